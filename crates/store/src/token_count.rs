//! Counts of issued tokens per app and minute. Tokens are issued too often for an event each; they are counted in
//! memory and added here in batches, so a crash loses the last batch.

use std::collections::BTreeMap;

use sigma_core::app::GrantType;
use sigma_core::ids::AppId;
use sigma_core::time::Timestamp;

use crate::{StoreError, Tx, params};

/// Deletes a batch of counts at or before `$1`.
pub(crate) const SWEEP: &str = "DELETE FROM token_counts WHERE (app_id, grant_type, minute) IN (
    SELECT app_id, grant_type, minute FROM token_counts WHERE minute <= $1 ORDER BY minute LIMIT 500)";

/// Deletes a batch of the counts of days at or before `$1`.
pub(crate) const SWEEP_DAYS: &str = "DELETE FROM token_days WHERE (app_id, day) IN (
    SELECT app_id, day FROM token_days WHERE day <= $1 ORDER BY day LIMIT 500)";

/// Under which id the tokens of all apps are counted.
const EVERY_APP: &str = "";

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

/// The start of the UTC day of `at`.
pub fn day_of(at: Timestamp) -> Timestamp {
    Timestamp::from_seconds(at.seconds().div_euclid(86_400) * 86_400)
}

/// Adds to the stored counts, of minutes and of days: at most 200.
pub fn add(tx: &mut dyn Tx, counts: &[TokenCount]) -> Result<(), StoreError> {
    // In a fixed order, so that two processes counting the same apps cannot deadlock.
    let mut counts: Vec<_> = counts.iter().collect();
    counts.sort_unstable();
    for count in &counts {
        tx.execute(
            "INSERT INTO token_counts (app_id, grant_type, minute, tokens) VALUES ($1, $2, $3, $4)
             ON CONFLICT (app_id, grant_type, minute) DO UPDATE SET tokens = token_counts.tokens + excluded.tokens",
            params![&count.app_id, count.grant_type, count.minute, i64::try_from(count.tokens).unwrap_or(i64::MAX)],
        )?;
    }
    let mut days: BTreeMap<(&str, Timestamp), u64> = BTreeMap::new();
    for count in counts {
        for app_id in [EVERY_APP, count.app_id.as_str()] {
            let tokens = days.entry((app_id, day_of(count.minute))).or_default();
            *tokens = tokens.saturating_add(count.tokens);
        }
    }
    for ((app_id, day), tokens) in days {
        tx.execute(
            "INSERT INTO token_days (app_id, day, tokens) VALUES ($1, $2, $3)
             ON CONFLICT (app_id, day) DO UPDATE SET tokens = token_days.tokens + excluded.tokens",
            params![app_id, day, i64::try_from(tokens).unwrap_or(i64::MAX)],
        )?;
    }
    Ok(())
}

/// The tokens of all apps from `since` on, by UTC day, oldest first.
pub(crate) fn by_day(tx: &mut dyn Tx, since: Timestamp) -> Result<Vec<(Timestamp, u64)>, StoreError> {
    let rows = tx.query_all(
        "SELECT day, tokens FROM token_days WHERE app_id = $1 AND day >= $2 ORDER BY day",
        params![EVERY_APP, since],
    )?;
    rows.iter().map(|row| Ok((row.timestamp(0)?, u64::try_from(row.int(1)?).unwrap_or(0)))).collect()
}

/// The tokens of an app in some days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppTokens {
    /// The app.
    pub app_id: AppId,
    /// Its name, while it exists.
    pub name: Option<String>,
    /// How many.
    pub tokens: u64,
}

/// One of the days from which the busiest apps are taken.
macro_rules! busiest {
    ($day:literal) => {
        concat!(
            "SELECT app_id FROM (SELECT app_id FROM token_days WHERE day = ",
            $day,
            " ORDER BY tokens DESC LIMIT 11) busiest"
        )
    };
}

/// The apps with the most tokens in the seven days up to that of `now`, the busiest first: at most ten, out of those that were
/// among the ten busiest of one of the days, so the cost does not depend on how many apps there are.
pub(crate) fn busiest(tx: &mut dyn Tx, now: Timestamp) -> Result<Vec<AppTokens>, StoreError> {
    let today = day_of(now);
    let day = |ago: u64| today.minus(std::time::Duration::from_hours(24 * ago));
    let rows = tx.query_all(
        concat!(
            "SELECT t.app_id, a.name, CAST(sum(t.tokens) AS BIGINT) AS total
             FROM token_days t LEFT JOIN apps a ON a.id = t.app_id
             WHERE t.day >= $1 AND t.app_id <> $8 AND t.app_id IN (",
            busiest!("$1"),
            " UNION ",
            busiest!("$2"),
            " UNION ",
            busiest!("$3"),
            " UNION ",
            busiest!("$4"),
            " UNION ",
            busiest!("$5"),
            " UNION ",
            busiest!("$6"),
            " UNION ",
            busiest!("$7"),
            ") GROUP BY t.app_id, a.name ORDER BY total DESC, t.app_id LIMIT 10"
        ),
        params![day(6), day(5), day(4), day(3), day(2), day(1), today, EVERY_APP],
    )?;
    let decode = |row: &crate::Row| {
        let tokens = u64::try_from(row.int(2)?).unwrap_or(0);
        Ok(AppTokens { app_id: AppId::from_text(row.text(0)?), name: row.opt_text(1)?, tokens })
    };
    rows.iter().map(decode).collect()
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
