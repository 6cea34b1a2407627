//! Lower-case hexadecimal: the only spelling of keys and body hashes on the wire.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The lower-case digits of `bytes`.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().map_or('0', char::from);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Decodes exactly `2 * N` lower-case digits.
pub(crate) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    if pairs.len() != N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(bytes)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lower_case_of_the_right_length_is_read() {
        assert_eq!(decode("00ff7a"), Some([0, 255, 0x7a]));
        assert_eq!(encode(&[0, 255, 0x7a]), "00ff7a");
        for wrong in ["00FF7a", "00ff7", "00ff7a00", "00ff7g", "", "00é7a"] {
            assert_eq!(decode::<3>(wrong), None, "{wrong}");
        }
    }
}
