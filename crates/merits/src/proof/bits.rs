//! The bits of a status list, compressed and encoded (Bitstring Status List §3.1).

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sigma_store::merits::credential::LIST_LENGTH;

/// The longest list of others that is read, in bytes: eight million credentials.
const LONGEST: u64 = 1024 * 1024;

/// The bits of a list, compressed and encoded: bit 0 is the highest of the first byte.
pub fn encode(revoked: &[i64]) -> std::io::Result<String> {
    let mut bits = vec![0_u8; usize::try_from(LIST_LENGTH / 8).unwrap_or(16_384)];
    for place in revoked {
        let byte = usize::try_from(place / 8).ok().and_then(|byte| bits.get_mut(byte));
        if let (Some(byte), Ok(bit)) = (byte, u32::try_from(place % 8)) {
            *byte |= 0x80 >> bit;
        }
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&bits)?;
    Ok(format!("u{}", URL_SAFE_NO_PAD.encode(gzip.finish()?)))
}

/// The bit at a place of an encoded list; `None` if it is no list, or too long, or has no such place.
pub fn is_set(encoded: &str, place: u64) -> Option<bool> {
    let compressed = URL_SAFE_NO_PAD.decode(encoded.strip_prefix('u').unwrap_or(encoded)).ok()?;
    let mut bits = Vec::new();
    GzDecoder::new(compressed.as_slice()).take(LONGEST + 1).read_to_end(&mut bits).ok()?;
    if u64::try_from(bits.len()).ok()? > LONGEST {
        return None;
    }
    let byte = bits.get(usize::try_from(place / 8).ok()?)?;
    Some(byte & (0x80 >> u32::try_from(place % 8).ok()?) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_is_the_highest_bit() {
        let encoded = encode(&[0, 9, 131_071, 131_072]).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(encoded.strip_prefix('u').unwrap()).unwrap();
        let mut bits = Vec::new();
        GzDecoder::new(bytes.as_slice()).read_to_end(&mut bits).unwrap();
        assert_eq!((bits.len(), bits[0], bits[1], bits[16_383]), (16_384, 0x80, 0x40, 0x01));
        assert_eq!(bits.iter().filter(|byte| **byte != 0).count(), 3, "what is beyond the list is not in it");
        let read = |place| is_set(&encoded, place);
        assert_eq!([read(0), read(1), read(9), read(131_071)], [Some(true), Some(false), Some(true), Some(true)]);
        assert_eq!(read(131_072), None);
    }

    #[test]
    fn a_list_that_is_none_or_unpacks_without_end_has_no_places() {
        for bad in ["", "u", "nonsense!", "uAAAA"] {
            assert_eq!(is_set(bad, 0), None, "{bad}");
        }
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&vec![0; 2 * 1024 * 1024]).unwrap();
        let bomb = format!("u{}", URL_SAFE_NO_PAD.encode(gzip.finish().unwrap()));
        assert!(bomb.len() < 10_000);
        assert_eq!(is_set(&bomb, 0), None);
    }
}
