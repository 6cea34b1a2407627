//! Public keys as JSON (RFC 7517): our own, and those of apps.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::jws::JwsError;
use super::{Algorithm, VerificationAlgorithm, base64url};

/// Why a JWK is not a usable verification key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// A set longer than [`JwkSet::MAX_BYTES`] or with more than [`JwkSet::MAX_KEYS`] keys.
    #[error("the key set is longer than 64 KiB or has more than 32 keys")]
    TooLarge,
    /// Not a JWK, or an unsupported key type.
    #[error("not an RSA, P-256 or Ed25519 key in JWK form")]
    Malformed,
    /// It contains the private key.
    #[error("the key holds private members: send the public half only")]
    Private,
    /// `use` or `key_ops` excludes verification.
    #[error("the key is not for signatures")]
    NotForSignatures,
    /// `alg` names an algorithm that we do not accept or that does not fit the key type.
    #[error("the key's alg is not RS256, PS256, ES256 or EdDSA, or does not fit the key")]
    Algorithm,
    /// The numbers are not a key, are not canonical, or the RSA modulus is not 2048 to 8192 bits long.
    #[error("the key's numbers are not a valid key (RSA keys must have at least 2048 bits)")]
    Value,
}

/// The numbers of a key (RFC 7518 §6, RFC 8037 §2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kty")]
enum Material {
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
    #[serde(rename = "EC")]
    Ec { crv: String, x: String, y: String },
    #[serde(rename = "OKP")]
    Okp { crv: String, x: String },
}

/// The members that we write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Written {
    #[serde(flatten)]
    material: Material,
    #[serde(rename = "use")]
    usage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    alg: Option<VerificationAlgorithm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
}

/// The members that we read; others are ignored (RFC 7517 §4), including `x5u` and `x5c`.
#[derive(Deserialize)]
struct Read {
    #[serde(flatten)]
    material: Material,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    kid: Option<String>,
    d: Option<IgnoredAny>,
}

/// A public verification key, parsed once.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Read")]
pub struct PublicJwk {
    #[serde(flatten)]
    written: Written,
    /// The algorithms of this key; it verifies no others.
    #[serde(skip)]
    verifiers: Arc<[(VerificationAlgorithm, ParsedPublicKey)]>,
}

impl PublicJwk {
    /// The key as JSON.
    pub fn parse(json: &str) -> Result<Self, JwkError> {
        let read: Read = serde_json::from_str(json).map_err(|_| JwkError::Malformed)?;
        Self::try_from(read)
    }

    /// Our own RSA key; the numbers are big-endian without leading zeros.
    pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, JwkError> {
        let material = Material::Rsa { n: base64url::encode(modulus), e: base64url::encode(exponent) };
        Self::own(material, Algorithm::RS256)
    }

    /// Our own P-256 key, as an uncompressed point.
    pub(super) fn p256(point: &[u8]) -> Result<Self, JwkError> {
        let (x, y) = point.strip_prefix(&[4]).and_then(|point| point.split_at_checked(32)).ok_or(JwkError::Value)?;
        let material = Material::Ec { crv: "P-256".into(), x: base64url::encode(x), y: base64url::encode(y) };
        Self::own(material, Algorithm::ES256)
    }

    /// Our own Ed25519 key.
    pub(super) fn ed25519(key: &[u8]) -> Result<Self, JwkError> {
        Self::own(Material::Okp { crv: "Ed25519".into(), x: base64url::encode(key) }, Algorithm::EdDSA)
    }

    fn own(material: Material, algorithm: Algorithm) -> Result<Self, JwkError> {
        let mut key = Self::new(material, Some(algorithm.into()), None)?;
        let mut kid = key.thumbprint();
        kid.truncate(16);
        key.written.kid = Some(kid);
        Ok(key)
    }

    fn new(material: Material, alg: Option<VerificationAlgorithm>, kid: Option<String>) -> Result<Self, JwkError> {
        let mut verifiers = material.verifiers()?;
        if let Some(alg) = alg {
            verifiers.retain(|(of, _)| *of == alg);
            if verifiers.is_empty() {
                return Err(JwkError::Algorithm);
            }
        }
        Ok(Self { written: Written { material, usage: "sig", alg, kid }, verifiers: verifiers.into() })
    }

