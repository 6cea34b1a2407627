//! One authorization request on its way: what it needs next is asked of the core, then shown or answered.

use axum::response::{IntoResponse, Response};
use sigma_core::authorize::{
    AuthorizationRequest, AuthorizeError, Consents, Interaction, NextStep, Refusal, Visitor, choose_identity, next_step,
};
use sigma_core::code::{Authorization, Code};
use sigma_core::digest::Digest;
use sigma_core::params::Params;
use sigma_core::person::Identity;
use sigma_core::random::alphanumeric;
use sigma_core::time::Timestamp;
use sigma_store::interaction as rows;
use sigma_store::{code, consent};

use crate::error::{bad_request, internal};
use crate::extract::{Browser, SignedIn};
use crate::http::ApiError;
use crate::interaction::{self, Ending, Found, Kind, Ongoing, Stopped, with_cookie};
use crate::oauth::answer::{go, send_code, send_refusal};
use crate::oauth::request::{Requested, subject_of_hint};
use crate::oauth::resume_url;
use crate::pages::stopped;
use crate::state::AppState;

/// Letters of a code: 190 bits.
const CODE_LENGTH: usize = 32;

/// Finds the interaction that a person answers: a form of ours has `named` it, a script sends the query of the page. Gives
/// what to answer instead, when it cannot go on here: one that is not this browser's begins anew, and what was answered in
/// it does not count.
pub async fn find_answered(
    sigma: &AppState,
    browser: &Browser,
    named: Option<&str>,
    oauth_query: Option<&str>,
) -> Result<Ongoing, Box<Response>> {
    let refuse = |why: &'static str| Box::new(bad_request("invalid_request", why).into_response());
    let query = oauth_query.map(Params::parse);
    let name = named.or_else(|| query.as_ref().and_then(|query| query.get("interaction")));
    let name = name.ok_or_else(|| refuse("missing oauth query"))?;
    match interaction::find(sigma, browser, name).await {
        Ok(Found::Ongoing(ongoing)) => Ok(*ongoing),
        Ok(Found::Unbound(_)) => Err(Box::new(go(browser, resume_url(name)))),
        Err(Stopped::Internal(error)) => Err(Box::new(error.into_response())),
        Err(Stopped::Unknown) if browser.wants_json() => Err(refuse("the interaction has ended")),
        Err(reason) => Err(Box::new(stopped(sigma, &reason))),
    }
}

