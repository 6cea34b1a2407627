//! What a person may choose for a password (NIST SP 800-63B §5.1.1.2: a length, and nothing that is tried first).

use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;

/// Fewest characters of a password.
pub const SHORTEST: usize = 8;
/// Most characters of a password.
pub const LONGEST: usize = 128;

/// The 10,000 commonest passwords of at least [`SHORTEST`] characters, in lower case, the commonest first: those of the
/// list that Django ships (Royce Williams, from breaches), then those of zxcvbn's.
const COMMONEST: &str = include_str!("password/commonest.txt");

/// A password that may be set. It does not print.
#[derive(Clone, Debug)]
pub struct NewPassword(SecretString);

/// Why a password may not be set; the words that the person reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PasswordRefused {
    /// Fewer than [`SHORTEST`] characters.
    #[error("The password is too short: at least 8 characters.")]
    TooShort,
    /// More than [`LONGEST`] characters.
    #[error("The password is too long: at most 128 characters.")]
    TooLong,
    /// One of the 10,000 that are tried first.
    #[error("This password is one of the most common, and would be guessed at once. Choose another.")]
    Common,
}

impl NewPassword {
    /// Takes a password as a person chose it. Nothing of it is changed: spaces count.
    pub fn parse(text: SecretString) -> Result<Self, PasswordRefused> {
        let length = text.expose_secret().chars().take(LONGEST + 1).count();
        match length {
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

/// Whether a password is among the commonest, however it is capitalised. A scan of 97 KB is nothing beside the hash.
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
    fn a_password_does_not_print() {
        let password = NewPassword::parse(SecretString::from("correct horse battery")).unwrap();
        assert!(!format!("{password:?}").contains("horse"));
    }
}
