//! `GET /api/wallet/connect` and `/api/wallet/list`: the wallets of an identity.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use sigma_core::params::Params;
use sigma_store::wallet::Wallet;
use utoipa::ToSchema;

use super::{READ, WalletReads, identity_of, load};
use crate::extract::OwnApi;
use crate::http::{ApiError, Endpoint, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(READ, routes!(list)).aliases([
        "/api/auth/wallet/connect",
        "/api/wallet/list",
        "/api/auth/wallet/list",
    ])
}

/// The wallets of an identity.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WalletList {
    wallets: Vec<WalletView>,
}

/// A connected wallet. Times are ISO 8601.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WalletView {
    address: String,
    /// What the client called it.
    provider: String,
    /// `signature`.
    connection_method: &'static str,
    is_primary: bool,
    connected_at: String,
    last_verified: String,
}

impl WalletView {
    fn of(wallet: &Wallet) -> Self {
        Self {
            address: wallet.address.clone(),
            provider: wallet.provider.clone(),
            connection_method: "signature",
            is_primary: wallet.is_primary,
            connected_at: wallet.connected_at.iso8601(),
            last_verified: wallet.verified_at.iso8601(),
        }
    }
}

/// Lists the wallets of the identity that the caller acts as.
#[utoipa::path(
    get,
    path = "/api/wallet/connect",
    operation_id = "listWallets",
    tag = "Wallets",
    security(("session" = []), ("access_token" = ["sigma:wallet"]), ("key" = [])),
    params(("bapId" = Option<String>, Query, description = "Another identity of the account")),
    responses(
        (status = 200, description = "The wallets, oldest first", body = WalletList),
        (status = 400, description = "Malformed parameters, two credentials, or a malformed one"),
        (status = 401, description = "No credential, or an invalid one"),
        (status = 403, description = "The credential does not suffice; `BAP_OWNERSHIP_FAILED`"),
    )
)]
pub async fn list(
    State(sigma): State<AppState>,
    RawQuery(query): RawQuery,
    request: OwnApi<WalletReads>,
) -> Result<Json<WalletList>, ApiError> {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let bap_id = identity_of(&request.caller, params.get("bapId"))?;
    let wallets = load(&sigma, &request.caller, bap_id.as_ref()).await?;
    Ok(Json(WalletList { wallets: wallets.iter().map(WalletView::of).collect() }))
}
