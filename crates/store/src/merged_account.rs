//! Accounts that were merged into others: they are gone, and their ids are not used again.

use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::{Outage, StoreError, Tx, params};

/// The most accounts whose trails are read along with that of the one they were merged into.
const MOST_LISTED: u32 = 20;

/// Records that an account is gone, and which took its place.
pub(crate) fn add(tx: &mut dyn Tx, gone: &UserId, kept: &UserId, now: Timestamp) -> Result<(), StoreError> {
    // Whoever went into the one that goes is part of the one that stays.
    tx.execute("UPDATE merged_accounts SET kept_id = $2 WHERE kept_id = $1", params![gone, kept])?;
    let added = tx.execute(
        "INSERT INTO merged_accounts (id, kept_id, merged_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
        params![gone, kept, now],
    )?;
    if added == 0 { Err(Outage::Contended.into()) } else { Ok(()) }
}

/// The account that an account was merged into.
pub fn find_successor(tx: &mut dyn Tx, gone: &UserId) -> Result<Option<UserId>, StoreError> {
    let row = tx.query_opt("SELECT kept_id FROM merged_accounts WHERE id = $1", params![gone])?;
    row.map(|row| Ok(UserId::from_text(row.text(0)?))).transpose()
}

/// The accounts that were merged into this one, the latest first, at most [`MOST_LISTED`].
pub(crate) fn list(tx: &mut dyn Tx, kept: &UserId) -> Result<Vec<UserId>, StoreError> {
    let sql = "SELECT id FROM merged_accounts WHERE kept_id = $1 ORDER BY merged_at DESC, id LIMIT $2";
    tx.query_all(sql, params![kept, MOST_LISTED])?.iter().map(|row| Ok(UserId::from_text(row.text(0)?))).collect()
}

/// Some account that was merged into this one.
pub(crate) fn find_predecessor(tx: &mut dyn Tx, kept: &UserId) -> Result<Option<UserId>, StoreError> {
    let row = tx.query_opt("SELECT id FROM merged_accounts WHERE kept_id = $1 ORDER BY id LIMIT 1", params![kept])?;
    row.map(|row| Ok(UserId::from_text(row.text(0)?))).transpose()
}

/// Forgets an account that was merged into another, which is deleted.
pub(crate) fn forget(tx: &mut dyn Tx, gone: &UserId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM merged_accounts WHERE id = $1", params![gone])?;
    Ok(())
}
