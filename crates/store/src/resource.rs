//! Resources: the APIs that access tokens may be for (RFC 8707).

pub mod manage;

use sigma_core::app::App;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{AppId, OrgId};
use sigma_core::resource::{Resource, ResourceScope, Targets};

use crate::app::{from_texts, texts};
use crate::event::{self, NewEvent};
use crate::{Owner, Row, StoreError, Tx, cached, params};

/// Registers `resource`; returns whether its URI was free.
pub fn add(tx: &mut dyn Tx, resource: &Resource) -> Result<bool, StoreError> {
    tx.lock(Owner::Org(&resource.org_id))?;
    let inserted = tx.execute(
        "INSERT INTO resources (uri, org_id, name, scopes, open, servers, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (uri) DO NOTHING",
        params![
            &resource.uri,
            &resource.org_id,
            &resource.name,
            scopes_to_text(&resource.scopes)?,
            resource.open,
            texts(resource.servers.iter().map(AppId::as_str))?,
            resource.created_at
        ],
    )?;
    tx.changed(cached::RESOURCE, &resource.uri)?;
    if inserted == 1 {
        event::append(tx, recorded(Action::ResourceCreate, resource))?;
    }
    Ok(inserted == 1)
}

fn recorded(action: Action, resource: &Resource) -> NewEvent {
    NewEvent::new(action).within(&resource.org_id).to(Target::Resource(resource.uri.clone()))
}

/// Writes every field of `resource` except its URI and creation time; returns whether it exists.
pub fn update(tx: &mut dyn Tx, resource: &Resource) -> Result<bool, StoreError> {
    let Some(before) = find(tx, &resource.uri)? else { return Ok(false) };
    let updated = tx.execute(
        "UPDATE resources SET org_id = $2, name = $3, scopes = $4, open = $5, servers = $6 WHERE uri = $1",
        params![
            &resource.uri,
            &resource.org_id,
            &resource.name,
            scopes_to_text(&resource.scopes)?,
            resource.open,
            texts(resource.servers.iter().map(AppId::as_str))?
        ],
    )?;
    tx.changed(cached::RESOURCE, &resource.uri)?;
    let details = Details::changed([
        ("org", before.org_id != resource.org_id),
        ("name", before.name != resource.name),
        ("scopes", before.scopes != resource.scopes),
        ("open", before.open != resource.open),
        ("servers", before.servers != resource.servers),
    ]);
    event::append(tx, recorded(Action::ResourceChange, &before).with(details))?;
    Ok(updated == 1)
}

/// The resource with that URI, byte for byte.
pub fn find(tx: &mut dyn Tx, uri: &str) -> Result<Option<Resource>, StoreError> {
    tx.query_opt(
        "SELECT uri, org_id, name, scopes, open, servers, created_at FROM resources WHERE uri = $1",
        params![uri],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// At most `limit` resources, ordered by URI, after `after`.
pub fn list(tx: &mut dyn Tx, after: &str, limit: u32) -> Result<Vec<Resource>, StoreError> {
    tx.query_all(
        "SELECT uri, org_id, name, scopes, open, servers, created_at FROM resources WHERE uri > $1 ORDER BY uri LIMIT $2",
        params![after, limit],
    )?
    .iter()
    .map(decode)
    .collect()
}

/// At most `limit` resources that any app may request with a user's consent, ordered by URI.
pub fn list_open(tx: &mut dyn Tx, limit: u32) -> Result<Vec<Resource>, StoreError> {
    tx.query_all(
        "SELECT uri, org_id, name, scopes, open, servers, created_at FROM resources WHERE open = 1 ORDER BY uri LIMIT $1",
        params![limit],
    )?
    .iter()
    .map(decode)
    .collect()
}

/// The resources of a user's token for `app`; `None` unless `app` may have each of them now.
pub(crate) fn load_targets(tx: &mut dyn Tx, app: &App, uris: &[String]) -> Result<Option<Targets>, StoreError> {
    let mut resources = Vec::with_capacity(uris.len());
    for uri in uris {
        match find(tx, uri)? {
            Some(resource) => resources.push(resource),
            None => return Ok(None),
        }
    }
    Ok(Targets::of_grant(resources, app))
}

/// The audiences of one token: the requested ones if all were granted, or every granted one if none is requested.
pub(crate) fn narrow(granted: &[String], wanted: &[String]) -> Option<Vec<String>> {
    if wanted.is_empty() {
        return Some(granted.to_vec());
    }
    wanted.iter().all(|uri| granted.contains(uri)).then(|| wanted.to_vec())
}

/// Removes the resource; returns whether it existed.
pub fn remove(tx: &mut dyn Tx, uri: &str) -> Result<bool, StoreError> {
    let Some(resource) = find(tx, uri)? else { return Ok(false) };
    let removed = tx.execute("DELETE FROM resources WHERE uri = $1", params![uri])?;
    tx.changed(cached::RESOURCE, uri)?;
    if removed == 1 {
        event::append(tx, recorded(Action::ResourceRemove, &resource))?;
    }
    Ok(removed == 1)
}

fn decode(row: &Row) -> Result<Resource, StoreError> {
    Ok(Resource {
        uri: row.text(0)?,
        org_id: OrgId::from_text(row.text(1)?),
        name: row.text(2)?,
        scopes: row.parsed(3, "the scopes of a resource", |text| serde_json::from_str(text).ok())?,
        open: row.bool(4)?,
        servers: from_texts(row, 5)?.into_iter().map(AppId::from_text).collect(),
        created_at: row.timestamp(6)?,
    })
}

fn scopes_to_text(scopes: &[ResourceScope]) -> Result<String, StoreError> {
    serde_json::to_string(scopes).map_err(|error| StoreError::Failed(error.to_string()))
}
