//! An authorization request in progress: the core decides the next step, which is then shown or answered.

use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use sigma_core::authorize::{AuthorizationRequest, AuthorizeError, ErrorResponse, Interaction, NextStep, PromptValue};
use sigma_core::code::{Authorization, Code};
use sigma_core::digest::Digest;
use sigma_core::ids::OrgId;
use sigma_core::params::Params;
use sigma_core::person::Identity;
use sigma_core::random::alphanumeric;
use sigma_core::time::Timestamp;
use sigma_store::client_document;
use sigma_store::code::{self, Issued};
use sigma_store::interaction::{self as rows, Ending};

use crate::app_trial::{Outcome, Ticket};
use crate::error::bad_request;
use crate::extract::{Browser, JSON, SignedIn, is_content_type, unauthorized};
use crate::http::{ApiError, RequestContext};
use crate::interaction::{self, Continuation, Found, Judged, Ongoing, Requested, Stopped, judge, stopped, with_cookie};
use crate::oauth::answer::{self, go, send_code};
use crate::oauth::described::{self, Stage};
use crate::paths::{ACCOUNT_DELETION_PATH, LOGIN_PATH, resume_url};
use crate::state::AppState;

/// Length of a code: 190 bits.
const CODE_LENGTH: usize = 32;

/// Finds the interaction that a submission belongs to: our forms name it in `named`, a script sends the query of the
/// page. Returns a response if it cannot continue here: an interaction of another browser starts over, and the
/// submission does not count.
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
        Ok(Found::Ongoing(ongoing)) if ongoing.query().is_ok() => Ok(*ongoing),
        Ok(Found::Ongoing(_)) if browser.wants_json() => Err(refuse("the interaction is about something else")),
        Ok(Found::Ongoing(_)) => Err(Box::new(stopped(sigma, browser, Stopped::OtherKind).await)),
        Ok(Found::Unbound(_)) => Err(Box::new(go(browser, resume_url(name)))),
        Err(Stopped::Internal(error)) => Err(Box::new(error.into_response())),
        Err(_) if browser.wants_json() => Err(refuse("the interaction has ended")),
        Err(reason) => Err(Box::new(stopped(sigma, browser, reason).await)),
    }
}

/// Whoever answers a page of ours, unless a script does without being signed in. A person whose session has ended since the
/// page was shown signs in again and goes on with the same request: see [`resume_url`].
///
/// # Errors
/// A script is not signed in.
pub fn answering(
    browser: &Browser,
    headers: &HeaderMap,
    signed_in: Option<SignedIn>,
) -> Result<Option<SignedIn>, ApiError> {
    if signed_in.is_none() && (is_content_type(headers, JSON) || browser.wants_json()) {
        return Err(unauthorized());
    }
    Ok(signed_in)
}

