//! `/org/{org}/directories/{connection}`: one connection: its requests, another token, its end.

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use sigma_core::ids::ScimConnectionId;
use sigma_core::interaction::OrgSection;
use sigma_core::params::Params;
use sigma_core::scim::ScimToken;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;
use sigma_store::org::role;
use sigma_store::scim::connection::{self, OldToken};
use sigma_store::scim::log::LoggedRequest;
use sigma_store::scim::{log, maker};

use super::OrgAdmin;
use super::directories::{line, token_page, url};
use super::recent::{Confirmation, require};
use crate::pages::form::Form;
use crate::pages::outcome::{Done, PageError, known};
use crate::pages::view::{DirectoryPage, RequestLine, Tab};

/// Requests on one page.
const LENGTH: usize = 50;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::get(PAGE, "/org/{org}/directories/{connection}", show),
        Endpoint::post(FORM, "/org/{org}/directories/{connection}/rotate", rotate),
        Endpoint::post(FORM, "/org/{org}/directories/{connection}/remove", remove),
    ]
}

/// The connection in the address.
#[derive(Deserialize)]
struct Named {
    connection: String,
}

impl Named {
    fn id(&self) -> ScimConnectionId {
        ScimConnectionId::from_text(self.connection.as_str())
    }
}

async fn show(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    Path(named): Path<Named>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let before = query.get("before").and_then(|text| text.parse::<i64>().ok());
    let (org_id, id) = (admin.org.id.clone(), named.id());
    let limit = u32::try_from(LENGTH).unwrap_or(u32::MAX).saturating_add(1);
    let read = move |tx: &mut dyn sigma_store::Tx| {
        let Some(found) = connection::find(tx, &org_id, &id)? else { return Ok(None) };
        let role = role::find_name(tx, &org_id, &found.role_id)?;
        let requests = log::list(tx, &org_id, &id, before, limit)?;
        Ok(Some((maker::find(tx, &found)?, found, role, requests)))
    };
    let (maker, found, role, mut requests) = known(sigma.store.read(read).await?)?;
    let is_more = requests.len() > LENGTH;
    requests.truncate(LENGTH);
    let path = admin.path(&format!("directories/{}", found.id));
    let older = requests.last().filter(|_| is_more).map(|last| format!("{path}?before={}", last.number));
    let confirmation = Confirmation::of(&sigma, &admin, OrgSection::Directories).await?;
    let view = DirectoryPage {
        url: url(&sigma),
        connection: line(&found, maker, role),
        requests: requests.iter().map(request_line).collect(),
        older_url: older,
        newer_url: before.map(|_| path),
        confirm_url: confirmation.url(),
    };
    let page = view.render(StatusCode::OK, &admin.frame(Tab::Directories, None), &admin.page(&sigma));
    Ok(confirmation.with(page))
}

fn request_line(request: &LoggedRequest) -> RequestLine {
    RequestLine {
        at: request.at,
        request: format!("{} {}", request.method, request.path),
        status: request.status,
        scim_type: request.scim_type.clone(),
        millis: format!("{}.{}", request.micros / 1_000, request.micros % 1_000 / 100),
    }
}

async fn rotate(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    Path(named): Path<Named>,
    form: Form,
) -> Result<Response, PageError> {
    require(&sigma, &admin, OrgSection::Directories).await?;
    let old = if form.is_checked("end") { OldToken::Ends } else { OldToken::Overlaps };
    let token = ScimToken::generate(&*sigma.rng);
    let (org_id, actor, id, now, hash) = (admin.org.id.clone(), admin.actor(), named.id(), sigma.now(), token.digest());
    let rotated =
        admin.manage(&sigma, move |tx| connection::rotate(tx, &org_id, &actor, &id, (hash, old), now)).await?;
    let rotated = known(rotated.ok())?;
    Ok(token_page(&sigma, &admin, rotated.name, &token, Some(old)))
}

async fn remove(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    Path(named): Path<Named>,
) -> Result<Response, PageError> {
    let (org_id, actor, id, now) = (admin.org.id.clone(), admin.actor(), named.id(), sigma.now());
    let removed = admin.manage(&sigma, move |tx| connection::remove(tx, &org_id, &actor, &id, now)).await?;
    known(removed.ok())?;
    Ok(Done::Disconnected.at(&admin.path("directories")))
}
