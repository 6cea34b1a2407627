//! `POST /api/wallet/set-primary`: chooses the wallet to be used for an identity.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use sigma_store::wallet;
use utoipa::ToSchema;

use super::{WalletWrites, address, identity_of, refused};
use crate::error::API;
use crate::extract::OwnApi;
use crate::http::{ApiError, Endpoint, RequestContext, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(set_primary)).aliases(["/api/auth/wallet/set-primary"])
}

/// The wallet to choose.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PrimaryBody {
    /// The identity, if it is not the one that the caller acts as.
    bap_id: Option<String>,
    wallet_address: String,
}

/// The chosen wallet.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PrimaryChosen {
    /// `true`.
    success: bool,
    primary_address: String,
}

/// Makes a connected wallet the primary one of its identity.
#[utoipa::path(
    post,
    path = "/api/wallet/set-primary",
    operation_id = "setPrimaryWallet",
    tag = "Wallets",
    security(("session" = []), ("access_token" = ["sigma:wallet"]), ("key" = [])),
    request_body(content = PrimaryBody, content_type = "application/json"),
    responses(
        (status = 200, description = "It is the primary one", body = PrimaryChosen),
        (status = 400, description = "Malformed parameters, two credentials, or a malformed one"),
        (status = 401, description = "No credential, or an invalid one"),
        (status = 403, description = "The credential does not suffice; `BAP_OWNERSHIP_FAILED`"),
        (status = 404, description = "`wallet_not_found`"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn set_primary(
    State(sigma): State<AppState>,
    context: RequestContext,
    request: OwnApi<WalletWrites>,
) -> Result<Json<PrimaryChosen>, ApiError> {
    let body: PrimaryBody = request.object()?;
    let caller = &request.caller;
    let (user_id, address) = (caller.user_id().clone(), address(Some(&body.wallet_address))?);
    let bap_id = identity_of(caller, body.bap_id.as_deref())?;
    let (wanted, signed) = (address.clone(), caller.signed().cloned());
    let store = sigma.store_for(&context, caller.actor());
    let chosen = store.decide(move |tx| wallet::make_primary(tx, &user_id, bap_id.as_ref(), &wanted, signed.as_ref()));
    chosen.await.map_err(refused)?;
    Ok(Json(PrimaryChosen { success: true, primary_address: address }))
}
