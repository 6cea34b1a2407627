//! The member whom a quick login signed in.

use sigma_core::ids::OrgId;
use sigma_core::interaction::Continuation;
use sigma_store::StoreError;
use sigma_store::org::active_member::{self, ActiveMember};

use super::{QuickSession, managers, network_is_allowed};
use crate::extract::Browser;
use crate::http::RequestContext;
use crate::state::AppState;

/// The member logged in to that workspace by quick login, while everything still allows it.
///
/// # Errors
/// The store does not answer.
pub async fn find_member(
    sigma: &AppState,
    context: &RequestContext,
    browser: &Browser,
    org_id: &OrgId,
) -> Result<Option<ActiveMember>, StoreError> {
    let quick_session = QuickSession::of(sigma, browser).filter(|session| session.org_id == *org_id);
    let managers = managers(sigma).filter(|_| network_is_allowed(sigma, context));
    let (Some(quick_session), Some(managers)) = (quick_session, managers) else { return Ok(None) };
    let (org_id, jti, now) = (org_id.clone(), quick_session.jti, sigma.now());
    sigma.store.read(move |tx| active_member::find_by_quick_login(tx, &org_id, &jti, managers, now)).await
}

/// Whether the browser has a quick login for `continuation`.
///
/// # Errors
/// The store does not answer.
pub async fn is_signed_in(
    sigma: &AppState,
    context: &RequestContext,
    browser: &Browser,
    continuation: &Continuation,
) -> Result<bool, StoreError> {
    let Continuation::Workspace { workspace, .. } = continuation else { return Ok(false) };
    let Some(session) = QuickSession::of(sigma, browser) else { return Ok(false) };
    if let Some(wanted) = workspace
        && sigma.org_named(wanted.as_str()).await? != session.org_id
    {
        return Ok(false);
    }
    Ok(find_member(sigma, context, browser, &session.org_id).await?.is_some())
}
