//! Apps that signed-in people make for themselves: `/api/oauth-clients` for programs, `/developers` for people
//! (`docs/spec/registration.md#apps-of-developers`).

mod api;
mod draft;
mod pages;
mod snippets;
mod view;

use crate::error::API;
use crate::http::{Policy, Surface};
use crate::state::AppState;

/// The policy of the API: the session's cookie authenticates.
const POLICY: Policy = API;

/// Length of a secret in letters and digits: 256 bits.
const SECRET_LENGTH: usize = 43;

/// The endpoints of this surface.
pub fn surface() -> Surface<AppState> {
    Surface::new().with(api::endpoints()).with(pages::endpoints())
}
