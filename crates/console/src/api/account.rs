//! `/api/admin/v1/people/{id}/`: a link to get back into an account, its deletion, and its merge with another.

use std::sync::Arc;

use axum::extract::{Path, State};
use http::StatusCode;
use serde::Deserialize;
use sigma_core::operator::OperatorRefusal;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::account_deletion::Requested;
use sigma_store::operator::account::{Recovered, Recovery};
use utoipa::ToSchema;

use super::POLICY;
use super::body::Body;
use super::caller::{Admin, Writes};
use super::conditions::{Conditions, Tagged};
use super::error::AdminError;
use super::person::{AdminPersonDetails, Wanted};
use crate::account::{AccountError, Asking, Guard};

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 5] {
    [
        Endpoint::new(POLICY, routes!(reset)),
        Endpoint::new(POLICY, routes!(recover)),
        Endpoint::new(POLICY, routes!(delete)),
        Endpoint::new(POLICY, routes!(keep)),
        Endpoint::new(POLICY, routes!(merge)),
    ]
}

impl From<AccountError> for AdminError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Stopped(stop) => stop.into(),
            AccountError::Failed(error) => error.into(),
        }
    }
}

/// Where a link is sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RecoveryLink {
    /// A verified address of the person; the primary one by default.
    email: Option<String>,
}

/// Mails a person a link to set a new password. Nothing else changes.
#[utoipa::path(
    post,
    path = "/api/admin/v1/people/{id}/reset",
    operation_id = "adminResetPerson",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:people:write"])),
    params(
        ("id" = String, Path, description = "The id of the person"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    request_body = RecoveryLink,
    responses(
        (status = 412, description = "They are of another version than `If-Match` names"),
        (status = 202, description = "The link is on its way"),
        (status = 400, description = "A malformed body, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such person"),
        (status = 409, description = "No link reaches them, or three were sent within an hour"),
    )
)]
async fn reset(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(id): Path<String>,
    Body(body): Body<RecoveryLink>,
) -> Result<StatusCode, AdminError> {
    send(&sigma, &admin, conditions, &id, Recovery::Link, body.email.as_deref()).await
}

/// Ends everything that a person signs in with and every session, and mails them a link to set a new password: the only way in that is
/// left.
#[utoipa::path(
    post,
    path = "/api/admin/v1/people/{id}/recover",
    operation_id = "adminRecoverPerson",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:people:write"])),
    params(
        ("id" = String, Path, description = "The id of the person"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    request_body = RecoveryLink,
    responses(
        (status = 412, description = "They are of another version than `If-Match` names"),
        (status = 202, description = "It has ended, and the link is on its way"),
        (status = 400, description = "A malformed body, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such person"),
        (status = 409, description = "No link reaches them, or three were sent within an hour"),
    )
)]
async fn recover(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(id): Path<String>,
    Body(body): Body<RecoveryLink>,
) -> Result<StatusCode, AdminError> {
    send(&sigma, &admin, conditions, &id, Recovery::Anew, body.email.as_deref()).await
}

async fn send(
    sigma: &AppState,
    admin: &Admin<Writes>,
    conditions: Conditions,
    id: &str,
    recovery: Recovery,
    email: Option<&str>,
) -> Result<StatusCode, AdminError> {
    let (wanted, store) = (Wanted::new(sigma, &admin.caller, id)?, admin.store(sigma));
    let guard = guard(&wanted, conditions);
    let asking = Asking { sigma, store: &store, caller: &admin.caller, guard: &guard };
    match asking.recover(&wanted.user_id, recovery, email).await? {
        Recovered::Sent => Ok(StatusCode::ACCEPTED),
        Recovered::Unreachable => Err(AdminError::Unreachable),
        Recovered::TooMany => Err(AdminError::TooMany("Three links were sent to this person within an hour")),
    }
}

/// When an account is deleted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Deleting {
    /// Whether it is deleted now, so that nobody can keep it, which owners alone may do. By default it is deleted once the grace period is
    /// over.
    #[serde(default)]
    now: bool,
}

