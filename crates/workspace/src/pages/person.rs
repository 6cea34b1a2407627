//! `/workspace/{id}/people/{user}`: one member, with their role and state.

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use sigma_core::ids::{RoleId, UserId};
use sigma_core::org::{Right, Role, RolePermissions};
use sigma_store::org::api_key::MadeKeys;
use sigma_store::org::membership::{self, Change, Member};
use sigma_store::org::page::{self, MemberDetails};
use sigma_store::org::role::RoleSummary;

use super::form::Form;
use super::member_session::MemberSession;
use super::outcome::{Done, PageError, Refused};
use super::people::status;
use crate::pages::view::{MemberPage, Notice, QuickLoginSwitch, RoleOption, Tab};
use sigma_platform::http::Endpoint;
use sigma_platform::pages::not_found;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 5] {
    [
        Endpoint::get(PAGE, "/workspace/{workspace}/people/{user}", show),
        Endpoint::post(FORM, "/workspace/{workspace}/people/{user}", change),
        Endpoint::post(FORM, "/workspace/{workspace}/people/{user}/activate", activate),
        Endpoint::post(FORM, "/workspace/{workspace}/people/{user}/deactivate", deactivate),
        Endpoint::post(FORM, "/workspace/{workspace}/people/{user}/end", end),
    ]
}

/// The member that the path names.
#[derive(Deserialize)]
pub struct Named {
    user: String,
}

impl Named {
    /// Their id.
    pub fn id(&self) -> UserId {
        UserId::from_text(self.user.as_str())
    }
}

async fn show(
    State(sigma): State<AppState>,
    session: MemberSession,
    Path(named): Path<Named>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    session.require(&sigma, Right::Users)?;
    let notice = session.reported(query.as_deref());
    show_member(&sigma, &session, &named.id(), StatusCode::OK, notice).await
}

async fn change(
    State(sigma): State<AppState>,
    session: MemberSession,
    Path(named): Path<Named>,
    form: Form,
) -> Result<Response, PageError> {
    let change = Change {
        role_id: form.0.get("role").map(RoleId::from_text),
        quick_login: Some(form.is_checked("quick_login")),
        active: None,
        keys: keys(&form),
    };
    put(&sigma, &session, named.id(), change, Done::Saved).await
}

/// What happens to the API keys that the member created: a checkbox keeps them.
fn keys(form: &Form) -> MadeKeys {
    if form.is_checked("keep_keys") { MadeKeys::Keep } else { MadeKeys::Deactivate }
}

async fn activate(
    State(sigma): State<AppState>,
    session: MemberSession,
    Path(named): Path<Named>,
) -> Result<Response, PageError> {
    put(&sigma, &session, named.id(), Change { active: Some(true), ..Change::default() }, Done::Activated).await
}

async fn deactivate(
    State(sigma): State<AppState>,
    session: MemberSession,
    Path(named): Path<Named>,
    form: Form,
) -> Result<Response, PageError> {
    let change = Change { active: Some(false), keys: keys(&form), ..Change::default() };
    put(&sigma, &session, named.id(), change, Done::Deactivated).await
}

async fn end(
    State(sigma): State<AppState>,
    session: MemberSession,
    Path(named): Path<Named>,
    form: Form,
) -> Result<Response, PageError> {
    let keys = keys(&form);
    let (org_id, actor, user_id, now) = (session.org_id(), session.actor(), named.id(), sigma.now());
    let ended = session.act(&sigma, move |tx| membership::remove(tx, &org_id, &actor, &user_id, keys, now)).await?;
    match ended {
        Ok(()) => Ok(Done::Ended.at(&session.path("people"))),
        Err(refused) => reported(&sigma, &session, &named.id(), refused).await,
    }
}

async fn put(
    sigma: &AppState,
    session: &MemberSession,
    user_id: UserId,
    change: Change,
    done: Done,
) -> Result<Response, PageError> {
    let (org_id, actor, id, now) = (session.org_id(), session.actor(), user_id.clone(), sigma.now());
    let changed = session.act(sigma, move |tx| membership::change(tx, &org_id, &actor, &id, &change, now)).await?;
    match changed {
        Ok(_) => Ok(done.at(&session.path(&format!("people/{user_id}")))),
        Err(refused) => reported(sigma, session, &user_id, refused).await,
    }
}

/// The page again, with the reason for the failure.
pub async fn reported(
    sigma: &AppState,
    session: &MemberSession,
    user_id: &UserId,
    refused: Refused,
) -> Result<Response, PageError> {
    session.require(sigma, Right::Users)?;
    show_member(sigma, session, user_id, refused.status, Some(refused.notice)).await
}

async fn show_member(
    sigma: &AppState,
    session: &MemberSession,
    user_id: &UserId,
    status_code: StatusCode,
    notice: Option<Notice>,
) -> Result<Response, PageError> {
    let (org_id, user_id) = (session.org_id(), user_id.clone());
    let found = sigma.store.read(move |tx| page::member(tx, &org_id, &user_id)).await?;
    let Some(MemberDetails { member, role: held, roles, api_keys }) = found else {
        return Err(not_found().into());
    };
    let authority = session.authority();
    let locked = held.as_ref().is_some_and(|role| authority.require_role(&role.permissions).is_err());
    let view = MemberPage {
        user_id: member.user_id.to_string(),
        name: member.name.clone(),
        email: member.email.clone(),
        role: held.as_ref().map(|role| role.name.clone()).unwrap_or_default(),
        status: status(member.state),
        created_at: member.created_at,
        is_self: member.user_id == session.member.user_id,
        locked: locked.then(|| session.text("workspace-beyond").with("name", member.name.as_str()).to_string()),
        roles: role_options(session, &roles, Some(&member.role_id)),
        quick_login: quick_login(sigma, session, &member, held.as_ref()),
        keys: api_keys,
    };
    Ok(view.render(status_code, &session.frame(Tab::People, notice), &session.page(sigma)))
}

/// The roles that the viewer may assign: those with no more switches than their own. Whether a role exceeds theirs in
/// its rules for schemas and catalogs, which lists do not read, turns out on assignment.
pub fn role_options(session: &MemberSession, roles: &[RoleSummary], selected: Option<&RoleId>) -> Vec<RoleOption> {
    let RolePermissions { switches: own, .. } = &session.role.permissions;
    let given = roles.iter().filter(|role| own.covers(role.switches));
    given
        .map(|role| RoleOption {
            id: role.id.to_string(),
            name: role.name.clone(),
            selected: selected == Some(&role.id),
        })
        .collect()
}

fn quick_login(sigma: &AppState, session: &MemberSession, member: &Member, role: Option<&Role>) -> QuickLoginSwitch {
    let settings = &sigma.settings.workspaces;
    let manages = role.is_some_and(|role| role.permissions.manages_anything());
    let hint = if !settings.demo && settings.allow_quick_logins.is_empty() {
        "workspace-quick-refused"
    } else if !session.workspace.quick_logins {
        "workspace-quick-off"
    } else if manages && !settings.demo {
        "workspace-quick-manages"
    } else {
        "workspace-quick-on"
    };
    QuickLoginSwitch { on: member.quick_login, hint: session.text(hint).to_string() }
}
