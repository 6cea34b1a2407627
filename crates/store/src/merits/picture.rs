//! Pictures of templates: which objects there are, and which of them nothing shows any more.

use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::ids::OrgId;
use sigma_core::merits::OrgPermission;
use sigma_core::time::Timestamp;

use super::decision::Decision;
use super::{acting, attachment};
use crate::{StoreError, Tx, params};

/// How long a picture may wait for its template, so that an upload that was interrupted leaves nothing behind.
const UNUSED: Duration = Duration::from_hours(1);

/// A picture whose objects can be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusedPicture {
    /// Whose it is.
    pub org_id: OrgId,
    /// Its id.
    pub id: String,
}

/// A picture about to be stored.
#[derive(Clone, Debug)]
pub struct NewPicture {
    /// Its id.
    pub id: String,
    /// The size of its file in bytes.
    pub size: i64,
    /// Bytes that an org without a quota of its own may upload a day.
    pub daily_bytes: i64,
    /// The current time.
    pub now: Timestamp,
}

/// Records a picture before its objects are stored.
pub fn add(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, new: &NewPicture) -> Decision<()> {
    acting::lock(tx, org_id, actor, OrgPermission::ManageTemplates, new.now)?;
    attachment::charge(tx, org_id, (new.size, new.daily_bytes), new.now)?;
    tx.execute(
        "INSERT INTO merit_pictures (org_id, id, created_at, delete_after) VALUES ($1, $2, $3, $4)",
        params![org_id, &new.id, new.now, new.now.plus(UNUSED)],
    )?;
    Ok(())
}

/// Keeps a picture, which a template shows from now on; returns whether it is there.
pub(super) fn keep(tx: &mut dyn Tx, org_id: &OrgId, id: &str, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE merit_pictures SET delete_after = NULL WHERE org_id = $1 AND id = $2 AND delete_after > $3";
    Ok(tx.execute(sql, params![org_id, id, now])? == 1)
}

/// Gives a picture up, which no template shows any more.
pub fn give_up(tx: &mut dyn Tx, org_id: &OrgId, id: &str, now: Timestamp) -> Result<(), StoreError> {
    tx.execute("UPDATE merit_pictures SET delete_after = $3 WHERE org_id = $1 AND id = $2", params![org_id, id, now])?;
    Ok(())
}

/// At most `limit` pictures whose objects can be deleted, oldest first.
pub fn list_unused(tx: &mut dyn Tx, now: Timestamp, limit: u32) -> Result<Vec<UnusedPicture>, StoreError> {
    tx.query_all(
        "SELECT org_id, id FROM merit_pictures WHERE delete_after IS NOT NULL AND delete_after <= $1
         ORDER BY delete_after LIMIT $2",
        params![now, limit],
    )?
    .iter()
    .map(|row| Ok(UnusedPicture { org_id: OrgId::from_text(row.text(0)?), id: row.text(1)? }))
    .collect()
}

/// Forgets a picture whose objects were deleted.
pub fn remove(tx: &mut dyn Tx, picture: &UnusedPicture) -> Result<(), StoreError> {
    let sql = "DELETE FROM merit_pictures WHERE org_id = $1 AND id = $2 AND delete_after IS NOT NULL";
    tx.execute(sql, params![&picture.org_id, &picture.id])?;
    Ok(())
}
