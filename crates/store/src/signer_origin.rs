//! The origins whose pages may embed the signer. Those of disabled apps, and of apps that registered themselves, do not
//! count.

use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{AppId, OrgId};
use sigma_core::signer_origin::{MOST_PER_APP, SignerOrigin};

use crate::event::{self, NewEvent};
use crate::{Owner, StoreError, Tx, params};

/// Replaces the origins of an app, at most [`MOST_PER_APP`].
pub fn declare(tx: &mut dyn Tx, app_id: &AppId, org_id: &OrgId, origins: &[SignerOrigin]) -> Result<(), StoreError> {
    tx.lock(Owner::Org(org_id))?;
    let mut wanted: Vec<SignerOrigin> = origins.iter().take(MOST_PER_APP).cloned().collect();
    wanted.sort_unstable();
    wanted.dedup();
    if of_app(tx, app_id)? == wanted {
        return Ok(());
    }
    tx.execute("DELETE FROM signer_origins WHERE app_id = $1", params![app_id])?;
    for origin in &wanted {
        let sql = "INSERT INTO signer_origins (app_id, origin) VALUES ($1, $2)";
        tx.execute(sql, params![app_id, origin.as_str()])?;
    }
    let details = Details::changed([("signer_origins", true)]);
    let event = NewEvent::new(Action::AppChange).within(org_id).to(Target::App(app_id.clone()));
    event::append(tx, event.with(details))
}

/// The origins of an app, sorted.
pub fn of_app(tx: &mut dyn Tx, app_id: &AppId) -> Result<Vec<SignerOrigin>, StoreError> {
    let sql = "SELECT origin FROM signer_origins WHERE app_id = $1 ORDER BY origin LIMIT 100";
    tx.query_all(sql, params![app_id])?.iter().map(|row| Ok(SignerOrigin::from_stored(row.text(0)?))).collect()
}

/// Whether pages of that origin may embed the signer.
pub fn is_declared(tx: &mut dyn Tx, origin: &SignerOrigin) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM signer_origins AS declared JOIN apps ON apps.id = declared.app_id
         WHERE declared.origin = $1 AND apps.disabled = 0 AND apps.dynamic = 0 LIMIT 1";
    Ok(tx.query_opt(sql, params![origin.as_str()])?.is_some())
}

/// At most `limit` of the origins whose pages may embed the signer, sorted.
pub fn list(tx: &mut dyn Tx, limit: u32) -> Result<Vec<SignerOrigin>, StoreError> {
    let sql = "SELECT DISTINCT declared.origin FROM signer_origins AS declared JOIN apps ON apps.id = declared.app_id
         WHERE apps.disabled = 0 AND apps.dynamic = 0 ORDER BY declared.origin LIMIT $1";
    tx.query_all(sql, params![limit])?.iter().map(|row| Ok(SignerOrigin::from_stored(row.text(0)?))).collect()
}
