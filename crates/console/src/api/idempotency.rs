//! `Idempotency-Key` (IETF draft httpapi-idempotency-key-header) on every POST: the first request with a key is carried out, and
//! the same request with the same key is answered as it was (`docs/guides/console.md#repeating-requests`).

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts as _, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use sigma_core::admin_scope::AdminReach;
use sigma_core::digest::Digest;
use sigma_core::idempotency::parse_key;
use sigma_core::operator::{OperatorRefusal, OperatorRole};
use sigma_core::random::alphanumeric;
use sigma_platform::http::{ApiError, Inner};
use sigma_platform::state::AppState;
use sigma_store::idempotency::{self, Claim, Claimed, KeyedRequest};
use sigma_store::operator::role_of;
use sigma_telemetry::trace;
use tracing::Instrument as _;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Required, Response as Described};

use super::caller::{Admin, Proven, Writes};
use super::error::AdminError;

/// The header of a key.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Marks an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Bytes of an answer that is kept.
const LONGEST_ANSWER: usize = 256 * 1_024;
/// Letters of a claim's id.
const CLAIM_LENGTH: usize = 24;
/// Headers of an answer that are kept.
const HEADERS: [HeaderName; 2] = [CONTENT_TYPE, ETAG];

/// An answer, as it is kept.
#[derive(Debug, Deserialize, Serialize)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    /// The body of a refusal names the request, so it is written anew.
    refusal: Option<Refusal>,
    /// The role of whoever was answered, and what their token reached.
    role: String,
    reach: AdminReach,
}

/// What a refusal says.
#[derive(Debug, Deserialize, Serialize)]
struct Refusal {
    code: String,
    words: String,
    field: Option<String>,
}

impl Refusal {
    fn of(error: &ApiError) -> Self {
        let field = error.field().map(str::to_owned);
        Self { code: error.error().to_owned(), words: error.description().to_owned(), field }
    }

    fn error(self, status: StatusCode) -> ApiError {
        let error = ApiError::new(status, self.code, self.words);
        match self.field {
            Some(field) => error.about(field),
            None => error,
        }
    }
}

impl Answer {
    fn replayed(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = match self.refusal {
            Some(refusal) => refusal.error(status).into_response(),
            None => (status, Body::from(self.body)).into_response(),
        };
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().insert(name, value);
            }
        }
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        response
    }
}

/// Carries out a request with a key once; one without a key as it is.
pub async fn once(request: Request, sigma: AppState, handler: Inner<AppState>) -> Response {
    if !request.headers().contains_key(IDEMPOTENCY_KEY) {
        return handler.call(request).await;
    }
    // A client that hangs up asks again: the answer is kept for it, so the task goes on without it.
    let task = async move { keyed(request, &sigma, handler).await.unwrap_or_else(|response| response) };
    let task = tokio::spawn(trace::within(trace::current(), task).in_current_span());
    task.await.unwrap_or_else(|error| AdminError::from(ApiError::internal(error)).into_response())
}

async fn keyed(request: Request, sigma: &AppState, handler: Inner<AppState>) -> Result<Response, Response> {
    let (mut parts, body) = request.into_parts();
    // A proof of possession is used up by looking at it, so the endpoint is told who was found.
    let mut admin = Admin::<Writes>::from_request_parts(&mut parts, sigma).await?;
    let key = key_of(&parts.headers).map_err(IntoResponse::into_response)?;
    let body = sigma_platform::extract::body(Request::from_parts(parts.clone(), body)).await?;
    let caller = admin.caller.clone();
    let role = sigma.store.look_up(move |tx| role_of(tx, &caller)).await;
    let role = role.map_err(|stop| AdminError::from(stop).into_response())?;
    let keyed = KeyedRequest {
        caller: Digest::of(admin.counted_as()),
        key: Digest::of(key),
        fingerprint: fingerprint(&parts, &body),
        claim: alphanumeric(&*sigma.rng, CLAIM_LENGTH),
        now: sigma.store.database_now(),
    };
    let claimed = sigma.store.write(move |tx| idempotency::claim(tx, &keyed)).await;
    let claim = match claimed.map_err(|error| AdminError::from(error).into_response())? {
        Claimed::Fresh(claim) => claim,
        Claimed::Answered { sealed, claim } => {
            let answer = open(sigma, &claim, &sealed).map_err(IntoResponse::into_response)?;
            // Whoever lost their role meanwhile, or comes with a token that reaches less, is told nothing of what was done with it.
            return if answer.role == role.as_str() && admin.reach().includes(&answer.reach) {
                Ok(answer.replayed())
            } else {
                Err(AdminError::Refused(OperatorRefusal::Denied).into_response())
            };
        }
        Claimed::Reused => return Err(AdminError::KeyReused.into_response()),
        Claimed::Running => {
            return Err(([(RETRY_AFTER, "1")], AdminError::KeyInUse).into_response());
        }
        Claimed::Lost => return Err(AdminError::AnswerLost.into_response()),
        Claimed::TooMany => {
            return Err(
                AdminError::TooMany("As many Idempotency-Keys as there may be in a day were used").into_response()
            );
        }
    };
    admin.carry_out(claim.clone());
    let by = (role, admin.reach());
    parts.extensions.insert(Proven(Arc::new(admin)));
    let response = handler.call(Request::from_parts(parts, Body::from(body))).await;
    settle(sigma, claim, by, response).await
}

