//! Bech32 (BIP 173) of 32 bytes.

use zeroize::Zeroizing;

const LETTERS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
/// The generator of the checksum.
const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
/// Groups of 5 bits of the checksum.
const CHECKSUM: usize = 6;

/// The 32 bytes in `text`, which is lower case and has the prefix `prefix`.
pub(super) fn decode(prefix: &str, text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let data = text.strip_prefix(prefix)?.strip_prefix('1')?;
    let place = |byte: u8| LETTERS.iter().position(|letter| *letter == byte).and_then(|place| u8::try_from(place).ok());
    let groups = Zeroizing::new(data.bytes().map(place).collect::<Option<Vec<u8>>>()?);
    let expanded = prefix.bytes().map(|byte| byte >> 5).chain([0]).chain(prefix.bytes().map(|byte| byte & 31));
    if checksum(expanded.chain(groups.iter().copied())) != 1 {
        return None;
    }
    let (values, _) = groups.split_at_checked(groups.len().checked_sub(CHECKSUM)?)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(33));
    let (mut held, mut bits) = (0_u32, 0);
    for value in values {
        held = (held << 5 | u32::from(*value)) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    // What is left is padding: fewer than 5 bits, all of them 0.
    if bits >= 5 || held & ((1 << bits) - 1) != 0 {
        return None;
    }
    bytes.as_slice().try_into().ok().map(Zeroizing::new)
}

fn checksum(values: impl Iterator<Item = u8>) -> u32 {
    values.fold(1, |sum: u32, value| {
        let top = sum >> 25;
        let shifted = (sum & 0x01ff_ffff) << 5 ^ u32::from(value);
        let added = GENERATOR.iter().enumerate().filter(|(bit, _)| top >> bit & 1 == 1);
        added.fold(shifted, |sum, (_, generator)| sum ^ generator)
    })
}
