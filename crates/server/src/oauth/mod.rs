//! OpenID Connect and OAuth 2.0: authorization, tokens, userinfo, revocation, introspection, logout.

mod answer;
mod authorize;
mod consent;
mod consent_page;
mod r#continue;
mod described;
mod device;
mod end_session;
mod flow;
mod forms;
mod forward;
mod introspect;
mod par;
mod revoke;
mod select_account;
mod select_org;
mod token;
mod userinfo;
pub mod view;

use crate::error::API;
use crate::http::policy::{Cookies, CorsPolicy, Limit};
use crate::http::{Policy, Surface};
use crate::state::AppState;

/// An endpoint for apps, called from servers and from pages of any origin without cookies. Its extractor counts: an
/// authenticated app by its id, everyone else by address.
const CALLED_BY_APPS: Policy =
    Policy { limit: Limit::Elsewhere, cors: CorsPolicy::Anyone, cookies: Cookies::Ignored, ..API };

/// The endpoints of this surface.
pub fn surface() -> Surface<AppState> {
    Surface::new()
        .with(authorize::endpoints())
        .with(consent_page::endpoint())
        .with(consent::endpoint())
        .with(select_account::endpoint())
        .with(select_org::endpoint())
        .with(r#continue::endpoint())
        .with(token::endpoint())
        .with(par::endpoint())
        .with(userinfo::endpoints())
        .with(revoke::endpoint())
        .with(introspect::endpoint())
        .with(forward::endpoint())
        .with(end_session::endpoints())
        .with(device::endpoints())
        .below("/api/oauth", API)
}
