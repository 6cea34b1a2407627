//! `/api/admin/v1/orgs/{org}/directories`: the connections of the directories that provision the people of an org.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sigma_core::ids::{OrgId, ScimConnectionId};
use sigma_core::operator::OperatorRefusal;
use sigma_core::org::text;
use sigma_core::scim::ScimToken;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::directories::{self, DirectoryLine};
use sigma_store::scim::connection::OldToken;
use sigma_store::{Owner, Stop, Tx};
use utoipa::ToSchema;

use super::POLICY;
use super::body::Body;
use super::caller::{Admin, Reads, Writes};
use super::conditions::Conditions;
use super::error::AdminError;
use super::org::named;
use crate::org_access::{new_directory, scim_url};

/// The name of the role that people get unless it is said.
const ROLE: &str = "Member";

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 5] {
    [
        Endpoint::new(POLICY, routes!(list)),
        Endpoint::new(POLICY, routes!(connect)),
        Endpoint::new(POLICY, routes!(show)),
        Endpoint::new(POLICY, routes!(rotate)),
        Endpoint::new(POLICY, routes!(end)),
    ]
}

/// A connection, without its token.
#[derive(Debug, Serialize, ToSchema)]
struct AdminDirectory {
    id: String,
    name: String,
    /// The role of people whom no group gives another.
    role_id: String,
    /// Whether groups give the roles that are called like them.
    groups_give_roles: bool,
    created_at: String,
    /// When it last got another token.
    rotated_at: Option<String>,
    /// When it was last used, about a minute late.
    last_used_at: Option<String>,
    /// Who made it or gave it its token, if that was a person.
    made_by: Option<String>,
    /// Whether that person does not administer the org any more, and may have kept the token.
    maker_left: bool,
}

impl From<&DirectoryLine> for AdminDirectory {
    fn from(line: &DirectoryLine) -> Self {
        let connection = &line.connection;
        Self {
            id: connection.id.to_string(),
            name: connection.name.clone(),
            role_id: connection.role_id.to_string(),
            groups_give_roles: connection.maps_roles,
            created_at: connection.created_at.to_string(),
            rotated_at: connection.rotated_at.map(|at| at.to_string()),
            last_used_at: connection.last_used_at.map(|at| at.to_string()),
            made_by: connection.made_by.as_ref().map(ToString::to_string),
            maker_left: line.maker.as_ref().is_some_and(|maker| !maker.may_still),
        }
    }
}

/// The connections of an org, oldest first.
#[derive(Debug, Serialize, ToSchema)]
struct AdminDirectories {
    /// All of them: an org has few.
    items: Vec<AdminDirectory>,
}

/// Lists the directories that provision the people of an org.
#[utoipa::path(
    get,
    path = "/api/admin/v1/orgs/{org}/directories",
    operation_id = "adminListOrgDirectories",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:orgs:read"])),
    params(("org" = String, Path, description = "The id or the slug of the org")),
    responses(
        (status = 200, description = "The connections", body = AdminDirectories),
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
) -> Result<Json<AdminDirectories>, AdminError> {
    let (org_id, caller) = (named(&sigma, &org).await?, admin.caller);
    let found = sigma.store.look_up(move |tx| directories::list(tx, &caller, &org_id)).await?;
    Ok(Json(AdminDirectories { items: found.iter().map(AdminDirectory::from).collect() }))
}

/// The directory to connect.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAdminDirectory {
    /// The display name, at most 100 characters.
    name: String,
    /// The name or id of the role of people whom no group gives another; `Member` by default.
    role: Option<String>,
    /// Whether groups give the roles that are called like them.
    #[serde(default)]
    groups_give_roles: bool,
}

/// A connection that was just given a token.
#[derive(Debug, Serialize, ToSchema)]
struct ConnectedAdminDirectory {
    #[serde(flatten)]
    described: AdminDirectory,
    /// Where the directory sends its requests.
    url: String,
    /// The token, shown this once.
    token: String,
}

impl ConnectedAdminDirectory {
    fn of(sigma: &AppState, line: &DirectoryLine, token: &ScimToken) -> Self {
        Self { described: AdminDirectory::from(line), url: scim_url(sigma), token: token.expose().to_owned() }
    }
}

