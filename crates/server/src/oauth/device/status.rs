//! `GET /api/auth/device`: the state of a user code, for pages that people build themselves.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use sigma_core::params::Params;
use sigma_core::user_code::UserCode;
use sigma_store::device_code::Decision;
use utoipa::ToSchema;

use super::{Waiting, look_up};
use crate::error::{API, bad_request};
use crate::extract::MaybeSignedIn;
use crate::http::{ApiError, Endpoint, RequestContext, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(show_device))
}

/// A device that shows a user code.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceStatus {
    /// The code.
    user_code: String,
    /// `pending`, `approved` or `denied`.
    status: &'static str,
    /// The app; only for signed-in callers.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// What it asks for; only for signed-in callers.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

/// The one answer to a code that leads nowhere, whatever the reason.
pub(super) fn unknown() -> ApiError {
    bad_request("invalid_request", "Invalid or expired user code")
}

/// Returns the state of a user code. It claims and changes nothing.
#[utoipa::path(
    get,
    path = "/api/auth/device",
    operation_id = "getDevice",
    tag = "OpenID Connect",
    security((), ("session" = [])),
    params(("user_code" = String, Query, description = "The code, however it was typed")),
    responses(
        (status = 200, description = "Its state", body = DeviceStatus),
        (status = 400, description = "Unknown, expired or missing"),
    )
)]
pub async fn show_device(
    State(sigma): State<AppState>,
    context: RequestContext,
    MaybeSignedIn(signed_in): MaybeSignedIn,
    RawQuery(query): RawQuery,
) -> Result<Json<DeviceStatus>, Response> {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let typed = params.get("user_code").or_else(|| params.get("code")).unwrap_or_default();
    let code = UserCode::parse(typed).ok_or_else(|| unknown().into_response())?;
    let user_id = signed_in.as_ref().map(|signed_in| &signed_in.account.user.id);
    let found = look_up(&sigma, &context, user_id, &code).await;
    let Waiting { device, app, request } =
        found.map_err(|reason| reason.into_response_or(|| unknown().into_response()))?;
    let status = match device.decision {
        None => "pending",
        Some((Decision::Approved, _)) => "approved",
        Some((Decision::Denied, _)) => "denied",
    };
    let shown = signed_in.map(|_| (app.client_id.to_string(), request.scope.to_string()));
    let (client_id, scope) = shown.unzip();
    Ok(Json(DeviceStatus { user_code: code.to_string(), status, client_id, scope }))
}
