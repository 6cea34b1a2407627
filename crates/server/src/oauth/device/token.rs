//! `POST /api/auth/device/token`: the token endpoint under the path that Better Auth's clients poll. Every refusal of a
//! well-formed request is 400 (`docs/spec/devices.md#polling`).

use axum::extract::{FromRequest as _, Request, State};
use axum::response::Response;
use http::{StatusCode, header};
use sigma_core::app::GrantType;

use crate::extract::{AppRequest, SentProof};
use crate::http::{Endpoint, RequestContext, routes};
use crate::oauth::CALLED_BY_APPS;
use crate::oauth::forms::TokenForm;
use crate::oauth::token::{TokenAnswer, TokenError, give, refuse};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(CALLED_BY_APPS, routes!(poll_device_token))
}

/// Issues tokens to a device that was let in.
///
/// The same as the token endpoint, for this grant type alone, with 400 in place of 401.
#[utoipa::path(
    post,
    path = "/api/auth/device/token",
    operation_id = "pollDeviceToken",
    tag = "OpenID Connect",
    request_body(content_type = "application/x-www-form-urlencoded", content = TokenForm,
        description = "`grant_type`, `device_code` and `client_id`; JSON is accepted too"),
    responses(
        (status = 200, description = "The tokens", body = TokenAnswer),
        (status = 400, description = "`authorization_pending`, `slow_down`, `expired_token`, `access_denied`, `invalid_grant`, `invalid_client`, `invalid_request`, `unsupported_grant_type`, `unauthorized_client`"),
        (status = 415, description = "Neither a form nor JSON"),
    )
)]
pub async fn poll_device_token(
    State(sigma): State<AppState>,
    context: RequestContext,
    proof: SentProof,
    request: Request,
) -> Result<TokenAnswer, Response> {
    let request = AppRequest::<TokenForm>::from_request(request, &sigma).await.map_err(plainly)?;
    let caller = request.caller.clone();
    let other =
        request.form.grant_type.as_deref().filter(|named| GrantType::parse(named) != Some(GrantType::DeviceCode));
    let answer = match other {
        Some(named) => Err(TokenError::UnsupportedGrantType(sigma_core::authorize::printable(named))),
        None => give(&sigma, &context, request, &proof).await,
    };
    answer.map_err(|error| plainly(refuse(&context, &caller, error)))
}

/// 400 in place of 401: these clients try to sign in again at a 401.
fn plainly(mut refusal: Response) -> Response {
    if refusal.status() == StatusCode::UNAUTHORIZED {
        *refusal.status_mut() = StatusCode::BAD_REQUEST;
        refusal.headers_mut().remove(header::WWW_AUTHENTICATE);
    }
    refusal
}
