//! `POST /api/auth/oauth2/consent`: the user's answer to a consent request (`docs/spec/oidc.md#consent`). A form from
//! our own page, or JSON from a script.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde::Deserialize;
use sigma_bitcoin::BapId;
use sigma_core::actor::Actor;
use sigma_core::authorize::{AuthorizeError, ClaimsRequest, Consents, ErrorResponse, Interaction};
use sigma_core::interaction::Entrance;
use sigma_core::params::Params;
use sigma_core::scope::{ORG, Scopes};
use sigma_store::consent::{self, ConsentMemory, NewConsent};
use sigma_store::interaction;
use utoipa::ToSchema;

use crate::error::API;
use crate::error::bad_request;
use crate::extract::{Browser, FORM, JSON, MaybeSignedIn, SignedIn, is_content_type, read_form, wrong_content_type};
use crate::http::policy::ErrorPages;
use crate::http::{ApiError, Endpoint, Policy, RequestContext, routes};
use crate::interaction::request::{Requested, Unanswerable};
use crate::interaction::{Continuation, Ongoing, close, entrance, standing, stopped};
use crate::oauth::answer::{Redirection, go, send_refusal};
use crate::oauth::authorize::unanswerable;
use crate::oauth::flow::{already_answered, answering, find_answered, proceed};
use crate::paths::resume_url;
use crate::state::AppState;

const POLICY: Policy = Policy { error_pages: ErrorPages::ForBrowsers, ..API };

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(answer_consent))
}

/// The user's decision.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct ConsentAnswer {
    /// Whether the user consents.
    accept: bool,
    /// A subset of the requested scopes.
    scope: Option<String>,
    /// The query of the page, which contains the interaction.
    oauth_query: Option<String>,
    /// The interaction itself, in a form.
    #[serde(skip)]
    interaction: Option<String>,
    /// The account that the page was made for, in a form.
    #[serde(skip)]
    shown_to: Option<String>,
    /// The identity that the app will see.
    bap_id: Option<String>,
    /// The org that the page showed, in a form.
    #[serde(skip)]
    org: Option<String>,
}

/// Grants or denies consent.
#[utoipa::path(
    post,
    path = "/api/auth/oauth2/consent",
    operation_id = "answerConsent",
    tag = "OpenID Connect",
    request_body(content = ConsentAnswer, content_type = "application/json"),
    responses(
        (status = 200, description = "JSON: the URL to go to, of the app with a code or `access_denied`", body = Redirection),
        (status = 303, description = "Form: to the app, or to sign-in if the session has ended"),
        (status = 400, description = "No such interaction, it has ended, or more scopes than requested"),
        (status = 401, description = "JSON: nobody is signed in"),
        (status = 403, description = "From another origin"),
        (status = 415, description = "Neither a form nor JSON"),
    )
)]
pub async fn answer_consent(
    State(sigma): State<AppState>,
    context: RequestContext,
    MaybeSignedIn(signed_in): MaybeSignedIn,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let browser = Browser::of(&headers);
    let signed_in = answering(&browser, &headers, signed_in)?;
    let answer = read(&headers, &body)?;
    let (named, query) = (answer.interaction.as_deref(), answer.oauth_query.as_deref());
    let ongoing = match find_answered(&sigma, &browser, named, query).await {
        Ok(ongoing) => ongoing,
        Err(response) => return Ok(*response),
    };
    let Some(signed_in) = signed_in else { return Ok(go(&browser, resume_url(&ongoing.name))) };
    if answer.shown_to.as_deref().is_some_and(|shown_to| shown_to != signed_in.account.user.id.as_str()) {
        // Another account has signed in meanwhile, in another tab: its user has not seen what they would consent to.
        return Ok(go(&browser, resume_url(&ongoing.name)));
    }
    let query = match ongoing.query() {
        Ok(query) => Params::parse(query),
        Err(reason) => return Ok(stopped(&sigma, &browser, reason).await),
    };
    let requested = match Requested::read(&sigma, query).await {
        Ok(requested) => requested,
        Err(Unanswerable::Untrusted { error, .. }) if browser.wants_json() || is_content_type(&headers, JSON) => {
            return Err(bad_request(error.code(), error.to_string()));
        }
        // Its document was forgotten meanwhile, and is read again on the way.
        Err(Unanswerable::Unread(_)) => return Ok(go(&browser, resume_url(&ongoing.name))),
        Err(error) => return Ok(unanswerable(&context, &browser, error)),
    };
    if !answer.accept {
        let (stored, now) = (ongoing.stored.clone(), sigma.now());
        let ending = sigma.store.write(move |tx| interaction::end(tx, &stored, now)).await?;
        let refusal = ErrorResponse::new(AuthorizeError::AccessDenied, "User denied access");
        let response = send_refusal(&sigma, &browser, &requested, &refusal);
        return Ok(close(&sigma, &browser, &ongoing.stored, ending, response));
    }
    // A request that asks for a sign-in first takes no consent from the session before it.
    if entrance(&sigma, &browser, &requested, &ongoing).await? != Entrance::GoOn {
        return Ok(go(&browser, resume_url(&ongoing.name)));
    }
    let name = ongoing.name.clone();
    match record(&sigma, &context, &signed_in, ongoing, &requested, &answer).await? {
        Recorded::Consent(ongoing, narrowed) => {
            Ok(proceed(&sigma, &context, &browser, &narrowed, Some(*ongoing)).await)
        }
        Recorded::OtherOrg => Ok(go(&browser, resume_url(&name))),
        Recorded::AnsweredBefore => already_answered(&sigma, &browser, &requested).await,
    }
}

