//! `/healthz`, `/health` and `/api/auth/ok`: whether the server answers.

use axum::Json;
use axum::extract::State;
use axum::routing::get;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::internal;
use crate::http::Envelope;
use crate::state::Sigma;

/// The routes of these endpoints.
pub fn router() -> OpenApiRouter<Sigma> {
    OpenApiRouter::new().routes(routes!(health)).route("/health", get(health)).routes(routes!(ok))
}

/// It answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`.
    status: &'static str,
}

/// Says whether the server and its store answer.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "getHealth",
    tag = "Server",
    responses(
        (status = 200, description = "They do", body = Health),
        (status = 503, description = "The store does not"),
    )
)]
pub async fn health(State(sigma): State<Sigma>) -> Result<Json<Health>, Envelope> {
    sigma.store.ping().await.map_err(internal)?;
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
