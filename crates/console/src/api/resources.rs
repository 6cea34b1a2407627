//! `/api/admin/v1/resources`: the APIs that access tokens may be for, and what is done with them. Their URIs are percent-encoded in
//! paths.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use sigma_core::resource::{ResourceScope, ResourceSettings};
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::{Caller, Decision, resources};
use sigma_store::resource::manage::Managed;
use sigma_store::{Owner, Tx};
use utoipa::ToSchema;

use super::POLICY;
use super::body::Body;
use super::caller::{Admin, Reads, Writes};
use super::conditions::{Conditions, Tagged};
use super::error::AdminError;
use super::list::{ListQuery, Listed};

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 5] {
    [
        Endpoint::new(POLICY, routes!(list)),
        Endpoint::new(POLICY, routes!(add)),
        Endpoint::new(POLICY, routes!(show)),
        Endpoint::new(POLICY, routes!(change)),
        Endpoint::new(POLICY, routes!(remove)),
    ]
}

/// An API.
#[derive(Debug, Serialize, ToSchema)]
struct AdminResource {
    uri: String,
    name: String,
    /// The id of the org that owns it.
    org: String,
    scopes: Vec<ResourceScope>,
    /// Whether any app may request it with the user's consent.
    open: bool,
    /// The client ids of the apps that serve it.
    servers: Vec<String>,
    created_at: String,
}

impl From<&Managed> for AdminResource {
    fn from(managed: &Managed) -> Self {
        let resource = &managed.resource;
        Self {
            uri: resource.uri.clone(),
            name: resource.name.clone(),
            org: resource.org_id.to_string(),
            scopes: resource.scopes.clone(),
            open: resource.open,
            servers: managed.servers.clone(),
            created_at: resource.created_at.to_string(),
        }
    }
}

fn read(tx: &mut dyn Tx, caller: &Caller, uri: &str) -> Decision<AdminResource> {
    Ok(AdminResource::from(&resources::find(tx, caller, uri)?))
}

/// Lists the APIs, ordered by URI.
#[utoipa::path(
    get,
    path = "/api/admin/v1/resources",
    operation_id = "adminListResources",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:apps:read"])),
    params(
        ("limit" = Option<u32>, Query, description = "Default 50, at most 200"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of APIs", body = Listed<AdminResource>),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn list(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    query: ListQuery,
) -> Result<Json<Listed<AdminResource>>, AdminError> {
    let (caller, after, limit) = (admin.caller, query.get("after").unwrap_or_default().to_owned(), query.one_more());
    let found = sigma.store.look_up(move |tx| resources::list(tx, &caller, &after, limit)).await?;
    Ok(Json(query.listed(found, |managed: &Managed| managed.resource.uri.clone())))
}

/// Registers an API, for the operator's org unless the body names another.
#[utoipa::path(
    post,
    path = "/api/admin/v1/resources",
    operation_id = "adminAddResource",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:apps:write"])),
    request_body = ResourceSettings,
    responses(
        (status = 201, description = "The API", body = AdminResource),
        (status = 400, description = "A malformed body, or a setting that is refused: `field` names it"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 409, description = "The URI is registered"),
    )
)]
async fn add(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    Body(settings): Body<ResourceSettings>,
) -> Result<(StatusCode, Tagged<AdminResource>), AdminError> {
    let (caller, issuer, now) = (admin.caller.clone(), sigma.issuer().to_owned(), sigma.now());
    let added = admin.store(&sigma).decide(move |tx| resources::add(tx, &caller, &settings, &issuer, now)).await??;
    Ok((StatusCode::CREATED, Tagged(AdminResource::from(&added))))
}

/// Returns an API.
#[utoipa::path(
    get,
    path = "/api/admin/v1/resources/{uri}",
    operation_id = "adminShowResource",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:apps:read"])),
    params(
        ("uri" = String, Path, description = "The URI of the API, percent-encoded"),
        ("If-None-Match" = Option<String>, Header, description = "Tags of versions that the caller has"),
    ),
    responses(
        (status = 200, description = "The API", body = AdminResource,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 304, description = "It is of a version that `If-None-Match` names"),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such API"),
    )
)]
async fn show(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    conditions: Conditions,
    Path(uri): Path<String>,
) -> Result<Response, AdminError> {
    let caller = admin.caller;
    Ok(conditions.show(sigma.store.look_up(move |tx| read(tx, &caller, &uri)).await?))
}

/// Changes an API; what is left out stays, and an empty list means none. Repeating it changes nothing.
#[utoipa::path(
    patch,
    path = "/api/admin/v1/resources/{uri}",
    operation_id = "adminChangeResource",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:apps:write"])),
    params(
        ("uri" = String, Path, description = "The URI of the API, percent-encoded"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    request_body = ResourceSettings,
    responses(
        (status = 200, description = "The API, changed", body = AdminResource,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 412, description = "It is of another version than `If-Match` names"),
        (status = 400, description = "A malformed body, or a setting that is refused: `field` names it"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such API"),
    )
)]
async fn change(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(uri): Path<String>,
    Body(settings): Body<ResourceSettings>,
) -> Result<Tagged<AdminResource>, AdminError> {
    let caller = admin.caller.clone();
    let change = move |tx: &mut dyn Tx| {
        conditions.require(tx, &[Owner::Installation], |tx| read(tx, &caller, &uri))?;
        resources::change(tx, &caller, &uri, &settings)
    };
    Ok(Tagged(AdminResource::from(&admin.store(&sigma).decide(change).await??)))
}

/// Removes an API: no more tokens are issued for it.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/resources/{uri}",
    operation_id = "adminRemoveResource",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:apps:write"])),
    params(
        ("uri" = String, Path, description = "The URI of the API, percent-encoded"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    responses(
        (status = 204, description = "It is removed"),
        (status = 412, description = "It is of another version than `If-Match` names"),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such API"),
    )
)]
async fn remove(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(uri): Path<String>,
) -> Result<StatusCode, AdminError> {
    let caller = admin.caller.clone();
    let remove = move |tx: &mut dyn Tx| {
        conditions.require(tx, &[Owner::Installation], |tx| read(tx, &caller, &uri))?;
        resources::remove(tx, &caller, &uri)
    };
    admin.store(&sigma).decide(remove).await??;
    Ok(StatusCode::NO_CONTENT)
}
