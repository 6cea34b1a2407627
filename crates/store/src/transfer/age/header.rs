//! The header: the key of the file, wrapped for each recipient, and a MAC over all of it.

use std::io::Read;

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sigma_core::random::{Rng, bytes};
use zeroize::Zeroizing;

use super::{AgeError, Identity, Recipient};

const VERSION: &str = "age-encryption.org/v1";
const WRAPPING: &[u8] = b"age-encryption.org/v1/X25519";
/// The longest header that is read: that of some hundred recipients.
const LONGEST: usize = 16 * 1024;
/// Bytes of the key of a file.
pub(super) const FILE_KEY: usize = 16;

pub(super) type FileKey = Zeroizing<[u8; FILE_KEY]>;

/// Whether a file begins as age's do.
pub(crate) fn is_encrypted(first: &[u8]) -> bool {
    first.starts_with(VERSION.as_bytes())
}

struct Bytes32;

impl KeyType for Bytes32 {
    fn len(&self) -> usize {
        32
    }
}

/// HKDF-SHA-256 (RFC 5869).
pub(super) fn derive(secret: &[u8], salt: &[u8], info: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0; 32]);
    let parts = [info];
    let extracted = Salt::new(HKDF_SHA256, salt).extract(secret);
    let expanded = extracted.expand(&parts, Bytes32).ok()?;
    expanded.fill(key.as_mut_slice()).ok()?;
    Some(key)
}

/// The key that wraps the file key for `recipient`.
fn wrapping_key(shared: &[u8; 32], share: &[u8; 32], recipient: &[u8; 32]) -> Option<LessSafeKey> {
    let key = derive(shared, &[share.as_slice(), recipient].concat(), WRAPPING)?;
    UnboundKey::new(&CHACHA20_POLY1305, key.as_slice()).ok().map(LessSafeKey::new)
}

fn zero_nonce() -> Nonce {
    // Each key wraps once.
    Nonce::assume_unique_for_key([0; 12])
}

/// The header for `recipients`, and the new key that it wraps.
pub(super) fn write(recipients: &[Recipient], rng: &dyn Rng) -> Option<(String, FileKey)> {
    let file_key = Zeroizing::new(bytes::<FILE_KEY>(rng));
    let mut text = format!("{VERSION}\n");
    for Recipient(recipient) in recipients {
        let ephemeral = Identity::of(&Zeroizing::new(bytes::<32>(rng)))?;
        let shared = ephemeral.agree(recipient)?;
        let mut wrapped = file_key.to_vec();
        let key = wrapping_key(&shared, &ephemeral.public, recipient)?;
        key.seal_in_place_append_tag(zero_nonce(), Aad::empty(), &mut wrapped).ok()?;
        let (share, body) = (STANDARD_NO_PAD.encode(ephemeral.public), STANDARD_NO_PAD.encode(&wrapped));
        text.extend(["-> X25519 ", &share, "\n", &body, "\n"]);
    }
    text.push_str("---");
    let tag = hmac::sign(&mac_key(&file_key)?, text.as_bytes());
    text.extend([" ", &STANDARD_NO_PAD.encode(tag), "\n"]);
    Some((text, file_key))
}

fn mac_key(file_key: &FileKey) -> Option<hmac::Key> {
    derive(file_key.as_slice(), &[], b"header").map(|key| hmac::Key::new(hmac::HMAC_SHA256, key.as_slice()))
}

/// Reads the header; returns the key that one of `identities` unwraps.
pub(super) fn open(input: &mut impl Read, identities: &[Identity]) -> Result<FileKey, AgeError> {
    let text = read(input).ok_or(AgeError::Header)?;
    let (signed, tag) = text.rsplit_once(' ').ok_or(AgeError::Header)?;
    let mut lines = signed.lines();
    if lines.next() != Some(VERSION) {
        return Err(AgeError::Header);
    }
    let mut found = None;
    while let Some(line) = lines.next() {
        if line == "---" {
            break;
        }
        let stanza = line.strip_prefix("-> ").ok_or(AgeError::Header)?;
        let mut body = String::new();
        loop {
            let line = lines.next().filter(|line| line.len() <= 64).ok_or(AgeError::Header)?;
            body.push_str(line);
            if line.len() < 64 {
                break;
            }
        }
        if let Some(share) = stanza.strip_prefix("X25519 ")
            && found.is_none()
        {
            let (share, body) = (decoded(share)?, decoded(&body)?);
            let share = <[u8; 32]>::try_from(share.as_slice()).map_err(|_| AgeError::Header)?;
            if body.len() != FILE_KEY + CHACHA20_POLY1305.tag_len() {
                return Err(AgeError::Header);
            }
            found = identities.iter().find_map(|identity| unwrap(identity, &share, &body));
        }
    }
    let file_key = found.ok_or(AgeError::OtherIdentity)?;
    let key = mac_key(&file_key).ok_or(AgeError::Header)?;
    hmac::verify(&key, signed.as_bytes(), &decoded(tag)?).map_err(|_| AgeError::Header)?;
    Ok(file_key)
}

/// The header with its MAC, without the last line break. Byte by byte: what follows belongs to somebody else.
fn read(input: &mut impl Read) -> Option<String> {
    let (mut text, mut line) = (Vec::new(), 0);
    while text.len() < LONGEST {
        let mut byte = [0];
        input.read_exact(&mut byte).ok()?;
        if byte == *b"\n" {
            if text.get(line..)?.starts_with(b"--- ") {
                return String::from_utf8(text).ok();
            }
            line = text.len() + 1;
        }
        text.extend(byte);
    }
    None
}

fn decoded(text: &str) -> Result<Vec<u8>, AgeError> {
    STANDARD_NO_PAD.decode(text).map_err(|_| AgeError::Header)
}

fn unwrap(identity: &Identity, share: &[u8; 32], body: &[u8]) -> Option<FileKey> {
    let shared = identity.agree(share)?;
    let key = wrapping_key(&shared, share, &identity.public)?;
    let mut opened = Zeroizing::new(body.to_vec());
    let plain = key.open_in_place(zero_nonce(), Aad::empty(), opened.as_mut_slice()).ok()?;
    <[u8; FILE_KEY]>::try_from(&*plain).ok().map(Zeroizing::new)
}
