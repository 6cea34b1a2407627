//! `/console/sessions`: who is signed in where, and the end of a session.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::ids::{SessionId, UserId};
use sigma_core::interaction::ConsolePage;
use sigma_core::operator::OperatorRight;
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::not_found;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::pages::view::device;
use sigma_platform::state::AppState;
use sigma_store::operator::sessions::{self, SessionLine};

use super::{confirmation, field, may_change, with_query};
use crate::operator::Operator;
use crate::outcome::{Done, Notice, PageError};
use crate::paging::{LENGTH, one_more, page_of};
use crate::view::{LiveSessionRow, SessionsPage, Tab};

const PATH: &str = "/console/sessions";

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, PATH, show), Endpoint::post(FORM, PATH, end)]
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let notice = Done::reported_by(&query, operator.language);
    draw(&sigma, &operator, &query, StatusCode::OK, notice).await
}

async fn draw(
    sigma: &AppState,
    operator: &Operator,
    query: &Params,
    status: StatusCode,
    notice: Option<Notice>,
) -> Result<Response, PageError> {
    let (entered, before) = (field(query, "person"), query.get("after").and_then(SessionId::parse));
    // Whoever is named by something else than an id has no sessions.
    let person =
        (!entered.is_empty()).then(|| UserId::parse(&entered).unwrap_or_else(|| UserId::from_text(entered.as_str())));
    let (caller, now, after) = (operator.caller(), sigma.now(), before.clone());
    let read = operator
        .read(sigma, move |tx| sessions::list(tx, &caller, person.as_ref(), after.as_ref(), now, one_more(LENGTH)));
    let (found, last) = page_of(read.await?, LENGTH, |line| line.id.to_string());
    let mut rows = Vec::with_capacity(found.len());
    for line in &found {
        rows.push(row(sigma, operator, line).await?);
    }
    let confirmation = confirmation(sigma, operator, OperatorRight::SignOutPeople, ConsolePage::SessionsChange)?;
    let view = SessionsPage {
        next: last.map(|last| with_query(PATH, &[("person", &entered), ("after", &last)])),
        first: before.map(|_| with_query(PATH, &[("person", &entered)])),
        sessions: rows,
        person: entered,
        may_change: confirmation.may_change,
        confirm_url: confirmation.url.clone(),
    };
    let page = view.render(status, &operator.frame(Tab::Sessions, notice), &operator.page(sigma));
    Ok(confirmation.with(page))
}

async fn row(sigma: &AppState, operator: &Operator, line: &SessionLine) -> Result<LiveSessionRow, PageError> {
    let mut apps = Vec::with_capacity(line.apps.len());
    for id in &line.apps {
        let app = sigma.find_app(id).await?;
        apps.push(app.map_or_else(|| id.to_string(), |app| app.name.clone()));
    }
    Ok(LiveSessionRow {
        id: line.id.to_string(),
        person: line.user_id.to_string(),
        name: line.name.clone(),
        device: device::name_in(operator.language, &line.user_agent),
        address: line.address.clone(),
        apps: apps.join(", "),
        created_at: line.created_at,
        last_used_at: line.last_used_at,
    })
}

async fn end(State(sigma): State<AppState>, operator: Operator, body: Bytes) -> Result<Response, PageError> {
    may_change(&sigma, &operator, OperatorRight::SignOutPeople, ConsolePage::SessionsChange)?;
    let form = Params::parse_form(&body);
    let id = form.raw("session").and_then(SessionId::parse).ok_or_else(not_found)?;
    let (caller, now) = (operator.caller(), sigma.now());
    match operator.act(&sigma, move |tx| sessions::end(tx, &caller, &id, now)).await? {
        Ok(_) => Ok(Done::SessionEnded.at(PATH)),
        Err(notice) => draw(&sigma, &operator, &Params::default(), StatusCode::FORBIDDEN, Some(notice)).await,
    }
}