/// Requests the deletion of an account, as the person would: they are told by mail, and can keep it until the grace period is over.
/// With `now` it is gone when the answer arrives, and nobody is told.
#[utoipa::path(
    post,
    path = "/api/admin/v1/people/{id}/delete",
    operation_id = "adminDeletePerson",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:people:write"])),
    params(
        ("id" = String, Path, description = "The id of the person"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    request_body = Deleting,
    responses(
        (status = 412, description = "They are of another version than `If-Match` names"),
        (status = 202, description = "It is going to be deleted; `people/{id}` says when"),
        (status = 204, description = "It is deleted"),
        (status = 400, description = "A malformed body, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such person"),
        (status = 409, description = "Nobody else manages a workspace of theirs"),
    )
)]
async fn delete(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(id): Path<String>,
    Body(body): Body<Deleting>,
) -> Result<StatusCode, AdminError> {
    let (wanted, store) = (Wanted::new(&sigma, &admin.caller, &id)?, admin.store(&sigma));
    let guard = guard(&wanted, conditions);
    let asking = Asking { sigma: &sigma, store: &store, caller: &admin.caller, guard: &guard };
    let requested =
        if body.now { asking.remove(&wanted.user_id).await? } else { asking.delete(&wanted.user_id).await? };
    match requested {
        Requested::Scheduled if body.now => Ok(StatusCode::NO_CONTENT),
        Requested::Scheduled => Ok(StatusCode::ACCEPTED),
        Requested::NotFound => Err(AdminError::Refused(OperatorRefusal::NotFound)),
        Requested::OnlyAdministrator(orgs) => {
            let names: Vec<String> = orgs.into_iter().map(|(id, _)| id.to_string()).collect();
            Err(AdminError::OnlyAdministrator(names.join(", ")))
        }
    }
}

/// Keeps an account that was going to be deleted. Repeating it changes nothing.
#[utoipa::path(
    post,
    path = "/api/admin/v1/people/{id}/keep",
    operation_id = "adminKeepPerson",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:people:write"])),
    params(
        ("id" = String, Path, description = "The id of the person"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    responses(
        (status = 412, description = "They are of another version than `If-Match` names"),
        (status = 200, description = "The person, who is kept", body = AdminPersonDetails,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such person"),
        (status = 409, description = "The deletion is due"),
    )
)]
async fn keep(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(id): Path<String>,
) -> Result<Tagged<AdminPersonDetails>, AdminError> {
    let (wanted, store) = (Wanted::new(&sigma, &admin.caller, &id)?, admin.store(&sigma));
    let guard = guard(&wanted, conditions);
    let asking = Asking { sigma: &sigma, store: &store, caller: &admin.caller, guard: &guard };
    if !asking.keep(&wanted.user_id).await? {
        return Err(AdminError::Deleting);
    }
    Ok(Tagged(sigma.store.look_up(move |tx| wanted.read(tx)).await?))
}

/// What an account goes into.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MergeProposal {
    /// The account that stays: its id, one of its e-mail addresses, or one of its keys.
    into: String,
}

/// Proposes to the owner of two accounts to merge this one into another. They are told by mail, and nothing happens unless they sign in to
/// both and confirm within a week.
#[utoipa::path(
    post,
    path = "/api/admin/v1/people/{id}/merge",
    operation_id = "adminProposeMerge",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:people:write"])),
    params(
        ("id" = String, Path, description = "The id of the account that goes"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    request_body = MergeProposal,
    responses(
        (status = 412, description = "They are of another version than `If-Match` names"),
        (status = 202, description = "It is proposed"),
        (status = 400, description = "A malformed body, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such person"),
        (status = 409, description = "The two cannot be merged"),
    )
)]
async fn merge(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(id): Path<String>,
    Body(body): Body<MergeProposal>,
) -> Result<StatusCode, AdminError> {
    let (wanted, store) = (Wanted::new(&sigma, &admin.caller, &id)?, admin.store(&sigma));
    let guard = guard(&wanted, conditions);
    let asking = Asking { sigma: &sigma, store: &store, caller: &admin.caller, guard: &guard };
    asking.propose_merge(&wanted.user_id, &body.into).await?.map_err(AdminError::Merge)?;
    Ok(StatusCode::ACCEPTED)
}

/// Refuses a change of a version that the request does not name.
fn guard(wanted: &Wanted, conditions: Conditions) -> Guard {
    let wanted = wanted.clone();
    Arc::new(move |tx| wanted.require(tx, &conditions))
}
