//! Consent, stored per user, app, identity and resource.

use sigma_bitcoin::BapId;
use sigma_core::authorize::{Consent, Consents};
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{AppId, OrgId, SessionId, UserId};
use sigma_core::scope::Scopes;
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::interaction::{self, StoredInteraction};
use crate::user;
use crate::{Owner, StoreError, Tx, params, session};

/// The resource under which scopes of the server itself are stored.
const ITSELF: &str = "";

/// The org in place of a resource: that an app may see the user act for it. No id of an org is the URI of a resource.
pub(crate) fn org_of(resource: &str) -> Option<OrgId> {
    OrgId::parse(resource)
}

/// Everything that a user consented to for an app, across identities.
pub fn find(tx: &mut dyn Tx, user_id: &UserId, app_id: &AppId) -> Result<Consents, StoreError> {
    let rows = tx.query_all(
        "SELECT bap_id, resource, scope FROM consents WHERE user_id = $1 AND app_id = $2 ORDER BY bap_id, resource",
        params![user_id, app_id],
    )?;
    let mut consents = Consents::default();
    for row in rows {
        // Stored as an empty text if the user has no identity.
        let bap_id = if row.text(0)?.is_empty() { None } else { Some(row.parsed(0, "a BAP id", bap_id)?) };
        let (resource, scope) = (row.text(1)?, Scopes::parse(&row.text(2)?));
        let consent = if resource == ITSELF {
            Consent { scope, ..Consent::default() }
        } else if let Some(org_id) = org_of(&resource) {
            Consent { orgs: [org_id].into(), ..Consent::default() }
        } else {
            Consent { resources: [(resource, scope)].into(), ..Consent::default() }
        };
        consents.add(bap_id, &consent);
    }
    Ok(consents)
}

/// The identity with which a user last consented to an app's request.
pub fn find_last_identity(tx: &mut dyn Tx, user_id: &UserId, app_id: &AppId) -> Result<Option<BapId>, StoreError> {
    let row = tx.query_opt(
        "SELECT bap_id FROM consents WHERE user_id = $1 AND app_id = $2 ORDER BY updated_at DESC, bap_id LIMIT 1",
        params![user_id, app_id],
    )?;
    match row {
        Some(row) if !row.text(0)?.is_empty() => Ok(Some(row.parsed(0, "a BAP id", bap_id)?)),
        _ => Ok(None),
    }
}

fn bap_id(text: &str) -> Option<BapId> {
    BapId::parse(text).ok()
}

/// A user's consent to a request.
#[derive(Clone, Debug)]
pub struct NewConsent {
    /// The request, with the choices of the user, who is named in its state.
    pub interaction: StoredInteraction,
    /// The user.
    pub user_id: UserId,
    /// Their session.
    pub session_id: SessionId,
    /// The app.
    pub app_id: AppId,
    /// The scopes and resources.
    pub agreed: Consent,
    /// Whether the user will be asked the next time.
    pub memory: ConsentMemory,
    /// The identity that they chose for the app, which their session acts as from now on.
    pub chosen_identity: Option<BapId>,
    /// The current time.
    pub now: Timestamp,
}

/// Whether consent counts for later requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsentMemory {
    /// It is remembered for that identity.
    Remembered(Option<BapId>),
    /// The app always asks.
    AskAgain,
}

/// Records consent, in the interaction and for later requests; returns whether the account is enabled and the request
/// still open. Otherwise nothing is recorded.
pub fn record(tx: &mut dyn Tx, new: &NewConsent) -> Result<bool, StoreError> {
    tx.lock(Owner::User(&new.user_id))?;
    if user::find(tx, &new.user_id)?.is_none_or(|user| user.disabled) {
        return Ok(false);
    }
    if !interaction::record(tx, &new.interaction, &new.user_id)? {
        return Ok(false);
    }
    give(tx, &new.user_id, &new.app_id, &new.agreed, &new.memory, new.now)?;
    if let Some(bap_id) = &new.chosen_identity {
        session::choose_identity(tx, &new.session_id, bap_id, new.now)?;
    }
    Ok(true)
}

/// Records that a user agreed, and remembers it as `memory` says.
pub(crate) fn give(
    tx: &mut dyn Tx,
    user_id: &UserId,
    app_id: &AppId,
    agreed: &Consent,
    memory: &ConsentMemory,
    now: Timestamp,
) -> Result<(), StoreError> {
    match memory {
        ConsentMemory::AskAgain => give_once(tx, user_id, app_id, agreed, now),
        ConsentMemory::Remembered(bap_id) => remember(tx, user_id, app_id, bap_id.as_ref(), agreed, now),
    }
}

/// Adds `agreed` to the consent of a user for an app and an identity.
pub fn remember(
    tx: &mut dyn Tx,
    user_id: &UserId,
    app_id: &AppId,
    bap_id: Option<&BapId>,
    agreed: &Consent,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.lock(Owner::User(user_id))?;
    let before = find(tx, user_id, app_id)?.of(bap_id).cloned().unwrap_or_default();
    let all = before.union(agreed);
    let itself = std::iter::once((ITSELF, &all.scope));
    let resources = agreed.resources.keys().filter_map(|uri| Some((uri.as_str(), all.resources.get(uri)?)));
    let nothing = Scopes::default();
    let orgs = agreed.orgs.iter().map(|org_id| (org_id.as_str(), &nothing));
    for (resource, scope) in itself.chain(resources).chain(orgs) {
        tx.execute(
            "INSERT INTO consents (user_id, app_id, bap_id, resource, scope, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $6)
             ON CONFLICT (user_id, app_id, bap_id, resource)
             DO UPDATE SET scope = excluded.scope, updated_at = excluded.updated_at",
            params![user_id, app_id, bap_id.map(BapId::as_str).unwrap_or_default(), resource, scope.to_string(), now],
        )?;
    }
    give_once(tx, user_id, app_id, agreed, now)
}

/// Records that a user agreed, and will be asked again the next time.
fn give_once(
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
