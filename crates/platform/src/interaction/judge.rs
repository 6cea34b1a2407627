//! What an authorization request needs next of whoever is in the browser.

use sigma_core::authorize::{
    AuthorizationRequest, AuthorizeError, Consents, ErrorResponse, Interaction, NextStep, Visitor, choose_identity,
    next_step,
};
use sigma_core::interaction::{Entrance, Guest};
use sigma_core::person::Identity;
use sigma_store::consent;

use super::org::standing;
use super::request::{Requested, subject_of_hint};
use super::{Ongoing, Standing};
use crate::extract::{Browser, SignedIn};
use crate::http::ApiError;
use crate::state::AppState;

/// A request, and what it needs next of whoever is in the browser.
pub struct Judged {
    /// The request.
    pub request: AuthorizationRequest,
    /// Who is signed in.
    pub signed_in: Option<SignedIn>,
    /// The identity that the app will see.
    pub identity: Option<Identity>,
    /// The orgs of theirs that it asks for.
    pub org: Standing,
    /// The next step, or the refusal for the app.
    pub step: Result<NextStep, ErrorResponse>,
}

/// Asks the core what `requested` needs next; the refusal for the app if it cannot even be read.
///
/// # Errors
/// The store does not answer.
pub async fn judge(
    sigma: &AppState,
    browser: &Browser,
    requested: &Requested,
    state: &Interaction,
) -> Result<Result<Judged, ErrorResponse>, ApiError> {
    let request = match requested.parse(sigma).await? {
        Ok(request) => request,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mut hint = None;
    if let Some(token) = &request.id_token_hint {
        let Some(claims) = subject_of_hint(sigma, token, &requested.app).await? else {
            return Ok(Err(ErrorResponse::new(AuthorizeError::InvalidRequest, "id_token_hint is not valid")));
        };
        hint = Some(claims.sub);
    }
    let signed_in = SignedIn::find_partial(sigma, browser).await?;
    let session = signed_in.as_ref().map(|signed_in| signed_in.session.facts());
    let identities = signed_in.as_ref().map(|signed_in| signed_in.account.identities.as_slice()).unwrap_or_default();
    let consents = match &session {
        None => Consents::default(),
        Some(session) => {
            let (user_id, app_id) = (session.user_id.clone(), requested.app.id.clone());
            sigma.store.read(move |tx| consent::find(tx, &user_id, &app_id)).await?
        }
    };
    let identity =
        session.as_ref().and_then(|session| choose_identity(identities, state, &request, session, &consents)).cloned();
    let org = match &session {
        Some(session) => standing(sigma, &request, state, &session.user_id, &consents).await?,
        None => Standing::default(),
    };
    let bap_id = identity.as_ref().map(|identity| &identity.bap_id);
    let credentials = signed_in.as_ref().map(|signed_in| signed_in.account.credentials.as_slice()).unwrap_or_default();
    let visitor = session.as_ref().map(|session| Visitor {
        session,
        credentials,
        consents: &consents,
        bap_id,
        org: &org.standing,
    });
    let step = next_step(&request, &requested.app, visitor.as_ref(), state, hint.as_deref(), sigma.now());
    Ok(Ok(Judged { request, signed_in, identity, org, step }))
}

/// What the sign-in page has to do for a request on its way.
///
/// # Errors
/// The store does not answer.
pub async fn entrance(
    sigma: &AppState,
    browser: &Browser,
    requested: &Requested,
    ongoing: &Ongoing,
) -> Result<Entrance, ApiError> {
    if requested.app.document().is_some() && SignedIn::find(sigma, browser).await?.is_none() {
        return unread_entrance(sigma, browser, ongoing).await;
    }
    Ok(match judge(sigma, browser, requested, &ongoing.stored.state).await? {
        Ok(Judged { request, signed_in, step, .. }) => {
            let session = signed_in.map(|signed_in| signed_in.session.facts());
            Entrance::before(&request, &step, session.as_ref())
        }
        // The request itself tells the app.
        Err(_) => Entrance::GoOn,
    })
}

/// What the sign-in page has to do for a request of an app whose document is read once somebody is signed in: nothing else
/// that the request asks for is known before.
///
/// # Errors
/// The store does not answer.
pub async fn unread_entrance(sigma: &AppState, browser: &Browser, ongoing: &Ongoing) -> Result<Entrance, ApiError> {
    let signed_in = SignedIn::find_partial(sigma, browser).await?;
    let (continuation, started_at) = (&ongoing.stored.continuation, ongoing.stored.state.started_at);
    let Some(signed_in) = signed_in else { return Ok(continuation.entrance(None, started_at)) };
    let session = &signed_in.session.facts();
    let guest = Guest { session, credentials: &signed_in.account.credentials, requires_second_factor: false };
    Ok(continuation.entrance(Some(guest), started_at))
}
