//! Who calls: an app by its id and secret, or an app acting for an org by an org access token (`docs/spec/merits.md#authentication`).

use std::sync::Arc;

use axum::extract::FromRequestParts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::request::Parts;
use sigma_core::actor::Actor;
use sigma_core::app::App;
use sigma_core::digest::Digest;
use sigma_core::ids::{MeritId, OrgId};
use sigma_core::merits::{MeritProblem, OrgPermission, OrgPermissions};
use sigma_platform::extract::{bearer_token, header};
use sigma_platform::http::{RequestContext, Rule};
use sigma_store::StoreError;
use sigma_store::merits::acting::ActingApp;

use crate::attachments::Reader;
use crate::error::{Challenge, MeritsError};
use crate::state::MeritsState;
use crate::token;

/// An app, by its id and secret.
#[derive(Clone, Debug)]
pub struct AppCaller(pub Arc<App>);

impl FromRequestParts<MeritsState> for AppCaller {
    type Rejection = MeritsError;

    async fn from_request_parts(parts: &mut Parts, sigma: &MeritsState) -> Result<Self, MeritsError> {
        let refused = || MeritsError::Unauthorized(Challenge::Basic);
        let (id, secret) = header(&parts.headers, AUTHORIZATION).and_then(basic).ok_or_else(refused)?;
        let context = context(parts)?;
        context.name_app(&id);
        let app = sigma.find_named_app(&id).await?;
        let app = app.filter(|app| is_secret_of(app, &secret)).ok_or_else(refused)?;
        context.charge(Rule::MeritsApp, app.id.as_str())?;
        Ok(Self(app))
    }
}

/// Whether it is the secret of this app, which is switched on and has one.
fn is_secret_of(app: &App, secret: &str) -> bool {
    !app.disabled && app.auth_method.has_secret() && app.secret.is_some_and(|wanted| wanted == Digest::of(secret))
}

/// Id and secret of Basic (RFC 7617), neither form-decoded: clients of this surface send them as they are.
fn basic(value: &str) -> Option<(String, String)> {
    let (scheme, credentials) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// An app that acts for an org, by an org access token. From here on the request counts towards the budget of that org.
#[derive(Clone, Debug)]
pub struct OrgCaller {
    /// The app.
    pub app: Arc<App>,
    /// The org.
    pub org_id: OrgId,
    /// What it may do.
    pub permissions: OrgPermissions,
    /// The epoch of the link by which it acts, 0 if the org owns it.
    pub epoch: i64,
}

impl OrgCaller {
    /// The caller as an actor for the store, which judges every write again in its transaction.
    pub fn actor(&self) -> Actor {
        Actor::App(self.app.id.clone())
    }

    /// The caller as it is now, for what works without its token.
    pub fn acting(&self) -> ActingApp {
        ActingApp {
            org_id: self.org_id.clone(),
            app_id: self.app.id.clone(),
            epoch: self.epoch,
            secret: self.app.secret,
        }
    }

    /// The caller as a reader of merits that the org issued.
    pub fn reader(&self) -> Reader {
        Reader::App { acting: self.acting(), consent: None }
    }

    /// The caller as a reader of what a member lets it see.
    pub fn reader_by(&self, consent: &MeritId) -> Reader {
        Reader::App { acting: self.acting(), consent: Some(consent.clone()) }
    }

    /// Checks a read.
    ///
    /// # Errors
    /// `Forbidden`
    pub fn require(&self, permission: OrgPermission) -> Result<(), MeritsError> {
        if self.permissions.allows(permission) { Ok(()) } else { Err(MeritProblem::Forbidden.into()) }
    }

    /// Checks that an org named by a request is the one that the caller acts for.
    ///
    /// # Errors
    /// `Forbidden`
    pub fn require_org(&self, org_id: &OrgId) -> Result<(), MeritsError> {
        if self.org_id == *org_id { Ok(()) } else { Err(MeritProblem::Forbidden.into()) }
    }
}

impl FromRequestParts<MeritsState> for OrgCaller {
    type Rejection = MeritsError;

    async fn from_request_parts(parts: &mut Parts, sigma: &MeritsState) -> Result<Self, MeritsError> {
        let refused = || MeritsError::Unauthorized(Challenge::Bearer);
        let token = bearer_token(&parts.headers).ok().flatten().ok_or_else(refused)?;
        let caller = by_token(sigma, token).await?.ok_or_else(refused)?;
        let context = context(parts)?;
        context.name_app(caller.app.client_id.as_str());
        context.charge(Rule::MeritsApp, caller.app.id.as_str())?;
        context.charge(Rule::MeritsOrg, caller.org_id.as_str())?;
        context.take_turn_of(&caller.org_id, parts).await?;
        Ok(caller)
    }
}

async fn by_token(sigma: &MeritsState, token: &str) -> Result<Option<OrgCaller>, StoreError> {
    let Some(access) = token::verify(sigma, token).await? else { return Ok(None) };
    let Some(app) = sigma.find_app(&access.app_id).await? else { return Ok(None) };
    if app.disabled || sigma.lost_times.include(access.issued_at()) || !access.is_good(&app, sigma.now().seconds()) {
        return Ok(None);
    }
    let link = sigma.find_link(&access.org_id, &app).await?;
    Ok(link.filter(|link| link.epoch == access.epoch).map(|link| OrgCaller {
        app,
        org_id: access.org_id.clone(),
        permissions: link.permissions,
        epoch: link.epoch,
    }))
}

fn context(parts: &Parts) -> Result<&RequestContext, MeritsError> {
    let context = parts.extensions.get::<RequestContext>();
    context.ok_or_else(|| MeritsError::Internal("the router was reached around its middleware".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_of_basic_is_taken_as_it_is() {
        let sent = |text: &str| basic(&format!("Basic {}", STANDARD.encode(text)));
        assert_eq!(sent("id:a+b%20c:d"), Some(("id".to_owned(), "a+b%20c:d".to_owned())));
        assert_eq!(sent("id"), None);
        assert_eq!(basic("Bearer x"), None);
        assert_eq!(basic("Basic ***"), None);
    }
}