/// What became of a consent.
enum Recorded {
    /// It is written down: the request goes on, as far as the user agreed to it.
    Consent(Box<Ongoing>, Box<Requested>),
    /// The org to act for is not chosen, or another than the page showed: the user has not seen what they would consent to.
    OtherOrg,
    /// The request was answered already.
    AnsweredBefore,
}

/// Writes the consent down: in the interaction, and for the next time unless the app always asks.
async fn record(
    sigma: &AppState,
    context: &RequestContext,
    signed_in: &SignedIn,
    mut ongoing: Ongoing,
    requested: &Requested,
    answer: &ConsentAnswer,
) -> Result<Recorded, ApiError> {
    let request = match requested.parse(sigma).await? {
        Ok(request) => request,
        Err(refusal) => return Err(bad_request(refusal.error.as_str(), refusal.description)),
    };
    let scope = match answer.scope.as_deref().map(Scopes::parse) {
        Some(scope) if scope.is_empty() => {
            return Err(bad_request("invalid_request", "at least one scope must be granted"));
        }
        Some(scope) if !request.scope.covers(&scope) => {
            return Err(bad_request("invalid_request", "Scope not originally requested"));
        }
        Some(scope) => scope,
        None => request.scope.clone(),
    };
    let user_id = signed_in.account.user.id.clone();
    let bap_id = match answer.bap_id.as_deref().filter(|named| !named.is_empty()) {
        Some(named) => Some(owned(signed_in, named)?),
        None => None,
    };
    let earlier = &ongoing.stored.state;
    // The page shows the org: earlier consent does not matter here.
    let standing = standing(sigma, &request, earlier, &user_id, &Consents::default()).await?;
    let org_id = standing.standing.org_id().cloned();
    let shown = answer.org.as_deref().filter(|shown| !shown.is_empty());
    if (request.org.is_some() && org_id.is_none())
        || shown.is_some_and(|shown| org_id.as_ref().is_none_or(|org_id| org_id.as_str() != shown))
    {
        return Ok(Recorded::OtherOrg);
    }
    let kept = earlier.bap_id.clone().filter(|_| earlier.user_id.as_ref() == Some(&user_id));
    let state = Interaction {
        started_at: earlier.started_at,
        user_id: Some(user_id.clone()),
        bap_id: bap_id.clone().or(kept),
        org_id: org_id.clone(),
        account_chosen: true,
        consented: true,
    };
    let claims = match &answer.scope {
        // A user who grants fewer scopes does not grant the rest as individual claims.
        Some(_) => request.claims.clone().within(&scope),
        None => request.claims.clone(),
    };
    let narrowed = Requested { params: with_scope(&requested.params, &scope, &claims), ..requested.clone() };
    let agreed = match narrowed.parse(sigma).await? {
        Ok(narrowed) => narrowed.wanted(org_id.as_ref().filter(|_| narrowed.org.is_some())),
        Err(refusal) => return Err(bad_request(refusal.error.as_str(), refusal.description)),
    };
    // The page shows the identity: earlier consent does not matter here.
    let identity = sigma_core::authorize::choose_identity(
        &signed_in.account.identities,
        &state,
        &request,
        &signed_in.session.facts(),
        &Consents::default(),
    );
    let memory = if narrowed.app.always_asks() {
        ConsentMemory::AskAgain
    } else {
        ConsentMemory::Remembered(identity.map(|identity| identity.bap_id.clone()))
    };
    ongoing.stored.state = state;
    ongoing.stored.continuation = Continuation::Authorization { query: narrowed.params.to_query() };
    let store = sigma.store_for(context, Actor::User(user_id.clone()));
    let new = NewConsent {
        interaction: ongoing.stored.clone(),
        user_id,
        session_id: signed_in.session.id.clone(),
        app_id: narrowed.app.id.clone(),
        agreed,
        memory,
        chosen_identity: bap_id,
        now: sigma.now(),
    };
    let recorded = store.write(move |tx| consent::record(tx, &new));
    if !recorded.await? {
        return Ok(Recorded::AnsweredBefore);
    }
    ongoing.is_stored = true;
    Ok(Recorded::Consent(Box::new(ongoing), Box::new(narrowed)))
}

