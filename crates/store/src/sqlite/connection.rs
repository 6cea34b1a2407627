//! A connection to the database file and the statements prepared on it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags};

use super::owner::give_to_owner_of_folder;
use crate::changes::{delete_changes, insert_change, recent_changes};
use crate::error::{OpenError, Outage, StoreError};
use crate::measure::Open;
use crate::sql::for_sqlite;
use crate::stopwatch;

/// Statements that a connection keeps prepared.
const PREPARED: usize = 512;
/// Virtual machine steps between two checks of the deadline: some 100 µs of work.
const STEPS: std::ffi::c_int = 20_000;

// The time of the database is the machine's, in microseconds, shared by every process on this file.
pub(crate) const INSERT_CHANGE: &str = insert_change!("CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000");
pub(crate) const RECENT_CHANGES: &str = recent_changes!("CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000");
pub(crate) const DELETE_CHANGES: &str = delete_changes!("CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000");

/// How much a connection that writes may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// KiB of pages in memory. SQLite keeps 2,000, and a transaction that changes more of them writes those to the log before its
    /// COMMIT, some more than once.
    cache: u32,
    /// Pages of the log from which on they are written back. A page that many transactions change is written back once for each time
    /// the log fills.
    log: u32,
}

impl Room {
    /// For the writer of a server: of the log 16 MiB.
    pub(crate) const SERVER: Self = Self { cache: 8 * 1_024, log: 4_096 };
    /// For an admin command, which may add many people and ends then: of the log 64 MiB, which is kept of it in any case.
    pub(crate) const COMMAND: Self = Self { cache: 64 * 1_024, log: 16_384 };
}

/// A connection that one thread owns.
pub(crate) struct SqliteConnection {
    connection: Connection,
    /// Statements as SQLite takes them, keyed by the address of the text: not hashing the text saves a microsecond in
    /// an operation of five statements.
    rewritten: RefCell<HashMap<(usize, usize), Arc<str>>>,
    deadline: Arc<Deadline>,
    /// Once it is known what it is for.
    _open: Option<Open>,
}

/// When the running statement is interrupted: microseconds after `origin`; 0 is never.
struct Deadline {
    origin: Instant,
    micros: AtomicU64,
}

impl Deadline {
    fn has_passed(&self) -> bool {
        let limit = self.micros.load(Ordering::Relaxed);
        limit != 0 && stopwatch::now() >= self.origin + Duration::from_micros(limit)
    }
}

impl SqliteConnection {
    /// Opens `path` for the first time, and refuses a read-only file: SQLite would report that at the first write.
    pub(crate) fn open(path: &Path, patience: Duration) -> Result<Self, OpenError> {
        let session = Self::connect(path, patience).map_err(|error| refusal(path, &explain(&error)))?;
        match session.connection.is_readonly("main") {
            Ok(false) => Ok(session),
            Ok(true) => Err(refusal(path, &"it can only be read, and Sigma must write to it")),
            Err(error) => Err(refusal(path, &error)),
        }
    }

    /// Opens the existing file `path`.
    pub(crate) fn connect(path: &Path, patience: Duration) -> Result<Self, rusqlite::Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(patience)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        // Without this, every new value of a parameter that the planner once looked at causes a join to be prepared
        // anew, which took five times as long as running it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let deadline = Arc::new(Deadline { origin: stopwatch::now(), micros: AtomicU64::new(0) });
        let watched = Arc::clone(&deadline);
        connection.progress_handler(STEPS, Some(move || watched.has_passed()))?;
        let mode = write_ahead(&connection, patience)?;
        if mode != "wal" {
            tracing::warn!(mode, "the database file does not allow a write-ahead log: reads will wait for writes");
        }
        // The limit gives back what one large transaction left of the log.
        connection.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; \
             PRAGMA journal_size_limit = 67108864; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;",
        )?;
        Ok(Self { connection, rewritten: RefCell::default(), deadline, _open: None })
    }

    /// Refuses every write on this connection.
    pub(crate) fn read_only(self) -> Result<Self, rusqlite::Error> {
        self.connection.execute_batch("PRAGMA query_only = ON")?;
        Ok(Self { _open: Some(Open::of("read")), ..self })
    }

    /// Makes it a connection for writing.
    pub(crate) fn for_writing(self, room: Room) -> Result<Self, rusqlite::Error> {
        self.connection.pragma_update(None, "cache_size", -i64::from(room.cache))?;
        self.connection.pragma_update(None, "wal_autocheckpoint", room.log)?;
        Ok(Self { _open: Some(Open::of("write")), ..self })
    }

    /// Interrupts statements that run longer than `limit` from now on.
    pub(crate) fn limit(&self, limit: Duration) {
        let until = stopwatch::now().duration_since(self.deadline.origin) + limit;
        self.deadline.micros.store(u64::try_from(until.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Ends the limit.
    pub(crate) fn unlimit(&self) {
        self.deadline.micros.store(0, Ordering::Relaxed);
    }

    /// Whether a transaction is open.
    pub(crate) fn in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// The prepared statement of `sql`.
    pub(crate) fn prepared(&self, sql: &'static str) -> Result<CachedStatement<'_>, rusqlite::Error> {
        let rewritten = {
            let mut known = self.rewritten.borrow_mut();
            Arc::clone(known.entry((sql.as_ptr().addr(), sql.len())).or_insert_with(|| for_sqlite(sql).into()))
        };
        self.connection.prepare_cached(&rewritten)
    }

    /// Runs a statement without parameters that is prepared once.
    pub(crate) fn run(&self, sql: &'static str) -> Result<(), rusqlite::Error> {
        self.prepared(sql)?.raw_execute().map(drop)
    }

    /// The connection itself, for migrations.
    pub(crate) const fn connection(&self) -> &Connection {
        &self.connection
    }
}

/// Turns the write-ahead log on, without waiting for another process that does the same.
fn write_ahead(connection: &Connection, patience: Duration) -> Result<String, rusqlite::Error> {
    let started = stopwatch::now();
    loop {
        let mode = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0));
        match mode {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && started.elapsed() < patience =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            mode => return mode,
        }
    }
}

/// The canonical name of the database file `path`. A missing file is created before SQLite would, so that it is never
/// readable by others than its owner; its log inherits the mode.
pub(crate) fn prepare_file(path: &Path) -> Result<PathBuf, OpenError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => give_to_owner_of_folder(&file, path),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(refusal(path, &error)),
    }
    path.canonicalize().map_err(|error| refusal(path, &error))
}

fn refusal(path: &Path, reason: &dyn std::fmt::Display) -> OpenError {
    OpenError::File { path: path.to_owned(), reason: reason.to_string() }
}

/// What `error` means to the caller of an operation.
pub(crate) fn explain(error: &rusqlite::Error) -> StoreError {
    let rusqlite::Error::SqliteFailure(code, message) = error else {
        return StoreError::Failed(error.to_string());
    };
    match code.code {
        ErrorCode::DiskFull => Outage::DiskFull.into(),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Outage::ReadOnly.into(),
        ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::NoLargeFileSupport => Outage::Io.into(),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
            Outage::Locked.into()
        }
        ErrorCode::OperationInterrupted => Outage::TimedOut.into(),
        ErrorCode::OutOfMemory => Outage::Exhausted.into(),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            StoreError::Corrupt(message.clone().unwrap_or_else(|| code.to_string()))
        }
        _ => StoreError::Failed(message.clone().unwrap_or_else(|| code.to_string())),
    }
}
