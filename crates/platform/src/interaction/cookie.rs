//! The cookie that binds interactions to a browser: one for all of them, deleted with the last.

use sigma_core::digest::Digest;
use sigma_core::random::alphanumeric;

use crate::extract::{Browser, cookie};
use crate::state::AppState;

/// Length of the secret: 131 bits.
const SECRET_LENGTH: usize = 22;
/// Characters of the latest interaction's id that the cookie keeps.
const TAG_LENGTH: usize = 8;

/// The cookie's content: the browser's secret, and the interaction that it began last.
pub struct BrowserSecret {
    secret: String,
    latest: String,
}

impl BrowserSecret {
    /// The secret of `browser`, if it has one.
    pub fn of(sigma: &AppState, browser: &Browser) -> Option<Self> {
        let (secret, latest) = browser.cookie(name(sigma))?.split_once('.')?;
        let well_formed = secret.len() == SECRET_LENGTH && secret.bytes().all(|byte| byte.is_ascii_alphanumeric());
        well_formed.then(|| Self { secret: secret.to_owned(), latest: latest.to_owned() })
    }

    /// The secret of `browser`, or a new one.
    pub fn of_or_new(sigma: &AppState, browser: &Browser) -> Self {
        Self::of(sigma, browser)
            .unwrap_or_else(|| Self { secret: alphanumeric(&*sigma.rng, SECRET_LENGTH), latest: String::new() })
    }

    /// The digest that interactions of this browser are bound to.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.secret)
    }

    /// `Set-Cookie` for a browser that had none, in which nothing was begun yet.
    pub fn set_new_cookie(&self, sigma: &AppState) -> Option<String> {
        self.latest.is_empty().then(|| self.set_cookie(sigma, &alphanumeric(&*sigma.rng, TAG_LENGTH)))
    }

    /// Whether no interaction was begun here after `id`.
    pub fn began_last(&self, id: &str) -> bool {
        self.latest == tag(id)
    }

    /// `Set-Cookie` for a browser that begins the interaction `id`.
    pub fn set_cookie(&self, sigma: &AppState, id: &str) -> String {
        let seconds = u64::from(sigma.settings.tokens.interaction_seconds);
        cookie(sigma, name(sigma), &format!("{}.{}", self.secret, tag(id)), seconds)
    }
}

/// `Set-Cookie` that deletes the cookie.
pub fn expired_cookie(sigma: &AppState) -> String {
    cookie(sigma, name(sigma), "", 0)
}

fn name(sigma: &AppState) -> &'static str {
    if sigma.is_https() { "__Host-sigma-interaction" } else { "sigma-interaction" }
}

fn tag(id: &str) -> &str {
    id.get(..TAG_LENGTH).unwrap_or(id)
}
