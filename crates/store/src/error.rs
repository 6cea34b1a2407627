//! What can go wrong with the store.

use std::path::PathBuf;

use thiserror::Error;

/// Why an operation of the store has no outcome. The operation was rolled back, unless it says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreError {
    /// The database cannot serve now (503). It heals by itself or by an operator's hand; the caller may try again.
    #[error("the store is unavailable: {0}")]
    Unavailable(Outage),
    /// The queue of the engine is full (503 with Retry-After).
    #[error("the store is busy: its queue is full")]
    Busy,
    /// What is stored is not what was written: a damaged file or a row that no rule allows (500).
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
    /// A statement failed, or the operation panicked: a mistake of ours (500).
    #[error("the store operation failed: {0}")]
    Failed(String),
}

/// Why the store is unavailable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum Outage {
    /// No space is left for the database.
    #[error("the disk of the database is full")]
    DiskFull,
    /// The database file or its disk can be read only, or the database server accepts reads only.
    #[error("the database is read-only")]
    ReadOnly,
    /// Reading or writing the database file failed.
    #[error("the disk of the database does not answer as it should (input/output error)")]
    Io,
    /// Another process holds the write lock for too long.
    #[error("another process keeps the database locked")]
    Locked,
    /// The database server cannot be reached, or closed the connection before the COMMIT.
    #[error("there is no connection to the database server")]
    Disconnected,
    /// The database server has no room for another connection, or no memory.
    #[error("the database server is out of resources")]
    Exhausted,
    /// The operation or its statement took longer than it may. The operation may still finish.
    #[error("the database took too long")]
    TimedOut,
    /// Concurrent writes met in every attempt, for as long as the caller waited.
    #[error("the write is in conflict with concurrent ones")]
    Contended,
    /// The transaction that held this operation, with others, could not be committed.
    #[error("the transaction could not be committed")]
    NotCommitted,
    /// The connection was lost during COMMIT: the operation may have happened or not.
    #[error("the connection was lost during COMMIT, the outcome is unknown")]
    OutcomeUnknown,
    /// The change feed was not read for a while: nobody knows what other processes changed.
    #[error("the change feed cannot be read")]
    Stale,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl From<Outage> for StoreError {
    fn from(outage: Outage) -> Self {
        Self::Unavailable(outage)
    }
}

/// Why the store could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The address of the database is not one that Sigma understands.
    #[error("the database address is not valid: {0}. Use sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE")]
    Address(String),
    /// Another server works on this database file.
    #[error(
        "another `sigma serve` already uses {path} (lock file {lock}{holder}). Two servers cannot share one SQLite file: \
         stop the other one, or use PostgreSQL",
        path = path.display(), lock = lock.display()
    )]
    InUse {
        /// The database file.
        path: PathBuf,
        /// The lock file beside it.
        lock: PathBuf,
        /// `, process N`, where it is known.
        holder: String,
    },
    /// The database was made by a newer Sigma.
    #[error(
        "the database is newer than this program: it has schema version {found}, this program knows {known}. \
         Install the newer Sigma again, or restore a backup that was made before the upgrade"
    )]
    Newer {
        /// The version of the database.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// There is no database, and none may be made.
    #[error("there is no database {0}")]
    Missing(String),
    /// The schema of the database is not what this program would have made.
    #[error("the database could not be brought to this version: {0}")]
    Migration(String),
    /// The file cannot be opened or made.
    #[error("the database file {path} cannot be used: {reason}", path = path.display())]
    File {
        /// The database file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The database server cannot be used.
    #[error("the database server cannot be used: {0}")]
    Server(String),
    /// The database server is away, starts, is full or not the leader: waiting may help.
    #[error("the database server cannot be reached: {0}")]
    Unreachable(String),
}
