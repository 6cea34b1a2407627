//! `/console/orgs/{id}/directories/{directory}`: one directory: its requests, another token, its end.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use secrecy::SecretString;
use sigma_core::ids::{OrgId, ScimConnectionId};
use sigma_core::interaction::OrgAccess;
use sigma_core::params::Params;
use sigma_core::scim::ScimToken;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::pages::{FormVersion, not_found};
use sigma_platform::state::AppState;
use sigma_store::operator::{directories, orgs};
use sigma_store::org::role;
use sigma_store::scim::connection::{Connection, OldToken};
use sigma_store::scim::log::LoggedRequest;
use sigma_store::{Owner, Tx};

use super::org_directories::row;
use super::org_part::{changed, org, part, path};
use super::with_query;
use crate::operator::{Operator, require_current};
use crate::org_access::scim_url;
use crate::outcome::{Done, Notice, PageError};
use crate::paging::{LENGTH, one_more, page_of};
use crate::view::{OrgDirectoryPage, RequestRow, Tab};

const ACCESS: OrgAccess = OrgAccess::Directories;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::get(PAGE, "/console/orgs/{id}/directories/{directory}", show),
        Endpoint::post(FORM, "/console/orgs/{id}/directories/{directory}/rotate", rotate),
        Endpoint::post(FORM, "/console/orgs/{id}/directories/{directory}/remove", remove),
    ]
}

/// What the page shows beside the directory.
#[derive(Default)]
struct Beside {
    notice: Option<Notice>,
    fresh: Option<SecretString>,
    before: Option<i64>,
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    Path((id, named)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let beside = Beside {
        notice: Done::reported_by(&query, operator.language),
        before: query.get("before").and_then(|number| number.parse().ok()),
        ..Beside::default()
    };
    draw(&sigma, &operator, (&org(&id)?, &directory(&named)?), StatusCode::OK, beside).await
}

async fn draw(
    sigma: &AppState,
    operator: &Operator,
    (id, directory): (&OrgId, &ScimConnectionId),
    status: StatusCode,
    beside: Beside,
) -> Result<Response, PageError> {
    let (caller, wanted, named, before) = (operator.caller(), id.clone(), directory.clone(), beside.before);
    let read = operator.read(sigma, move |tx| {
        let org = orgs::find(tx, &caller, &wanted)?;
        let line = directories::find(tx, &caller, &wanted, &named)?;
        let role = role::find_name(tx, &wanted, &line.connection.role_id)?;
        let requests = directories::requests(tx, &caller, (&wanted, &named), before, one_more(LENGTH))?;
        Ok((org, line, role.unwrap_or_default(), requests))
    });
    let (org, line, role, requests) = read.await?;
    let (requests, last) = page_of(requests, LENGTH, |request| request.number.to_string());
    let (part, confirmation) = part(sigma, operator, &org, ACCESS)?;
    let own_path = directory_path(id, directory);
    let view = OrgDirectoryPage {
        part,
        url: scim_url(sigma),
        directory: row(&line, role),
        version: FormVersion::of(&shown(&line.connection)),
        fresh: beside.fresh,
        requests: requests.iter().map(request_row).collect(),
        next: last.map(|last| with_query(&own_path, &[("before", &last)])),
        first: beside.before.map(|_| own_path),
    };
    let page = view.render(status, &operator.frame(Tab::Orgs, beside.notice), &operator.page(sigma));
    Ok(confirmation.with(page))
}

/// What the form for another token shows.
fn shown(connection: &Connection) -> impl std::fmt::Debug + use<> {
    connection.rotated_at
}

fn request_row(request: &LoggedRequest) -> RequestRow {
    RequestRow {
        at: request.at,
        request: format!("{} {}", request.method, request.path),
        status: request.status,
        scim_type: request.scim_type.clone(),
        millis: format!("{}.{}", request.micros / 1_000, request.micros % 1_000 / 100),
    }
}

async fn rotate(
    State(sigma): State<AppState>,
    operator: Operator,
    Path((id, named)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, PageError> {
    let (id, named) = (changed(&sigma, &operator, &id, ACCESS)?, directory(&named)?);
    let form = Params::parse_form(&body);
    let old = if form.get("end").is_some() { OldToken::Ends } else { OldToken::Overlaps };
    let (token, sent, now) = (ScimToken::generate(&*sigma.rng), FormVersion::sent(&form), sigma.now());
    let (caller, org_id, directory, hash) = (operator.caller(), id.clone(), named.clone(), token.digest());
    let rotate = move |tx: &mut dyn Tx| {
        require_current(tx, &[Owner::Org(&org_id)], &sent, |tx| {
            Ok(shown(&directories::find(tx, &caller, &org_id, &directory)?.connection))
        })?;
        directories::rotate(tx, &caller, (&org_id, &directory), (hash, old), now)
    };
    let (status, beside) = match operator.act(&sigma, rotate).await? {
        Ok(_) => {
            let done = if old == OldToken::Ends { Done::TokenReplaced } else { Done::TokenRotated };
            let notice = Some(done.notice(operator.language));
            (StatusCode::OK, Beside { notice, fresh: Some(token.expose().into()), before: None })
        }
        Err(notice) => (StatusCode::CONFLICT, Beside { notice: Some(notice), ..Beside::default() }),
    };
    draw(&sigma, &operator, (&id, &named), status, beside).await
}

async fn remove(
    State(sigma): State<AppState>,
    operator: Operator,
    Path((id, named)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let (id, named) = (changed(&sigma, &operator, &id, ACCESS)?, directory(&named)?);
    let (caller, org_id, directory) = (operator.caller(), id.clone(), named.clone());
    match operator.act(&sigma, move |tx| directories::end(tx, &caller, &org_id, &directory)).await? {
        Ok(()) => Ok(Done::DirectoryEnded.at(&path(&id, ACCESS))),
        Err(notice) => {
            let beside = Beside { notice: Some(notice), ..Beside::default() };
            draw(&sigma, &operator, (&id, &named), StatusCode::CONFLICT, beside).await
        }
    }
}

fn directory_path(id: &OrgId, directory: &ScimConnectionId) -> String {
    format!("{}/{directory}", path(id, ACCESS))
}

fn directory(id: &str) -> Result<ScimConnectionId, PageError> {
    Ok(ScimConnectionId::parse(id).ok_or_else(not_found)?)
}
