//! `GET /v2/orgs/{orgId}`: the profile of an org.

use axum::Json;
use axum::extract::{Path, State};
use sigma_core::merits::MeritProblem;
use sigma_platform::http::{Endpoint, routes};
use sigma_store::merits::issuer;

use crate::POLICY;
use crate::caller::OrgCaller;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::issuer::IssuerView;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(show))
}

/// Returns the profile of the org that the app acts for, or of a verified one.
#[utoipa::path(
    get,
    path = "/v2/orgs/{orgId}",
    operation_id = "showOrg",
    tag = "Merits",
    security(("org_access_token" = [])),
    params(("orgId" = String, Path, description = "The org, by id or slug")),
    responses(
        (status = 200, description = "The org", body = IssuerView),
        (status = 401, description = "No valid token"),
        (status = 404, description = "There is no such org, or it is not verified"),
    )
)]
pub async fn show(
    State(sigma): State<MeritsState>,
    caller: OrgCaller,
    Path(org): Path<String>,
) -> Result<Json<IssuerView>, MeritsError> {
    let org_id = sigma.org_named(&org).await?;
    let found = sigma.store.read(move |tx| issuer::find(tx, &org_id)).await?;
    let found = found.filter(|org| org.verified_at.is_some() || org.id == caller.org_id);
    Ok(Json(IssuerView::of(&sigma, found.ok_or(MeritProblem::NotFound)?)))
}
