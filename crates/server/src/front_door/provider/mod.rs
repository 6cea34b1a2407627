//! Signing in with an account at an upstream provider: the buttons of the page, the way there and back.

mod callback;
mod finish;
mod start;

pub use start::{Departure, leave};

use crate::http::Endpoint;
use crate::state::AppState;

/// Receives the choice of a provider.
pub const PROVIDER_PATH: &str = "/login/provider";
/// Asks a user who just created a key whether to link the account that they came with.
pub const FINISH_PATH: &str = "/signup/provider";

/// These endpoints.
pub fn endpoints() -> Vec<Endpoint<AppState>> {
    start::endpoints().into_iter().chain(callback::endpoints()).chain(finish::endpoints()).collect()
}
