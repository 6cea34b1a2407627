//! Whoever made a connection or gave it its token: they may have kept it, so its org is told when they administer it no more. The
//! connection works on, since a directory that suddenly stops would neither let people in nor keep leavers out.

use sigma_core::ids::{OrgId, ScimConnectionId};
use sigma_core::org::Switches;
use sigma_core::time::Timestamp;

use super::connection::{self, Connection};
use crate::org::authority;
use crate::{StoreError, Tx, params, user};

/// Who made a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maker {
    /// Their name; empty if the account is gone.
    pub name: String,
    /// Whether they could still make it.
    pub may_still: bool,
}

/// Who made a connection, if that was a person.
pub fn find(tx: &mut dyn Tx, connection: &Connection) -> Result<Option<Maker>, StoreError> {
    let Some(user_id) = &connection.made_by else { return Ok(None) };
    let permissions = authority::of_person(tx, &connection.org_id, user_id)?;
    let may_still = permissions.is_some_and(|permissions| permissions.switches.covers(Switches::ALL));
    let name = user::find(tx, user_id)?.map(|user| user.name).unwrap_or_default();
    Ok(Some(Maker { name, may_still }))
}

/// At most `limit` connections whose maker administers the org no more, and whose org was not told yet.
pub fn left(tx: &mut dyn Tx, limit: u32) -> Result<Vec<Connection>, StoreError> {
    let rows = tx.query_all(
        "SELECT c.org_id, c.id FROM scim_connections c
         JOIN orgs o ON o.id = c.org_id AND o.removed_at IS NULL
         WHERE c.made_by IS NOT NULL AND c.maker_left_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM memberships m
            JOIN roles r ON r.org_id = m.org_id AND r.id = m.role_id
            JOIN users u ON u.id = m.user_id AND u.disabled = 0
            WHERE m.org_id = c.org_id AND m.user_id = c.made_by AND m.state = 'active' AND (r.switches & $1) = $1)
         ORDER BY c.org_id, c.id LIMIT $2",
        params![i64::from(Switches::ALL.bits()), limit],
    )?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let (org_id, id) = (OrgId::from_text(row.text(0)?), ScimConnectionId::from_text(row.text(1)?));
        found.extend(connection::find(tx, &org_id, &id)?);
    }
    Ok(found)
}

/// Notes of makers who administer their org again that it is told when they leave once more.
pub fn note_returned(tx: &mut dyn Tx) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE scim_connections SET maker_left_at = NULL
         WHERE maker_left_at IS NOT NULL AND EXISTS (
            SELECT 1 FROM memberships m
            JOIN roles r ON r.org_id = m.org_id AND r.id = m.role_id
            JOIN users u ON u.id = m.user_id AND u.disabled = 0
            WHERE m.org_id = scim_connections.org_id AND m.user_id = scim_connections.made_by AND m.state = 'active'
                AND (r.switches & $1) = $1)",
        params![i64::from(Switches::ALL.bits())],
    )?;
    Ok(())
}

/// Whether the org was told of a maker who may have returned since.
pub fn is_any_told(tx: &mut dyn Tx) -> Result<bool, StoreError> {
    Ok(tx.query_opt("SELECT 1 FROM scim_connections WHERE maker_left_at IS NOT NULL LIMIT 1", &[])?.is_some())
}

/// Notes that the org was told; returns whether it was not before.
pub fn told(tx: &mut dyn Tx, connection: &Connection, now: Timestamp) -> Result<bool, StoreError> {
    let noted = tx.execute(
        "UPDATE scim_connections SET maker_left_at = $3
         WHERE org_id = $1 AND id = $2 AND maker_left_at IS NULL AND made_by = $4",
        params![&connection.org_id, &connection.id, now, connection.made_by.as_ref()],
    )?;
    Ok(noted == 1)
}
