//! An interaction before sign-in: a value in the page's address that only this server can create and read, so that
//! nobody can fill the database by beginning interactions.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sigma_core::digest::Digest;
use sigma_core::interaction::Continuation;
use sigma_core::random::{Rng, bytes};
use sigma_core::time::Timestamp;
use zeroize::Zeroizing;

/// The purpose of the key. A value of another format has another one.
const CONTEXT: &[u8] = b"sigma interaction 2";
/// Bytes of the salt that gives each value a key of its own.
const SALT_LENGTH: usize = 16;
/// Length of a value: our addresses stay within the 8 KiB that proxies accept for a line.
const LONGEST: usize = 7_680;

/// The key from which those of sealed interactions are derived. `Debug` does not print it.
pub struct SealingKey(Zeroizing<Vec<u8>>);

/// An interaction before sealing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// 128 random bits: its id in the store, once it is stored.
    pub id: String,
    /// The digest of the cookie of its browser; `None` until a browser first shows it (a request that came by POST).
    pub browser: Option<Digest>,
    /// What the person came for.
    pub continuation: Continuation,
    /// When its browser first showed it.
    pub started_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// Why a value was not opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// It was not sealed here, or was altered.
    NotOurs,
    /// It lapsed; this is what it was.
    Expired(Box<Sealed>),
}

/// The sealed content. Short names: it travels in an address.
#[derive(Serialize, Deserialize)]
struct Content {
    i: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    b: Option<String>,
    c: Continuation,
    s: i64,
    e: i64,
}

impl SealingKey {
    /// The key derived from the secret that all processes on a database share.
    pub fn new(secret: &[u8]) -> Self {
        Self(Zeroizing::new(secret.to_vec()))
    }

    /// Seals an interaction, in characters that need no escaping in an address.
    ///
    /// # Errors
    /// Encryption failed, which cannot happen.
    pub fn seal(&self, interaction: &Sealed, rng: &dyn Rng) -> Result<String, Unspecified> {
        let content = Content {
            i: interaction.id.clone(),
            b: interaction.browser.map(|browser| URL_SAFE_NO_PAD.encode(browser.as_bytes())),
            c: interaction.continuation.clone(),
            s: interaction.started_at.micros(),
            e: interaction.expires_at.micros(),
        };
        let content = serde_json::to_vec(&content).map_err(|_| Unspecified)?;
        self.seal_bytes(CONTEXT, &content, rng)
    }

    /// Seals another value, which no other `context` opens.
    ///
    /// # Errors
    /// Encryption failed, which cannot happen.
    pub fn seal_value(&self, context: &[u8], value: &impl Serialize, rng: &dyn Rng) -> Result<String, Unspecified> {
        let plain = serde_json::to_vec(value).map_err(|_| Unspecified)?;
        self.seal_bytes(context, &plain, rng)
    }

    /// Opens what [`seal_value`](Self::seal_value) sealed in that `context`. The value says itself when it expires.
    pub fn open_value<T: DeserializeOwned>(&self, context: &[u8], text: &str) -> Option<T> {
        serde_json::from_slice(&self.open_bytes(context, text)?).ok()
    }

    /// Opens what [`seal`](Self::seal) sealed, unless it expired.
    ///
    /// # Errors
    /// `OpenError`
    pub fn open(&self, text: &str, now: Timestamp) -> Result<Sealed, OpenError> {
        let content = self.open_bytes(CONTEXT, text).ok_or(OpenError::NotOurs)?;
        let content: Content = serde_json::from_slice(&content).map_err(|_| OpenError::NotOurs)?;
        let browser = content.b.map(|text| {
            let bytes = URL_SAFE_NO_PAD.decode(text).ok();
            bytes.and_then(|bytes| Digest::from_stored(&bytes)).ok_or(OpenError::NotOurs)
        });
        let interaction = Sealed {
            id: content.i,
            browser: browser.transpose()?,
            continuation: content.c,
            started_at: Timestamp::from_micros(content.s),
            expires_at: Timestamp::from_micros(content.e),
        };
        if now < interaction.expires_at { Ok(interaction) } else { Err(OpenError::Expired(Box::new(interaction))) }
    }

    /// Anyone may have any number of values sealed, more than one key of AES-GCM supports with random nonces: each
    /// value has a key of its own, used once.
    fn key(&self, context: &[u8], salt: &[u8]) -> Result<LessSafeKey, Unspecified> {
        let derived = Salt::new(HKDF_SHA256, salt).extract(&self.0);
        let info = [context];
        let key = derived.expand(&info, &AES_256_GCM)?;
        Ok(LessSafeKey::new(UnboundKey::from(key)))
    }

    fn seal_bytes(&self, context: &[u8], plain: &[u8], rng: &dyn Rng) -> Result<String, Unspecified> {
        let salt: [u8; SALT_LENGTH] = bytes(rng);
        let mut sealed = plain.to_vec();
        let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
        let tag = self.key(context, &salt)?.seal_in_place_separate_tag(nonce, Aad::empty(), &mut sealed)?;
        Ok(URL_SAFE_NO_PAD.encode([salt.as_slice(), &sealed, tag.as_ref()].concat()))
    }

