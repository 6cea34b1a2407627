//! The console: what the people of the operator's org see and change of the installation (`docs/guides/console.md`). Each page
//! is one operation of `sigma_store::operator`, which applies the caller's role in its transaction.

mod account;
mod api;
mod app;
mod doctor;
mod document_blocks;
mod mails;
mod moving;
mod new_org;
mod new_person;
mod operator;
mod org_access;
mod outcome;
mod pages;
mod paging;
mod quotas;
mod rotation;
mod trail;
mod view;

use sigma_platform::http::Surface;
use sigma_platform::state::AppState;

/// The pages.
pub fn pages() -> Surface<AppState> {
    Surface::new().with(pages::endpoints())
}

/// The management API.
pub fn api() -> Surface<AppState> {
    api::surface()
}
