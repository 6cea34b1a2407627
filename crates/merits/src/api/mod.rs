//! The API under `/v2`, and `/api/merits` for people's own access tokens. One file per endpoint.

mod access;
mod fields;
mod members;
mod merits;
mod orgs;
pub mod own;
mod requests;
mod templates;

use sigma_platform::http::Surface;

use crate::state::MeritsState;

/// The endpoints.
pub fn surface() -> Surface<MeritsState> {
    Surface::new()
        .with(access::endpoint())
        .with(requests::endpoints())
        .with(orgs::endpoints())
        .with(fields::endpoints())
        .with(templates::endpoints())
        .with(merits::endpoints())
        .with(members::endpoints())
}
