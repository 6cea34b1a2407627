//! What all pages share: layout and components (`view`), their policies, styles and scripts, and the pages that belong to no
//! surface. The pages of a surface are in its own room.

pub mod assets;
pub mod days;
mod error;
mod form_version;
pub mod links;
mod page_error;
pub mod policy;
mod reference;
mod refused;
pub mod view;

use axum::response::{IntoResponse as _, Response};
use sigma_bitcoin::BapId;
use sigma_core::app::App;
use sigma_core::client_document::ClientIdUrl;
use sigma_store::account::Account;
use sigma_store::user::User;

use crate::branding::{Brand, logo_url};
use crate::extract::Browser;
use crate::http::{ApiError, Surface};
use crate::i18n::{Language, Wanted};
use crate::state::AppState;
pub use form_version::FormVersion;
pub use page_error::PageError;
pub use refused::refused;
use view::{AppView, PageContext, PersonView};

/// The endpoints of no other surface: errors, the API reference, styles and scripts.
pub fn surface() -> Surface<AppState> {
    Surface::new().with(error::endpoint()).with(reference::endpoint()).with(assets::endpoints())
}

impl AppState {
    /// What every page knows of this server, in a language.
    pub fn page_in(&self, language: Language) -> PageContext<'_> {
        PageContext { language, ..PageContext::new(self.issuer()).with_look(self.brands.look()) }
    }

    /// The language for a browser; an app may have asked for one (`ui_locales`).
    pub fn language_for(&self, browser: &Browser, ui_locales: Option<&str>) -> Language {
        Wanted::of(ui_locales, None, browser.headers()).best(&self.settings.languages)
    }

    /// The language for a signed-in user: as an app asks (`ui_locales`), else as they chose, else as their browser asks.
    pub fn language_of(&self, user: &User, browser: &Browser, ui_locales: Option<&str>) -> Language {
        Wanted::of(ui_locales, user.language.as_deref(), browser.headers()).best(&self.settings.languages)
    }

    /// The language of mails to a user: the one that they chose, if it is offered.
    pub fn mail_language(&self, user: &User) -> Language {
        let languages = &self.settings.languages;
        let chosen = user.language.as_deref().and_then(Language::parse);
        chosen.filter(|chosen| languages.offered.contains(chosen)).unwrap_or(languages.default)
    }
}

/// The page for unknown addresses: the middleware renders it, in the language of the browser.
pub fn not_found() -> Response {
    ApiError::not_found().into_response()
}

/// An app, as pages show it. `host` is that of the address where users return to it: a registered one.
pub fn app_view(app: &App, host: &str, brand: &Brand) -> AppView {
    AppView {
        name: app.name.clone(),
        host: host.to_owned(),
        logo_url: brand.branding.logo.as_deref().map(logo_url),
        terms_url: brand.branding.terms_url.clone(),
        privacy_url: brand.branding.privacy_url.clone(),
        unverified: app.dynamic,
        described_at: app.document().map(|url| url.host().to_owned()),
    }
}

/// An app of which only its client id is known: its document is read once somebody is signed in.
pub fn unread_app_view(url: &ClientIdUrl) -> AppView {
    AppView {
        name: url.host().to_owned(),
        host: url.host().to_owned(),
        logo_url: None,
        terms_url: None,
        privacy_url: None,
        unverified: true,
        described_at: Some(url.host().to_owned()),
    }
}

/// A user, as pages show them.
pub fn person_view(account: &Account, bap_id: Option<&BapId>) -> PersonView {
    let person = account.person(bap_id);
    PersonView {
        name: person.display_name(),
        bap_id: bap_id.map(ToString::to_string),
        pubkey: person.pubkey().map(|key| key.to_hex()),
        picture: None,
    }
}
