//! Pagination of a workspace's members.
//!
//! Members go into buckets in the order of joining, and each bucket is counted. The sum is the total, and shows in
//! which bucket a page begins, so that the last page costs as much as the first: counting and skipping rows would cost
//! more the longer the list is.

use sigma_core::ids::OrgId;

use crate::{StoreError, Tx, params};

/// Most members of a bucket.
const BUCKET: i64 = 256;

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items on it.
    pub items: Vec<T>,
    /// How many there are on all pages.
    pub total: u64,
}

/// The start of a page, and the number of members on all pages.
pub(super) struct Start {
    /// The bucket and id of the first member; `None` past the end.
    pub(super) first: Option<(i64, String)>,
    pub(super) total: u64,
}

/// The page that begins after `offset` members.
pub(super) fn start(tx: &mut dyn Tx, org_id: &OrgId, offset: u64) -> Result<Start, StoreError> {
    let rows =
        tx.query_all("SELECT bucket, members FROM member_buckets WHERE org_id = $1 ORDER BY bucket", params![org_id])?;
    let mut total = 0_u64;
    let mut found = None;
    for row in rows {
        let members = u64::try_from(row.int(1)?).unwrap_or(0);
        if found.is_none() && offset < total.saturating_add(members) {
            found = Some((row.int(0)?, i64::try_from(offset.saturating_sub(total)).unwrap_or(i64::MAX)));
        }
        total = total.saturating_add(members);
    }
    let Some((bucket, skip)) = found else { return Ok(Start { first: None, total }) };
    // Skipped in the index only: the rows before the page are not read.
    let first = tx.query_opt(
        "SELECT bucket, user_id FROM memberships
         WHERE org_id = $1 AND bucket >= $2 ORDER BY bucket, user_id LIMIT 1 OFFSET $3",
        params![org_id, bucket, skip],
    )?;
    let first = first.map(|row| Ok::<_, StoreError>((row.int(0)?, row.text(1)?))).transpose()?;
    Ok(Start { first, total })
}

/// Counts one more member and returns their bucket.
pub(super) fn enter(tx: &mut dyn Tx, org_id: &OrgId) -> Result<i64, StoreError> {
    let last = tx.query_opt(
        "SELECT bucket, members FROM member_buckets WHERE org_id = $1 ORDER BY bucket DESC LIMIT 1",
        params![org_id],
    )?;
    let bucket = match last {
        None => 0,
        Some(row) if row.int(1)? < BUCKET => row.int(0)?,
        Some(row) => row.int(0)?.saturating_add(1),
    };
    tx.execute(
        "INSERT INTO member_buckets (org_id, bucket, members) VALUES ($1, $2, 1)
         ON CONFLICT (org_id, bucket) DO UPDATE SET members = member_buckets.members + 1",
        params![org_id, bucket],
    )?;
    Ok(bucket)
}

/// Counts one member less in `bucket`.
pub(super) fn leave(tx: &mut dyn Tx, org_id: &OrgId, bucket: i64) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE member_buckets SET members = members - 1 WHERE org_id = $1 AND bucket = $2 AND members > 0",
        params![org_id, bucket],
    )?;
    tx.execute(
        "DELETE FROM member_buckets WHERE org_id = $1 AND bucket = $2 AND members = 0",
        params![org_id, bucket],
    )?;
    Ok(())
}
