//! `POST /login/quick`: logs a member in to one workspace without a password, where enabled. Its session is limited to
//! that workspace, so it leads to no other destination.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sigma_core::actor::Actor;
use sigma_core::ids::{OrgId, UserId};
use sigma_core::interaction::{Continuation, WorkspacePage};
use sigma_core::params::Params;
use sigma_core::random::alphanumeric;
use sigma_store::StoreError;
use sigma_store::org::login::Login;
use sigma_store::org::quick::{self, QuickLogins, QuickMember, quick_log_in};

use super::page::{Attempt, language_of, render};
use super::{Arrival, QUICK_PATH};
use crate::extract::Browser;
use crate::front_door::view::{QuickLoginGroup, QuickLoginLine};
use crate::http::policy::Limit;
use crate::http::{ApiError, Endpoint, Policy, RequestContext, Rule};
use crate::interaction::{way_on, with_cookie};
use crate::pages::policy::{FORM, PAGE};
use crate::paths::LOGIN_PATH;
use crate::quick::{JTI_LENGTH, QuickSession, allowed};
use crate::state::AppState;

/// Begins sessions without any credential, so successes count too.
const QUICK_FORM: Policy = Policy { limit: Limit::EachAndFailures(Rule::Other, Rule::SignIn), ..FORM };

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, QUICK_PATH, show), Endpoint::post(QUICK_FORM, QUICK_PATH, log_in)]
}

/// As for the password form.
async fn show(RawQuery(query): RawQuery) -> Redirect {
    Redirect::to(&query.map_or_else(|| LOGIN_PATH.to_owned(), |query| format!("{LOGIN_PATH}?{query}")))
}

async fn log_in(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Result<Response, Response> {
    let arrival = Arrival::find(&sigma, &browser, query.as_deref()).await?;
    let form = Params::parse_form(&body);
    let named = form.raw("workspace").unwrap_or_default().trim();
    let org_id = sigma.org_named(named).await.map_err(|error| ApiError::from(error).into_response())?;
    let page = page_in(&sigma, arrival.continuation(), &org_id);
    let page = page.await.map_err(|error| ApiError::from(error).into_response())?;
    let jti = alphanumeric(&*sigma.rng, JTI_LENGTH);
    let user_id = UserId::from_text(form.raw("user").unwrap_or_default().trim());
    let login = Login { org_id: Some(org_id.clone()), jti: jti.clone(), now: sigma.now() };
    let (Some(page), Some(managers)) = (page, allowed(&sigma, &context)) else {
        return gone(&sigma, &context, &browser, &arrival).await;
    };
    let store = sigma.store_for(&context, Actor::Anonymous);
    let logged_in = store.write(move |tx| quick_log_in(tx, &user_id, &login, managers)).await;
    if logged_in.map_err(|error| ApiError::from(error).into_response())?.is_none() {
        return gone(&sigma, &context, &browser, &arrival).await;
    }
    let to = way_on(&Continuation::Workspace { workspace: Some(org_id.clone().into()), page }, "");
    let to = arrival.with_cookie(Redirect::to(&to).into_response());
    Ok(with_cookie(to, Some(&QuickSession::new(org_id, jti).set_cookie(&sigma))))
}

/// The workspace page to which `continuation` leads; `None` for another kind of destination.
async fn page_in(
    sigma: &AppState,
    continuation: &Continuation,
    org_id: &OrgId,
) -> Result<Option<WorkspacePage>, StoreError> {
    Ok(match continuation {
        Continuation::Workspace { workspace: None, .. } => Some(WorkspacePage::Start),
        Continuation::Workspace { workspace: Some(name), page } => {
            (sigma.org_named(name.as_str()).await? == *org_id).then_some(*page)
        }
        _ => None,
    })
}

async fn gone(
    sigma: &AppState,
    context: &RequestContext,
    browser: &Browser,
    arrival: &Arrival,
) -> Result<Response, Response> {
    let refusal = Some(language_of(sigma, browser, arrival).text("login-quick-gone").to_string());
    let attempt = Attempt { refusal, status: StatusCode::UNAUTHORIZED, ..Attempt::default() };
    render(sigma, context, browser, arrival, attempt).await
}

/// The members who may use quick login for `continuation`.
///
/// # Errors
/// The store does not answer.
pub(super) async fn groups(
    sigma: &AppState,
    context: &RequestContext,
    continuation: &Continuation,
) -> Result<Vec<QuickLoginGroup>, Response> {
    let Continuation::Workspace { workspace, .. } = continuation else { return Ok(Vec::new()) };
    let Some(managers) = allowed(sigma, context) else { return Ok(Vec::new()) };
    let workspace = workspace.clone();
    let found = sigma.store.read(move |tx| quick::list(tx, workspace.as_ref(), managers)).await;
    let found = found.map_err(|error| ApiError::from(error).into_response())?;
    Ok(found.into_iter().map(group).collect())
}

fn group(quick: QuickLogins) -> QuickLoginGroup {
    let line = |QuickMember { member, role }: QuickMember| QuickLoginLine {
        user_id: member.user_id.to_string(),
        name: member.name,
        role,
    };
    QuickLoginGroup {
        workspace_id: quick.workspace.id.to_string(),
        name: quick.workspace.name,
        people: quick.members.into_iter().map(line).collect(),
    }
}
