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

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

pub use authorize::{GATE_PATH, resume_url};
pub use end_session::PATH as END_SESSION_PATH;
pub use flow::entrance;
pub use introspect::PATH as INTROSPECT_PATH;
pub use request::{Requested, Unanswerable};
pub use revoke::PATH as REVOKE_PATH;
pub use token::{ALIASES as TOKEN_ALIASES, PATH as TOKEN_PATH, issue_direct};
pub use userinfo::PATH as USERINFO_PATH;

/// The routes of this surface.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(authorize::router())
        .merge(consent::router())
        .merge(r#continue::router())
        .merge(token::router())
        .merge(userinfo::router())
        .merge(revoke::router())
        .merge(introspect::router())
        .merge(end_session::router())
}
