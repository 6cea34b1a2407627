//! Audiences that an org registered for its APIs (RFC 8707, ruling 7).

use sigma_core::ids::OrgId;
use sigma_core::time::Timestamp;

use crate::{Owner, Row, StoreError, Tx, params};

/// An audience: the `resource` that apps ask for and `aud` of what they get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// An absolute URI without fragment.
    pub uri: String,
    /// Who registered it.
    pub org_id: OrgId,
    /// What people are told it is called.
    pub name: String,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// The kind of a resource in the change feed; the key is its URI.
pub const CHANGED: &str = "resource";

/// Registers `resource`; whether its URI was free.
pub fn add(tx: &mut dyn Tx, resource: &Resource) -> Result<bool, StoreError> {
    tx.lock(Owner::Org(&resource.org_id))?;
    let inserted = tx.execute(
        "INSERT INTO resources (uri, org_id, name, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (uri) DO NOTHING",
        params![&resource.uri, &resource.org_id, &resource.name, resource.created_at],
    )?;
    tx.changed(CHANGED, &resource.uri)?;
    Ok(inserted == 1)
}

/// The resource with that URI, byte for byte.
pub fn find(tx: &mut dyn Tx, uri: &str) -> Result<Option<Resource>, StoreError> {
    tx.query_opt("SELECT uri, org_id, name, created_at FROM resources WHERE uri = $1", params![uri])?
        .map(|row| decode(&row))
        .transpose()
}

/// At most `limit` resources, by URI, after `after`.
pub fn list(tx: &mut dyn Tx, after: &str, limit: u32) -> Result<Vec<Resource>, StoreError> {
    tx.query_all(
        "SELECT uri, org_id, name, created_at FROM resources WHERE uri > $1 ORDER BY uri LIMIT $2",
        params![after, limit],
    )?
    .iter()
    .map(decode)
    .collect()
}

/// Removes the resource; whether there was one.
pub fn remove(tx: &mut dyn Tx, uri: &str) -> Result<bool, StoreError> {
    let removed = tx.execute("DELETE FROM resources WHERE uri = $1", params![uri])?;
    tx.changed(CHANGED, uri)?;
    Ok(removed == 1)
}

fn decode(row: &Row) -> Result<Resource, StoreError> {
    Ok(Resource {
        uri: row.text(0)?,
        org_id: OrgId::from_text(row.text(1)?),
        name: row.text(2)?,
        created_at: row.timestamp(3)?,
    })
}
