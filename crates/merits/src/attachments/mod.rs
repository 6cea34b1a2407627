//! Attachments: how files of orgs come here, and how they are served (`docs/spec/merits.md#attachments`).

mod cover;
mod reader;
mod request;
mod serve;
mod signed_url;
mod upload;

use sigma_platform::http::{Endpoint, Surface};
use sigma_platform::state::AppState;

use crate::state::MeritsState;

pub use cover::{cover_of, encode};
pub use reader::Reader;
pub use signed_url::{attachment_url, has_attachments, round};
pub use upload::{SLOWEST, TURNS, longest_pause};

/// Bytes that an org may upload a day.
pub fn daily_bytes(sigma: &AppState) -> i64 {
    i64::from(sigma.settings.merits.upload_mebibytes_per_day) * 1024 * 1024
}

/// The endpoint of the API.
pub fn endpoint() -> Endpoint<MeritsState> {
    request::endpoint()
}

/// What a signed address alone opens.
pub fn surface() -> Surface<AppState> {
    Surface::new().with(upload::endpoint()).with(serve::endpoint())
}
