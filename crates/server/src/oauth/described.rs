//! Authorization requests of apps that a document describes (`docs/spec/clients.md#client-id-metadata-documents`). Before
//! somebody is signed in, nothing is fetched and nothing is sent to the app: a visitor signs in first, whatever the request
//! asks for. From then on such a request is one like others, and its document is read again wherever it is no longer fresh.

use axum::response::{IntoResponse, Response};
use sigma_core::authorize::{Prompt, PromptValue, Untrusted};
use sigma_core::client_document::ClientIdUrl;
use sigma_core::params::Params;

use crate::client_documents::Unreadable;
use crate::extract::{Browser, SignedIn};
use crate::http::{ApiError, Refused, RequestContext, Rule};
use crate::interaction::request::is_short_enough;
use crate::interaction::{self, Arrival, Continuation, Ongoing, Requested, arrive, begin_unbound, with_cookie};
use crate::oauth::answer::{go, send_refusal, show_error, show_untrusted};
use crate::oauth::authorize::unanswerable;
use crate::oauth::flow::advance;
use crate::paths::{GATE_PATH, LOGIN_PATH};
use crate::state::AppState;

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It is as the app sent it: nothing of it was looked at.
    Arrived,
    /// Its parameters are known, and the user has made choices.
    GoesOn,
}

/// The address of the document that describes the app which a request names, if this server reads it.
pub fn url_of(sigma: &AppState, params: &Params) -> Option<ClientIdUrl> {
    params.get("client_id").and_then(|client_id| sigma.document_url(client_id))
}

/// Advances the request `params` of the app whose document is at `url`.
pub async fn proceed(
    sigma: &AppState,
    context: &RequestContext,
    browser: &Browser,
    params: &Params,
    url: &ClientIdUrl,
    ongoing: Option<Ongoing>,
    stage: Stage,
) -> Response {
    if !is_short_enough(params) {
        return refuse(context, browser, url, "invalid_request", "the request is longer than 4 KiB");
    }
    match advance_described(sigma, context, browser, params, url, ongoing, stage).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

/// A request by form, which continues by GET in the browser that shows it.
pub fn by_form(sigma: &AppState, context: &RequestContext, browser: &Browser, params: &Params) -> Response {
    if !is_short_enough(params) {
        return show_untrusted(browser, context.request_id(), Untrusted::Repeated, None);
    }
    let continuation = Continuation::Authorization { query: params.to_query() };
    match begin_unbound(sigma, continuation, sigma.now()) {
        Ok(name) => go(browser, format!("{GATE_PATH}?interaction={name}")),
        Err(error) => error.into_response(),
    }
}

async fn advance_described(
    sigma: &AppState,
    context: &RequestContext,
    browser: &Browser,
    params: &Params,
    url: &ClientIdUrl,
    ongoing: Option<Ongoing>,
    stage: Stage,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(sigma, browser).await? else {
        return sign_in_first(sigma, context, browser, params, url, ongoing);
    };
    if let Err(reason) = sigma.read_document(context, url, &signed_in.account.user.id).await {
        return unreadable(context, browser, url, reason);
    }
    let arrival = match stage {
        Stage::GoesOn => Requested::read(sigma, params.clone()).await.map(Arrival::Taken),
        Stage::Arrived => arrive(sigma, context, params.clone()).await,
    };
    // What a request object or a pushed request says is kept from here on, instead of a reference to it.
    let is_reference = params.get("request").is_some() || params.get("request_uri").is_some();
    let ongoing = ongoing.filter(|_| stage == Stage::GoesOn || !is_reference);
    match arrival {
        Ok(Arrival::Taken(requested)) => advance(sigma, context, browser, &requested, ongoing).await,
        Ok(Arrival::Refused(requested, refusal)) => Ok(send_refusal(sigma, browser, &requested, &refusal)),
        Err(error) => Ok(unanswerable(context, browser, error)),
    }
}

/// Sends a visitor to the page that they sign in on, or sign up on if the app asks for that.
fn sign_in_first(
    sigma: &AppState,
    context: &RequestContext,
    browser: &Browser,
    params: &Params,
    url: &ClientIdUrl,
    ongoing: Option<Ongoing>,
) -> Result<Response, ApiError> {
    let prompt = Prompt::parse(params.get("prompt").unwrap_or_default()).unwrap_or_default();
    if prompt.asks(PromptValue::None) {
        // Whether its address may be trusted is not known.
        return Ok(refuse(context, browser, url, "login_required", "nobody is signed in"));
    }
    let page = if prompt.asks(PromptValue::Create) { "/signup" } else { LOGIN_PATH };
    let ongoing = if let Some(ongoing) = ongoing {
        ongoing
    } else {
        let continuation = Continuation::Authorization { query: params.to_query() };
        interaction::begin(sigma, browser, continuation, sigma.now())?
    };
    Ok(with_cookie(go(browser, format!("{page}?interaction={}", ongoing.name)), ongoing.set_cookie.as_deref()))
}

/// The page that says that the app cannot be let in, because of what is at `url`.
fn unreadable(
    context: &RequestContext,
    browser: &Browser,
    url: &ClientIdUrl,
    reason: Unreadable,
) -> Result<Response, ApiError> {
    match reason {
        Unreadable::Store(error) => Err(error.into()),
        Unreadable::TooMany(exceeded) => Ok(exceeded.into_response()),
        Unreadable::Blocked => {
            Ok(refuse(context, browser, url, "client_disabled", "the operator blocked the app or its host"))
        }
        Unreadable::Full => Ok(refuse(
            context,
            browser,
            url,
            "temporarily_unavailable",
            "too many client metadata documents are in use",
        )),
        reason => {
            let description = reason.to_string();
            if let Err(exceeded) = context.charge(Rule::AuthorizeFailure, context.client()) {
                return Ok(exceeded.into_response());
            }
            Ok(refuse(context, browser, url, "invalid_client_metadata", &description))
        }
    }
}

fn refuse(
    context: &RequestContext,
    browser: &Browser,
    url: &ClientIdUrl,
    code: &'static str,
    description: &str,
) -> Response {
    let refused = Refused::new(code, description.to_owned()).app(Some(url.as_str()));
    refused.with(show_error(browser, context.request_id(), code, description, None))
}
