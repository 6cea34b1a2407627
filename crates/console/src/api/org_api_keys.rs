//! `/api/admin/v1/orgs/{org}/api-keys`: the keys of an org's servers.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sigma_core::ids::{ApiKeyId, OrgId};
use sigma_core::org::{ApiKeyDraft, ApiKeyProblem};
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::api_keys;
use sigma_store::org::api_key::ApiKey;
use sigma_store::{Owner, Tx};
use utoipa::ToSchema;

use super::POLICY;
use super::body::Body;
use super::caller::{Admin, Reads, Writes};
use super::conditions::{Conditions, Tagged};
use super::error::AdminError;
use super::events::moment;
use super::list::{ListQuery, Listed};
use super::org::{named, require_whole};
use crate::org_access::new_api_key;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 5] {
    [
        Endpoint::new(POLICY, routes!(list)),
        Endpoint::new(POLICY, routes!(add)),
        Endpoint::new(POLICY, routes!(show)),
        Endpoint::new(POLICY, routes!(deactivate)),
        Endpoint::new(POLICY, routes!(remove)),
    ]
}

/// An API key, without the key itself.
#[derive(Debug, Serialize, ToSchema)]
struct AdminApiKey {
    id: String,
    name: String,
    /// `read`, `update-data`, `delete-data`, `update-model`, `delete-model`.
    permissions: Vec<&'static str>,
    /// Whether it was not deactivated; it may still have expired.
    active: bool,
    /// Who made it; null for the operator.
    made_by: Option<AdminKeyMaker>,
    created_at: String,
    /// When it was last used, about a minute late.
    last_used_at: Option<String>,
    expires_at: Option<String>,
}

/// A person, or another key.
#[derive(Debug, Serialize, ToSchema)]
struct AdminKeyMaker {
    id: String,
    /// Their name when they made it.
    name: String,
}

impl From<&ApiKey> for AdminApiKey {
    fn from(key: &ApiKey) -> Self {
        let maker = key.made_by.as_ref();
        Self {
            id: key.id.to_string(),
            name: key.name.clone(),
            permissions: key.permissions.names(),
            active: key.active,
            made_by: maker.map(|maker| AdminKeyMaker { id: maker.id.as_str().to_owned(), name: maker.name.clone() }),
            created_at: key.created_at.to_string(),
            last_used_at: key.last_used_at.map(|at| at.to_string()),
            expires_at: key.expires_at.map(|at| at.to_string()),
        }
    }
}

/// A key that was just made.
#[derive(Debug, Serialize, ToSchema)]
struct MadeAdminApiKey {
    #[serde(flatten)]
    described: AdminApiKey,
    /// The key, shown this once.
    key: String,
}

/// Lists the API keys of an org, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/v1/orgs/{org}/api-keys",
    operation_id = "adminListOrgApiKeys",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:orgs:read"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("limit" = Option<u32>, Query, description = "Default 50, at most 200"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of keys", body = Listed<AdminApiKey>),
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
    query: ListQuery,
) -> Result<Json<Listed<AdminApiKey>>, AdminError> {
    let after = query.get("after").map(ApiKeyId::from_text);
    let (org_id, caller, limit) = (named(&sigma, &org).await?, admin.caller, query.one_more());
    let found = sigma.store.look_up(move |tx| api_keys::list(tx, &caller, &org_id, after.as_ref(), limit)).await?;
    Ok(Json(query.listed(found, |key| key.id.to_string())))
}

/// The key to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAdminApiKey {
    /// The display name, at most 100 characters.
    name: String,
    /// One or more of `read`, `update-data`, `delete-data`, `update-model` and `delete-model`. A key with all of them manages the org's
    /// members, roles and keys.
    permissions: Vec<String>,
    /// When it stops working, RFC 3339; never unless you say so.
    expires_at: Option<String>,
}

