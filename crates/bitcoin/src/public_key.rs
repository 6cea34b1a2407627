//! Public keys of users and apps.

use std::fmt;
use std::str::FromStr;

use crate::hex;

/// The generator point, the public key of private key 1: BRC-77 calls it "anyone", and anyone can sign with it.
pub(crate) const GENERATOR: [u8; 33] = [
    0x02, 0x79, 0xbe, 0x66, 0x7e, 0xf9, 0xdc, 0xbb, 0xac, 0x55, 0xa0, 0x62, 0x95, 0xce, 0x87, 0x0b, 0x07, 0x02, 0x9b,
    0xfc, 0xdb, 0x2d, 0xce, 0x28, 0xd9, 0x59, 0xf2, 0x81, 0x5b, 0x16, 0xf8, 0x17, 0x98,
];

/// A secp256k1 public key that can identify somebody: on the curve and not the generator. It has a single spelling, 66
/// lower-case hex digits, since it identifies an account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(secp256k1::PublicKey);

/// Why a text is not a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// Not 66 lower-case hex digits, `02` or `03` first.
    #[error("a public key is 66 lower-case hex digits, 02 or 03 first")]
    Format,
    /// No point of the curve has this x coordinate.
    #[error("the public key is not on the curve")]
    NotOnCurve,
    /// The key of private key 1.
    #[error("the private key of this public key is known to everybody")]
    KnownToEverybody,
}

impl PublicKey {
    /// Parses 66 lower-case hex digits, starting with `02` or `03`.
    pub fn parse(text: &str) -> Result<Self, PublicKeyError> {
        Self::from_bytes(hex::decode(text).ok_or(PublicKeyError::Format)?)
    }

    /// The key with this compressed form.
    pub fn from_bytes(bytes: [u8; 33]) -> Result<Self, PublicKeyError> {
        if !matches!(bytes, [2 | 3, ..]) {
            return Err(PublicKeyError::Format);
        }
        if bytes == GENERATOR {
            return Err(PublicKeyError::KnownToEverybody);
        }
        secp256k1::PublicKey::from_byte_array_compressed(bytes).map(Self).map_err(|_| PublicKeyError::NotOnCurve)
    }

    /// The compressed form.
    pub fn as_bytes(&self) -> [u8; 33] {
        self.0.serialize()
    }

    /// The compressed form in 66 lower-case hex digits.
    pub fn to_hex(&self) -> String {
        hex::encode(&self.as_bytes())
    }

    pub(crate) fn point(&self) -> &secp256k1::PublicKey {
        &self.0
    }

    /// The public key of a private key, which is known not to be 1.
    pub(crate) fn of_private(point: secp256k1::PublicKey) -> Self {
        Self(point)
    }
}

impl FromStr for PublicKey {
    type Err = PublicKeyError;

    fn from_str(text: &str) -> Result<Self, PublicKeyError> {
        Self::parse(text)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl serde::Serialize for PublicKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_hex())
    }
}

impl<'de> serde::Deserialize<'de> for PublicKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}
