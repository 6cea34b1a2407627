//! Errors of the store.

use std::path::PathBuf;

use sigma_core::fault::Fault;
use thiserror::Error;

/// Why an operation of the store failed. It was rolled back, unless stated otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreError {
    /// The database is unavailable (503). It recovers by itself or through an operator; the caller may retry.
    #[error("the store is unavailable: {0}")]
    Unavailable(Outage),
    /// The queue of the engine is full (503 with Retry-After).
    #[error("the store is busy: its queue is full")]
    Busy,
    /// The stored data is invalid: a damaged file, or a row that violates the rules (500).
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
    /// A statement failed, or the operation panicked: a bug (500).
    #[error("the store operation failed: {0}")]
    Failed(String),
}

impl Fault for StoreError {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Busy)
    }
}

/// Why the store is unavailable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum Outage {
    /// No space is left for the database.
    #[error("the disk of the database is full")]
    DiskFull,
    /// The database file or its disk is read-only, or the database server accepts no writes.
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
    /// The operation or its statement timed out. The operation may still finish.
    #[error("the database took too long")]
    TimedOut,
    /// Every attempt conflicted with concurrent writes, for as long as the caller waited.
    #[error("the write is in conflict with concurrent ones")]
    Contended,
    /// The transaction that held this operation, with others, could not be committed.
    #[error("the transaction could not be committed")]
    NotCommitted,
    /// The connection was lost during COMMIT: whether the operation took effect is unknown.
    #[error("the connection was lost during COMMIT, the outcome is unknown")]
    OutcomeUnknown,
    /// The change feed was not read for a while: changes of other processes are unknown.
    #[error("the change feed cannot be read")]
    Stale,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The database is being moved to another one, or was.
    #[error("the database is being moved to another one and takes no writes")]
    Moving,
}

impl From<Outage> for StoreError {
    fn from(outage: Outage) -> Self {
        Self::Unavailable(outage)
    }
}

/// Why an operation that rules may refuse has no result.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Stop<R> {
    /// A rule refused it. Its transaction is committed: what it wrote before is kept.
    #[error("{0}")]
    Refused(R),
    /// The database failed. Nothing of the operation is kept, unless the error states otherwise.
    #[error("{0}")]
    Failed(StoreError),
}

impl<R> Stop<R> {
    /// Separates refusals, which commit, from failures, which roll back.
    pub(crate) fn judge<T>(outcome: Result<T, Self>) -> Result<Result<T, R>, StoreError> {
        match outcome {
            Ok(done) => Ok(Ok(done)),
            Err(Self::Refused(refusal)) => Ok(Err(refusal)),
            Err(Self::Failed(error)) => Err(error),
        }
    }

    /// The opposite of [`Stop::judge`].
    pub(crate) fn flatten<T>(outcome: Result<Result<T, R>, StoreError>) -> Result<T, Self> {
        outcome.map_err(Self::Failed)?.map_err(Self::Refused)
    }
}

impl<R> From<StoreError> for Stop<R> {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl<R> From<Outage> for Stop<R> {
    fn from(outage: Outage) -> Self {
        Self::Failed(outage.into())
    }
}

/// Why the store could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The URL of the database is not one that Sigma supports.
    #[error("the database address is not valid: {0}. Use sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE")]
    Address(String),
    /// Another server uses this database file.
    #[error(
        "another `sigma serve` already uses {path} (lock file {lock}{holder}). Two servers cannot share one SQLite file: \
         stop the other one, or use PostgreSQL",
        path = path.display(), lock = lock.display()
    )]
    InUse {
        /// The database file.
        path: PathBuf,
        /// The lock file next to it.
        lock: PathBuf,
        /// `, process N`, if known.
        holder: String,
    },
    /// The database was created by a newer Sigma.
    #[error(
        "the database is newer than this program: it has schema version {found}, this program knows {known}. \
         Install the newer Sigma again, or restore a backup that was made before the upgrade"
    )]
    Newer {
        /// The version of the database.
        found: i64,
        /// The newest version that this program supports.
        known: i64,
    },
    /// There is no database, and none may be created.
    #[error("there is no database {0}")]
    Missing(String),
    /// The schema of the database differs from the one that this program creates.
    #[error("the database could not be brought to this version: {0}")]
    Migration(String),
    /// The file cannot be opened or created.
    #[error("the database file {path} cannot be used: {reason}", path = path.display())]
    File {
        /// The database file.
        path: PathBuf,
        /// The system's message.
        reason: String,
    },
    /// The database is being moved to another one.
    #[error(
        "the database is being moved to another one, which is not complete: run `sigma migrate` again to complete it, or \
         `sigma migrate --cancel` to keep this one"
    )]
    Leaving,
    /// The database was moved to another one.
    #[error(
        "the database was moved to another one: name that one in store.url. `sigma migrate --cancel` brings this one back as it was left"
    )]
    Left,
    /// The database is an incomplete copy.
    #[error("the database is an incomplete copy of another one: run `sigma migrate` there again to complete it")]
    Filling,
    /// The database server is unusable.
    #[error("the database server cannot be used: {0}")]
    Server(String),
    /// The database server is down, starting, full or not the leader: waiting may help.
    #[error("the database server cannot be reached: {0}")]
    Unreachable(String),
}
