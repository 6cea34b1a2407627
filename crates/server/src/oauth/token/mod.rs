//! `POST /api/auth/oauth2/token`: tokens for a code, a refresh token, another token, or an app itself (RFC 6749 §3.2).

mod authorization_code;
mod client_credentials;
mod device_code;
mod exchange;
mod first_token;
mod issue;
mod jwt_bearer;
mod refresh_token;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sigma_core::app::{App, AuthMethod, GrantType};
use sigma_core::authorize::printable;
use sigma_core::dpop::ProofProblem;
use sigma_core::exchange::ExchangeProblem;
use std::sync::Arc;
use utoipa::ToSchema;

use crate::dpop::{DpopError, Proven, with_nonce};
use crate::error::bad_request;
use crate::extract::{AppRequest, AuthenticatedApp, ClientAuthError, SentProof};
use crate::http::{ApiError, Endpoint, RequestContext, routes};
use crate::oauth::CALLED_BY_APPS;
use crate::oauth::forms::TokenForm;
use crate::paths::{TOKEN_ALIASES, TOKEN_PATH};
use crate::state::AppState;

pub use refresh_token::family;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(CALLED_BY_APPS, routes!(token)).aliases(TOKEN_ALIASES)
}

/// The token response (RFC 6749 §5.1, Core §3.1.3.3).
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenAnswer {
    /// A JWT (RFC 9068).
    pub access_token: String,
    /// The type of `access_token`, if it was exchanged for another token (RFC 8693 §2.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<&'static str>,
    /// `Bearer`, or `DPoP` for a token that is bound to the key of the proof (RFC 9449 §5).
    pub token_type: &'static str,
    /// Lifetime in seconds.
    pub expires_in: u32,
    /// When it expires, in seconds since the epoch.
    pub expires_at: i64,
    /// The granted scopes.
    pub scope: String,
    /// Identifies the user; always with `openid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// With `offline_access` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// The nonce that the client should use from now on: a header.
    #[serde(skip)]
    pub next_nonce: Option<String>,
}

impl IntoResponse for TokenAnswer {
    fn into_response(self) -> Response {
        let nonce = self.next_nonce.clone();
        with_nonce(Json(self).into_response(), nonce.as_deref())
    }
}

/// The proof of possession, which an app may have to send.
async fn prove(sigma: &AppState, app: &App, proof: &SentProof) -> Result<Option<Proven>, TokenError> {
    let proven = proof.verify(sigma, None).await?;
    if proven.is_none() && app.security.must_bind() {
        return Err(DpopError::Invalid(ProofProblem::Missing).into());
    }
    Ok(proven)
}

/// Why no token is issued (`docs/spec/errors.md#token-endpoint`).
#[derive(Debug)]
pub enum TokenError {
    /// The grant type is missing.
    MissingGrantType,
    /// It is unknown.
    UnsupportedGrantType(String),
    /// The app may not use it.
    UnauthorizedClient,
    /// A public app may not introspect.
    PublicClient,
    /// A parameter is missing or malformed.
    InvalidRequest(&'static str),
    /// The code or token is invalid.
    InvalidGrant(&'static str),
    /// Nobody has decided about the device yet (RFC 8628 §3.5).
    AuthorizationPending,
    /// The same, and it polls too fast.
    SlowDown,
    /// Nobody decided in time.
    ExpiredToken,
    /// The device was turned away.
    AccessDenied,
    /// More scopes than granted.
    InvalidScope,
    /// An audience that was not granted, or is not registered.
    InvalidTarget,
    /// The subject token cannot be exchanged (RFC 8693 §2.2.2).
    Exchange(ExchangeProblem),
    /// The app's credential, of this method, was used before.
    Replayed(AuthMethod),
    /// The proof of possession is missing or invalid.
    Proof(DpopError),
    /// A token could not be created, or the store did not answer.
    Internal(ApiError),
}

impl From<DpopError> for TokenError {
    fn from(error: DpopError) -> Self {
        Self::Proof(error)
    }
}

impl From<sigma_store::StoreError> for TokenError {
    fn from(error: sigma_store::StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::MissingGrantType => bad_request("invalid_request", "grant_type is required"),
            TokenError::UnsupportedGrantType(kind) => {
                bad_request("unsupported_grant_type", format!("Unsupported grant_type: {kind}"))
            }
            TokenError::UnauthorizedClient => {
                bad_request("unauthorized_client", "the client may not use this grant_type")
            }
            TokenError::PublicClient => bad_request("unauthorized_client", "a public client may not introspect tokens"),
            TokenError::InvalidRequest(description) => bad_request("invalid_request", description),
            TokenError::InvalidGrant(description) => bad_request("invalid_grant", description),
            TokenError::AuthorizationPending => bad_request("authorization_pending", "Authorization pending"),
            TokenError::SlowDown => bad_request("slow_down", "Polling too frequently"),
            TokenError::ExpiredToken => bad_request("expired_token", "Device code has expired"),
            TokenError::AccessDenied => bad_request("access_denied", "Access denied"),
            TokenError::InvalidScope => bad_request("invalid_scope", "the scope was not granted"),
            TokenError::InvalidTarget => bad_request("invalid_target", "the resource was not granted"),
            TokenError::Exchange(problem) => {
                let code = match problem {
                    ExchangeProblem::NotForApp | ExchangeProblem::Unproven | ExchangeProblem::TooOften => {
                        "invalid_request"
                    }
                    ExchangeProblem::Scope => "invalid_scope",
                    ExchangeProblem::Target => "invalid_target",
                };
                bad_request(code, problem.to_string())
            }
            TokenError::Replayed(AuthMethod::SigmaBitcoinAuth) => ClientAuthError::InvalidSignature.into(),
            TokenError::Replayed(_) => ClientAuthError::Invalid.into(),
            TokenError::Proof(error) => error.into(),
            TokenError::Internal(error) => error,
        }
    }
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        match self {
            Self::Proof(error) => error.at_endpoint(),
            error => ApiError::from(error).into_response(),
        }
    }
}

