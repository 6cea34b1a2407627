//! Scheme `bsm`: Bitcoin Signed Message.

use secp256k1::Scalar;
use secp256k1::ecdsa::{RecoverableSignature, Signature};

use super::{DecodedSignature, Invalid};
use crate::hash::sha256_twice;
use crate::private_key::PrivateKey;

/// The length of the magic text, and the text.
const MAGIC: &[u8] = b"\x18Bitcoin Signed Message:\n";

/// The first header byte: 27, the recovery id and 4 for a compressed key.
const HEADER: u8 = 27;
const HEADER_COMPRESSED: u8 = HEADER + 4;

/// The double SHA-256 that is signed.
pub(super) fn digest(message: &[u8]) -> [u8; 32] {
    let mut preimage = Vec::with_capacity(MAGIC.len() + 9 + message.len());
    preimage.extend_from_slice(MAGIC);
    push_varint(&mut preimage, message.len());
    preimage.extend_from_slice(message);
    sha256_twice(&preimage)
}

/// Reads `header ‖ r ‖ s`. The key is the token's: nothing is recovered, and the recovery id is ignored.
pub(super) fn read(compact: &[u8]) -> Result<DecodedSignature, Invalid> {
    let Some((HEADER..=34, signature)) = compact.split_first() else { return Err(Invalid::Compact) };
    if signature.len() != 64 {
        return Err(Invalid::Compact);
    }
    let signature = Signature::from_compact(signature).map_err(|_| Invalid::Signature)?;
    Ok(DecodedSignature { tweak: Scalar::ZERO, signature })
}

/// The 65 bytes for `digest`, which are deterministic (RFC 6979).
pub(super) fn sign(key: &PrivateKey, digest: secp256k1::Message) -> Vec<u8> {
    let (recovery_id, signature) =
        RecoverableSignature::sign_ecdsa_recoverable(digest, key.secret()).serialize_compact();
    let mut compact = vec![HEADER_COMPRESSED + recovery_id.to_u8()];
    compact.extend_from_slice(&signature);
    compact
}

/// Bitcoin's variable-length number.
fn push_varint(out: &mut Vec<u8>, number: usize) {
    if let Ok(small @ 0..=0xfc) = u8::try_from(number) {
        out.push(small);
    } else if let Ok(number) = u16::try_from(number) {
        out.push(0xfd);
        out.extend_from_slice(&number.to_le_bytes());
    } else if let Ok(number) = u32::try_from(number) {
        out.push(0xfe);
        out.extend_from_slice(&number.to_le_bytes());
    } else {
        out.push(0xff);
        out.extend_from_slice(&number.to_le_bytes());
    }
}
