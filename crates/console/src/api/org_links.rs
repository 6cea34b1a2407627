//! `/api/admin/v1/orgs/{org}/links`: the apps that act for an org which does not own them.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sigma_core::ids::{AppRef, OrgId};
use sigma_core::merits::{OrgPermission, OrgPermissions};
use sigma_core::operator::OperatorRefusal;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::merits::link::Link;
use sigma_store::operator::links;
use sigma_store::{Owner, Tx};
use utoipa::ToSchema;

use super::POLICY;
use super::body::Body;
use super::caller::{Admin, Reads, Writes};
use super::conditions::{Conditions, Tagged};
use super::error::AdminError;
use super::list::Listed;
use super::org::{named, require_whole};

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 4] {
    [
        Endpoint::new(POLICY, routes!(list)),
        Endpoint::new(POLICY, routes!(show)),
        Endpoint::new(POLICY, routes!(put)),
        Endpoint::new(POLICY, routes!(remove)),
    ]
}

/// An app that acts for an org.
#[derive(Debug, Serialize, ToSchema)]
struct AdminLink {
    org_id: String,
    app_id: String,
    app_name: String,
    /// What it may do.
    permissions: Vec<&'static str>,
    /// Who linked it, if that was a person.
    linked_by: Option<String>,
    created_at: String,
}

impl From<&Link> for AdminLink {
    fn from(link: &Link) -> Self {
        Self {
            org_id: link.org_id.to_string(),
            app_id: link.app_id.to_string(),
            app_name: link.app_name.clone(),
            permissions: link.permissions.iter().map(OrgPermission::as_str).collect(),
            linked_by: link.linked_by.as_ref().map(ToString::to_string),
            created_at: link.created_at.to_string(),
        }
    }
}

/// Lists the apps that an org linked, the first one first.
#[utoipa::path(
    get,
    path = "/api/admin/v1/orgs/{org}/links",
    operation_id = "adminListOrgLinks",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:orgs:read"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
    ),
    responses(
        (status = 200, description = "The links, on one page: an org has few", body = Listed<AdminLink>),
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
) -> Result<Json<Listed<AdminLink>>, AdminError> {
    let (org_id, caller) = (named(&sigma, &org).await?, admin.caller);
    let found = sigma.store.look_up(move |tx| links::list(tx, &caller, &org_id)).await?;
    Ok(Json(Listed { items: found.iter().map(AdminLink::from).collect(), next: None }))
}

/// Returns what an app may do for an org that linked it.
#[utoipa::path(
    get,
    path = "/api/admin/v1/orgs/{org}/links/{client_id}",
    operation_id = "adminShowOrgLink",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:orgs:read"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("client_id" = String, Path, description = "The client id of the app, or its id"),
        ("If-None-Match" = Option<String>, Header, description = "Tags of versions that the caller has"),
    ),
    responses(
        (status = 200, description = "The link", body = AdminLink,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 304, description = "It is of a version that `If-None-Match` names"),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org or app, or the org did not link it"),
    )
)]
async fn show(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    conditions: Conditions,
    Path(names): Path<(String, String)>,
) -> Result<Response, AdminError> {
    let ((org_id, app), caller) = (ids(&sigma, &names).await?, admin.caller);
    let found = sigma.store.look_up(move |tx| links::find(tx, &caller, &org_id, &app)).await?;
    Ok(conditions.show(AdminLink::from(&found)))
}

/// What an app is to do for an org.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AdminLinkPermissions {
    /// One or more of `CanManageOrg`, which includes the others, `CanEditOrg`, `CanManageAllMeritTemplates`, `CanSendAllMeritTemplates` and
    /// `CanProposeAllMeritTemplates`.
    permissions: Vec<String>,
}

/// Lets an app act for an org that does not own it. Another link of theirs is replaced, and the tokens that were issued by it end; repeating
/// it changes nothing.
#[utoipa::path(
    put,
    path = "/api/admin/v1/orgs/{org}/links/{client_id}",
    operation_id = "adminLinkOrgApp",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:orgs:write"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("client_id" = String, Path, description = "The client id of the app, or its id"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    request_body = AdminLinkPermissions,
    responses(
        (status = 200, description = "The link", body = AdminLink,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 400, description = "A malformed body, or a member that is refused: `field` names it"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org, or no such app that is enabled"),
        (status = 409, description = "The org owns the app, or has linked as many as it may"),
        (status = 412, description = "It is of another version than `If-Match` names"),
    )
)]
async fn put(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(names): Path<(String, String)>,
    Body(body): Body<AdminLinkPermissions>,
) -> Result<Tagged<AdminLink>, AdminError> {
    let permissions: Option<OrgPermissions> = body.permissions.iter().map(|name| OrgPermission::parse(name)).collect();
    let permissions = permissions.filter(|permissions| !permissions.is_empty()).ok_or(AdminError::Setting(
        "permissions",
        "one or more of CanManageOrg, CanEditOrg, CanManageAllMeritTemplates, CanSendAllMeritTemplates and \
         CanProposeAllMeritTemplates",
    ))?;
    let ((org_id, app), caller, now) = (ids(&sigma, &names).await?, admin.caller.clone(), sigma.now());
    require_whole(&admin, &org_id)?;
    let put = move |tx: &mut dyn Tx| {
        let read = |tx: &mut dyn Tx| Ok(AdminLink::from(&links::find(tx, &caller, &org_id, &app)?));
        conditions.require(tx, &[Owner::Org(&org_id)], read)?;
        Ok(AdminLink::from(&links::put(tx, &caller, (&org_id, &app), permissions, now)?))
    };
    Ok(Tagged(admin.store(&sigma).decide(put).await?))
}

/// Unlinks an app from an org: its next request is refused.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/orgs/{org}/links/{client_id}",
    operation_id = "adminUnlinkOrgApp",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:orgs:write"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("client_id" = String, Path, description = "The client id of the app, or its id"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be ended"),
    ),
    responses(
        (status = 204, description = "It is unlinked"),
        (status = 412, description = "It is of another version than `If-Match` names"),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org or app, or the org did not link it"),
    )
)]
async fn remove(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(names): Path<(String, String)>,
) -> Result<StatusCode, AdminError> {
    let ((org_id, app), caller) = (ids(&sigma, &names).await?, admin.caller.clone());
    require_whole(&admin, &org_id)?;
    let remove = move |tx: &mut dyn Tx| {
        let read = |tx: &mut dyn Tx| Ok(AdminLink::from(&links::find(tx, &caller, &org_id, &app)?));
        conditions.require(tx, &[Owner::Org(&org_id)], read)?;
        links::remove(tx, &caller, &org_id, &app)
    };
    admin.store(&sigma).decide(remove).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn ids(sigma: &AppState, (org, app): &(String, String)) -> Result<(OrgId, AppRef), AdminError> {
    let app = AppRef::parse(app).ok_or(AdminError::Refused(OperatorRefusal::NotFound))?;
    Ok((named(sigma, org).await?, app))
}
