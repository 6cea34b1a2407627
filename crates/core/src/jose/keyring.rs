//! The keys in memory: which one signs, which ones verify, and the JWKS.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::{Algorithm, JwkSet, KeyError, KeyRecord, PublicJwk, SigningKey, rotation};
use crate::time::Timestamp;

/// A stored key, unsealed.
#[derive(Clone)]
pub struct StoredKey {
    /// Its state for rotation.
    pub record: KeyRecord,
    /// The public half.
    pub public: PublicJwk,
    /// The private key (PKCS #8), unused once the key is retired.
    pub private_pkcs8: Zeroizing<Vec<u8>>,
}

impl StoredKey {
    /// A key created at `now` that signs from `active_from` on.
    pub fn new(key: &SigningKey, now: Timestamp, active_from: Timestamp) -> Result<Self, KeyError> {
        let record = KeyRecord {
            kid: key.kid().to_owned(),
            algorithm: key.algorithm(),
            created_at: now,
            active_from,
            retired_at: None,
            delete_after: None,
        };
        Ok(Self { record, public: key.public().clone(), private_pkcs8: key.to_pkcs8()? })
    }
}

impl fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredKey").field("record", &self.record).finish_non_exhaustive()
    }
}

/// Why the stored keys are not a valid keyring.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// No key signs with this algorithm: [`rotation::plan`](super::plan) was not executed.
    #[error("no key signs with {0}")]
    NoSigner(Algorithm),
    /// A stored key is unusable.
    #[error("key {kid}: {problem}")]
    Key {
        /// The key.
        kid: String,
        /// The cause.
        problem: KeyError,
    },
}

/// The signing keys of one algorithm, in order.
struct Line {
    first: Arc<SigningKey>,
    /// Later ones, last first, each with the time from which it signs.
    later: Vec<(Timestamp, Arc<SigningKey>)>,
}

impl Line {
    fn new(stored: &[StoredKey], algorithm: Algorithm) -> Result<Self, KeyringError> {
        let mut keys = Vec::new();
        for record in rotation::line(stored.iter().map(|key| &key.record), algorithm) {
            let Some(key) = stored.iter().find(|key| key.record.kid == record.kid) else { continue };
            let problem = |problem| KeyringError::Key { kid: record.kid.clone(), problem };
            let signing = SigningKey::from_pkcs8(algorithm, &key.private_pkcs8).map_err(problem)?;
            if signing.public() != &key.public || signing.kid() != record.kid {
                return Err(problem(KeyError::Rejected));
            }
            keys.push((record.active_from, Arc::new(signing)));
        }
        let mut keys = keys.into_iter();
        let (_, first) = keys.next().ok_or(KeyringError::NoSigner(algorithm))?;
        Ok(Self { first, later: keys.rev().collect() })
    }

    /// The key that [`rotation::signer`] selects.
    fn signer(&self, now: Timestamp) -> &Arc<SigningKey> {
        self.later.iter().find(|(active_from, _)| *active_from <= now).map_or(&self.first, |(_, key)| key)
    }
}

/// What is known about a verification key.
struct Verifier {
    public: PublicJwk,
    retired_at: Option<Timestamp>,
}

/// All keys: for each algorithm exactly one signs, and all verify.
pub struct Keyring {
    rs256: Line,
    es256: Line,
    eddsa: Line,
    verifiers: HashMap<String, Verifier>,
    jwks_json: String,
}

impl Keyring {
    /// The keyring of the stored keys, after [`plan`](super::plan) was executed.
    pub fn new(stored: &[StoredKey]) -> Result<Self, KeyringError> {
        let mut published: Vec<_> = stored.iter().collect();
        published.sort_by_key(|key| (key.record.algorithm, key.record.created_at, key.record.kid.as_str()));
        let jwks: JwkSet = published.into_iter().map(|key| key.public.clone()).collect();
        Ok(Self {
            rs256: Line::new(stored, Algorithm::RS256)?,
            es256: Line::new(stored, Algorithm::ES256)?,
            eddsa: Line::new(stored, Algorithm::EdDSA)?,
            verifiers: stored
                .iter()
                .map(|key| {
                    let verifier = Verifier { public: key.public.clone(), retired_at: key.record.retired_at };
                    (key.record.kid.clone(), verifier)
                })
                .collect(),
            // Only strings and enums: serialising them cannot fail.
            jwks_json: serde_json::to_string(&jwks).unwrap_or_default(),
        })
    }

    /// The signing key of `algorithm` at `now`.
    pub fn signer(&self, algorithm: Algorithm, now: Timestamp) -> &Arc<SigningKey> {
        match algorithm {
            Algorithm::RS256 => self.rs256.signer(now),
            Algorithm::ES256 => self.es256.signer(now),
            Algorithm::EdDSA => self.eddsa.signer(now),
        }
    }

    /// The key with this id, retired or not, until it is deleted.
    pub fn verifier(&self, kid: &str) -> Option<&PublicJwk> {
        self.verifiers.get(kid).map(|verifier| &verifier.public)
    }