/// Issues tokens to an app.
///
/// The app authenticates by its registered method: a secret (by Basic or in the body, unless one of them was
/// registered), `private_key_jwt`, a Bitcoin signature in `X-Auth-Token`, or not at all (`none`, with PKCE).
///
/// With a proof of possession in the header `DPoP` the access token is bound to its key (RFC 9449).
#[utoipa::path(
    post,
    path = TOKEN_PATH,
    operation_id = "issueToken",
    tag = "OpenID Connect",
    security((), ("client_secret_basic" = [])),
    request_body(content_type = "application/x-www-form-urlencoded", content = TokenForm,
        description = "`grant_type` and its parameters; JSON is accepted too"),
    responses(
        (status = 200, description = "The tokens", body = TokenAnswer),
        (status = 400, description = "`invalid_request`, `invalid_grant`, `unsupported_grant_type`, `unauthorized_client`, `invalid_scope`, `invalid_target`, `invalid_dpop_proof`, `use_dpop_nonce` (with the nonce in `DPoP-Nonce`); for a device `authorization_pending`, `slow_down`, `expired_token`, `access_denied`"),
        (status = 401, description = "`invalid_client`"),
        (status = 415, description = "Neither a form nor JSON"),
    )
)]
pub async fn token(
    State(sigma): State<AppState>,
    context: RequestContext,
    proof: SentProof,
    request: AppRequest<TokenForm>,
) -> Result<TokenAnswer, Response> {
    let caller = request.caller.clone();
    give(&sigma, &context, request, &proof).await.map_err(|error| refuse(&context, &caller, error))
}

/// The response of an error. A device that waits as it was told to is not guessing.
pub(super) fn refuse(context: &RequestContext, caller: &AuthenticatedApp, error: TokenError) -> Response {
    if matches!(error, TokenError::AuthorizationPending) {
        return error.into_response();
    }
    caller.refuse(context, error)
}

/// Issues tokens for the grant type of the request.
///
/// # Errors
/// [`TokenError`]
pub(super) async fn give(
    sigma: &AppState,
    context: &RequestContext,
    request: AppRequest<TokenForm>,
    proof: &SentProof,
) -> Result<TokenAnswer, TokenError> {
    let wanted = request.form.grant_type.as_deref().ok_or(TokenError::MissingGrantType)?;
    let is_on = |grant: &GrantType| *grant != GrantType::JwtBearer || !sigma.settings.id_jag.accept.is_empty();
    let grant = GrantType::parse(wanted).filter(is_on);
    let grant = grant.ok_or_else(|| TokenError::UnsupportedGrantType(printable(wanted)))?;
    if !request.caller.app.may_use(grant) {
        return Err(TokenError::UnauthorizedClient);
    }
    let app = Arc::clone(&request.caller.app);
    let proven = prove(sigma, &app, proof).await?;
    let (jkt, next_nonce) = proven.map_or((None, None), |proven| (Some(proven.jkt), proven.next_nonce));
    let answer = match grant {
        GrantType::AuthorizationCode => authorization_code::redeem(sigma, context, request, jkt).await,
        GrantType::RefreshToken => refresh_token::refresh(sigma, context, request, jkt).await,
        GrantType::ClientCredentials => client_credentials::issue(sigma, request, jkt).await,
        GrantType::DeviceCode => device_code::redeem(sigma, context, request, jkt).await,
        GrantType::TokenExchange => exchange::exchange(sigma, context, request, jkt).await,
        GrantType::JwtBearer => jwt_bearer::redeem(sigma, context, request, jkt).await,
    }?;
    sigma.token_counts.note(&app.id, grant, sigma.now());
    sigma.note_use(&app, sigma.now()).await;
    Ok(TokenAnswer { next_nonce, ..answer })
}
