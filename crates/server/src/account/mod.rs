//! The pages of a signed-in user's account.

mod activity;
mod credentials;
mod emails;
mod overview;
mod password;
mod providers;
mod sessions;
pub mod view;
mod welcome;

use crate::http::Surface;
use crate::state::AppState;

/// The endpoints of this surface.
pub fn surface() -> Surface<AppState> {
    Surface::new()
        .with(welcome::endpoint())
        .with(sessions::endpoints())
        .with(overview::endpoint())
        .with(emails::endpoints())
        .with(credentials::endpoint())
        .with(providers::endpoint())
        .with(activity::endpoint())
        .with(password::endpoints())
}
