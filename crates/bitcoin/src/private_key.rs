//! Private keys: for the command line, tests and the demo. The server never sees a user's.

use std::fmt;

use secp256k1::SecretKey;
use zeroize::{Zeroize as _, Zeroizing};

use crate::base58check;
use crate::public_key::PublicKey;

/// The version byte of WIF on the main network, and the suffix for compressed public keys.
const WIF_VERSION: u8 = 0x80;
const WIF_COMPRESSED: u8 = 0x01;

/// A secp256k1 private key other than 1. `Debug` does not show it, and its memory is overwritten on drop.
#[derive(Clone)]
pub struct PrivateKey(SecretKey);

/// Why bytes are not a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrivateKeyError {
    /// Zero, or not below the order of the curve.
    #[error("a private key lies between 1 and the order of the curve")]
    OutOfRange,
    /// Private key 1, which BRC-77 calls "anyone".
    #[error("private key 1 is known to everybody")]
    KnownToEverybody,
}

/// Why a text is not a private key in wallet import format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WifError {
    /// Not base58, a wrong checksum, another network, or the form for uncompressed public keys.
    #[error("not a compressed main-network key in wallet import format")]
    Format,
    /// Well-formed, but not a key.
    #[error(transparent)]
    Key(#[from] PrivateKeyError),
}

impl PrivateKey {
    /// The key with this number, big-endian.
    pub fn from_bytes(mut bytes: [u8; 32]) -> Result<Self, PrivateKeyError> {
        let key = SecretKey::from_secret_bytes(bytes);
        bytes.zeroize();
        key.map_err(|_| PrivateKeyError::OutOfRange).and_then(Self::of_secret)
    }

    /// Parses wallet import format: main network, compressed (`K…` or `L…`).
    pub fn from_wif(text: &str) -> Result<Self, WifError> {
        let payload = base58check::decode::<34>(text).ok_or(WifError::Format)?;
        match payload.as_slice() {
            [WIF_VERSION, key @ .., WIF_COMPRESSED] => {
                Ok(Self::from_bytes(key.try_into().map_err(|_| WifError::Format)?)?)
            }
            _ => Err(WifError::Format),
        }
    }

    /// The key in wallet import format.
    pub fn to_wif(&self) -> Zeroizing<String> {
        let mut payload = Zeroizing::new(Vec::with_capacity(34));
        payload.push(WIF_VERSION);
        payload.extend_from_slice(self.0.as_secret_bytes());
        payload.push(WIF_COMPRESSED);
        Zeroizing::new(base58check::encode(&payload))
    }

    /// The public key.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::of_private(self.0.public_key())
    }

    pub(crate) fn secret(&self) -> &SecretKey {
        &self.0
    }

    pub(crate) fn of_secret(key: SecretKey) -> Result<Self, PrivateKeyError> {
        match key.as_secret_bytes() {
            [0, high @ .., 1] if high.iter().all(|byte| *byte == 0) => Err(PrivateKeyError::KnownToEverybody),
            _ => Ok(Self(key)),
        }
    }
}

impl Drop for PrivateKey {
    fn drop(&mut self) {
        self.0.non_secure_erase();
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}
