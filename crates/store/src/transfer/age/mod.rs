//! Encryption to a key in the format of age (age-encryption.org/v1), as `age -r` and `age -d -i` write and read it.
//!
//! Only recipients of X25519, the kind that `age-keygen` makes: the crate `age` would bring translations, passphrases and some seventy
//! crates, while the curve and the ciphers are those of aws-lc, which is here already.

mod bech32;
mod header;
mod stream;

use std::fmt;
use std::io::{Read, Write};

use aws_lc_rs::agreement::{self, PrivateKey, UnparsedPublicKey, X25519};
use sigma_core::random::Rng;
use thiserror::Error;
use zeroize::Zeroizing;

pub(crate) use header::is_encrypted;
pub(crate) use stream::{Decrypting, Encrypting};

/// Why something cannot be encrypted or decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AgeError {
    /// The text is no recipient.
    #[error("that is not a recipient of age: one begins with age1, and age-keygen prints it")]
    Recipient,
    /// The text is no identity.
    #[error("the file has no identity of age: one begins with AGE-SECRET-KEY-1, and age-keygen makes it")]
    Identity,
    /// There is no identity.
    #[error("the backup is encrypted: name the file with the age identity with --identity")]
    NoIdentity,
    /// None of the identities opens it.
    #[error("the backup is encrypted for another age identity")]
    OtherIdentity,
    /// It is not encrypted to keys, or the header was changed.
    #[error("the encrypted backup is damaged, or not encrypted to an X25519 recipient of age")]
    Header,
    /// Encrypting failed.
    #[error("encrypting failed")]
    Unencrypted,
}

/// Whoever can decrypt: a public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient([u8; 32]);

impl Recipient {
    /// The recipient `age1…`.
    ///
    /// # Errors
    /// [`AgeError::Recipient`]
    pub fn parse(text: &str) -> Result<Self, AgeError> {
        bech32::decode("age", text).map(|bytes| Self(*bytes)).ok_or(AgeError::Recipient)
    }
}

/// A private key. `Debug` does not print it.
pub struct Identity {
    key: PrivateKey,
    public: [u8; 32],
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(…)")
    }
}

impl Identity {
    /// The identities in a file of `age-keygen`: lines that begin with `AGE-SECRET-KEY-1`, beside comments.
    ///
    /// # Errors
    /// There is none, or a line that is something else.
    pub fn parse_file(text: &str) -> Result<Vec<Self>, AgeError> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let identities = lines.map(Self::parse).collect::<Result<Vec<_>, _>>()?;
        if identities.is_empty() { Err(AgeError::Identity) } else { Ok(identities) }
    }

    fn parse(line: &str) -> Result<Self, AgeError> {
        let is_upper = line.bytes().all(|byte| !byte.is_ascii_lowercase());
        let bytes = bech32::decode("age-secret-key-", &line.to_ascii_lowercase()).filter(|_| is_upper);
        Self::of(&*bytes.ok_or(AgeError::Identity)?).ok_or(AgeError::Identity)
    }

    fn of(bytes: &[u8; 32]) -> Option<Self> {
        let key = PrivateKey::from_private_key(&X25519, bytes).ok()?;
        let public = key.compute_public_key().ok()?.as_ref().try_into().ok()?;
        Some(Self { key, public })
    }

    /// What this key and `public` have in common; none for points of low order.
    fn agree(&self, public: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
        let public = UnparsedPublicKey::new(&X25519, public);
        let shared = agreement::agree(&self.key, public, (), |shared| {
            <[u8; 32]>::try_from(shared).map(Zeroizing::new).map_err(|_| ())
        });
        shared.ok()
    }
}

/// Encrypts what is written, for `recipients`.
///
/// # Errors
/// Writing fails.
pub(crate) fn encrypt<W: Write>(mut out: W, recipients: &[Recipient], rng: &dyn Rng) -> std::io::Result<Encrypting<W>> {
    let failed = || std::io::Error::other(AgeError::Unencrypted);
    let (text, file_key) = header::write(recipients, rng).ok_or_else(failed)?;
    out.write_all(text.as_bytes())?;
    Encrypting::new(out, &file_key, rng)
}

