//! Randomness as a parameter.

use std::fmt;

use zeroize::Zeroizing;

/// The source of randomness: the operating system in the server, a seeded sequence in tests.
pub trait Rng: Send + Sync + fmt::Debug {
    /// Fills `bytes` with random bytes fit for keys.
    fn fill(&self, bytes: &mut [u8]);
}

/// `N` random bytes.
pub fn bytes<const N: usize>(rng: &dyn Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill(&mut bytes);
    bytes
}

/// The alphabet of random strings: no character needs escaping anywhere.
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `length` random letters and digits, 5.95 bits each: 22 hold 128 bits, 43 hold 256.
pub fn alphanumeric(rng: &dyn Rng, length: usize) -> String {
    let mut text = String::with_capacity(length);
    let mut pool = Zeroizing::new([0u8; 64]);
    while text.len() < length {
        rng.fill(pool.as_mut_slice());
        // 248 is the largest multiple of 62 in a byte; using the rest would favour the first letters.
        let letters = pool.iter().filter(|byte| **byte < 248).filter_map(|byte| ALPHABET.get(usize::from(byte % 62)));
        text.extend(letters.take(length - text.len()).map(|letter| char::from(*letter)));
    }
    text
}

/// `length` random decimal digits, 3.3 bits each: what people type from one device into another.
pub fn digits(rng: &dyn Rng, length: usize) -> String {
    let mut text = String::with_capacity(length);
    let mut pool = Zeroizing::new([0u8; 64]);
    while text.len() < length {
        rng.fill(pool.as_mut_slice());
        // 250 is the largest multiple of 10 in a byte.
        let digits = pool.iter().filter(|byte| **byte < 250).map(|byte| char::from(b'0' + byte % 10));
        text.extend(digits.take(length - text.len()));
    }
    text
}

/// A generator with a fixed sequence (`SplitMix64`), for tests only: its output is predictable.
#[derive(Debug)]
pub struct SeededRng(std::sync::atomic::AtomicU64);

impl SeededRng {
    /// The sequence of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(std::sync::atomic::AtomicU64::new(seed))
    }
}

impl Rng for SeededRng {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let step = 0x9E37_79B9_7F4A_7C15_u64;
            let mut word = self.0.fetch_add(step, std::sync::atomic::Ordering::Relaxed).wrapping_add(step);
            word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            word ^= word >> 31;
            for (byte, random) in chunk.iter_mut().zip(word.to_le_bytes()) {
                *byte = random;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_string_has_its_length_and_only_letters_and_digits() {
        for length in [0, 1, 22, 43, 200] {
            let text = alphanumeric(&SeededRng::new(7), length);
            assert_eq!(text.len(), length);
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        }
    }

    #[test]
    fn random_digits_are_evenly_distributed() {
        let text = digits(&SeededRng::new(7), 100_000);
        assert_eq!(text.len(), 100_000);
        for digit in '0'..='9' {
            let count = text.chars().filter(|letter| *letter == digit).count();
            assert!((9_500..=10_500).contains(&count), "{digit}: {count}");
        }
    }

    #[test]
    fn two_random_strings_differ() {
        let rng = SeededRng::new(7);
        assert_ne!(alphanumeric(&rng, 43), alphanumeric(&rng, 43));
    }
}
