//! Quotas of an org that are its own. Whatever counts something asks here first, and follows the rule of the server otherwise.

use sigma_core::event::Details;
use sigma_core::ids::OrgId;
use sigma_core::org::{OrgQuota, OrgQuotas, QuotaChange};
use sigma_core::time::Timestamp;

use super::record;
use crate::{Owner, Row, StoreError, Tx, event, params};

/// What the org may have by a quota of its own.
pub(crate) fn find_own(tx: &mut dyn Tx, org_id: &OrgId, quota: OrgQuota) -> Result<Option<u32>, StoreError> {
    let sql = "SELECT most FROM org_quotas WHERE org_id = $1 AND quota = $2";
    tx.query_opt(sql, params![org_id, quota.as_str()])?.map(|row| number(&row, 0)).transpose()
}

/// What the org may have: by a quota of its own, or `otherwise`.
pub(crate) fn most(tx: &mut dyn Tx, org_id: &OrgId, quota: OrgQuota, otherwise: u32) -> Result<i64, StoreError> {
    Ok(i64::from(find_own(tx, org_id, quota)?.unwrap_or(otherwise)))
}

/// All quotas of an org that are its own.
pub fn list(tx: &mut dyn Tx, org_id: &OrgId) -> Result<OrgQuotas, StoreError> {
    let rows = tx.query_all("SELECT quota, most FROM org_quotas WHERE org_id = $1", params![org_id])?;
    let mut quotas = Vec::with_capacity(rows.len());
    for row in &rows {
        // A newer Sigma on the same database may have more of them.
        if let Some(quota) = OrgQuota::parse(&row.text(0)?) {
            quotas.push((quota, number(row, 1)?));
        }
    }
    Ok(quotas.into_iter().collect())
}

/// Changes quotas of an org, which exists, for the operator. Nothing that is there already is taken away. Repeating it changes nothing.
pub fn change(tx: &mut dyn Tx, org_id: &OrgId, change: &QuotaChange, now: Timestamp) -> Result<OrgQuotas, StoreError> {
    if change.is_empty() {
        return list(tx, org_id);
    }
    tx.lock(Owner::Org(org_id))?;
    let before = list(tx, org_id)?;
    let after = before.changed(change);
    let mut changed = Vec::new();
    for (quota, most) in change.entries().filter(|(quota, most)| before.own(*quota) != *most) {
        match most {
            Some(most) => tx.execute(
                "INSERT INTO org_quotas (org_id, quota, most, updated_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (org_id, quota) DO UPDATE SET most = excluded.most, updated_at = excluded.updated_at",
                params![org_id, quota.as_str(), most, now],
            )?,
            None => {
                tx.execute("DELETE FROM org_quotas WHERE org_id = $1 AND quota = $2", params![org_id, quota.as_str()])?
            }
        };
        changed.push(format!("quotas.{}", quota.as_str()));
    }
    if !changed.is_empty() {
        event::append(tx, record::changed(org_id).with(Details { changed, ..Details::default() }))?;
    }
    Ok(after)
}

fn number(row: &Row, column: usize) -> Result<u32, StoreError> {
    u32::try_from(row.int(column)?).map_err(|_| StoreError::Corrupt("a quota of an org".to_owned()))
}
