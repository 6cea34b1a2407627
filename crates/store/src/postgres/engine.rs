//! The threads of the PostgreSQL engine.

use std::sync::Arc;

use crossbeam_channel::{Receiver, bounded};
use postgres::{Client, SimpleQueryMessage};

use super::client::Session;
use super::fault::{Fault, explain};
use super::server::{Purpose, Server};
use super::tx::{DELETE_CHANGES, PostgresTx, RECENT_CHANGES};
use super::worker::Worker;
use crate::error::{OpenError, Outage, StoreError};
use crate::feed::{Feed, Recent, Source, recent};
use crate::migrations::{self, Schema, SchemaError};
use crate::store::{ChangeIds, Engine, Message, Queue, StoreOptions, spawn};
use crate::tx::Tx as _;

/// The oldest release that the tests run on, as the server counts.
const OLDEST: u32 = 140_000;

/// Brings the database to this version and starts the threads.
pub(crate) fn start(
    options: &StoreOptions,
    feed: &Arc<Feed>,
    ids: &Arc<ChangeIds>,
) -> Result<(Engine, Box<dyn Source>), OpenError> {
    let server = Arc::new(Server::at(&options.url)?);
    let (at, make) = (Arc::clone(&server), options.make);
    // The client brings a runtime of its own, which must not meet that of the caller.
    let prepared = std::thread::spawn(move || prepare(&at, make)).join();
    prepared.unwrap_or_else(|_| Err(OpenError::Server("the opening thread ended by a panic".to_owned())))?;
    let (to_write, write_queue) = bounded(options.queue);
    let (to_read, read_queue) = bounded(options.queue);
    let workers = |count: usize, purpose: Purpose, name: &str, queue: &Receiver<Message>| {
        let worker = || {
            let worker = Worker {
                server: Arc::clone(&server),
                purpose,
                queue: queue.clone(),
                feed: Arc::clone(feed),
                ids: Arc::clone(ids),
                session: None,
            };
            spawn(name, move || worker.run())
        };
        (0..count.max(1)).map(|_| worker()).collect::<Result<Vec<_>, _>>()
    };
    let engine = Engine {
        writes: Queue { messages: to_write, threads: options.writers.max(1) },
        reads: Queue { messages: to_read, threads: options.readers.max(1) },
        writers: workers(options.writers, Purpose::Write, "sigma-writer", &write_queue)?,
        readers: workers(options.readers, Purpose::Read, "sigma-reader", &read_queue)?,
        delete_changes: DELETE_CHANGES,
    };
    Ok((engine, Box::new(ServerFeed { server, ids: Arc::clone(ids), session: None })))
}

fn prepare(server: &Server, make: bool) -> Result<(), OpenError> {
    let failed = |error: &postgres::Error| OpenError::Server(explain(error));
    let mut client = server.client(Purpose::Migrate).map_err(|error| failed(&error))?;
    let version = client.rows("SHOW server_version_num").map_err(|error| OpenError::Server(error.to_string()))?;
    let version = version.first().and_then(|row| row.first()?.parse::<u32>().ok()).unwrap_or(OLDEST);
    if version < OLDEST {
        return Err(OpenError::Server(format!("it is PostgreSQL {}, Sigma needs 14 or newer", version / 10_000)));
    }
    if !make && !migrations::is_there(&mut client) {
        return Err(OpenError::Missing("in PostgreSQL where store.url says: what is there is empty".to_owned()));
    }
    migrations::run(&mut client)
}

impl Schema for Client {
    fn batch(&mut self, sql: &str) -> Result<(), SchemaError> {
        self.batch_execute(sql).map_err(|error| SchemaError::new(&explain(&error)))
    }

    fn rows(&mut self, sql: &str) -> Result<Vec<Vec<String>>, SchemaError> {
        let answer = self.simple_query(sql).map_err(|error| SchemaError::new(&explain(&error)))?;
        let rows = answer.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        Ok(rows
            .map(|row| (0..row.len()).map(|column| row.get(column).unwrap_or_default().to_owned()).collect())
            .collect())
    }

    /// A row to wait for, since servers that only speak like PostgreSQL have no advisory locks.
    fn lock(&mut self) -> Result<(), SchemaError> {
        self.batch(
            "CREATE TABLE IF NOT EXISTS migration_lock (id BIGINT NOT NULL PRIMARY KEY); \
             INSERT INTO migration_lock (id) VALUES (1) ON CONFLICT DO NOTHING",
        )?;
        self.batch("BEGIN; SELECT id FROM migration_lock FOR UPDATE")
    }
}

/// The change feed of a server.
struct ServerFeed {
    server: Arc<Server>,
    ids: Arc<ChangeIds>,
    session: Option<Session>,
}

impl Source for ServerFeed {
    fn recent(&mut self) -> Result<Recent, StoreError> {
        let mut session = match self.session.take().filter(Session::is_usable) {
            Some(session) => session,
            None => self.server.connect(Purpose::Read)?,
        };
        let no_id = String::new;
        let mut tx = PostgresTx::new(&mut session, &no_id);
        let rows = tx.query_all(RECENT_CHANGES, crate::params![self.ids.process()]);
        if let Err(Fault::Lost) = tx.finish() {
            return Err(Outage::Disconnected.into());
        }
        self.session = Some(session);
        recent(&rows?)
    }
}
