//! `/console/people/{id}`: one person, and what is done to their account.

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::authentication::CredentialKind;
use sigma_core::ids::UserId;
use sigma_core::interaction::{ConsolePage, Continuation};
use sigma_core::operator::OperatorRight;
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::interaction::{begin, with_cookie};
use sigma_platform::pages::not_found;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::pages::view::device;
use sigma_platform::paths::login_url;
use sigma_platform::state::AppState;
use sigma_store::credential::StoredCredential;
use sigma_store::operator::people::{self, PersonDetails};

use crate::operator::{Operator, role_key};
use crate::outcome::{Done, Notice, PageError};
use crate::view::{AppRow, CredentialRow, EmailRow, EventRow, PersonPage, SessionRow, Tab};

/// How often a batch of what a person is signed in with is ended.
const MOST_BATCHES: u32 = 100;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 4] {
    [
        Endpoint::get(PAGE, "/console/people/{id}", show),
        Endpoint::post(FORM, "/console/people/{id}/disable", disable),
        Endpoint::post(FORM, "/console/people/{id}/enable", enable),
        Endpoint::post(FORM, "/console/people/{id}/sign-out", sign_out),
    ]
}

pub(super) fn person(id: &str) -> Result<UserId, PageError> {
    UserId::parse(id).ok_or_else(|| not_found().into())
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let notice = Done::reported_by(&query, operator.language);
    draw(&sigma, &operator, &person(&id)?, StatusCode::OK, notice).await
}

async fn disable(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    set_disabled(&sigma, &operator, &id, true).await
}

async fn enable(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    set_disabled(&sigma, &operator, &id, false).await
}

async fn set_disabled(sigma: &AppState, operator: &Operator, id: &str, disabled: bool) -> Result<Response, PageError> {
    let user_id = person(id)?;
    may(sigma, operator, OperatorRight::DisablePeople, &user_id)?;
    let (caller, wanted, now) = (operator.caller(), user_id.clone(), sigma.now());
    let act = operator.act(sigma, move |tx| people::set_disabled(tx, &caller, &wanted, disabled, now));
    match act.await? {
        Ok(_) => Ok((if disabled { Done::Disabled } else { Done::Enabled }).at(&path(&user_id))),
        Err(notice) => draw(sigma, operator, &user_id, StatusCode::FORBIDDEN, Some(notice)).await,
    }
}

async fn sign_out(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let user_id = person(&id)?;
    may(&sigma, &operator, OperatorRight::SignOutPeople, &user_id)?;
    for _ in 0..MOST_BATCHES {
        let (caller, wanted, now) = (operator.caller(), user_id.clone(), sigma.now());
        match operator.act(&sigma, move |tx| people::sign_out(tx, &caller, &wanted, now)).await? {
            Ok(0) => break,
            Ok(_) => {}
            Err(notice) => return draw(&sigma, &operator, &user_id, StatusCode::FORBIDDEN, Some(notice)).await,
        }
    }
    Ok(Done::SignedOut.at(&path(&user_id)))
}

pub(super) fn path(user_id: &UserId) -> String {
    format!("/console/people/{user_id}")
}

/// Refuses whoever lacks the right, before they are asked to prove again who they are.
pub(super) fn may(
    sigma: &AppState,
    operator: &Operator,
    right: OperatorRight,
    user_id: &UserId,
) -> Result<(), PageError> {
    if !operator.role.may(right) {
        return Err(operator.forbidden(sigma));
    }
    if operator.may_change(sigma) {
        Ok(())
    } else {
        Err(operator.step_up(sigma, ConsolePage::PersonChange(user_id.clone())))
    }
}

