//! Secrets of webhooks, and the signatures made with them.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::random::{Rng, bytes};
use crate::time::Timestamp;

/// Bytes of a secret that we make.
const LENGTH: usize = 32;
/// The specification's bounds of a shared secret, in bytes.
const SHORTEST: usize = 24;
const LONGEST: usize = 64;

/// How requests are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecretKind {
    /// HMAC-SHA256 with a secret that the receiver holds too.
    #[default]
    Hmac,
    /// Ed25519: the receiver holds the public key, and can sign nothing.
    Ed25519,
}

impl SecretKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Hmac, Self::Ed25519];

    /// The name on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hmac => "hmac",
            Self::Ed25519 => "ed25519",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Why a secret is refused. Reveals nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretProblem {
    /// Not the base64 of enough bytes, or without its prefix.
    #[error("the secret of a webhook is malformed")]
    Malformed,
}

/// What requests are signed with. `Debug` does not print it.
pub struct SigningSecret(Secret);

enum Secret {
    Hmac(Zeroizing<Vec<u8>>),
    Ed25519 { seed: Zeroizing<Vec<u8>>, pair: Ed25519KeyPair },
}

impl SigningSecret {
    /// A new secret.
    ///
    /// # Errors
    /// The library refuses the key.
    pub fn generate(kind: SecretKind, rng: &dyn Rng) -> Result<Self, SecretProblem> {
        Self::of(kind, Zeroizing::new(bytes::<LENGTH>(rng).to_vec()))
    }

    fn of(kind: SecretKind, secret: Zeroizing<Vec<u8>>) -> Result<Self, SecretProblem> {
        match kind {
            SecretKind::Hmac if (SHORTEST..=LONGEST).contains(&secret.len()) => Ok(Self(Secret::Hmac(secret))),
            SecretKind::Hmac => Err(SecretProblem::Malformed),
            SecretKind::Ed25519 => {
                let pair = Ed25519KeyPair::from_seed_unchecked(&secret).map_err(|_| SecretProblem::Malformed)?;
                Ok(Self(Secret::Ed25519 { seed: secret, pair }))
            }
        }
    }

    /// The secret that [`to_text`](Self::to_text) wrote: `whsec_` or `whsk_`, and base64.
    ///
    /// # Errors
    /// It is malformed.
    pub fn parse(text: &str) -> Result<Self, SecretProblem> {
        let (kind, base64) = match (text.strip_prefix("whsec_"), text.strip_prefix("whsk_")) {
            (Some(base64), _) => (SecretKind::Hmac, base64),
            (None, Some(base64)) => (SecretKind::Ed25519, base64),
            (None, None) => return Err(SecretProblem::Malformed),
        };
        let secret = STANDARD.decode(base64).map_err(|_| SecretProblem::Malformed)?;
        Self::of(kind, Zeroizing::new(secret))
    }

    /// The whole secret, to be sealed.
    pub fn to_text(&self) -> Zeroizing<String> {
        match &self.0 {
            Secret::Hmac(secret) => prefixed("whsec_", secret),
            Secret::Ed25519 { seed, .. } => prefixed("whsk_", seed),
        }
    }

    /// What the receiver verifies with: the secret itself (`whsec_`), or the public key (`whpk_`).
    pub fn to_verify(&self) -> Zeroizing<String> {
        match &self.0 {
            Secret::Hmac(secret) => prefixed("whsec_", secret),
            Secret::Ed25519 { pair, .. } => prefixed("whpk_", pair.public_key().as_ref()),
        }
    }

    /// The signature of a message: its version and base64.
    pub fn sign(&self, id: &str, at: Timestamp, body: &str) -> String {
        let message = format!("{id}.{}.{body}", at.seconds());
        match &self.0 {
            Secret::Hmac(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
                format!("v1,{}", STANDARD.encode(hmac::sign(&key, message.as_bytes())))
            }
            Secret::Ed25519 { pair, .. } => format!("v1a,{}", STANDARD.encode(pair.sign(message.as_bytes()))),
        }
    }
}

impl std::fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningSecret")
    }
}

fn prefixed(prefix: &str, bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(prefix.to_owned());
    STANDARD.encode_string(bytes, &mut text);
    text
}

/// The signatures of a message by every secret that counts: a receiver takes it if one of them is right.
pub fn signatures<'a>(
    secrets: impl IntoIterator<Item = &'a SigningSecret>,
    id: &str,
    at: Timestamp,
    body: &str,
) -> String {
    secrets.into_iter().map(|secret| secret.sign(id, at, body)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRng;

    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT: Timestamp = Timestamp::from_seconds(1_614_265_330);
    const BODY: &str = r#"{"test": 2432232314}"#;
    /// Of the reference libraries of Standard Webhooks.
    const HMAC: (&str, &str) =
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    const ED25519: (&str, &str) = (
        "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=",
        "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==",
    );

    #[test]
    fn signatures_are_those_of_the_reference_libraries() {
        let secrets = [HMAC, ED25519].map(|(secret, expected)| {
            let secret = SigningSecret::parse(secret).unwrap();
            assert_eq!(secret.sign(ID, AT, BODY), expected);
            secret
        });
        assert_eq!(signatures(&secrets, ID, AT, BODY), format!("{} {}", HMAC.1, ED25519.1));
    }

    #[test]
    fn a_new_secret_is_long_enough_and_survives_being_stored() {
        for (kind, prefix, shown) in [(SecretKind::Hmac, "whsec_", "whsec_"), (SecretKind::Ed25519, "whsk_", "whpk_")] {
            let secret = SigningSecret::generate(kind, &SeededRng::new(1)).unwrap();
            let text = secret.to_text();
            assert!(text.starts_with(prefix) && text.len() == prefix.len() + 44, "{}", text.as_str());
            assert!(secret.to_verify().starts_with(shown));
            let again = SigningSecret::parse(&text).unwrap();
            assert_eq!(again.sign(ID, AT, BODY), secret.sign(ID, AT, BODY));
            assert_eq!(SecretKind::parse(kind.as_str()), Some(kind));
            assert_eq!(format!("{secret:?}"), "SigningSecret");
        }
    }

    #[test]
    fn the_public_key_verifies_and_is_not_the_private_one() {
        let secret = SigningSecret::parse(ED25519.0).unwrap();
        let public = STANDARD.decode(secret.to_verify().strip_prefix("whpk_").unwrap()).unwrap();
        let key = aws_lc_rs::signature::UnparsedPublicKey::new(&aws_lc_rs::signature::ED25519, &public);
        let signature = STANDARD.decode(ED25519.1.strip_prefix("v1a,").unwrap()).unwrap();
        key.verify(format!("{ID}.{}.{BODY}", AT.seconds()).as_bytes(), &signature).unwrap();
        assert!(!secret.to_verify().contains("VEVTVFNJR05J"));
    }

    #[test]
    fn malformed_secrets_are_refused() {
        let short = format!("whsec_{}", STANDARD.encode([7; 23]));
        let long = format!("whsec_{}", STANDARD.encode([7; 65]));
        let seed = format!("whsk_{}", STANDARD.encode([7; 31]));
        for text in ["", "whsec_", "whsec_%", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whpk_AAAA", &short, &long, &seed] {
            assert_eq!(SigningSecret::parse(text).err(), Some(SecretProblem::Malformed), "{text}");
        }
    }
}
