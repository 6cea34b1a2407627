//! Copying from and to a database file.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, params_from_iter};

use super::TransferError;
use super::database::{BATCH_BYTES, BATCH_ROWS, Source, Target, copied};
use super::shape::{Cells, Column, Kind, Shape, is_name, weight};
use crate::error::{OpenError, StoreError};
use crate::migrations;
use crate::sqlite::{SqliteConnection, decode, explain, prepare_file};
use crate::value::Value;

/// How a walk begins, and how if nobody may write meanwhile.
const BEGIN: &str = "BEGIN";
const BEGIN_LOCKED: &str = "BEGIN IMMEDIATE";
/// How long the write lock is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A database file as it is now: an open read transaction sees one moment of it, and nobody waits for it.
pub(crate) struct FileSource {
    session: SqliteConnection,
    /// The statement that begins.
    begin: &'static str,
    version: i64,
    page: Option<Page>,
}

/// Where a walk is.
struct Page {
    shape: Shape,
    first: String,
    next: String,
    after: Option<Cells>,
    is_over: bool,
}

impl FileSource {
    pub(crate) fn open(path: &Path) -> Result<Self, TransferError> {
        Self::begin(path, BEGIN)
    }

    /// As [`FileSource::open`], and nobody writes to the file as long as it is open.
    pub(crate) fn locked(path: &Path) -> Result<Self, TransferError> {
        Self::begin(path, BEGIN_LOCKED)
    }

    fn begin(path: &Path, begin: &'static str) -> Result<Self, TransferError> {
        if std::fs::metadata(path).map_or(true, |file| file.len() == 0) {
            return Err(OpenError::Missing(path.display().to_string()).into());
        }
        let mut session = SqliteConnection::open(path, PATIENCE)?;
        session.run(begin).map_err(failed("the beginning"))?;
        // The first read decides which moment is seen.
        let version = migrations::version(&mut session)?;
        Ok(Self { session, begin, version, page: None })
    }
}

impl Source for FileSource {
    fn engine(&self) -> &'static str {
        "SQLite"
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn shapes(&mut self) -> Result<Vec<Shape>, TransferError> {
        shapes(self.session.connection())
    }

    fn count(&mut self, table: &str) -> Result<u64, TransferError> {
        let sql = format!("SELECT count(*) FROM \"{table}\"");
        let count = self.session.connection().query_row(&sql, [], |row| row.get::<_, i64>(0));
        count.map(|count| u64::try_from(count).unwrap_or(0)).map_err(failed(table))
    }

    fn start(&mut self, shape: &Shape) -> Result<(), TransferError> {
        let (columns, table, key) = (shape.columns(), &shape.table, shape.key());
        let marks = (1..=shape.key.len()).map(|number| format!("?{number}")).collect::<Vec<_>>().join(", ");
        let tail = format!("ORDER BY {key} LIMIT {BATCH_ROWS}");
        self.page = Some(Page {
            first: format!("SELECT {columns} FROM \"{table}\" {tail}"),
            next: format!("SELECT {columns} FROM \"{table}\" WHERE ({key}) > ({marks}) {tail}"),
            shape: shape.clone(),
            after: None,
            is_over: false,
        });
        Ok(())
    }

    fn next(&mut self) -> Result<Vec<Cells>, TransferError> {
        let Some(page) = self.page.as_mut().filter(|page| !page.is_over) else { return Ok(Vec::new()) };
        let sql = if page.after.is_some() { &page.next } else { &page.first };
        let read = || {
            let mut statement = self.session.connection().prepare_cached(sql)?;
            let columns = statement.column_count();
            let mut found = statement.query(params_from_iter(page.after.iter().flatten()))?;
            let (mut rows, mut bytes) = (Vec::new(), 0);
            while bytes < BATCH_BYTES
                && let Some(row) = found.next()?
            {
                let row = decode(row, columns)?.into_values();
                bytes += weight(&row);
                rows.push(row);
            }
            Ok((rows, bytes))
        };
        let (rows, bytes) = read().map_err(failed(&page.shape.table))?;
        page.is_over = rows.len() < BATCH_ROWS && bytes < BATCH_BYTES;
        page.after = rows.last().map(|row| page.shape.key_of(row));
        Ok(rows)
    }

    fn renew(&mut self) -> Result<(), TransferError> {
        self.page = None;
        self.session.run("COMMIT").and_then(|()| self.session.run(self.begin)).map_err(failed("the beginning"))?;
        self.version = migrations::version(&mut self.session)?;
        Ok(())
    }
}

/// A new database file that is filled: nobody else knows it yet.
pub(crate) struct FileTarget {
    session: SqliteConnection,
}

impl FileTarget {
    /// Creates the file `path` with an empty schema of `version`, and begins to write.
    pub(crate) fn create(path: &Path, version: i64) -> Result<Self, TransferError> {
        prepare_file(path)?;
        let mut session = SqliteConnection::open(path, PATIENCE)?;
        migrations::create(&mut session, version)?;
        Ok(Self { session })
    }
}

impl FileTarget {
    /// Begins to write to the existing file `path`.
    pub(crate) fn open(path: &Path) -> Result<Self, TransferError> {
        let session = SqliteConnection::open(path, PATIENCE)?;
        session.run(BEGIN_LOCKED).map_err(failed("the beginning"))?;
        Ok(Self { session })
    }