/// Decrypts `input` by one of `identities`.
///
/// # Errors
/// None of them opens it, or it is no such file.
pub(crate) fn decrypt<R: Read>(mut input: R, identities: &[Identity]) -> Result<Decrypting<R>, AgeError> {
    if identities.is_empty() {
        return Err(AgeError::NoIdentity);
    }
    let file_key = header::open(&mut input, identities)?;
    Decrypting::new(input, &file_key).ok_or(AgeError::Header)
}

#[cfg(test)]
mod tests {
    use sigma_core::random::SeededRng;

    use super::*;

    /// From the test vectors of age (C2SP/CCTV, `age/testdata/x25519`).
    const IDENTITY: &str = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";
    const VECTOR: &[u8] = include_bytes!("vector.age");
    /// SHA-256 of what is in it.
    const PLAIN: &str = "013f54400c82da08037759ada907a8b864e97de81c088a182062c4b5622fd2ab";

    fn identities(line: &str) -> Vec<Identity> {
        Identity::parse_file(&format!("# made by age-keygen\n{line}\n")).unwrap()
    }

    fn recipient(identity: &Identity) -> Recipient {
        Recipient(identity.public)
    }

    fn sealed(plain: &[u8], recipients: &[Recipient]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encrypting = encrypt(&mut out, recipients, &SeededRng::new(1)).unwrap();
        for piece in plain.chunks(10_007) {
            encrypting.write_all(piece).unwrap();
        }
        encrypting.finish().unwrap();
        out
    }

    fn opened(sealed: &[u8], identities: &[Identity]) -> Option<Vec<u8>> {
        let mut plain = Vec::new();
        decrypt(sealed, identities).ok()?.read_to_end(&mut plain).ok()?;
        Some(plain)
    }

    #[test]
    fn what_age_wrote_is_read() {
        let plain = opened(VECTOR, &identities(IDENTITY)).unwrap();
        let digest = sigma_core::digest::Digest::of(&plain);
        assert_eq!(super::super::shape::hex(digest.as_bytes()), PLAIN);
    }

    #[test]
    fn texts_of_every_length_come_back() {
        let identity = identities(IDENTITY);
        for length in [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000] {
            let plain: Vec<u8> = (0..length).map(|place| u8::try_from(place % 251).unwrap()).collect();
            let sealed = sealed(&plain, &[recipient(&identity[0])]);
            assert_eq!(opened(&sealed, &identity), Some(plain), "{length}");
        }
    }

    #[test]
    fn each_recipient_can_open_it_and_nobody_else() {
        let (one, other, third) = (Identity::of(&[1; 32]).unwrap(), Identity::of(&[2; 32]).unwrap(), [3; 32]);
        let sealed = sealed(b"hello", &[recipient(&one), recipient(&other)]);
        assert_eq!(opened(&sealed, &[one]).as_deref(), Some(b"hello".as_slice()));
        assert_eq!(opened(&sealed, &[other]).as_deref(), Some(b"hello".as_slice()));
        let third = [Identity::of(&third).unwrap()];
        assert_eq!(decrypt(sealed.as_slice(), &third).err(), Some(AgeError::OtherIdentity));
        assert_eq!(decrypt(sealed.as_slice(), &[]).err(), Some(AgeError::NoIdentity));
    }

    #[test]
    fn nothing_opens_that_was_cut_or_changed() {
        let identity = identities(IDENTITY);
        let sealed = sealed(&vec![7; 70_000], &[recipient(&identity[0])]);
        for end in [0, 10, 60, 150, 250, 65_700, sealed.len() - 70_000, sealed.len() - 1] {
            assert_eq!(opened(&sealed[..end], &identity), None, "cut at {end}");
        }
        for place in (0..400).chain([65_600, 65_800, 66_000, sealed.len() - 1]) {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(opened(&changed, &identity), None, "changed at {place}");
        }
        let longer = [sealed.as_slice(), b"x"].concat();
        assert_eq!(opened(&longer, &identity), None);
    }

    #[test]
    fn only_keys_are_keys() {
        assert!(Recipient::parse("age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p").is_ok());
        for text in
            ["", "age1", "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8q", "ssh-ed25519 AAAA", IDENTITY]
        {
            assert_eq!(Recipient::parse(text), Err(AgeError::Recipient), "{text}");
        }
        for text in [
            "",
            "# nothing",
            &IDENTITY.to_lowercase(),
            "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
        ] {
            assert_eq!(Identity::parse_file(text).err(), Some(AgeError::Identity), "{text}");
        }
    }
}
