//! `/api/admin/v1/people`: everybody, newest first, or whom a search finds; and new people.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sigma_core::admin_scope::AdminArea;
use sigma_core::ids::UserId;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::people::{self, Wanted};
use sigma_store::user::User;
use utoipa::ToSchema;

use super::POLICY;
use super::body::Body;
use super::caller::{Admin, Reads, Writes};
use super::error::AdminError;
use super::list::{ListQuery, Listed};
use crate::new_person::{Asked, NewPersonError, PasswordBy, Problem, create};

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::new(POLICY, routes!(list)), Endpoint::new(POLICY, routes!(add))]
}

/// A person.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminPerson {
    /// `sub` in tokens.
    pub id: String,
    pub name: String,
    /// The primary address.
    pub email: Option<String>,
    /// Whether that address is known to be theirs.
    pub email_verified: bool,
    /// The account's first key, hex.
    pub pubkey: Option<String>,
    pub disabled: bool,
    /// RFC 3339.
    pub created_at: String,
}

impl From<&User> for AdminPerson {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.to_string(),
            name: user.name.clone(),
            email: user.email.clone(),
            email_verified: user.email_verified,
            pubkey: user.pubkey.map(|key| key.to_hex()),
            disabled: user.disabled,
            created_at: user.created_at.to_string(),
        }
    }
}

/// Lists people, newest first, or finds some: by a whole id, e-mail address or public key, else by a part of the name or of an address.
#[utoipa::path(
    get,
    path = "/api/admin/v1/people",
    operation_id = "adminListPeople",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:people:read"])),
    params(
        ("q" = Option<String>, Query, description = "An id, an e-mail address, a public key, or a part of a name or of an address"),
        ("limit" = Option<u32>, Query, description = "Default 50, at most 200"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of people", body = Listed<AdminPerson>),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn list(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    query: ListQuery,
) -> Result<Json<Listed<AdminPerson>>, AdminError> {
    let after = query.parsed("after", "after must be an id", UserId::parse)?;
    let wanted = match query.get("q") {
        Some(text) => Wanted::Named(text.trim().chars().take(254).collect(), after),
        None => Wanted::All(after),
    };
    let (caller, limit) = (admin.caller, query.one_more());
    let found = sigma.store.look_up(move |tx| people::list(tx, &caller, &wanted, limit)).await?;
    Ok(Json(query.listed(found, |user| user.id.to_string())))
}

/// A new person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAdminPerson {
    /// Their address, which counts as verified: whoever creates the account vouches for it.
    email: String,
    /// Their name; by default the part of the address before the @.
    name: Option<String>,
    /// The id or slug of an org that they become a member of.
    org: Option<String>,
    /// The name or id of their role there; `Member` by default.
    role: Option<String>,
    /// How they get a password: by a link that is mailed to them, `mail`, which is the default; by one that is shown in the answer,
    /// `show`; or not at all, `none`.
    link: Option<String>,
}

/// A person who was created.
#[derive(Debug, Serialize, ToSchema)]
struct AddedAdminPerson {
    #[serde(flatten)]
    person: AdminPerson,
    /// The org that they are a member of.
    #[serde(skip_serializing_if = "Option::is_none")]
    org: Option<String>,
    /// The name of their role there.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    /// Where the password is set, once, by anyone who has the link; shown only now.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link_expires_at: Option<String>,
}

/// Creates an account with an address that the caller vouches for. With `org`, which also needs `sigma:admin:orgs:write`, the person
/// becomes a member there.
#[utoipa::path(
    post,
    path = "/api/admin/v1/people",
    operation_id = "adminAddPerson",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:people:write"])),
    request_body = NewAdminPerson,
    responses(
        (status = 201, description = "The person", body = AddedAdminPerson),
        (status = 400, description = "A malformed body, or a member that is refused: `field` names it"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks a scope, the role does not reach, or the org is the operator's"),
        (status = 404, description = "There is no such org"),
        (status = 409, description = "Another account has the address, the address was invited to the org, the org has no such role or no room, \
            or the server takes no passwords"),
    )
)]
async fn add(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    Body(body): Body<NewAdminPerson>,
) -> Result<(StatusCode, Json<AddedAdminPerson>), AdminError> {
    if body.org.is_some() && !admin.reach().may_write(AdminArea::Orgs) {
        return Err(AdminError::Forbidden("A member of an org needs a token with the scope sigma:admin:orgs:write"));
    }
    let by = match body.link.as_deref() {
        None | Some("mail") => PasswordBy::Mail,
        Some("show") => PasswordBy::Shown,
        Some("none") => PasswordBy::Nothing,
        Some(_) => return Err(AdminError::Invalid("link must be mail, show or none")),
    };
    let asked = Asked {
        email: &body.email,
        name: body.name.as_deref(),
        org: body.org.as_deref(),
        role: body.role.as_deref(),
        by,
    };
    let made = create(&sigma, &admin.store(&sigma), &admin.caller, &asked).await?;
    let (org, role) = made.joined.map(|joined| (joined.org_id.to_string(), joined.role)).unzip();
    let (link, link_expires_at) = made.link.map(|(url, until)| (url, until.to_string())).unzip();
    let added = AddedAdminPerson { person: AdminPerson::from(&made.user), org, role, link, link_expires_at };
    Ok((StatusCode::CREATED, Json(added)))
}

impl From<NewPersonError> for AdminError {
    fn from(error: NewPersonError) -> Self {
        match error {
            NewPersonError::Wrong(Problem::Passwords) => Self::NoPasswords,
            NewPersonError::Wrong(problem) => Self::Setting(problem.field(), problem.words()),
            NewPersonError::Refused(refusal, field) => Self::NewPerson(refusal, field),
            NewPersonError::Stopped(stop) => stop.into(),
            NewPersonError::Failed(error) => error.into(),
        }
    }
}