    fn open_bytes(&self, context: &[u8], text: &str) -> Option<Vec<u8>> {
        if text.len() > LONGEST {
            return None;
        }
        let value = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (salt, sealed) = value.split_first_chunk::<SALT_LENGTH>()?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
        let length = self.key(context, salt).ok()?.open_in_place(nonce, Aad::empty(), &mut sealed).ok()?.len();
        sealed.truncate(length);
        Some(sealed)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use sigma_core::random::SeededRng;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const HOUR: Duration = Duration::from_hours(1);

    fn key() -> SealingKey {
        SealingKey::new(b"the secret of one installation..")
    }

    fn interaction(query: &str, browser: Option<&str>) -> Sealed {
        Sealed {
            id: "a2345678901234567890bb".to_owned(),
            browser: browser.map(Digest::of),
            continuation: Continuation::Authorization { query: query.to_owned() },
            started_at: NOW,
            expires_at: NOW.plus(HOUR),
        }
    }

    proptest! {
        #[test]
        fn sealed_values_open_until_they_expire(query in "\\PC{0,300}", browser in proptest::option::of("\\w{22}"), seed: u64) {
            let sealed = interaction(&query, browser.as_deref());
            let text = key().seal(&sealed, &SeededRng::new(seed)).unwrap();
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
            prop_assert_eq!(key().open(&text, NOW), Ok(sealed.clone()));
            prop_assert_eq!(key().open(&text, NOW.plus(HOUR).minus(Duration::from_micros(1))), Ok(sealed.clone()));
            prop_assert_eq!(key().open(&text, NOW.plus(HOUR)), Err(OpenError::Expired(Box::new(sealed))));
        }

        #[test]
        fn a_value_that_was_changed_or_cut_is_not_opened(query in "[a-z=&]{0,80}", at: prop::sample::Index, flip in 1_u8.., seed: u64) {
            let text = key().seal(&interaction(&query, Some("browser")), &SeededRng::new(seed)).unwrap();
            let mut bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
            let at = at.index(bytes.len());
            prop_assert_eq!(key().open(&URL_SAFE_NO_PAD.encode(&bytes[..at]), NOW), Err(OpenError::NotOurs));
            bytes[at] ^= flip;
            prop_assert_eq!(key().open(&URL_SAFE_NO_PAD.encode(&bytes), NOW), Err(OpenError::NotOurs));
        }

        #[test]
        fn arbitrary_text_is_not_a_sealed_value(text in ".{0,200}") {
            prop_assert_eq!(key().open(&text, NOW), Err(OpenError::NotOurs));
        }
    }

    #[test]
    fn another_installation_cannot_open_it() {
        let text = key().seal(&interaction("a=b", None), &SeededRng::new(1)).unwrap();
        let other = SealingKey::new(b"the secret of another one.......");
        assert_eq!(other.open(&text, NOW), Err(OpenError::NotOurs));
    }

    #[test]
    fn a_value_of_another_context_is_not_opened() {
        let text = key().seal_value(b"one", &7, &SeededRng::new(1)).unwrap();
        assert_eq!(key().open_value::<u32>(b"one", &text), Some(7));
        assert_eq!(key().open_value::<u32>(b"another", &text), None);
        assert_eq!(key().open(&text, NOW), Err(OpenError::NotOurs));
    }

    #[test]
    fn a_kind_or_a_shape_of_another_version_is_not_opened() {
        for content in [
            r#"{"i":"a","c":{"seance":{"query":"a=b"}},"s":0,"e":4000000000000000}"#,
            r#"{"i":"a","c":{"authorization":{}},"s":0,"e":4000000000000000}"#,
            r#"{"i":"a","b":"short","c":{"authorization":{"query":""}},"s":0,"e":4000000000000000}"#,
            r#"{"e":4000000000000000}"#,
            "[]",
            "",
        ] {
            let text = key().seal_bytes(CONTEXT, content.as_bytes(), &SeededRng::new(1)).unwrap();
            assert_eq!(key().open(&text, NOW), Err(OpenError::NotOurs), "{content}");
        }
    }

    #[test]
    fn one_interaction_sealed_twice_is_two_values() {
        let (rng, sealed) = (SeededRng::new(1), interaction("a=b", None));
        assert_ne!(key().seal(&sealed, &rng).unwrap(), key().seal(&sealed, &rng).unwrap());
    }

    #[test]
    fn the_longest_request_fits_into_an_address() {
        let longest = interaction(&"x".repeat(crate::interaction::LONGEST_REQUEST), Some("browser"));
        let text = key().seal(&longest, &SeededRng::new(1)).unwrap();
        assert!(text.len() + 200 < 8_192, "{}", text.len());
        assert_eq!(key().open(&text, NOW), Ok(longest));
    }
}
