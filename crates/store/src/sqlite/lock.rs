//! The lock that one server holds on one database file.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::owner::give_to_owner_of_folder;
use crate::error::OpenError;

/// Held as long as it lives; the system releases it when the process dies, however it dies.
#[derive(Debug)]
pub(crate) struct ServerLock {
    _file: File,
}

impl ServerLock {
    /// Takes the server's lock on `database`, or reports who holds it.
    pub(crate) fn take(database: &Path) -> Result<Self, OpenError> {
        let lock = lock_path(database);
        let failed = |error: std::io::Error| OpenError::File { path: lock.clone(), reason: error.to_string() };
        let mut file = open(&lock).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut process = String::new();
                let known = file.read_to_string(&mut process).is_ok() && !process.trim().is_empty();
                let holder = if known { format!(", process {}", process.trim()) } else { String::new() };
                return Err(OpenError::InUse { path: database.to_owned(), lock, holder });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // The number only informs the reader of the message above: a full disk must not keep a server from starting.
        let noted =
            file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
        if let Err(error) = noted {
            tracing::warn!(%error, lock = %lock.display(), "the process number could not be written to the lock file");
        }
        Ok(Self { _file: file })
    }
}

fn open(lock: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    match options.clone().create_new(true).open(lock) {
        Ok(file) => {
            give_to_owner_of_folder(&file, lock);
            Ok(file)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => options.create(true).truncate(false).open(lock),
        Err(error) => Err(error),
    }
}

/// `PATH.lock`. It is never deleted: two servers that each created a new file would each lock their own.
fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
