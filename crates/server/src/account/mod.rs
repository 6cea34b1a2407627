//! The pages of a signed-in user's account.

mod activity;
mod agent_apis;
mod agents;
mod apps;
mod authenticator;
mod credentials;
mod data;
mod deletion;
mod emails;
mod identities;
mod key;
mod language;
mod merge;
mod overview;
mod passkeys;
mod password;
mod profile;
mod providers;
mod recovery_codes;
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
        .with(profile::endpoints())
        .with(identities::endpoints())
        .with(emails::endpoints())
        .with(credentials::endpoint())
        .with(providers::endpoint())
        .with(passkeys::endpoints())
        .with(authenticator::endpoints())
        .with(recovery_codes::endpoint())
        .with(key::endpoints())
        .with(language::endpoint())
        .with(apps::endpoints())
        .with(agents::endpoints())
        .with(data::endpoint())
        .with(merge::endpoints())
        .with(deletion::endpoints())
        .with(activity::endpoint())
        .with(password::endpoints())
}
