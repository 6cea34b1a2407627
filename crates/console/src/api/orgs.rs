//! `/api/admin/v1/orgs`: the orgs, or those that a search finds, and new ones.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sigma_core::ids::OrgId;
use sigma_core::org::text;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::orgs::{self, Wanted};
use sigma_store::org::Org;
use utoipa::ToSchema;

use super::POLICY;
use super::body::Body;
use super::caller::{Admin, Reads, Writes};
use super::error::AdminError;
use super::list::{ListQuery, Listed};
use super::org::slug;
use crate::new_org::new_org;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::new(POLICY, routes!(list)), Endpoint::new(POLICY, routes!(add))]
}

/// An org.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminOrg {
    id: String,
    /// Its name in addresses and commands.
    slug: Option<String>,
    name: String,
    /// Whether people outside can accept its merits.
    verified: bool,
    /// Whether its members need a second factor.
    require_second_factor: bool,
    /// Whether members marked for it may use quick logins, where the server allows them.
    quick_logins: bool,
    created_at: String,
    updated_at: String,
}

impl From<&Org> for AdminOrg {
    fn from(org: &Org) -> Self {
        Self {
            id: org.id.to_string(),
            slug: org.slug.as_ref().map(ToString::to_string),
            name: org.name.clone(),
            verified: org.verified,
            require_second_factor: org.require_second_factor,
            quick_logins: org.quick_logins,
            created_at: org.created_at.to_string(),
            updated_at: org.updated_at.to_string(),
        }
    }
}

/// Lists the orgs, oldest first, or finds some: by a whole id or slug, else by a part of the name.
#[utoipa::path(
    get,
    path = "/api/admin/v1/orgs",
    operation_id = "adminListOrgs",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:orgs:read"])),
    params(
        ("q" = Option<String>, Query, description = "An id, a slug, or a part of a name"),
        ("limit" = Option<u32>, Query, description = "Default 50, at most 200"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of orgs", body = Listed<AdminOrg>),
        (status = 400, description = "A malformed parameter or body, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn list(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    query: ListQuery,
) -> Result<Json<Listed<AdminOrg>>, AdminError> {
    let (caller, after, limit) = (admin.caller, query.after_id(OrgId::parse)?, query.one_more());
    let wanted = match query.get("q") {
        Some(text) => Wanted::Named(text.trim().chars().take(254).collect(), after),
        None => Wanted::All(after),
    };
    let found = sigma.store.look_up(move |tx| orgs::list(tx, &caller, &wanted, limit)).await?;
    Ok(Json(query.listed(found, |org| org.id.to_string())))
}

/// A new org.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAdminOrg {
    name: String,
    /// Its name in addresses and commands; none if it is left out.
    slug: Option<String>,
}

/// Creates an org, with the roles `Admin` and `Member`.
#[utoipa::path(
    post,
    path = "/api/admin/v1/orgs",
    operation_id = "adminAddOrg",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:orgs:write"])),
    request_body = NewAdminOrg,
    responses(
        (status = 201, description = "The org", body = AdminOrg),
        (status = 400, description = "A malformed body, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 409, description = "Another org has or had the slug"),
    )
)]
async fn add(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    Body(body): Body<NewAdminOrg>,
) -> Result<(StatusCode, Json<AdminOrg>), AdminError> {
    let name = text::name(&body.name).map_err(|problem| AdminError::malformed(format!("name {problem}")))?;
    let slug = body.slug.as_deref().map(slug).transpose()?.flatten();
    let new = new_org(&sigma, name, slug)?;
    let caller = admin.caller.clone();
    let made = admin.store(&sigma).decide(move |tx| orgs::add(tx, &caller, &new)).await?;
    Ok((StatusCode::CREATED, Json(AdminOrg::from(&made))))
}
