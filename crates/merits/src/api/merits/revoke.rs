//! `POST /v2/merits/{meritId}/revoke`: takes a merit back.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use sigma_core::ids::MeritId;
use sigma_core::merits::reason;
use sigma_platform::http::{Endpoint, RequestContext, routes};
use sigma_store::merits::step;
use utoipa::ToSchema;

use crate::POLICY;
use crate::caller::OrgCaller;
use crate::decide::decide;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::body::Body;
use crate::wire::ids::id;
use crate::wire::merit::MeritView;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(revoke))
}

/// Why a merit is revoked.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Revocation {
    /// At most 500 characters.
    #[serde(default)]
    revocation_reason: Option<String>,
}

/// Revokes a merit. Needs `CanSendAllMeritTemplates`.
#[utoipa::path(
    post,
    path = "/v2/merits/{meritId}/revoke",
    operation_id = "revokeMerit",
    tag = "Merits",
    security(("org_access_token" = [])),
    params(("meritId" = String, Path, description = "The merit")),
    request_body = Revocation,
    responses(
        (status = 200, description = "The merit, `Revoked`", body = MeritView),
        (status = 400, description = "The status of the merit does not allow it"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The permission is missing"),
        (status = 404, description = "The org has no such merit"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn revoke(
    State(sigma): State<MeritsState>,
    context: RequestContext,
    caller: OrgCaller,
    Path(merit): Path<String>,
    Body(body): Body<Revocation>,
) -> Result<Json<MeritView>, MeritsError> {
    let (merit_id, now): (MeritId, _) = (id(&merit)?, sigma.now());
    let why = reason(body.revocation_reason.as_deref().unwrap_or_default())?;
    let (org_id, actor) = (caller.org_id.clone(), caller.actor());
    let revoke = move |tx: &mut dyn sigma_store::Tx| step::revoke(tx, &org_id, &actor, &merit_id, &why, now);
    Ok(Json(MeritView::for_issuer(&sigma, &caller.reader(), decide(&sigma, &context, &caller, revoke).await?)))
}
