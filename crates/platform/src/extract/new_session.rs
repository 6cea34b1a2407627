//! A session about to begin in a browser.

use axum::response::Response;
use sigma_core::digest::Digest;
use sigma_core::ids::SessionId;
use sigma_core::random::alphanumeric;
use sigma_store::session::NewSession;

use crate::extract::{Browser, SECRET_LENGTH, mark, session_cookie};
use crate::http::RequestContext;
use crate::interaction::with_cookie;
use crate::quick::QuickSession;
use crate::state::AppState;

/// A day, in seconds.
const DAY: u32 = 86_400;

/// A session as [`sigma_store::sign_in::begin`] takes it, with the secret for its browser.
pub struct NewBrowserSession {
    /// What is stored.
    pub new: NewSession,
    secret: String,
    seconds: u32,
    expired_quick_session: Option<String>,
    mark_cookie: Option<String>,
}

impl NewBrowserSession {
    /// A session of this browser. It continues the browser's current session if that is of the same account.
    pub fn of(sigma: &AppState, context: &RequestContext, browser: &Browser) -> Self {
        let now = sigma.now();
        let seconds = sigma.settings.sign_in.session_days.saturating_mul(DAY);
        let secret = alphanumeric(&*sigma.rng, SECRET_LENGTH);
        let (device, mark_cookie) = mark::of(sigma, context, browser);
        let new = NewSession {
            id: SessionId::new(now, &*sigma.rng),
            secret: Digest::of(&secret),
            continues: browser.session_secret(sigma).map(|secret| secret.digest),
            address: context.client().ip().to_string(),
            user_agent: browser.user_agent(),
            device,
            now,
            expires_at: AppState::in_seconds(now, seconds),
        };
        let expired_quick_session = QuickSession::expired_cookie(sigma, browser);
        Self { new, secret, seconds, expired_quick_session, mark_cookie }
    }

    /// The secret, for responses that give it to their browser.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Gives the browser the session, once it has begun. A quick login that it holds is taken away: it would take
    /// precedence over the fresh authentication.
    pub fn set_cookies(&self, sigma: &AppState, response: Response) -> Response {
        let response = with_cookie(response, Some(&session_cookie(sigma, &self.secret, u64::from(self.seconds))));
        let response = with_cookie(response, self.expired_quick_session.as_deref());
        with_cookie(response, self.mark_cookie.as_deref())
    }
}
