//! The threads of the PostgreSQL engine.

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Sender, bounded};

use super::client::PostgresConnection;
use super::fault::{Fault, POOLER};
use super::pool::Crew;
use super::server::{MIGRATION, NoConnection, Purpose, Server};
use super::tx::{DELETE_CHANGES, PostgresTx, RECENT_CHANGES};
use super::worker::Worker;
use crate::engine::{ChangeIds, Engine, Message, Queue, spawn};
use crate::error::{OpenError, Outage, StoreError};
use crate::feed::{Feed, Recent, Source, recent};
use crate::measure::Measures;
use crate::migrations::{self, Schema, SchemaError};
use crate::moving;
use crate::options::{Pooler, StoreOptions};
use crate::tx::Tx as _;

/// The oldest supported release, in the server's numbering.
const OLDEST: u32 = 140_000;

/// Migrates the database to this version, starts the threads and opens their connections.
pub(crate) fn start(
    options: &StoreOptions,
    feed: &Arc<Feed>,
    ids: &Arc<ChangeIds>,
) -> Result<(Engine, Box<dyn Source>), OpenError> {
    let server = Arc::new(Server::at(options)?);
    let (at, pooler, make) = (Arc::clone(&server), options.pooler, options.make);
    // The client brings a runtime of its own, which must not run inside that of the caller.
    let prepared = std::thread::spawn(move || prepare(&at, pooler, make)).join();
    let session =
        prepared.unwrap_or_else(|_| Err(OpenError::Server("the opening thread ended by a panic".to_owned())))?;
    // The connection that has prepared everything reads the feed from now on. If connections are scarce, each kind of
    // work gets one before further ones are opened.
    let session = options.exclusive.then_some(session);
    let followed = ServerFeed { server: Arc::clone(&server), ids: Arc::clone(ids), session };
    let hire = |purpose: Purpose| Team::new(options, purpose, &server, feed, ids);
    let (mut writing, mut reading) = (hire(Purpose::Write), hire(Purpose::Read));
    writing.grow(1)?;
    reading.grow(1)?;
    writing.grow(options.writers)?;
    reading.grow(options.readers)?;
    let (writes, reads) = (writing.finish(), reading.finish());
    let engine = Engine {
        writes: writes.0,
        reads: reads.0,
        writers: writes.1,
        readers: reads.1,
        delete_changes: DELETE_CHANGES,
    };
    Ok((engine, Box::new(followed)))
}

/// The workers of one kind, during start.
struct Team<'s> {
    options: &'s StoreOptions,
    purpose: Purpose,
    server: &'s Arc<Server>,
    feed: &'s Arc<Feed>,
    ids: &'s Arc<ChangeIds>,
    messages: Sender<Message>,
    crew: Arc<Crew>,
    threads: Vec<JoinHandle<()>>,
}

impl<'s> Team<'s> {
    fn new(
        options: &'s StoreOptions,
        purpose: Purpose,
        server: &'s Arc<Server>,
        feed: &'s Arc<Feed>,
        ids: &'s Arc<ChangeIds>,
    ) -> Self {
        let (messages, queue) = bounded(options.queue);
        let crew = Arc::new(Crew::new(purpose.queue(), queue));
        Self { options, purpose, server, feed, ids, messages, crew, threads: Vec::new() }
    }

    /// Starts workers until there are `count`, and waits until each has tried to connect.
    fn grow(&mut self, count: usize) -> Result<(), OpenError> {
        let name = if self.purpose == Purpose::Write { "sigma-writer" } else { "sigma-reader" };
        let wanted = count.saturating_sub(self.threads.len());
        let (opened, outcomes) = bounded(wanted);
        for _ in 0..wanted {
            let worker = Worker {
                server: Arc::clone(self.server),
                purpose: self.purpose,
                crew: Arc::clone(&self.crew),
                feed: Arc::clone(self.feed),
                ids: Arc::clone(self.ids),
                patience: self.options.patience,
                session: None,
                measures: Measures::of(self.purpose.queue()),
            };
            let opened = opened.clone();
            self.threads.push(spawn(name, move || worker.run(&opened))?);
        }
        drop(opened);
        let failures: Vec<NoConnection> = outcomes.iter().take(wanted).filter_map(Result::err).collect();
        let missing = failures.len();
        // The others report the recent failure to connect.
        let Some(failure) = failures.into_iter().max_by_key(|failure| failure.outage == Outage::Exhausted) else {
            return Ok(());
        };
        if !self.crew.has_connections() {
            return Err(failure.into());
        }
        tracing::warn!(
            missing,
            wanted = self.threads.len(),
            cause = failure.cause,
            "{name}: fewer connections than configured; the rest is tried again. `sigma doctor` compares them with what the \
             server takes"
        );
        Ok(())
    }

