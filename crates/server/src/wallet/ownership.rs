//! `POST /api/wallet/verify-ownership`: whether the wallets hold something. Without an index of the chain: not as far as is known.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::WalletReads;
use crate::error::{API, bad_request};
use crate::extract::OwnApi;
use crate::http::{ApiError, Endpoint, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(verify_ownership)).aliases(["/api/auth/wallet/verify-ownership"])
}

/// What the wallets should hold.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnershipBody {
    /// An inscription, or a collection.
    origin: Option<String>,
    collection: Option<String>,
    /// 1 by default.
    min_count: Option<u32>,
}

/// What the wallets hold.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Ownership {
    /// Always `false`.
    owns: bool,
    /// Always 0.
    count: u32,
    /// Why.
    message: &'static str,
}

/// Answers whether the wallets of the user hold an NFT: never as far as this server knows, which has no index of the chain.
#[utoipa::path(
    post,
    path = "/api/wallet/verify-ownership",
    operation_id = "verifyOwnership",
    tag = "Wallets",
    security(("session" = []), ("access_token" = ["sigma:wallet"]), ("key" = [])),
    request_body(content = OwnershipBody, content_type = "application/json"),
    responses(
        (status = 200, description = "They do not", body = Ownership),
        (status = 400, description = "Malformed parameters, two credentials, or a malformed one"),
        (status = 401, description = "No credential, or an invalid one"),
        (status = 403, description = "The credential does not suffice; `BAP_OWNERSHIP_FAILED`"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn verify_ownership(request: OwnApi<WalletReads>) -> Result<Json<Ownership>, ApiError> {
    let body: OwnershipBody = request.object()?;
    if body.origin.or(body.collection).is_none_or(|wanted| wanted.is_empty()) || body.min_count == Some(0) {
        return Err(bad_request("invalid_request", "origin or collection is required, and minCount is at least 1"));
    }
    Ok(Json(Ownership { owns: false, count: 0, message: "This server has no index of NFTs" }))
}
