//! The payload: pieces of 64 KiB, each with a tag, numbered, the last one marked.

use std::io::{self, Read, Write};

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use sigma_core::random::{Rng, bytes};

use super::AgeError;
use super::header::{FileKey, derive};

/// Bytes of a piece, before it is encrypted.
const PIECE: usize = 64 * 1024;
/// Bytes of a tag.
const TAG: usize = 16;
/// Bytes of the salt of the payload's key.
const SALT: usize = 16;

/// The key of a payload, and the number of the next piece.
struct Pieces {
    key: LessSafeKey,
    number: u64,
}

impl Pieces {
    fn new(file_key: &FileKey, salt: &[u8; SALT]) -> Option<Self> {
        let key = derive(file_key.as_slice(), salt, b"payload")?;
        let key = UnboundKey::new(&CHACHA20_POLY1305, key.as_slice()).ok().map(LessSafeKey::new)?;
        Some(Self { key, number: 0 })
    }

    /// The nonce of the next piece: its number in 11 bytes, and whether it is the last one.
    fn nonce(&mut self, is_last: bool) -> Nonce {
        let mut nonce = [0; 12];
        if let Some(places) = nonce.get_mut(3..11) {
            places.copy_from_slice(&self.number.to_be_bytes());
        }
        nonce[11] = u8::from(is_last);
        self.number += 1;
        Nonce::assume_unique_for_key(nonce)
    }
}

/// Encrypts what is written. [`Encrypting::finish`] ends it; without, it opens for nobody.
pub(crate) struct Encrypting<W: Write> {
    out: W,
    pieces: Pieces,
    held: Vec<u8>,
}

impl<W: Write> Encrypting<W> {
    pub(super) fn new(mut out: W, file_key: &FileKey, rng: &dyn Rng) -> io::Result<Self> {
        let salt = bytes::<SALT>(rng);
        out.write_all(&salt)?;
        let pieces = Pieces::new(file_key, &salt).ok_or_else(|| io::Error::other(AgeError::Unencrypted))?;
        Ok(Self { out, pieces, held: Vec::with_capacity(PIECE + TAG) })
    }

    fn write_piece(&mut self, is_last: bool) -> io::Result<()> {
        let nonce = self.pieces.nonce(is_last);
        let sealed = self.pieces.key.seal_in_place_append_tag(nonce, Aad::empty(), &mut self.held);
        sealed.map_err(|_| io::Error::other(AgeError::Unencrypted))?;
        self.out.write_all(&self.held)?;
        self.held.clear();
        Ok(())
    }

    /// Writes the last piece; returns what was written to.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.write_piece(true)?;
        Ok(self.out)
    }
}

impl<W: Write> Write for Encrypting<W> {
    fn write(&mut self, plain: &[u8]) -> io::Result<usize> {
        // A full piece is written once it is known not to be the last one.
        if self.held.len() == PIECE && !plain.is_empty() {
            self.write_piece(false)?;
        }
        let taken = plain.get(..plain.len().min(PIECE - self.held.len())).unwrap_or_default();
        self.held.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Decrypts what is read. An end that is not marked is an error.
pub(crate) struct Decrypting<R: Read> {
    input: R,
    pieces: Pieces,
    /// A byte that was read ahead, to know whether a full piece is the last one.
    ahead: Option<u8>,
    plain: Vec<u8>,
    read: usize,
    is_over: bool,
}

impl<R: Read> Decrypting<R> {
    pub(super) fn new(mut input: R, file_key: &FileKey) -> Option<Self> {
        let mut salt = [0; SALT];
        input.read_exact(&mut salt).ok()?;
        let pieces = Pieces::new(file_key, &salt)?;
        Some(Self { input, pieces, ahead: None, plain: Vec::new(), read: 0, is_over: false })
    }

    fn read_piece(&mut self) -> io::Result<()> {
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "the encrypted data is damaged or cut off");
        let is_first = self.pieces.number == 0;
        let mut piece: Vec<u8> = Vec::with_capacity(PIECE + TAG + 1);
        piece.extend(self.ahead.take());
        let wanted = u64::try_from(PIECE + TAG + 1 - piece.len()).unwrap_or(0);
        (&mut self.input).take(wanted).read_to_end(&mut piece)?;
        self.is_over = piece.len() <= PIECE + TAG;
        if !self.is_over {
            self.ahead = piece.pop();
        }
        let nonce = self.pieces.nonce(self.is_over);
        let length = self.pieces.key.open_in_place(nonce, Aad::empty(), &mut piece).map_err(|_| damaged())?.len();
        // Only an empty payload has an empty piece.
        if length == 0 && !is_first {
            return Err(damaged());
        }
        piece.truncate(length);
        (self.plain, self.read) = (piece, 0);
        Ok(())
    }
}

impl<R: Read> Read for Decrypting<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.read == self.plain.len() && !self.is_over {
            self.read_piece()?;
        }
        let rest = self.plain.get(self.read..).unwrap_or_default();
        let count = rest.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.read += count;
        Ok(count)
    }
}
