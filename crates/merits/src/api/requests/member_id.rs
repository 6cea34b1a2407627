//! `GET /v2/member_id`: who came back from "Login with Sigma".

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use sigma_core::merits::{MeritProblem, RequestFault};
use sigma_platform::http::{Endpoint, routes};
use utoipa::ToSchema;

use crate::POLICY;
use crate::caller::OrgCaller;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::token;
use crate::wire::paging::ListQuery;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(member_id))
}

/// A member.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberId {
    member_id: String,
}

/// Exchanges a `memberIdToken`, once, for the id of the member.
#[utoipa::path(
    get,
    path = "/v2/member_id",
    operation_id = "exchangeMemberIdToken",
    tag = "Merits",
    security(("org_access_token" = [])),
    params(("member_id_token" = String, Query, description = "As the member's browser brought it")),
    responses(
        (status = 200, description = "The member", body = MemberId),
        (status = 400, description = "Not a token of this server"),
        (status = 401, description = "No valid org access token"),
        (status = 403, description = "The member took the access back already"),
        (status = 404, description = "Used, expired, or of another app or org"),
    )
)]
pub async fn member_id(
    State(sigma): State<MeritsState>,
    caller: OrgCaller,
    RawQuery(query): RawQuery,
) -> Result<Json<MemberId>, MeritsError> {
    let query = ListQuery::read(query.as_deref(), None)?;
    let token = query.get("member_id_token").ok_or(RequestFault::Token)?;
    let handle = token::member_of(&sigma, token, &caller.app.id, &caller.org_id)?;
    let access = sigma.find_access(&caller.org_id, &caller.app, &handle.of).await?;
    access.ok_or(MeritProblem::AccessNotGranted)?;
    let member = handle.spend(&sigma).await?;
    Ok(Json(MemberId { member_id: member.digits().to_owned() }))
}
