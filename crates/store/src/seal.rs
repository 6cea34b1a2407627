//! Sealing: recoverable secrets are stored under AES-256-GCM with a master key that is not in the database.
//!
//! A sealed value names its key by an id, so that one sealed under another key is told apart from a damaged one. It opens
//! only for the context for which it was sealed: `KIND:ID`, such as `mail:mail_0199…`, where the kind is unique to one column.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sigma_core::digest::Digest;
use sigma_core::random::{Rng, alphanumeric, bytes};
use thiserror::Error;
use zeroize::Zeroizing;

/// The first byte of everything sealed: the format, which is key id, nonce, ciphertext, tag.
const FORMAT: u8 = 2;
/// Bytes of a key id.
const ID_BYTES: usize = 4;
/// Bytes of a key.
const KEY_BYTES: usize = 32;
/// A key file holds a key in base64 on one line, and perhaps [`MARK`]; a longer file is something else.
const LONGEST_FILE: u64 = 1_024;
/// The line that records that a database was sealed under this key.
const MARK: &str = "# used: a database was sealed under this key";

/// Why sealing or opening failed. Reveals nothing of key or content.
#[derive(Debug, Error)]
pub enum SealError {
    /// The given key is invalid.
    #[error("the master key {0}")]
    NotAKey(KeyFault),
    /// The content of the key file is not a key.
    #[error("the master key file {path} {fault}", path = path.display())]
    NotAKeyFile {
        /// The key file.
        path: PathBuf,
        /// What is wrong with the content.
        fault: KeyFault,
    },
    /// The command does not print the key.
    #[error("the master key's command {command}: {reason}")]
    Command {
        /// The program.
        command: String,
        /// What is wrong.
        reason: String,
    },
    /// The key file cannot be read or created.
    #[error("the master key file {path} cannot be used: {cause}", path = path.display())]
    File {
        /// The key file.
        path: PathBuf,
        /// The system's message.
        cause: io::Error,
    },
    /// It was sealed under another key.
    #[error("what was sealed cannot be opened: it was sealed under another master key")]
    OtherKey,
    /// It was sealed for another context, or was altered.
    #[error("what was sealed cannot be opened: the context differs, or the data is damaged")]
    Unopened,
    /// Sealing itself failed.
    #[error("sealing failed")]
    Unsealed,
}

/// Why a text is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyFault {
    /// The file is empty.
    #[error("is empty: put the key back from its backup")]
    Empty,
    /// It has characters outside base64, or a length that base64 never has.
    #[error("is not base64 of 32 bytes: it was changed or cut off, or is something else")]
    NotBase64,
    /// It is base64 of too many or too few bytes.
    #[error("holds {0} bytes instead of 32: it was cut off, or is something else")]
    Length(usize),
}

/// The key under which everything is sealed. `Debug` does not print it.
pub struct MasterKey {
    key: LessSafeKey,
    /// Derived from the key, and public.
    id: [u8; ID_BYTES],
}

/// A master key and the file it came from.
#[derive(Debug)]
pub struct KeyFile {
    /// The key.
    pub key: MasterKey,
    /// Whether the file was just created.
    pub made: bool,
    /// The permission bits of the file, such as `0o600`.
    pub mode: u32,
}

impl KeyFile {
    /// Whether others than its owner may read or write the file: the server warns, and `sigma doctor` reports it.
    pub const fn is_open_to_others(&self) -> bool {
        self.mode & 0o077 != 0
    }
}

impl MasterKey {
    /// The key in the file `path`, which is created with mode 0600 if missing.
    pub fn load_or_create(path: &Path, rng: &dyn Rng) -> Result<KeyFile, SealError> {
        let failed = |cause| SealError::File { path: path.to_owned(), cause };
        let is_new = match fs::symlink_metadata(path) {
            Ok(_) => false,
            Err(error) if error.kind() == io::ErrorKind::NotFound => create(path, rng).map_err(failed)?,
            Err(error) => return Err(failed(error)),
        };
        let file = File::open(path).map_err(failed)?;
        let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o7777;
        let mut content = Zeroizing::new(Vec::with_capacity(128));
        file.take(LONGEST_FILE).read_to_end(&mut content).map_err(failed)?;
        let text = std::str::from_utf8(&content).map_err(|_| KeyFault::NotBase64);
        let key = text.and_then(decode).map_err(|fault| SealError::NotAKeyFile { path: path.to_owned(), fault })?;
        Ok(KeyFile { key, made: is_new, mode })
    }

