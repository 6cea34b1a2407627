//! OpenID Connect Back-Channel Logout 1.0: an app is told, server to server, that a session of its user ended.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::callback_url::{CallbackUrl, CallbackUrlProblem};
use crate::ids::{ClientId, SessionId, TokenId, UserId};
use crate::time::Timestamp;

/// The member of `events` that makes a JWT a logout token (§2.4).
pub const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Seconds that a logout token is valid: two minutes, as §2.4 recommends at most.
const SECONDS: i64 = 120;

/// Where an app is told that a session ended (`backchannel_logout_uri`, §2.2).
pub type LogoutUri = CallbackUrl;
/// Why an address cannot be one.
pub type LogoutUriProblem = CallbackUrlProblem;
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
