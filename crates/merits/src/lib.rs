//! Merits: orgs issue them to people, people let apps see them (`docs/spec/merits.md`). The API is under `/v2`, one file per
//! endpoint; beside it are the pages of the people and orgs that take part.

mod api;
pub mod attachments;
pub mod batches;
mod caller;
mod decide;
mod error;
mod errors_page;
pub mod notices;
pub mod pages;
mod proof;
mod rendered;
mod sends;
mod state;
pub mod token;
mod wire;

use sigma_platform::http::policy::{Cookies, Limit};
use sigma_platform::http::{Policy, Rule, Surface};
use sigma_platform::state::AppState;

pub use error::MeritsError;
pub use state::MeritsState;

/// The policy of the API, which servers of apps call: its callers are counted by app, so only failures count by address.
const POLICY: Policy =
    Policy { limit: Limit::Failures(Rule::Other), cookies: Cookies::Ignored, ..Policy::new(&error::FORMAT) };

/// The endpoints of the API.
pub fn surface() -> Surface<MeritsState> {
    api::surface().with(attachments::endpoint()).below("/v2", POLICY)
}

/// The pages, and what people's own access tokens read.
pub fn pages() -> Surface<AppState> {
    attachments::surface()
        .with(errors_page::endpoint())
        .with(api::own::endpoint())
        .with(pages::endpoints())
        .with(proof::endpoints())
}
