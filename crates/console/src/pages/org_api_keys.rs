//! `/console/orgs/{id}/api-keys`: the keys of an org's servers, and new ones, each shown once.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use secrecy::SecretString;
use sigma_core::ids::{ApiKeyId, OrgId};
use sigma_core::interaction::OrgAccess;
use sigma_core::org::{ApiKeyDraft, ApiKeyProblem, KeyPermission, KeyPermissions};
use sigma_core::params::Params;
use sigma_core::time::Timestamp;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::days::end_of;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::pages::view::{key_permission_words, moment};
use sigma_platform::state::AppState;
use sigma_store::operator::{api_keys, orgs};
use sigma_store::org::api_key::{ApiKey, MakerId};

use super::org_part::{changed, org, part, path};
use super::{field, with_query};
use crate::operator::Operator;
use crate::org_access::new_api_key;
use crate::outcome::{Done, Notice, PageError};
use crate::paging::{LENGTH, one_more, page_of};
use crate::view::{ApiKeyEntered, OrgApiKeyRow, OrgApiKeysPage, PermissionChoice, Tab, Wrong};

const ACCESS: OrgAccess = OrgAccess::ApiKeys;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, "/console/orgs/{id}/api-keys", show), Endpoint::post(FORM, "/console/orgs/{id}/api-keys", add)]
}

/// What the page shows beside the keys.
#[derive(Default)]
struct Beside {
    notice: Option<Notice>,
    entered: Option<Entered>,
    wrong: Wrong,
    fresh: Option<SecretString>,
    after: Option<ApiKeyId>,
}

/// A key as entered.
struct Entered {
    name: String,
    permissions: KeyPermissions,
    expires: String,
}

impl Entered {
    fn read(form: &Params) -> Self {
        Self {
            name: field(form, "name"),
            permissions: form.all("permission").filter_map(KeyPermission::parse).collect(),
            expires: field(form, "expires"),
        }
    }

    /// The key that is asked for; the field that is wrong, and a key of the catalogue.
    fn parse(&self, now: Timestamp) -> Result<ApiKeyDraft, (&'static str, &'static str)> {
        let over = ("expires", "console-api-key-past");
        let expires_at = Some(self.expires.as_str()).filter(|day| !day.is_empty());
        let expires_at = expires_at.map(|day| end_of(day).ok_or(over)).transpose()?;
        ApiKeyDraft::new(&self.name, self.permissions.names(), expires_at, now).map_err(|problem| match problem {
            ApiKeyProblem::Name(_) => ("name", "console-problem-name"),
            ApiKeyProblem::Permissions => ("permission", "console-problem-permission"),
            ApiKeyProblem::Expired => over,
        })
    }
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let beside = Beside {
        notice: Done::reported_by(&query, operator.language),
        after: query.get("after").map(ApiKeyId::from_text),
        ..Beside::default()
    };
    draw(&sigma, &operator, &org(&id)?, StatusCode::OK, beside).await
}

async fn draw(
    sigma: &AppState,
    operator: &Operator,
    id: &OrgId,
    status: StatusCode,
    beside: Beside,
) -> Result<Response, PageError> {
    let (caller, wanted, from) = (operator.caller(), id.clone(), beside.after.clone());
    let read = operator.read(sigma, move |tx| {
        let org = orgs::find(tx, &caller, &wanted)?;
        Ok((org, api_keys::list(tx, &caller, &wanted, from.as_ref(), one_more(LENGTH))?))
    });
    let (org, found) = read.await?;
    let (found, last) = page_of(found, LENGTH, |key| key.id.to_string());
    let (part, confirmation) = part(sigma, operator, &org, ACCESS)?;
    let now = sigma.now();
    let entered = beside.entered.unwrap_or_else(|| Entered {
        name: String::new(),
        permissions: KeyPermissions::NONE.with(KeyPermission::Read),
        expires: String::new(),
    });
    let choice = |permission| PermissionChoice {
        words: key_permission_words(permission),
        on: entered.permissions.contains(permission),
    };
    let view = OrgApiKeysPage {
        keys: found.iter().map(|key| row(operator, key, now)).collect(),
        entered: ApiKeyEntered {
            permissions: KeyPermission::ALL.into_iter().map(choice).collect(),
            name: entered.name,
            expires: entered.expires,
            earliest: moment::day(now),
        },
        next: last.map(|last| with_query(&part.path, &[("after", &last)])),
        first: beside.after.map(|_| part.path.clone()),
        part,
        wrong: beside.wrong,
        fresh: beside.fresh,
    };
    let page = view.render(status, &operator.frame(Tab::Orgs, beside.notice), &operator.page(sigma));
    Ok(confirmation.with(page))
}

/// A key, as the pages show it.
pub fn row(operator: &Operator, key: &ApiKey, now: Timestamp) -> OrgApiKeyRow {
    let works = key.active && key.works_at(now);
    let state = match key.active {
        true if works => "workspace-key-active",
        true => "workspace-key-expired",
        false => "workspace-key-deactivated",
    };
    let made_by = match &key.made_by {
        None => operator.text("workspace-key-by-operator"),
        Some(maker) if matches!(maker.id, MakerId::Key(_)) => {
            operator.language.text("workspace-key-by-key").with("name", maker.name.as_str()).to_string()
        }
        Some(maker) => maker.name.clone(),
    };
    OrgApiKeyRow {
        id: key.id.to_string(),
        name: key.name.clone(),
        permissions: key.permissions.names(),
        has_all: key.permissions == KeyPermissions::ALL,
        works,
        state,
        active: key.active,
        made_by,
        created_at: key.created_at,
        last_used_at: key.last_used_at,
        expires_at: key.expires_at,
    }
}

async fn add(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, PageError> {
    let id = changed(&sigma, &operator, &id, ACCESS)?;
    let (entered, now) = (Entered::read(&Params::parse_form(&body)), sigma.now());
    let draft = match entered.parse(now) {
        Ok(draft) => draft,
        Err((at, key)) => {
            let wrong = Wrong::at(at, operator.text(key));
            let beside = Beside { notice: wrong.notice(), entered: Some(entered), wrong, ..Beside::default() };
            return draw(&sigma, &operator, &id, StatusCode::BAD_REQUEST, beside).await;
        }
    };
    let (new, secret) = new_api_key(&sigma, draft);
    let (caller, org_id) = (operator.caller(), id.clone());
    let made = operator.act(&sigma, move |tx| api_keys::add(tx, &caller, &org_id, &new, now)).await?;
    let (status, beside) = match made {
        Ok(_) => (StatusCode::CREATED, Beside { fresh: Some(secret.expose().into()), ..Beside::default() }),
        Err(notice) => {
            (StatusCode::CONFLICT, Beside { notice: Some(notice), entered: Some(entered), ..Beside::default() })
        }
    };
    draw(&sigma, &operator, &id, status, beside).await
}

/// The address of a key.
pub fn key_path(id: &OrgId, key: &ApiKeyId) -> String {
    format!("{}/{key}", path(id, ACCESS))
}
