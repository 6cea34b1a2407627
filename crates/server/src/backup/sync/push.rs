//! `POST /api/backup/sync`: stores the backup of an identity by a signature of its key.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use sigma_bitcoin::BapId;

use super::{Bound, POLICY, signer};
use crate::backup::keep::{keep, prepare, read};
use crate::backup::not_theirs;
use crate::backup::store::{NewBackupBody, StoredAnswer};
use crate::error::bad_request;
use crate::extract::{body, read_object};
use crate::http::{ApiError, Endpoint, RequestContext, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(push))
}

/// Stores an encrypted backup as the current version.
///
/// `Authorization: Bitcoin-Auth` carries a bitcoin-auth token over this path and the exact body.
#[utoipa::path(
    post,
    path = "/api/backup/sync",
    operation_id = "pushBackup",
    tag = "Backups",
    params(("Authorization" = String, Header, description = "`Bitcoin-Auth pubkey|scheme|timestamp|path|signature`")),
    request_body(content = NewBackupBody, content_type = "application/json"),
    responses(
        (status = 200, description = "Stored", body = StoredAnswer),
        (status = 400, description = "Not a backup, not the JSON of this endpoint, or not a token"),
        (status = 401, description = "No token, or an invalid one"),
        (status = 403, description = "`BAP_OWNERSHIP_FAILED`, `ORIGIN_BOUND_REQUIRED`"),
        (status = 408, description = "The body took too long"),
        (status = 409, description = "The account stores as much as it may"),
        (status = 413, description = "Too long"),
        (status = 429, description = "Too many backups stored, or invalid signatures"),
    )
)]
pub async fn push(
    State(sigma): State<AppState>,
    context: RequestContext,
    request: Request,
) -> Result<Json<StoredAnswer>, Response> {
    let fail = |error: ApiError| error.into_response();
    let headers = request.headers().clone();
    // The signature covers the body.
    let body = body(request).await?;
    let (account, signed) = signer(&sigma, &context, &headers, &body, Bound::Body).await?;
    let malformed = || fail(bad_request("invalid_request", "the body is not the JSON of this endpoint"));
    let body: NewBackupBody = read_object(&body).ok_or_else(malformed)?;
    let backup = read(body.encrypted_backup.as_deref()).map_err(fail)?;
    let bap_id = body.bap_id.ok_or_else(|| fail(bad_request("invalid_request", "bapId required")))?;
    let bap_id = BapId::parse(&bap_id).map_err(|_| fail(not_theirs()))?;
    let new = prepare(&sigma, &account.user.id, bap_id.clone(), &backup, Some(signed)).map_err(fail)?;
    keep(&sigma, &context, new).await.map_err(IntoResponse::into_response)?;
    Ok(Json(StoredAnswer::of(&bap_id)))
}
