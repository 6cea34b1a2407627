//! The secret of an API key: `sigma_sk_live_`, 32 random letters and digits, and a checksum that detects typos.

use std::fmt;

use zeroize::Zeroizing;

use crate::digest::Digest;
use crate::random::{Rng, alphanumeric};

/// The prefix of every key; secret scanners look for it.
pub const PREFIX: &str = "sigma_sk_live_";
/// Random letters and digits: 190 bits.
const RANDOM: usize = 32;
/// Letters of the checksum: 62⁶ are more than 2³².
const CHECKSUM: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A key as its holder has it. `Debug` does not show it.
#[derive(Clone)]
pub struct ApiKeySecret(Zeroizing<String>);

impl ApiKeySecret {
    /// A new key.
    pub fn generate(rng: &dyn Rng) -> Self {
        let random = Zeroizing::new(alphanumeric(rng, RANDOM));
        let mut key = Zeroizing::new(String::with_capacity(PREFIX.len() + RANDOM + CHECKSUM));
        key.push_str(PREFIX);
        key.push_str(&random);
        key.push_str(&checksum(&random));
        Self(key)
    }

    /// Parses a key: its form and checksum must be right.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?;
        if rest.len() != RANDOM + CHECKSUM || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let (random, sum) = rest.split_at_checked(RANDOM)?;
        (checksum(random) == sum).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The stored form: the SHA-256 of the whole key.
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }

    /// The key itself, to be shown once.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeySecret(…)")
    }
}

/// CRC-32 (the one of zip and Ethernet) of the random part, base62, padded with zeros to six letters.
fn checksum(random: &str) -> String {
    let mut rest = crc32fast::hash(random.as_bytes());
    let mut letters = [b'0'; CHECKSUM];
    for letter in letters.iter_mut().rev() {
        let index = usize::try_from(rest % 62).unwrap_or(0);
        *letter = BASE62.get(index).copied().unwrap_or(b'0');
        rest /= 62;
    }
    letters.iter().map(|letter| char::from(*letter)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random::SeededRng;

    #[test]
    fn a_made_key_has_its_form_and_reads_back() {
        let key = ApiKeySecret::generate(&SeededRng::new(3));
        assert_eq!(key.expose().len(), 52);
        assert!(key.expose().starts_with("sigma_sk_live_"));
        assert_eq!(ApiKeySecret::parse(key.expose()).unwrap().digest(), key.digest());
        assert!(!format!("{key:?}").contains("live"));
    }

    #[test]
    fn the_checksum_is_the_crc_of_the_random_part() {
        // CRC-32 of "123456789" is 0xCBF43926, in base 62 3jZRME.
        assert_eq!(checksum("123456789"), "3jZRME");
    }

    proptest! {
        #[test]
        fn a_changed_letter_invalidates_a_key(seed: u64, at in 0usize..52, letter in "[0-9A-Za-z_]") {
            let key = ApiKeySecret::generate(&SeededRng::new(seed));
            let mut text = key.expose().to_owned();
            text.replace_range(at..=at, &letter);
            prop_assume!(text != key.expose());
            prop_assert!(ApiKeySecret::parse(&text).is_none());
        }

        #[test]
        fn no_text_panics(text: String) {
            prop_assert!(ApiKeySecret::parse(&text).is_none());
            let prefixed = [PREFIX, &text].concat();
            prop_assert!(ApiKeySecret::parse(&prefixed).is_none());
        }
    }
}
