//! `GET /v2/orgs/{orgId}/merits/{meritId}`: one merit of an org.

use axum::Json;
use axum::extract::{Path, State};
use sigma_core::ids::MeritId;
use sigma_core::merits::{MeritProblem, OrgPermission};
use sigma_platform::http::{Endpoint, routes};
use sigma_store::merits;

use super::own;
use crate::POLICY;
use crate::caller::OrgCaller;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::ids::id;
use crate::wire::merit::MeritView;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(show))
}

/// Returns a merit that the org sent. Needs `CanSendAllMeritTemplates`.
#[utoipa::path(
    get,
    path = "/v2/orgs/{orgId}/merits/{meritId}",
    operation_id = "showMerit",
    tag = "Merits",
    security(("org_access_token" = [])),
    params(
        ("orgId" = String, Path, description = "The org that the app acts for"),
        ("meritId" = String, Path, description = "The merit"),
    ),
    responses(
        (status = 200, description = "The merit", body = MeritView),
        (status = 400, description = "A malformed id"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The token is for another org, or the permission is missing"),
        (status = 404, description = "The org has no such merit"),
    )
)]
pub async fn show(
    State(sigma): State<MeritsState>,
    caller: OrgCaller,
    Path((org, merit)): Path<(String, String)>,
) -> Result<Json<MeritView>, MeritsError> {
    let org_id = own(&sigma, &caller, &org).await?;
    caller.require(OrgPermission::Send)?;
    let merit_id: MeritId = id(&merit)?;
    let found = sigma.store.read(move |tx| merits::find(tx, &org_id, &merit_id)).await?;
    Ok(Json(MeritView::for_issuer(&sigma, &caller.reader(), found.ok_or(MeritProblem::NotFound)?)))
}
