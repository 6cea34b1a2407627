//! How to open a store.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sigma_core::time::Clock;

use crate::error::OpenError;
use crate::expiring::{EXPIRING, Expiring};
use crate::postgres::Spares;

/// How to open a store.
#[derive(Clone)]
pub struct StoreOptions {
    /// `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`.
    pub url: String,
    /// Whether this is a server: it locks a database file and follows the change feed. An admin
    /// command does none of that and works alongside a server.
    pub exclusive: bool,
    /// Whether to create a missing database; otherwise it is [`OpenError::Missing`].
    pub make: bool,
    /// Reader threads, each with a connection; at least one.
    pub readers: usize,
    /// Writer threads, each with a connection, on PostgreSQL; a file has one.
    pub writers: usize,
    /// Operations that may wait, for readers and for writers each.
    pub queue: usize,
    /// How long a caller waits for an outcome before [`Outage::TimedOut`](crate::Outage::TimedOut).
    pub patience: Duration,
    /// Timeout of one read of a database file.
    pub read_limit: Duration,
    /// How long a database server may work on one statement. A statement without a response a quarter later is given
    /// up, along with its connection.
    pub statement_limit: Duration,
    /// What stands between this process and a database server.
    pub pooler: Pooler,
    /// How often the change feed is read.
    pub feed_interval: Duration,
    /// How long after the last read of the change feed caches may be used.
    pub feed_stale_after: Duration,
    /// What [`Store::sweep`](crate::Store::sweep) deletes.
    pub expiring: &'static [Expiring],
    /// How long events and counts are kept; for ever without it.
    pub keep_events: Option<Duration>,
    /// The clock of the database, where a test moves it; otherwise the engine's own.
    pub database_clock: Option<Arc<dyn Clock>>,
    /// Where a test keeps connections to a database server for its next store.
    pub spares: Option<Spares>,
    /// Whether `sigma migrate` itself opens it: anyone else is refused while the database is being moved.
    pub moves: bool,
}

impl StoreOptions {
    /// For the server on `url`.
    pub fn serve(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            exclusive: true,
            make: true,
            readers: 4,
            writers: 8,
            queue: 1_024,
            patience: Duration::from_secs(5),
            read_limit: Duration::from_secs(1),
            statement_limit: Duration::from_secs(4),
            pooler: Pooler::None,
            feed_interval: Duration::from_millis(500),
            feed_stale_after: Duration::from_secs(2),
            expiring: EXPIRING,
            keep_events: Some(Duration::from_hours(365 * 24)),
            database_clock: None,
            spares: None,
            moves: false,
        }
    }

    /// For an admin command on `url`, with or without a server running; the database must exist.
    pub fn admin(url: impl Into<String>) -> Self {
        Self { exclusive: false, make: false, readers: 1, writers: 1, ..Self::serve(url) }
    }
}

/// What stands between this process and a database server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pooler {
    /// Nothing: a connection to the server is this process's own.
    #[default]
    None,
    /// A pooler that may give every transaction another connection, which others use in between: nothing is set beyond
    /// the end of a transaction, and no statement is prepared.
    Transaction,
}

/// Without the URL, which may hold a password.
impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.url.split(':').next().unwrap_or_default();
        f.debug_struct("StoreOptions")
            .field("scheme", &scheme)
            .field("exclusive", &self.exclusive)
            .finish_non_exhaustive()
    }
}

/// The path in `sqlite:PATH`; `None` for a URL of PostgreSQL.
pub(crate) fn file_path(url: &str) -> Result<Option<PathBuf>, OpenError> {
    let scheme = url.split(':').next().unwrap_or_default();
    match (scheme, url.strip_prefix("sqlite:")) {
        (_, Some(path)) => {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.starts_with(":memory:") {
                return Err(OpenError::Address("sqlite: needs the path of a file".to_owned()));
            }
            Ok(Some(PathBuf::from(path)))
        }
        ("postgres" | "postgresql", _) => Ok(None),
        _ => Err(OpenError::Address(format!("`{scheme}` is not a known kind of database"))),
    }
}
