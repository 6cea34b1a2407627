//! An authorization request as it arrives: by its parameters, by a `request_uri` that stands for pushed ones (RFC 9126), or
//! by a request object that its app signed (RFC 9101). What goes on is always plain parameters.

use std::sync::Arc;

use sigma_core::app::App;
use sigma_core::authorize::request_object::{ObjectProblem, RequestObject};
use sigma_core::authorize::{AuthorizeError, ErrorResponse, Untrusted};
use sigma_core::digest::Digest;
use sigma_core::params::Params;
use sigma_store::pushed_request;

use super::request::{Requested, Unanswerable, find_app};
use crate::extract::keys_of;
use crate::http::{Exceeded, RequestContext, Rule};
use crate::outbound::Missing;
use crate::state::AppState;

/// The beginning of the `request_uri` of a pushed request (RFC 9126 §2.2).
pub const PUSHED: &str = "urn:ietf:params:oauth:request_uri:";

/// A request with a trusted response address.
#[derive(Debug)]
pub enum Arrival {
    /// It goes on.
    Taken(Requested),
    /// It is refused to its app.
    Refused(Requested, ErrorResponse),
}

/// Takes a request from outside.
///
/// # Errors
/// [`Unanswerable`]
pub async fn arrive(sigma: &AppState, context: &RequestContext, params: Params) -> Result<Arrival, Unanswerable> {
    let app = find_app(sigma, &params).await?;
    if params.all("client_id").count() > 1 {
        return Err(Unanswerable::of(&params, Untrusted::Repeated));
    }
    let must_push = app.security.must_push() || sigma.settings.authorization.require_pushed_requests;
    match params.get("request_uri") {
        Some(uri) if uri.starts_with(PUSHED) && params.get("request").is_none() => {
            let (hash, app_id, now) = (Digest::of(uri), app.id.clone(), sigma.now());
            let query = sigma.store.read(move |tx| pushed_request::find(tx, &hash, &app_id, now)).await;
            let Some(query) = query.map_err(|error| Unanswerable::Internal(error.into()))? else {
                let refusal = ErrorResponse::new(
                    AuthorizeError::InvalidRequestUri,
                    "the request_uri is unknown, expired or used, or another client's",
                );
                return refuse(sigma, params, app, refusal, Untrusted::RequestUri);
            };
            // Every other parameter is ignored (RFC 9126 §4).
            let mut pairs = Params::parse(&query).pairs().to_vec();
            pairs.push(("request_uri".to_owned(), uri.to_owned()));
            Requested::of(sigma, Params::from_pairs(pairs), app).map(Arrival::Taken)
        }
        _ if must_push => {
            let words = "this client must push its authorization requests (RFC 9126)";
            refuse(
                sigma,
                params,
                app,
                ErrorResponse::new(AuthorizeError::InvalidRequest, words),
                Untrusted::NoRedirectUri,
            )
        }
        _ => match expand_arriving(sigma, context, &params, &app).await {
            Ok(Ok(params)) => Requested::of(sigma, params, app).map(Arrival::Taken),
            Ok(Err(refusal)) if refusal.error == AuthorizeError::InvalidRequestUri => {
                refuse(sigma, params, app, refusal, Untrusted::RequestUri)
            }
            Ok(Err(refusal)) => refuse(sigma, params, app, refusal, Untrusted::RequestObject),
            Err(exceeded) => Err(Unanswerable::TooMany(exceeded)),
        },
    }
}

/// Refuses the request to its app if the parameters beside the refused ones say where, and otherwise to the person.
fn refuse(
    sigma: &AppState,
    params: Params,
    app: Arc<App>,
    refusal: ErrorResponse,
    otherwise: Untrusted,
) -> Result<Arrival, Unanswerable> {
    if params.get("redirect_uri").is_none() {
        return Err(Unanswerable::of(&params, otherwise));
    }
    Ok(Arrival::Refused(Requested::of(sigma, params, app)?, refusal))
}

/// The parameters of a request of `app`, those of its request object (`request`) if it has one: parameters beside that are
/// ignored (RFC 9101 §6.3).
///
/// # Errors
/// The refusal for the app.
pub async fn expand(sigma: &AppState, params: &Params, app: &App) -> Result<Params, ErrorResponse> {
    match params.get("request") {
        None => Ok(params.without("request").without("request_uri")),
        Some(object) => read(sigma, app, object).await,
    }
}

/// The same for a request from outside, whose object may also be at a `request_uri`.
///
/// # Errors
/// Inner: the refusal for the app. Outer: too many objects were fetched for this caller, or from that host.
async fn expand_arriving(
    sigma: &AppState,
    context: &RequestContext,
    params: &Params,
    app: &App,
) -> Result<Result<Params, ErrorResponse>, Exceeded> {
    let Some(uri) = params.get("request_uri") else { return Ok(expand(sigma, params, app).await) };
    let refused = |error, words: &str| Ok(Err(ErrorResponse::new(error, words)));
    if params.get("request").is_some() {
        return refused(AuthorizeError::InvalidRequest, "request and request_uri exclude each other");
    }
    if !is_registered(app, uri) {
        return refused(AuthorizeError::InvalidRequestUri, "the request_uri is not registered for this client");
    }
    match fetch(sigma, context, app, uri).await {
        Ok(object) => Ok(read(sigma, app, &object).await),
        Err(Missing::Refused(exceeded)) => Err(exceeded),
        Err(Missing::Unreachable) => {
            refused(AuthorizeError::InvalidRequestUri, "nothing can be fetched from the request_uri")
        }
    }
}

async fn read(sigma: &AppState, app: &App, object: &str) -> Result<Params, ErrorResponse> {
    let opened = open(sigma, app, object).await;
    opened.map_err(|problem| ErrorResponse::new(AuthorizeError::InvalidRequestObject, problem.to_string()))
}

/// Whether `app` registered `uri`. A fragment, by which its content may be told apart, does not count (OpenID Connect Core
/// §6.2).
fn is_registered(app: &App, uri: &str) -> bool {
    app.metadata.request_uris.iter().any(|known| without_fragment(known) == without_fragment(uri))
}

fn without_fragment(uri: &str) -> &str {
    uri.split_once('#').map_or(uri, |(uri, _)| uri)
}

/// The request object that `app` published at `uri`, if it may be fetched for this caller and from that host, unless it is cached.
async fn fetch(
    sigma: &AppState,
    context: &RequestContext,
    app: &App,
    uri: &str,
) -> Result<Arc<str>, Missing<Exceeded>> {
    let admit = || {
        context.charge(Rule::RequestObject, context.client())?;
        let host = url::Url::parse(uri).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        context.charge(Rule::RequestObjectHost, host.as_str())
    };
    sigma.addresses_of(app).request_objects.find(uri, sigma.now(), admit).await
}

async fn open(sigma: &AppState, app: &App, object: &str) -> Result<Params, ObjectProblem> {
    let object = RequestObject::parse(object)?;
    let now = sigma.now();
    let keys = keys_of(sigma, app, now, |keys| object.names_key_of(keys)).await;
    let keys = keys.ok_or(ObjectProblem::UnknownKey)?;
    object.verify(&keys, app, sigma.issuer(), now)
}
