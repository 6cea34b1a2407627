//! `GET /v2/members/{memberId}/access_merit`: the consent of a member.

use axum::Json;
use axum::extract::{Path, State};
use sigma_core::merits::MeritProblem;
use sigma_platform::http::{Endpoint, routes};
use sigma_store::merits::access;

use super::granted;
use crate::POLICY;
use crate::caller::OrgCaller;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::merit::MeritView;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(access_merit))
}

/// Returns the Access Merit by which a member lets the app see them.
#[utoipa::path(
    get,
    path = "/v2/members/{memberId}/access_merit",
    operation_id = "showAccessMerit",
    tag = "Merits",
    security(("org_access_token" = [])),
    params(("memberId" = String, Path, description = "The member")),
    responses(
        (status = 200, description = "The Access Merit", body = MeritView),
        (status = 400, description = "A malformed id"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "No such member lets the app see them"),
    )
)]
pub async fn access_merit(
    State(sigma): State<MeritsState>,
    caller: OrgCaller,
    Path(member): Path<String>,
) -> Result<Json<MeritView>, MeritsError> {
    let (user_id, granted) = granted(&sigma, &caller, &member).await?;
    let (org_id, app_id) = (caller.org_id.clone(), caller.app.id.clone());
    let merit = sigma.store.read(move |tx| access::find_merit(tx, &org_id, &app_id, &user_id)).await?;
    let merit = merit.ok_or(MeritProblem::AccessNotGranted)?;
    Ok(Json(MeritView::for_access(&sigma, &caller.reader(), merit, &granted.permissions)))
}
