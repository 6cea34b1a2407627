//! `grant_type=urn:ietf:params:oauth:grant-type:token-exchange` (RFC 8693, `docs/spec/token-exchange.md`): less for another
//! token. It writes nothing, since the new token lives by the grant and the tokens that it came of.

mod own;
mod request;

use sigma_core::dpop::Thumbprint;
use sigma_core::exchange::TokenType;
use sigma_core::token::AccessClaims;
use sigma_store::replay_guard;

use self::request::ExchangeRequest;
use super::issue::token_type;
use super::{TokenAnswer, TokenError};
use crate::extract::AppRequest;
use crate::oauth::forms::TokenForm;
use crate::state::AppState;

/// Exchanges a token.
pub async fn exchange(
    sigma: &AppState,
    request: AppRequest<TokenForm>,
    jkt: Option<Thumbprint>,
) -> Result<TokenAnswer, TokenError> {
    let AppRequest { caller, form } = request;
    let app = caller.app;
    let request = ExchangeRequest::parse(form)?;
    if let Some(once) = caller.once
        && !sigma.store.write(move |tx| replay_guard::spend(tx, &once)).await?
    {
        return Err(TokenError::Replayed(app.auth_method));
    }
    match request.subject_token_type {
        TokenType::AccessToken => own::exchange(sigma, &app, &request, jkt.as_ref()).await,
        TokenType::Jwt | TokenType::IdToken | TokenType::RefreshToken => {
            Err(TokenError::InvalidRequest("this subject_token_type is not supported"))
        }
    }
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