/// The user's own identity of that id.
fn owned(signed_in: &SignedIn, named: &str) -> Result<BapId, ApiError> {
    let named = BapId::parse(named).ok();
    let is_theirs = |bap_id: &BapId| signed_in.account.identities.iter().any(|identity| identity.bap_id == *bap_id);
    named.filter(is_theirs).ok_or_else(|| bad_request("invalid_request", "the identity is not yours"))
}

/// The request with the granted scopes and claims.
fn with_scope(params: &Params, scope: &Scopes, claims: &ClaimsRequest) -> Params {
    let mut params = params.without("scope").without("claims");
    if !scope.contains(ORG) {
        // Naming an org asks for its scope.
        params = params.without("org").without("organization");
    }
    let mut pairs = params.pairs().to_vec();
    pairs.push(("scope".to_owned(), scope.to_string()));
    if *claims != ClaimsRequest::default() {
        pairs.push(("claims".to_owned(), claims.to_text()));
    }
    Params::from_pairs(pairs)
}

fn read(headers: &HeaderMap, body: &Bytes) -> Result<ConsentAnswer, ApiError> {
    if is_content_type(headers, JSON) {
        return serde_json::from_slice(body)
            .map_err(|_| bad_request("invalid_request", "the body must be {accept, scope?, oauth_query}"));
    }
    if !is_content_type(headers, FORM) {
        return Err(wrong_content_type("the body must be a form or JSON"));
    }
    let form = read_form(body)?;
    let text = |name: &str| form.get(name).map(str::to_owned);
    Ok(ConsentAnswer {
        accept: form.get("accept") == Some("true"),
        scope: text("scope"),
        oauth_query: text("oauth_query"),
        interaction: text("interaction"),
        shown_to: text("shown_to"),
        bap_id: text("bap_id"),
        org: text("org"),
    })
}
