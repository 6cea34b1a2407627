//! The browser: its cookies, and whether it wants a page or JSON.

use std::convert::Infallible;

use aws_lc_rs::hmac;
use axum::extract::FromRequestParts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use http::{HeaderMap, header};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sigma_core::digest::Digest;

use crate::state::AppState;

/// What a browser sent along with its request.
#[derive(Clone, Debug)]
pub struct Browser {
    headers: HeaderMap,
}

impl<S: Sync> FromRequestParts<S> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self { headers: parts.headers.clone() })
    }
}

impl Browser {
    /// The browser that sent these headers.
    pub fn of(headers: &HeaderMap) -> Self {
        Self { headers: headers.clone() }
    }

    /// Its headers.
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The value of a cookie; the first, if there are several of that name.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies(name).next()
    }

    fn cookies(&self, name: &str) -> impl Iterator<Item = &str> {
        let lines = self.headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        lines
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim_start().split_once('='))
            .filter_map(move |(known, value)| (known == name).then_some(value.trim_end()))
    }

    /// Whether a script sent the request: scripts cannot follow a redirect to another origin, so they get the address
    /// as JSON.
    pub fn wants_json(&self) -> bool {
        let is = |name: &str, wanted: &str| {
            self.headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(wanted))
        };
        is("sec-fetch-mode", "cors") || is("accept", "application/json")
    }

    /// Whether a user opened the address, rather than a script.
    pub fn navigates(&self) -> bool {
        let value = |name: &str| self.headers.get(name).and_then(|value| value.to_str().ok());
        match value("sec-fetch-mode") {
            Some(mode) => mode == "navigate",
            None => value("accept").is_some_and(|accepted| accepted.contains("text/html")),
        }
    }

    /// The secret in the session cookie, if its signature is ours: `token.base64(HMAC)`, percent-encoded
    /// (`docs/spec/sessions.md#session-cookie`).
    ///
    /// Another host of the same site can set a cookie of this name for both. Cookies without our signature are skipped;
    /// if two carry one, neither counts, so that nobody acts in a session planted on them.
    pub fn session_secret(&self, sigma: &AppState) -> Option<SessionSecret> {
        let mut signed = self.cookies(session_cookie_name(sigma)).filter_map(|value| signed_token(sigma, value));
        let token = signed.next()?;
        signed.all(|other| other == token).then(|| SessionSecret { digest: Digest::of(&token), token })
    }

    /// The `User-Agent`, truncated to what a list of sessions can show.
    pub fn user_agent(&self) -> String {
        let agent = self.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        agent.chars().take(300).collect()
    }
}

/// The secret of a session, as its browser holds it.
pub struct SessionSecret {
    /// The hash by which the store knows it.
    pub digest: Digest,
    /// The secret, for responses that give it back to its own browser.
    pub token: String,
}

/// The token in a session cookie's value, if its signature is ours.
fn signed_token(sigma: &AppState, value: &str) -> Option<String> {
    let value = percent_decode_str(value).decode_utf8().ok()?;
    let (token, signature) = value.rsplit_once('.')?;
    let signature = STANDARD.decode(signature).ok()?;
    hmac::verify(&sigma.cookie_key, token.as_bytes(), &signature).ok()?;
    Some(token.to_owned())
}

/// The name of the session cookie (`docs/spec/sessions.md#session-cookie`).
fn session_cookie_name(sigma: &AppState) -> &'static str {
    if sigma.is_https() { "__Secure-better-auth.session_token" } else { "better-auth.session_token" }
}

/// `Set-Cookie` for a new session with that secret, for `seconds`.
pub fn session_cookie(sigma: &AppState, token: &str, seconds: u64) -> String {
    let signature = STANDARD.encode(hmac::sign(&sigma.cookie_key, token.as_bytes()));
    let signature = utf8_percent_encode(&signature, NON_ALPHANUMERIC);
    cookie(sigma, session_cookie_name(sigma), &format!("{token}.{signature}"), seconds)
}

/// `Set-Cookie` that deletes the session cookie.
pub fn expired_session_cookie(sigma: &AppState) -> String {
    cookie(sigma, session_cookie_name(sigma), "", 0)
}

/// A cookie for the whole origin, `HttpOnly` and `SameSite=Lax`.
pub fn cookie(sigma: &AppState, name: &str, value: &str, seconds: u64) -> String {
    let secure = if sigma.is_https() { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}
