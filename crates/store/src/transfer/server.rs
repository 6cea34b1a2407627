//! Copying from and to a database server.

use std::time::Duration;

use tokio_postgres::types::Type;

use super::TransferError;
use super::database::{BATCH_BYTES, BATCH_ROWS, Source, Target, copied};
use super::shape::{Cells, Column, Kind, Shape, is_name, weight};
use crate::error::OpenError;
use crate::migrations;
use crate::options::StoreOptions;
use crate::postgres::{Fault, PostgresConnection, Server, Trouble};
use crate::value::Value;

/// How long one statement may take: sorting a large table, or a COMMIT of everything.
const LIMIT: Duration = Duration::from_hours(6);
/// Rows of the first batch of a table, before it is known how large they are.
const FIRST: usize = 50;

/// Nothing is set beyond the end of the transaction, so that this works behind a pooler as well.
const NO_LIMITS: &str = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; \
     SET LOCAL lock_timeout = '60s'";

/// The server's database as it was at the first statement: a transaction under REPEATABLE READ, which keeps nobody waiting.
pub(crate) struct ServerSource {
    session: PostgresConnection,
    /// The statements that begin.
    begin: String,
    version: i64,
    walk: Option<Walk>,
}

struct Walk {
    table: String,
    rows: usize,
    is_over: bool,
}

fn connect(options: &StoreOptions) -> Result<PostgresConnection, TransferError> {
    let mut session = Server::at(options)?.open().map_err(OpenError::from)?;
    session.allow(LIMIT);
    Ok(session)
}

impl ServerSource {
    pub(crate) fn open(options: &StoreOptions) -> Result<Self, TransferError> {
        Self::begin(connect(options)?, format!("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; {NO_LIMITS}"))
    }

    /// As [`ServerSource::open`], and nobody writes to the tables as long as it is open.
    pub(crate) fn locked(options: &StoreOptions) -> Result<Self, TransferError> {
        let mut session = connect(options)?;
        let tables: Vec<String> =
            shapes(&mut session)?.into_iter().map(|shape| format!("\"{}\"", shape.table)).collect();
        let lock = format!("LOCK TABLE {} IN SHARE MODE", tables.join(", "));
        Self::begin(session, format!("BEGIN ISOLATION LEVEL REPEATABLE READ, READ WRITE; {NO_LIMITS}; {lock}"))
    }

    fn begin(mut session: PostgresConnection, begin: String) -> Result<Self, TransferError> {
        session.allow(LIMIT);
        session.run(&begin).map_err(failed("the beginning"))?;
        let version = migrations::version(&mut session)?;
        Ok(Self { session, begin, version, walk: None })
    }
}

impl Source for ServerSource {
    fn engine(&self) -> &'static str {
        "PostgreSQL"
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn shapes(&mut self) -> Result<Vec<Shape>, TransferError> {
        shapes(&mut self.session)
    }

