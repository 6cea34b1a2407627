//! An account at a provider that waits for its user to create a key: kept by the browser, sealed, until the account here
//! exists to which it is linked.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sigma_core::provider::{ProviderId, Subject};
use sigma_core::time::Timestamp;
use sigma_store::provider_account::Vouched;

use crate::extract::{Browser, cookie};
use crate::interaction::browser_digest;
use crate::state::AppState;

/// The purpose of the sealed value.
const CONTEXT: &[u8] = b"sigma provider pending 1";
/// How long it waits.
const LIFE: Duration = Duration::from_mins(30);

/// The account that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PendingLink {
    #[serde(rename = "p")]
    provider: ProviderId,
    #[serde(rename = "i")]
    issuer: String,
    #[serde(rename = "s")]
    subject: Subject,
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(rename = "b")]
    browser: String,
    #[serde(rename = "e")]
    expires_at: Timestamp,
}

impl PendingLink {
    /// `Set-Cookie` by which `browser` keeps the account; `None` without the cookie that it would be bound to.
    pub fn set_cookie(sigma: &AppState, browser: &Browser, vouched: &Vouched) -> Option<String> {
        let pending = Self {
            provider: vouched.provider_id.clone(),
            issuer: vouched.issuer.clone(),
            subject: vouched.subject.clone(),
            email: vouched.email.clone(),
            browser: browser_digest(sigma, browser)?.base64url(),
            expires_at: sigma.now().plus(LIFE),
        };
        let sealed = sigma.interaction_key.seal_value(CONTEXT, &pending, &*sigma.rng).ok()?;
        Some(cookie(sigma, name(sigma), &sealed, LIFE.as_secs()))
    }

    /// The account that waits in `browser`.
    pub fn of(sigma: &AppState, browser: &Browser) -> Option<Self> {
        let pending: Self = sigma.interaction_key.open_value(CONTEXT, browser.cookie(name(sigma))?)?;
        let is_bound = browser_digest(sigma, browser).is_some_and(|digest| digest.base64url() == pending.browser);
        (is_bound && sigma.now() < pending.expires_at).then_some(pending)
    }

    /// Its provider.
    pub fn provider(&self) -> &ProviderId {
        &self.provider
    }

    /// Its address, verified or not.
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// The account.
    pub fn vouched(&self) -> Vouched {
        Vouched {
            provider_id: self.provider.clone(),
            issuer: self.issuer.clone(),
            subject: self.subject.clone(),
            email: self.email.clone(),
        }
    }
}

/// `Set-Cookie` that deletes it.
pub fn expired_pending(sigma: &AppState) -> String {
    cookie(sigma, name(sigma), "", 0)
}

fn name(sigma: &AppState) -> &'static str {
    if sigma.is_https() { "__Host-sigma-provider" } else { "sigma-provider" }
}
