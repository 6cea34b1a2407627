//! What becomes of merits when an account is deleted.

use sigma_core::ids::{AppId, MeritId, OrgId, UserId};
use sigma_core::merits::FieldValues;
use sigma_core::time::Timestamp;

use super::attachment;
use crate::{StoreError, Tx, cached, params};

/// Takes an account out of at most 500 merits; returns how many. 0 means that none are left. What apps see ends. A merit is a
/// record of the org that issued it: an accepted one stays so, without holder and public page, and what the person did not
/// answer counts as rejected. Neither ever attaches to another account, since an address may pass to somebody else. What the org
/// did not hand out yet waits for whoever proves its address, as before. A merit that was sent to the member and not to an
/// address loses name and values, and is Forfeited.
pub fn erase(tx: &mut dyn Tx, user_id: &UserId, now: Timestamp) -> Result<u64, StoreError> {
    let ended = tx.query_all(
        "DELETE FROM merits WHERE user_id = $1 AND access = 1 AND (org_id, id) IN
            (SELECT org_id, id FROM merits WHERE user_id = $1 AND access = 1 LIMIT 500)
         RETURNING org_id, app_id",
        params![user_id],
    )?;
    for row in &ended {
        let (org_id, app_id) = (OrgId::from_text(row.text(0)?), AppId::from_text(row.opt_text(1)?.unwrap_or_default()));
        tx.changed(cached::MERIT_ACCESS, &cached::access_key(&org_id, &app_id, user_id))?;
    }
    if !ended.is_empty() {
        return Ok(u64::try_from(ended.len()).unwrap_or(u64::MAX));
    }
    release_files(tx, user_id, now)?;
    let nameless = tx.execute(
        "UPDATE merits SET user_id = NULL, first_name = '', last_name = '', field_values = '{}', is_public = 0,
            notify_at = NULL, reason = NULL, updated_at = $2,
            status = CASE WHEN status IN ('Accepted', 'Pending', 'Unverified', 'Unapproved', 'UnapprovedUnverified')
                THEN 'Forfeited' ELSE status END
         WHERE user_id = $1 AND (org_id, id) IN
            (SELECT org_id, id FROM merits WHERE user_id = $1 AND email_folded = '' ORDER BY org_id, id LIMIT 500)",
        params![user_id, now],
    )?;
    if nameless > 0 {
        tx.changed(cached::MEMBER_MERITS, user_id.as_str())?;
        return Ok(nameless);
    }
    let left = tx.execute(
        "UPDATE merits SET user_id = NULL, is_public = 0, notify_at = NULL, updated_at = $2,
            status = CASE WHEN status = 'Pending' THEN 'Rejected' ELSE status END
         WHERE user_id = $1 AND (org_id, id) IN (SELECT org_id, id FROM merits WHERE user_id = $1 LIMIT 500)",
        params![user_id, now],
    )?;
    if left > 0 {
        tx.changed(cached::MEMBER_MERITS, user_id.as_str())?;
    } else {
        tx.execute("DELETE FROM merit_claims WHERE holder_id = $1", params![user_id])?;
        tx.execute("DELETE FROM merit_claims WHERE claimant_id = $1", params![user_id])?;
    }
    Ok(left)
}

/// Gives up the files of merits that lose their values.
fn release_files(tx: &mut dyn Tx, user_id: &UserId, now: Timestamp) -> Result<(), StoreError> {
    let rows = tx.query_all(
        "SELECT org_id, id, field_values FROM merits WHERE user_id = $1 AND email_folded = '' AND (org_id, id) IN
            (SELECT u.org_id, u.merit_id FROM merit_attachment_uses u JOIN merits m ON m.org_id = u.org_id AND m.id = u.merit_id
             WHERE m.user_id = $1 AND m.email_folded = '')
         ORDER BY org_id, id LIMIT 500",
        params![user_id],
    )?;
    for row in &rows {
        let (org_id, merit_id) = (OrgId::from_text(row.text(0)?), MeritId::from_text(row.text(1)?));
        let values = row.parsed(2, "the values of a merit", |text| serde_json::from_str(text).ok())?;
        attachment::release(tx, &org_id, &merit_id, &values, &FieldValues::new(), now)?;
    }
    Ok(())
}
