//! `/api/admin/v1/admins`: the people of the console and their roles, for owners alone. No scope of an area reaches it: whoever
//! appoints an owner can do everything.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sigma_core::ids::{OrgId, UserId};
use sigma_core::operator::{OperatorRefusal, OperatorRole};
use sigma_platform::http::{ApiError, Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::admins::{self, Administrator};
use sigma_store::operator::role::Workspace;
use sigma_store::{Owner, Tx};
use utoipa::ToSchema;

use super::POLICY;
use super::body::Body;
use super::caller::{Admin, Reads, Writes};
use super::conditions::{Conditions, Tagged};
use super::error::AdminError;
use super::list::Listed;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 4] {
    [
        Endpoint::new(POLICY, routes!(list)),
        Endpoint::new(POLICY, routes!(show)),
        Endpoint::new(POLICY, routes!(appoint)),
        Endpoint::new(POLICY, routes!(dismiss)),
    ]
}

/// A person with a role in the console.
#[derive(Debug, Serialize, ToSchema)]
struct AdminAdministrator {
    id: String,
    name: String,
    /// Their primary address.
    email: Option<String>,
    /// `owner`, `admin`, `support` or `auditor`.
    role: &'static str,
    /// Whether the role counts: neither their account nor their membership is disabled.
    active: bool,
}

impl From<&Administrator> for AdminAdministrator {
    fn from(found: &Administrator) -> Self {
        Self {
            id: found.user.id.to_string(),
            name: found.user.name.clone(),
            email: found.user.email.clone(),
            role: found.role.as_str(),
            active: found.active,
        }
    }
}

/// Lists the people with a role in the console, the strongest roles first, at most 500 of each.
#[utoipa::path(
    get,
    path = "/api/admin/v1/admins",
    operation_id = "adminListAdmins",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"])),
    responses(
        (status = 200, description = "The people, on one page", body = Listed<AdminAdministrator>),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the caller is no owner"),
    )
)]
async fn list(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
) -> Result<Json<Listed<AdminAdministrator>>, AdminError> {
    let caller = admin.caller;
    let found = sigma.store.look_up(move |tx| admins::list(tx, &caller)).await?;
    Ok(Json(Listed { items: found.iter().map(AdminAdministrator::from).collect(), next: None }))
}

/// Returns a person with a role in the console.
#[utoipa::path(
    get,
    path = "/api/admin/v1/admins/{user}",
    operation_id = "adminShowAdmin",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"])),
    params(
        ("user" = String, Path, description = "The id of the person"),
        ("If-None-Match" = Option<String>, Header, description = "Tags of versions that the caller has"),
    ),
    responses(
        (status = 200, description = "The person", body = AdminAdministrator,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 304, description = "It is of a version that `If-None-Match` names"),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the caller is no owner"),
        (status = 404, description = "The person has no role"),
    )
)]
async fn show(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    conditions: Conditions,
    Path(id): Path<String>,
) -> Result<Response, AdminError> {
    let (user_id, caller) = (parse(&id)?, admin.caller);
    let found = sigma.store.look_up(move |tx| admins::find(tx, &caller, &user_id)).await?;
    Ok(conditions.show(AdminAdministrator::from(&found)))
}

/// The role to give.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AdminRole {
    /// `owner`, `admin`, `support` or `auditor`.
    role: String,
}

/// Gives a person a role in the console, in place of the one that they have. Repeating it changes nothing. The last owner stays one.
#[utoipa::path(
    put,
    path = "/api/admin/v1/admins/{user}",
    operation_id = "adminAppointAdmin",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"])),
    params(
        ("user" = String, Path, description = "The id of the person"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    request_body = AdminRole,
    responses(
        (status = 412, description = "They are of another version than `If-Match` names"),
        (status = 200, description = "The person", body = AdminAdministrator,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 400, description = "A malformed body, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the caller is no owner"),
        (status = 404, description = "There is no such person"),
        (status = 409, description = "Nobody would be left to own the installation, or the person has an open invitation"),
    )
)]
async fn appoint(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(id): Path<String>,
    Body(body): Body<AdminRole>,
) -> Result<Tagged<AdminAdministrator>, AdminError> {
    let words = "role must be owner, admin, support or auditor";
    let role = OperatorRole::parse(&body.role).ok_or(AdminError::Invalid(words))?;
    let workspace = Workspace::new(&sigma.master_key, &*sigma.rng).map_err(ApiError::internal)?;
    let (user_id, caller, now) = (parse(&id)?, admin.caller.clone(), sigma.now());
    let appoint = move |tx: &mut dyn Tx| {
        let read = |tx: &mut dyn Tx| Ok(AdminAdministrator::from(&admins::find(tx, &caller, &user_id)?));
        conditions.require(tx, &[Owner::Installation, Owner::Org(&OrgId::operator()), Owner::User(&user_id)], read)?;
        let found = admins::appoint(tx, &caller, &user_id, role, &workspace, now)?;
        Ok(AdminAdministrator::from(&found))
    };
    Ok(Tagged(admin.store(&sigma).decide(appoint).await?))
}

/// Takes a person's role in the console away. Their account stays, and so does the last owner.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/admins/{user}",
    operation_id = "adminDismissAdmin",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"])),
    params(
        ("user" = String, Path, description = "The id of the person"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    responses(
        (status = 412, description = "They are of another version than `If-Match` names"),
        (status = 204, description = "They have no role any more"),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the caller is no owner"),
        (status = 404, description = "The person has no role"),
        (status = 409, description = "Nobody would be left to own the installation"),
    )
)]
async fn dismiss(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(id): Path<String>,
) -> Result<StatusCode, AdminError> {
    let (user_id, caller, now) = (parse(&id)?, admin.caller.clone(), sigma.now());
    let dismiss = move |tx: &mut dyn Tx| {
        let read = |tx: &mut dyn Tx| Ok(AdminAdministrator::from(&admins::find(tx, &caller, &user_id)?));
        conditions.require(tx, &[Owner::Org(&OrgId::operator()), Owner::User(&user_id)], read)?;
        admins::dismiss(tx, &caller, &user_id, now)
    };
    admin.store(&sigma).decide(dismiss).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn parse(id: &str) -> Result<UserId, AdminError> {
    UserId::parse(id).ok_or(AdminError::Refused(OperatorRefusal::NotFound))
}
