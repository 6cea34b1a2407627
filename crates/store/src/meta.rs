//! Values that this installation creates once and keeps, by name, sealed by their users.

use crate::{StoreError, Tx, params};

/// The value called `name`, if it exists.
pub fn find(tx: &mut dyn Tx, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    tx.query_opt("SELECT value FROM meta WHERE name = $1", params![name])?.map(|row| row.bytes(0)).transpose()
}

/// The value called `name`; set to `fresh` if it does not exist. Concurrent callers get the same value.
pub fn load_or_set(tx: &mut dyn Tx, name: &str, fresh: &[u8]) -> Result<Vec<u8>, StoreError> {
    tx.execute("INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", params![name, fresh])?;
    find(tx, name)?.ok_or_else(|| StoreError::Corrupt(format!("{name} is missing")))
}

/// Sets the value called `name`.
pub(crate) fn replace(tx: &mut dyn Tx, name: &str, value: &[u8]) -> Result<(), StoreError> {
    let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    tx.execute(sql, params![name, value]).map(drop)
}
