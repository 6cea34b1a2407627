//! `GET /api/wallet/nfts`: what the wallets hold. This server has no index of the chain: nothing, as far as it knows.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{READ, WalletReads, identity_of, load};
use crate::extract::OwnApi;
use crate::http::{ApiError, Endpoint, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(READ, routes!(nfts)).aliases(["/api/auth/wallet/nfts"])
}

/// What the wallets of an identity hold.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names are those on the wire")]
pub struct Nfts {
    wallets: Vec<WalletNfts>,
    /// Always 0.
    #[serde(rename = "totalNFTs")]
    total_nfts: u32,
    addresses: Vec<String>,
    /// Always empty.
    #[schema(value_type = Vec<Object>)]
    nfts: [(); 0],
}

/// What a wallet holds.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WalletNfts {
    address: String,
    /// Always empty.
    #[schema(value_type = Vec<Object>)]
    nfts: [(); 0],
    /// Always 0.
    count: u32,
}

/// Lists the NFTs in the wallets of the identity that the caller acts as: none, since this server has no index of the chain.
#[utoipa::path(
    get,
    path = "/api/wallet/nfts",
    operation_id = "listNfts",
    tag = "Wallets",
    security(("session" = []), ("access_token" = ["sigma:wallet"]), ("key" = [])),
    responses(
        (status = 200, description = "The wallets, each empty", body = Nfts),
        (status = 400, description = "Malformed parameters, two credentials, or a malformed one"),
        (status = 401, description = "No credential, or an invalid one"),
        (status = 403, description = "The credential does not suffice; `BAP_OWNERSHIP_FAILED`"),
    )
)]
pub async fn nfts(State(sigma): State<AppState>, request: OwnApi<WalletReads>) -> Result<Json<Nfts>, ApiError> {
    let bap_id = identity_of(&request.caller, None)?;
    let wallets = load(&sigma, &request.caller, bap_id.as_ref()).await?;
    let addresses: Vec<String> = wallets.into_iter().map(|wallet| wallet.address).collect();
    let wallets = addresses.iter().map(|address| WalletNfts { address: address.clone(), nfts: [], count: 0 }).collect();
    Ok(Json(Nfts { wallets, total_nfts: 0, addresses, nfts: [] }))
}
