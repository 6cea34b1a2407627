//! The transaction that a store operation works in.

use crate::error::StoreError;
use crate::row::Row;
use crate::value::Value;

/// One transaction on either engine. SQL uses `$1`, `$2`, … and what both engines understand (`README.md`).
///
/// After a statement has failed, everything more is refused and nothing of the operation is kept, even if the operation
/// then answers `Ok`.
pub trait Tx {
    /// Runs a statement that gives no rows; how many rows it changed.
    fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, StoreError>;

    /// The first row of the answer, if there is one. The statement runs to its end all the same.
    fn query_opt(&mut self, sql: &'static str, params: &[Value]) -> Result<Option<Row>, StoreError>;

    /// All rows of the answer, in its order.
    fn query_all(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError>;

    /// Records in the change feed, in this transaction, that `key` of `kind` changed. Caches of this process forget it
    /// after the commit and before the operation is answered; those of other processes within a second.
    fn changed(&mut self, kind: &'static str, key: &str) -> Result<(), StoreError>;
}
