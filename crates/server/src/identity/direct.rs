//! `POST /sigma/authorize`: an access token for a signature, without a browser (`docs/spec/keys.md#direct-sign-in`).

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use serde::Serialize;
use sigma_core::ids::{GrantId, TokenId};
use sigma_core::jose::{Algorithm, TokenKind, sign};
use sigma_core::person::Person;
use sigma_core::resource::Targets;
use sigma_core::scope::Scopes;
use sigma_core::token::{AccessClaims, Issuance};
use sigma_store::grant;
use sigma_store::key_sign_in::UnknownKey;
use sigma_store::session::BrowserSession;
use utoipa::ToSchema;

use super::sign_in::{Attempt, accept};
use crate::extract::{KeyToken, fallback_token};
use crate::http::{ApiError, Endpoint, RequestContext, Rule, routes};
use crate::identity::SIGN_IN;
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
    let person = account.person(entered.session.bap_id.as_ref());
    let (access_token, expires_in) =
        issue(&sigma, &entered.session, &person).await.map_err(IntoResponse::into_response)?;
    let answer = DirectAnswer {
        access_token,
        token_type: "Bearer",
        expires_in,
        user: DirectUser {
            id: entered.user.id.to_string(),
            pubkey: entered.pubkey.to_hex(),
            name: person.display_name(),
            bap_id: person.bap_id().map(ToString::to_string),
        },
    };
    Ok(entered.set_cookies(&sigma, Json(answer).into_response()))
}

/// The access token of a direct sign-in: scope `openid profile`, the issuer as audience, a grant of its own. Returns
/// the token and its lifetime in seconds.
///
/// # Errors
/// The store does not answer.
async fn issue(sigma: &AppState, session: &BrowserSession, person: &Person) -> Result<(String, u32), ApiError> {
    let now = sigma.now();
    let (issuer, seconds) = (sigma.issuer(), sigma.settings.tokens.access_seconds);
    let issuance = Issuance { issuer, client_id: &sigma.itself.client_id, now, seconds, jkt: None };
    let grant_id = GrantId::new(now, &*sigma.rng);
    let mut authorization = sigma_core::code::Authorization::by(&session.facts(), sigma.itself.id.clone());
    authorization.scope = Scopes::parse("openid profile");
    authorization.bap_id = session.bap_id.clone();
    let expires_at = AppState::in_seconds(now, issuance.seconds);
    let id = TokenId::new(now, &*sigma.rng);
    let claims = AccessClaims::of_grant(issuance, &grant_id, &authorization, &Targets::default(), person, &id);
    sigma.store.write(move |tx| grant::begin_direct(tx, &grant_id, &authorization, now, expires_at)).await?;
    let ring = sigma.keys.ring(&sigma.master_key).await;
    let signed = sign(ring.signer(Algorithm::ES256, now), TokenKind::Access, &claims);
    let token = signed.map_err(ApiError::internal)?;
    Ok((token, issuance.seconds))
}
