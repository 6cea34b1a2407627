//! What copying asks of an engine.

use super::TransferError;
use super::file::{FileSource, FileTarget};
use super::server::{ServerSource, ServerTarget};
use super::shape::{Cells, Shape, Sum, Tally};
use super::tables::COPIED;
use crate::options::{StoreOptions, file_path};
use crate::value::Value;

/// The most rows in a batch.
pub(crate) const BATCH_ROWS: usize = 2_000;
/// The most bytes in a batch, but for a single row that is larger.
pub(crate) const BATCH_BYTES: usize = 4 << 20;

/// A database at one moment: what is written later is not seen.
pub(crate) trait Source {
    /// The name of the engine.
    fn engine(&self) -> &'static str;
    /// The version of the schema.
    fn version(&self) -> i64;
    /// The tables that are there and are copied, in the order of [`COPIED`].
    fn shapes(&mut self) -> Result<Vec<Shape>, TransferError>;
    /// The rows of a table.
    fn count(&mut self, table: &str) -> Result<u64, TransferError>;
    /// Begins to walk a table, in the order of its key.
    fn start(&mut self, shape: &Shape) -> Result<(), TransferError>;
    /// The next rows; none at the end.
    fn next(&mut self) -> Result<Vec<Cells>, TransferError>;
    /// Sees what is written by now.
    fn renew(&mut self) -> Result<(), TransferError>;
}

/// A database that is written, in one transaction until [`Target::commit`].
pub(crate) trait Target {
    /// The tables, as [`Source::shapes`].
    fn shapes(&mut self) -> Result<Vec<Shape>, TransferError>;
    /// Whether a table has a row.
    fn has_rows(&mut self, table: &str) -> Result<bool, TransferError>;
    /// Keeps everybody else from writing to these tables until the end.
    fn lock(&mut self, tables: &[&str]) -> Result<(), TransferError>;
    /// Inserts rows.
    fn insert(&mut self, shape: &Shape, rows: &[Cells]) -> Result<(), TransferError>;
    /// Deletes the rows of these keys.
    fn delete(&mut self, shape: &Shape, keys: &[Cells]) -> Result<(), TransferError>;
    /// Sets `column` in the rows of these keys.
    fn update(&mut self, shape: &Shape, column: &str, rows: &[(Value, Cells)]) -> Result<(), TransferError>;
    /// Commits what was written so far, and goes on.
    fn keep(&mut self) -> Result<(), TransferError>;
    /// Runs a statement; returns how many rows it changed.
    fn run(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, TransferError>;
    /// Commits.
    fn commit(self: Box<Self>) -> Result<(), TransferError>;
}

/// The database of `options` as it is now.
pub(crate) fn source(options: &StoreOptions) -> Result<Box<dyn Source>, TransferError> {
    Ok(match file_path(&options.url)? {
        Some(path) => Box::new(FileSource::open(&path)?),
        None => Box::new(ServerSource::open(options)?),
    })
}

/// The same, and nobody writes to it meanwhile.
pub(crate) fn locked_source(options: &StoreOptions) -> Result<Box<dyn Source>, TransferError> {
    Ok(match file_path(&options.url)? {
        Some(path) => Box::new(FileSource::locked(&path)?),
        None => Box::new(ServerSource::locked(options)?),
    })
}

/// The existing database of `options`, to be written.
pub(crate) fn target(options: &StoreOptions) -> Result<Box<dyn Target>, TransferError> {
    Ok(match file_path(&options.url)? {
        Some(path) => Box::new(FileTarget::open(&path)?),
        None => Box::new(ServerTarget::open(options)?),
    })
}

/// The database of `options`, with an empty schema of `version`. It must be empty.
pub(crate) fn server_target(options: &StoreOptions, version: i64) -> Result<Box<dyn Target>, TransferError> {
    Ok(Box::new(ServerTarget::create(options, version)?))
}

/// The file `path`, with an empty schema of `version`.
pub(crate) fn file_target(path: &std::path::Path, version: i64) -> Result<Box<dyn Target>, TransferError> {
    Ok(Box::new(FileTarget::create(path, version)?))
}

/// The tables of [`COPIED`] that `found` has, in that order.
pub(crate) fn copied(found: Vec<Shape>) -> Vec<Shape> {
    let mut found: Vec<Shape> =
        found.into_iter().filter(|shape| COPIED.binary_search(&shape.table.as_str()).is_ok()).collect();
    found.sort_by(|one, other| one.table.cmp(&other.table));
    found
}

/// The checksum of a table.
pub(crate) fn sum(source: &mut dyn Source, shape: &Shape) -> Result<Sum, TransferError> {
    let mut tally = Tally::new();
    source.start(shape)?;
    loop {
        let rows = source.next()?;
        if rows.is_empty() {
            return Ok(tally.finish(&shape.table));
        }
        for row in &rows {
            tally.add(row);
        }
    }
}
