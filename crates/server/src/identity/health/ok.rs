//! `GET /api/auth/ok`: Better Auth's health check.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::API;
use crate::http::{Endpoint, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(ok))
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