    /// The key id, if it has one; ours always do.
    pub fn kid(&self) -> Option<&str> {
        self.written.kid.as_deref()
    }

    /// The only algorithm of the key, if it names one; ours always do.
    pub fn alg(&self) -> Option<VerificationAlgorithm> {
        self.written.alg
    }

    /// Whether `alg` is an algorithm of this key.
    pub fn verifies(&self, alg: VerificationAlgorithm) -> bool {
        self.verifiers.iter().any(|(of, _)| *of == alg)
    }

    /// The bytes of memory that it takes, roughly: with what the library keeps of it for each algorithm.
    pub fn weight(&self) -> usize {
        let named = self.written.kid.as_ref().map_or(0, String::len);
        let numbers = match &self.written.material {
            Material::Rsa { n, .. } => n.len().saturating_mul(8).saturating_add(3_072),
            Material::Ec { .. } | Material::Okp { .. } => 1_024,
        };
        numbers.saturating_add(named)
    }

    /// The JWK thumbprint, SHA-256 in base64url (RFC 7638 §3): 43 characters.
    pub fn thumbprint(&self) -> String {
        // The required members in alphabetical order; no value needs escaping, since `new` decoded each number and
        // checked each curve.
        let members = match &self.written.material {
            Material::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Material::Ec { crv, x, y } => format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#),
            Material::Okp { crv, x } => format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#),
        };
        base64url::encode(digest(&SHA256, members.as_bytes()))
    }

    /// Verifies `signature` over `message`.
    ///
    /// # Errors
    /// [`JwsError::WrongAlgorithm`] if `alg` is not the key's own, [`JwsError::BadSignature`] otherwise.
    pub fn verify(&self, alg: VerificationAlgorithm, message: &[u8], signature: &[u8]) -> Result<(), JwsError> {
        let (_, key) = self.verifiers.iter().find(|(of, _)| *of == alg).ok_or(JwsError::WrongAlgorithm)?;
        key.verify_sig(message, signature).map_err(|_| JwsError::BadSignature)
    }
}

impl Material {
    /// A verifier for each algorithm of this key type.
    fn verifiers(&self) -> Result<Vec<(VerificationAlgorithm, ParsedPublicKey)>, JwkError> {
        match self {
            Self::Rsa { n, e } => {
                let (n, e) = (number(n)?, number(e)?);
                // aws-lc checks the length only when it verifies; a key that never verifies is rejected right away.
                if !(256..=1024).contains(&n.len()) || (n.len() == 256 && n.first().is_none_or(|byte| *byte < 0x80)) {
                    return Err(JwkError::Value);
                }
                let components = RsaPublicKeyComponents { n, e };
                let pkcs1 = components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256);
                let pss = components.to_parsed_public_key(&RSA_PSS_2048_8192_SHA256);
                Ok(vec![
                    (VerificationAlgorithm::RS256, pkcs1.map_err(|_| JwkError::Value)?),
                    (VerificationAlgorithm::PS256, pss.map_err(|_| JwkError::Value)?),
                ])
            }
            Self::Ec { crv, x, y } if crv == "P-256" => {
                let mut point = vec![4];
                point.extend(coordinate(x)?);
                point.extend(coordinate(y)?);
                let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| JwkError::Value)?;
                Ok(vec![(VerificationAlgorithm::ES256, key)])
            }
            Self::Okp { crv, x } if crv == "Ed25519" => {
                let key = ParsedPublicKey::new(&ED25519, coordinate(x)?).map_err(|_| JwkError::Value)?;
                Ok(vec![(VerificationAlgorithm::EdDSA, key)])
            }
            Self::Ec { .. } | Self::Okp { .. } => Err(JwkError::Malformed),
        }
    }
}

/// A number without leading zeros (RFC 7518 §6.3.1, `Base64urlUInt`).
fn number(text: &str) -> Result<Vec<u8>, JwkError> {
    let bytes = base64url::decode(text).ok_or(JwkError::Value)?;
    if bytes.first().is_none_or(|byte| *byte == 0) { Err(JwkError::Value) } else { Ok(bytes) }
}

