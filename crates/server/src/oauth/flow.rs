//! One authorization request on its way (ruling 15): what it needs next is asked of the core, then shown or answered.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use sigma_core::authorize::{
    AuthorizationRequest, AuthorizeError, Interaction, NextStep, Params, Refusal, choose_identity, next_step,
};
use sigma_core::code::{Authorization, Code};
use sigma_core::digest::Digest;
use sigma_core::person::Identity;
use sigma_core::random::alphanumeric;
use sigma_core::time::Timestamp;
use sigma_store::interaction::{self, StoredInteraction};
use sigma_store::{code, consent};

use crate::error::{bad_request, internal};
use crate::extract::{Browser, SignedIn};
use crate::http::Envelope;
use crate::oauth::answer::{go, send_code, send_refusal};
use crate::oauth::request::{Requested, subject_of_hint};
use crate::pages::stopped;
use crate::state::Sigma;

/// Letters of an interaction's id and of its cookie: 131 bits.
const ID_LENGTH: usize = 22;
/// Bytes of a request that is stored: anybody may have some stored, for an hour.
const LONGEST_QUERY: usize = 8 * 1_024;
/// Letters of a code: 190 bits (contract 1.2).
const CODE_LENGTH: usize = 32;

/// An interaction that this browser may continue.
#[derive(Clone, Debug)]
pub struct BrowserInteraction {
    /// What is stored of it.
    pub stored: StoredInteraction,
    /// `Set-Cookie`, when the browser shows it for the first time.
    pub set_cookie: Option<String>,
}

/// Why an interaction cannot go on.
#[derive(Debug)]
pub enum Stopped {
    /// It lapsed, came to its end, or never was.
    Unknown,
    /// Another browser began it.
    OtherBrowser,
    /// The store did not answer.
    Internal(Envelope),
}

/// The cookie that binds the interaction `id` to its browser. Each has its own: two tabs never mix.
fn cookie_name(sigma: &Sigma, id: &str) -> String {
    let prefix = if sigma.is_https() { "__Host-" } else { "" };
    format!("{prefix}sigma-interaction-{id}")
}

fn binding_cookie(sigma: &Sigma, id: &str, secret: &str) -> String {
    let seconds = u64::from(sigma.settings.tokens.interaction_seconds);
    crate::extract::cookie(sigma, &cookie_name(sigma, id), secret, seconds)
}

/// Finds the interaction `id` for `browser`; one that came by POST is bound to the first browser that shows it
/// (ruling 14).
pub async fn find_interaction(sigma: &Sigma, browser: &Browser, id: &str) -> Result<BrowserInteraction, Stopped> {
    let well_formed = id.len() == ID_LENGTH && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !well_formed {
        return Err(Stopped::Unknown);
    }
    let (wanted, now) = (id.to_owned(), sigma.now());
    let stored = sigma.store.read(move |tx| interaction::find(tx, &wanted, now)).await;
    let stored = stored.map_err(|error| Stopped::Internal(internal(error)))?.ok_or(Stopped::Unknown)?;
    let shown = browser.cookie(&cookie_name(sigma, id)).map(Digest::of);
    match stored.browser {
        Some(bound) if shown == Some(bound) => Ok(BrowserInteraction { stored, set_cookie: None }),
        Some(_) => Err(Stopped::OtherBrowser),
        None => bind(sigma, stored).await,
    }
}

/// Finds the interaction that a person answers: a form of ours has `named` it, a script sends the query of the page. Gives
/// what to answer instead, when it cannot go on.
pub async fn find_answered(
    sigma: &Sigma,
    browser: &Browser,
    named: Option<&str>,
    oauth_query: Option<&str>,
) -> Result<BrowserInteraction, Box<Response>> {
    let refuse = |why: &'static str| Box::new(bad_request("invalid_request", why).into_response());
    let query = oauth_query.map(Params::parse);
    let id = named.or_else(|| query.as_ref().and_then(|query| query.get("interaction")));
    let id = id.ok_or_else(|| refuse("missing oauth query"))?;
    find_interaction(sigma, browser, id).await.map_err(|reason| match reason {
        Stopped::Internal(envelope) => Box::new(envelope.into_response()),
        _ if browser.wants_json() => refuse("the interaction has ended"),
        reason => Box::new(stopped(sigma, &reason)),
    })
}

async fn bind(sigma: &Sigma, stored: StoredInteraction) -> Result<BrowserInteraction, Stopped> {
    let secret = alphanumeric(&*sigma.rng, ID_LENGTH);
    let (id, browser) = (stored.id.clone(), Digest::of(&secret));
    let bound = sigma.store.write(move |tx| interaction::bind(tx, &id, &browser)).await;
    if !bound.map_err(|error| Stopped::Internal(internal(error)))? {
        return Err(Stopped::OtherBrowser);
    }
    let set_cookie = Some(binding_cookie(sigma, &stored.id, &secret));
    Ok(BrowserInteraction { stored: StoredInteraction { browser: Some(browser), ..stored }, set_cookie })
}

/// Stores a new interaction for `requested`; bound to this browser unless it came by a POST, whose answer a foreign page
/// may have asked for.
pub async fn begin_interaction(
    sigma: &Sigma,
    requested: &Requested,
    started_at: Timestamp,
    by_post: bool,
) -> Result<BrowserInteraction, Envelope> {
    let query = requested.params.to_query();
    if query.len() > LONGEST_QUERY {
        return Err(bad_request("invalid_request", "the request is too long"));
    }
    let id = alphanumeric(&*sigma.rng, ID_LENGTH);
    let secret = alphanumeric(&*sigma.rng, ID_LENGTH);
    let stored = StoredInteraction {
        browser: (!by_post).then(|| Digest::of(&secret)),
        client_id: requested.app.client_id.to_string(),
        query,
        state: Interaction { started_at, ..Interaction::default() },
        expires_at: Sigma::in_seconds(started_at, sigma.settings.tokens.interaction_seconds),
        id,
    };
    let row = stored.clone();
    sigma.store.write(move |tx| interaction::add(tx, &row)).await.map_err(internal)?;
    let set_cookie = (!by_post).then(|| binding_cookie(sigma, &stored.id, &secret));
    Ok(BrowserInteraction { stored, set_cookie })
}

