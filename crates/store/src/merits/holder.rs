//! The people who hold merits of an org, one entry each.

use sigma_core::ids::{OrgId, UserId};
use sigma_core::merits::{Direction, PageRequest};

use super::keyset::Slice;
use super::merit::{Merit, decode, select};
use crate::{StoreError, Tx, params};

/// Merits of one person that are counted, at most: a page costs the same whoever is on it.
pub const MOST_COUNTED: u64 = 1_000;
const ID_PREFIX: &str = "user_";

/// A person who holds merits of an org.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Who it is.
    pub user_id: UserId,
    /// The merit that was sent to them last, of those that they accepted.
    pub latest: Merit,
    /// How many they hold, at most one more than [`MOST_COUNTED`].
    pub count: u64,
}

/// A page of those who have accepted merits of an org, newest account first. Each entry is found on its own, so that nobody's
/// merits are read but for the latest.
pub fn of_org(tx: &mut dyn Tx, org_id: &OrgId, page: &PageRequest) -> Result<Slice<Holder>, StoreError> {
    let older = "SELECT user_id FROM merits WHERE org_id = $1 AND user_id < $2 AND user_id IS NOT NULL AND access = 0
        AND status = 'Accepted' ORDER BY user_id DESC LIMIT 1";
    let newer = "SELECT user_id FROM merits WHERE org_id = $1 AND user_id > $2 AND user_id IS NOT NULL AND access = 0
        AND status = 'Accepted' ORDER BY user_id LIMIT 1";
    // No id comes after the one, or before the other.
    let (next, open) = match page.direction {
        Direction::Older => (older, "zzzzzzzzzzzzzzzzzzzzzzzz"),
        Direction::Newer => (newer, ""),
    };
    let mut place = format!("{ID_PREFIX}{}", page.from.as_ref().map_or(open, |cursor| cursor.digits()));
    let mut found = Vec::new();
    for _ in 0..=page.limit {
        let Some(row) = tx.query_opt(next, params![org_id, &place])? else { break };
        place = row.text(0)?;
        found.extend(load(tx, org_id, UserId::from_text(place.clone()))?);
    }
    Ok(Slice::new(found, page))
}

/// The account, unless it gave its last merit up since.
fn load(tx: &mut dyn Tx, org_id: &OrgId, user_id: UserId) -> Result<Option<Holder>, StoreError> {
    let latest = tx.query_opt(
        concat!(
            select!(),
            " WHERE m.org_id = $1 AND m.user_id = $2 AND m.access = 0 AND m.status = 'Accepted' ORDER BY m.id DESC LIMIT 1"
        ),
        params![org_id, &user_id],
    )?;
    let Some(latest) = latest.map(|row| decode(&row)).transpose()? else { return Ok(None) };
    let count = tx.query_opt(
        "SELECT count(*) FROM (SELECT 1 AS one FROM merits WHERE org_id = $1 AND user_id = $2 AND access = 0
            AND status = 'Accepted' LIMIT $3) AS held",
        params![org_id, &user_id, i64::try_from(MOST_COUNTED).unwrap_or(i64::MAX).saturating_add(1)],
    )?;
    let count = u64::try_from(count.map_or(Ok(0), |row| row.int(0))?).unwrap_or(0);
    Ok(Some(Holder { user_id, latest, count }))
}
