//! What programs read first: discovery, keys, the OpenAPI document.

mod discovery;
mod jwks;

pub use discovery::document;

use utoipa_axum::router::OpenApiRouter;

use crate::state::Sigma;

/// The routes of this surface.
pub fn router() -> OpenApiRouter<Sigma> {
    OpenApiRouter::new().merge(discovery::router()).merge(jwks::router())
}
