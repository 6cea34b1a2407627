//! What every page of an authorization request reads first: which request, and whether it is this browser's.

use axum::response::{IntoResponse, Response};
use sigma_core::authorize::Params;

use crate::extract::Browser;
use crate::oauth::{BrowserInteraction, Requested, Stopped, find_interaction};
use crate::pages::stopped;
use crate::state::Sigma;

/// A request on its way, found for a page.
pub struct Ongoing {
    /// What is stored of it.
    pub interaction: BrowserInteraction,
    /// The request.
    pub requested: Requested,
}

/// The request that the page's query names.
///
/// # Errors
/// The page that says why it cannot go on.
pub async fn find(sigma: &Sigma, browser: &Browser, id: &str) -> Result<Ongoing, Response> {
    let interaction = match find_interaction(sigma, browser, id).await {
        Ok(interaction) => interaction,
        Err(Stopped::Internal(envelope)) => return Err(envelope.into_response()),
        Err(reason) => return Err(stopped(sigma, &reason)),
    };
    match Requested::read(sigma, Params::parse(&interaction.stored.query)).await {
        Ok(requested) => Ok(Ongoing { interaction, requested }),
        Err(_) => Err(stopped(sigma, &Stopped::Unknown)),
    }
}