pub(super) async fn draw(
    sigma: &AppState,
    operator: &Operator,
    user_id: &UserId,
    status: StatusCode,
    notice: Option<Notice>,
) -> Result<Response, PageError> {
    let (caller, wanted, now) = (operator.caller(), user_id.clone(), sigma.now());
    let found = operator.read(sigma, move |tx| people::details(tx, &caller, &wanted, now)).await?;
    let (mut confirm_url, mut cookie) = (None, None);
    let reaches = operator.role.may_act_on(found.role) || *user_id == operator.user_id;
    let may_sign_out = reaches && operator.role.may(OperatorRight::SignOutPeople);
    let may_disable = reaches && operator.role.may(OperatorRight::DisablePeople) && *user_id != operator.user_id;
    let may = |right| reaches && operator.role.may(right);
    let (may_reset, may_end) =
        (may(OperatorRight::ResetPeople), may(OperatorRight::EndCredentials) && *user_id != operator.user_id);
    let may_delete = may(OperatorRight::DeletePeople) && *user_id != operator.user_id;
    if (may_sign_out || may_disable || may_reset) && !operator.may_change(sigma) {
        let page = ConsolePage::PersonChange(user_id.clone());
        let begun = begin(sigma, &operator.browser, Continuation::Console { page }, now)?;
        (confirm_url, cookie) = (Some(login_url(&begun.name)), begun.set_cookie);
    }
    let mut view = view(operator, &found);
    (view.may_sign_out, view.may_disable, view.confirm_url) = (may_sign_out, may_disable, confirm_url);
    (view.may_reset, view.may_end, view.may_delete) = (may_reset, may_end, may_delete);
    view.grace = operator.language.duration(sigma.settings.accounts.deletion_grace());
    for access in &found.apps {
        let app = sigma.find_app(&access.app_id).await?;
        view.apps.push(AppRow {
            url: operator.role.may(OperatorRight::ReadApps).then(|| format!("/console/apps/{}", access.app_id)),
            name: app.map_or_else(|| access.app_id.to_string(), |app| app.name.clone()),
            scope: access.scope.to_string(),
            last_used_at: access.last_used_at,
        });
    }
    let response = view.render(status, &operator.frame(Tab::People, notice), &operator.page(sigma));
    Ok(with_cookie(response, cookie.as_deref()))
}

fn view(operator: &Operator, found: &PersonDetails) -> PersonPage {
    let user = &found.user;
    PersonPage {
        id: user.id.to_string(),
        name: user.name.clone(),
        disabled: user.disabled,
        created_at: user.created_at,
        role: found.role.map(role_key),
        deletes_at: found.deletes_at.map(|at| operator.language.moment(at)),
        emails: found
            .emails
            .iter()
            .map(|email| EmailRow {
                address: email.address.clone(),
                proven: email.is_proven(),
                primary: email.is_primary,
            })
            .collect(),
        credentials: found.credentials.iter().filter(|stored| stored.retired_at.is_none()).map(credential).collect(),
        sessions: found
            .sessions
            .iter()
            .map(|session| SessionRow {
                device: device::name_in(operator.language, &session.user_agent),
                address: session.address.clone(),
                since: session.created_at,
            })
            .collect(),
        apps: Vec::new(),
        workspaces: found.workspaces.iter().map(|one| (one.org_id.to_string(), one.name.clone())).collect(),
        events: operator.role.may(OperatorRight::ReadAudit).then(|| found.events.iter().map(EventRow::of).collect()),
        may_sign_out: false,
        may_reset: false,
        may_end: false,
        may_delete: false,
        grace: String::new(),
        may_disable: false,
        is_oneself: user.id == operator.user_id,
        confirm_url: None,
    }
}

fn credential(stored: &StoredCredential) -> CredentialRow {
    let id = &stored.credential.id;
    CredentialRow {
        kind: match stored.credential.kind {
            CredentialKind::Key => "account-kind-key",
            CredentialKind::Password => "account-kind-password",
            CredentialKind::Passkey => "account-kind-passkey",
            CredentialKind::Provider => "account-kind-provider",
            CredentialKind::Totp => "account-kind-totp",
            CredentialKind::Recovery => "account-kind-recovery",
        },
        id: (stored.credential.kind == CredentialKind::Key).then(|| id.clone()),
        created_at: stored.created_at,
        last_used_at: stored.last_used_at,
    }
}
