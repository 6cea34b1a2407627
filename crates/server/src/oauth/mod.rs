//! OpenID Connect and OAuth 2.0: authorization, tokens, userinfo, revocation, introspection, logout.

mod answer;
mod authorize;
mod consent;
mod r#continue;
mod end_session;
mod flow;
mod forms;
mod introspect;
mod request;
mod revoke;
mod token;
mod userinfo;

use crate::error::API;
use crate::http::policy::{Cookies, CorsPolicy, Limit};
use crate::http::{Policy, Surface};
use crate::state::AppState;

pub use authorize::{GATE_PATH, resume_url};
pub use end_session::PATH as END_SESSION_PATH;
pub use flow::entrance;
pub use introspect::PATH as INTROSPECT_PATH;
pub use request::{Requested, Unanswerable};
pub use revoke::PATH as REVOKE_PATH;
pub use token::{ALIASES as TOKEN_ALIASES, PATH as TOKEN_PATH, issue_direct};
pub use userinfo::PATH as USERINFO_PATH;

/// An endpoint for apps, called from servers and from pages of any origin without cookies. Its extractor counts: an
/// authenticated app by its id, everyone else by address.
const CALLED_BY_APPS: Policy =
    Policy { limit: Limit::Elsewhere, cors: CorsPolicy::Anyone, cookies: Cookies::Ignored, ..API };

/// The endpoints of this surface.
pub fn surface() -> Surface<AppState> {
    Surface::new()
        .with(authorize::endpoints())
        .with(consent::endpoint())
        .with(r#continue::endpoint())
        .with(token::endpoint())
        .with(userinfo::endpoints())
        .with(revoke::endpoint())
        .with(introspect::endpoint())
        .with(end_session::endpoints())
        .below("/api/oauth", API)
}
