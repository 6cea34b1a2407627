//! The pages: handlers, and their views below `view`.

mod account;
mod activity;
pub mod assets;
mod consent;
mod email_sign_up;
mod error;
mod interaction;
mod invitation;
mod password;
pub mod policy;
mod reference;
mod refused;
mod select_account;
mod sessions;
mod signup;
mod stopped;
pub mod view;
mod welcome;
pub mod workspace;

use axum::response::Response;
use sigma_core::app::App;
use sigma_core::redirect::MatchedRedirectUri;
use sigma_store::account::Account;

use crate::http::Surface;
use crate::state::AppState;
pub use refused::refused;
pub(crate) use stopped::stopped;
use view::{AppView, NotFound, PageContext, PersonView};
pub(crate) use workspace::{QuickSession, is_in_by_click};

/// The endpoints of the pages.
pub fn surface() -> Surface<AppState> {
    Surface::new()
        .with(welcome::endpoint())
        .with(signup::endpoint())
        .with(email_sign_up::endpoints())
        .with(select_account::endpoint())
        .with(consent::endpoint())
        .with(sessions::endpoints())
        .with(account::endpoints())
        .with(activity::endpoint())
        .with(password::endpoints())
        .with(invitation::endpoints())
        .with(error::endpoint())
        .with(reference::endpoint())
        .with(assets::endpoints())
}

/// The page for unknown addresses.
pub fn not_found(sigma: &AppState) -> Response {
    NotFound.render(&PageContext { issuer: sigma.issuer() })
}

/// An app, as pages show it.
pub(crate) fn app_view(app: &App, redirect_uri: &MatchedRedirectUri) -> AppView {
    AppView {
        name: app.name.clone(),
        host: redirect_uri.display_host().to_owned(),
        logo_url: None,
        unverified: app.dynamic,
    }
}

/// A user, as pages show them.
pub(crate) fn person_view(account: &Account, bap_id: Option<&str>) -> PersonView {
    let person = account.person(bap_id);
    PersonView {
        name: person.display_name(),
        bap_id: bap_id.map(str::to_owned),
        pubkey: person.pubkey().map(str::to_owned),
        picture: None,
    }
}
