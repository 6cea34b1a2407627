//! What all pages share: layout and components (`view`), their policies, styles and scripts, and the pages that belong to no
//! surface. The pages of a surface are in its own room.

pub mod assets;
mod error;
pub mod links;
pub mod policy;
mod reference;
mod refused;
pub mod view;

use axum::response::Response;
use sigma_core::app::App;
use sigma_core::redirect::MatchedRedirectUri;
use sigma_store::account::Account;

use crate::http::Surface;
use crate::state::AppState;
pub use refused::refused;
use view::{AppView, NotFound, PageContext, PersonView};

/// The endpoints of no other surface: errors, the API reference, styles and scripts.
pub fn surface() -> Surface<AppState> {
    Surface::new().with(error::endpoint()).with(reference::endpoint()).with(assets::endpoints())
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
