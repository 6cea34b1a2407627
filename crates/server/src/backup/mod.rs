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

use http::StatusCode;
use sigma_bitcoin::BapId;
use sigma_core::params::Params;

use crate::error::API;
use crate::extract::{Area, Caller};
use crate::http::policy::BodyLimit;
use crate::http::{ApiError, Policy, Surface};
use crate::state::AppState;

/// The policy of endpoints that take a backup: its text may have 256 KiB.
const TAKES_BACKUP: Policy = Policy { body: BodyLimit::Kibibytes(384), ..API };

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

/// The refusal of a session that is too old or too weak to be given a backup, or to change what is kept of it.
fn not_recent() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "reauthentication_required", "Sign in again first")
        .with_code("SESSION_NOT_FRESH")
}
