//! `/api/admin/v1/orgs/{org}/members` and `/admins/{user}`: the members of an org, and who administers it.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use sigma_core::email;
use sigma_core::ids::UserId;
use sigma_core::operator::OperatorRefusal;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::orgs::{self, MemberLine};
use sigma_store::org::membership::MemberPlace;
use sigma_store::{Owner, Tx};
use utoipa::ToSchema;

use super::POLICY;
use super::caller::{Admin, Reads, Writes};
use super::conditions::{Conditions, Tagged};
use super::error::AdminError;
use super::list::{ListQuery, Listed};
use super::org::named;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 4] {
    [
        Endpoint::new(POLICY, routes!(list)),
        Endpoint::new(POLICY, routes!(show)),
        Endpoint::new(POLICY, routes!(give)),
        Endpoint::new(POLICY, routes!(take)),
    ]
}

/// A member of an org.
#[derive(Debug, Serialize, ToSchema)]
struct AdminMember {
    /// The id of the account; of an invitation that was not accepted yet, its own.
    id: String,
    name: String,
    email: Option<String>,
    role_id: String,
    /// The name of the role.
    role: String,
    /// Whether the role administers the org.
    admin: bool,
    /// `invited`, `active` or `inactive`.
    status: &'static str,
    /// Whether the account is disabled everywhere.
    disabled: bool,
    created_at: String,
}

impl From<&MemberLine> for AdminMember {
    fn from(line: &MemberLine) -> Self {
        let member = &line.member;
        Self {
            id: member.user_id.to_string(),
            name: member.name.clone(),
            email: member.email.clone(),
            role_id: member.role_id.to_string(),
            role: line.role.clone(),
            admin: line.is_admin,
            status: member.state.as_str(),
            disabled: member.disabled,
            created_at: member.created_at.to_string(),
        }
    }
}

/// Lists the members of an org, roughly in the order of joining, or finds one by a whole e-mail address.
#[utoipa::path(
    get,
    path = "/api/admin/v1/orgs/{org}/members",
    operation_id = "adminListOrgMembers",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:orgs:read"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("q" = Option<String>, Query, description = "An e-mail address"),
        ("limit" = Option<u32>, Query, description = "Default 50, at most 200"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of members", body = Listed<AdminMember>),
        (status = 400, description = "A malformed parameter or body, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org"),
    )
)]
async fn list(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    Path(id): Path<String>,
    query: ListQuery,
) -> Result<Json<Listed<AdminMember>>, AdminError> {
    let after = query.parsed("after", "after must be the next of a page before", MemberPlace::parse)?;
    let searched = query.get("q").map(|text| email::fold(text.trim()));
    let (id, caller, limit) = (named(&sigma, &id).await?, admin.caller, query.one_more());
    let found =
        sigma.store.look_up(move |tx| orgs::members(tx, &caller, &id, (searched.as_deref(), after.as_ref()), limit));
    Ok(Json(query.listed(found.await?, |line| line.member.place().to_string())))
}

/// Returns a member of an org.
#[utoipa::path(
    get,
    path = "/api/admin/v1/orgs/{org}/members/{user}",
    operation_id = "adminShowOrgMember",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:orgs:read"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("user" = String, Path, description = "The id of the member"),
        ("If-None-Match" = Option<String>, Header, description = "Tags of versions that the caller has"),
    ),
    responses(
        (status = 200, description = "The member", body = AdminMember,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 304, description = "It is of a version that `If-None-Match` names"),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org or member"),
    )
)]
async fn show(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    conditions: Conditions,
    Path((org, user)): Path<(String, String)>,
) -> Result<Response, AdminError> {
    let (org_id, user_id, caller) = (named(&sigma, &org).await?, UserId::from_text(user), admin.caller);
    let line = sigma.store.look_up(move |tx| orgs::member(tx, &caller, &org_id, &user_id)).await?;
    Ok(conditions.show(AdminMember::from(&line)))
}

/// Makes a person an admin of an org, a member first if they are none. Repeating it changes nothing.
#[utoipa::path(
    put,
    path = "/api/admin/v1/orgs/{org}/admins/{user}",
    operation_id = "adminGiveOrgAdmin",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:orgs:write"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("user" = String, Path, description = "The id of the person"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions of the member that may be changed"),
    ),
    responses(
        (status = 412, description = "The member is of another version than `If-Match` names"),
        (status = 200, description = "The member, now an admin", body = AdminMember,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 400, description = "A malformed parameter or body, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org or person"),
        (status = 409, description = "The person has an open invitation, or the org has no such role"),
    )
)]
async fn give(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(names): Path<(String, String)>,
) -> Result<Tagged<AdminMember>, AdminError> {
    set(&sigma, &admin, conditions, &names, true).await
}

/// Makes an admin of an org an ordinary member, unless nobody else administers it. Repeating it changes nothing.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/orgs/{org}/admins/{user}",
    operation_id = "adminTakeOrgAdmin",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:orgs:write"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("user" = String, Path, description = "The id of the person"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions of the member that may be changed"),
    ),
    responses(
        (status = 412, description = "The member is of another version than `If-Match` names"),
        (status = 200, description = "The member, no admin any more", body = AdminMember,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 400, description = "A malformed parameter or body, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org or member"),
        (status = 409, description = "Nobody would be left, or the org has no role that manages nothing"),
    )
)]
async fn take(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(names): Path<(String, String)>,
) -> Result<Tagged<AdminMember>, AdminError> {
    set(&sigma, &admin, conditions, &names, false).await
}

async fn set(
    sigma: &AppState,
    admin: &Admin<Writes>,
    conditions: Conditions,
    (org, user): &(String, String),
    is_admin: bool,
) -> Result<Tagged<AdminMember>, AdminError> {
    let user_id = UserId::parse(user).ok_or(AdminError::Refused(OperatorRefusal::NotFound))?;
    let (org_id, caller, now) = (named(sigma, org).await?, admin.caller.clone(), sigma.now());
    let set = move |tx: &mut dyn Tx| {
        let owners = [Owner::Org(&org_id), Owner::User(&user_id)];
        let read = |tx: &mut dyn Tx| Ok(AdminMember::from(&orgs::member(tx, &caller, &org_id, &user_id)?));
        conditions.require(tx, &owners, read)?;
        orgs::set_admin(tx, &caller, (&org_id, &user_id), is_admin, now)?;
        read(tx)
    };
    Ok(Tagged(admin.store(sigma).decide(set).await?))
}
