//! `GET /v2/members/{memberId}`: who a member is.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use sigma_core::merits::PersonName;
use sigma_platform::http::{Endpoint, routes};
use sigma_store::merits::access;
use utoipa::ToSchema;

use super::{granted, primary_address};
use crate::POLICY;
use crate::caller::OrgCaller;
use crate::error::MeritsError;
use crate::state::MeritsState;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(show))
}

/// A member.
#[derive(Serialize, ToSchema)]
pub struct Member {
    id: String,
    /// Empty without `CanViewPublicProfile`.
    name: PersonName,
    /// The primary address, with `CanViewPublicProfile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

/// Returns a member who granted the app access; their name and address with `CanViewPublicProfile`.
#[utoipa::path(
    get,
    path = "/v2/members/{memberId}",
    operation_id = "showMember",
    tag = "Merits",
    security(("org_access_token" = [])),
    params(("memberId" = String, Path, description = "The member")),
    responses(
        (status = 200, description = "The member", body = Member),
        (status = 400, description = "A malformed id"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "No such member lets the app see them"),
    )
)]
pub async fn show(
    State(sigma): State<MeritsState>,
    caller: OrgCaller,
    Path(member): Path<String>,
) -> Result<Json<Member>, MeritsError> {
    let (user_id, granted) = granted(&sigma, &caller, &member).await?;
    let id = user_id.digits().to_owned();
    if !granted.permissions.profile {
        return Ok(Json(Member { id, name: PersonName::default(), email: None }));
    }
    let email = primary_address(&sigma, &user_id).await?;
    let (org_id, app_id) = (caller.org_id.clone(), caller.app.id.clone());
    let merit = sigma.store.read(move |tx| access::find_merit(tx, &org_id, &app_id, &user_id)).await?;
    Ok(Json(Member { id, name: merit.map(|merit| merit.name).unwrap_or_default(), email }))
}
