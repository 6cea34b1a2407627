//! The databases of tests on the PostgreSQL that `SIGMA_TEST_POSTGRES` names.

#![expect(clippy::expect_used, clippy::panic, reason = "a harness fails by panicking")]

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};

use tokio_postgres::{Error, SimpleQueryMessage};

use super::COUNT;
use crate::postgres::Spares;

/// Databases with the schema and without rows, left by earlier tests of this process: creating, migrating and dropping a
/// database takes longer than most tests.
static EMPTIED: Mutex<Vec<Lent>> = Mutex::new(Vec::new());

/// Tables, indexes and functions of a migrated database, and the migrations that made them.
const RELATIONS: &str = "SELECT (SELECT count(*) FROM pg_class) || ' ' || (SELECT count(*) FROM pg_proc) || ' ' || \
     (SELECT string_agg(version || ':' || checksum, ',' ORDER BY version) FROM refinery_schema_history)";

/// Ends what other connections do, except those that wait for the next test, and deletes all rows.
const EMPTY: &str = "DO $$ DECLARE filled regclass; BEGIN \
     PERFORM pg_terminate_backend(pid) FROM pg_stat_activity \
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'; \
     SET LOCAL session_replication_role = replica; \
     FOR filled IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' \
       AND pg_relation_size(oid) > 0 AND relname NOT IN ('refinery_schema_history', 'migration_lock') \
     LOOP EXECUTE format('DELETE FROM %s', filled); END LOOP; END $$";

/// A database that one test after the other uses, and the connection that empties it in between: a new one would have to learn
/// of all tables first.
pub(super) struct Lent {
    name: String,
    session: Session,
    spares: Spares,
}

impl Lent {
    /// One that an earlier test has left, or a new one.
    pub(super) fn take() -> Self {
        let left = EMPTIED.lock().unwrap_or_else(PoisonError::into_inner).pop();
        left.unwrap_or_else(|| {
            let name = create();
            Self { session: Session::at(url_of(&name)), name, spares: Spares::default() }
        })
    }

    /// Its address.
    pub(super) fn url(&self) -> String {
        url_of(&self.name)
    }

    /// Connections that earlier tests have left.
    pub(super) fn spares(&self) -> Spares {
        self.spares.clone()
    }

    /// Notes the schema that it has once it is migrated, so that a change can be told.
    pub(super) fn note_schema(&self) {
        UNCHANGED.get_or_init(|| self.session.ask(RELATIONS).expect("the schema is read").concat());
    }

    /// Leaves it to the next test, or drops it if this one failed, for that may have left anything, or changed the schema.
    pub(super) fn give_back(self) {
        if !std::thread::panicking() && self.is_empty_again() {
            EMPTIED.lock().unwrap_or_else(PoisonError::into_inner).push(self);
        } else {
            drop_database(&self.name);
        }
    }

    fn is_empty_again(&self) -> bool {
        let schema = self.session.ask(EMPTY).and_then(|_| self.session.ask(RELATIONS));
        schema.is_ok_and(|schema| Some(&schema.concat()) == UNCHANGED.get())
    }
}

/// What [`RELATIONS`] says of a migrated database.
static UNCHANGED: OnceLock<String> = OnceLock::new();

/// A statement, and where its answer goes.
type Question = (String, Sender<Result<Vec<String>, Error>>);

/// A connection that connects when it is first used. It has a thread of its own, because a client must not run inside the runtime
/// of an asynchronous test.
struct Session(Sender<Question>);

impl Session {
    fn at(url: String) -> Self {
        let (questions, asked) = channel();
        std::thread::spawn(move || answer(&url, &asked));
        Self(questions)
    }

    /// Runs `sql` and returns the first column of every row.
    fn ask(&self, sql: &str) -> Result<Vec<String>, Error> {
        let (reply, answer) = channel();
        self.0.send((sql.to_owned(), reply)).expect("the session runs");
        answer.recv().expect("the session answers")
    }
}

/// Answers until nobody can ask any more.
fn answer(url: &str, asked: &Receiver<Question>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let Ok((sql, reply)) = asked.recv() else { return };
    let client = match runtime.block_on(tokio_postgres::connect(url, tokio_postgres::NoTls)) {
        Ok((client, connection)) => {
            runtime.spawn(connection);
            client
        }
        Err(error) => return drop(reply.send(Err(error))),
    };
    let mut next = Some((sql, reply));
    while let Some((sql, reply)) = next {
        let answer = runtime.block_on(client.simple_query(&sql));
        // Whoever asked may be gone.
        let _ = reply.send(answer.map(|messages| messages.iter().filter_map(first_column).collect()));
        next = asked.recv().ok();
    }
}

fn first_column(message: &SimpleQueryMessage) -> Option<String> {
    match message {
        SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
        _ => None,
    }
}

/// The server to test on.
pub(super) fn server_url() -> String {
    std::env::var("SIGMA_TEST_POSTGRES").unwrap_or_else(|_| {
        panic!(
            "SIGMA_TEST_POSTGRES is not set, so the store cannot be tested on PostgreSQL. Run `make test`, which starts a \
             server, or set SIGMA_TEST_ENGINES=sqlite to test on SQLite alone"
        )
    })
}

/// Creates a database and returns its name.
pub(super) fn create() -> String {
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("sigma_test_{}_{number}", std::process::id());
    administer(&format!("CREATE DATABASE {name}"));
    name
}

/// Drops a database, with all connections to it.
pub(super) fn drop_database(name: &str) {
    administer(&format!("DROP DATABASE {name} WITH (FORCE)"));
}

/// Runs `sql` on the test server, through a connection to its own database.
///
/// # Panics
/// If it fails.
pub fn administer(sql: &str) {
    Session::at(server_url()).ask(sql).expect("the PostgreSQL of the tests does what is asked");
}

/// The address of a database on the test server.
pub(super) fn url_of(name: &str) -> String {
    with_database(&server_url(), name)
}

/// `url` with another database.
fn with_database(url: &str, name: &str) -> String {
    let (address, parameters) = url.split_once('?').map_or((url, None), |(address, rest)| (address, Some(rest)));
    let host_at = address.find("://").map_or(0, |at| at + 3);
    let end = address.get(host_at..).and_then(|rest| rest.find('/')).map_or(address.len(), |at| host_at + at);
    let address = address.get(..end).unwrap_or(address);
    parameters.map_or_else(|| format!("{address}/{name}"), |rest| format!("{address}/{name}?{rest}"))
}
