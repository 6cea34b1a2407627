//! The keys in memory: which one signs, which ones verify, and the JWKS that publishes them.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::{Algorithm, JwkSet, KeyError, KeyRecord, PublicJwk, SigningKey, rotation};
use crate::time::Timestamp;

/// A key as the store gives it back, unsealed.
#[derive(Clone)]
pub struct StoredKey {
    /// What rotation knows of it.
    pub record: KeyRecord,
    /// The public half.
    pub public: PublicJwk,
    /// The private half (PKCS #8). It is not read once the key is retired.
    pub private_pkcs8: Zeroizing<Vec<u8>>,
}

impl StoredKey {
    /// A key made at `now` to sign from `active_from`.
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

/// Why the stored keys make no keyring.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// No key signs with this algorithm: [`rotation::plan`](super::plan) was not carried out.
    #[error("no key signs with {0}")]
    NoSigner(Algorithm),
    /// A stored key cannot be used.
    #[error("key {kid}: {problem}")]
    Key {
        /// The key.
        kid: String,
        /// What is wrong with it.
        problem: KeyError,
    },
}

/// The keys of one algorithm that sign, one after the other.
struct Line {
    first: Arc<SigningKey>,
    /// Later ones, last first, each with the moment from which it signs.
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

    /// The same key that [`rotation::signer`] names.
    fn signer(&self, now: Timestamp) -> &Arc<SigningKey> {
        self.later.iter().find(|(active_from, _)| *active_from <= now).map_or(&self.first, |(_, key)| key)
    }
}

/// Every key there is: for each algorithm exactly one signs, and all verify.
pub struct Keyring {
    rs256: Line,
    es256: Line,
    eddsa: Line,
    verifiers: HashMap<String, PublicJwk>,
    jwks_json: String,
}

impl Keyring {
    /// The keyring of the stored keys, after [`plan`](super::plan) was carried out on them.
    pub fn new(stored: &[StoredKey]) -> Result<Self, KeyringError> {
        let mut published: Vec<_> = stored.iter().collect();
        published.sort_by_key(|key| (key.record.algorithm, key.record.created_at, key.record.kid.as_str()));
        let jwks: JwkSet = published.into_iter().map(|key| key.public.clone()).collect();
        Ok(Self {
            rs256: Line::new(stored, Algorithm::RS256)?,
            es256: Line::new(stored, Algorithm::ES256)?,
            eddsa: Line::new(stored, Algorithm::EdDSA)?,
            verifiers: stored.iter().map(|key| (key.record.kid.clone(), key.public.clone())).collect(),
            // Strings and enums alone: writing them cannot fail.
            jwks_json: serde_json::to_string(&jwks).unwrap_or_default(),
        })
    }

    /// The key that signs with `algorithm` at `now`.
    pub fn signer(&self, algorithm: Algorithm, now: Timestamp) -> &Arc<SigningKey> {
        match algorithm {
            Algorithm::RS256 => self.rs256.signer(now),
            Algorithm::ES256 => self.es256.signer(now),
            Algorithm::EdDSA => self.eddsa.signer(now),
        }
    }

    /// The key with this id, retired or not, until it is deleted.
    pub fn verifier(&self, kid: &str) -> Option<&PublicJwk> {
        self.verifiers.get(kid)
    }

    /// The body of the JWKS (RFC 7517 §5): every key that signs, will sign, or has signed a token that may still live.
    pub fn jwks_json(&self) -> &str {
        &self.jwks_json
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keyring").field(&self.verifiers.keys()).finish()
    }
}
