//! Workspaces: tenants, their members, roles and API keys, under `/api/v1` (`docs/spec/workspaces.md`). One file per
//! endpoint.

mod api_keys;
mod auth;
mod body;
mod caller;
mod caller_cache;
mod decide;
pub(crate) mod error;
mod forwarded;
pub(crate) mod invitations;
mod memory;
pub mod pages;
mod role;
mod roles;
mod settings;
mod state;
mod token;
mod users;
mod uses;
mod verified;

use sigma_platform::http::policy::{Cookies, CorsPolicy, Limit};
use sigma_platform::http::{Policy, Rule, Surface};

pub use state::WorkspaceState;
pub use uses::keep_writing;

/// The policy of this surface, which other software calls from servers and from its own pages with a token or key. A proxy
/// asks for all its visitors, so only failures count.
const POLICY: Policy = Policy {
    limit: Limit::Failures(Rule::Other),
    cors: CorsPolicy::Anyone,
    cookies: Cookies::Ignored,
    ..Policy::new(&error::FORMAT)
};

/// The endpoints of this surface.
pub fn surface() -> Surface<WorkspaceState> {
    Surface::new()
        .with(auth::quick_logins::endpoint())
        .with(auth::login::endpoint())
        .with(auth::refresh::endpoint())
        .with(auth::quick_login::endpoint())
        .with(auth::logout::endpoint())
        .with(auth::me::endpoint())
        .with(auth::verify::endpoint())
        .with(auth::forward::endpoint())
        .with(api_keys::list::endpoint())
        .with(api_keys::create::endpoint())
        .with(api_keys::deactivate::endpoint())
        .with(api_keys::remove::endpoint())
        .with(roles::list::endpoint())
        .with(roles::create::endpoint())
        .with(roles::show::endpoint())
        .with(roles::replace::endpoint())
        .with(roles::remove::endpoint())
        .with(roles::resolve::endpoint())
        .with(users::list::endpoint())
        .with(users::invite::endpoint())
        .with(users::invite_again::endpoint())
        .with(users::show::endpoint())
        .with(users::change::endpoint())
        .with(users::remove::endpoint())
        .with(settings::show::endpoint())
        .with(settings::change::endpoint())
        .with(settings::rotate::endpoint())
        .below("/api/v1", POLICY)
}

#[cfg(test)]
mod tests;
