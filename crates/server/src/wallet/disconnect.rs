//! `DELETE /api/wallet/connect`: disconnects a wallet.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use sigma_core::params::Params;
use sigma_store::wallet;
use utoipa::ToSchema;

use super::{WalletWrites, address, identity_of, refused};
use crate::error::API;
use crate::extract::OwnApi;
use crate::http::{ApiError, Endpoint, RequestContext, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(disconnect)).aliases(["/api/auth/wallet/connect"])
}

/// A disconnected wallet.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Disconnected {
    /// `true`.
    success: bool,
    wallet_address: String,
}

/// Disconnects a wallet from the identity that the caller acts as. Not with a signature, which names no method.
#[utoipa::path(
    delete,
    path = "/api/wallet/connect",
    operation_id = "disconnectWallet",
    tag = "Wallets",
    security(("session" = []), ("access_token" = ["sigma:wallet"])),
    params(
        ("address" = String, Query, description = "The address of the wallet"),
        ("bapId" = Option<String>, Query, description = "Another identity of the account"),
    ),
    responses(
        (status = 200, description = "It is disconnected", body = Disconnected),
        (status = 400, description = "Malformed parameters, two credentials, or a malformed one"),
        (status = 401, description = "No credential, or an invalid one"),
        (status = 403, description = "The credential does not suffice; `BAP_OWNERSHIP_FAILED`"),
        (status = 404, description = "`wallet_not_found`"),
    )
)]
pub async fn disconnect(
    State(sigma): State<AppState>,
    context: RequestContext,
    RawQuery(query): RawQuery,
    request: OwnApi<WalletWrites>,
) -> Result<Json<Disconnected>, ApiError> {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let caller = &request.caller;
    let (user_id, address) = (caller.user_id().clone(), address(params.get("address"))?);
    let bap_id = identity_of(caller, params.get("bapId"))?;
    let (wanted, now, store) = (address.clone(), sigma.now(), sigma.store_for(&context, caller.actor()));
    let gone = store.decide(move |tx| wallet::disconnect(tx, &user_id, bap_id.as_ref(), &wanted, now)).await;
    gone.map_err(refused)?;
    Ok(Json(Disconnected { success: true, wallet_address: address }))
}
