//! Consent, stored per user, app, identity and resource.

use sigma_core::authorize::{Consent, Consents};
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{AppId, UserId};
use sigma_core::scope::Scopes;
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::{Owner, StoreError, Tx, params};

/// The resource under which scopes of the server itself are stored.
const ITSELF: &str = "";

/// Everything that a user consented to for an app, across identities.
pub fn find(tx: &mut dyn Tx, user_id: &UserId, app_id: &AppId) -> Result<Consents, StoreError> {
    let rows = tx.query_all(
        "SELECT bap_id, resource, scope FROM consents WHERE user_id = $1 AND app_id = $2 ORDER BY bap_id, resource",
        params![user_id, app_id],
    )?;
    let mut consents = Consents::default();
    for row in rows {
        let (bap_id, resource, scope) = (row.text(0)?, row.text(1)?, Scopes::parse(&row.text(2)?));
        let consent = if resource == ITSELF {
            Consent { scope, ..Consent::default() }
        } else {
            Consent { resources: [(resource, scope)].into(), ..Consent::default() }
        };
        consents.add((!bap_id.is_empty()).then_some(bap_id), &consent);
    }
    Ok(consents)
}

/// Adds `agreed` to the consent of a user for an app and an identity.
pub fn remember(
    tx: &mut dyn Tx,
    user_id: &UserId,
    app_id: &AppId,
    bap_id: Option<&str>,
    agreed: &Consent,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.lock(Owner::User(user_id))?;
    let before = find(tx, user_id, app_id)?.of(bap_id).cloned().unwrap_or_default();
    let all = before.union(agreed);
    let itself = std::iter::once((ITSELF, &all.scope));
    let resources = agreed.resources.keys().filter_map(|uri| Some((uri.as_str(), all.resources.get(uri)?)));
    for (resource, scope) in itself.chain(resources) {
        tx.execute(
            "INSERT INTO consents (user_id, app_id, bap_id, resource, scope, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $6)
             ON CONFLICT (user_id, app_id, bap_id, resource)
             DO UPDATE SET scope = excluded.scope, updated_at = excluded.updated_at",
            params![user_id, app_id, bap_id.unwrap_or_default(), resource, scope.to_string(), now],
        )?;
    }
    give_once(tx, user_id, app_id, agreed, now)
}

/// Records that a user agreed, and will be asked again the next time.
pub fn give_once(
    tx: &mut dyn Tx,
    user_id: &UserId,
    app_id: &AppId,
    agreed: &Consent,
    now: Timestamp,
) -> Result<(), StoreError> {
    let scopes = std::iter::once(&agreed.scope).chain(agreed.resources.values()).map(ToString::to_string);
    let scope = scopes.filter(|scope| !scope.is_empty()).collect::<Vec<_>>().join(" ");
    let details = Details { scope: Some(scope), ..Details::default() };
    let target = Target::App(app_id.clone());
    let event = NewEvent::new(Action::ConsentGive).about(user_id).to(target).with(details);
    event::append_bounded(tx, event, user_id, now)
}
