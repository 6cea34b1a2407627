//! Base64url for JOSE: no padding, and a single spelling of each value (RFC 7515 §2).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn encode_onto(text: &mut String, bytes: impl AsRef<[u8]>) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

/// `None` for padding, white space, the other alphabet, and stray bits after the last byte: two spellings of one
/// signature would be two tokens.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_text_of_a_value_is_read() {
        assert_eq!(decode("_-8"), Some(vec![0xFF, 0xEF]));
        for text in ["_-8=", "_-9", "/+8", "_-8\n", " _-8", "_", "_-8.", "_-8=="] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }
}
