//! Links that several pages offer.

use sigma_core::app::App;

use crate::i18n::Language;
use crate::pages::view::Link;
use crate::state::AppState;

/// The way back to an app, to where a sign-in to it begins if it has such an address. Nobody has checked where a dynamically
/// registered app leads.
pub fn home_page(sigma: &AppState, language: Language, app: &App) -> Option<Link> {
    if app.dynamic || app.disabled {
        return None;
    }
    let href = app.login_url(sigma.issuer()).or_else(|| app.client_uri.clone())?;
    Some(Link { href, label: language.text("error-back").with("app", app.name.as_str()).to_string() })
}

/// The fallback.
pub fn front_page(language: Language) -> Link {
    Link { href: "/".to_owned(), label: language.text("error-front-page").to_string() }
}