/// Connects a directory that provisions the people of an org. Its token is shown this once: whoever holds it does to the members what an
/// admin of the org can.
#[utoipa::path(
    post,
    path = "/api/admin/v1/orgs/{org}/directories",
    operation_id = "adminConnectOrgDirectory",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:orgs:write"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
    ),
    request_body = NewAdminDirectory,
    responses(
        (status = 201, description = "The connection", body = ConnectedAdminDirectory),
        (status = 400, description = "A malformed body, or a member that is refused: `field` names it"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, the role does not reach, or the org is the operator's"),
        (status = 404, description = "There is no such org"),
        (status = 409, description = "The org has no such role, or as many directories as it may"),
    )
)]
async fn connect(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    Path(org): Path<String>,
    Body(body): Body<NewAdminDirectory>,
) -> Result<(StatusCode, Json<ConnectedAdminDirectory>), AdminError> {
    let words = "must have between 1 and 100 visible characters";
    let name = text::name(&body.name).map_err(|_| AdminError::Setting("name", words))?;
    let (org_id, caller, now) = (named(&sigma, &org).await?, admin.caller.clone(), sigma.now());
    let (new, token) = new_directory(&sigma, name, body.groups_give_roles);
    let role = body.role.unwrap_or_else(|| ROLE.to_owned());
    let add = move |tx: &mut dyn Tx| directories::add(tx, &caller, &org_id, (new.clone(), &role), now);
    let made = admin.store(&sigma).decide(add).await.map_err(|stop| match stop {
        Stop::Refused(no_role @ OperatorRefusal::NoRole) => AdminError::NewPerson(no_role, "role"),
        stop => stop.into(),
    })?;
    Ok((StatusCode::CREATED, Json(ConnectedAdminDirectory::of(&sigma, &made, &token))))
}

/// Returns a directory that provisions the people of an org.
#[utoipa::path(
    get,
    path = "/api/admin/v1/orgs/{org}/directories/{directory}",
    operation_id = "adminShowOrgDirectory",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:orgs:read"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("directory" = String, Path, description = "The id of the connection"),
        ("If-None-Match" = Option<String>, Header, description = "Tags of versions that the caller has"),
    ),
    responses(
        (status = 200, description = "The connection", body = AdminDirectory,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 304, description = "It is of a version that `If-None-Match` names"),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org or connection"),
    )
)]
async fn show(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    conditions: Conditions,
    Path(names): Path<(String, String)>,
) -> Result<Response, AdminError> {
    let ((org_id, id), caller) = (ids(&sigma, &names).await?, admin.caller);
    let found = sigma.store.look_up(move |tx| directories::find(tx, &caller, &org_id, &id)).await?;
    Ok(conditions.show(AdminDirectory::from(&found)))
}

/// What becomes of the present token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AdminRotation {
    /// Whether it ends at once, because somebody may have kept it; otherwise it works for another 24 hours.
    #[serde(default)]
    end_old: bool,
}

/// Gives a directory another token, which is shown this once. One that was replaced before ends.
#[utoipa::path(
    post,
    path = "/api/admin/v1/orgs/{org}/directories/{directory}/rotate",
    operation_id = "adminRotateOrgDirectory",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:orgs:write"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("directory" = String, Path, description = "The id of the connection"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    request_body = AdminRotation,
    responses(
        (status = 200, description = "The connection", body = ConnectedAdminDirectory),
        (status = 412, description = "It is of another version than `If-Match` names"),
        (status = 400, description = "A malformed body or parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org or connection"),
    )
)]
async fn rotate(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(names): Path<(String, String)>,
    Body(body): Body<AdminRotation>,
) -> Result<Json<ConnectedAdminDirectory>, AdminError> {
    let ((org_id, id), caller, now) = (ids(&sigma, &names).await?, admin.caller.clone(), sigma.now());
    let token = ScimToken::generate(&*sigma.rng);
    let (hash, old) = (token.digest(), if body.end_old { OldToken::Ends } else { OldToken::Overlaps });
    let rotate = move |tx: &mut dyn Tx| {
        let read = |tx: &mut dyn Tx| Ok(AdminDirectory::from(&directories::find(tx, &caller, &org_id, &id)?));
        conditions.require(tx, &[Owner::Org(&org_id)], read)?;
        directories::rotate(tx, &caller, (&org_id, &id), (hash, old), now)
    };
    let rotated = admin.store(&sigma).decide(rotate).await?;
    Ok(Json(ConnectedAdminDirectory::of(&sigma, &rotated, &token)))
}

/// Ends a directory: its tokens stop working at once. The people whom it provisioned stay members.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/orgs/{org}/directories/{directory}",
    operation_id = "adminEndOrgDirectory",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:orgs:write"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("directory" = String, Path, description = "The id of the connection"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be ended"),
    ),
    responses(
        (status = 204, description = "It has ended"),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org or connection"),
        (status = 412, description = "It is of another version than `If-Match` names"),
    )
)]
async fn end(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(names): Path<(String, String)>,
) -> Result<StatusCode, AdminError> {
    let ((org_id, id), caller) = (ids(&sigma, &names).await?, admin.caller.clone());
    let end = move |tx: &mut dyn Tx| {
        let read = |tx: &mut dyn Tx| Ok(AdminDirectory::from(&directories::find(tx, &caller, &org_id, &id)?));
        conditions.require(tx, &[Owner::Org(&org_id)], read)?;
        directories::end(tx, &caller, &org_id, &id)
    };
    admin.store(&sigma).decide(end).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn ids(sigma: &AppState, (org, directory): &(String, String)) -> Result<(OrgId, ScimConnectionId), AdminError> {
    let id = ScimConnectionId::parse(directory).ok_or(AdminError::Refused(OperatorRefusal::NotFound))?;
    Ok((named(sigma, org).await?, id))
}