    fn count(&mut self, table: &str) -> Result<u64, TransferError> {
        self.session.allow(LIMIT);
        let rows = self.session.ask(&format!("SELECT count(*) FROM \"{table}\""), &[]).map_err(failed(table))?;
        let count = rows.first().map_or(Ok(0), |row| row.int(0)).map_err(TransferError::database(table))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    fn start(&mut self, shape: &Shape) -> Result<(), TransferError> {
        self.session.allow(LIMIT);
        if let Some(walk) = self.walk.take() {
            self.session.run("CLOSE walk").map_err(failed(&walk.table))?;
        }
        // SQLite orders texts by their bytes, whatever the collation of this database.
        let order: Vec<String> = shape
            .key_columns()
            .map(|(_, column)| match column.kind {
                Kind::Text => format!("\"{}\" COLLATE \"C\"", column.name),
                Kind::Int | Kind::Bytes | Kind::Real => format!("\"{}\"", column.name),
            })
            .collect();
        let (columns, table, order) = (shape.columns(), &shape.table, order.join(", "));
        let sql = format!("DECLARE walk NO SCROLL CURSOR FOR SELECT {columns} FROM \"{table}\" ORDER BY {order}");
        self.session.run(&sql).map_err(failed(table))?;
        self.walk = Some(Walk { table: table.clone(), rows: FIRST, is_over: false });
        Ok(())
    }

    fn next(&mut self) -> Result<Vec<Cells>, TransferError> {
        let Some(walk) = self.walk.as_mut().filter(|walk| !walk.is_over) else { return Ok(Vec::new()) };
        self.session.allow(LIMIT);
        let found = self.session.ask(&format!("FETCH {} FROM walk", walk.rows), &[]).map_err(failed(&walk.table))?;
        walk.is_over = found.len() < walk.rows;
        let rows: Vec<Cells> = found.into_iter().map(crate::row::Row::into_values).collect();
        let bytes: usize = rows.iter().map(|row| weight(row)).sum();
        if let Some(each) = bytes.checked_div(rows.len()) {
            walk.rows = (BATCH_BYTES / each.max(1)).clamp(1, BATCH_ROWS).min(walk.rows.saturating_mul(8));
        }
        Ok(rows)
    }

    fn renew(&mut self) -> Result<(), TransferError> {
        self.walk = None;
        self.session.allow(LIMIT);
        self.session.run("COMMIT").and_then(|()| self.session.run(&self.begin)).map_err(failed("the beginning"))?;
        self.version = migrations::version(&mut self.session)?;
        Ok(())
    }
}

/// An empty database of a server that is filled in one transaction, its schema included: if it does not end well, nothing was done.
pub(crate) struct ServerTarget {
    session: PostgresConnection,
}

impl ServerTarget {
    /// Gives the empty database the schema of `version`, and begins to write.
    pub(crate) fn create(options: &StoreOptions, version: i64) -> Result<Self, TransferError> {
        let mut session = connect(options)?;
        migrations::create(&mut session, version)?;
        session.allow(LIMIT);
        session.run(NO_LIMITS).map_err(failed("the beginning"))?;
        Ok(Self { session })
    }
}

/// How writing begins.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE";

impl ServerTarget {
    /// Begins to write to the existing database.
    pub(crate) fn open(options: &StoreOptions) -> Result<Self, TransferError> {
        let mut this = Self { session: connect(options)? };
        this.begin()?;
        Ok(this)
    }

    fn begin(&mut self) -> Result<(), TransferError> {
        self.session.allow(LIMIT);
        self.session.run(&format!("{BEGIN}; {NO_LIMITS}")).map_err(failed("the beginning"))
    }
}

/// `"a" = $1 AND "b" = $2`, counted from `first`.
fn matching(shape: &Shape, first: usize) -> String {
    let each = shape.key.iter().enumerate().map(|(place, name)| format!("\"{name}\" = ${}", first + place));
    each.collect::<Vec<_>>().join(" AND ")
}

impl Target for ServerTarget {
    fn shapes(&mut self) -> Result<Vec<Shape>, TransferError> {
        shapes(&mut self.session)
    }

    fn has_rows(&mut self, table: &str) -> Result<bool, TransferError> {
        self.session.allow(LIMIT);
        let rows = self.session.ask(&format!("SELECT 1 FROM \"{table}\" LIMIT 1"), &[]).map_err(failed(table))?;
        Ok(!rows.is_empty())
    }

    fn lock(&mut self, tables: &[&str]) -> Result<(), TransferError> {
        let tables = tables.iter().map(|table| format!("\"{table}\"")).collect::<Vec<_>>().join(", ");
        self.session.allow(LIMIT);
        let sql = format!("LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE");
        self.session.run(&sql).map_err(failed("the beginning"))
    }

    fn insert(&mut self, shape: &Shape, rows: &[Cells]) -> Result<(), TransferError> {
        self.session.allow(LIMIT);
        let types: Vec<Type> = shape
            .columns
            .iter()
            .map(|column| match column.kind {
                Kind::Text => Type::TEXT,
                Kind::Int => Type::INT8,
                Kind::Bytes => Type::BYTEA,
                Kind::Real => Type::FLOAT8,
            })
            .collect();
        let sql = format!("COPY \"{}\" ({}) FROM STDIN (FORMAT binary)", shape.table, shape.columns());
        self.session.copy_in(&sql, &types, rows).map(drop).map_err(failed(&shape.table))
    }

