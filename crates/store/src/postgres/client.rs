//! A connection, the runtime that drives it, and the statements prepared on it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, SimpleQueryMessage, Statement};

use crate::options::Pooler;
use crate::row::Row;
use crate::sql;
use crate::stopwatch;
use crate::value::Value;

/// How long a connection has to close cleanly.
const FAREWELL: Duration = Duration::from_millis(50);

/// Why a statement has no result.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The server reported an error, or the connection broke.
    Reported(Error),
    /// No response within the operation's time limit. The connection is not used again.
    Silence,
}

/// A connection that one thread owns. It is driven only while that thread waits for a response.
pub(crate) struct PostgresConnection {
    /// Taken when the session ends.
    runtime: Option<Runtime>,
    client: Option<Client>,
    driver: Option<JoinHandle<()>>,
    pooler: Pooler,
    prepared: HashMap<&'static str, Statement>,
    /// The deadline of the operation that uses the connection.
    deadline: Instant,
    /// Whether a transaction may still be open on it, or a response outstanding.
    spoiled: bool,
}

/// A runtime for one connection, on the thread that waits for it.
pub(crate) fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

impl PostgresConnection {
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

    /// Allows whatever follows `limit` from now.
    pub(crate) fn allow(&mut self, limit: Duration) {
        self.deadline = stopwatch::now() + limit;
    }

    /// Whether the time that [`Session::allow`] set is over.
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

    /// Rolls the transaction back. If that fails, the connection is not used again.
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
        decoded(&rows)
    }

    /// The rows of a statement that is not prepared, with their types.
    pub(crate) fn ask(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, Trouble> {
        let rows = self.wait(async |client: &Client| client.query_typed(sql, &typed(params)).await)?;
        decoded(&rows)
    }

    /// Inserts rows by `sql`, a COPY from the client in the binary format.
    pub(crate) fn copy_in(&mut self, sql: &str, types: &[Type], rows: &[Vec<Value>]) -> Result<u64, Trouble> {
        self.wait(async |client: &Client| {
            let mut writer = std::pin::pin!(BinaryCopyInWriter::new(client.copy_in(sql).await?, types));
            for row in rows {
                writer.as_mut().write(&borrowed(row)).await?;
            }
            writer.finish().await
        })
    }

    /// How many parameters `sql` takes.
    pub(crate) fn parameters(&mut self, sql: &'static str) -> Result<usize, Trouble> {
        if self.pooler == Pooler::Transaction {
            return Ok(sql::parameters(sql));
        }
        self.statement(sql).map(|statement| statement.params().len())
    }

    /// Statements are prepared once per connection. Behind a pooler that gives every transaction another connection
    /// they are sent unprepared.
    fn statement(&mut self, sql: &'static str) -> Result<Statement, Trouble> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.wait(async |client: &Client| client.prepare(sql).await)?;
        self.prepared.insert(sql, statement.clone());
        Ok(statement)
    }

    /// Waits for a response until the deadline. After a timeout the state of the connection is unknown.
    fn wait<T>(&mut self, ask: impl AsyncFnOnce(&Client) -> Result<T, Error>) -> Result<T, Trouble> {
        let (Some(runtime), Some(client)) = (&self.runtime, &self.client) else { return Err(Trouble::Silence) };
        let left = self.deadline.saturating_duration_since(stopwatch::now());
        if let Ok(answer) = runtime.block_on(async { tokio::time::timeout(left, ask(client)).await }) {
            return answer.map_err(Trouble::Reported);
        }
        self.spoiled = true;
        Err(Trouble::Silence)
    }
}

impl Drop for PostgresConnection {
    /// Terminates the session if the server still responds, and closes the socket.
    fn drop(&mut self) {
        let (Some(runtime), Some(driver)) = (self.runtime.take(), self.driver.take()) else { return };
        drop(self.client.take());
        // Blocking is not allowed on a thread of another runtime.
        if !self.spoiled && Handle::try_current().is_err() {
            // Whatever is not sent in time is dropped.
            drop(runtime.block_on(async { tokio::time::timeout(FAREWELL, driver).await }));
        }
        // Without waiting for a name lookup in progress.
        runtime.shutdown_background();
    }
}

fn decoded(rows: &[tokio_postgres::Row]) -> Result<Vec<Row>, Trouble> {
    rows.iter()
        .map(|row| (0..row.len()).map(|column| row.try_get(column)).collect::<Result<_, Error>>().map(Row::new))
        .collect::<Result<_, Error>>()
        .map_err(Trouble::Reported)
}

fn borrowed(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|value| -> &(dyn ToSql + Sync) { value }).collect()
}

/// The parameters with the types of their columns. The server infers that of a NULL.
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
