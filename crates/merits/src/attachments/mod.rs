//! Attachments: how files of orgs come here, and how they are served (`docs/spec/merits.md#attachments`).

mod cover;
mod request;
mod serve;
mod signed_url;
mod upload;

use sigma_platform::http::{Endpoint, Surface};
use sigma_platform::state::AppState;

use crate::state::MeritsState;

pub use cover::cover_of;
pub use signed_url::attachment_url;

/// The endpoint of the API.
pub fn endpoint() -> Endpoint<MeritsState> {
    request::endpoint()
}

/// What a signed address alone opens.
pub fn surface() -> Surface<AppState> {
    Surface::new().with(upload::endpoint()).with(serve::endpoint())
}
