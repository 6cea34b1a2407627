//! `/api/admin/v1/orgs/{org}/impersonators`: who may act as other people at the apps of an org; with the operator's own org, at every app.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Serialize;
use sigma_core::ids::{OrgId, UserId};
use sigma_core::operator::OperatorRefusal;
use sigma_core::time::Timestamp;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::impersonators;
use utoipa::ToSchema;

use super::POLICY;
use super::caller::{Admin, Reads, Writes};
use super::error::AdminError;
use super::list::Listed;
use super::org::{named, require_whole};

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [Endpoint::new(POLICY, routes!(list)), Endpoint::new(POLICY, routes!(allow)), Endpoint::new(POLICY, routes!(deny))]
}

/// Somebody who may act as others.
#[derive(Debug, Serialize, ToSchema)]
struct AdminImpersonator {
    /// The id of the person.
    id: String,
    since: String,
}

impl From<&(UserId, Timestamp)> for AdminImpersonator {
    fn from((id, since): &(UserId, Timestamp)) -> Self {
        Self { id: id.to_string(), since: since.to_string() }
    }
}

/// Lists who may act as other people at the apps of an org.
#[utoipa::path(
    get,
    path = "/api/admin/v1/orgs/{org}/impersonators",
    operation_id = "adminListImpersonators",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:orgs:read"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
    ),
    responses(
        (status = 200, description = "The people, on one page: at most 100", body = Listed<AdminImpersonator>),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org"),
    )
)]
async fn list(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    Path(org): Path<String>,
) -> Result<Json<Listed<AdminImpersonator>>, AdminError> {
    let (org_id, caller) = (named(&sigma, &org).await?, admin.caller);
    let found = sigma.store.look_up(move |tx| impersonators::list(tx, &caller, &org_id)).await?;
    Ok(Json(Listed { items: found.iter().map(AdminImpersonator::from).collect(), next: None }))
}

/// Lets a person act as other people at the apps of an org, never as members with more rights; with the operator's own org, as anybody at
/// every app, which its owners alone decide. Repeating it changes nothing.
#[utoipa::path(
    put,
    path = "/api/admin/v1/orgs/{org}/impersonators/{user}",
    operation_id = "adminAllowImpersonation",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:orgs:write"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("user" = String, Path, description = "The id of the person"),
    ),
    responses(
        (status = 204, description = "They may"),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org or person"),
        (status = 409, description = "As many people may as may be"),
    )
)]
async fn allow(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    Path(names): Path<(String, String)>,
) -> Result<StatusCode, AdminError> {
    let ((org_id, user_id), caller, now) = (ids(&sigma, &names).await?, admin.caller.clone(), sigma.now());
    require_whole(&admin, &org_id)?;
    admin.store(&sigma).decide(move |tx| impersonators::allow(tx, &caller, &org_id, &user_id, now)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets a person act as others no longer, and ends what they began.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/orgs/{org}/impersonators/{user}",
    operation_id = "adminDenyImpersonation",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:orgs:write"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("user" = String, Path, description = "The id of the person"),
    ),
    responses(
        (status = 204, description = "They may no longer"),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org, or the person may not"),
    )
)]
async fn deny(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    Path(names): Path<(String, String)>,
) -> Result<StatusCode, AdminError> {
    let ((org_id, user_id), caller, now) = (ids(&sigma, &names).await?, admin.caller.clone(), sigma.now());
    require_whole(&admin, &org_id)?;
    admin.store(&sigma).decide(move |tx| impersonators::deny(tx, &caller, &org_id, &user_id, now)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn ids(sigma: &AppState, (org, user): &(String, String)) -> Result<(OrgId, UserId), AdminError> {
    let user_id = UserId::parse(user).ok_or(AdminError::Refused(OperatorRefusal::NotFound))?;
    Ok((named(sigma, org).await?, user_id))
}
