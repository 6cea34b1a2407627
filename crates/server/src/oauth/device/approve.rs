//! Who may let a device in, and doing so: for the page and for scripts.

use sigma_bitcoin::BapId;
use sigma_core::actor::Actor;
use sigma_core::interaction::{Continuation, Entrance, Guest, LinkSecret};
use sigma_core::user_code::UserCode;
use sigma_store::consent::ConsentMemory;
use sigma_store::device_code::{self, Approval};

use super::Waiting;
use crate::extract::{Browser, SignedIn};
use crate::http::{ApiError, RequestContext};
use crate::state::AppState;

/// Where a person goes on who has to sign in (again) first.
pub(super) fn continuation(code: &UserCode, second_factor: bool) -> Continuation {
    Continuation::Device { user_code: LinkSecret::new(code.to_string()), second_factor }
}

/// The person in `browser`, if they signed in a short time ago, with a second factor if `second_factor` demands one. A
/// session that was left open, or stolen, lets no device in.
pub(super) async fn recent(
    sigma: &AppState,
    browser: &Browser,
    code: &UserCode,
    second_factor: bool,
) -> Result<Option<SignedIn>, ApiError> {
    let signed_in = SignedIn::find_partial(sigma, browser).await?;
    Ok(signed_in.filter(|signed_in| is_recent(sigma, signed_in, code, second_factor)))
}

/// The same for a session that is already known.
pub(super) fn is_recent(sigma: &AppState, signed_in: &SignedIn, code: &UserCode, second_factor: bool) -> bool {
    let facts = signed_in.session.facts();
    let credentials = &signed_in.account.credentials;
    let guest = Guest { session: &facts, credentials, requires_second_factor: false };
    continuation(code, second_factor).entrance(Some(guest), sigma.now()) == Entrance::GoOn
}

/// The identity that the app will see, unless the person chooses another.
pub(super) fn preselected(signed_in: &SignedIn) -> Option<BapId> {
    let identities = &signed_in.account.identities;
    let acts_as = signed_in.session.bap_id.as_ref();
    let chosen = identities.iter().find(|identity| Some(&identity.bap_id) == acts_as);
    let primary = || identities.iter().find(|identity| identity.is_primary).or_else(|| identities.first());
    chosen.or_else(primary).map(|identity| identity.bap_id.clone())
}

/// Lets the device in; returns whether it was still waiting.
pub(super) async fn approve(
    sigma: &AppState,
    context: &RequestContext,
    signed_in: &SignedIn,
    waiting: &Waiting,
    bap_id: Option<BapId>,
) -> Result<bool, ApiError> {
    let memory =
        if waiting.app.always_asks() { ConsentMemory::AskAgain } else { ConsentMemory::Remembered(bap_id.clone()) };
    let approval = Approval {
        hash: waiting.device.hash,
        app_id: waiting.app.id.clone(),
        session: signed_in.session.facts(),
        agreed: waiting.request.wanted(),
        scope: waiting.request.scope.clone(),
        bap_id,
        memory,
        now: sigma.now(),
    };
    let store = sigma.store_for(context, Actor::User(signed_in.account.user.id.clone()));
    Ok(store.write(move |tx| device_code::approve(tx, &approval)).await?)
}

/// Turns the device away; returns whether it was still waiting.
pub(super) async fn deny(
    sigma: &AppState,
    context: &RequestContext,
    signed_in: &SignedIn,
    waiting: &Waiting,
) -> Result<bool, ApiError> {
    let (user_id, hash, now) = (signed_in.account.user.id.clone(), waiting.device.hash, sigma.now());
    let store = sigma.store_for(context, Actor::User(user_id.clone()));
    Ok(store.write(move |tx| device_code::deny(tx, &hash, &user_id, now)).await?)
}
