//! `/account/backup`: the encrypted backups of a signed-in user, their versions, and what can be done with them. Viewing needs
//! a session, the rest one that began or was confirmed a short time ago.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderValue, StatusCode, header};
use sigma_bitcoin::BapId;
use sigma_core::actor::Actor;
use sigma_core::ids::BackupId;
use sigma_core::interaction::{AccountPage, Continuation};
use sigma_core::params::Params;
use sigma_store::account::Account;
use sigma_store::backup::{self, Version, Wanted};

use crate::backup::hand_out::{Entitled, hand_out, notices};
use crate::backup::view::{AccountBackups, BackupLine, VersionLine};
use crate::extract::{Browser, SignedIn};
use crate::http::{ApiError, Endpoint, Refusal, RequestContext};
use crate::interaction::{begin, sign_in_first, with_cookie};
use crate::mail::AccountChange;
use crate::pages::policy::{FORM, PAGE};
use crate::paths::login_url;
use crate::state::AppState;

/// The path of this page.
const PATH: &str = "/account/backup";

/// The page and its forms.
pub fn endpoints() -> [Endpoint<AppState>; 4] {
    [
        Endpoint::get(PAGE, PATH, show),
        Endpoint::post(FORM, "/account/backup/download", download),
        Endpoint::post(FORM, "/account/backup/restore", restore),
        Endpoint::post(FORM, "/account/backup/remove", remove),
    ]
}

/// What a form did, by the name that its redirect carries, and the text that says so.
const DONE: [(&str, &str); 3] =
    [("stored", "backup-done-stored"), ("restored", "backup-done-restored"), ("removed", "backup-done-removed")];

async fn show(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let done = params.get("done").and_then(|name| DONE.iter().find(|(known, _)| *known == name));
    render(&sigma, &browser, &signed_in, done.map(|(_, text)| *text), None).await
}

async fn download(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, ApiError> {
    let (signed_in, form) = match submitted(&sigma, &browser, &body).await? {
        Ok(submitted) => submitted,
        Err(response) => return Ok(response),
    };
    let Some(bap_id) = bap_id_of(&form) else {
        return render(&sigma, &browser, &signed_in, None, Some(Refused::Unknown)).await;
    };
    let wanted = match form.get("version") {
        Some(id) => Wanted::Version(bap_id, BackupId::from_text(id)),
        None => Wanted::Current(bap_id),
    };
    let user_id = signed_in.account.user.id.clone();
    let entitled = Entitled { actor: Actor::User(user_id.clone()), user_id, method: "session", once: None };
    let (version, backup) = match hand_out(&sigma, &context, entitled, wanted).await {
        Ok(handed) => handed,
        Err(Refusal::Api(error)) if error.status() == StatusCode::NOT_FOUND => {
            return render(&sigma, &browser, &signed_in, None, Some(Refused::Unknown)).await;
        }
        Err(refusal) => return Ok(refusal.into_response()),
    };
    let day = version.stored_at.iso8601();
    let name: String = version.bap_id.as_str().chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    let file = format!("attachment; filename=\"sigma-{name}-{}.bep\"", day.get(..10).unwrap_or_default());
    let mut response = backup.text().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_str(&file).map_err(ApiError::internal)?);
    Ok(response)
}

