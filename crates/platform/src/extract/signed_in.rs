//! The signed-in account of a browser: by the session cookie, or by the session's secret as Bearer.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::StatusCode;
use http::request::Parts;
use sigma_core::authentication::Acr;
use sigma_core::digest::Digest;
use sigma_core::interaction::may_change_credentials;
use sigma_store::account::Account;
use sigma_store::session::BrowserSession;

use crate::extract::{Browser, bearer_token};
use crate::http::ApiError;
use crate::state::AppState;

/// A live session of an active account. Those of accounts with one-time codes count only once a second factor was proven:
/// [`SignedIn::find`] does not find others, so that no page and no API can forget to ask.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The session.
    pub session: Arc<BrowserSession>,
    /// The account.
    pub account: Arc<Account>,
    /// The session's secret, as the caller sent it.
    pub token: String,
}

impl SignedIn {
    /// The account that `browser` is signed in to.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn find(sigma: &AppState, browser: &Browser) -> Result<Option<Self>, ApiError> {
        Ok(Self::find_partial(sigma, browser).await?.filter(Self::is_complete))
    }

    /// The account that `browser` is signed in to, or for which it still has to prove a second factor: only for what asks for
    /// that.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn find_partial(sigma: &AppState, browser: &Browser) -> Result<Option<Self>, ApiError> {
        match browser.session_secret(sigma) {
            Some(secret) => Self::by_secret(sigma, secret.digest, secret.token).await,
            None => Ok(None),
        }
    }

    /// The session whose secret is `token`, plain or in its signed cookie form.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn by_token(sigma: &AppState, token: &str) -> Result<Option<Self>, ApiError> {
        let secret = token.split('.').next().unwrap_or_default().trim();
        if secret.len() != SECRET_LENGTH {
            return Ok(None);
        }
        let signed_in = Self::by_secret(sigma, Digest::of(secret), secret.to_owned()).await?;
        Ok(signed_in.filter(Self::is_complete))
    }

    /// Whether the session proved what its account demands of every sign-in.
    pub fn is_complete(&self) -> bool {
        self.session.methods.acr() >= Acr::demanded_by(&self.account.credentials)
    }

    /// Whether the session may change credentials, addresses and second factors.
    pub fn may_change_credentials(&self, sigma: &AppState) -> bool {
        may_change_credentials(&self.session.facts(), &self.account.credentials, sigma.now())
    }

    /// The session with that secret.
    async fn by_secret(sigma: &AppState, digest: Digest, token: String) -> Result<Option<Self>, ApiError> {
        let session = sigma.find_session_by_secret(digest).await?;
        let Some(session) = session.filter(|session| session.is_live(sigma.now())) else { return Ok(None) };
        let account = sigma.find_account(&session.user_id).await?;
        Ok(account.filter(|account| !account.user.disabled).map(|account| Self { session, account, token }))
    }
}

/// The signed-in account, if any.
#[derive(Clone, Debug)]
pub struct MaybeSignedIn(pub Option<SignedIn>);

impl FromRequestParts<AppState> for MaybeSignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, sigma: &AppState) -> Result<Self, ApiError> {
        let browser = Browser::of(&parts.headers);
        if let Some(signed_in) = SignedIn::find(sigma, &browser).await? {
            return Ok(Self(Some(signed_in)));
        }
        match bearer_token(&parts.headers).ok().flatten() {
            Some(token) => SignedIn::by_token(sigma, token).await.map(Self),
            None => Ok(Self(None)),
        }
    }
}

/// Length of a session's secret: 190 bits, and as long as Better Auth's.
pub const SECRET_LENGTH: usize = 32;

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, sigma: &AppState) -> Result<Self, ApiError> {
        let MaybeSignedIn(signed_in) = MaybeSignedIn::from_request_parts(parts, sigma).await?;
        signed_in.ok_or_else(unauthorized)
    }
}

/// The refusal of a caller who is not signed in.
pub fn unauthorized() -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", "Unauthorized").with_code("UNAUTHORIZED")
}
