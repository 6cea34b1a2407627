//! E-mail addresses of people (RFC 5321 §4.1.2), as far as an account needs them: the dot-atom form, without comments,
//! quoted parts and address literals, with letters of any script (RFC 6531).

use std::fmt;

use thiserror::Error;

/// The longest address, in bytes (RFC 5321 §4.5.3.1.3: a path of 256 with its brackets).
const LONGEST: usize = 254;
/// The longest part before the @, in bytes (RFC 5321 §4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;
/// The longest label of a domain, in bytes (RFC 1035 §2.3.4).
const LONGEST_LABEL: usize = 63;

/// An address that a mail can be sent to, as its person writes it, and folded: as accounts are found by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    address: String,
    folded: String,
}

/// The text is no address that a mail can be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("This is no e-mail address.")]
pub struct NotAnEmail;

impl Email {
    /// Reads an address; white space around it is dropped.
    pub fn parse(text: &str) -> Result<Self, NotAnEmail> {
        let address = text.trim();
        let (local, domain) = address.split_once('@').ok_or(NotAnEmail)?;
        let folded = fold(address);
        let fits = |text: &str| text.len() <= LONGEST;
        if fits(address) && fits(&folded) && is_local(local) && is_domain(domain) {
            Ok(Self { address: address.to_owned(), folded })
        } else {
            Err(NotAnEmail)
        }
    }

    /// The address as it was written: what mails are sent to, and apps are told.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The address in lower case, by which accounts are found.
    pub fn folded(&self) -> &str {
        &self.folded
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

/// How an address is compared. What is no address folds too: it finds nobody, and fails like one that is unknown.
pub fn fold(text: &str) -> String {
    text.trim().to_lowercase().replace('\0', "\u{FFFD}")
}

fn is_local(local: &str) -> bool {
    let atom = |letter: char| {
        letter.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(letter) || is_international(letter)
    };
    local.len() <= LONGEST_LOCAL && local.split('.').all(|part| !part.is_empty() && part.chars().all(atom))
}

fn is_domain(domain: &str) -> bool {
    domain.split('.').all(|label| {
        let letters = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || is_international(letter);
        !label.is_empty()
            && label.len() <= LONGEST_LABEL
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(letters)
    })
}

/// A letter or digit outside ASCII: no sign that looks like nothing, turns the text around or ends a line.
fn is_international(letter: char) -> bool {
    !letter.is_ascii() && letter.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_is_kept_as_written_and_found_in_lower_case() {
        let email = Email::parse("  Ada.Lovelace+math@Example.ORG ").unwrap();
        assert_eq!(email.address(), "Ada.Lovelace+math@Example.ORG");
        assert_eq!(email.folded(), "ada.lovelace+math@example.org");
        assert_eq!(Email::parse("JOSÉ@example.org").unwrap().folded(), "josé@example.org");
    }

    #[test]
    fn what_no_mail_can_be_sent_to_is_no_address() {
        let long = format!("{}@example.org", "a".repeat(65));
        let longer = format!("a@{}.org", vec!["a".repeat(60); 5].join("."));
        for text in [
            "",
            "@",
            "ada",
            "ada@",
            "@example.org",
            "a@b@c",
            "a da@example.org",
            "ada@exa mple.org",
            "ada@example..org",
            ".ada@example.org",
            "ada@-example.org",
            "ada@[127.0.0.1]",
            "\"ada\"@example.org",
            "ada@example.org\r\nBcc: eve@example.org",
            "ada@example.org,eve@example.org",
            "<ada@example.org>",
            "ada\u{202e}@example.org",
            "ada\0@example.org",
            &long,
            &longer,
        ] {
            assert_eq!(Email::parse(text), Err(NotAnEmail), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_an_address_or_not_and_a_folded_one_is_its_own_fold(text in "\\PC{0,40}(@\\PC{0,40})?") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert_eq!(fold(email.folded()), email.folded());
                prop_assert!(email.address().len() <= LONGEST && email.folded().len() <= LONGEST);
            }
            prop_assert!(!fold(&text).contains('\0'));
        }
    }
}
