//! Password rules (NIST SP 800-63B §5.1.1.2: a length, and nothing that attackers try first), and the form in which
//! passwords are compared (RFC 8265 §4.2, `OpaqueString`).

use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;

use crate::unicode;

mod foreign;

pub use foreign::{Argon2Variant, ForeignHash, HashProblem, Pbkdf2Digest, Recipe, cost_of};

/// The fewest characters of a password.
pub const SHORTEST: usize = 8;
/// The most characters of a password.
pub const LONGEST: usize = 128;

/// The 10,000 most common passwords of at least [`SHORTEST`] characters, in lower case, most common first: those of the
/// list that Django ships (Royce Williams, from breaches), then those of zxcvbn's.
const COMMONEST: &str = include_str!("password/commonest.txt");

/// A password that somebody presents to authenticate. `Debug` does not show it.
#[derive(Clone, Debug)]
pub struct GivenPassword {
    prepared: SecretString,
    /// The password as typed, if that differs.
    typed: Option<SecretString>,
}

impl GivenPassword {
    /// The typed password.
    pub fn new(typed: SecretString) -> Self {
        let prepared = prepare(typed.expose_secret());
        let differs = prepared.expose_secret() != typed.expose_secret();
        Self { prepared, typed: differs.then_some(typed) }
    }

    /// The texts that a hash may be of: the prepared one, then the typed one.
    pub fn forms(&self) -> impl Iterator<Item = &SecretString> {
        std::iter::once(&self.prepared).chain(&self.typed)
    }

    /// The prepared text, for new hashes.
    pub fn into_prepared(self) -> SecretString {
        self.prepared
    }
}

/// `OpaqueString` (RFC 8265 §4.2.2): other spaces become U+0020, then form C. Everything else is significant, including
/// case.
fn prepare(text: &str) -> SecretString {
    let spaced: String =
        text.chars().map(|letter| if unicode::is_foreign_space(letter) { ' ' } else { letter }).collect();
    let spaced = zeroize::Zeroizing::new(spaced);
    SecretString::from(unicode::nfc(&spaced))
}

/// A password that may be set. `Debug` does not show it.
#[derive(Clone, Debug)]
pub struct NewPassword(SecretString);

/// Why a password may not be set, in words for the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PasswordRefused {
    /// Fewer than [`SHORTEST`] characters.
    #[error("The password is too short: at least 8 characters.")]
    TooShort,
    /// More than [`LONGEST`] characters.
    #[error("The password is too long: at most 128 characters.")]
    TooLong,
    /// A control character, which keyboards cannot reliably type.
    #[error("The password must not contain control characters.")]
    Control,
    /// One of the 10,000 most common passwords.
    #[error("This is one of the most common passwords and easy to guess. Choose another one.")]
    Common,
}

impl NewPassword {
    /// Validates a chosen password and prepares it for hashing. Spaces are significant.
    pub fn parse(text: SecretString) -> Result<Self, PasswordRefused> {
        let text = GivenPassword::new(text).into_prepared();
        let length = text.expose_secret().chars().take(LONGEST + 1).count();
        match length {
            _ if text.expose_secret().chars().any(char::is_control) => Err(PasswordRefused::Control),
            ..SHORTEST => Err(PasswordRefused::TooShort),
            SHORTEST..=LONGEST if is_common(text.expose_secret()) => Err(PasswordRefused::Common),
            SHORTEST..=LONGEST => Ok(Self(text)),
            _ => Err(PasswordRefused::TooLong),
        }
    }

    /// The password, to be hashed.
    pub fn into_secret(self) -> SecretString {
        self.0
    }
}

/// Whether a password is among the most common ones, ignoring case. Scanning 97 KB is negligible compared to the hash.
fn is_common(password: &str) -> bool {
    let folded = zeroize::Zeroizing::new(password.trim().to_lowercase());
    COMMONEST.lines().any(|common| common == folded.as_str())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn refused(text: &str) -> Option<PasswordRefused> {
        NewPassword::parse(SecretString::from(text)).err()
    }

    #[test]
    fn a_password_has_8_to_128_characters_whatever_their_bytes() {
        assert_eq!(refused("wz4!kq7"), Some(PasswordRefused::TooShort));
        assert_eq!(refused("wz4!kq7x"), None);
        assert_eq!(refused("žluťoučk"), None);
        assert_eq!(refused("žluťouč"), Some(PasswordRefused::TooShort));
        assert_eq!(refused(&"😀".repeat(128)), None);
        assert_eq!(refused(&"😀".repeat(129)), Some(PasswordRefused::TooLong));
        assert_eq!(refused(""), Some(PasswordRefused::TooShort));
    }

    #[test]
    fn common_passwords_are_refused_however_they_are_capitalised() {
        for common in ["password", "Password1", "QWERTYUIOP", "12345678", "iloveyou", " password "] {
            assert_eq!(refused(common), Some(PasswordRefused::Common), "{common}");
        }
        assert_eq!(refused("correct horse battery"), None);
    }

    #[test]
    fn the_list_of_common_passwords_holds_ten_thousand_that_somebody_could_choose() {
        let lines: Vec<&str> = COMMONEST.lines().collect();
        assert_eq!(lines.len(), 10_000);
        assert_eq!(lines.iter().collect::<HashSet<_>>().len(), 10_000, "each once");
        for line in lines {
            assert!(line.len() >= SHORTEST && line.len() <= LONGEST, "{line}");
            assert_eq!(line, line.to_lowercase().trim());
        }
    }

    #[test]
    fn unicode_forms_of_a_password_are_equal() {
        let prepared =
            |text: &str| GivenPassword::new(SecretString::from(text)).into_prepared().expose_secret().to_owned();
        for (typed, same) in [
            ("Gru\u{308}ße aus Ko\u{308}ln 42", "Grüße aus Köln 42"),
            ("a\u{a0}b\u{3000}c\u{2009}d", "a b c d"),
            ("\u{212b}ngström", "Ångström"),
            ("각각", "\u{1100}\u{1161}\u{11a8}\u{1100}\u{1161}\u{11a8}"),
            ("correct horse", "correct horse"),
        ] {
            assert_eq!(prepared(typed), prepared(same), "{typed}");
        }
        for (one, other) in [("Grüße", "grüße"), ("ﬁne", "fine"), ("a b", "a  b"), ("ａ", "a"), (" a", "a")] {
            assert_ne!(prepared(one), prepared(other), "{one}: nothing else is folded");
        }
        assert_eq!(GivenPassword::new(SecretString::from("Grüße")).forms().count(), 1);
        assert_eq!(GivenPassword::new(SecretString::from("Gru\u{308}ße")).forms().count(), 2);
        assert_eq!(refused("wz4!kq7x\u{7}"), Some(PasswordRefused::Control));
        assert_eq!(refused("u\u{308}\u{308}u\u{308}u\u{308}u"), Some(PasswordRefused::TooShort), "as composed");
    }

    #[test]
    fn debug_output_does_not_show_passwords() {
        let password = NewPassword::parse(SecretString::from("correct horse battery")).unwrap();
        assert!(!format!("{password:?}").contains("horse"));
    }
}
