//! Permissions of roles and API keys, as columns of their rows.

use sigma_core::org::{KeyPermissions, RolePermissions, Switches};

use crate::{Row, StoreError};

/// The value of `switches & $N` in SQL for these switches.
pub(super) fn mask(switches: Switches) -> i64 {
    i64::from(switches.bits())
}

/// The permissions in the four columns starting at `first`.
pub(super) fn decode(row: &Row, first: usize) -> Result<RolePermissions, StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt(format!("the {what} of a role"));
    Ok(RolePermissions {
        switches: Switches::from_bits(row.int(first)?).ok_or_else(|| corrupt("switches"))?,
        schemas: serde_json::from_str(&row.text(first + 1)?).map_err(|_| corrupt("schema permissions"))?,
        catalogs: serde_json::from_str(&row.text(first + 2)?).map_err(|_| corrupt("catalog permissions"))?,
        names: serde_json::from_str(&row.text(first + 3)?).map_err(|_| corrupt("permissions in apps"))?,
    })
}

/// The permissions of an API key in a column.
pub(super) fn decode_key(row: &Row, column: usize) -> Result<KeyPermissions, StoreError> {
    KeyPermissions::from_bits(row.int(column)?)
        .ok_or_else(|| StoreError::Corrupt("the permissions of an API key".to_owned()))
}
