//! A session begun by quick login: limited to one workspace, in a cookie of its own, opening only these pages. An
//! ordinary session would open the whole account with its other workspaces and apps, and quick logins are enabled by
//! the admins of one workspace.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sigma_core::actor::Actor;
use sigma_core::ids::OrgId;
use sigma_core::org::QUICK_SESSION_SECONDS;
use sigma_store::StoreError;
use sigma_store::org::session;

use crate::extract::{Browser, cookie};
use crate::http::RequestContext;
use crate::state::AppState;

/// Prefix of the signed text, so that no other cookie of ours can stand in for this one.
const PURPOSE: &str = "workspace-session";

/// The session that a browser's cookie names, live or not.
#[derive(Clone, Debug)]
pub struct QuickSession {
    /// The workspace that it is limited to.
    pub org_id: OrgId,
    /// The session.
    pub jti: String,
}

impl QuickSession {
    /// A session that begins now.
    pub const fn new(org_id: OrgId, jti: String) -> Self {
        Self { org_id, jti }
    }

    /// The session of a browser, if its cookie carries our signature.
    pub fn of(sigma: &AppState, browser: &Browser) -> Option<Self> {
        let mut parts = browser.cookie(name(sigma))?.split('.');
        let (org_id, jti, signature) = (parts.next()?, parts.next()?, parts.next()?);
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let session = Self::new(OrgId::from_text(org_id), jti.to_owned());
        hmac::verify(&sigma.cookie_key, session.signed_text().as_bytes(), &signature).ok()?;
        parts.next().is_none().then_some(session)
    }

    /// `Set-Cookie` for it, for a day.
    pub fn set_cookie(&self, sigma: &AppState) -> String {
        let signature = hmac::sign(&sigma.cookie_key, self.signed_text().as_bytes());
        let value = format!("{}.{}.{}", self.org_id, self.jti, URL_SAFE_NO_PAD.encode(signature));
        cookie(sigma, name(sigma), &value, QUICK_SESSION_SECONDS.unsigned_abs())
    }

    /// `Set-Cookie` that deletes the cookie, for a browser that holds one.
    pub fn expired_cookie(sigma: &AppState, browser: &Browser) -> Option<String> {
        browser.cookie(name(sigma)).map(|_| cookie(sigma, name(sigma), "", 0))
    }

    /// Ends the session of a browser, if it has one; returns the `Set-Cookie` for it.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn end_of(
        sigma: &AppState,
        context: &RequestContext,
        browser: &Browser,
    ) -> Result<Option<String>, StoreError> {
        if let Some(session) = Self::of(sigma, browser) {
            let (store, now) = (sigma.store_for(context, Actor::Anonymous), sigma.now());
            store.write(move |tx| session::end(tx, &session.org_id, &session.jti, now)).await?;
        }
        Ok(Self::expired_cookie(sigma, browser))
    }

    fn signed_text(&self) -> String {
        format!("{PURPOSE}.{}.{}", self.org_id, self.jti)
    }
}

/// The name of the cookie. Over https, no other host of the site can set a cookie of that name (RFC 6265bis §4.1.3.2).
fn name(sigma: &AppState) -> &'static str {
    if sigma.is_https() { "__Host-sigma.workspace" } else { "sigma.workspace" }
}
