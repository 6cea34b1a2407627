//! `/workspace/{id}/settings`: name, quick logins and the signing secret.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::org::{Right, text};
use sigma_store::org::secret;
use sigma_store::org::{self, Change};

use super::form::Form;
use super::member_session::MemberSession;
use super::outcome::{Done, PageError, Refused, text_problem};
use crate::pages::view::{Notice, QuickLoginsSetting, Tab, WorkspaceSettings};
use sigma_platform::http::{ApiError, Endpoint};
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::get(PAGE, "/workspace/{workspace}/settings", show),
        Endpoint::post(FORM, "/workspace/{workspace}/settings", change),
        Endpoint::post(FORM, "/workspace/{workspace}/settings/rotate", rotate),
    ]
}

async fn show(
    State(sigma): State<AppState>,
    session: MemberSession,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let notice = session.reported(query.as_deref());
    page(&sigma, &session, &session.workspace.name, StatusCode::OK, notice).await
}

async fn change(State(sigma): State<AppState>, session: MemberSession, form: Form) -> Result<Response, PageError> {
    let entered = form.text("name");
    let refused = match text::name(&entered) {
        Err(problem) => {
            let reason = text_problem(session.language, "name", problem).to_string();
            Refused::invalid(&session.text("workspace-not-saved").with("reason", reason))
        }
        Ok(name) => {
            let change = Change {
                name: Some(name),
                quick_logins: Some(form.is_checked("quick_logins")),
                require_second_factor: Some(form.is_checked("require_second_factor")),
                slug: None,
            };
            let (org_id, actor, now) = (session.org_id(), session.actor(), sigma.now());
            match session.act(&sigma, move |tx| org::change(tx, &org_id, &actor, &change, now)).await? {
                Ok(_) => return Ok(Done::Saved.at(&session.path("settings"))),
                Err(refused) => refused,
            }
        }
    };
    page(&sigma, &session, &entered, refused.status, Some(refused.notice)).await
}

async fn rotate(State(sigma): State<AppState>, session: MemberSession) -> Result<Response, PageError> {
    let (org_id, actor, now) = (session.org_id(), session.actor(), sigma.now());
    let made = secret::make(&org_id, &sigma.master_key, &*sigma.rng);
    let (kid, sealed) = made.map_err(|error| PageError::of(ApiError::internal(error)))?;
    match session.act(&sigma, move |tx| secret::rotate(tx, &org_id, &actor, &kid, &sealed, now)).await? {
        Ok(()) => Ok(Done::Rotated.at(&session.path("settings"))),
        Err(refused) => page(&sigma, &session, &session.workspace.name, refused.status, Some(refused.notice)).await,
    }
}

async fn page(
    sigma: &AppState,
    session: &MemberSession,
    name: &str,
    status: StatusCode,
    notice: Option<Notice>,
) -> Result<Response, PageError> {
    let (org_id, now) = (session.org_id(), sigma.now());
    let secrets = sigma.store.read(move |tx| secret::list(tx, &org_id, now)).await?;
    let settings = &sigma.settings.workspaces;
    let view = WorkspaceSettings {
        name: name.to_owned(),
        quick_logins: QuickLoginsSetting {
            on: session.workspace.quick_logins,
            allowed: settings.demo || !settings.allow_quick_logins.is_empty(),
        },
        require_second_factor: session.workspace.require_second_factor,
        kid: secrets.into_iter().next().map(|secret| secret.kid),
        locked: (!session.authority().may(Right::Workspace))
            .then(|| session.text("workspace-settings-locked").to_string()),
    };
    Ok(view.render(status, &session.frame(Tab::Settings, notice), &session.page(sigma)))
}