    /// The key in `text`: 32 bytes in base64, as in the file and the environment.
    pub fn from_base64(text: &str) -> Result<Self, SealError> {
        decode(text).map_err(SealError::NotAKey)
    }

    /// Whether the key in the file `path` has sealed a database: if that is missing, it was lost.
    pub fn is_marked_used(path: &Path) -> bool {
        let mut text = String::new();
        let read = File::open(path).and_then(|file| file.take(LONGEST_FILE).read_to_string(&mut text));
        read.is_ok() && text.lines().any(|line| line == MARK)
    }

    /// Records in the file `path`, after the key, that it has sealed a database. Backups of the key carry the mark too.
    pub fn mark_used(path: &Path) -> io::Result<()> {
        if Self::is_marked_used(path) {
            return Ok(());
        }
        // Only appends: the key survives whatever happens.
        let mut file = OpenOptions::new().append(true).open(path)?;
        file.write_all(format!("{MARK}\n").as_bytes()).and_then(|()| file.sync_all())
    }

    /// Seals `plain` for `context`, which names its kind and owner: in another context it does not open.
    pub fn seal(&self, context: &str, plain: &[u8], rng: &dyn Rng) -> Result<Vec<u8>, SealError> {
        let nonce: [u8; NONCE_LEN] = bytes(rng);
        let mut text = Zeroizing::new(plain.to_vec());
        let tag = self
            .key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context.as_bytes()),
                text.as_mut_slice(),
            )
            .map_err(|_| SealError::Unsealed)?;
        Ok([&[FORMAT], self.id.as_slice(), nonce.as_slice(), text.as_slice(), tag.as_ref()].concat())
    }

    /// Opens what was sealed for `context`.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (format, rest) = sealed.split_first().ok_or(SealError::Unopened)?;
        let (id, rest) = rest.split_first_chunk::<ID_BYTES>().ok_or(SealError::Unopened)?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Unopened)?;
        if *format != FORMAT {
            return Err(SealError::Unopened);
        }
        if *id != self.id {
            return Err(SealError::OtherKey);
        }
        let mut text = Zeroizing::new(text.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = self
            .key
            .open_in_place(nonce, Aad::from(context.as_bytes()), text.as_mut_slice())
            .map_err(|_| SealError::Unopened)?
            .len();
        text.truncate(plain);
        Ok(text)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

/// The key in `text`, next to lines that begin with `#`.
fn decode(text: &str) -> Result<MasterKey, KeyFault> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let line = lines.next().ok_or(KeyFault::Empty)?;
    let decoded = STANDARD.decode(line).map(Zeroizing::new).map_err(|_| KeyFault::NotBase64)?;
    if decoded.len() != KEY_BYTES {
        return Err(KeyFault::Length(decoded.len()));
    }
    if lines.next().is_some() {
        return Err(KeyFault::NotBase64);
    }
    let key = UnboundKey::new(&AES_256_GCM, &decoded).map_err(|_| KeyFault::Length(decoded.len()))?;
    let named = Zeroizing::new([b"sigma master key id\0".as_slice(), &decoded].concat());
    let digest = Digest::of(&*named);
    let id = digest.as_bytes().first_chunk::<ID_BYTES>().copied().unwrap_or_default();
    Ok(MasterKey { key: LessSafeKey::new(key), id })
}

/// Creates a key file atomically; false if another process was first.
fn create(path: &Path, rng: &dyn Rng) -> io::Result<bool> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let draft = directory.join(format!(".master-key-{}", alphanumeric(rng, 16)));
    let key = Zeroizing::new(bytes::<KEY_BYTES>(rng));
    let text = Zeroizing::new(STANDARD.encode(key.as_slice()) + "\n");
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    // A hard link never replaces an existing file: of two processes that start at once, one key wins.
    let linked = written.and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft)?;
    match linked {
        Ok(()) => File::open(directory)?.sync_all().map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}
