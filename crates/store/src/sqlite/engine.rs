//! The threads of the embedded engine.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::bounded;

use super::connection::{DELETE_CHANGES, RECENT_CHANGES, Room, SqliteConnection, explain, prepare_file};
use super::{Pace, Reader, ServerLock, SqliteTx, Writer};
use crate::engine::{ChangeIds, Engine, Queue, spawn};
use crate::error::{OpenError, StoreError};
use crate::feed::{Feed, Recent, Source, recent};
use crate::measure::Measures;
use crate::migrations;
use crate::moving;
use crate::options::StoreOptions;
use crate::tx::Tx as _;

/// How long a connection waits for the write lock, which only an admin command can hold against a server.
const LOCK_PATIENCE: Duration = Duration::from_secs(4);
/// Timeout of one write.
const WRITE_LIMIT: Duration = Duration::from_secs(4);
/// Opens `path`, migrates it to this version and starts the threads.
pub(crate) fn start(
    path: &Path,
    options: &StoreOptions,
    feed: &Arc<Feed>,
    ids: &Arc<ChangeIds>,
) -> Result<(Engine, Box<dyn Source>), OpenError> {
    let named = path.display().to_string();
    // An empty file counts as missing, and stays empty: opening it would write its first page.
    if !options.make && std::fs::metadata(path).map_or(true, |file| file.len() == 0) {
        return Err(OpenError::Missing(named));
    }
    let path = prepare_file(path)?;
    let lock = options.exclusive.then(|| ServerLock::take(&path)).transpose()?;
    let mut session = SqliteConnection::open(&path, LOCK_PATIENCE)?;
    if !options.make && !migrations::is_there(&mut session) {
        return Err(OpenError::Missing(named));
    }
    migrations::run(&mut session)?;
    let room = if options.exclusive { Room::SERVER } else { Room::COMMAND };
    let session =
        session.for_writing(room).map_err(|error| OpenError::File { path: path.clone(), reason: error.to_string() })?;
    let (to_write, write_queue) = bounded(options.queue);
    let (to_read, read_queue) = bounded(options.queue);
    let writer = Writer {
        path: path.clone(),
        patience: LOCK_PATIENCE,
        limit: WRITE_LIMIT,
        queue: write_queue,
        feed: Arc::clone(feed),
        ids: Arc::clone(ids),
        session: Some(session),
        room,
        pace: Pace::default(),
        measures: Measures::of("write"),
    };
    // The lock lives as long as the writer.
    let writers = vec![spawn("sigma-writer", move || {
        writer.run();
        drop(lock);
    })?];
    let mut readers = Vec::new();
    for _ in 0..options.readers.max(1) {
        let reader = Reader {
            path: path.clone(),
            patience: LOCK_PATIENCE,
            limit: options.read_limit,
            queue: read_queue.clone(),
            session: None,
        };
        readers.push(spawn("sigma-reader", move || reader.run())?);
    }
    let engine = Engine {
        writes: Queue { name: "write", messages: to_write, threads: 1 },
        reads: Queue { name: "read", messages: to_read, threads: options.readers.max(1) },
        writers,
        readers,
        delete_changes: DELETE_CHANGES,
    };
    Ok((engine, Box::new(FileFeed { path, ids: Arc::clone(ids), limit: options.read_limit, session: None })))
}

/// The change feed of a database file.
struct FileFeed {
    path: PathBuf,
    ids: Arc<ChangeIds>,
    limit: Duration,
    session: Option<SqliteConnection>,
}

impl FileFeed {
    fn read<T>(&mut self, work: impl FnOnce(&mut SqliteTx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let session = match self.session.take() {
            Some(session) => session,
            None => SqliteConnection::connect(&self.path, self.limit)
                .and_then(SqliteConnection::read_only)
                .map_err(|error| explain(&error))?,
        };
        session.limit(self.limit);
        let read = work(&mut SqliteTx::reading(&session))?;
        session.unlimit();
        self.session = Some(session);
        Ok(read)
    }
}

impl Source for FileFeed {
    fn recent(&mut self) -> Result<Recent, StoreError> {
        let process = self.ids.process();
        recent(&self.read(|tx| tx.query_all(RECENT_CHANGES, crate::params![process]))?)
    }

    fn is_leaving(&mut self) -> Result<bool, StoreError> {
        self.read(|tx| moving::state(tx)).map(|state| state.is_some())
    }
}
