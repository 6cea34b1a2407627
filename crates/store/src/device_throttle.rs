//! Consecutive wrong passwords in known browsers, which sent the right one of the account before, by account and the name of
//! the device mark. They wait for nobody else: an outsider cannot lock users out of their own browsers.

use sigma_core::time::Timestamp;

use crate::{StoreError, Tx, backoff, params};

/// Until when the browser is delayed.
pub(crate) fn blocked_until(
    tx: &mut dyn Tx,
    user_id: &str,
    device: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT blocked_until FROM device_throttle WHERE user_id = $1 AND device = $2 AND blocked_until > $3";
    tx.query_opt(sql, params![user_id, device, now])?.map(|row| row.timestamp(0)).transpose()
}

/// Counts a wrong password.
pub(crate) fn fail(tx: &mut dyn Tx, user_id: &str, device: &str, now: Timestamp) -> Result<(), StoreError> {
    let counted = tx.query_opt(
        "INSERT INTO device_throttle (user_id, device, failures, blocked_until, expires_at) VALUES ($1, $2, 1, $3, $4)
         ON CONFLICT (user_id, device) DO UPDATE SET expires_at = excluded.expires_at, failures = CASE
            WHEN device_throttle.expires_at <= $3 THEN 1
            WHEN device_throttle.failures < 1000000 THEN device_throttle.failures + 1
            ELSE device_throttle.failures END
         RETURNING failures",
        params![user_id, device, now, now.plus(backoff::FORGOTTEN)],
    )?;
    let wait = backoff::of_source(counted.map_or(Ok(1), |row| row.int(0))?);
    if !wait.is_zero() {
        let sql = "UPDATE device_throttle SET blocked_until = $3 WHERE user_id = $1 AND device = $2";
        tx.execute(sql, params![user_id, device, now.plus(wait)])?;
    }
    Ok(())
}

/// Resets the count on the right password.
pub(crate) fn clear(tx: &mut dyn Tx, user_id: &str, device: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM device_throttle WHERE user_id = $1 AND device = $2";
    tx.execute(sql, params![user_id, device]).map(drop)
}
