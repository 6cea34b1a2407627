//! `/console/orgs/{id}/domains`: the domains of an org, proven by records in the DNS, and who signs in their people.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::domain::{Domain, new_token};
use sigma_core::ids::OrgId;
use sigma_core::interaction::ConsolePage;
use sigma_core::operator::OperatorRight;
use sigma_core::params::Params;
use sigma_platform::domains::{DomainsView, published};
use sigma_platform::http::Endpoint;
use sigma_platform::pages::not_found;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;
use sigma_store::Tx;
use sigma_store::operator::{domains, orgs};

use super::{confirmation, field, may_change};
use crate::operator::Operator;
use crate::outcome::{Done, Notice, PageError};
use crate::view::{OrgDomainsPage, Tab};

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 5] {
    [
        Endpoint::get(PAGE, "/console/orgs/{id}/domains", show),
        Endpoint::post(FORM, "/console/orgs/{id}/domains", add),
        Endpoint::post(FORM, "/console/orgs/{id}/domains/{domain}", set_provider),
        Endpoint::post(FORM, "/console/orgs/{id}/domains/{domain}/check", check),
        Endpoint::post(FORM, "/console/orgs/{id}/domains/{domain}/remove", remove),
    ]
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let notice = operator.reported(query.as_deref());
    draw(&sigma, &operator, &org(&id)?, StatusCode::OK, (notice, String::new())).await
}

async fn add(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, PageError> {
    let id = changed(&sigma, &operator, &id)?;
    let entered = field(&Params::parse_form(&body), "domain");
    let Some(name) = Domain::parse(&entered) else {
        let notice = Some(Notice::Refused(operator.text("domains-refused-name")));
        return draw(&sigma, &operator, &id, StatusCode::BAD_REQUEST, (notice, entered)).await;
    };
    let (caller, org_id, token, now) = (operator.caller(), id.clone(), new_token(&*sigma.rng), sigma.now());
    let add = move |tx: &mut dyn Tx| domains::add(tx, &caller, &org_id, (&name, &token), now).map(drop);
    let added = operator.act(&sigma, add).await?;
    done(&sigma, &operator, &id, (added, Done::DomainAdded, entered)).await
}

async fn check(
    State(sigma): State<AppState>,
    operator: Operator,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let (id, name) = (changed(&sigma, &operator, &id)?, domain(&name)?);
    // Nothing is looked up for names that the org has not claimed.
    let (caller, org_id, wanted) = (operator.caller(), id.clone(), name.clone());
    operator.read(&sigma, move |tx| domains::to_prove(tx, &caller, &org_id, &wanted)).await?;
    let Some(texts) = published(&sigma, &name).await else {
        let notice = Some(Notice::Refused(operator.text("domains-check-silent")));
        return draw(&sigma, &operator, &id, StatusCode::CONFLICT, (notice, String::new())).await;
    };
    let (caller, org_id, now) = (operator.caller(), id.clone(), sigma.now());
    let prove = move |tx: &mut dyn Tx| domains::prove(tx, &caller, &org_id, (&name, &texts), now).map(drop);
    let proven = operator.act(&sigma, prove).await?;
    done(&sigma, &operator, &id, (proven, Done::DomainProven, String::new())).await
}

async fn set_provider(
    State(sigma): State<AppState>,
    operator: Operator,
    Path((id, name)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, PageError> {
    let (id, name) = (changed(&sigma, &operator, &id)?, domain(&name)?);
    let chosen = Some(field(&Params::parse_form(&body), "provider")).filter(|id| !id.is_empty());
    if let Some(id) = &chosen {
        sigma.providers.find(id).ok_or_else(not_found)?;
    }
    let (caller, org_id) = (operator.caller(), id.clone());
    let set = move |tx: &mut dyn Tx| domains::set_provider(tx, &caller, &org_id, (&name, chosen.as_deref())).map(drop);
    let set = operator.act(&sigma, set).await?;
    done(&sigma, &operator, &id, (set, Done::Saved, String::new())).await
}

async fn remove(
    State(sigma): State<AppState>,
    operator: Operator,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let (id, name) = (changed(&sigma, &operator, &id)?, domain(&name)?);
    let (caller, org_id) = (operator.caller(), id.clone());
    let removed = operator.act(&sigma, move |tx| domains::remove(tx, &caller, &org_id, &name)).await?;
    done(&sigma, &operator, &id, (removed, Done::DomainRemoved, String::new())).await
}

async fn done(
    sigma: &AppState,
    operator: &Operator,
    id: &OrgId,
    (outcome, what, entered): (Result<(), Notice>, Done, String),
) -> Result<Response, PageError> {
    match outcome {
        Ok(()) => Ok(what.at(&path(id))),
        Err(notice) => draw(sigma, operator, id, StatusCode::CONFLICT, (Some(notice), entered)).await,
    }
}

async fn draw(
    sigma: &AppState,
    operator: &Operator,
    id: &OrgId,
    status: StatusCode,
    (notice, entered): (Option<Notice>, String),
) -> Result<Response, PageError> {
    let (caller, wanted) = (operator.caller(), id.clone());
    let read =
        operator.read(sigma, move |tx| Ok((orgs::find(tx, &caller, &wanted)?, domains::list(tx, &caller, &wanted)?)));
    let (org, found) = read.await?;
    let page = ConsolePage::OrgDomainsChange(id.clone());
    let confirmation = confirmation(sigma, operator, OperatorRight::ManageOrgs, page)?;
    let is_theirs = operator.may_reach(id);
    let mut domains = DomainsView::of(sigma, path(id), &found, operator.language);
    domains.entered = entered;
    domains.may_change = confirmation.may_change && confirmation.url.is_none() && is_theirs;
    let view = OrgDomainsPage {
        name: org.name,
        back: format!("/console/orgs/{id}"),
        confirm_url: confirmation.url.clone().filter(|_| is_theirs),
        domains,
    };
    Ok(confirmation.with(view.render(status, &operator.frame(Tab::Orgs, notice), &operator.page(sigma))))
}

fn path(id: &OrgId) -> String {
    format!("/console/orgs/{id}/domains")
}

fn org(id: &str) -> Result<OrgId, PageError> {
    Ok(OrgId::parse(id).ok_or_else(not_found)?)
}

fn domain(name: &str) -> Result<Domain, PageError> {
    Ok(Domain::parse(name).ok_or_else(not_found)?)
}

/// The org of that id, for somebody who may change it.
fn changed(sigma: &AppState, operator: &Operator, id: &str) -> Result<OrgId, PageError> {
    let id = org(id)?;
    may_change(sigma, operator, OperatorRight::ManageOrgs, ConsolePage::OrgDomainsChange(id.clone()))?;
    Ok(id)
}
