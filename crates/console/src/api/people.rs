//! `GET /api/admin/v1/people`: everybody, newest first, or whom a search finds.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use sigma_core::ids::UserId;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::people::{self, Wanted};
use sigma_store::user::User;
use utoipa::ToSchema;

use super::POLICY;
use super::caller::{Admin, Reads};
use super::error::AdminError;
use super::list::{ListQuery, Listed};

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(list))
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
