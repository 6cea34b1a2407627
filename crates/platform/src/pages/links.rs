//! Links that several pages offer.

use sigma_core::app::App;

use crate::pages::view::Link;

/// The way back to an app. Nobody has checked where a dynamically registered app leads.
pub fn home_page(app: &App) -> Option<Link> {
    let href = app.client_uri.clone().filter(|_| !app.dynamic && !app.disabled)?;
    Some(Link { href, label: format!("Back to {}", app.name) })
}

/// The fallback.
pub fn front_page() -> Link {
    Link { href: "/".to_owned(), label: "Go to the front page".to_owned() }
}
