//! The pages of merits: for the people who receive them, and for the orgs that issue them. They act through the operations
//! and rules of the API of this crate and work without script.

mod asked;
mod csv;
pub(crate) mod form;
mod holder;
mod link;
mod login;
mod org;
pub(crate) mod outcome;
pub(crate) mod unsubscribe;
pub mod view;
mod words;

pub(crate) use org::cover_url;

use sigma_platform::http::Endpoint;
use sigma_platform::state::AppState;

/// The endpoints of these pages.
pub fn endpoints() -> Vec<Endpoint<AppState>> {
    let mut all = Vec::from(login::endpoints());
    all.extend(link::endpoints());
    all.extend(unsubscribe::endpoints());
    all.extend(holder::endpoints());
    all.extend(org::endpoints());
    all
}
