//! `GET /api/subscription/status`: the plan of the user. This server sells none: everybody has the free one.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use super::{READ, WalletReads};
use crate::extract::OwnApi;
use crate::http::{Endpoint, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(READ, routes!(status)).aliases(["/api/auth/subscription/status"])
}

/// The plan of a user.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// `free`.
    tier: &'static str,
    /// Always.
    is_active: bool,
    /// None.
    features: [&'static str; 0],
}

/// Returns the plan of the user.
#[utoipa::path(
    get,
    path = "/api/subscription/status",
    operation_id = "getSubscription",
    tag = "Wallets",
    security(("session" = []), ("access_token" = ["sigma:wallet"]), ("key" = [])),
    responses(
        (status = 200, description = "The plan", body = Subscription),
        (status = 400, description = "Two credentials, or a malformed one"),
        (status = 401, description = "No credential, or an invalid one"),
        (status = 403, description = "The credential does not suffice"),
    )
)]
pub async fn status(_: OwnApi<WalletReads>) -> Json<Subscription> {
    Json(Subscription { tier: "free", is_active: true, features: [] })
}
