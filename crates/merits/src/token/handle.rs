//! What a browser carries from our pages to an app, which exchanges it for an id: `sigma-member+jwt` after "Login with Sigma",
//! `sigma-orgid+jwt` after "Link App". Each is good for five minutes, once, for one app.
//!
//! Nobody but this server reads them, so they are authenticated by a MAC (HS256): a signature takes fifty times as long to verify.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sigma_core::digest::Digest;
use sigma_core::ids::{AppId, OrgId, TokenId, UserId};
use sigma_core::jose::TokenKind;
use sigma_core::merits::{MeritProblem, RequestFault};
use sigma_core::time::Timestamp;
use sigma_platform::http::ApiError;
use sigma_platform::state::AppState;

use super::{SKEW, audience};
use crate::error::MeritsError;

/// How long one is good.
const LIFE: Duration = Duration::from_mins(5);
/// Bytes of the longest token that is looked at.
const LONGEST: usize = 2_048;

/// The claims.
#[derive(Debug, Serialize, Deserialize)]
struct HandleClaims {
    iss: String,
    aud: String,
    /// The app that may exchange it.
    app: String,
    /// The org: for which the app asked, or which linked it.
    org: String,
    /// The member, if it stands for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    iat: i64,
    exp: i64,
    jti: String,
    /// `iat` in microseconds.
    at: i64,
}

impl HandleClaims {
    fn handle<T>(&self, kind: TokenKind, of: T) -> Handle<T> {
        let id = Digest::of(format!("{}\0{}", kind.typ(), self.jti));
        Handle { of, id, expires_at: Timestamp::from_seconds(self.exp) }
    }
}

/// A handle that may be exchanged, if it was not before.
#[derive(Clone, Debug)]
pub struct Handle<T> {
    /// What it stands for.
    pub of: T,
    id: Digest,
    expires_at: Timestamp,
}

impl<T> Handle<T> {
    /// Uses it up.
    ///
    /// # Errors
    /// 404 if it was used before.
    pub async fn spend(self, sigma: &AppState) -> Result<T, MeritsError> {
        if sigma.used_once.spend(&sigma.store, self.id, self.expires_at, sigma.now()).await? {
            Ok(self.of)
        } else {
            Err(MeritProblem::NotFound.into())
        }
    }
}

/// Issues a `memberIdToken`: this member agreed that `app_id`, acting for `org_id`, sees them.
///
/// # Errors
/// It cannot be written.
pub fn issue_member_id(sigma: &AppState, app_id: &AppId, org_id: &OrgId, member: &UserId) -> Result<String, ApiError> {
    issue(sigma, TokenKind::Member, app_id, org_id, Some(member))
}

/// Issues an `orgIdToken`: this org linked `app_id`.
///
/// # Errors
/// It cannot be written.
pub fn issue_org_id(sigma: &AppState, app_id: &AppId, org_id: &OrgId) -> Result<String, ApiError> {
    issue(sigma, TokenKind::OrgId, app_id, org_id, None)
}

fn issue(
    sigma: &AppState,
    kind: TokenKind,
    app_id: &AppId,
    org_id: &OrgId,
    member: Option<&UserId>,
) -> Result<String, ApiError> {
    let now = sigma.now();
    let claims = HandleClaims {
        iss: sigma.issuer().to_owned(),
        aud: audience(sigma),
        app: app_id.digits().to_owned(),
        org: org_id.digits().to_owned(),
        sub: member.map(|member| member.digits().to_owned()),
        iat: now.seconds(),
        exp: now.plus(LIFE).seconds(),
        jti: TokenId::new(now, &*sigma.rng).to_string(),
        at: now.micros(),
    };
    let claims = serde_json::to_vec(&claims).map_err(ApiError::internal)?;
    let signed = format!("{}.{}", header(kind), URL_SAFE_NO_PAD.encode(claims));
    let tag = hmac::sign(&key(sigma), signed.as_bytes());
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag)))
}

/// The first part of every token of that kind.
fn header(kind: TokenKind) -> String {
    URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"HS256","typ":"{}"}}"#, kind.typ()))
}

/// The key of these tokens alone.
fn key(sigma: &AppState) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&sigma.cookie_key, b"merit-handles").as_ref())
}

/// The claims of a token of that kind that we issued; `None` for any other text.
fn opened(sigma: &AppState, kind: TokenKind, token: &str) -> Option<HandleClaims> {
    if token.len() > LONGEST {
        return None;
    }
    let (signed, tag) = token.rsplit_once('.')?;
    // The header decides nothing: there is one for each kind.
    let payload = signed.strip_prefix(&header(kind))?.strip_prefix('.')?;
    hmac::verify(&key(sigma), signed.as_bytes(), &URL_SAFE_NO_PAD.decode(tag).ok()?).ok()?;
    let claims: HandleClaims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    (claims.iss == sigma.issuer() && claims.aud == audience(sigma)).then_some(claims)
}

/// The member of a `memberIdToken`, presented by `app_id` for `org_id`.
///
/// # Errors
/// 404 for one that has expired or is another app's or org's, 400 for any other text.
pub(crate) fn member_of(
    sigma: &AppState,
    token: &str,
    app_id: &AppId,
    org_id: &OrgId,
) -> Result<Handle<UserId>, MeritsError> {
    let claims = presented(sigma, TokenKind::Member, token, app_id)?;
    if claims.org != org_id.digits() {
        return Err(MeritProblem::NotFound.into());
    }
    let of = claims.sub.as_deref().and_then(UserId::parse).ok_or_else(not_ours)?;
    Ok(claims.handle(TokenKind::Member, of))
}

/// The org of an `orgIdToken`, presented by `app_id`.
///
/// # Errors
/// 404 for one that has expired or is another app's, 400 for any other text.
pub(crate) fn org_of(sigma: &AppState, token: &str, app_id: &AppId) -> Result<Handle<OrgId>, MeritsError> {
    let claims = presented(sigma, TokenKind::OrgId, token, app_id)?;
    let of = OrgId::parse(&claims.org).ok_or_else(not_ours)?;
    Ok(claims.handle(TokenKind::OrgId, of))
}

/// Another app's attempt uses nothing up. Of those from before a restart it is not known whether they were used.
fn presented(sigma: &AppState, kind: TokenKind, token: &str, app_id: &AppId) -> Result<HandleClaims, MeritsError> {
    let claims = opened(sigma, kind, token).ok_or_else(not_ours)?;
    let now = sigma.now().seconds();
    let is_timely = now < claims.exp
        && claims.iat <= now.saturating_add(SKEW)
        && !sigma.used_once.may_have_forgotten(Timestamp::from_micros(claims.at));
    if !is_timely || claims.app != app_id.digits() {
        return Err(MeritProblem::NotFound.into());
    }
    Ok(claims)
}

fn not_ours() -> MeritsError {
    RequestFault::Token.into()
}
