//! `/workspace/{id}/keys/new` and `/workspace/{id}/keys/{key}`: creating a key, which shows it once; deactivating and
//! deleting it.

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use secrecy::SecretString;
use serde::Deserialize;
use sigma_core::ids::ApiKeyId;
use sigma_core::org::{ApiKeyDraft, ApiKeyProblem, ApiKeySecret, KeyPermission, Right};
use sigma_core::time::Timestamp;
use sigma_store::org::api_key::{self, Maker, MakerId, NewApiKey};
use sigma_store::org::page::{self, ApiKeyDetails};

use super::form::Form;
use super::keys::line;
use super::member_session::MemberSession;
use super::outcome::{Done, PageError, Refused, text_problem};
use super::permission_lines;
use crate::pages::view::{KeyForm, KeyMade, KeyPage, Notice, Tab};
use sigma_platform::http::Endpoint;
use sigma_platform::i18n::Language;
use sigma_platform::pages::days::end_of;
use sigma_platform::pages::not_found;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 5] {
    [
        Endpoint::get(PAGE, "/workspace/{workspace}/keys/new", new),
        Endpoint::post(FORM, "/workspace/{workspace}/keys/new", add),
        Endpoint::get(PAGE, "/workspace/{workspace}/keys/{key}", show),
        Endpoint::post(FORM, "/workspace/{workspace}/keys/{key}/deactivate", deactivate),
        Endpoint::post(FORM, "/workspace/{workspace}/keys/{key}/delete", delete),
    ]
}

#[derive(Deserialize)]
struct Named {
    key: String,
}

impl Named {
    fn id(&self) -> ApiKeyId {
        ApiKeyId::from_text(self.key.as_str())
    }
}

/// A key as entered.
#[derive(Default)]
struct Entered {
    name: String,
    permissions: Vec<KeyPermission>,
    last_day: String,
}

impl Entered {
    fn read(form: &Form) -> Self {
        let permissions = form.0.all("permission").filter_map(KeyPermission::parse).collect();
        Self { name: form.text("name"), permissions, last_day: form.text("expires") }
    }

    /// The requested key, or what is wrong with it, in words.
    fn parse(&self, language: Language, now: Timestamp) -> Result<ApiKeyDraft, String> {
        let over = || language.text("workspace-key-past").to_string();
        let ends = Some(self.last_day.as_str()).filter(|day| !day.is_empty());
        let ends = ends.map(|day| end_of(day).ok_or_else(over)).transpose()?;
        let permissions = self.permissions.iter().map(|permission| permission.as_str());
        ApiKeyDraft::new(&self.name, permissions, ends, now).map_err(|problem| match problem {
            ApiKeyProblem::Name(problem) => text_problem(language, "name", problem).to_string(),
            ApiKeyProblem::Permissions => language.text("workspace-key-no-permission").to_string(),
            ApiKeyProblem::Expired => over(),
        })
    }
}

async fn new(State(sigma): State<AppState>, session: MemberSession) -> Result<Response, PageError> {
    session.require(&sigma, Right::ApiKeys)?;
    let entered = Entered { permissions: vec![KeyPermission::Read], ..Entered::default() };
    Ok(form(&sigma, &session, entered, StatusCode::OK, None))
}

async fn add(State(sigma): State<AppState>, session: MemberSession, sent: Form) -> Result<Response, PageError> {
    session.require(&sigma, Right::ApiKeys)?;
    let (entered, now) = (Entered::read(&sent), sigma.now());
    let ApiKeyDraft { name, permissions, expires_at } = match entered.parse(session.language, now) {
        Ok(parsed) => parsed,
        Err(words) => {
            let Refused { status, notice } =
                Refused::invalid(&session.text("workspace-key-refused").with("reason", words));
            return Ok(form(&sigma, &session, entered, status, Some(notice)));
        }
    };
    let secret = ApiKeySecret::generate(&*sigma.rng);
    let id = ApiKeyId::new(now, &*sigma.rng);
    let new = NewApiKey { id, name, hash: secret.digest(), permissions, expires_at };
    let (org_id, actor) = (session.org_id(), session.actor());
    match session.act(&sigma, move |tx| api_key::add(tx, &org_id, &actor, &new, now)).await? {
        Ok(key) => {
            let made = KeyMade { name: key.name, key: SecretString::from(secret.expose()) };
            Ok(made.render(&session.frame(Tab::Keys, None), &session.page(&sigma)))
        }
        Err(Refused { status, notice }) => Ok(form(&sigma, &session, entered, status, Some(notice))),
    }
}

