//! Links that several pages offer.

use sigma_core::app::App;

use crate::pages::view::Link;
use crate::state::AppState;

/// The way back to an app, to where a sign-in to it begins if it has such an address. Nobody has checked where a dynamically
/// registered app leads.
pub fn home_page(sigma: &AppState, app: &App) -> Option<Link> {
    if app.dynamic || app.disabled {
        return None;
    }
    let href = app.login_url(sigma.issuer()).or_else(|| app.client_uri.clone())?;
    Some(Link { href, label: format!("Back to {}", app.name) })
}

/// The fallback.
pub fn front_page() -> Link {
    Link { href: "/".to_owned(), label: "Go to the front page".to_owned() }
}
