//! The pages: handlers, and their views below `view`.

mod activity;
pub mod assets;
mod consent;
mod email_sign_up;
mod error;
mod interaction;
mod invitation;
mod password;
mod reference;
mod refused;
mod select_account;
mod sessions;
mod signup;
mod stopped;
pub mod view;
mod welcome;
mod workspace;

use axum::Router;
use axum::response::Response;
use sigma_core::app::App;
use sigma_core::redirect::MatchedRedirectUri;
use sigma_store::account::Account;

use crate::state::AppState;
pub use reference::OpenApiDocument;
pub use refused::Refusal;
pub(crate) use stopped::stopped;
use view::{AppView, NotFound, PageContext, PersonView};
pub(crate) use workspace::{QuickSession, is_in_by_click};

/// The routes of the pages.
pub fn router() -> Router<AppState> {
    Router::new()
        .merge(welcome::router())
        .merge(signup::router())
        .merge(email_sign_up::router())
        .merge(select_account::router())
        .merge(consent::router())
        .merge(sessions::router())
        .merge(activity::router())
        .merge(password::router())
        .merge(invitation::router())
        .merge(error::router())
        .merge(reference::router())
        .merge(workspace::router())
        .merge(assets::router())
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
