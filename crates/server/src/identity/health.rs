//! `/livez`, `/readyz` with its other names, and `/api/auth/ok`: whether the server lives, and whether it can serve.

use axum::Json;
use axum::extract::State;
use axum::routing::get;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::internal;
use crate::http::ApiError;
use crate::state::AppState;

/// The routes of these endpoints.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(live))
        .routes(routes!(ready))
        .route("/healthz", get(ready))
        .route("/health", get(ready))
        .routes(routes!(ok))
}

/// The state of the server.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`.
    status: &'static str,
}

/// Returns 200 for as long as the process answers, whatever its store does. A liveness probe: what fails it needs a restart.
#[utoipa::path(
    get,
    path = "/livez",
    operation_id = "getLiveness",
    tag = "Server",
    responses((status = 200, description = "The process answers", body = Health))
)]
pub async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Returns 200 while the server can do all of its work: the store can be written, news of other processes come in, and the
/// server has not been told to stop. A readiness probe: what fails it gets no traffic, and may pass it again by itself. Also
/// at `/healthz` and `/health`.
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
    sigma.store.readiness().await.map_err(internal)?;
    Ok(Json(Health { status: "ok" }))
}

/// It is there.
#[derive(Debug, Serialize, ToSchema)]
pub struct Okay {
    /// Always true.
    ok: bool,
}

/// Says that the server is there, as Better Auth does.
#[utoipa::path(
    get,
    path = "/api/auth/ok",
    operation_id = "ok",
    tag = "Server",
    responses((status = 200, description = "It is", body = Okay), (status = 429, description = "Too many requests"))
)]
pub async fn ok() -> Json<Okay> {
    Json(Okay { ok: true })
}
