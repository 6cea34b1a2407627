//! Limits on legitimate actions, such as mails to one person.

use std::time::Duration;

use sigma_core::time::Timestamp;

use crate::{StoreError, Tx, params};

/// Counts one more of `subject`, and returns how many there were in the current `window`. Subjects that stand for a
/// person are keyed digests of an address, so that known and unknown ones count alike.
pub(crate) fn tally(tx: &mut dyn Tx, subject: &str, now: Timestamp, window: Duration) -> Result<i64, StoreError> {
    let counted = tx.query_opt(
        "INSERT INTO quotas (subject, count, expires_at) VALUES ($1, 1, $3)
         ON CONFLICT (subject) DO UPDATE SET
            count = CASE
                WHEN quotas.expires_at <= $2 THEN 1
                WHEN quotas.count < 1000000 THEN quotas.count + 1
                ELSE quotas.count END,
            expires_at = CASE WHEN quotas.expires_at <= $2 THEN excluded.expires_at ELSE quotas.expires_at END
         RETURNING count",
        params![subject, now, now.plus(window)],
    )?;
    counted.map_or(Ok(1), |row| row.int(0))
}
