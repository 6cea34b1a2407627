//! Orgs by the names that callers use: ids and slugs.

use sigma_core::ids::{OrgId, OrgRef};
use sigma_core::slug::{OPERATOR, Slug};
use sigma_core::time::Timestamp;

use crate::{StoreError, Tx, params};

/// The operator's own org, created when first needed.
pub fn load_operator(tx: &mut dyn Tx, now: Timestamp) -> Result<OrgId, StoreError> {
    let id = OrgId::operator();
    tx.execute(
        "INSERT INTO orgs (id, slug, name, name_folded, created_at) VALUES ($1, $2, 'Operator', 'operator', $3)
         ON CONFLICT (id) DO NOTHING",
        params![&id, OPERATOR, now],
    )?;
    Ok(id)
}

/// The id of the org that a caller named. An id need not be an org's; a slug that is none's finds nothing.
pub fn resolve(tx: &mut dyn Tx, org: &OrgRef) -> Result<Option<OrgId>, StoreError> {
    match org {
        OrgRef::Id(id) => Ok(Some(id.clone())),
        OrgRef::Slug(slug) => find_by_slug(tx, slug),
    }
}

/// The id of the org that `name` names, if there is one: an id or a slug as callers write it.
pub fn find_named(tx: &mut dyn Tx, name: &str) -> Result<Option<OrgId>, StoreError> {
    let Some(named) = OrgRef::parse(name) else { return Ok(None) };
    let Some(id) = resolve(tx, &named)? else { return Ok(None) };
    Ok(super::find(tx, &id)?.map(|_| id))
}

/// The org of that slug, unless it was removed.
fn find_by_slug(tx: &mut dyn Tx, slug: &Slug) -> Result<Option<OrgId>, StoreError> {
    let found = tx.query_opt("SELECT id FROM orgs WHERE slug = $1 AND removed_at IS NULL", params![slug.as_str()])?;
    found.map(|row| row.text(0).map(OrgId::from_text)).transpose()
}

/// Whether `slug` may become the slug of `org_id`: no org has it, and none but this one had it. Callers hold the lock of the
/// installation.
pub(crate) fn is_free(tx: &mut dyn Tx, slug: &Slug, org_id: &OrgId) -> Result<bool, StoreError> {
    let taken = tx.query_opt(
        "SELECT 1 FROM orgs WHERE slug = $1 AND id <> $2 UNION ALL
         SELECT 1 FROM retired_slugs WHERE slug = $1 AND org_id <> $2 LIMIT 1",
        params![slug.as_str(), org_id],
    )?;
    Ok(taken.is_none())
}

/// Remembers that `slug` was the org's.
pub(crate) fn retire_slug(tx: &mut dyn Tx, slug: &Slug, org_id: &OrgId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO retired_slugs (slug, org_id, retired_at) VALUES ($1, $2, $3) ON CONFLICT (slug) DO NOTHING",
        params![slug.as_str(), org_id, now],
    )?;
    Ok(())
}
