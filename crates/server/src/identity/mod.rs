//! Users and their sessions: sign-in with a key, the session, identities as Better Auth organizations.

mod direct;
mod get_session;
mod health;
mod organization;
mod revoke_session;
mod sessions;
mod sign_in;
mod sign_out;
mod sign_up;
mod token;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// The routes of this surface.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(sign_in::router())
        .merge(sign_up::router())
        .merge(direct::router())
        .merge(get_session::router())
        .merge(sign_out::router())
        .merge(sessions::router())
        .merge(revoke_session::router())
        .merge(token::router())
        .merge(organization::router())
        .merge(health::router())
}
