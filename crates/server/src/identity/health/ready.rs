//! `GET /readyz`, `/healthz` and `/health`: whether the server can serve.

use axum::Json;
use axum::extract::State;

use super::{Health, PROBE};
use crate::http::{ApiError, Endpoint, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(PROBE, routes!(ready)).aliases(["/healthz", "/health"])
}

/// Returns 200 while the server can do all its work: the store is writable, changes of other instances arrive, and no
/// shutdown was requested. A readiness probe: an instance that fails it gets no traffic, and may recover by itself. Also at
/// `/healthz` and `/health`.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "getReadiness",
    tag = "Server",
    responses(
        (status = 200, description = "The server can serve", body = Health),
        (status = 503, description = "The store cannot be written, or the server is stopping"),
    )
)]
pub async fn ready(State(sigma): State<AppState>) -> Result<Json<Health>, ApiError> {
    if sigma.is_draining() {
        return Err(ApiError::unavailable("the server is stopping"));
    }
    sigma.store.readiness().await?;
    Ok(Json(Health { status: "ok" }))
}
