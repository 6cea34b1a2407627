//! BAP ids: the names of identities (`docs/spec/keys.md#identities`).

use std::fmt;
use std::str::FromStr;

use crate::hash::hash160;
use crate::public_key::PublicKey;

/// The name of an identity: base58, without a checksum, of 20 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BapId(String);

/// A text that is not base58 of exactly 20 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a BAP id is base58 of exactly 20 bytes")]
pub struct BapIdError;

impl BapId {
    /// Parses an id. Base58 has one spelling for each 20 bytes.
    pub fn parse(text: &str) -> Result<Self, BapIdError> {
        // 20 bytes never need more than 28 digits, and base58 takes quadratic time.
        if text.len() > 28 {
            return Err(BapIdError);
        }
        match bs58::decode(text).onto(&mut [0; 28]) {
            Ok(20) => Ok(Self(text.to_owned())),
            _ => Err(BapIdError),
        }
    }

    /// The id of the identity with this root address: the hash of its text, not of the 20 bytes that it encodes.
    pub fn of_address(address: &str) -> Self {
        Self(bs58::encode(hash160(address.as_bytes())).into_string())
    }

    /// The id of an identity whose root address is that of `key` (Type42 up to bsv-bap 0.2). Newer identities have root
    /// addresses that cannot be computed from the member key: a difference proves nothing.
    pub fn of_public_key(key: &PublicKey) -> Self {
        Self::of_address(&key.address())
    }

    /// The id as stored and sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BapId {
    type Err = BapIdError;

    fn from_str(text: &str) -> Result<Self, BapIdError> {
        Self::parse(text)
    }
}

impl fmt::Display for BapId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for BapId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for BapId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}
