//! `GET /livez`: whether the process responds.

use axum::Json;

use super::{Health, PROBE};
use crate::http::{Endpoint, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(PROBE, routes!(live))
}

/// Returns 200 as long as the process responds, whatever the state of its store. A liveness probe: restart on failure.
#[utoipa::path(
    get,
    path = "/livez",
    operation_id = "getLiveness",
    tag = "Server",
    responses((status = 200, description = "The process responds", body = Health))
)]
pub async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}