/// Takes a request as far as it goes without asking the person anything: to its answer, or to the page that asks.
pub async fn proceed(sigma: &AppState, browser: &Browser, requested: &Requested, ongoing: Option<Ongoing>) -> Response {
    match advance(sigma, browser, requested, ongoing).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn advance(
    sigma: &AppState,
    browser: &Browser,
    requested: &Requested,
    ongoing: Option<Ongoing>,
) -> Result<Response, ApiError> {
    let request = match requested.parse(sigma).await? {
        Ok(request) => request,
        Err(refusal) => return refuse(sigma, browser, requested, ongoing, &refusal).await,
    };
    let now = sigma.now();
    let fresh = Interaction { started_at: now, ..Interaction::default() };
    let state = ongoing.as_ref().map_or(&fresh, |ongoing| &ongoing.stored.state);
    let client_id = &requested.app.client_id;
    let mut hint = None;
    if let Some(token) = &request.id_token_hint {
        let Some(claims) = subject_of_hint(sigma, token, client_id).await.map_err(internal)? else {
            let refusal = Refusal::new(AuthorizeError::InvalidRequest, "id_token_hint is not valid");
            return refuse(sigma, browser, requested, ongoing, &refusal).await;
        };
        hint = Some(claims.sub);
    }
    let signed_in = SignedIn::find(sigma, browser).await?;
    let session = signed_in.as_ref().map(|signed_in| signed_in.session.facts());
    let identities = signed_in.as_ref().map(|signed_in| signed_in.account.identities.as_slice()).unwrap_or_default();
    let consents = match &session {
        None => Consents::default(),
        Some(session) => {
            let (user_id, client_id) = (session.user_id.clone(), client_id.clone());
            sigma.store.read(move |tx| consent::find(tx, &user_id, &client_id)).await.map_err(internal)?
        }
    };
    let identity =
        session.as_ref().and_then(|session| choose_identity(identities, state, &request, session, &consents)).cloned();
    let bap_id = identity.as_ref().map(|identity| identity.bap_id.as_str());
    let visitor = session.as_ref().map(|session| Visitor { session, consents: &consents, bap_id });
    let step = next_step(&request, &requested.app, visitor.as_ref(), state, hint.as_deref(), now);
    let (page, is_known) = match step {
        Err(refusal) => return refuse(sigma, browser, requested, ongoing, &refusal).await,
        Ok(NextStep::Issue) => {
            let Some(signed_in) = signed_in else { return Err(ApiError::internal("a code for nobody")) };
            return issue(sigma, browser, requested, &request, &signed_in, identity, ongoing, now).await;
        }
        Ok(NextStep::SignIn) => ("/login", false),
        Ok(NextStep::SignUp) => ("/signup", false),
        Ok(NextStep::SelectAccount) => ("/select-account", true),
        Ok(NextStep::Consent) => ("/consent", true),
    };
    let ongoing = match ongoing {
        Some(ongoing) => ongoing,
        None => interaction::begin(sigma, browser, Kind::Authorization { query: requested.params.to_query() }, now)?,
    };
    // What a person chooses on a page that knows them has a row.
    if let Some(session) = session.filter(|_| is_known && !ongoing.is_stored) {
        let row = ongoing.stored.clone();
        sigma.store.write(move |tx| rows::open(tx, &row, &session.user_id)).await.map_err(internal)?;
    }
    Ok(with_cookie(go(browser, format!("{page}?interaction={}", ongoing.name)), ongoing.set_cookie.as_deref()))
}

/// Sends the refusal to the app, which ends the interaction.
async fn refuse(
    sigma: &AppState,
    browser: &Browser,
    requested: &Requested,
    ongoing: Option<Ongoing>,
    refusal: &Refusal,
) -> Result<Response, ApiError> {
    let response = send_refusal(sigma, browser, requested, refusal);
    let Some(ongoing) = ongoing else { return Ok(response) };
    let (row, now) = (ongoing.stored.clone(), sigma.now());
    // Nobody has been told anything that only one may be told, so there is nothing to remember of one without a row.
    let ending = if ongoing.is_stored {
        sigma.store.write(move |tx| interaction::end(tx, &row, now)).await.map_err(internal)?
    } else {
        let others = sigma.store.read(move |tx| rows::has_open(tx, &row.browser, now)).await.map_err(internal)?;
        Ending { is_first: true, others }
    };
    Ok(interaction::close(sigma, browser, &ongoing.stored, ending, response))
}

/// Stores the code, ends the interaction, and sends the code to the app.
#[expect(clippy::too_many_arguments, reason = "the whole of what the request has gathered")]
async fn issue(
    sigma: &AppState,
    browser: &Browser,
    requested: &Requested,
    request: &AuthorizationRequest,
    signed_in: &SignedIn,
    identity: Option<Identity>,
    ongoing: Option<Ongoing>,
    now: Timestamp,
) -> Result<Response, ApiError> {
    let text = alphanumeric(&*sigma.rng, CODE_LENGTH);
    let facts = signed_in.session.facts();
    let code = Code {
        hash: Digest::of(&text),
        authorization: Authorization {
            bap_id: identity.map(|identity| identity.bap_id),
            scope: request.scope.clone(),
            claims: request.claims.userinfo.clone(),
            id_token_claims: request.claims.id_token.clone(),
            resources: request.resources.iter().map(|asked| asked.uri.clone()).collect(),
            nonce: request.nonce.clone(),
            ..Authorization::by(&facts, requested.app.client_id.clone())
        },
        redirect_uri: requested.address.redirect_uri.as_str().to_owned(),
        code_challenge: request.code_challenge,
        expires_at: AppState::in_seconds(now, sigma.settings.tokens.code_seconds),
        redeemed_for: None,
        used: false,
    };
    let ending = ongoing.as_ref().map(|ongoing| ongoing.stored.clone());
    let stored = sigma.store.write(move |tx| {
        let ended = ending.as_ref().map(|stored| interaction::end(tx, stored, now)).transpose()?;
        if ended.is_none_or(|ending| ending.is_first) {
            code::add(tx, &code, now)?;
        }
        Ok(ended)
    });
    match (ongoing, stored.await.map_err(internal)?) {
        (Some(ongoing), Some(ending)) if ending.is_first => {
            let response = send_code(sigma, browser, &requested.address, &text);
            Ok(interaction::close(sigma, browser, &ongoing.stored, ending, response))
        }
        (None, None) => Ok(send_code(sigma, browser, &requested.address, &text)),
        _ => Err(bad_request("invalid_request", "this request has already been answered")),
    }
}
