//! `GET /api/backup/versions`: the versions of a backup.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use sigma_bitcoin::BapId;
use sigma_core::params::Params;
use sigma_store::backup::{self, Version};
use utoipa::ToSchema;

use super::{Backups, bap_id_of, named, not_found};
use crate::error::API;
use crate::extract::OwnApi;
use crate::http::{ApiError, Endpoint, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(versions))
}

/// The versions of a backup.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionsAnswer {
    /// The current one first.
    versions: Vec<VersionView>,
}

/// A version of a backup.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionView {
    /// What `GET /api/backup` takes as `version`.
    id: String,
    /// When it was stored, ISO 8601.
    last_updated: String,
    /// SHA-256 of its text, in hex.
    hash: String,
    /// Characters of its text.
    size: i64,
}

impl From<&Version> for VersionView {
    fn from(version: &Version) -> Self {
        Self {
            id: version.id.to_string(),
            last_updated: version.stored_at.iso8601(),
            hash: version.hash.hex(),
            size: version.size,
        }
    }
}

/// Lists the versions that are kept of a backup: the latest five distinct ones, and one that is at least 30 days old.
#[utoipa::path(
    get,
    path = "/api/backup/versions",
    operation_id = "backupVersions",
    tag = "Backups",
    security(("session" = []), ("key" = [])),
    params(("bapId" = Option<String>, Query, description = "The identity; by default the one that the caller acts as")),
    responses(
        (status = 200, description = "The versions; none without a backup", body = VersionsAnswer),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "An app's token, or no account has the key"),
        (status = 404, description = "The account has no identity"),
        (status = 429, description = "Too many requests"),
    )
)]
pub async fn versions(
    State(sigma): State<AppState>,
    RawQuery(query): RawQuery,
    OwnApi { caller, .. }: OwnApi<Backups>,
) -> Result<Json<VersionsAnswer>, ApiError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let bap_id = match bap_id_of(&query) {
        Some(text) => BapId::parse(text).ok(),
        None => Some(named(&caller, None, not_found)?),
    };
    let Some(bap_id) = bap_id else { return Ok(Json(VersionsAnswer { versions: Vec::new() })) };
    let user_id = caller.user_id().clone();
    let versions = sigma.store.read(move |tx| backup::list_versions(tx, &user_id, &bap_id)).await?;
    Ok(Json(VersionsAnswer { versions: versions.iter().map(VersionView::from).collect() }))
}