/// Takes a request as far as it goes without asking the person anything: to its answer, or to the page that asks.
pub async fn proceed(
    sigma: &Sigma,
    browser: &Browser,
    requested: &Requested,
    ongoing: Option<BrowserInteraction>,
) -> Response {
    match advance(sigma, browser, requested, ongoing).await {
        Ok(response) => response,
        Err(envelope) => envelope.into_response(),
    }
}

async fn advance(
    sigma: &Sigma,
    browser: &Browser,
    requested: &Requested,
    ongoing: Option<BrowserInteraction>,
) -> Result<Response, Envelope> {
    let refuse = |refusal: &Refusal| send_refusal(sigma, browser, &requested.address, refusal);
    let request = match requested.parse(sigma).await? {
        Ok(request) => request,
        Err(refusal) => return Ok(refuse(&refusal)),
    };
    let now = sigma.now();
    let fresh = Interaction { started_at: now, ..Interaction::default() };
    let state = ongoing.as_ref().map_or(&fresh, |ongoing| &ongoing.stored.state);
    let client_id = &requested.app.client_id;
    let hint = match &request.id_token_hint {
        None => None,
        Some(hint) => match subject_of_hint(sigma, hint, client_id).await {
            Some(claims) => Some(claims.sub),
            None => return Ok(refuse(&Refusal::new(AuthorizeError::InvalidRequest, "id_token_hint is not valid"))),
        },
    };
    let signed_in = SignedIn::find(sigma, browser).await?;
    let session = signed_in.as_ref().map(|signed_in| signed_in.session.facts());
    let identities = signed_in.as_ref().map(|signed_in| signed_in.account.identities.as_slice()).unwrap_or_default();
    let identity = session.as_ref().and_then(|session| choose_identity(identities, state, &request, session)).cloned();
    let remembered = match &session {
        None => None,
        Some(session) => {
            let (user_id, client_id) = (session.user_id.clone(), client_id.clone());
            let bap_id = identity.as_ref().map(|identity| identity.bap_id.clone());
            let find = move |tx: &mut dyn sigma_store::Tx| consent::find(tx, &user_id, &client_id, bap_id.as_deref());
            sigma.store.read(find).await.map_err(internal)?
        }
    };
    let step = next_step(&request, &requested.app, session.as_ref(), state, hint.as_deref(), remembered.as_ref(), now);
    let page = match step {
        Err(refusal) => return Ok(refuse(&refusal)),
        Ok(NextStep::Issue) => {
            let Some(signed_in) = signed_in else { return Err(Envelope::internal("a code for nobody")) };
            return issue(sigma, browser, requested, &request, &signed_in, identity, ongoing, now).await;
        }
        Ok(NextStep::SignIn) => "/login",
        Ok(NextStep::SignUp) => "/signup",
        Ok(NextStep::SelectAccount) => "/select-account",
        Ok(NextStep::Consent) => "/consent",
    };
    let ongoing = match ongoing {
        Some(ongoing) => ongoing,
        None => begin_interaction(sigma, requested, now, false).await?,
    };
    Ok(with_cookie(go(browser, format!("{page}?interaction={}", ongoing.stored.id)), ongoing.set_cookie.as_deref()))
}

/// Stores the code, ends the interaction, and sends the code to the app.
#[expect(clippy::too_many_arguments, reason = "the whole of what the request has gathered")]
async fn issue(
    sigma: &Sigma,
    browser: &Browser,
    requested: &Requested,
    request: &AuthorizationRequest,
    signed_in: &SignedIn,
    identity: Option<Identity>,
    ongoing: Option<BrowserInteraction>,
    now: Timestamp,
) -> Result<Response, Envelope> {
    let text = alphanumeric(&*sigma.rng, CODE_LENGTH);
    let facts = signed_in.session.facts();
    let code = Code {
        hash: Digest::of(&text),
        authorization: Authorization {
            bap_id: identity.map(|identity| identity.bap_id),
            scope: request.scope.clone(),
            claims: request.claims.userinfo.clone(),
            resources: request.resources.clone(),
            nonce: request.nonce.clone(),
            ..Authorization::by(&facts, requested.app.client_id.clone())
        },
        redirect_uri: requested.address.redirect_uri.as_str().to_owned(),
        code_challenge: request.code_challenge,
        expires_at: Sigma::in_seconds(now, sigma.settings.tokens.code_seconds),
        redeemed_for: None,
        used: false,
    };
    let ending = ongoing.map(|ongoing| ongoing.stored.id);
    let stored = sigma.store.write(move |tx| {
        if let Some(id) = &ending
            && !interaction::finish(tx, id)?
        {
            return Ok(false);
        }
        code::add(tx, &code, now).map(|()| true)
    });
    if stored.await.map_err(internal)? {
        Ok(send_code(sigma, browser, &requested.address, &text))
    } else {
        Err(bad_request("invalid_request", "this request was answered already"))
    }
}

/// Adds `Set-Cookie` to an answer.
pub fn with_cookie(mut response: Response, cookie: Option<&str>) -> Response {
    if let Some(value) = cookie.and_then(|cookie| HeaderValue::from_str(cookie).ok()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}
