//! BRC-42 key derivation: a child key for each invoice number and counterparty.

use secp256k1::{Scalar, ecdh};
use zeroize::Zeroizing;

use crate::hash::hmac_sha256;
use crate::private_key::{PrivateKey, PrivateKeyError};
use crate::public_key::PublicKey;

impl PrivateKey {
    /// The child of this key for `invoice` with `counterparty`; the key's own public key for a self-derivation.
    ///
    /// # Errors
    /// The child key is invalid, which is practically impossible.
    pub fn derive_child(&self, counterparty: &PublicKey, invoice: &str) -> Result<PrivateKey, PrivateKeyError> {
        self.add(tweak(&shared_point(self, counterparty)[..], invoice))
    }

    /// The child for `invoice` and the counterparty "anyone", whose private key is 1: the shared point is this key's
    /// own public key.
    pub(crate) fn derive_child_for_anyone(&self, invoice: &str) -> Result<PrivateKey, PrivateKeyError> {
        self.add(tweak_for_anyone(&self.public_key(), invoice))
    }

    fn add(&self, tweak: Option<Scalar>) -> Result<PrivateKey, PrivateKeyError> {
        let tweak = tweak.ok_or(PrivateKeyError::OutOfRange)?;
        self.secret().add_tweak(&tweak).map_err(|_| PrivateKeyError::OutOfRange).and_then(PrivateKey::of_secret)
    }
}

/// The difference between a key and its child for "anyone": the child is `signer + t·G`, its private key `private key +
/// t`. `None` if it is not below the order of the curve.
pub(crate) fn tweak_for_anyone(signer: &PublicKey, invoice: &str) -> Option<Scalar> {
    tweak(&signer.as_bytes(), invoice)
}

/// HMAC-SHA-256 of the invoice under the compressed shared point, as a number. `None` if it is not below the order of
/// the curve (one in 2^128), where implementations differ.
fn tweak(shared_point: &[u8], invoice: &str) -> Option<Scalar> {
    Scalar::from_be_bytes(hmac_sha256(shared_point, invoice.as_bytes())).ok()
}

/// The compressed product of a private and a public key, in constant time.
fn shared_point(own: &PrivateKey, counterparty: &PublicKey) -> Zeroizing<[u8; 33]> {
    let point = Zeroizing::new(ecdh::shared_secret_point(counterparty.point(), own.secret()));
    let mut compressed = Zeroizing::new([0; 33]);
    let parity = point.last().map_or(0, |last| last & 1);
    for (byte, from) in compressed.iter_mut().zip(std::iter::once(2 | parity).chain(point.iter().copied())) {
        *byte = from;
    }
    compressed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex;

    #[test]
    fn the_child_with_anyone_is_the_one_of_the_vector_file_on_both_sides() {
        // `brc77Internals` of vectors/bitcoin-auth.json.
        let invoice = "2-message signing-TtCcD8zPe7xIsJRoKjhneHonmqBJ6Rqqs4LxvX2+Gmg=";
        let hmac = "cafc24042d2c1bf294998078125dfbffba67fde7699b216de605dae8500f2635";
        let child = "02664f14b16247e8e66b80063aade3311ee0c8dda676da3880706dc5f7a8f7f37d";
        let key = "0e41d791c46ec0785ea936bb441cabdf21af757fcbaa2f6b3c19c09a2a93bfd7";
        let key = PrivateKey::from_bytes(hex::decode(key).unwrap()).unwrap();
        let signer = key.public_key();
        assert_eq!(hex::encode(&hmac_sha256(&signer.as_bytes(), invoice.as_bytes())), hmac);
        let tweak = tweak_for_anyone(&signer, invoice).unwrap();
        assert_eq!(hex::encode(&signer.point().add_exp_tweak(&tweak).unwrap().serialize()), child);
        assert_eq!(key.derive_child_for_anyone(invoice).unwrap().public_key().to_hex(), child);
    }
}
