//! `/console/orgs/{id}/links`: the apps that act for an org which does not own them.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::ids::{AppId, AppRef, OrgId};
use sigma_core::interaction::OrgAccess;
use sigma_core::merits::{OrgPermission, OrgPermissions};
use sigma_core::operator::OperatorRefusal;
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::pages::view::org_permission_words;
use sigma_platform::pages::{FormVersion, not_found};
use sigma_platform::state::AppState;
use sigma_store::merits::link::Link;
use sigma_store::operator::{links, orgs};
use sigma_store::{Owner, Tx};

use super::org_part::{changed, org, part, path};
use super::{apart, field};
use crate::operator::{Operator, require_current};
use crate::outcome::{Done, Notice, PageError};
use crate::view::{OrgLinkRow, OrgLinksPage, PermissionChoice, Tab, Wrong};

const ACCESS: OrgAccess = OrgAccess::Links;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 4] {
    [
        Endpoint::get(PAGE, "/console/orgs/{id}/links", show),
        Endpoint::post(FORM, "/console/orgs/{id}/links", add),
        Endpoint::post(FORM, "/console/orgs/{id}/links/{app}", change),
        Endpoint::post(FORM, "/console/orgs/{id}/links/{app}/remove", remove),
    ]
}

/// What the page shows beside the links.
#[derive(Default)]
struct Beside {
    notice: Option<Notice>,
    wrong: Wrong,
    /// What was entered for a new link.
    client_id: String,
    permissions: OrgPermissions,
    /// What was entered for the link of an app, and the version that it was drawn from.
    changed: Option<(AppId, OrgPermissions, FormVersion)>,
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let notice = operator.reported(query.as_deref());
    draw(&sigma, &operator, &org(&id)?, StatusCode::OK, Beside { notice, ..Beside::default() }).await
}

async fn draw(
    sigma: &AppState,
    operator: &Operator,
    id: &OrgId,
    status: StatusCode,
    beside: Beside,
) -> Result<Response, PageError> {
    let (caller, wanted) = (operator.caller(), id.clone());
    let read = move |tx: &mut dyn Tx| Ok((orgs::find(tx, &caller, &wanted)?, links::list(tx, &caller, &wanted)?));
    let (org, found) = operator.read(sigma, read).await?;
    let (part, confirmation) = part(sigma, operator, &org, ACCESS)?;
    let is_change = beside.changed.is_some();
    let view = OrgLinksPage {
        links: found.iter().map(|link| row(link, &beside)).collect(),
        permissions: choices(beside.permissions),
        wrong: if is_change { Wrong::default() } else { beside.wrong },
        client_id: beside.client_id,
        part,
    };
    let page = view.render(status, &operator.frame(Tab::Orgs, beside.notice), &operator.page(sigma));
    Ok(confirmation.with(page))
}

fn row(link: &Link, beside: &Beside) -> OrgLinkRow {
    let changed = beside.changed.as_ref().filter(|(app_id, ..)| *app_id == link.app_id);
    OrgLinkRow {
        app_id: link.app_id.to_string(),
        name: link.app_name.clone(),
        permissions: choices(link.permissions),
        entered: changed.map(|(_, permissions, _)| choices(*permissions)),
        wrong: changed.map(|_| beside.wrong.clone()).unwrap_or_default(),
        since: link.created_at,
        version: changed.map_or_else(|| FormVersion::of(&link.permissions), |(.., version)| version.clone()),
    }
}

fn choices(chosen: OrgPermissions) -> Vec<PermissionChoice> {
    let choice =
        |permission| PermissionChoice { words: org_permission_words(permission), on: chosen.contains(permission) };
    OrgPermission::ALL.into_iter().map(choice).collect()
}

fn chosen(form: &Params) -> OrgPermissions {
    form.all("permission").filter_map(OrgPermission::parse).collect()
}