    fn finish(self) -> (Queue, Vec<JoinHandle<()>>) {
        (Queue { name: self.purpose.queue(), messages: self.messages, threads: self.threads.len() }, self.threads)
    }
}

fn prepare(server: &Server, pooler: Pooler, make: bool) -> Result<PostgresConnection, OpenError> {
    let mut session = server.open()?;
    session.allow(server.operation_limit());
    let failed = |error: &super::client::Trouble| OpenError::Server(error.explain());
    let version = session.texts("SHOW server_version_num").map_err(|error| failed(&error))?;
    let version = first(&version).and_then(|version| version.parse::<u32>().ok()).unwrap_or(OLDEST);
    if version < OLDEST {
        return Err(OpenError::Server(format!("it is PostgreSQL {}, Sigma needs 14 or newer", version / 10_000)));
    }
    if pooler == Pooler::None {
        let asked = "SELECT setting FROM pg_catalog.pg_settings WHERE name = 'statement_timeout'";
        let limit = session.texts(asked).map_err(|error| failed(&error))?;
        if first(&limit).and_then(|limit| limit.parse().ok()) != Some(server.statement_timeout()) {
            return Err(OpenError::Server(format!("{POOLER} (what was asked for at the start has no effect)")));
        }
    }
    session.allow(MIGRATION);
    if !make && !migrations::is_there(&mut session) {
        return Err(OpenError::Missing("in PostgreSQL where store.url says: what is there is empty".to_owned()));
    }
    migrations::run(&mut session)?;
    Ok(session)
}

fn first(rows: &[Vec<String>]) -> Option<&String> {
    rows.first().and_then(|row| row.first())
}

impl Schema for PostgresConnection {
    fn batch(&mut self, sql: &str) -> Result<(), SchemaError> {
        self.run(sql).map_err(|error| SchemaError::new(&error.explain()))
    }

    fn rows(&mut self, sql: &str) -> Result<Vec<Vec<String>>, SchemaError> {
        self.texts(sql).map_err(|error| SchemaError::new(&error.explain()))
    }

    /// A row to wait for, since servers that only speak the protocol of PostgreSQL have no advisory locks.
    fn lock(&mut self) -> Result<(), SchemaError> {
        self.batch(
            "CREATE TABLE IF NOT EXISTS migration_lock (id BIGINT NOT NULL PRIMARY KEY); \
             INSERT INTO migration_lock (id) VALUES (1) ON CONFLICT DO NOTHING",
        )?;
        self.batch(
            "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE; SET LOCAL statement_timeout = 0; \
             SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL lock_timeout = '60s'; \
             SET LOCAL client_min_messages = warning; SELECT id FROM migration_lock FOR UPDATE",
        )
    }
}

/// The change feed of a server.
struct ServerFeed {
    server: Arc<Server>,
    ids: Arc<ChangeIds>,
    session: Option<PostgresConnection>,
}

impl Drop for ServerFeed {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            self.server.retire(session);
        }
    }
}

impl Source for ServerFeed {
    fn recent(&mut self) -> Result<Recent, StoreError> {
        let process = self.ids.process();
        recent(&self.read(|tx| tx.query_all(RECENT_CHANGES, crate::params![process]))?)
    }

    fn is_leaving(&mut self) -> Result<bool, StoreError> {
        self.read(|tx| moving::state(tx)).map(|state| state.is_some())
    }
}

impl ServerFeed {
    fn read<T>(&mut self, work: impl FnOnce(&mut PostgresTx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut session = match self.session.take().filter(PostgresConnection::is_usable) {
            Some(session) => session,
            None => self.server.connect().map_err(|failure| failure.outage)?,
        };
        session.allow(self.server.operation_limit());
        let mut tx = PostgresTx::reading(&mut session);
        let read = work(&mut tx);
        if let Err(fault @ (Fault::Lost | Fault::Silence)) = tx.finish() {
            return Err(fault.failure());
        }
        self.session = Some(session);
        read
    }
}
