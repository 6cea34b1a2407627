//! Encrypted backups of keys: the API, and the pages on which a key is restored (`docs/spec/backups.md`). The server stores
//! what it cannot decrypt.

mod hand_out;
mod keep;
mod link_oauth;
mod pages;
mod retrieve;
mod status;
mod store;
mod sync;
mod versions;
pub mod view;

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use sigma_bitcoin::BapId;
use sigma_core::params::Params;
use sigma_store::StoreError;
use sigma_store::session::BrowserSession;

use crate::error::API;
use crate::extract::{Area, Caller};
use crate::http::policy::BodyLimit;
use crate::http::{ApiError, Exceeded, Policy, Surface};
use crate::state::AppState;

/// The policy of endpoints that take a backup: its text may have 256 KiB.
const TAKES_BACKUP: Policy = Policy { body: BodyLimit::Kibibytes(384), ..API };

/// How recent the last authentication must be for a session to be given a backup.
const RECENT: Duration = Duration::from_mins(15);

/// The backups themselves: never for an app.
#[derive(Clone, Copy, Debug)]
pub struct Backups;

impl Area for Backups {
    const SCOPE: Option<&'static str> = None;
}

/// Whether there is one.
#[derive(Clone, Copy, Debug)]
pub struct BackupStatus;

impl Area for BackupStatus {
    const SCOPE: Option<&'static str> = Some("sigma:backup");
}

/// The endpoints of this surface.
pub fn surface() -> Surface<AppState> {
    Surface::new()
        .with(retrieve::endpoint())
        .with(store::endpoint())
        .with(status::endpoint())
        .with(versions::endpoint())
        .with(link_oauth::endpoint())
        .with(sync::pull::endpoint())
        .with(sync::push::endpoint())
        .with(pages::restore::endpoint())
        .with(pages::oauth_restore::endpoints())
        .with(pages::account::endpoints())
        .below("/api/backup", API)
}

/// Why a backup is neither handed out nor stored.
#[derive(Debug)]
pub enum Refusal {
    /// An error of the API.
    Api(ApiError),
    /// Too many requests.
    Exceeded(Exceeded),
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Api(error.into())
    }
}

impl From<Exceeded> for Refusal {
    fn from(exceeded: Exceeded) -> Self {
        Self::Exceeded(exceeded)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Api(error) => error.into_response(),
            Self::Exceeded(exceeded) => exceeded.into_response(),
        }
    }
}

/// The identity that a query or body names, or else the one that the caller acts as. A text that is no id names an identity
/// that nobody has, which is answered with `unknown`.
fn named(caller: &Caller, bap_id: Option<&str>, unknown: impl FnOnce() -> ApiError) -> Result<BapId, ApiError> {
    match bap_id {
        Some(text) => BapId::parse(text).map_err(|_| unknown()),
        None => caller.identity().map(|identity| identity.bap_id.clone()).ok_or_else(not_found),
    }
}

/// `bapId`, or `bapid` as older clients spell it.
fn bap_id_of(query: &Params) -> Option<&str> {
    query.get("bapId").or_else(|| query.get("bapid"))
}

/// There is no such backup of the caller's. Published clients recognise it by the text.
fn not_found() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "not_found", "404 not_found: no backup for this identity")
}

/// The refusal of whoever is not entitled to a backup.
fn unauthorized() -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", "Authentication required")
}

/// The identity is not the caller's.
fn not_theirs() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "forbidden", "This identity is not yours").with_code("BAP_OWNERSHIP_FAILED")
}

/// Whether the session may be given a backup, or change what is kept of it.
fn is_recent(sigma: &AppState, session: &BrowserSession) -> bool {
    sigma.now().since(session.auth_time) <= RECENT
}

/// The refusal of an older session.
fn not_recent() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "reauthentication_required", "Sign in again first")
        .with_code("SESSION_NOT_FRESH")
}
