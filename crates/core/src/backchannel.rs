//! OpenID Connect Back-Channel Logout 1.0: an app is told, server to server, that a session of its user ended.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::ids::{ClientId, SessionId, TokenId, UserId};
use crate::time::Timestamp;

/// The member of `events` that makes a JWT a logout token (§2.4).
pub const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Seconds that a logout token is valid: two minutes, as §2.4 recommends at most.
const SECONDS: i64 = 120;
/// The longest address, in bytes.
const LONGEST: usize = 2_048;

/// Where an app is told that a session ended (`backchannel_logout_uri`, §2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct LogoutUri(String);

/// Why an address cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoutUriProblem {
    /// Not an absolute URL, or too long.
    #[error("is not a URL of at most 2048 bytes")]
    NotAUrl,
    /// Plain http, to another machine than this one.
    #[error("must use https; http is for localhost and loopback addresses alone")]
    PlainHttp,
    /// It has a fragment (§2.2), or a user name.
    #[error("must have neither a fragment nor a user name")]
    Extra,
}

impl LogoutUri {
    /// The address that an operator or a developer wrote. A query is kept.
    ///
    /// # Errors
    /// [`LogoutUriProblem`]
    pub fn register(text: &str) -> Result<Self, LogoutUriProblem> {
        if text.len() > LONGEST || text.chars().any(char::is_control) {
            return Err(LogoutUriProblem::NotAUrl);
        }
        let url = Url::parse(text).map_err(|_| LogoutUriProblem::NotAUrl)?;
        let is_loopback = match url.host().ok_or(LogoutUriProblem::NotAUrl)? {
            url::Host::Domain(name) => name == "localhost",
            url::Host::Ipv4(address) => address.is_loopback(),
            url::Host::Ipv6(address) => address.is_loopback(),
        };
        match url.scheme() {
            "https" => {}
            "http" if is_loopback => {}
            _ => return Err(LogoutUriProblem::PlainHttp),
        }
        if text.contains('#') || !url.username().is_empty() || url.password().is_some() {
            return Err(LogoutUriProblem::Extra);
        }
        Ok(Self(text.to_owned()))
    }

    /// The address in the store, which was checked before.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The address as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an app registered about being told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackchannelLogout {
    /// Where.
    pub uri: LogoutUri,
    /// Whether it needs the `sid` (`backchannel_logout_session_required`). Every logout token has it.
    pub session_required: bool,
}

/// The claims of a logout token: `typ` `logout+jwt` (§2.4). It never has a `nonce`, so that nobody takes it for an ID token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutClaims {
    /// The issuer.
    pub iss: String,
    /// The user.
    pub sub: String,
    /// The app.
    pub aud: String,
    /// When it was issued, in seconds.
    pub iat: i64,
    /// When it expires, in seconds.
    pub exp: i64,
    /// Its own id: each attempt has another.
    pub jti: String,
    /// The one event, with an empty object.
    pub events: Map<String, Value>,
    /// The session, as in ID tokens.
    pub sid: String,
}

impl LogoutClaims {
    /// Tells the app that the session of the user ended.
    pub fn of(
        issuer: &str,
        client_id: &ClientId,
        (user_id, session_id): (&UserId, &SessionId),
        id: &TokenId,
        now: Timestamp,
    ) -> Self {
        Self {
            iss: issuer.to_owned(),
            sub: user_id.to_string(),
            aud: client_id.to_string(),
            iat: now.seconds(),
            exp: now.seconds().saturating_add(SECONDS),
            jti: id.to_string(),
            events: std::iter::once((EVENT.to_owned(), Value::Object(Map::new()))).collect(),
            sid: session_id.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logout_uri_is_https_or_on_this_machine_without_fragment() {
        for uri in [
            "https://app.example.org/logout",
            "https://app.example.org:8443/logout?tenant=1",
            "http://localhost:3000/logout",
            "http://127.0.0.1/logout",
            "http://[::1]:3000/",
        ] {
            assert_eq!(LogoutUri::register(uri).unwrap().as_str(), uri);
        }
        for (uri, problem) in [
            ("", LogoutUriProblem::NotAUrl),
            ("/logout", LogoutUriProblem::NotAUrl),
            ("javascript:alert(1)", LogoutUriProblem::NotAUrl),
            ("https://app.example.org/\0", LogoutUriProblem::NotAUrl),
            ("http://app.example.org/logout", LogoutUriProblem::PlainHttp),
            ("ftp://localhost/logout", LogoutUriProblem::PlainHttp),
            ("http://localhost.example.org/", LogoutUriProblem::PlainHttp),
            ("https://app.example.org/logout#x", LogoutUriProblem::Extra),
            ("https://app.example.org/logout#", LogoutUriProblem::Extra),
            ("https://ada@app.example.org/", LogoutUriProblem::Extra),
        ] {
            assert_eq!(LogoutUri::register(uri), Err(problem), "{uri}");
        }
        assert!(LogoutUri::register(&format!("https://app.example.org/{}", "a".repeat(2_048))).is_err());
    }

    #[test]
    fn a_logout_token_has_the_claims_of_the_specification_and_no_nonce() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let whose = (&UserId::from_text("user_1"), &SessionId::from_text("ses_1"));
        let id = TokenId::from_text("tok_1");
        let claims = LogoutClaims::of("https://id.example.org", &ClientId::from_text("app"), whose, &id, now);
        let expected = serde_json::json!({
            "iss": "https://id.example.org", "sub": "user_1", "aud": "app", "iat": 1_800_000_000, "exp": 1_800_000_120,
            "jti": "tok_1", "sid": "ses_1", "events": {(EVENT): {}},
        });
        assert_eq!(serde_json::to_value(&claims).unwrap(), expected);
    }
}