fn key_of(headers: &HeaderMap) -> Result<String, AdminError> {
    let words = "Idempotency-Key must be one string of at most 255 characters";
    sigma_platform::extract::header(headers, IDEMPOTENCY_KEY).and_then(parse_key).ok_or(AdminError::Invalid(words))
}

/// A digest of everything that a request asks for.
fn fingerprint(parts: &http::request::Parts, body: &Bytes) -> Digest {
    let path = parts.uri.path_and_query().map(http::uri::PathAndQuery::as_str).unwrap_or_default();
    let mut whole = Vec::with_capacity(body.len() + path.len() + 64);
    for part in [parts.method.as_str(), path] {
        whole.extend_from_slice(part.as_bytes());
        whole.push(0);
    }
    for name in [CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH] {
        for value in parts.headers.get_all(name) {
            whole.extend_from_slice(value.as_bytes());
            whole.push(0);
        }
        whole.push(0);
    }
    whole.extend_from_slice(body);
    Digest::of(whole)
}

/// Keeps the answer before it is sent, or gives the key back: what says nothing about the request itself, such as 429 or 503, is not
/// its answer.
async fn settle(
    sigma: &AppState,
    claim: Claim,
    (role, reach): (OperatorRole, AdminReach),
    response: Response,
) -> Result<Response, Response> {
    let status = response.status();
    let refusal = response.extensions().get::<ApiError>();
    let says_nothing = status.is_server_error()
        || matches!(
            status,
            StatusCode::UNAUTHORIZED
                | StatusCode::FORBIDDEN
                | StatusCode::REQUEST_TIMEOUT
                | StatusCode::PAYLOAD_TOO_LARGE
                | StatusCode::TOO_MANY_REQUESTS
        );
    let refusal = refusal.map(Refusal::of);
    let failed = |error| AdminError::Store(error).into_response();
    if says_nothing {
        let released = claim.clone();
        if sigma.store.write(move |tx| released.release(tx)).await.map_err(failed)? {
            return Ok(response);
        }
    }
    let (parts, body) = response.into_parts();
    let too_long = |_| AdminError::from(ApiError::internal("an answer is too long to be kept")).into_response();
    let body = to_bytes(body, LONGEST_ANSWER).await.map_err(too_long)?;
    let kept = |name: &HeaderName| {
        let value = parts.headers.get(name)?.to_str().ok()?;
        Some((name.to_string(), value.to_owned()))
    };
    let answer = Answer {
        status: status.as_u16(),
        headers: HEADERS.iter().filter_map(kept).collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
        refusal,
        role: role.as_str().to_owned(),
        reach,
    };
    let internal = |error: String| AdminError::from(ApiError::internal(error)).into_response();
    let plain = serde_json::to_vec(&answer).map_err(|error| internal(error.to_string()))?;
    let sealed = sigma.master_key.seal(&context(claim.id()), &plain, &*sigma.rng);
    let sealed = sealed.map_err(|error| internal(error.to_string()))?;
    sigma.store.write(move |tx| claim.answer(tx, &sealed)).await.map_err(failed)?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn open(sigma: &AppState, claim: &str, sealed: &[u8]) -> Result<Answer, ApiError> {
    let plain = sigma.master_key.open(&context(claim), sealed).map_err(ApiError::internal)?;
    serde_json::from_slice(&plain).map_err(ApiError::internal)
}

/// What an answer is sealed for.
fn context(claim: &str) -> String {
    format!("idempotency:{claim}")
}

/// Adds the header and its refusals to the description of an endpoint.
pub fn describe(operation: &mut Operation) {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let parameter = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .schema(Some(text))
        .description(Some(
            "A key of your choice: within a day, the same request with it is answered as the first one was",
        ))
        .build();
    operation.parameters.get_or_insert_default().push(RefOr::T(parameter));
    let refusals = [
        ("409", "A request with this Idempotency-Key is being carried out, or its answer was lost"),
        ("422", "The Idempotency-Key belongs to another request"),
    ];
    for (status, words) in refusals {
        match operation.responses.responses.get_mut(status) {
            Some(RefOr::T(known)) => known.description = format!("{}. {words}", known.description),
            _ => drop(operation.responses.responses.insert(status.to_owned(), RefOr::T(Described::new(words)))),
        }
    }
}
