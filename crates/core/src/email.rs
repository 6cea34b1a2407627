//! E-mail addresses of users (RFC 5321 §4.1.2), as far as an account needs them: the dot-atom form, without comments,
//! quoted parts and address literals, with letters of any script (RFC 6531) and domains compared as A-labels.

use std::fmt;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use thiserror::Error;

use crate::unicode;

/// The longest address, in bytes (RFC 5321 §4.5.3.1.3: a path of 256 with its brackets).
const LONGEST: usize = 254;
/// The longest part before the @, in bytes (RFC 5321 §4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;

/// A deliverable address, as its user writes it and folded for look-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    address: String,
    folded: String,
    mailbox: String,
}

/// The text is not a deliverable address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("This is not a valid e-mail address.")]
pub struct NotAnEmail;

impl Email {
    /// Parses an address, trimming white space.
    pub fn parse(text: &str) -> Result<Self, NotAnEmail> {
        let address = unicode::nfc(text.trim());
        let (local, domain) = address.split_once('@').ok_or(NotAnEmail)?;
        let ascii = ascii_domain(domain).ok_or(NotAnEmail)?;
        let (folded, mailbox) = (fold(&address), format!("{local}@{ascii}"));
        let fits = [&address, &folded, &mailbox].into_iter().all(|text| text.len() <= LONGEST);
        if fits && is_local(local) { Ok(Self { address, folded, mailbox }) } else { Err(NotAnEmail) }
    }

    /// The address as written, in form C: what apps see.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The form for look-up.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// The address for delivery: its domain as A-labels, which every mail server understands. Only non-ASCII letters
    /// before the @ need a server with SMTPUTF8.
    pub fn mailbox(&self) -> &str {
        &self.mailbox
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

/// The form for comparison: form C and lower case, with the domain as A-labels, so that `bücher.example` and
/// `xn--bcher-kva.example` are equal (RFC 5891 §5.3). Invalid addresses fold too; they match nobody and fail like
/// unknown ones.
pub fn fold(text: &str) -> String {
    let lower = |text: &str| unicode::nfc(&unicode::nfc(text).to_lowercase());
    let text = text.trim().replace('\0', "\u{FFFD}");
    match text.rsplit_once('@') {
        Some((local, domain)) => match ascii_domain(domain) {
            Some(domain) => format!("{}@{domain}", lower(local)),
            None => lower(&text),
        },
        None => lower(&text),
    }
}

/// A domain as A-labels in lower case (UTS #46, which maps what users type to what IDNA 2008 registers).
fn ascii_domain(domain: &str) -> Option<String> {
    let bytes = domain.as_bytes();
    let ascii = Uts46::new().to_ascii(bytes, AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify).ok()?;
    // A DNS name contains letters; `1.2.3.4` does not.
    ascii.bytes().any(|byte| byte.is_ascii_alphabetic()).then(|| ascii.into_owned())
}

fn is_local(local: &str) -> bool {
    local.len() <= LONGEST_LOCAL && local.split('.').all(is_atom)
}

/// One part of a dot-atom (RFC 5322 §3.2.3), with letters of any script (RFC 6531 §3.3).
fn is_atom(atom: &str) -> bool {
    let known = |letter: char| {
        letter.is_ascii_alphanumeric()
            || "!#$%&'*+-/=?^_`{|}~".contains(letter)
            || is_international(letter)
            || is_joiner(letter)
    };
    let begins_well = atom.chars().next().is_some_and(|first| !unicode::is_mark(first));
    // Joiners are visible only where IDNA allows them (RFC 5892 appendix A.1 and A.2).
    let joins_well = || {
        !atom.contains(is_joiner)
            || Uts46::new().to_unicode(atom.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow).1.is_ok()
    };
    begins_well && atom.chars().all(known) && joins_well()
}

/// A non-ASCII letter, digit or accent: nothing invisible, and nothing that reverses the text or ends a line.
fn is_international(letter: char) -> bool {
    !letter.is_ascii() && (letter.is_alphanumeric() || unicode::is_mark(letter)) && !unicode::is_unseen(letter)
}

/// The zero-width joiner and non-joiner.
fn is_joiner(letter: char) -> bool {
    matches!(letter, '\u{200C}' | '\u{200D}')
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
    fn undeliverable_addresses_are_invalid() {
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
            "ada\u{200b}@example.org",
            "ad\u{200d}a@example.org",
            "\u{301}ada@example.org",
            "ada@\u{301}example.org",
            "ada@exam\u{200d}ple.org",
            "ada@xn--bcher-kva-.example",
            "ada@xn--.example",
            "ada@192.0.2.1",
            "ada@example.org.",
            &long,
            &longer,
        ] {
            assert_eq!(Email::parse(text), Err(NotAnEmail), "{text:?}");
        }
    }

    #[test]
    fn addresses_in_every_script_are_accepted() {
        for text in [
            "संपर्क@डाटामेल.भारत",
            "ผู้ใช้@ตัวอย่าง.ไทย",
            "தமிழ்@உதாரணம்.இந்தியா",
            "用户@例子.广告",
            "квіточка@пошта.укр",
            "θσερ@εχαμπλε.ψομ",
            "Dörte@Sörensen.example.com",
            "क्\u{200d}ष@example.org",
            "نامه\u{200c}ای@example.org",
            "josé+list@example.org",
            "ada@faß.de",
            "ada@r3---sn.example",
        ] {
            let email = Email::parse(text).unwrap_or_else(|_| panic!("{text}"));
            let (_, domain) = email.mailbox().split_once('@').unwrap();
            assert!(
                domain.is_ascii() && email.folded().ends_with(&format!("@{domain}")),
                "{text}: {}",
                email.mailbox()
            );
            assert_eq!(fold(email.mailbox()), email.folded(), "{text}");
        }
    }

    #[test]
    fn unicode_and_ascii_domains_are_equal() {
        for (one, other) in [
            ("ada@bücher.example", "ada@xn--bcher-kva.example"),
            ("ada@BÜCHER.Example", "ada@xn--bcher-kva.example"),
            ("ada@bu\u{308}cher.example", "ada@XN--BCHER-KVA.example"),
            ("ada@ｅxample.org", "ada@example.org"),
            ("ada@example。org", "ada@example.org"),
            ("jose\u{301}@example.org", "JOSÉ@example.org"),
        ] {
            assert_eq!(Email::parse(one).unwrap().folded(), Email::parse(other).unwrap().folded(), "{one}");
        }
        assert_eq!(Email::parse("ada@bu\u{308}cher.example").unwrap().address(), "ada@bücher.example");
    }

    proptest! {
        #[test]
        fn folding_is_idempotent_and_never_panics(text in "\\PC{0,40}(@\\PC{0,40})?") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert_eq!(fold(email.folded()), email.folded());
                prop_assert!(email.address().len() <= LONGEST && email.folded().len() <= LONGEST);
                prop_assert_eq!(Email::parse(email.mailbox()).map(|same| same.folded), Ok(email.folded.clone()));
            }
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
            prop_assert_eq!(fold(&unicode::nfc(&text)), fold(&text));
            prop_assert!(!fold(&text).contains('\0'));
        }
    }
}