/// The 32 bytes of a coordinate, leading zeros included (RFC 7518 §6.2.1.2).
fn coordinate(text: &str) -> Result<[u8; 32], JwkError> {
    base64url::decode(text).and_then(|bytes| bytes.try_into().ok()).ok_or(JwkError::Value)
}

impl TryFrom<Read> for PublicJwk {
    type Error = JwkError;

    fn try_from(read: Read) -> Result<Self, JwkError> {
        if read.d.is_some() {
            return Err(JwkError::Private);
        }
        let signs = read.usage.is_none_or(|usage| usage == "sig");
        let verifies = read.key_ops.is_none_or(|operations| operations.iter().any(|operation| operation == "verify"));
        if !signs || !verifies {
            return Err(JwkError::NotForSignatures);
        }
        let alg = match read.alg {
            Some(name) => Some(VerificationAlgorithm::parse(&name).ok_or(JwkError::Algorithm)?),
            None => None,
        };
        Self::new(read.material, alg, read.kid)
    }
}

impl PartialEq for PublicJwk {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for PublicJwk {}

impl fmt::Debug for PublicJwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicJwk").field(&self.written.alg).field(&self.written.kid).finish()
    }
}

/// The public keys of an app (RFC 7517 §5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    keys: Vec<PublicJwk>,
}

impl JwkSet {
    /// The longest accepted set: 64 KiB.
    pub const MAX_BYTES: usize = 64 * 1024;
    /// The most usable keys in a set.
    pub const MAX_KEYS: usize = 32;
    /// The most keys that one signature is tried with: whoever names no key costs no more than a few verifications.
    pub const MOST_TRIED: usize = 4;
    /// The members of keys that are not public (RFC 7518 §6).
    const PRIVATE: [&str; 8] = ["d", "k", "p", "q", "dp", "dq", "qi", "oth"];

    /// The usable keys of a set. Other types and uses are skipped, as §5 advises, but a private key rejects the whole
    /// set: it must not be stored.
    pub fn parse(json: &[u8]) -> Result<Self, JwkError> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<serde_json::Value>,
        }
        if json.len() > Self::MAX_BYTES {
            return Err(JwkError::TooLarge);
        }
        let set: Set = serde_json::from_slice(json).map_err(|_| JwkError::Malformed)?;
        let mut keys = Vec::new();
        for value in set.keys {
            if Self::PRIVATE.iter().any(|name| value.get(name).is_some()) {
                return Err(JwkError::Private);
            }
            if let Some(key) = serde_json::from_value::<Read>(value).ok().and_then(|read| read.try_into().ok()) {
                keys.push(key);
            }
        }
        if keys.len() > Self::MAX_KEYS { Err(JwkError::TooLarge) } else { Ok(Self { keys }) }
    }

    /// The keys.
    pub fn keys(&self) -> &[PublicJwk] {
        &self.keys
    }

    /// The keys that may have made a signature: those of its algorithm with the given id, then those without an id, or all if no
    /// id is given; [`JwkSet::MOST_TRIED`] of them.
    pub fn candidates(&self, alg: VerificationAlgorithm, kid: Option<&str>) -> impl Iterator<Item = &PublicJwk> {
        let of_alg = move |key: &&PublicJwk| key.verifies(alg);
        let named = self.keys.iter().filter(of_alg).filter(move |key| kid.is_none() || key.kid() == kid);
        let unnamed = self.keys.iter().filter(of_alg).filter(move |key| kid.is_some() && key.kid().is_none());
        named.chain(unnamed).take(Self::MOST_TRIED)
    }

    /// The bytes of memory that it takes, roughly.
    pub fn weight(&self) -> usize {
        self.keys.iter().map(PublicJwk::weight).sum::<usize>().saturating_add(256)
    }
}

impl FromIterator<PublicJwk> for JwkSet {
    fn from_iter<T: IntoIterator<Item = PublicJwk>>(keys: T) -> Self {
        Self { keys: keys.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests;
