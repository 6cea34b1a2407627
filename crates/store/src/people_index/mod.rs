//! The index by which people are found by a part of their name or an address.
//!
//! Whoever is new or changed has a row in `people_unindexed`, written in the transaction of the change, and is searched one by one. Once there
//! are enough such rows, a job makes a segment of them: for each gram the places of the people who have it. Segments are never
//! changed: adding a person costs one row, whatever their texts, and no two transactions meet in the index. What a segment says is
//! checked against the texts of today, so it may be outdated; one with people whose texts were removed is replaced within a day.

mod search;
mod segment;

use sigma_core::ids::UserId;

use crate::rows::Rows;
use crate::value::Value;
use crate::{StoreError, Tx, params};

pub use search::find;
pub use segment::{index, renew};

/// People who were added.
pub(crate) static NEW: Rows = Rows::new("INSERT INTO people_unindexed (user_id, version) VALUES ", "($, 0)", "");

/// A row of [`NEW`].
pub(crate) fn row(user_id: &UserId) -> Vec<Value> {
    params![user_id].to_vec()
}

/// The name or an address of a person is new.
pub(crate) fn added(tx: &mut dyn Tx, user_id: &str) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO people_unindexed (user_id, version) VALUES ($1, 0)
         ON CONFLICT (user_id) DO UPDATE SET version = people_unindexed.version + 1",
        params![user_id],
    )?;
    Ok(())
}

/// A name or an address of a person is no longer theirs.
pub(crate) fn removed(tx: &mut dyn Tx, user_id: &str) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO people_outdated (id, version) VALUES ($1, 0)
         ON CONFLICT (id) DO UPDATE SET version = people_outdated.version + 1",
        params![user_id],
    )?;
    Ok(())
}
