//! `/api/admin/v1/people/{id}`: changing a person, retiring one of their credentials, and a copy of what is stored about them.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Map, Value};
use sigma_core::email::Email;
use sigma_core::operator::OperatorRefusal;
use sigma_core::org::text;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::mail::AccountChange;
use sigma_platform::state::AppState;
use sigma_store::operator::account::{self, PersonChange, Retired};
use sigma_store::{Stop, Tx};
use utoipa::ToSchema;

use super::POLICY;
use super::body::Body;
use super::caller::{Admin, Reads, Writes};
use super::conditions::{Conditions, Tagged};
use super::error::AdminError;
use super::person::{AdminPersonDetails, Wanted};
use crate::new_person::Problem;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::new(POLICY, routes!(change)),
        Endpoint::new(POLICY, routes!(retire)),
        Endpoint::new(POLICY, routes!(export)),
    ]
}

/// A change of a person; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AdminPersonChange {
    /// The display name, at most 100 characters.
    name: Option<String>,
    /// An address that the caller vouches for, so that it counts as verified. It becomes the primary one; the others are kept.
    email: Option<String>,
}

impl AdminPersonChange {
    fn checked(&self) -> Result<PersonChange, AdminError> {
        let wrong = |problem: Problem| AdminError::Setting(problem.field(), problem.words());
        let name = self.name.as_deref().map(text::name).transpose().map_err(|_| wrong(Problem::Name))?;
        let email = self.email.as_deref().map(|email| Email::parse(email.trim())).transpose();
        Ok(PersonChange { name, email: email.map_err(|_| wrong(Problem::Email))?, notices: Vec::new() })
    }
}

/// Changes the name or the primary address of a person, but never of the caller. They are told of another address at the one that they
/// had. Repeating it changes nothing. The address of somebody with a role takes `sigma:admin:write`.
#[utoipa::path(
    patch,
    path = "/api/admin/v1/people/{id}",
    operation_id = "adminChangePerson",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:people:write"])),
    params(
        ("id" = String, Path, description = "The id of the person"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    request_body = AdminPersonChange,
    responses(
        (status = 200, description = "The person, changed", body = AdminPersonDetails,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 400, description = "A malformed body, or a member that is refused: `field` names it"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, the role does not reach, or it is the account of the caller"),
        (status = 404, description = "There is no such person"),
        (status = 409, description = "Another account has the address"),
        (status = 412, description = "They are of another version than `If-Match` names"),
    )
)]
async fn change(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(id): Path<String>,
    Body(body): Body<AdminPersonChange>,
) -> Result<Tagged<AdminPersonDetails>, AdminError> {
    let (wanted, mut change, reach) = (Wanted::new(&sigma, &admin.caller, &id)?, body.checked()?, admin.reach());
    if change.email.is_some()
        && let Some(account) = sigma.find_account(&wanted.user_id).await?
    {
        change.notices = sigma.notices(&account.user, AccountChange::PrimaryChanged)?;
    }
    let change = move |tx: &mut dyn Tx| {
        wanted.require(tx, &conditions)?;
        account::change(tx, (&wanted.caller, &reach), &wanted.user_id, &change, wanted.now)?;
        wanted.read(tx)
    };
    let changed = admin.store(&sigma).decide(change).await.map_err(|stop| match stop {
        Stop::Refused(taken @ OperatorRefusal::AddressTaken) => AdminError::NewPerson(taken, "email"),
        stop => stop.into(),
    })?;
    sigma.mail_was_promised();
    Ok(Tagged(changed))
}

/// The credential to retire.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Retiring {
    /// Its `id`, or its `kind` if the person has only one of it.
    credential: String,
}

/// Retires a credential of a person: nobody signs in with it any more, and every session ends. The last way to sign in stays.
#[utoipa::path(
    post,
    path = "/api/admin/v1/people/{id}/credentials/retire",
    operation_id = "adminRetireCredential",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:people:write"])),
    params(
        ("id" = String, Path, description = "The id of the person"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    request_body = Retiring,
    responses(
        (status = 200, description = "The person, without it", body = AdminPersonDetails,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 400, description = "A malformed body, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, the role does not reach, or it is the account of the caller"),
        (status = 404, description = "There is no such person or credential"),
        (status = 409, description = "The person has several of the kind, or it is the last way to sign in"),
        (status = 412, description = "They are of another version than `If-Match` names"),
    )
)]
async fn retire(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(id): Path<String>,
    Body(body): Body<Retiring>,
) -> Result<Tagged<AdminPersonDetails>, AdminError> {
    let wanted = Wanted::new(&sigma, &admin.caller, &id)?;
    let retire = move |tx: &mut dyn Tx| {
        wanted.require(tx, &conditions)?;
        let retired = account::retire(tx, &wanted.caller, &wanted.user_id, &body.credential, wanted.now)?;
        Ok((retired, wanted.read(tx)?))
    };
    match admin.store(&sigma).decide(retire).await? {
        (Retired::Done, person) => Ok(Tagged(person)),
        (Retired::Several, _) => Err(AdminError::SeveralCredentials),
        (Retired::LastOne, _) => Err(AdminError::LastCredential),
    }
}

/// Returns everything that is stored about a person, without secrets, as they get it themselves. They see in their activity that it was
/// taken.
#[utoipa::path(
    get,
    path = "/api/admin/v1/people/{id}/export",
    operation_id = "adminExportPerson",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:people:read"])),
    params(("id" = String, Path, description = "The id of the person")),
    responses(
        (status = 200, description = "An object with a member for each kind of thing that is stored", body = Object),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such person"),
    )
)]
async fn export(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    Path(id): Path<String>,
) -> Result<Json<Map<String, Value>>, AdminError> {
    let wanted = Wanted::new(&sigma, &admin.caller, &id)?;
    let copy = move |tx: &mut dyn Tx| account::copy(tx, &wanted.caller, &wanted.user_id);
    Ok(Json(admin.store(&sigma).decide(copy).await?))
}
