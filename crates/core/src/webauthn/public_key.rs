//! The public key of a passkey: a COSE key (RFC 9052 §7) of one of three algorithms.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};
use ciborium::Value;

use super::WebauthnError;
use super::authenticator::read_value;

/// The algorithms, by preference, as COSE numbers them: ES256, `EdDSA` and RS256.
pub const ALGORITHMS: [i64; 3] = [-7, -8, -257];

/// `kty`, `alg`, and the parameters of each type (RFC 9053 §7).
const KEY_TYPE: i64 = 1;
const ALGORITHM: i64 = 3;
const OKP: (i64, i64) = (1, -8);
const EC2: (i64, i64) = (2, -7);
const RSA: (i64, i64) = (3, -257);
/// The curves P-256 and Ed25519.
const P256: i64 = 1;
const CURVE_25519: i64 = 6;

/// A public key that signatures of its algorithm can be verified with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyKey(Material);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Material {
    /// An uncompressed point.
    Es256(Vec<u8>),
    EdDsa(Vec<u8>),
    Rs256 {
        n: Vec<u8>,
        e: Vec<u8>,
    },
}

impl PasskeyKey {
    /// The key that [`to_stored`](Self::to_stored) wrote; `None` if it is none.
    pub fn from_stored(mut bytes: &[u8]) -> Option<Self> {
        let value = read_value(&mut bytes).ok()?;
        // It was usable when it was stored, and verifying parses the point or modulus itself.
        Self::read(&value).ok().filter(|_| bytes.is_empty())
    }

    /// The key as it is stored: a COSE key.
    pub fn to_stored(&self) -> Vec<u8> {
        let number = |number: i64| Value::Integer(number.into());
        let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec());
        let ((key_type, algorithm), parameters) = match &self.0 {
            Material::Es256(point) => {
                let (x, y) = point.split_at_checked(33).unwrap_or_default();
                (EC2, vec![(-1, number(P256)), (-2, bytes(x.get(1..).unwrap_or_default())), (-3, bytes(y))])
            }
            Material::EdDsa(x) => (OKP, vec![(-1, number(CURVE_25519)), (-2, bytes(x))]),
            Material::Rs256 { n, e } => (RSA, vec![(-1, bytes(n)), (-2, bytes(e))]),
        };
        let members = [(KEY_TYPE, number(key_type)), (ALGORITHM, number(algorithm))].into_iter().chain(parameters);
        let map = Value::Map(members.map(|(name, value)| (number(name), value)).collect());
        let mut stored = Vec::new();
        // Writing to memory does not fail; an empty key would be refused when it is read.
        drop(ciborium::into_writer(&map, &mut stored));
        stored
    }

    /// The key of a COSE map, if signatures can be verified with it.
    pub(super) fn of_value(value: &Value) -> Result<Self, WebauthnError> {
        let key = Self::read(value)?;
        if key.is_usable() { Ok(key) } else { Err(WebauthnError::UnsupportedKey) }
    }

    fn read(value: &Value) -> Result<Self, WebauthnError> {
        let unsupported = WebauthnError::UnsupportedKey;
        let Value::Map(members) = value else { return Err(WebauthnError::Malformed) };
        let member = |wanted: i64| {
            let mut found = members.iter().filter(|(name, _)| *name == Value::Integer(wanted.into()));
            let (_, value) = found.next()?;
            found.next().is_none().then_some(value)
        };
        let number = |name| member(name).and_then(Value::as_integer).and_then(|number| i64::try_from(number).ok());
        let bytes = |name| member(name).and_then(Value::as_bytes);
        let (Some(key_type), Some(algorithm)) = (number(KEY_TYPE), number(ALGORITHM)) else { return Err(unsupported) };
        let material = match (key_type, algorithm) {
            EC2 if number(-1) == Some(P256) => match (bytes(-2), bytes(-3)) {
                (Some(x), Some(y)) if x.len() == 32 && y.len() == 32 => {
                    Material::Es256([&[4], x.as_slice(), y.as_slice()].concat())
                }
                _ => return Err(unsupported),
            },
            OKP if number(-1) == Some(CURVE_25519) => Material::EdDsa(bytes(-2).ok_or(unsupported)?.clone()),
            RSA => {
                let (n, e) = (bytes(-1).ok_or(unsupported)?, bytes(-2).ok_or(unsupported)?);
                Material::Rs256 { n: n.clone(), e: e.clone() }
            }
            _ => return Err(unsupported),
        };
        Ok(Self(material))
    }

    /// Whether the library takes it: a point is on its curve, a modulus has 2,048 to 8,192 bits.
    fn is_usable(&self) -> bool {
        match &self.0 {
            Material::Es256(point) => ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).is_ok(),
            Material::EdDsa(key) => ParsedPublicKey::new(&ED25519, key).is_ok(),
            Material::Rs256 { n, e } => n.len() >= 256 && n.len() <= 1_024 && (1..=8).contains(&e.len()),
        }
    }

    /// Verifies a signature over `message`.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), WebauthnError> {
        let failed = |_| WebauthnError::Signature;
        match &self.0 {
            Material::Es256(point) => ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point)
                .map_err(|_| WebauthnError::UnsupportedKey)?
                .verify_sig(message, signature)
                .map_err(failed),
            Material::EdDsa(key) => ParsedPublicKey::new(&ED25519, key)
                .map_err(|_| WebauthnError::UnsupportedKey)?
                .verify_sig(message, signature)
                .map_err(failed),
            Material::Rs256 { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).map_err(failed)
            }
        }
    }
}