    /// Runs `sql` for each of `rows`.
    fn run_each<'r>(
        &self,
        table: &str,
        sql: &str,
        rows: impl Iterator<Item = Vec<&'r Value>>,
    ) -> Result<(), TransferError> {
        let write = || {
            let mut statement = self.session.connection().prepare_cached(sql)?;
            for row in rows {
                statement.execute(params_from_iter(row))?;
            }
            Ok(())
        };
        write().map_err(failed(table))
    }
}

/// `"a" = ?1 AND "b" = ?2`, counted from `first`.
fn matching(shape: &Shape, first: usize) -> String {
    let each = shape.key.iter().enumerate().map(|(place, name)| format!("\"{name}\" = ?{}", first + place));
    each.collect::<Vec<_>>().join(" AND ")
}

impl Target for FileTarget {
    fn shapes(&mut self) -> Result<Vec<Shape>, TransferError> {
        shapes(self.session.connection())
    }

    fn has_rows(&mut self, table: &str) -> Result<bool, TransferError> {
        has_rows(self.session.connection(), table)
    }

    fn lock(&mut self, _: &[&str]) -> Result<(), TransferError> {
        // Whoever writes to a file has all of it.
        Ok(())
    }

    fn insert(&mut self, shape: &Shape, rows: &[Cells]) -> Result<(), TransferError> {
        let marks = (1..=shape.columns.len()).map(|number| format!("?{number}")).collect::<Vec<_>>().join(", ");
        let sql = format!("INSERT INTO \"{}\" ({}) VALUES ({marks})", shape.table, shape.columns());
        self.run_each(&shape.table, &sql, rows.iter().map(|row| row.iter().collect()))
    }

    fn delete(&mut self, shape: &Shape, keys: &[Cells]) -> Result<(), TransferError> {
        let sql = format!("DELETE FROM \"{}\" WHERE {}", shape.table, matching(shape, 1));
        self.run_each(&shape.table, &sql, keys.iter().map(|key| key.iter().collect()))
    }

    fn update(&mut self, shape: &Shape, column: &str, rows: &[(Value, Cells)]) -> Result<(), TransferError> {
        let sql = format!("UPDATE \"{}\" SET \"{column}\" = ?1 WHERE {}", shape.table, matching(shape, 2));
        let rows = rows.iter().map(|(value, key)| std::iter::once(value).chain(key).collect());
        self.run_each(&shape.table, &sql, rows)
    }

    fn keep(&mut self) -> Result<(), TransferError> {
        self.session.run("COMMIT").and_then(|()| self.session.run(BEGIN_LOCKED)).map_err(failed("COMMIT"))
    }

    fn run(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, TransferError> {
        let sql = crate::sql::for_sqlite(sql);
        let changed = self.session.connection().execute(&sql, params_from_iter(params)).map_err(failed("the end"))?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    fn commit(self: Box<Self>) -> Result<(), TransferError> {
        self.session.run("COMMIT").map_err(failed("the end"))
    }
}

/// Whether a table of the file has a row.
pub(crate) fn has_rows(connection: &Connection, table: &str) -> Result<bool, TransferError> {
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM \"{table}\" LIMIT 1)");
    connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).map(|rows| rows > 0).map_err(failed(table))
}

/// The names of all tables of a file, whoever made them.
pub(crate) fn all_tables(connection: &Connection) -> Result<Vec<String>, TransferError> {
    let read = || {
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
        let mut statement = connection.prepare(sql)?;
        statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<_>, rusqlite::Error>>()
    };
    read().map_err(failed("the schema"))
}

/// The tables of a file.
pub(crate) fn shapes(connection: &Connection) -> Result<Vec<Shape>, TransferError> {
    let read = || {
        let sql = "SELECT t.name, c.name, c.type, c.pk FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c
             WHERE t.type = 'table' ORDER BY t.name, c.cid";
        let mut statement = connection.prepare(sql)?;
        let columns = statement.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?, row.get::<_, i64>(3)?))
        })?;
        columns.collect::<Result<Vec<_>, rusqlite::Error>>()
    };
    let mut shapes: Vec<(Shape, Vec<(i64, String)>)> = Vec::new();
    for (table, name, kind, place) in read().map_err(failed("the schema"))? {
        if !is_name(&table) || !is_name(&name) {
            continue;
        }
        let kind = match kind.as_str() {
            "BIGINT" => Kind::Int,
            "BYTEA" => Kind::Bytes,
            "DOUBLE PRECISION" => Kind::Real,
            _ => Kind::Text,
        };
        if shapes.last().is_none_or(|(shape, _)| shape.table != table) {
            shapes.push((Shape { table, columns: Vec::new(), key: Vec::new() }, Vec::new()));
        }
        let Some((shape, key)) = shapes.last_mut() else { continue };
        if place > 0 {
            key.push((place, name.clone()));
        }
        shape.columns.push(Column { name, kind });
    }
    let with_keys = shapes.into_iter().map(|(shape, mut key)| {
        key.sort();
        Shape { key: key.into_iter().map(|(_, name)| name).collect(), ..shape }
    });
    Ok(copied(with_keys.collect()))
}

pub(crate) fn failed(table: &str) -> impl FnOnce(rusqlite::Error) -> TransferError {
    move |error| {
        let cause: StoreError = explain(&error);
        TransferError::Database { table: table.to_owned(), cause }
    }
}
