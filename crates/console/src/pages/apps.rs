//! `/console/apps`: the apps.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::app::App;
use sigma_core::ids::AppId;
use sigma_core::operator::OperatorRight;
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::PAGE;
use sigma_platform::state::AppState;
use sigma_store::operator::apps;

use super::with_query;
use crate::operator::Operator;
use crate::outcome::{Done, PageError};
use crate::paging::{LENGTH, one_more, page_of};
use crate::view::{AppLine, AppsPage, Tab};

const PATH: &str = "/console/apps";

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, PATH, list)
}

async fn list(
    State(sigma): State<AppState>,
    operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let after = query.get("after").and_then(AppId::parse);
    let caller = operator.caller();
    let from = after.as_ref().map(|after| after.as_str().to_owned()).unwrap_or_default();
    let found = operator.read(&sigma, move |tx| apps::list(tx, &caller, None, &from, one_more(LENGTH))).await?;
    let (found, last) = page_of(found, LENGTH, |app| app.id.to_string());
    let view = AppsPage {
        next: last.map(|last| with_query(PATH, &[("after", &last)])),
        first: after.map(|_| PATH.to_owned()),
        apps: found.iter().map(line).collect(),
        may_add: operator.role.may(OperatorRight::ManageApps),
    };
    let notice = Done::reported_by(&query, operator.language);
    Ok(view.render(StatusCode::OK, &operator.frame(Tab::Apps, notice), &operator.page(&sigma)))
}

fn line(app: &App) -> AppLine {
    AppLine {
        id: app.id.to_string(),
        name: app.name.clone(),
        client_id: app.client_id.to_string(),
        disabled: app.disabled,
        unverified: app.dynamic,
        created_at: app.created_at,
    }
}
