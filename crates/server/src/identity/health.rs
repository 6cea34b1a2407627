//! `/livez`, `/readyz` with its aliases, and `/api/auth/ok`: liveness and readiness probes.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::error::API;
use crate::http::policy::Limit;
use crate::http::{ApiError, Endpoint, Policy};
use crate::state::AppState;

const PROBE: Policy = Policy { limit: Limit::Unlimited, ..API };

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::new(PROBE, routes!(live)),
        Endpoint::new(PROBE, routes!(ready)).aliases(["/healthz", "/health"]),
        Endpoint::new(API, routes!(ok)),
    ]
}

/// The state of the server.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`.
    status: &'static str,
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

/// The server responds.
#[derive(Debug, Serialize, ToSchema)]
pub struct Okay {
    /// Always true.
    ok: bool,
}

/// Responds like Better Auth's health check.
#[utoipa::path(
    get,
    path = "/api/auth/ok",
    operation_id = "ok",
    tag = "Server",
    responses((status = 200, description = "OK", body = Okay))
)]
pub async fn ok() -> Json<Okay> {
    Json(Okay { ok: true })
}
