//! Restore tickets (`docs/spec/backups.md#restore-tickets`): a cookie that proves for a few minutes, and once, that a browser
//! signed in to one account at a provider. It opens no session and no account; it fetches the encrypted backup that the
//! account there restores.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sigma_core::digest::Digest;
use sigma_core::provider::{ProviderId, Subject};
use sigma_core::random::alphanumeric;
use sigma_core::time::Timestamp;
use sigma_store::provider_account::Vouched;
use sigma_store::replay_guard::Once;

use crate::extract::{Browser, cookie};
use crate::state::AppState;

/// How long a ticket is good, in seconds.
const LIFE: u32 = 300;
/// Characters that tell apart two tickets for one account: 131 bits.
const NONCE_LENGTH: usize = 22;
/// The purpose of the signature.
const CONTEXT: &str = "restore-ticket";

/// A valid ticket of a browser, not used yet as far as this process knows.
#[derive(Clone, Debug)]
pub struct RestoreTicket {
    /// The account at the provider.
    pub vouched: Vouched,
    /// Uses it up, in the transaction of what it entitles to.
    pub once: Once,
}

/// The signed content. Short names: it is a cookie.
#[derive(Serialize, Deserialize)]
struct Content {
    p: ProviderId,
    i: String,
    s: String,
    m: Option<String>,
    e: i64,
    n: String,
}

impl RestoreTicket {
    /// `Set-Cookie` with a ticket for that account, into which the browser has just signed in.
    pub fn set_cookie(sigma: &AppState, vouched: &Vouched) -> String {
        let content = Content {
            p: vouched.provider_id.clone(),
            i: vouched.issuer.clone(),
            s: vouched.subject.as_str().to_owned(),
            m: vouched.email.clone(),
            e: AppState::in_seconds(sigma.now(), LIFE).micros(),
            n: alphanumeric(&*sigma.rng, NONCE_LENGTH),
        };
        let text = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&content).unwrap_or_default());
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&sigma.cookie_key, signed(&text).as_bytes()));
        cookie(sigma, name(sigma), &format!("{text}.{signature}"), u64::from(LIFE))
    }

    /// `Set-Cookie` that deletes it.
    pub fn expired_cookie(sigma: &AppState) -> String {
        cookie(sigma, name(sigma), "", 0)
    }

    /// The ticket of `browser`, if it is ours and not expired.
    pub fn of(sigma: &AppState, browser: &Browser) -> Option<Self> {
        let value = browser.cookie(name(sigma))?;
        let (text, signature) = value.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        hmac::verify(&sigma.cookie_key, signed(text).as_bytes(), &signature).ok()?;
        let content: Content = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let expires_at = Timestamp::from_micros(content.e);
        if sigma.now() >= expires_at {
            return None;
        }
        let once = Once::new(Digest::of(value), expires_at, sigma.store.database_now())?;
        let subject = Subject::parse(&content.s)?;
        Some(Self { vouched: Vouched { provider_id: content.p, issuer: content.i, subject, email: content.m }, once })
    }

    /// The account, as `oauthId` names it: `provider|subject`.
    pub fn oauth_id(&self) -> String {
        self.vouched.credential().id
    }
}

fn name(sigma: &AppState) -> &'static str {
    if sigma.is_https() { "__Host-sigma-restore" } else { "sigma-restore" }
}

fn signed(text: &str) -> String {
    format!("{CONTEXT}\n{text}")
}
