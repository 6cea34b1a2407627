//! `/account/apps`: the apps that a user gave access, and taking it back.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sigma_core::actor::Actor;
use sigma_core::ids::AppId;
use sigma_core::interaction::{AccountPage, Continuation};
use sigma_core::params::Params;
use sigma_store::app_access::{self, AppAccess};

use crate::account::view::{AccountApps, AppLine};
use crate::branding::logo_url;
use crate::extract::{Browser, SignedIn};
use crate::http::{ApiError, Endpoint, RequestContext};
use crate::i18n::Language;
use crate::interaction::sign_in_first;
use crate::pages::policy::{FORM, PAGE};
use crate::pages::view::scope_words;
use crate::state::AppState;

const PATH: &str = "/account/apps";

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, PATH, show), Endpoint::post(FORM, "/account/apps/remove", remove)]
}

async fn show(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let done = (params.get("done") == Some("removed")).then_some("account-apps-removed");
    render(&sigma, &browser, &signed_in, done, None).await
}

/// Takes an app's access back. It is never too late for that: it needs no recent sign-in.
async fn remove(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    let form = Params::parse(&String::from_utf8_lossy(&body));
    let unknown = "account-apps-unknown";
    let Some(app_id) = form.get("app").and_then(AppId::parse) else {
        return render(&sigma, &browser, &signed_in, None, Some(unknown)).await;
    };
    let (user_id, now) = (signed_in.account.user.id.clone(), sigma.now());
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    let mut had_access = false;
    loop {
        let (user_id, app_id) = (user_id.clone(), app_id.clone());
        let removal = store.write(move |tx| app_access::remove(tx, &user_id, &app_id, now)).await?;
        had_access |= removal.had_access;
        if !removal.more {
            break;
        }
    }
    if !had_access {
        return render(&sigma, &browser, &signed_in, None, Some(unknown)).await;
    }
    Ok(Redirect::to(&format!("{PATH}?done=removed")).into_response())
}

fn first(sigma: &AppState, browser: &Browser) -> Result<Response, ApiError> {
    sign_in_first(sigma, browser, Continuation::Account { page: AccountPage::Apps })
}

/// The page, after what was `done` or `refused`: keys of the catalogue.
async fn render(
    sigma: &AppState,
    browser: &Browser,
    signed_in: &SignedIn,
    done: Option<&'static str>,
    refused: Option<&'static str>,
) -> Result<Response, ApiError> {
    let (user_id, now) = (signed_in.account.user.id.clone(), sigma.now());
    let language = sigma.language_of(&signed_in.account.user, browser, None);
    let mut lines = Vec::new();
    for access in sigma.store.read(move |tx| app_access::list(tx, &user_id, now)).await? {
        lines.push(line(sigma, language, access).await?);
    }
    let status = if refused.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    Ok(AccountApps { lines, done, refused }.render(status, &sigma.page_in(language)))
}

async fn line(sigma: &AppState, language: Language, access: AppAccess) -> Result<AppLine, ApiError> {
    let app = sigma.find_app(&access.app_id).await?;
    let logo_url = match &app {
        Some(app) => sigma.app_brand(app).await.branding.logo.as_deref().map(logo_url),
        None => None,
    };
    let mut sees: Vec<String> = Vec::new();
    for scope in access.scope.iter() {
        sees.push(scope_words(scope).map_or_else(|| scope.to_owned(), |words| language.text(words.title).to_string()));
    }
    for org_id in &access.orgs {
        if let Some(cached) = sigma.find_org(org_id).await? {
            sees.push(language.text("scope-org-named").with("org", cached.org.name.as_str()).to_string());
        }
    }
    for (uri, scopes) in &access.resources {
        let resource = sigma.find_resource(uri).await?;
        let name = resource.as_ref().map_or(uri.as_str(), |resource| resource.name.as_str());
        sees.push(language.text("scope-resource").with("resource", name).to_string());
        for scope in scopes.iter() {
            let known = resource.iter().flat_map(|resource| &resource.scopes).find(|known| known.name == *scope);
            sees.push(known.map_or_else(|| scope.to_owned(), |known| known.description.clone()));
        }
    }
    Ok(AppLine {
        open_url: app.as_ref().filter(|app| !app.disabled).and_then(|app| app.login_url(sigma.issuer())),
        id: access.app_id.to_string(),
        name: app.map_or_else(|| language.text("account-apps-gone").to_string(), |app| app.name_and_host()),
        logo_url,
        sees,
        since: access.since,
        last_used_at: access.last_used_at,
    })
}
