//! `POST /sigma/authorize`: an access token for a signature, without a browser (`docs/spec/keys.md#direct-sign-in`).

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use serde::Serialize;
use sigma_store::key_sign_in::UnknownKey;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::sign_in::{Attempt, accept};
use crate::extract::{KeyToken, fallback_token};
use crate::http::{ApiError, Endpoint, RequestContext, Rule};
use crate::identity::SIGN_IN;
use crate::oauth::issue_direct;
use crate::state::AppState;

/// The path of this endpoint, which its tokens sign.
const PATH: &str = "/sigma/authorize";

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(SIGN_IN, routes!(authorize_directly))
}

/// The token and its user.
#[derive(Debug, Serialize, ToSchema)]
pub struct DirectAnswer {
    /// A JWT for this server's own APIs.
    access_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// Lifetime in seconds.
    expires_in: u32,
    /// The user.
    user: DirectUser,
}

/// The user, as this endpoint shows them.
#[derive(Debug, Serialize, ToSchema)]
pub struct DirectUser {
    id: String,
    pubkey: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    bap_id: Option<String>,
}

/// Issues an access token for a signature.
///
/// `X-Auth-Token` (or `authToken` in the body) signs this path, with or without the body.
#[utoipa::path(
    post,
    path = PATH,
    operation_id = "authorizeDirectly",
    tag = "Sign-in",
    params(("X-Auth-Token" = Option<String>, Header, description = "pubkey|scheme|timestamp|path|signature")),
    request_body(content = Option<Object>, content_type = "application/json", description = "`bapId`, and `authToken` for clients that cannot set headers"),
    responses(
        (status = 200, description = "The token; the session cookie is set", body = DirectAnswer),
        (status = 400, description = "The token or the body is malformed"),
        (status = 401, description = "Missing or invalid token"),
        (status = 403, description = "`USER_NOT_FOUND`, `BAP_OWNERSHIP_FAILED`, `USER_DISABLED`, `ORIGIN_BOUND_REQUIRED`, or from another origin"),
        (status = 429, description = "Too many failures, or too many new accounts"),
    )
)]
pub async fn authorize_directly(
    State(sigma): State<AppState>,
    context: RequestContext,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Response> {
    let token = match fallback_token(&headers, &body) {
        Some(token) => KeyToken::check(&sigma, &token, PATH, b""),
        None => KeyToken::of_header(&sigma, &headers, "x-auth-token", PATH, &body),
    };
    let token = accept(&sigma, &context, Rule::Direct, token).await?;
    let bap_id = super::sign_in::read_bap_id(&body).map_err(IntoResponse::into_response)?;
    let unknown = if sigma.settings.sign_in.implicit_sign_up { UnknownKey::Welcome } else { UnknownKey::Refuse };
    let entered = Attempt { token, bap_id, more: Vec::new(), identity_key: None, unknown }
        .run(&sigma, &context, &headers)
        .await?;
    let account = sigma.find_account(&entered.user.id).await.map_err(|error| ApiError::from(error).into_response())?;
    let account = account.ok_or_else(|| ApiError::internal("the account is gone").into_response())?;
    let person = account.person(entered.session.bap_id.as_deref());
    let (access_token, expires_in) =
        issue_direct(&sigma, &entered.session, &person).await.map_err(IntoResponse::into_response)?;
    let answer = DirectAnswer {
        access_token,
        token_type: "Bearer",
        expires_in,
        user: DirectUser {
            id: entered.user.id.to_string(),
            pubkey: entered.pubkey.clone(),
            name: person.display_name(),
            bap_id: person.bap_id().map(str::to_owned),
        },
    };
    Ok(entered.set_cookies(&sigma, Json(answer).into_response()))
}
