//! Redirect URIs that apps sent and had not registered, so that whoever registers the app sees why its sign-ins fail. Anybody may send
//! some: they are counted in memory and added here in batches, and of each app few are kept.

use std::time::Duration;

use sigma_core::ids::AppId;
use sigma_core::time::Timestamp;

use crate::{StoreError, Tx, params};

/// The most that are kept of one app.
pub const MOST_PER_APP: u32 = 30;
/// How long after the last time one is kept.
pub const KEPT: Duration = Duration::from_hours(14 * 24);

/// Deletes a batch of those that were last sent at or before `$1`.
pub(crate) const SWEEP: &str = "DELETE FROM redirect_refusals WHERE (app_id, uri) IN (
    SELECT app_id, uri FROM redirect_refusals WHERE last_at <= $1 ORDER BY last_at LIMIT 500)";

/// A URI that was refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RedirectRefusal {
    /// The app.
    pub app_id: AppId,
    /// The URI, as far as it is kept.
    pub uri: String,
    /// How often.
    pub refusals: u64,
    /// When last.
    pub last_at: Timestamp,
}

/// Adds to what is kept. Of an app with too many, those go first that were sent least often, and of these the oldest: a client that
/// keeps failing outlasts whoever sends something new each time.
pub fn add(tx: &mut dyn Tx, refused: &[RedirectRefusal]) -> Result<(), StoreError> {
    // In a fixed order, so that two processes seldom wait for each other. A batch that is ended for another one is lost.
    let mut refused: Vec<_> = refused.iter().collect();
    refused.sort_unstable();
    for one in &refused {
        tx.execute(
            "INSERT INTO redirect_refusals (app_id, uri, refusals, last_at)
             SELECT id, $2, CAST($3 AS BIGINT), CAST($4 AS BIGINT) FROM apps WHERE id = $1
             ON CONFLICT (app_id, uri) DO UPDATE SET refusals = redirect_refusals.refusals + excluded.refusals,
                last_at = excluded.last_at",
            params![&one.app_id, one.uri.as_str(), i64::try_from(one.refusals).unwrap_or(i64::MAX), one.last_at],
        )?;
    }
    let mut apps: Vec<&AppId> = refused.iter().map(|one| &one.app_id).collect();
    apps.dedup();
    for app_id in apps {
        tx.execute(
            "DELETE FROM redirect_refusals WHERE app_id = $1 AND uri NOT IN (
                SELECT uri FROM redirect_refusals WHERE app_id = $1 ORDER BY refusals DESC, last_at DESC, uri LIMIT $2)",
            params![app_id, MOST_PER_APP],
        )?;
    }
    Ok(())
}

/// What is kept of an app, the latest first.
pub fn list(tx: &mut dyn Tx, app_id: &AppId, now: Timestamp) -> Result<Vec<RedirectRefusal>, StoreError> {
    let rows = tx.query_all(
        "SELECT uri, refusals, last_at FROM redirect_refusals WHERE app_id = $1 AND last_at > $2
         ORDER BY last_at DESC, uri LIMIT $3",
        params![app_id, now.minus(KEPT), MOST_PER_APP],
    )?;
    rows.iter()
        .map(|row| {
            Ok(RedirectRefusal {
                app_id: app_id.clone(),
                uri: row.text(0)?,
                refusals: u64::try_from(row.int(1)?).unwrap_or(0),
                last_at: row.timestamp(2)?,
            })
        })
        .collect()
}

/// Forgets those of an app.
pub(crate) fn remove_all_of(tx: &mut dyn Tx, app_id: &AppId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM redirect_refusals WHERE app_id = $1", params![app_id])?;
    Ok(())
}
