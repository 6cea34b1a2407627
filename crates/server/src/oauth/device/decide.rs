//! `POST /api/auth/device/approve` and `/api/auth/device/deny`: a person's decision, by a script of a page that they trust.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use sigma_core::user_code::UserCode;
use utoipa::ToSchema;

use super::status::unknown;
use super::{Waiting, approve, look_up};
use crate::error::{API, bad_request};
use crate::extract::{JSON, SignedIn, is_content_type, read_object, wrong_content_type};
use crate::http::{ApiError, Endpoint, RequestContext, routes};
use crate::state::AppState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::new(API, routes!(approve_device)), Endpoint::new(API, routes!(deny_device))]
}

/// The device.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeviceDecision {
    /// The code that it shows, however it was typed.
    user_code: String,
}

/// The confirmation.
#[derive(Debug, Serialize, ToSchema)]
pub struct Decided {
    /// Always true.
    success: bool,
}

/// Lets a device in. The sign-in must be at most 15 minutes old.
#[utoipa::path(
    post,
    path = "/api/auth/device/approve",
    operation_id = "approveDevice",
    tag = "OpenID Connect",
    security(("session" = [])),
    request_body(content = DeviceDecision, content_type = "application/json"),
    responses(
        (status = 200, description = "The device is let in", body = Decided),
        (status = 400, description = "Unknown, expired or decided already"),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "The sign-in is too old, or from another origin"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn approve_device(
    State(sigma): State<AppState>,
    context: RequestContext,
    signed_in: SignedIn,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Decided>, Response> {
    let (code, waiting) = find(&sigma, &context, &signed_in, &headers, &body).await?;
    let is_recent = approve::is_recent(&sigma, &signed_in, &code, waiting.app.require_second_factor);
    if !is_recent || signed_in.account.deletes_at.is_some() {
        let description = "Sign in again to let a device in";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "access_denied", description).into_response());
    }
    let bap_id = approve::preselected(&signed_in);
    let approved = approve::approve(&sigma, &context, &signed_in, &waiting, bap_id).await;
    answer(approved)
}

/// Turns a device away.
#[utoipa::path(
    post,
    path = "/api/auth/device/deny",
    operation_id = "denyDevice",
    tag = "OpenID Connect",
    security(("session" = [])),
    request_body(content = DeviceDecision, content_type = "application/json"),
    responses(
        (status = 200, description = "The device is turned away", body = Decided),
        (status = 400, description = "Unknown, expired or decided already"),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "From another origin"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn deny_device(
    State(sigma): State<AppState>,
    context: RequestContext,
    signed_in: SignedIn,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Decided>, Response> {
    let (_, waiting) = find(&sigma, &context, &signed_in, &headers, &body).await?;
    answer(approve::deny(&sigma, &context, &signed_in, &waiting).await)
}

async fn find(
    sigma: &AppState,
    context: &RequestContext,
    signed_in: &SignedIn,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<(UserCode, Waiting), Response> {
    if !is_content_type(headers, JSON) {
        return Err(wrong_content_type("the body must be JSON").into_response());
    }
    let decision = read_object::<DeviceDecision>(body);
    let decision = decision.ok_or_else(|| bad_request("invalid_request", "userCode is required").into_response())?;
    let code = UserCode::parse(&decision.user_code).ok_or_else(|| unknown().into_response())?;
    let found = look_up(sigma, context, Some(&signed_in.account.user.id), &code).await;
    let waiting = found.map_err(|reason| reason.into_response_or(|| unknown().into_response()))?;
    Ok((code, waiting))
}

/// The answer to a decision, which counts only for a device that still waits.
#[expect(clippy::result_large_err, reason = "what the endpoint answers")]
fn answer(decided: Result<bool, ApiError>) -> Result<Json<Decided>, Response> {
    match decided {
        Ok(true) => Ok(Json(Decided { success: true })),
        Ok(false) => Err(bad_request("invalid_request", "Device code already processed").into_response()),
        Err(error) => Err(error.into_response()),
    }
}
