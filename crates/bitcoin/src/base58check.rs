//! Base58 with a version byte and a checksum, as addresses and WIF keys are written.

use zeroize::Zeroizing;

use crate::hash::sha256_twice;

/// The longest text that is decoded: base58 takes quadratic time.
const MAX_TEXT: usize = 64;

/// Base58 of `payload` (starting with its version byte) and the first four bytes of its double SHA-256.
pub(crate) fn encode(payload: &[u8]) -> String {
    let mut bytes = Zeroizing::new(payload.to_vec());
    bytes.extend(sha256_twice(payload).iter().take(4));
    bs58::encode(bytes.as_slice()).into_string()
}

/// The payload of `text`, starting with its version byte; `None` if the alphabet, the length or the checksum is wrong.
pub(crate) fn decode<const N: usize>(text: &str) -> Option<Zeroizing<[u8; N]>> {
    if text.len() > MAX_TEXT {
        return None;
    }
    let mut bytes = Zeroizing::new([0u8; MAX_TEXT]);
    let length = bs58::decode(text).onto(bytes.as_mut_slice()).ok()?;
    let (payload, checksum) = bytes.get(..length)?.split_last_chunk::<4>()?;
    let payload: [u8; N] = payload.try_into().ok()?;
    sha256_twice(&payload).starts_with(checksum).then_some(Zeroizing::new(payload))
}