    fn delete(&mut self, shape: &Shape, keys: &[Cells]) -> Result<(), TransferError> {
        let sql = format!("DELETE FROM \"{}\" WHERE {}", shape.table, matching(shape, 1));
        for key in keys {
            self.session.allow(LIMIT);
            self.session.ask(&sql, key).map_err(failed(&shape.table))?;
        }
        Ok(())
    }

    fn update(&mut self, shape: &Shape, column: &str, rows: &[(Value, Cells)]) -> Result<(), TransferError> {
        let sql = format!("UPDATE \"{}\" SET \"{column}\" = $1 WHERE {}", shape.table, matching(shape, 2));
        for (value, key) in rows {
            self.session.allow(LIMIT);
            let params: Cells = std::iter::once(value).chain(key).cloned().collect();
            self.session.ask(&sql, &params).map_err(failed(&shape.table))?;
        }
        Ok(())
    }

    fn keep(&mut self) -> Result<(), TransferError> {
        self.session.allow(LIMIT);
        self.session.run("COMMIT").map_err(failed("COMMIT"))?;
        self.begin()
    }

    fn run(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, TransferError> {
        self.session.allow(LIMIT);
        self.session.execute(sql, params).map_err(failed("the end"))
    }

    fn commit(mut self: Box<Self>) -> Result<(), TransferError> {
        self.session.allow(LIMIT);
        self.session.run("COMMIT").map_err(failed("COMMIT"))
    }
}

/// Refuses if others of Sigma are connected to the database: servers, or commands.
pub(crate) fn refuse_others(options: &StoreOptions) -> Result<(), TransferError> {
    let mut session = connect(options)?;
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
         AND application_name = current_setting('application_name')";
    let others = session.texts(sql).map_err(failed("the other connections"))?;
    let count = others.first().and_then(|row| row.first()).map_or("0", String::as_str);
    if count == "0" {
        return Ok(());
    }
    let reason = format!("{count} connections of Sigma are open: stop every server on this database first");
    Err(OpenError::Server(reason).into())
}

/// Brings the schema to this version.
pub(crate) fn migrate(options: &StoreOptions) -> Result<(), TransferError> {
    Ok(migrations::run(&mut connect(options)?)?)
}

fn shapes(session: &mut PostgresConnection) -> Result<Vec<Shape>, TransferError> {
    session.allow(LIMIT);
    let columns = session
        .texts(
            "SELECT table_name, column_name, data_type FROM information_schema.columns
             WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position",
        )
        .map_err(failed("the schema"))?;
    let keys = session
        .texts(
            "SELECT k.table_name, k.column_name FROM information_schema.table_constraints AS t
             JOIN information_schema.key_column_usage AS k ON k.constraint_name = t.constraint_name
                AND k.table_schema = t.table_schema AND k.table_name = t.table_name
             WHERE t.constraint_type = 'PRIMARY KEY' AND t.table_schema = current_schema()
             ORDER BY k.table_name, k.ordinal_position",
        )
        .map_err(failed("the schema"))?;
    let mut shapes: Vec<Shape> = Vec::new();
    for column in &columns {
        let [table, name, kind] = column.as_slice() else { continue };
        if !is_name(table) || !is_name(name) {
            continue;
        }
        let kind = match kind.as_str() {
            "bigint" => Kind::Int,
            "bytea" => Kind::Bytes,
            "double precision" => Kind::Real,
            _ => Kind::Text,
        };
        if shapes.last().is_none_or(|shape| shape.table != *table) {
            shapes.push(Shape { table: table.clone(), columns: Vec::new(), key: Vec::new() });
        }
        let Some(shape) = shapes.last_mut() else { continue };
        shape.columns.push(Column { name: name.clone(), kind });
    }
    for key in &keys {
        let [table, name] = key.as_slice() else { continue };
        shapes.iter_mut().filter(|shape| shape.table == *table).for_each(|shape| shape.key.push(name.clone()));
    }
    Ok(copied(shapes))
}

fn failed(table: &str) -> impl FnOnce(Trouble) -> TransferError {
    move |trouble| TransferError::Database { table: table.to_owned(), cause: Fault::of(&trouble, table).failure() }
}
