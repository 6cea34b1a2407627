//! What this installation made once and keeps: named values, sealed by whoever needs them.

use crate::{StoreError, Tx, params};

/// The value called `name`, if there is one.
pub fn find(tx: &mut dyn Tx, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    tx.query_opt("SELECT value FROM meta WHERE name = $1", params![name])?.map(|row| row.bytes(0)).transpose()
}

/// The value called `name`; `fresh` becomes it if there is none yet. Of two who come at once, both get the same.
pub fn load_or_set(tx: &mut dyn Tx, name: &str, fresh: &[u8]) -> Result<Vec<u8>, StoreError> {
    tx.execute("INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", params![name, fresh])?;
    find(tx, name)?.ok_or_else(|| StoreError::Corrupt(format!("{name} is missing")))
}

/// Makes `value` the one called `name`.
pub(crate) fn replace(tx: &mut dyn Tx, name: &str, value: &[u8]) -> Result<(), StoreError> {
    let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    tx.execute(sql, params![name, value]).map(drop)
}
