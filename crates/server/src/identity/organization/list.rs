//! `GET /api/auth/organization/list`: the user's identities.

use axum::Json;

use super::Organization;
use crate::error::API;
use crate::extract::SignedIn;
use crate::http::{Endpoint, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(list))
}

/// Lists the user's identities.
#[utoipa::path(
    get,
    path = "/api/auth/organization/list",
    operation_id = "listOrganizations",
    tag = "Identities",
    responses(
        (status = 200, description = "The identities, oldest first", body = Vec<Organization>),
        (status = 401, description = "Nobody is signed in"),
    )
)]
pub async fn list(signed_in: SignedIn) -> Json<Vec<Organization>> {
    let account = &signed_in.account;
    Json(account.identities.iter().map(|identity| Organization::of(account, identity)).collect())
}
