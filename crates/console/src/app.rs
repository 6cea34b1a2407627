//! What a page and an endpoint make for an app before they ask the store.

use sigma_core::app::new_secret;
use sigma_core::digest::Digest;
use sigma_platform::state::AppState;
use sigma_store::app::manage::Fresh;

/// A secret that nobody has, and what the store is told of it.
pub fn fresh(sigma: &AppState) -> (String, Fresh) {
    let secret = new_secret(&*sigma.rng);
    let fresh = Fresh { secret: Digest::of(&secret), now: sigma.now() };
    (secret, fresh)
}
