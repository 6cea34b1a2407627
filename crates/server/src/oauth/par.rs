//! `POST /api/auth/oauth2/par`: pushed authorization requests (RFC 9126).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sigma_core::digest::Digest;
use sigma_core::dpop::Thumbprint;
use sigma_core::params::Params;
use sigma_core::random::alphanumeric;
use sigma_store::pushed_request::{self, PushedRequest};
use sigma_store::replay_guard;
use utoipa::ToSchema;

use super::token::TokenError;
use crate::dpop::with_nonce;
use crate::error::bad_request;
use crate::extract::{AppRequest, SentProof};
use crate::http::{ApiError, Endpoint, RequestContext, Rule, routes};
use crate::interaction::request::{Requested, Unanswerable};
use crate::interaction::{PUSHED, expand};
use crate::oauth::CALLED_BY_APPS;
use crate::oauth::forms::PushedForm;
use crate::paths::PAR_PATH;
use crate::state::AppState;

/// Length of the random part of a `request_uri`: 190 bits.
const SECRET_LENGTH: usize = 32;
/// The credentials of the app, which are no parameters of its request (RFC 9126 §2.1).
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(CALLED_BY_APPS, routes!(push))
}

/// The parameters of the request, in whatever order.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct Pushed(BTreeMap<String, Vec<String>>);

impl Pushed {
    /// The parameters of an authorization request of the app called `client_id`.
    fn params(self, client_id: &str) -> Params {
        let sent = self.0.into_iter().filter(|(name, _)| name != "client_id" && !CREDENTIALS.contains(&name.as_str()));
        let sent = sent.flat_map(|(name, values)| values.into_iter().map(move |value| (name.clone(), value)));
        let named = ("client_id".to_owned(), client_id.to_owned());
        Params::from_pairs(std::iter::once(named).chain(sent).collect())
    }
}

/// What stands for the request (RFC 9126 §2.2).
#[derive(Debug, Serialize, ToSchema)]
pub struct PushedAnswer {
    /// To be sent to the authorization endpoint with `client_id`; good for one code.
    request_uri: String,
    /// Its life in seconds.
    expires_in: u32,
}

/// Takes an authorization request from the app itself, before the browser is involved.
///
/// The app authenticates as at the token endpoint. The parameters are those of the authorization endpoint, or a request object
/// (`request`). They are checked as there.
#[utoipa::path(
    post,
    path = PAR_PATH,
    operation_id = "pushAuthorizationRequest",
    tag = "OpenID Connect",
    security((), ("client_secret_basic" = [])),
    request_body(content_type = "application/x-www-form-urlencoded", content = PushedForm,
        description = "The parameters of an authorization request, and the app's authentication"),
    responses(
        (status = 201, description = "The request is stored", body = PushedAnswer),
        (status = 400, description = "`invalid_request`, `invalid_request_object`, `invalid_dpop_proof`, `use_dpop_nonce`, or another error of the authorization endpoint"),
        (status = 401, description = "`invalid_client`"),
        (status = 415, description = "Neither a form nor JSON"),
        (status = 429, description = "Too many requests of a public app's users, or of the app"),
    )
)]
pub async fn push(
    State(sigma): State<AppState>,
    context: RequestContext,
    proof: SentProof,
    request: AppRequest<Pushed>,
) -> Result<Response, Response> {
    let caller = request.caller.clone();
    if !caller.app.auth_method.is_confidential() {
        // Anyone may push for a public app, so its requests count as those of browsers do.
        context.charge(Rule::Authorize, context.client()).map_err(IntoResponse::into_response)?;
    }
    let proven = proof.verify(&sigma, None).await.map_err(|error| caller.refuse(&context, error.at_endpoint()))?;
    let (jkt, next_nonce) = proven.map_or((None, None), |proven| (Some(proven.jkt), proven.next_nonce));
    let answer = store(&sigma, request, jkt).await.map_err(|error| caller.refuse(&context, error))?;
    Ok(with_nonce((StatusCode::CREATED, Json(answer)).into_response(), next_nonce.as_deref()))
}

/// The request for a code that is bound to the key of the proof, as if it had asked for that (RFC 9449 §10.1).
fn bound(params: Params, jkt: Option<&Thumbprint>) -> Result<Params, ApiError> {
    let Some(jkt) = jkt else { return Ok(params) };
    let asked = params.get("dpop_jkt").map(str::to_owned);
    match asked {
        Some(asked) if asked == jkt.as_str() => Ok(params),
        Some(_) => Err(bad_request("invalid_dpop_proof", "dpop_jkt is not the thumbprint of the proof's key")),
        None => {
            let mut pairs = params.without("dpop_jkt").pairs().to_vec();
            pairs.push(("dpop_jkt".to_owned(), jkt.to_string()));
            Ok(Params::from_pairs(pairs))
        }
    }
}

async fn store(
    sigma: &AppState,
    request: AppRequest<Pushed>,
    jkt: Option<Thumbprint>,
) -> Result<PushedAnswer, ApiError> {
    let AppRequest { caller, form } = request;
    let app = caller.app;
    let params = form.params(app.client_id.as_str());
    if params.get("request_uri").is_some() {
        return Err(bad_request("invalid_request", "request_uri must not be pushed"));
    }
    let refused =
        |refusal: sigma_core::authorize::ErrorResponse| bad_request(refusal.error.as_str(), refusal.description);
    let params = expand(sigma, &params, &app).await.map_err(refused)?;
    let params = bound(params, jkt.as_ref())?;
    let requested = match Requested::of(sigma, params, Arc::clone(&app)) {
        Ok(requested) => requested,
        Err(Unanswerable::Untrusted { error, .. }) => return Err(bad_request("invalid_request", error.to_string())),
        // The app has authenticated: it is known, and nothing was fetched.
        Err(Unanswerable::Unread(_) | Unanswerable::TooMany(_)) => {
            return Err(bad_request("invalid_request", "the client is unknown"));
        }
        Err(Unanswerable::Internal(error)) => return Err(error),
    };
    requested.check_length().map_err(refused)?;
    requested.parse(sigma).await?.map_err(refused)?;
    let settings = &sigma.settings;
    let seconds = settings.authorization.pushed_request_seconds;
    let request_uri = format!("{PUSHED}{}", alphanumeric(&*sigma.rng, SECRET_LENGTH));
    let expires_at = AppState::in_seconds(sigma.now(), seconds);
    let pushed = PushedRequest {
        hash: Digest::of(&request_uri),
        app_id: app.id.clone(),
        query: requested.params.to_query(),
        expires_at,
        delete_after: AppState::in_seconds(expires_at, settings.tokens.interaction_seconds),
    };
    let once = caller.once;
    let stored = sigma.store.write(move |tx| {
        let is_first = replay_guard::spend_if(tx, once.as_ref())?;
        if is_first {
            pushed_request::push(tx, &pushed)?;
        }
        Ok(is_first)
    });
    if !stored.await? {
        return Err(TokenError::Replayed(app.auth_method).into());
    }
    Ok(PushedAnswer { request_uri, expires_in: seconds })
}
