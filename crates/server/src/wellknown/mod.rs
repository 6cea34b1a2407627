//! What clients read first: discovery, keys, the OpenAPI document.

mod discovery;
mod jwks;

pub use discovery::document;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// The routes of this surface.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(discovery::router()).merge(jwks::router())
}
