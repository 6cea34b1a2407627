//! What becomes of merits when an account is deleted, and what its export holds of them.

use sigma_core::ids::UserId;
use sigma_core::merits::PageRequest;
use sigma_core::time::Timestamp;

use super::keyset::{self, Keyset, Slice, keyset};
use super::merit::{ID_PREFIX, Merit, decode, select};
use crate::{StoreError, Tx, cached, params};

/// Removes an account from at most 500 merits: addresses, names and values go, what was Accepted or waited is Forfeited, and
/// what apps saw ends. Orgs keep that they issued something, and credentials that were handed out are revoked. Returns how
/// many; 0 means that none are left.
pub fn erase(tx: &mut dyn Tx, user_id: &UserId, now: Timestamp) -> Result<u64, StoreError> {
    let erased = tx.query_all(
        "UPDATE merits SET user_id = NULL, email = '', email_folded = '', first_name = '', last_name = '',
            field_values = '{}', is_public = 0, notify_at = NULL, reason = NULL, updated_at = $2,
            status = CASE WHEN status IN ('Accepted', 'Pending', 'Unverified', 'Unapproved', 'UnapprovedUnverified')
                THEN 'Forfeited' ELSE status END
         WHERE user_id = $1 AND (org_id, id) IN
            (SELECT org_id, id FROM merits WHERE user_id = $1 ORDER BY org_id, id LIMIT 500)
         RETURNING org_id, id, app_id",
        params![user_id, now],
    )?;
    for row in &erased {
        let org_id = row.text(0)?;
        tx.execute("DELETE FROM merit_edits WHERE org_id = $1 AND merit_id = $2", params![&org_id, row.text(1)?])?;
        if let Some(app_id) = row.opt_text(2)? {
            tx.changed(cached::MERIT_ACCESS, &format!("{org_id}/{app_id}/{user_id}"))?;
        }
    }
    if erased.is_empty() {
        tx.execute("DELETE FROM merit_claims WHERE holder_id = $1", params![user_id])?;
        tx.execute("DELETE FROM merit_claims WHERE claimant_id = $1", params![user_id])?;
    }
    Ok(u64::try_from(erased.len()).unwrap_or(u64::MAX))
}

/// A page of all merits of a user, of whatever status, for the export of their account.
pub fn export(tx: &mut dyn Tx, user_id: &UserId, page: &PageRequest) -> Result<Slice<Merit>, StoreError> {
    const ALL: Keyset = keyset!(select, "m.id", "m.user_id = $3");
    keyset::page(tx, &ALL, ID_PREFIX, params![user_id], page, decode)
}
