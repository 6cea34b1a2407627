//! Read first by every page of an authorization request: which request, and whether it belongs to this browser.

use axum::response::{IntoResponse, Redirect, Response};
use sigma_core::params::Params;

use crate::extract::Browser;
use crate::interaction::{self, Requested, Stopped, Unanswerable, stopped};
use crate::paths::resume_url;
use crate::state::AppState;

/// A request in progress, found for a page.
pub struct Ongoing {
    /// Its interaction.
    pub interaction: interaction::Ongoing,
    /// The request.
    pub requested: Requested,
}

/// The request that the page's query names; restarted if it belongs to another browser.
///
/// # Errors
/// The page that explains why it cannot continue.
pub async fn find(sigma: &AppState, browser: &Browser, name: &str) -> Result<Ongoing, Response> {
    let interaction = match interaction::find_or_restart(sigma, browser, name).await {
        Ok(interaction) => interaction,
        Err(reason) => return Err(stopped(sigma, browser, reason).await),
    };
    let query = match interaction.query() {
        Ok(query) => Params::parse(query),
        Err(reason) => return Err(stopped(sigma, browser, reason).await),
    };
    match Requested::read(sigma, query).await {
        Ok(requested) => Ok(Ongoing { interaction, requested }),
        Err(Unanswerable::TooMany(exceeded)) => Err(exceeded.into_response()),
        Err(Unanswerable::Internal(error)) => Err(error.into_response()),
        Err(Unanswerable::Unread(_)) => Err(Redirect::to(&resume_url(&interaction.name)).into_response()),
        Err(Unanswerable::Untrusted { .. }) => Err(stopped(sigma, browser, Stopped::Unknown).await),
    }
}
