//! The signer: `/signer`, the page that signs for apps on other origins, in a frame on their pages
//! (`docs/spec/signer.md`). It is the only page that may be framed.

mod embedding;
mod page;
mod reserved;
mod view;

use crate::http::Surface;
use crate::state::AppState;

/// The endpoint of this surface.
pub fn surface() -> Surface<AppState> {
    Surface::new().with(page::endpoint())
}
