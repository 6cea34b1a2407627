//! `POST /api/backup`: stores an encrypted backup of one of the caller's identities.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use sigma_bitcoin::BapId;
use utoipa::ToSchema;

use super::keep::{keep, prepare, read};
use super::{Backups, TAKES_BACKUP, named, not_theirs};
use crate::extract::OwnApi;
use crate::http::{Endpoint, Refusal, RequestContext, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(TAKES_BACKUP, routes!(store))
}

/// A backup to be stored.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewBackupBody {
    /// Base64 of salt, initialization vector, ciphertext and tag; at most 262144 characters.
    #[schema(required = true)]
    pub encrypted_backup: Option<String>,
    /// The identity; by default the one that the caller acts as.
    pub bap_id: Option<String>,
}

/// It is stored.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoredAnswer {
    success: bool,
    /// The identity.
    bap_id: String,
    /// `Backup stored successfully`
    message: &'static str,
}

impl StoredAnswer {
    /// That of an identity.
    pub fn of(bap_id: &BapId) -> Self {
        Self { success: true, bap_id: bap_id.to_string(), message: "Backup stored successfully" }
    }
}

/// Stores an encrypted backup as the current version.
///
/// Earlier versions can be had from `/api/backup/versions`. A signature must cover the body. Never by an app.
#[utoipa::path(
    post,
    path = "/api/backup",
    operation_id = "storeBackup",
    tag = "Backups",
    security(("session" = []), ("key" = [])),
    request_body(content = NewBackupBody, content_type = "application/json"),
    responses(
        (status = 200, description = "Stored", body = StoredAnswer),
        (status = 400, description = "Not a backup, or not the JSON of this endpoint"),
        (status = 401, description = "Nobody is signed in, or the signature is invalid"),
        (status = 403, description = "`BAP_OWNERSHIP_FAILED`, `USER_NOT_FOUND`, or an app's token"),
        (status = 404, description = "The account has no identity"),
        (status = 408, description = "The body took too long"),
        (status = 409, description = "The account stores as much as it may"),
        (status = 413, description = "Too long"),
        (status = 415, description = "Not JSON"),
        (status = 429, description = "Too many backups stored"),
    )
)]
pub async fn store(
    State(sigma): State<AppState>,
    context: RequestContext,
    api: OwnApi<Backups>,
) -> Result<Json<StoredAnswer>, Refusal> {
    let body: NewBackupBody = api.object()?;
    let backup = read(body.encrypted_backup.as_deref())?;
    let bap_id = named(&api.caller, body.bap_id.as_deref(), not_theirs)?;
    let new = prepare(&sigma, api.caller.user_id(), bap_id.clone(), &backup, api.caller.signed().cloned())?;
    keep(&sigma, &context, new).await?;
    Ok(Json(StoredAnswer::of(&bap_id)))
}