async fn add(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, PageError> {
    let id = changed(&sigma, &operator, &id, ACCESS)?;
    let form = Params::parse_form(&body);
    let (client_id, permissions, now) = (field(&form, "client_id"), chosen(&form), sigma.now());
    let refused = async |status, wrong: Wrong, notice, client_id: String| {
        let beside = Beside { notice, wrong, client_id, permissions, ..Beside::default() };
        draw(&sigma, &operator, &id, status, beside).await
    };
    let at = |at, key| Wrong::at(at, operator.text(key));
    let Some(app) = AppRef::parse(&client_id) else {
        let wrong = at("client_id", "console-link-no-app");
        return refused(StatusCode::BAD_REQUEST, wrong.clone(), wrong.notice(), client_id).await;
    };
    if permissions.is_empty() {
        let wrong = at("permission", "console-problem-permission");
        return refused(StatusCode::BAD_REQUEST, wrong.clone(), wrong.notice(), client_id).await;
    }
    let (caller, org_id) = (operator.caller(), id.clone());
    let put = move |tx: &mut dyn Tx| {
        let put = links::put(tx, &caller, (&org_id, &app), permissions, now);
        apart(put, &[OperatorRefusal::NotFound, OperatorRefusal::OwnApp])
    };
    match operator.act(&sigma, put).await? {
        Ok(Ok(_)) => Ok(Done::AppLinked.at(&path(&id, ACCESS))),
        Ok(Err(refusal)) => {
            let is_own = refusal == OperatorRefusal::OwnApp;
            let wrong = at("client_id", if is_own { "console-refused-own-app" } else { "console-link-no-app" });
            let status = if is_own { StatusCode::CONFLICT } else { StatusCode::BAD_REQUEST };
            refused(status, wrong.clone(), wrong.notice(), client_id).await
        }
        Err(notice) => refused(StatusCode::CONFLICT, Wrong::default(), Some(notice), client_id).await,
    }
}

async fn change(
    State(sigma): State<AppState>,
    operator: Operator,
    Path((id, app)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, PageError> {
    let (id, app_id) = (changed(&sigma, &operator, &id, ACCESS)?, linked(&app)?);
    let form = Params::parse_form(&body);
    let (permissions, sent, now) = (chosen(&form), FormVersion::sent(&form), sigma.now());
    if permissions.is_empty() {
        let wrong = Wrong::at("permission", operator.text("console-problem-permission"));
        let changed = Some((app_id, permissions, sent));
        let beside = Beside { notice: wrong.notice(), wrong, changed, ..Beside::default() };
        return draw(&sigma, &operator, &id, StatusCode::BAD_REQUEST, beside).await;
    }
    let (caller, org_id, named, version) = (operator.caller(), id.clone(), AppRef::Id(app_id.clone()), sent.clone());
    let put = move |tx: &mut dyn Tx| {
        // A link that was removed meanwhile is not made anew.
        tx.lock(Owner::Org(&org_id))?;
        links::find(tx, &caller, &org_id, &named)?;
        require_current(tx, &[Owner::Org(&org_id)], &version, |tx| {
            Ok(links::find(tx, &caller, &org_id, &named)?.permissions)
        })?;
        apart(links::put(tx, &caller, (&org_id, &named), permissions, now), &[OperatorRefusal::NotFound])
    };
    let (notice, wrong) = match operator.act(&sigma, put).await? {
        Ok(Ok(_)) => return Ok(Done::Saved.at(&path(&id, ACCESS))),
        // It is disabled.
        Ok(Err(_)) => {
            let wrong = Wrong::at("permission", operator.text("console-link-no-app"));
            (wrong.notice(), wrong)
        }
        Err(notice) => (Some(notice), Wrong::default()),
    };
    let beside = Beside { notice, wrong, changed: Some((app_id, permissions, sent)), ..Beside::default() };
    draw(&sigma, &operator, &id, StatusCode::CONFLICT, beside).await
}

async fn remove(
    State(sigma): State<AppState>,
    operator: Operator,
    Path((id, app)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let (id, named) = (changed(&sigma, &operator, &id, ACCESS)?, AppRef::Id(linked(&app)?));
    let (caller, org_id) = (operator.caller(), id.clone());
    match operator.act(&sigma, move |tx| links::remove(tx, &caller, &org_id, &named)).await? {
        Ok(()) => Ok(Done::AppUnlinked.at(&path(&id, ACCESS))),
        Err(notice) => {
            let beside = Beside { notice: Some(notice), ..Beside::default() };
            draw(&sigma, &operator, &id, StatusCode::CONFLICT, beside).await
        }
    }
}

fn linked(id: &str) -> Result<AppId, PageError> {
    Ok(AppId::parse(id).ok_or_else(not_found)?)
}
