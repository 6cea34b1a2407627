//! What a page and an endpoint make for an app before they ask the store.

use sigma_core::digest::Digest;
use sigma_core::random::alphanumeric;
use sigma_platform::state::AppState;
use sigma_store::app::manage::Fresh;

/// Length of a secret in letters and digits: 256 bits.
const SECRET_LENGTH: usize = 43;

/// A secret that nobody has, and what the store is told of it.
pub fn fresh(sigma: &AppState) -> (String, Fresh) {
    let secret = alphanumeric(&*sigma.rng, SECRET_LENGTH);
    let fresh = Fresh { secret: Digest::of(&secret), now: sigma.now() };
    (secret, fresh)
}
