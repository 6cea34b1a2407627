//! `POST /api/auth/oauth2/revoke`: token revocation (RFC 7009). Revoking either kind of token ends the whole grant
//! (§2.1).

use crate::http::{Endpoint, RequestContext, routes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use secrecy::ExposeSecret as _;
use sigma_core::actor::Actor;
use sigma_core::time::Timestamp;
use sigma_store::revocation::{self, RevokedToken};

use super::token::{TokenError, family};
use crate::extract::{AppRequest, verify_access};
use crate::oauth::CALLED_BY_APPS;
use crate::oauth::forms::TokenReference;
use crate::paths::REVOKE_PATH;
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(CALLED_BY_APPS, routes!(revoke))
}

/// Ends a token and everything of its grant. An unknown token is not an error (§2.2).
#[utoipa::path(
    post,
    path = REVOKE_PATH,
    operation_id = "revokeToken",
    tag = "OpenID Connect",
    security((), ("client_secret_basic" = [])),
    request_body(content_type = "application/x-www-form-urlencoded", content = TokenReference,
        description = "`token`, `token_type_hint`, and the app's authentication"),
    responses(
        (status = 200, description = "The token is revoked or unknown"),
        (status = 400, description = "`invalid_request`: no token"),
        (status = 401, description = "`invalid_client`"),
        (status = 415, description = "Neither a form nor JSON"),
    )
)]
pub async fn revoke(
    State(sigma): State<AppState>,
    context: RequestContext,
    request: AppRequest<TokenReference>,
) -> Result<Response, TokenError> {
    let AppRequest { caller, form } = request;
    let token = form.token.expose_secret();
    let app_id = caller.app.id.clone();
    let revoked = match verify_access(&sigma, token).await? {
        None => match family(&sigma, token).await.map_err(TokenError::Internal)? {
            Some((family, _)) if family.app_id == app_id => RevokedToken::OfGrant(family.grant_id),
            _ => RevokedToken::Unknown,
        },
        // Another app's token is treated as unknown.
        Some(access) if !caller.app.is_called(&access.claims.client_id) => RevokedToken::Unknown,
        Some(access) => match &access.claims.gid {
            // An exchanged token is of another app's grant, which it cannot end.
            Some(gid) if !access.claims.stands_alone() => RevokedToken::OfGrant(gid.clone()),
            _ => RevokedToken::Single(access.claims.jti.clone(), Timestamp::from_seconds(access.claims.exp)),
        },
    };
    let now = sigma.now();
    let once = caller.once;
    let store = sigma.store_for(&context, Actor::App(app_id));
    let fresh = store.write(move |tx| revocation::revoke_for_app(tx, &revoked, once.as_ref(), now)).await?;
    if fresh { Ok(StatusCode::OK.into_response()) } else { Err(TokenError::Replayed(caller.app.auth_method)) }
}
