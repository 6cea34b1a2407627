//! SCIM 2.0 (RFC 7643, RFC 7644): directories such as Entra and Okta provision the people and groups of an org
//! (`docs/spec/scim.md`). The token names the connection, and the connection the org.

mod answer;
mod body;
mod bulk;
mod caller;
mod error;
mod groups;
mod query;
mod service;
mod users;
mod wire;

use sigma_platform::http::policy::{BodyLimit, Cookies, Limit};
use sigma_platform::http::{Policy, Rule, Surface};
use sigma_platform::paths::SCIM_PATH;
use sigma_platform::state::AppState;

/// Callers are counted by org, so only failures count by address.
const POLICY: Policy =
    Policy { limit: Limit::Failures(Rule::Other), cookies: Cookies::Ignored, ..Policy::new(&error::FORMAT) };
/// The same for bodies with many people.
const LARGE: Policy = Policy { body: BodyLimit::Large, ..POLICY };

/// The endpoints.
pub fn surface() -> Surface<AppState> {
    Surface::new()
        .with(service::endpoints())
        .with(users::endpoints())
        .with(groups::endpoints())
        .with(bulk::endpoint())
        .below(SCIM_PATH, POLICY)
}