    /// When the key with this id stopped signing: anything it signed later was signed by a thief.
    pub fn retired_at(&self, kid: &str) -> Option<Timestamp> {
        self.verifiers.get(kid)?.retired_at
    }

    /// The body of the JWKS (RFC 7517 §5): every key that signs, will sign, or signed a token that may still be valid.
    pub fn jwks_json(&self) -> &str {
        &self.jwks_json
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keyring").field(&self.verifiers.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::Value;

    use super::*;
    use crate::jose::{RotationPolicy, RotationStep, TokenKind, UnverifiedJws, plan, sign};

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const DAY: Duration = Duration::from_hours(24);

    /// Executes the due steps, like the store.
    fn rotate(keys: &mut Vec<StoredKey>, now: Timestamp) {
        let records: Vec<_> = keys.iter().map(|key| key.record.clone()).collect();
        for step in plan(&records, now, &RotationPolicy::default()) {
            match step {
                RotationStep::Make { algorithm, active_from } => {
                    let key = SigningKey::generate(algorithm).unwrap();
                    keys.push(StoredKey::new(&key, now, active_from).unwrap());
                }
                RotationStep::Retire { kid, retired_at, delete_after } => {
                    let key = keys.iter_mut().find(|key| key.record.kid == kid).unwrap();
                    key.record.retired_at = Some(retired_at);
                    key.record.delete_after = Some(delete_after);
                    key.private_pkcs8.clear();
                }
                RotationStep::Delete { kid } => keys.retain(|key| key.record.kid != kid),
            }
        }
    }

    fn published(keyring: &Keyring) -> Vec<(String, String)> {
        let jwks: Value = serde_json::from_str(keyring.jwks_json()).unwrap();
        let text = |key: &Value, name: &str| key[name].as_str().unwrap().to_owned();
        jwks["keys"].as_array().unwrap().iter().map(|key| (text(key, "alg"), text(key, "kid"))).collect()
    }

    #[test]
    fn the_jwks_holds_an_rsa_an_ec_and_an_ed25519_key() {
        let mut keys = Vec::new();
        rotate(&mut keys, NOW);
        let keyring = Keyring::new(&keys).unwrap();
        let of = |algorithm| (Algorithm::to_string(&algorithm), keyring.signer(algorithm, NOW).kid().to_owned());
        assert_eq!(published(&keyring), Algorithm::ALL.map(of));
        assert!(!keyring.jwks_json().contains("\"d\""));
    }

    #[test]
    fn a_successor_is_published_then_signs_then_its_predecessor_only_verifies() {
        let mut keys = Vec::new();
        rotate(&mut keys, NOW);
        let before = Keyring::new(&keys).unwrap();
        let first = before.signer(Algorithm::ES256, NOW).clone();
        let token = sign(&first, TokenKind::Access, &"claims").unwrap();

        let due = NOW.plus(DAY * 90);
        rotate(&mut keys, due.minus(DAY));
        let keyring = Keyring::new(&keys).unwrap();
        assert_eq!(published(&keyring).len(), 6);
        assert_eq!(keyring.signer(Algorithm::ES256, due.minus(DAY)).kid(), first.kid());
        assert_ne!(keyring.signer(Algorithm::ES256, due).kid(), first.kid(), "without being read again");

        rotate(&mut keys, due);
        let keyring = Keyring::new(&keys).unwrap();
        assert_eq!(published(&keyring).len(), 6);
        let jws = UnverifiedJws::parse(&token).unwrap();
        let key = keyring.verifier(jws.header().kid.as_deref().unwrap()).unwrap();
        assert_eq!(jws.verify_as(TokenKind::Access, key).unwrap(), b"\"claims\"");

        rotate(&mut keys, due.plus(DAY * 31));
        let keyring = Keyring::new(&keys).unwrap();
        assert_eq!(keyring.verifier(first.kid()), None);
        assert_eq!(published(&keyring).len(), 3);
    }

    #[test]
    fn a_key_with_a_foreign_private_half_makes_no_keyring() {
        let mut keys = Vec::new();
        rotate(&mut keys, NOW);
        let ec = keys.iter_mut().find(|key| key.record.algorithm == Algorithm::ES256).unwrap();
        ec.private_pkcs8 = SigningKey::generate(Algorithm::ES256).unwrap().to_pkcs8().unwrap();
        let kid = ec.record.kid.clone();
        assert_eq!(Keyring::new(&keys).unwrap_err(), KeyringError::Key { kid, problem: KeyError::Rejected });
    }

    #[test]
    fn without_a_signer_for_each_algorithm_there_is_no_keyring() {
        assert_eq!(Keyring::new(&[]).unwrap_err(), KeyringError::NoSigner(Algorithm::RS256));
    }

    #[test]
    fn a_stored_key_is_not_shown_in_debug_output() {
        let key = SigningKey::generate(Algorithm::EdDSA).unwrap();
        let shown = format!("{:?}", StoredKey::new(&key, NOW, NOW).unwrap());
        assert!(shown.contains(key.kid()) && !shown.contains("pkcs8"), "{shown}");
    }
}
