//! `POST /v2/merits/{meritId}/approve`: sends a merit that was proposed.

use axum::Json;
use axum::extract::{Path, State};
use sigma_core::ids::MeritId;
use sigma_platform::http::{Endpoint, RequestContext, routes};
use sigma_store::merits::step;

use crate::POLICY;
use crate::caller::OrgCaller;
use crate::decide::decide;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::ids::id;
use crate::wire::merit::MeritView;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(approve))
}

/// Approves a proposed merit: it is sent. Needs `CanSendAllMeritTemplates`.
#[utoipa::path(
    post,
    path = "/v2/merits/{meritId}/approve",
    operation_id = "approveMerit",
    tag = "Merits",
    security(("org_access_token" = [])),
    params(("meritId" = String, Path, description = "The merit")),
    responses(
        (status = 200, description = "The merit, `Pending`", body = MeritView),
        (status = 400, description = "It was not proposed, or was approved already"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The permission is missing"),
        (status = 404, description = "The org has no such merit"),
    )
)]
pub async fn approve(
    State(sigma): State<MeritsState>,
    context: RequestContext,
    caller: OrgCaller,
    Path(merit): Path<String>,
) -> Result<Json<MeritView>, MeritsError> {
    let (merit_id, now): (MeritId, _) = (id(&merit)?, sigma.now());
    let (org_id, actor) = (caller.org_id.clone(), caller.actor());
    let approve = move |tx: &mut dyn sigma_store::Tx| step::approve(tx, &org_id, &actor, &merit_id, now);
    Ok(Json(MeritView::sent(&sigma, &caller.reader(), decide(&sigma, &context, &caller, approve).await?)))
}
