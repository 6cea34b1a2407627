//! `grant_type=urn:ietf:params:oauth:grant-type:token-exchange` (RFC 8693, `docs/spec/token-exchange.md`): another token. For an
//! access token it writes nothing, since the new one lives by the grant and the tokens that it came of.

mod id_jag;
mod own;
mod person;
mod request;
mod workload;
mod workspace;

use secrecy::ExposeSecret as _;
use sigma_core::app::App;
use sigma_core::dpop::Thumbprint;
use sigma_core::exchange::TokenType;
use sigma_core::org::UnverifiedSession;
use sigma_core::token::AccessClaims;
use sigma_store::replay_guard::{self, Once};

use self::request::{ExchangeRequest, Requested};
use super::issue::token_type;
use super::{TokenAnswer, TokenError};
use crate::extract::AppRequest;
use crate::http::RequestContext;
use crate::oauth::forms::TokenForm;
use crate::state::AppState;
pub use person::{LONGEST, issue};

/// Exchanges a token.
pub async fn exchange(
    sigma: &AppState,
    context: &RequestContext,
    request: AppRequest<TokenForm>,
    jkt: Option<Thumbprint>,
) -> Result<TokenAnswer, TokenError> {
    let AppRequest { caller, form } = request;
    let app = caller.app;
    let request = ExchangeRequest::parse(form)?;
    if request.requested == Requested::IdJag {
        if sigma.settings.id_jag.issue.is_empty() {
            return Err(request::UNKNOWN_REQUESTED);
        }
        spend(sigma, &app, caller.once).await?;
        return id_jag::issue(sigma, &app, &request, jkt.as_ref()).await;
    }
    let token = request.subject_token.expose_secret();
    match request.subject_token_type {
        TokenType::AccessToken => {
            spend(sigma, &app, caller.once).await?;
            own::exchange(sigma, &app, &request, jkt.as_ref()).await
        }
        // The JWTs of workspaces are the only ones with a symmetric signature.
        TokenType::Jwt if UnverifiedSession::parse(token).is_ok() => {
            spend(sigma, &app, caller.once).await?;
            workspace::exchange(sigma, &app, sigma.workspace_member(token).await?, &request, jkt.as_ref()).await
        }
        TokenType::Jwt | TokenType::IdToken => {
            workload::exchange(sigma, &app, caller.once, &request, jkt.as_ref()).await
        }
        TokenType::ApiKey => {
            spend(sigma, &app, caller.once).await?;
            workspace::exchange(sigma, &app, sigma.workspace_server(token).await?, &request, jkt.as_ref()).await
        }
        TokenType::UserId => {
            spend(sigma, &app, caller.once).await?;
            person::exchange(sigma, context, &app, &request, jkt.as_ref()).await
        }
        TokenType::RefreshToken | TokenType::IdJag => {
            Err(TokenError::InvalidRequest("this subject_token_type is not supported"))
        }
    }
}

/// Uses up the credential that the app authenticated with, if that may be used once only.
async fn spend(sigma: &AppState, app: &App, once: Option<Once>) -> Result<(), TokenError> {
    let Some(once) = once else { return Ok(()) };
    let is_first = sigma.store.write(move |tx| replay_guard::spend(tx, &once)).await?;
    if is_first { Ok(()) } else { Err(TokenError::Replayed(app.auth_method)) }
}

/// The response with an access token (§2.2.1).
fn answer(access_token: String, claims: &AccessClaims) -> TokenAnswer {
    TokenAnswer {
        access_token,
        issued_token_type: Some(TokenType::AccessToken.as_str()),
        token_type: token_type(claims.cnf.as_ref().map(|bound| &bound.jkt)),
        expires_in: u32::try_from(claims.exp.saturating_sub(claims.iat)).unwrap_or_default(),
        expires_at: claims.exp,
        scope: claims.scope.clone(),
        id_token: None,
        refresh_token: None,
        next_nonce: None,
    }
}
