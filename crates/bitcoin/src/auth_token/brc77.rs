//! Scheme `brc77`: BRC-77 signed messages, addressed to anyone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secp256k1::ecdsa::Signature;

use super::{DecodedSignature, Invalid};
use crate::brc42::tweak_for_anyone;
use crate::private_key::{PrivateKey, PrivateKeyError};
use crate::public_key::PublicKey;

const VERSION: [u8; 4] = [0x42, 0x42, 0x33, 0x01];

/// The recipient byte of a message that anyone can verify.
const ANYONE: u8 = 0x00;

/// Reads `version ‖ signer ‖ recipient ‖ key id ‖ DER` and derives the child key that must have signed.
pub(super) fn read(pubkey: &PublicKey, blob: &[u8]) -> Result<DecodedSignature, Invalid> {
    let rest = blob.strip_prefix(&VERSION).ok_or(Invalid::Version)?;
    let (signer, rest) = rest.split_first_chunk::<33>().ok_or(Invalid::Truncated)?;
    let (recipient, rest) = rest.split_first().ok_or(Invalid::Truncated)?;
    let (key_id, der) = rest.split_first_chunk::<32>().ok_or(Invalid::Truncated)?;
    if *recipient != ANYONE {
        return Err(Invalid::Recipient);
    }
    // The reference library skips this check, so it accepts a token that names anybody's key.
    if *signer != pubkey.as_bytes() {
        return Err(Invalid::Signer);
    }
    if der.is_empty() {
        return Err(Invalid::Truncated);
    }
    // This is libsecp256k1's strict reader. Numbers out of range become zero, which verifies nothing.
    let signature = Signature::from_der(der).map_err(|_| Invalid::Signature)?;
    let tweak = tweak_for_anyone(pubkey, &invoice(key_id)).ok_or(Invalid::Signature)?;
    Ok(DecodedSignature { tweak, signature })
}

/// The blob for `digest`; `key_id` must be fresh random bytes.
pub(super) fn sign(
    key: &PrivateKey,
    digest: secp256k1::Message,
    key_id: &[u8; 32],
) -> Result<Vec<u8>, PrivateKeyError> {
    let child = key.derive_child_for_anyone(&invoice(key_id))?;
    let signature = child.secret().sign_ecdsa(digest).serialize_der();
    Ok([&VERSION, key.public_key().as_bytes().as_slice(), &[ANYONE], key_id, &*signature].concat())
}

/// The BRC-43 invoice number of the child key.
fn invoice(key_id: &[u8; 32]) -> String {
    format!("2-message signing-{}", STANDARD.encode(key_id))
}
