//! The nonces of proofs (RFC 9449 §8): a time under a key that all processes share, so none has to be stored, and each
//! process knows those of the others.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sigma_core::time::Timestamp;

/// How long a nonce is accepted.
pub const LIFE: Duration = Duration::from_mins(5);
/// The age at which clients get the next one.
const RENEWED: Duration = Duration::from_mins(2);
/// How far the clock of another process may be ahead.
const CLOCK_SKEW: Duration = Duration::from_secs(30);
/// Bytes of the tag: forging one takes 2^128 attempts.
const TAG: usize = 16;

/// Makes and recognizes nonces.
pub struct Nonces(hmac::Key);

/// A nonce of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nonce {
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Whether the client should use the next one.
    pub is_old: bool,
}

impl Nonces {
    /// Derives the key from a secret of the installation.
    pub fn new(secret: &[u8]) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derived = hmac::sign(&root, b"dpop-nonce");
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    /// A nonce that begins now.
    pub fn issue(&self, now: Timestamp) -> String {
        let issued_at = now.micros().to_be_bytes();
        let tag = hmac::sign(&self.0, &issued_at);
        URL_SAFE_NO_PAD.encode([issued_at.as_slice(), tag.as_ref().get(..TAG).unwrap_or_default()].concat())
    }

    /// The nonce in `text`, if it is ours and has not expired.
    pub fn open(&self, text: &str, now: Timestamp) -> Option<Nonce> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (issued_at, sent) = bytes.split_at_checked(8)?;
        let tag = hmac::sign(&self.0, issued_at);
        aws_lc_rs::constant_time::verify_slices_are_equal(tag.as_ref().get(..TAG)?, sent).ok()?;
        let issued_at = Timestamp::from_micros(i64::from_be_bytes(issued_at.try_into().ok()?));
        let lives = now < issued_at.plus(LIFE) && issued_at <= now.plus(CLOCK_SKEW);
        lives.then(|| Nonce { issued_at, is_old: now >= issued_at.plus(RENEWED) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    #[test]
    fn a_nonce_is_known_to_every_process_with_the_secret_until_it_expires() {
        let (here, there) = (Nonces::new(b"secret"), Nonces::new(b"secret"));
        let text = here.issue(NOW);
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        assert_eq!(there.open(&text, NOW), Some(Nonce { issued_at: NOW, is_old: false }));
        let late = |seconds: i64| there.open(&text, Timestamp::from_seconds(1_800_000_000 + seconds));
        assert!(late(120).unwrap().is_old && !late(119).unwrap().is_old);
        assert!(late(299).is_some() && late(300).is_none());
        assert!(late(-30).is_some() && late(-31).is_none());
    }

    #[test]
    fn a_forged_nonce_is_unknown() {
        let nonces = Nonces::new(b"secret");
        let text = nonces.issue(NOW);
        let foreign = Nonces::new(b"other").issue(NOW);
        for forged in ["", "x", &text[1..], &text[..text.len() - 1], &format!("{text}AAAA"), &foreign] {
            assert_eq!(nonces.open(forged, NOW), None, "{forged}");
        }
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(nonces.open(std::str::from_utf8(&changed).unwrap(), NOW), None);
        }
    }
}
