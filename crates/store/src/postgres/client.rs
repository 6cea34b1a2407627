//! A connection, the runtime that drives it, and the statements prepared on it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, SimpleQueryMessage, Statement};

use crate::row::Row;
use crate::sql;
use crate::stopwatch;
use crate::store::Pooler;
use crate::value::Value;

/// How long a connection has to say goodbye.
const FAREWELL: Duration = Duration::from_millis(50);

/// Why a statement has no answer.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The server said so, or the connection broke.
    Told(Error),
    /// Nothing came back in the time that the operation has. The connection is not used again.
    Silence,
}

/// A connection that one thread owns. It is driven only while that thread waits for an answer.
pub(crate) struct Session {
    /// Taken when the session ends.
    runtime: Option<Runtime>,
    client: Option<Client>,
    driver: Option<JoinHandle<()>>,
    pooler: Pooler,
    prepared: HashMap<&'static str, Statement>,
    /// When the operation that uses the connection has to be done.
    deadline: Instant,
    /// Whether a transaction may have been left open on it, or an answer may still come.
    spoiled: bool,
}

/// A runtime for one connection, on the thread that waits for it.
pub(crate) fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

impl Session {
    pub(crate) fn new(runtime: Runtime, client: Client, driver: JoinHandle<()>, pooler: Pooler) -> Self {
        Self {
            runtime: Some(runtime),
            client: Some(client),
            driver: Some(driver),
            pooler,
            prepared: HashMap::new(),
            deadline: stopwatch::now(),
            spoiled: false,
        }
    }

    /// Gives whatever follows `limit` from now.
    pub(crate) fn allow(&mut self, limit: Duration) {
        self.deadline = stopwatch::now() + limit;
    }

    /// Whether the time has passed that [`Session::allow`] gave.
    pub(crate) fn is_late(&self) -> bool {
        stopwatch::now() >= self.deadline
    }

    /// Runs statements without parameters or rows, such as BEGIN.
    pub(crate) fn run(&mut self, sql: &str) -> Result<(), Trouble> {
        self.wait(async |client: &Client| client.batch_execute(sql).await)
    }

    /// The rows of a query without parameters, every column as text.
    pub(crate) fn texts(&mut self, sql: &str) -> Result<Vec<Vec<String>>, Trouble> {
        let answer = self.wait(async |client: &Client| client.simple_query(sql).await)?;
        let rows = answer.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        Ok(rows
            .map(|row| (0..row.len()).map(|column| row.get(column).unwrap_or_default().to_owned()).collect())
            .collect())
    }

    /// Leaves the transaction. If that fails the connection is not used again.
    pub(crate) fn roll_back(&mut self) {
        if self.run("ROLLBACK").is_err() {
            self.spoiled = true;
        }
    }

    /// Whether another operation may use the connection.
    pub(crate) fn is_usable(&self) -> bool {
        !self.spoiled && self.client.as_ref().is_some_and(|client| !client.is_closed())
    }

    pub(crate) fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, Trouble> {
        if self.pooler == Pooler::Transaction {
            return self.wait(async |client: &Client| client.execute_typed(sql, &typed(params)).await);
        }
        let statement = self.statement(sql)?;
        self.wait(async |client: &Client| client.execute(&statement, &borrowed(params)).await)
    }

    pub(crate) fn query(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, Trouble> {
        let rows = if self.pooler == Pooler::Transaction {
            self.wait(async |client: &Client| client.query_typed(sql, &typed(params)).await)?
        } else {
            let statement = self.statement(sql)?;
            self.wait(async |client: &Client| client.query(&statement, &borrowed(params)).await)?
        };
        rows.iter()
            .map(|row| (0..row.len()).map(|column| row.try_get(column)).collect::<Result<_, Error>>().map(Row::new))
            .collect::<Result<_, Error>>()
            .map_err(Trouble::Told)
    }

    /// How many parameters `sql` takes.
    pub(crate) fn parameters(&mut self, sql: &'static str) -> Result<usize, Trouble> {
        if self.pooler == Pooler::Transaction {
            return Ok(sql::parameters(sql));
        }
        self.statement(sql).map(|statement| statement.params().len())
    }

    /// Statements are prepared once a connection. Behind a pooler that gives every transaction another connection they
    /// are sent as they are.
    fn statement(&mut self, sql: &'static str) -> Result<Statement, Trouble> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.wait(async |client: &Client| client.prepare(sql).await)?;
        self.prepared.insert(sql, statement.clone());
        Ok(statement)
    }

    /// Waits for an answer until the deadline. After a silence nobody knows what the connection will say next.
    fn wait<T>(&mut self, ask: impl AsyncFnOnce(&Client) -> Result<T, Error>) -> Result<T, Trouble> {
        let (Some(runtime), Some(client)) = (&self.runtime, &self.client) else { return Err(Trouble::Silence) };
        let left = self.deadline.saturating_duration_since(stopwatch::now());
        if let Ok(answer) = runtime.block_on(async { tokio::time::timeout(left, ask(client)).await }) {
            return answer.map_err(Trouble::Told);
        }
        self.spoiled = true;
        Err(Trouble::Silence)
    }
}

impl Drop for Session {
    /// Tells the server that nothing more comes, if it listens, and closes the socket.
    fn drop(&mut self) {
        let (Some(runtime), Some(driver)) = (self.runtime.take(), self.driver.take()) else { return };
        drop(self.client.take());
        // On a thread of another runtime nobody may wait.
        if !self.spoiled && Handle::try_current().is_err() {
            // What does not leave in time is cut off.
            drop(runtime.block_on(async { tokio::time::timeout(FAREWELL, driver).await }));
        }
        // Without waiting for a name that is still being looked up.
        runtime.shutdown_background();
    }
}

fn borrowed(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|value| -> &(dyn ToSql + Sync) { value }).collect()
}

/// The parameters with the types that columns have. That of a NULL is for the server to find out.
fn typed(params: &[Value]) -> Vec<(&(dyn ToSql + Sync), Type)> {
    params
        .iter()
        .map(|value| {
            let kind = match value {
                Value::Null => Type::UNKNOWN,
                Value::Int(_) => Type::INT8,
                Value::Real(_) => Type::FLOAT8,
                Value::Text(_) => Type::TEXT,
                Value::Bytes(_) => Type::BYTEA,
            };
            let value: &(dyn ToSql + Sync) = value;
            (value, kind)
        })
        .collect()
}
