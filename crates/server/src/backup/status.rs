//! `GET /api/backup/status`: whether there is a backup, and the hash of its current version.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use sigma_bitcoin::BapId;
use sigma_core::params::Params;
use utoipa::ToSchema;

use super::{BackupStatus, bap_id_of};
use crate::error::API;
use crate::extract::OwnApi;
use crate::http::{ApiError, Endpoint, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(status))
}

/// Whether there is a backup.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusAnswer {
    has_cloud_backup: bool,
    /// Always false: clients compare `cloudBackupHash` with their own copy.
    is_outdated: bool,
    /// When it was stored, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_updated: Option<String>,
    /// SHA-256 of its text, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_backup_hash: Option<String>,
}

/// Returns whether an identity of the caller has a backup, and the hash of its current version.
///
/// An app with the scope `sigma:backup` is told of the identity that was chosen for it.
#[utoipa::path(
    get,
    path = "/api/backup/status",
    operation_id = "backupStatus",
    tag = "Backups",
    security(("session" = []), ("access_token" = ["sigma:backup"]), ("key" = [])),
    params(("bapId" = Option<String>, Query, description = "The identity; by default the one that the caller acts as")),
    responses(
        (status = 200, description = "Whether there is one", body = StatusAnswer),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "The app's token lacks the scope, or no account has the key"),
        (status = 429, description = "Too many requests"),
    )
)]
pub async fn status(
    State(sigma): State<AppState>,
    RawQuery(query): RawQuery,
    OwnApi { caller, .. }: OwnApi<BackupStatus>,
) -> Result<Json<StatusAnswer>, ApiError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let identity = match bap_id_of(&query) {
        Some(named) => BapId::parse(named).ok().and_then(|bap_id| caller.identity_named(&bap_id)),
        None => caller.identity(),
    };
    let Some(bap_id) = identity.map(|identity| identity.bap_id.clone()) else {
        return Ok(Json(StatusAnswer::default()));
    };
    let backups = sigma.find_backups(caller.user_id()).await?;
    // The current version of each identity comes first.
    let current = backups.iter().find(|version| version.bap_id == bap_id);
    Ok(Json(current.map_or_else(StatusAnswer::default, |current| StatusAnswer {
        has_cloud_backup: true,
        is_outdated: false,
        last_updated: Some(current.stored_at.iso8601()),
        cloud_backup_hash: Some(current.hash.hex()),
    })))
}