fn form(
    sigma: &AppState,
    session: &MemberSession,
    entered: Entered,
    status: StatusCode,
    notice: Option<Notice>,
) -> Response {
    let today = sigma.now().iso8601();
    let view = KeyForm {
        name: entered.name,
        permissions: permission_lines(&entered.permissions, &session.role.permissions),
        expires: entered.last_day,
        earliest: today.split_once('T').map_or("", |(day, _)| day).to_owned(),
    };
    view.render(status, &session.frame(Tab::Keys, notice), &session.page(sigma))
}

async fn show(
    State(sigma): State<AppState>,
    session: MemberSession,
    Path(named): Path<Named>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    session.require(&sigma, Right::ApiKeys)?;
    let notice = session.reported(query.as_deref());
    show_key(&sigma, &session, named.id(), StatusCode::OK, notice).await
}

async fn deactivate(
    State(sigma): State<AppState>,
    session: MemberSession,
    Path(named): Path<Named>,
) -> Result<Response, PageError> {
    let (org_id, actor, id, now) = (session.org_id(), session.actor(), named.id(), sigma.now());
    match session.act(&sigma, move |tx| api_key::deactivate(tx, &org_id, &actor, &id, now)).await? {
        Ok(key) => Ok(Done::Deactivated.at(&session.path(&format!("keys/{}", key.id)))),
        Err(refused) => reported(&sigma, &session, named.id(), refused).await,
    }
}

async fn delete(
    State(sigma): State<AppState>,
    session: MemberSession,
    Path(named): Path<Named>,
) -> Result<Response, PageError> {
    let (org_id, actor, id, now) = (session.org_id(), session.actor(), named.id(), sigma.now());
    match session.act(&sigma, move |tx| api_key::remove(tx, &org_id, &actor, &id, now)).await? {
        Ok(()) => Ok(Done::Deleted.at(&session.path("keys"))),
        Err(refused) => reported(&sigma, &session, named.id(), refused).await,
    }
}

async fn reported(
    sigma: &AppState,
    session: &MemberSession,
    id: ApiKeyId,
    refused: Refused,
) -> Result<Response, PageError> {
    session.require(sigma, Right::ApiKeys)?;
    show_key(sigma, session, id, refused.status, Some(refused.notice)).await
}

async fn show_key(
    sigma: &AppState,
    session: &MemberSession,
    id: ApiKeyId,
    status: StatusCode,
    notice: Option<Notice>,
) -> Result<Response, PageError> {
    let org_id = session.org_id();
    let found = sigma.store.read(move |tx| page::api_key(tx, &org_id, &id)).await?;
    let Some(ApiKeyDetails { key, maker_has_left }) = found else { return Err(not_found().into()) };
    let made_by = match &key.made_by {
        None => Some(session.text("workspace-key-by-operator").to_string()),
        Some(Maker { id: MakerId::Key(_), name }) => {
            Some(session.text("workspace-key-by-key").with("name", name.as_str()).to_string())
        }
        Some(Maker { name, .. }) if maker_has_left => {
            Some(session.text("workspace-key-by-former").with("name", name.as_str()).to_string())
        }
        Some(Maker { name, .. }) => Some(name.clone()),
    };
    let locked = session.authority().require_key(key.permissions).is_err();
    let view = KeyPage {
        made_by,
        locked: locked.then(|| session.text("workspace-key-locked").to_string()),
        key: line(key, sigma.now()),
    };
    Ok(view.render(status, &session.frame(Tab::Keys, notice), &session.page(sigma)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sigma_core::params::Params;

    use super::*;

    #[test]
    fn problems_with_a_key_are_explained() {
        let now = end_of("2026-11-21").unwrap().plus(Duration::from_secs(1));
        let parse = |form: &str| Entered::read(&Form(Params::parse(form))).parse(Language::English, now);
        let draft = parse("name=+Import+&permission=read&permission=x&expires=2026-11-22").unwrap();
        assert_eq!((draft.name.as_str(), draft.permissions.names()), ("Import", vec!["read"]));
        assert_eq!(draft.expires_at, end_of("2026-11-22"));
        let problems = ["name=&permission=read", "name=a", "name=a&permission=read&expires=2026-11-21"];
        insta::assert_snapshot!(problems.map(|form| parse(form).unwrap_err()).join("\n"), @r"
        the name must not be empty
        choose at least one permission
        the expiry date must not be in the past
        ");
    }
}
