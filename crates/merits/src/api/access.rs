//! `POST /v2/orgs/{orgId}/access`: an app gets a token with which it acts for an org.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use sigma_core::merits::MeritProblem;
use sigma_platform::http::{Endpoint, routes};
use utoipa::ToSchema;

use crate::POLICY;
use crate::caller::AppCaller;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::token;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(access))
}

/// An org access token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrgAccess {
    /// To be sent as Bearer; valid for an hour.
    org_access_token: String,
}

/// Issues an org access token to an app that the org owns or linked.
#[utoipa::path(
    post,
    path = "/v2/orgs/{orgId}/access",
    operation_id = "accessOrg",
    tag = "Merits",
    security(("client_secret_basic" = [])),
    params(("orgId" = String, Path, description = "The org, by id or slug")),
    responses(
        (status = 200, description = "A token for an hour", body = OrgAccess),
        (status = 401, description = "Id or secret of the app are wrong"),
        (status = 403, description = "The org did not link the app"),
        (status = 404, description = "There is no such org"),
    )
)]
pub async fn access(
    State(sigma): State<MeritsState>,
    AppCaller(app): AppCaller,
    Path(org): Path<String>,
) -> Result<Json<OrgAccess>, MeritsError> {
    let org_id = sigma.org_named(&org).await?;
    if sigma.find_org(&org_id).await?.is_none() {
        return Err(MeritProblem::NotFound.into());
    }
    let link = sigma.find_link(&org_id, &app).await?.ok_or(MeritProblem::Forbidden)?;
    let org_access_token = token::issue(&sigma, &app, &link).await.map_err(MeritsError::Api)?;
    Ok(Json(OrgAccess { org_access_token }))
}
