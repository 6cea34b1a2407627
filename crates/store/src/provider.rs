//! Providers that were declared by `sigma apply`: servers elsewhere that people sign in with. What they are is up to the settings of
//! the platform; here they are JSON, and their secrets are sealed.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use sigma_core::event::{Action, Details};
use sigma_core::provider::ProviderId;
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::{Row, StoreError, Tx, cached, params};

/// The most that are declared: each is a button.
pub const MOST: u32 = 20;

/// A declared provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredProvider {
    /// Its id.
    pub id: ProviderId,
    /// Its members without its secret, as JSON.
    pub settings: String,
    /// Its secret, sealed for [`seal_context`].
    pub secret: Option<Vec<u8>>,
}

impl DeclaredProvider {
    /// The names of the members that `before` did not have so.
    fn changes(&self, before: &Self) -> Vec<String> {
        let members =
            |declared: &Self| serde_json::from_str::<Map<String, Value>>(&declared.settings).unwrap_or_default();
        let (now, then) = (members(self), members(before));
        let names: BTreeSet<&String> = now.keys().chain(then.keys()).collect();
        let differ = names.into_iter().filter(|name| now.get(*name) != then.get(*name)).cloned();
        differ.chain((self.secret != before.secret).then(|| "client_secret".to_owned())).collect()
    }
}

/// What the secret of a provider is sealed for.
pub fn seal_context(id: &ProviderId) -> String {
    format!("provider:{id}")
}

/// All of them, in the order in which they were declared.
pub fn list(tx: &mut dyn Tx) -> Result<Vec<DeclaredProvider>, StoreError> {
    let sql = "SELECT id, settings, secret FROM providers ORDER BY created_at, id LIMIT $1";
    tx.query_all(sql, params![MOST])?.iter().map(decode).collect()
}

/// The one of that id.
pub fn find(tx: &mut dyn Tx, id: &ProviderId) -> Result<Option<DeclaredProvider>, StoreError> {
    let sql = "SELECT id, settings, secret FROM providers WHERE id = $1";
    tx.query_opt(sql, params![id.as_str()])?.map(|row| decode(&row)).transpose()
}

/// Whether another one may be declared.
pub fn has_room(tx: &mut dyn Tx) -> Result<bool, StoreError> {
    let row = tx.query_opt("SELECT COUNT(*) FROM providers", params![])?;
    Ok(row.map_or(Ok(0), |row| row.int(0))? < i64::from(MOST))
}

/// Declares a provider, or changes it.
pub fn set(tx: &mut dyn Tx, new: &DeclaredProvider, now: Timestamp) -> Result<(), StoreError> {
    let changed = find(tx, &new.id)?.map(|before| new.changes(&before)).unwrap_or_default();
    tx.execute(
        "INSERT INTO providers (id, settings, secret, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
         ON CONFLICT (id) DO UPDATE SET settings = excluded.settings, secret = excluded.secret, updated_at = excluded.updated_at",
        params![new.id.as_str(), &new.settings, new.secret.as_deref(), now],
    )?;
    tx.changed(cached::PROVIDERS, cached::ALL)?;
    record(tx, Action::ProviderChange, &new.id, changed)
}

/// Removes a declared provider; returns whether there was one. Accounts that are linked with it keep the link.
pub fn remove(tx: &mut dyn Tx, id: &ProviderId) -> Result<bool, StoreError> {
    if tx.execute("DELETE FROM providers WHERE id = $1", params![id.as_str()])? == 0 {
        return Ok(false);
    }
    tx.changed(cached::PROVIDERS, cached::ALL)?;
    record(tx, Action::ProviderRemove, id, Vec::new())?;
    Ok(true)
}

fn record(tx: &mut dyn Tx, action: Action, id: &ProviderId, changed: Vec<String>) -> Result<(), StoreError> {
    let details = Details { provider: Some(id.to_string()), changed, ..Details::default() };
    event::append(tx, NewEvent::new(action).with(details))
}

fn decode(row: &Row) -> Result<DeclaredProvider, StoreError> {
    Ok(DeclaredProvider {
        id: row.parsed(0, "the id of a provider", |id| ProviderId::parse(id).ok())?,
        settings: row.text(1)?,
        secret: row.opt_bytes(2)?,
    })
}
