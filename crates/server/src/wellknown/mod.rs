//! What clients read first: discovery, keys, the OpenAPI document.

mod discovery;
mod jwks;
mod passkey_endpoints;
mod protected_resource;
mod security_txt;

use crate::error::API;
use crate::http::policy::{CorsPolicy, Limit};
use crate::http::{Policy, Rule, Surface};
use crate::state::AppState;

/// The policy of documents that anyone may read.
pub const POLICY: Policy = Policy { limit: Limit::Each(Rule::Discovery), cors: CorsPolicy::Anyone, ..API };

/// The endpoints of this surface.
pub fn surface() -> Surface<AppState> {
    Surface::new()
        .with(discovery::endpoint())
        .with(jwks::endpoint())
        .with(passkey_endpoints::endpoint())
        .with(protected_resource::endpoints())
        .with(security_txt::endpoint())
        .below("/.well-known", API)
}
