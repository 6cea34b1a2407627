//! A connection and the statements prepared on it.

use std::collections::HashMap;

use postgres::types::ToSql;
use postgres::{Client, Error, Statement};

use crate::row::Row;
use crate::value::Value;

/// A connection that one thread owns.
pub(crate) struct Session {
    client: Client,
    prepared: HashMap<&'static str, Statement>,
    /// Whether a transaction may have been left open on it.
    spoiled: bool,
}

impl Session {
    pub(crate) fn new(client: Client) -> Self {
        Self { client, prepared: HashMap::new(), spoiled: false }
    }

    /// Runs a statement without parameters or rows, such as BEGIN.
    pub(crate) fn run(&mut self, sql: &str) -> Result<(), Error> {
        self.client.batch_execute(sql)
    }

    /// Leaves the transaction. If that fails the connection is not used again.
    pub(crate) fn roll_back(&mut self) {
        self.spoiled = self.run("ROLLBACK").is_err();
    }

    /// Whether another operation may use the connection.
    pub(crate) fn is_usable(&self) -> bool {
        !self.spoiled && !self.client.is_closed()
    }

    pub(crate) fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, Error> {
        let statement = self.statement(sql)?;
        self.client.execute(&statement, &borrowed(params))
    }

    pub(crate) fn query(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, Error> {
        let statement = self.statement(sql)?;
        let rows = self.client.query(&statement, &borrowed(params))?;
        rows.iter()
            .map(|row| (0..row.len()).map(|column| row.try_get(column)).collect::<Result<_, Error>>().map(Row::new))
            .collect()
    }

    /// How many parameters `sql` takes.
    pub(crate) fn parameters(&mut self, sql: &'static str) -> Result<usize, Error> {
        self.statement(sql).map(|statement| statement.params().len())
    }

    fn statement(&mut self, sql: &'static str) -> Result<Statement, Error> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql)?;
        self.prepared.insert(sql, statement.clone());
        Ok(statement)
    }
}

fn borrowed(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|value| -> &(dyn ToSql + Sync) { value }).collect()
}
