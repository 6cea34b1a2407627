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
mod quick;
mod role;
mod roles;
mod settings;
mod token;
mod users;
mod uses;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

pub(crate) use memory::WorkspaceMemory;
pub(crate) use quick::{allowed as quick_logins_allowed, managers as quick_login_managers, network_is_allowed};
pub(crate) use token::JTI_LENGTH;
pub(crate) use uses::keep_writing;

/// Every endpoint of workspaces.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(auth::quick_logins::router())
        .merge(auth::login::router())
        .merge(auth::refresh::router())
        .merge(auth::quick_login::router())
        .merge(auth::logout::router())
        .merge(auth::me::router())
        .merge(auth::verify::router())
        .merge(auth::forward::router())
        .merge(api_keys::list::router())
        .merge(api_keys::create::router())
        .merge(api_keys::deactivate::router())
        .merge(api_keys::remove::router())
        .merge(roles::list::router())
        .merge(roles::create::router())
        .merge(roles::show::router())
        .merge(roles::replace::router())
        .merge(roles::remove::router())
        .merge(roles::resolve::router())
        .merge(users::list::router())
        .merge(users::invite::router())
        .merge(users::invite_again::router())
        .merge(users::show::router())
        .merge(users::change::router())
        .merge(users::remove::router())
        .merge(settings::show::router())
        .merge(settings::change::router())
        .merge(settings::rotate::router())
}
