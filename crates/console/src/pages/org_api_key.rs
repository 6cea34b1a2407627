//! `/console/orgs/{id}/api-keys/{key}`: one key, and its end.

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::ids::{ApiKeyId, OrgId};
use sigma_core::interaction::OrgAccess;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;
use sigma_store::operator::{api_keys, orgs};

use super::org_api_keys::{key_path, row};
use super::org_part::{changed, org, part, path};
use crate::operator::Operator;
use crate::outcome::{Done, Notice, PageError};
use crate::view::{OrgApiKeyPage, Tab};

const ACCESS: OrgAccess = OrgAccess::ApiKeys;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::get(PAGE, "/console/orgs/{id}/api-keys/{key}", show),
        Endpoint::post(FORM, "/console/orgs/{id}/api-keys/{key}/deactivate", deactivate),
        Endpoint::post(FORM, "/console/orgs/{id}/api-keys/{key}/remove", remove),
    ]
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    Path((id, key)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let notice = operator.reported(query.as_deref());
    draw(&sigma, &operator, (&org(&id)?, &ApiKeyId::from_text(key)), StatusCode::OK, notice).await
}

async fn draw(
    sigma: &AppState,
    operator: &Operator,
    (id, key): (&OrgId, &ApiKeyId),
    status: StatusCode,
    notice: Option<Notice>,
) -> Result<Response, PageError> {
    let (caller, wanted, named) = (operator.caller(), id.clone(), key.clone());
    let read = operator
        .read(sigma, move |tx| Ok((orgs::find(tx, &caller, &wanted)?, api_keys::find(tx, &caller, &wanted, &named)?)));
    let (org, found) = read.await?;
    let (part, confirmation) = part(sigma, operator, &org, ACCESS)?;
    let view = OrgApiKeyPage { part, key: row(operator, &found, sigma.now()) };
    Ok(confirmation.with(view.render(status, &operator.frame(Tab::Orgs, notice), &operator.page(sigma))))
}

async fn deactivate(
    State(sigma): State<AppState>,
    operator: Operator,
    Path((id, key)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let (id, key) = (changed(&sigma, &operator, &id, ACCESS)?, ApiKeyId::from_text(key));
    let (caller, org_id, named) = (operator.caller(), id.clone(), key.clone());
    match operator.act(&sigma, move |tx| api_keys::deactivate(tx, &caller, &org_id, &named)).await? {
        Ok(_) => Ok(Done::ApiKeyDeactivated.at(&key_path(&id, &key))),
        Err(notice) => draw(&sigma, &operator, (&id, &key), StatusCode::CONFLICT, Some(notice)).await,
    }
}

async fn remove(
    State(sigma): State<AppState>,
    operator: Operator,
    Path((id, key)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let (id, key) = (changed(&sigma, &operator, &id, ACCESS)?, ApiKeyId::from_text(key));
    let (caller, org_id, named) = (operator.caller(), id.clone(), key.clone());
    match operator.act(&sigma, move |tx| api_keys::remove(tx, &caller, &org_id, &named)).await? {
        Ok(()) => Ok(Done::ApiKeyRemoved.at(&path(&id, ACCESS))),
        Err(notice) => draw(&sigma, &operator, (&id, &key), StatusCode::CONFLICT, Some(notice)).await,
    }
}
