//! `GET /api/backup/sync`: fetches the backup of an identity by a signature of its key.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use sigma_bitcoin::BapId;
use sigma_core::actor::Actor;
use sigma_core::params::Params;
use sigma_store::backup::Wanted;

use super::{Bound, POLICY, holds, signer};
use crate::backup::hand_out::{Entitled, hand_out};
use crate::backup::retrieve::BackupAnswer;
use crate::backup::{bap_id_of, not_theirs};
use crate::error::bad_request;
use crate::http::{Endpoint, RequestContext, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(pull))
}

/// Returns the encrypted backup of an identity to a program that holds its key.
///
/// `Authorization: Bitcoin-Auth` carries a bitcoin-auth token over this path without its query, and without a body.
#[utoipa::path(
    get,
    path = "/api/backup/sync",
    operation_id = "pullBackup",
    tag = "Backups",
    params(
        ("bapId" = String, Query, description = "The identity"),
        ("Authorization" = String, Header, description = "`Bitcoin-Auth pubkey|scheme|timestamp|path|signature`"),
    ),
    responses(
        (status = 200, description = "The backup", body = BackupAnswer),
        (status = 400, description = "No identity, or not a token"),
        (status = 401, description = "No token, or an invalid one"),
        (status = 403, description = "`BAP_OWNERSHIP_FAILED`, `ORIGIN_BOUND_REQUIRED`"),
        (status = 404, description = "There is no backup yet"),
        (status = 429, description = "Too many retrievals, or invalid signatures"),
    )
)]
pub async fn pull(
    State(sigma): State<AppState>,
    context: RequestContext,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    // Reading it again is no harm, so the message may be sent twice: two pulls in one millisecond sign the same one.
    let (account, _) = signer(&sigma, &context, &headers, b"", Bound::Nothing).await?;
    let Some(bap_id) = bap_id_of(&query) else {
        return Err(bad_request("invalid_request", "bapId required").into_response());
    };
    let Some(bap_id) = BapId::parse(bap_id).ok().filter(|bap_id| holds(&account, bap_id)) else {
        return Err(not_theirs().into_response());
    };
    let user_id = account.user.id.clone();
    let entitled = Entitled { actor: Actor::User(user_id.clone()), user_id, method: "key", once: None };
    let handed = hand_out(&sigma, &context, entitled, Wanted::Current(bap_id)).await;
    let (version, backup) = handed.map_err(IntoResponse::into_response)?;
    Ok(Json(BackupAnswer::of(&version, &backup)).into_response())
}
