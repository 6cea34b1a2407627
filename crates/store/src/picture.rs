//! Uploaded pictures: which objects there are, and which of them nothing shows any more.

use std::time::Duration;

use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::{StoreError, Tx, params};

/// How long a picture may wait for its profile, so that an upload that was interrupted leaves nothing behind.
const UNUSED: Duration = Duration::from_hours(1);
/// Pictures that are looked for at once.
const BATCH: i64 = 100;

/// Records a picture before its objects are stored.
pub fn add(tx: &mut dyn Tx, id: &str, user_id: &UserId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO pictures (id, user_id, created_at, delete_after) VALUES ($1, $2, $3, $4)",
        params![id, user_id, now, now.plus(UNUSED)],
    )?;
    Ok(())
}

/// Keeps a picture of the user, which a profile shows from now on.
pub(crate) fn keep(tx: &mut dyn Tx, id: &str, user_id: &UserId) -> Result<(), StoreError> {
    tx.execute("UPDATE pictures SET delete_after = NULL WHERE id = $1 AND user_id = $2", params![id, user_id])?;
    Ok(())
}

/// Gives a picture up, which no profile shows any more.
pub(crate) fn give_up(tx: &mut dyn Tx, id: &str, now: Timestamp) -> Result<(), StoreError> {
    tx.execute("UPDATE pictures SET delete_after = $2 WHERE id = $1", params![id, now])?;
    Ok(())
}

/// Gives up every picture of a user.
pub fn give_up_all(tx: &mut dyn Tx, user_id: &UserId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute("UPDATE pictures SET delete_after = $2 WHERE user_id = $1", params![user_id, now])?;
    Ok(())
}

/// Pictures whose objects can be deleted, oldest first; at most 100.
pub fn list_unused(tx: &mut dyn Tx, now: Timestamp) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT id FROM pictures WHERE delete_after <= $1 ORDER BY delete_after LIMIT $2";
    tx.query_all(sql, params![now, BATCH])?.iter().map(|row| row.text(0)).collect()
}

/// Forgets a picture whose objects were deleted.
pub fn remove(tx: &mut dyn Tx, id: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM pictures WHERE id = $1 AND delete_after IS NOT NULL", params![id])?;
    Ok(())
}
