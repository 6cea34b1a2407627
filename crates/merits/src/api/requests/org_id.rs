//! `GET /v2/org_id`: which org linked the app.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use sigma_core::merits::{MeritProblem, RequestFault};
use sigma_platform::http::{Endpoint, routes};
use utoipa::ToSchema;

use crate::POLICY;
use crate::caller::AppCaller;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::token;
use crate::wire::paging::ListQuery;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(org_id))
}

/// An org.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkedOrgId {
    org_id: String,
}

/// Exchanges an `orgIdToken`, once, for the id of the org.
#[utoipa::path(
    get,
    path = "/v2/org_id",
    operation_id = "exchangeOrgIdToken",
    tag = "Merits",
    security(("client_secret_basic" = [])),
    params(("org_id_token" = String, Query, description = "As the admin's browser brought it")),
    responses(
        (status = 200, description = "The org", body = LinkedOrgId),
        (status = 400, description = "Not a token of this server"),
        (status = 401, description = "Id or secret of the app are wrong"),
        (status = 403, description = "The org unlinked the app already"),
        (status = 404, description = "Used, expired, or of another app"),
    )
)]
pub async fn org_id(
    State(sigma): State<MeritsState>,
    AppCaller(app): AppCaller,
    RawQuery(query): RawQuery,
) -> Result<Json<LinkedOrgId>, MeritsError> {
    let query = ListQuery::read(query.as_deref(), None)?;
    let token = query.get("org_id_token").ok_or(RequestFault::Token)?;
    let handle = token::org_of(&sigma, token, &app.id)?;
    sigma.find_link(&handle.of, &app).await?.ok_or(MeritProblem::Forbidden)?;
    let org = handle.spend(&sigma).await?;
    Ok(Json(LinkedOrgId { org_id: org.digits().to_owned() }))
}
