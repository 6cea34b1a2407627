//! Sign-in requests put together by hand, for tests of what must be refused.

use axum::body::Body;
use http::Request;
use http::request::Builder;
use serde_json::json;

use super::{Answer, Key, World};

pub const SIGN_IN: &str = "/api/auth/sign-in/sigma";
pub const SIGN_UP: &str = "/api/auth/sign-up/sigma";
pub const DIRECT: &str = "/sigma/authorize";

/// The tables that a sign-in may write to, and those it must not.
const COUNTS: &[&str] = &[
    "SELECT COUNT(*) FROM users",
    "SELECT COUNT(*) FROM credentials",
    "SELECT COUNT(*) FROM identities",
    "SELECT COUNT(*) FROM sessions",
    "SELECT COUNT(*) FROM interactions",
    "SELECT COUNT(*) FROM consents",
    "SELECT COUNT(*) FROM codes",
    "SELECT COUNT(*) FROM device_codes",
    "SELECT COUNT(*) FROM user_code_guesses",
    "SELECT COUNT(*) FROM session_apps",
    "SELECT COUNT(*) FROM logout_queues",
    "SELECT COUNT(*) FROM logouts",
    "SELECT COUNT(*) FROM grants",
    "SELECT COUNT(*) FROM agents",
    "SELECT COUNT(*) FROM impersonators",
    "SELECT COUNT(*) FROM impersonations",
    "SELECT COUNT(*) FROM refresh_tokens",
    "SELECT COUNT(*) FROM replay_guard",
    "SELECT COUNT(*) FROM revoked_tokens",
    "SELECT COUNT(*) FROM signature_throttle",
    "SELECT COUNT(*) FROM password_throttle",
    "SELECT COUNT(*) FROM device_throttle",
    "SELECT COUNT(*) FROM quotas",
    "SELECT COUNT(*) FROM passwords",
    "SELECT COUNT(*) FROM one_time_links",
    "SELECT COUNT(*) FROM emails",
    "SELECT COUNT(*) FROM email_sign_ups",
    "SELECT COUNT(*) FROM email_additions",
    "SELECT COUNT(*) FROM mails",
    "SELECT COUNT(*) FROM memberships",
    "SELECT COUNT(*) FROM jobs",
    "SELECT COUNT(*) FROM known_devices",
    "SELECT COUNT(*) FROM profiles",
    "SELECT COUNT(*) FROM pictures",
    "SELECT COUNT(*) FROM identity_keys",
    "SELECT COUNT(*) FROM wallets",
    "SELECT COUNT(*) FROM backups",
    "SELECT COUNT(*) FROM provider_accounts",
    "SELECT COUNT(*) FROM user_handles",
    "SELECT COUNT(*) FROM passkeys",
    "SELECT COUNT(*) FROM totp_secrets",
    "SELECT COUNT(*) FROM recovery_codes",
    "SELECT COUNT(*) FROM signer_origins",
    "SELECT COUNT(*) FROM account_deletions",
    "SELECT COUNT(*) FROM changes",
    "SELECT COUNT(*) FROM client_documents",
];

/// A POST of JSON to `path`.
pub fn post(path: &str) -> Builder {
    Request::post(path).header("content-type", "application/json")
}

impl World {
    /// Sends `token` and `body` to a sign-in endpoint.
    pub async fn present(&self, path: &str, token: &str, body: &str) -> Answer {
        self.send(post(path).header("x-auth-token", token).body(Body::from(body.to_owned())).unwrap()).await
    }

    /// Signs `path` with `key` by the habit of the plugin, without a body, and sends it. The clock moves on, so that the
    /// next token is another.
    pub async fn sign(&self, key: &Key, path: &str) -> Answer {
        let answer = self.present(path, &key.token(path, self.now(), ""), "{}").await;
        self.tick();
        answer
    }

    /// As `sign`, by the habit of the CLI: the body names an identity and is signed.
    pub async fn sign_as(&self, key: &Key, path: &str, bap_id: &str) -> Answer {
        let body = json!({ "bapId": bap_id }).to_string();
        let answer = self.present(path, &key.token(path, self.now(), &body), &body).await;
        self.tick();
        answer
    }

    /// One millisecond: what two tokens of one key must lie apart.
    pub fn tick(&self) {
        self.clock.advance(std::time::Duration::from_millis(1));
    }

    /// How many rows each table has.
    pub async fn rows(&self) -> Vec<(&'static str, i64)> {
        let counted = self.sigma.store.read(|tx| {
            COUNTS
                .iter()
                .map(|count| {
                    let rows = tx.query_opt(count, &[])?.map_or(Ok(0), |row| row.int(0))?;
                    Ok((count.trim_start_matches("SELECT COUNT(*) FROM "), rows))
                })
                .collect()
        });
        counted.await.unwrap()
    }
}

impl Answer {
    /// Status, message and code of a refusal, as the clients of the sign-in endpoints read them.
    pub fn refusal(&self) -> String {
        let body = self.json();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        format!("{} {} {}", self.status.as_u16(), text("message"), text("code")).trim_end().to_owned()
    }
}

/// The claims of a JWT, unchecked.
pub fn claims(token: &str) -> serde_json::Value {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
