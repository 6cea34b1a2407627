//! P2PKH addresses of the main network.

use crate::base58check;
use crate::hash::hash160;
use crate::public_key::PublicKey;

/// The version byte of P2PKH on the main network: addresses that begin with `1`.
const P2PKH: u8 = 0x00;

impl PublicKey {
    /// The P2PKH address of this key on the main network, made from its compressed form.
    pub fn address(&self) -> String {
        let mut payload = [P2PKH; 21];
        for (byte, hashed) in payload.iter_mut().skip(1).zip(hash160(&self.as_bytes())) {
            *byte = hashed;
        }
        base58check::encode(&payload)
    }
}