/// Makes an API key for a server of an org; the key is shown this once. It is nobody's in the org, as one that `sigma api-key add` makes.
#[utoipa::path(
    post,
    path = "/api/admin/v1/orgs/{org}/api-keys",
    operation_id = "adminAddOrgApiKey",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:orgs:write"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
    ),
    request_body = NewAdminApiKey,
    responses(
        (status = 201, description = "The key", body = MadeAdminApiKey),
        (status = 400, description = "A malformed body, or a member that is refused: `field` names it"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org"),
        (status = 409, description = "The org has as many keys as its quota allows"),
    )
)]
async fn add(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    Path(org): Path<String>,
    Body(body): Body<NewAdminApiKey>,
) -> Result<(StatusCode, Json<MadeAdminApiKey>), AdminError> {
    let (org_id, caller, now) = (named(&sigma, &org).await?, admin.caller.clone(), sigma.now());
    require_whole(&admin, &org_id)?;
    let wrong = AdminError::Setting("expires_at", "a time as RFC 3339 writes it");
    let expires_at = body.expires_at.as_deref().map(|text| moment(text).ok_or(wrong)).transpose()?;
    let draft = ApiKeyDraft::new(&body.name, body.permissions.iter().map(String::as_str), expires_at, now);
    let draft = draft.map_err(|problem| match problem {
        ApiKeyProblem::Name(_) => AdminError::Setting("name", "must have between 1 and 100 visible characters"),
        ApiKeyProblem::Permissions => AdminError::Setting(
            "permissions",
            "one or more of read, update-data, delete-data, update-model and delete-model",
        ),
        ApiKeyProblem::Expired => AdminError::Setting("expires_at", "must be in the future"),
    })?;
    let (new, secret) = new_api_key(&sigma, draft);
    let made = admin.store(&sigma).decide(move |tx| api_keys::add(tx, &caller, &org_id, &new, now)).await?;
    let made = MadeAdminApiKey { described: AdminApiKey::from(&made), key: secret.expose().to_owned() };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Returns an API key of an org, without the key itself.
#[utoipa::path(
    get,
    path = "/api/admin/v1/orgs/{org}/api-keys/{key}",
    operation_id = "adminShowOrgApiKey",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:orgs:read"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("key" = String, Path, description = "The id of the key"),
        ("If-None-Match" = Option<String>, Header, description = "Tags of versions that the caller has"),
    ),
    responses(
        (status = 200, description = "The key", body = AdminApiKey,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 304, description = "It is of a version that `If-None-Match` names"),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org or key"),
    )
)]
async fn show(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    conditions: Conditions,
    Path(names): Path<(String, String)>,
) -> Result<Response, AdminError> {
    let ((org_id, id), caller) = (ids(&sigma, &names).await?, admin.caller);
    let found = sigma.store.look_up(move |tx| api_keys::find(tx, &caller, &org_id, &id)).await?;
    Ok(conditions.show(AdminApiKey::from(&found)))
}

/// Deactivates an API key for good, along with the keys that it made. Repeating it changes nothing.
#[utoipa::path(
    post,
    path = "/api/admin/v1/orgs/{org}/api-keys/{key}/deactivate",
    operation_id = "adminDeactivateOrgApiKey",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:orgs:write"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("key" = String, Path, description = "The id of the key"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    responses(
        (status = 200, description = "The key, deactivated", body = AdminApiKey,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 412, description = "It is of another version than `If-Match` names"),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org or key"),
    )
)]
async fn deactivate(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(names): Path<(String, String)>,
) -> Result<Tagged<AdminApiKey>, AdminError> {
    let ((org_id, id), caller) = (ids(&sigma, &names).await?, admin.caller.clone());
    require_whole(&admin, &org_id)?;
    let deactivate = move |tx: &mut dyn Tx| {
        let read = |tx: &mut dyn Tx| Ok(AdminApiKey::from(&api_keys::find(tx, &caller, &org_id, &id)?));
        conditions.require(tx, &[Owner::Org(&org_id)], read)?;
        Ok(AdminApiKey::from(&api_keys::deactivate(tx, &caller, &org_id, &id)?))
    };
    Ok(Tagged(admin.store(&sigma).decide(deactivate).await?))
}

/// Removes an API key: it stops working, and so do the keys that it made.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/orgs/{org}/api-keys/{key}",
    operation_id = "adminRemoveOrgApiKey",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:orgs:write"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("key" = String, Path, description = "The id of the key"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be removed"),
    ),
    responses(
        (status = 204, description = "It is removed"),
        (status = 412, description = "It is of another version than `If-Match` names"),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org or key"),
    )
)]
async fn remove(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(names): Path<(String, String)>,
) -> Result<StatusCode, AdminError> {
    let ((org_id, id), caller) = (ids(&sigma, &names).await?, admin.caller.clone());
    require_whole(&admin, &org_id)?;
    let remove = move |tx: &mut dyn Tx| {
        let read = |tx: &mut dyn Tx| Ok(AdminApiKey::from(&api_keys::find(tx, &caller, &org_id, &id)?));
        conditions.require(tx, &[Owner::Org(&org_id)], read)?;
        api_keys::remove(tx, &caller, &org_id, &id)
    };
    admin.store(&sigma).decide(remove).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn ids(sigma: &AppState, (org, key): &(String, String)) -> Result<(OrgId, ApiKeyId), AdminError> {
    Ok((named(sigma, org).await?, ApiKeyId::from_text(key.as_str())))
}
