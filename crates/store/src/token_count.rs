//! Counts of issued tokens per app and minute. Tokens are issued too often for an event each; they are counted in
//! memory and added here in batches, so a crash loses the last batch.

use sigma_core::app::GrantType;
use sigma_core::ids::AppId;
use sigma_core::time::Timestamp;

use crate::{StoreError, Tx, params};

/// Deletes a batch of counts at or before `$1`.
pub(crate) const SWEEP: &str = "DELETE FROM token_counts WHERE (app_id, grant_type, minute) IN (
    SELECT app_id, grant_type, minute FROM token_counts WHERE minute <= $1 ORDER BY minute LIMIT 500)";

/// Tokens issued to an app in one minute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenCount {
    /// The app.
    pub app_id: AppId,
    /// For what.
    pub grant_type: &'static str,
    /// The start of the minute.
    pub minute: Timestamp,
    /// How many.
    pub tokens: u64,
}

/// Adds to the stored counts: at most 500.
pub fn add(tx: &mut dyn Tx, counts: &[TokenCount]) -> Result<(), StoreError> {
    // In a fixed order, so that two processes counting the same apps cannot deadlock.
    let mut counts: Vec<_> = counts.iter().collect();
    counts.sort_unstable();
    for count in counts {
        tx.execute(
            "INSERT INTO token_counts (app_id, grant_type, minute, tokens) VALUES ($1, $2, $3, $4)
             ON CONFLICT (app_id, grant_type, minute) DO UPDATE SET tokens = token_counts.tokens + excluded.tokens",
            params![&count.app_id, count.grant_type, count.minute, i64::try_from(count.tokens).unwrap_or(i64::MAX)],
        )?;
    }
    Ok(())
}

/// How many tokens an app was issued from `since` on, by grant type.
pub fn totals(tx: &mut dyn Tx, app_id: &AppId, since: Timestamp) -> Result<Vec<(GrantType, u64)>, StoreError> {
    let rows = tx.query_all(
        "SELECT grant_type, CAST(sum(tokens) AS BIGINT) FROM token_counts WHERE app_id = $1 AND minute >= $2
         GROUP BY grant_type ORDER BY grant_type",
        params![app_id, since],
    )?;
    let decode = |row: &crate::Row| {
        let grant_type = row.parsed(0, "a grant type", GrantType::parse)?;
        Ok((grant_type, u64::try_from(row.int(1)?).unwrap_or(0)))
    };
    rows.iter().map(decode).collect()
}