/// Advances a request as far as possible without user interaction: to its response, or to the page that asks.
pub async fn proceed(
    sigma: &AppState,
    context: &RequestContext,
    browser: &Browser,
    requested: &Requested,
    ongoing: Option<Ongoing>,
) -> Response {
    if let Some(url) = requested.app.document() {
        return described::proceed(sigma, context, browser, &requested.params, &url, ongoing, Stage::GoesOn).await;
    }
    match advance(sigma, context, browser, requested, ongoing).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

pub(super) async fn advance(
    sigma: &AppState,
    context: &RequestContext,
    browser: &Browser,
    requested: &Requested,
    ongoing: Option<Ongoing>,
) -> Result<Response, ApiError> {
    let now = sigma.now();
    let fresh = Interaction { started_at: now, ..Interaction::default() };
    let state = ongoing.as_ref().map_or(&fresh, |ongoing| &ongoing.stored.state);
    let Judged { request, signed_in, identity, org, step } = match judge(sigma, browser, requested, state).await? {
        Ok(judged) => judged,
        Err(refusal) => return refuse(sigma, context, browser, requested, ongoing, &refusal).await,
    };
    let asks_user = !matches!(step, Err(_) | Ok(NextStep::SignIn | NextStep::SignUp | NextStep::StepUp(_)));
    if asks_user && signed_in.as_ref().is_some_and(|signed_in| signed_in.account.deletes_at.is_some()) {
        // An account that is going to be deleted gives no app access; its user may keep it first.
        if request.prompt.asks(PromptValue::None) {
            let refusal = ErrorResponse::new(AuthorizeError::LoginRequired, "the user is not signed in");
            return refuse(sigma, context, browser, requested, ongoing, &refusal).await;
        }
        return Ok(go(browser, ACCOUNT_DELETION_PATH.to_owned()));
    }
    let (page, is_known) = match step {
        Err(refusal) => return refuse(sigma, context, browser, requested, ongoing, &refusal).await,
        Ok(NextStep::Issue) => {
            let Some(signed_in) = signed_in else { return Err(ApiError::internal("a code for nobody")) };
            let org_id = org.standing.org_id().cloned();
            if let Some(test) = Ticket::of(sigma, requested) {
                let outcome = tested(sigma, requested, &request, &signed_in, (identity, org_id)).await?;
                return end(sigma, browser, ongoing, go(browser, test.shown_at(sigma, outcome)?)).await;
            }
            return issue(sigma, browser, requested, &request, &signed_in, (identity, org_id), ongoing, now).await;
        }
        Ok(NextStep::SignIn | NextStep::StepUp(_) | NextStep::Enrol(_)) => (LOGIN_PATH, false),
        Ok(NextStep::SignUp) => ("/signup", false),
        Ok(NextStep::SelectAccount) => ("/select-account", true),
        Ok(NextStep::SelectOrg) => ("/select-org", true),
        Ok(NextStep::Consent) => ("/consent", true),
    };
    let ongoing = if let Some(ongoing) = ongoing {
        ongoing
    } else {
        let continuation = Continuation::Authorization { query: requested.params.to_query() };
        interaction::begin(sigma, browser, continuation, now)?
    };
    // Choices made on a page by a known user are stored.
    if let Some(signed_in) = signed_in.filter(|_| is_known && !ongoing.is_stored) {
        let (row, user_id) = (ongoing.stored.clone(), signed_in.session.user_id.clone());
        sigma.store.write(move |tx| rows::open(tx, &row, &user_id)).await?;
    }
    Ok(with_cookie(go(browser, format!("{page}?interaction={}", ongoing.name)), ongoing.set_cookie.as_deref()))
}

/// Sends the refusal to the app, which ends the interaction.
async fn refuse(
    sigma: &AppState,
    context: &RequestContext,
    browser: &Browser,
    requested: &Requested,
    ongoing: Option<Ongoing>,
    refusal: &ErrorResponse,
) -> Result<Response, ApiError> {
    let response = answer::refuse(sigma, context, browser, requested, refusal).await?;
    end(sigma, browser, ongoing, response).await
}

/// Ends the interaction with a response that gives nothing out.
async fn end(
    sigma: &AppState,
    browser: &Browser,
    ongoing: Option<Ongoing>,
    response: Response,
) -> Result<Response, ApiError> {
    let Some(ongoing) = ongoing else { return Ok(response) };
    let (row, now) = (ongoing.stored.clone(), sigma.now());
    // Nothing single-use was given out, so an interaction without a row leaves nothing to remember.
    let ending = if ongoing.is_stored {
        sigma.store.write(move |tx| rows::end(tx, &row, now)).await?
    } else {
        let others = sigma.store.read(move |tx| rows::has_open(tx, &row.browser, now)).await?;
        Ending { is_first: true, others }
    };
    Ok(interaction::close(sigma, browser, &ongoing.stored, ending, response))
}

/// What the app would have learnt of the user by the code that it does not get, because this is a test.
async fn tested(
    sigma: &AppState,
    requested: &Requested,
    request: &AuthorizationRequest,
    signed_in: &SignedIn,
    (identity, org_id): (Option<Identity>, Option<OrgId>),
) -> Result<Outcome, ApiError> {
    let (app, scope, claims) = (&requested.app, &request.scope, &request.claims.userinfo);
    let person = signed_in.account.person(identity.map(|identity| identity.bap_id).as_ref());
    let person = sigma.with_membership(app, person, org_id.as_ref(), scope, claims).await?;
    let placeholder = app.placeholder_email.then(|| sigma.issuer_host());
    let claims = person.userinfo(scope, claims, placeholder.as_deref());
    Ok(Outcome::granted(scope, &serde_json::to_value(claims).map_err(ApiError::internal)?))
}

/// Stores the code, ends the interaction, and sends the code to the app.
#[expect(clippy::too_many_arguments, reason = "the whole of what the request has gathered")]
async fn issue(
    sigma: &AppState,
    browser: &Browser,
    requested: &Requested,
    request: &AuthorizationRequest,
    signed_in: &SignedIn,
    (identity, org_id): (Option<Identity>, Option<OrgId>),
    ongoing: Option<Ongoing>,
    now: Timestamp,
) -> Result<Response, ApiError> {
    let text = alphanumeric(&*sigma.rng, CODE_LENGTH);
    let facts = signed_in.session.facts();
    let code_seconds = requested.app.security.code_seconds(sigma.settings.tokens.code_seconds);
    let code = Code {
        hash: Digest::of(&text),
        authorization: Authorization {
            bap_id: identity.map(|identity| identity.bap_id),
            org_id,
            scope: request.scope.clone(),
            claims: request.claims.userinfo.clone(),
            id_token_claims: request.claims.id_token.clone(),
            resources: request.resources.iter().map(|asked| asked.uri.clone()).collect(),
            nonce: request.nonce.clone(),
            ..Authorization::by(&facts, requested.app.id.clone())
        },
        redirect_uri: requested.address.redirect_uri.as_str().to_owned(),
        code_challenge: request.code_challenge,
        dpop_jkt: request.dpop_jkt.clone(),
        expires_at: AppState::in_seconds(now, code_seconds),
        redeemed_for: None,
        used: false,
    };
    let ending = ongoing.as_ref().map(|ongoing| ongoing.stored.clone());
    let pushed = requested.pushed;
    let described = requested.app.document().map(|_| (requested.app.id.clone(), sigma.kept_until()));
    let issued = sigma.store.write(move |tx| {
        if let Some((app_id, until)) = &described {
            client_document::keep(tx, app_id, *until)?;
        }
        code::issue(tx, &code, ending.as_ref(), pushed.as_ref(), now)
    });
    let Issued::Code(ending) = issued.await? else { return already_answered(sigma, browser, requested).await };
    let response = send_code(sigma, browser, &requested.address, &text);
    Ok(match (ongoing, ending) {
        (Some(ongoing), Some(ending)) => interaction::close(sigma, browser, &ongoing.stored, ending, response),
        _ => response,
    })
}

/// The answer to the second of two answers: for a person a page that goes on with the same request.
///
/// # Errors
/// For a script the error.
pub async fn already_answered(
    sigma: &AppState,
    browser: &Browser,
    requested: &Requested,
) -> Result<Response, ApiError> {
    if browser.wants_json() {
        return Err(bad_request("invalid_request", "this request has already been answered"));
    }
    let continuation = Continuation::Authorization { query: requested.params.to_query() };
    Ok(stopped(sigma, browser, Stopped::Finished(continuation)).await)
}
