//! The code that a person types to let a device in (RFC 8628 §6.1).

use std::fmt;

use crate::random::{Rng, bytes};

/// 32 letters and digits that nobody confuses: 5 bits each, and every byte chooses one without bias.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Letters of a code: 40 bits, which nobody guesses within its life under the limits on guesses.
const LENGTH: usize = 8;

/// A user code, in its stored form: 8 letters and digits. It is shown in two groups.
#[derive(Clone, PartialEq, Eq)]
pub struct UserCode(String);

impl UserCode {
    /// A random code.
    pub fn new(rng: &dyn Rng) -> Self {
        let letter = |byte: u8| ALPHABET.get(usize::from(byte % 32)).map(|letter| char::from(*letter));
        Self(bytes::<LENGTH>(rng).into_iter().filter_map(letter).collect())
    }

    /// The code that a person typed: case and everything but letters and digits do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        // The longest that somebody types with a separator after each letter.
        if text.len() > 4 * LENGTH {
            return None;
        }
        let letters = text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase());
        let code: String = letters.collect();
        let is_known = |byte: u8| ALPHABET.contains(&byte);
        (code.len() == LENGTH && code.bytes().all(is_known)).then_some(Self(code))
    }

    /// The code without its separator.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at_checked(LENGTH / 2).unwrap_or((&self.0, ""));
        write!(f, "{first}-{second}")
    }
}

/// Who knows the code may let a device in.
impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random::SeededRng;

    #[test]
    fn a_user_code_is_shown_in_two_groups_and_found_however_it_is_typed() {
        let code = UserCode::parse("WDJB-MJH7").unwrap();
        assert_eq!((code.to_string().as_str(), code.as_str()), ("WDJB-MJH7", "WDJBMJH7"));
        for typed in ["wdjbmjh7", " WDJB MJH7 ", "w.d.j.b-m.j.h.7", "WDJB–MJH7", "\tWDJBMJH7\n"] {
            assert_eq!(UserCode::parse(typed).as_ref(), Some(&code), "{typed}");
        }
        for typed in ["", "WDJB-MJH", "WDJB-MJH77", "WDJB-MJH1", "WDJB-MJHO", "WDJB-MJH\u{212A}", "WDJB-MJH\0"] {
            assert!(UserCode::parse(typed).is_none(), "{typed}");
        }
        assert!(UserCode::parse(&"-".repeat(1_000_000)).is_none());
    }

    #[test]
    fn the_letters_of_user_codes_are_evenly_distributed() {
        let rng = SeededRng::new(7);
        let text: String = (0..12_500).map(|_| UserCode::new(&rng).0).collect();
        for letter in ALPHABET {
            let count = text.bytes().filter(|byte| byte == letter).count();
            assert!((2_800..=3_450).contains(&count), "{}: {count}", char::from(*letter));
        }
    }

    proptest! {
        #[test]
        fn a_new_user_code_is_read_as_it_is_shown(seed in any::<u64>()) {
            let code = UserCode::new(&SeededRng::new(seed));
            prop_assert_eq!(UserCode::parse(&code.to_string()), Some(code));
        }

        #[test]
        fn any_text_is_a_user_code_or_none(text in "\\PC{0,40}") {
            if let Some(code) = UserCode::parse(&text) {
                prop_assert_eq!(UserCode::parse(code.as_str()), Some(code));
            }
        }
    }
}
