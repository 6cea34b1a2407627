//! Users of the bench: signed up with a key, signed in, and with consent to every app.

use sigma_bitcoin::{BapId, PrivateKey, Scheme, sign_auth_token};
use sigma_core::random::bytes;
use sigma_core::time::{Clock as _, Timestamp};

use crate::flow::{SCOPE, authorize_path};
use crate::http::{Answer, Connection, get, post_json};
use crate::sigma::{App, Installation};
use crate::system::{Failure, SystemClock, SystemRng};

/// The path that sign-in tokens sign.
pub const SIGN_IN_PATH: &str = "/api/auth/sign-in/sigma";
const SIGN_UP_PATH: &str = "/api/auth/sign-up/sigma";
const PROFILE_PATH: &str = "/api/profile/create";
/// Every claim of the scope `profile` that a person fills in.
const PROFILE: &str = r#"{"name":"Ada Augusta King","given_name":"Ada","family_name":"Lovelace","middle_name":"Augusta","nickname":"Enchantress","preferred_username":"ada","profile":"https://example.org/ada","website":"https://ada.example.org/","image":"https://pictures.example.org/ada.png","gender":"female","birthdate":"1815-12-10","zoneinfo":"Europe/London","locale":"en-GB","alternateName":"Ada","description":"Wrote the first published program."}"#;
const CONSENT_PATH: &str = "/api/auth/oauth2/consent";

/// A user with a key and a session.
pub struct Person {
    key: PrivateKey,
    /// The `Cookie` header of their browser.
    pub cookie: String,
}

/// Distinct times for signed messages: a message signed twice would be refused as a replay.
#[derive(Default)]
pub struct Timestamps {
    last_millis: i64,
}

impl Timestamps {
    /// The next, `YYYY-MM-DDTHH:MM:SS.sssZ`.
    pub fn next(&mut self) -> String {
        self.last_millis = SystemClock.now().millis().max(self.last_millis + 1);
        Timestamp::from_micros(self.last_millis * 1_000).iso8601()
    }
}

/// Signs `path` and `body` like bitcoin-auth (BRC-77).
pub fn sign(key: &PrivateKey, path: &str, timestamp: &str, body: &str) -> Result<String, Failure> {
    Ok(sign_auth_token(key, Scheme::Brc77, path, timestamp, body.as_bytes(), &bytes::<32>(&SystemRng))?)
}

/// A new key.
pub fn fresh_key() -> Result<PrivateKey, Failure> {
    Ok(PrivateKey::from_bytes(bytes::<32>(&SystemRng))?)
}

fn session_cookie(answer: &Answer<'_>) -> Result<String, Failure> {
    let cookie = answer.header("set-cookie").and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
    Ok(cookie.ok_or_else(|| format!("no session: {} {}", answer.status, answer.text()))?)
}

impl Person {
    /// Signs up with a new key.
    pub async fn sign_up(connection: &mut Connection, timestamps: &mut Timestamps) -> Result<Self, Failure> {
        let key = fresh_key()?;
        let bap_id = BapId::of_public_key(&key.public_key());
        let body = format!(r#"{{"bapId":"{}","intent":"sign-up"}}"#, bap_id.as_str());
        let timestamp = timestamps.next();
        let token = sign(&key, SIGN_IN_PATH, &timestamp, "")?;
        let proof = sign(&key, SIGN_UP_PATH, &timestamp, &body)?;
        let headers = [("X-Auth-Token", token.as_str()), ("X-Sigma-Enrollment-Proof", proof.as_str())];
        let answer = connection.send(&post_json(SIGN_UP_PATH, &headers, &body)).await?;
        Ok(Self { key, cookie: session_cookie(&answer)? })
    }

    /// Consents to the scopes of `app`, once for all later requests.
    pub async fn consent(&self, connection: &mut Connection, app: &App) -> Result<(), Failure> {
        let asked = connection.send(&get(&authorize_path(app), &[("Cookie", &self.cookie)])).await?;
        let location = asked.header("location").unwrap_or_default();
        let interaction = location.split_once("interaction=").map(|(_, id)| id.to_owned());
        let interaction = interaction.ok_or_else(|| format!("no consent page but {} {location}", asked.status))?;
        let binding = asked.header("set-cookie").and_then(|cookie| cookie.split(';').next()).unwrap_or_default();
        let cookie = format!("{}; {binding}", self.cookie);
        let headers = [("Cookie", cookie.as_str()), ("Accept", "application/json")];
        let body = format!(r#"{{"accept":true,"scope":"{SCOPE}","oauth_query":"interaction={interaction}"}}"#);
        let answer = connection.send(&post_json(CONSENT_PATH, &headers, &body)).await?;
        if answer.status != 200 || !answer.text().contains("code=") {
            return Err(format!("no consent: {} {}", answer.status, answer.text()).into());
        }
        Ok(())
    }

    /// Makes them an owner of the installation.
    pub async fn own(&self, connection: &mut Connection, installation: &Installation) -> Result<(), Failure> {
        let answer = connection.send(&get("/api/auth/get-session", &[("Cookie", &self.cookie)])).await?;
        let body: serde_json::Value = serde_json::from_slice(answer.body)?;
        let id = body.pointer("/user/id").and_then(serde_json::Value::as_str);
        let id = id.ok_or_else(|| format!("no session: {} {body}", answer.status))?;
        installation.admin(&["admin", "add", id, "--role", "owner"]).map(drop)
    }

    /// Fills in every field of the profile.
    pub async fn fill_profile(&self, connection: &mut Connection, origin: &str) -> Result<(), Failure> {
        let headers = [("Cookie", self.cookie.as_str()), ("Origin", origin)];
        let answer = connection.send(&post_json(PROFILE_PATH, &headers, PROFILE)).await?;
        if answer.status != 200 {
            return Err(format!("no profile: {} {}", answer.status, answer.text()).into());
        }
        Ok(())
    }

    /// Signs in once more: an account keeps a hundred sessions, and each further one ends the oldest.
    pub async fn sign_in_anew(
        &mut self,
        connection: &mut Connection,
        timestamps: &mut Timestamps,
    ) -> Result<(), Failure> {
        let answer = connection.send(&self.sign_in(timestamps)?).await?;
        self.cookie = session_cookie(&answer)?;
        Ok(())
    }

    /// A request that signs in, valid once.
    pub fn sign_in(&self, timestamps: &mut Timestamps) -> Result<Vec<u8>, Failure> {
        let token = sign(&self.key, SIGN_IN_PATH, &timestamps.next(), "")?;
        Ok(post_json(SIGN_IN_PATH, &[("X-Auth-Token", &token)], "{}"))
    }
}
