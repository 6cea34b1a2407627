//! `/console/people/{id}/`: a link to get back into an account, its deletion, and its merge with another.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::ids::UserId;
use sigma_core::merge::MergeRefusal;
use sigma_core::operator::{OperatorRefusal, OperatorRight};
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::not_found;
use sigma_platform::pages::policy::FORM;
use sigma_platform::state::AppState;
use sigma_store::Stop;
use sigma_store::account_deletion::Requested;
use sigma_store::operator::account::{Recovered, Recovery};

use super::person::{draw, may, path, person};
use crate::account::{AccountError, Asking, unguarded};
use crate::operator::Operator;
use crate::outcome::{Done, Notice, PageError, refused};

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 5] {
    [
        Endpoint::post(FORM, "/console/people/{id}/reset", reset),
        Endpoint::post(FORM, "/console/people/{id}/recover", recover),
        Endpoint::post(FORM, "/console/people/{id}/delete", delete),
        Endpoint::post(FORM, "/console/people/{id}/keep", keep),
        Endpoint::post(FORM, "/console/people/{id}/merge", merge),
    ]
}

async fn reset(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, PageError> {
    send(&sigma, &operator, &id, Recovery::Link, &body).await
}

async fn recover(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, PageError> {
    send(&sigma, &operator, &id, Recovery::Anew, &body).await
}

async fn send(
    sigma: &AppState,
    operator: &Operator,
    id: &str,
    recovery: Recovery,
    body: &[u8],
) -> Result<Response, PageError> {
    let user_id = person(id)?;
    may(sigma, operator, recovery.right(), &user_id)?;
    let form = Params::parse_form(body);
    let (store, caller) = (operator.store(sigma), operator.caller());
    let asking = Asking { sigma, store: &store, caller: &caller, guard: &unguarded() };
    match asking.recover(&user_id, recovery, form.raw("email").filter(|email| !email.is_empty())).await {
        Ok(Recovered::Sent) => {
            let done = if recovery == Recovery::Anew { Done::EndedCredentials } else { Done::LinkSent };
            Ok(done.at(&path(&user_id)))
        }
        Ok(Recovered::Unreachable) => refuse(sigma, operator, &user_id, operator.text("console-link-refused")).await,
        Ok(Recovered::TooMany) => refuse(sigma, operator, &user_id, operator.text("console-too-many-links")).await,
        Err(error) => failed(sigma, operator, &user_id, error).await,
    }
}

async fn delete(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let user_id = person(&id)?;
    may(&sigma, &operator, OperatorRight::DeletePeople, &user_id)?;
    let (store, caller) = (operator.store(&sigma), operator.caller());
    match (Asking { sigma: &sigma, store: &store, caller: &caller, guard: &unguarded() }).delete(&user_id).await {
        Ok(Requested::Scheduled) => Ok(Done::Deletes.at(&path(&user_id))),
        Ok(Requested::NotFound) => Err(not_found().into()),
        Ok(Requested::OnlyAdministrator(orgs)) => {
            let names: Vec<String> = orgs.into_iter().map(|(_, name)| name).collect();
            let words = operator.language.text("console-only-administrator").with("workspaces", names.join(", "));
            refuse(&sigma, &operator, &user_id, words.to_string()).await
        }
        Err(error) => failed(&sigma, &operator, &user_id, error).await,
    }
}

async fn keep(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let user_id = person(&id)?;
    may(&sigma, &operator, OperatorRight::DeletePeople, &user_id)?;
    let (store, caller) = (operator.store(&sigma), operator.caller());
    match (Asking { sigma: &sigma, store: &store, caller: &caller, guard: &unguarded() }).keep(&user_id).await {
        Ok(true) => Ok(Done::Kept.at(&path(&user_id))),
        Ok(false) => refuse(&sigma, &operator, &user_id, operator.text("console-deleting")).await,
        Err(error) => failed(&sigma, &operator, &user_id, error).await,
    }
}

async fn merge(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, PageError> {
    let user_id = person(&id)?;
    may(&sigma, &operator, OperatorRight::DeletePeople, &user_id)?;
    let form = Params::parse_form(&body);
    let (store, caller) = (operator.store(&sigma), operator.caller());
    let asking = Asking { sigma: &sigma, store: &store, caller: &caller, guard: &unguarded() };
    match asking.propose_merge(&user_id, form.raw("into").unwrap_or_default()).await {
        Ok(Ok(())) => Ok(Done::MergeProposed.at(&path(&user_id))),
        Ok(Err(refusal)) => refuse(&sigma, &operator, &user_id, operator.text(refusal.key())).await,
        Err(AccountError::Stopped(Stop::Refused(OperatorRefusal::NotFound))) => {
            refuse(&sigma, &operator, &user_id, operator.text(MergeRefusal::NotFound.key())).await
        }
        Err(error) => failed(&sigma, &operator, &user_id, error).await,
    }
}

async fn refuse(sigma: &AppState, operator: &Operator, user_id: &UserId, words: String) -> Result<Response, PageError> {
    draw(sigma, operator, user_id, StatusCode::CONFLICT, Some(Notice::Refused(words))).await
}

/// The page of the person with the reason, if their account is out of the caller's reach.
async fn failed(
    sigma: &AppState,
    operator: &Operator,
    user_id: &UserId,
    error: AccountError,
) -> Result<Response, PageError> {
    match error {
        AccountError::Failed(error) => Err(error.into()),
        AccountError::Stopped(Stop::Refused(refusal @ (OperatorRefusal::BeyondOwn | OperatorRefusal::Oneself))) => {
            let notice = refused(refusal, operator.language);
            draw(sigma, operator, user_id, StatusCode::FORBIDDEN, Some(notice)).await
        }
        AccountError::Stopped(stop) => Err(operator.stopped(sigma, stop)),
    }
}