async fn restore(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, ApiError> {
    let (signed_in, form) = match submitted(&sigma, &browser, &body).await? {
        Ok(submitted) => submitted,
        Err(response) => return Ok(response),
    };
    let user_id = signed_in.account.user.id.clone();
    let (id, now) = (BackupId::from_text(form.get("version").unwrap_or_default()), sigma.now());
    let notices = notices(&sigma, &user_id, AccountChange::BackupRestored).await?;
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    if !store.write(move |tx| backup::restore_version(tx, &user_id, &id, &notices, now)).await? {
        return render(&sigma, &browser, &signed_in, None, Some(Refused::Unknown)).await;
    }
    sigma.mail_was_promised();
    Ok(done("restored"))
}

async fn remove(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, ApiError> {
    let (signed_in, form) = match submitted(&sigma, &browser, &body).await? {
        Ok(submitted) => submitted,
        Err(response) => return Ok(response),
    };
    let user_id = signed_in.account.user.id.clone();
    let Some(bap_id) = bap_id_of(&form) else {
        return render(&sigma, &browser, &signed_in, None, Some(Refused::Unknown)).await;
    };
    let notices = notices(&sigma, &user_id, AccountChange::BackupRemoved).await?;
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    if !store.write(move |tx| backup::remove(tx, &user_id, &bap_id, &notices)).await? {
        return render(&sigma, &browser, &signed_in, None, Some(Refused::Unknown)).await;
    }
    sigma.mail_was_promised();
    Ok(done("removed"))
}

/// The form of a user whose session may change what is kept; otherwise the response.
async fn submitted(
    sigma: &AppState,
    browser: &Browser,
    body: &Bytes,
) -> Result<Result<(SignedIn, Params), Response>, ApiError> {
    let Some(signed_in) = SignedIn::find(sigma, browser).await? else {
        return first(sigma, browser).map(Err);
    };
    if !signed_in.may_change_credentials(sigma) {
        return render(sigma, browser, &signed_in, None, Some(Refused::TooOld)).await.map(Err);
    }
    Ok(Ok((signed_in, Params::parse(&String::from_utf8_lossy(body)))))
}

/// The identity that a form names.
fn bap_id_of(form: &Params) -> Option<BapId> {
    form.get("bapId").and_then(|text| BapId::parse(text).ok())
}

/// Why a form changed nothing.
#[derive(Clone, Copy, Debug)]
enum Refused {
    /// The session has to be confirmed first.
    TooOld,
    /// There is no such backup.
    Unknown,
}

impl Refused {
    /// The text that says so: a key of the catalogue.
    const fn text(self) -> &'static str {
        match self {
            Self::TooOld => "backup-refused-old",
            Self::Unknown => "backup-refused-unknown",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::TooOld => StatusCode::FORBIDDEN,
            Self::Unknown => StatusCode::CONFLICT,
        }
    }
}

fn first(sigma: &AppState, browser: &Browser) -> Result<Response, ApiError> {
    sign_in_first(sigma, browser, Continuation::Account { page: AccountPage::Backup })
}

fn done(what: &str) -> Response {
    Redirect::to(&format!("{PATH}?done={what}")).into_response()
}

/// The page, after what was `done` (a key of the catalogue) or refused.
async fn render(
    sigma: &AppState,
    browser: &Browser,
    signed_in: &SignedIn,
    done: Option<&'static str>,
    refused: Option<Refused>,
) -> Result<Response, ApiError> {
    let user_id = signed_in.account.user.id.clone();
    let versions = sigma.store.read(move |tx| backup::list(tx, &user_id)).await?;
    let (mut sign_in_url, mut cookie) = (None, None);
    if !signed_in.may_change_credentials(sigma) {
        let continuation = Continuation::Account { page: AccountPage::BackupChange };
        let begun = begin(sigma, browser, continuation, sigma.now())?;
        (sign_in_url, cookie) = (Some(login_url(&begun.name)), begun.set_cookie);
    }
    let lines = lines(&signed_in.account, &versions);
    let page = AccountBackups { lines, done, refused: refused.map(Refused::text), sign_in_url };
    let status = refused.map_or(StatusCode::OK, Refused::status);
    let context = sigma.page_in(sigma.language_of(&signed_in.account.user, browser, None));
    Ok(with_cookie(page.render(status, &context), cookie.as_deref()))
}

/// The identities of the account, and those that it had when it stored a backup.
fn lines(account: &Account, versions: &[Version]) -> Vec<BackupLine> {
    let mut ids: Vec<&BapId> = account.identities.iter().map(|identity| &identity.bap_id).collect();
    for version in versions {
        if !ids.contains(&&version.bap_id) {
            ids.push(&version.bap_id);
        }
    }
    let line = |bap_id: &BapId| BackupLine {
        bap_id: bap_id.to_string(),
        name: name_of(account, bap_id),
        versions: versions.iter().filter(|version| version.bap_id == *bap_id).map(VersionLine::from).collect(),
    };
    ids.into_iter().map(line).collect()
}

/// The name of an identity of the account; its id, if it has none or was lost.
pub fn name_of(account: &Account, bap_id: &BapId) -> String {
    let identity = account.identities.iter().find(|identity| identity.bap_id == *bap_id);
    let name = identity.map(|identity| identity.name.clone()).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| bap_id.to_string())
}
