//! `/developers`: a signed-in person's apps, for people. Nothing needs script but the making of a Bitcoin key, which never leaves the
//! browser.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sigma_core::actor::Actor;
use sigma_core::app::App;
use sigma_core::ids::{AppId, UserId};
use sigma_core::interaction::{AccountPage, Continuation};
use sigma_core::params::Params;
use sigma_core::pkce::CodeVerifier;
use sigma_core::random::alphanumeric;
use sigma_core::redirect::RedirectUri;
use sigma_store::developer_app::{self, DeveloperApp, DeveloperRefusal};
use sigma_store::{Stop, StoreError, Tx};

use super::api::save;
use super::draft::{self, Entered, Kind, Wrong};
use super::snippets::snippets;
use super::view::{AppFields, AppLine, DeveloperAppPage, DeveloperApps, NewApp};
use crate::extract::{Browser, SignedIn};
use crate::http::{ApiError, Endpoint, RequestContext};
use crate::interaction::{begin, sign_in_first, with_cookie};
use crate::pages::not_found;
use crate::pages::policy::{FORM, PAGE};
use crate::paths::{GATE_PATH, login_url};
use crate::state::AppState;

const PATH: &str = "/developers";
const APP_PATH: &str = "/developers/app";
/// The refusal of a session whose last sign-in was some time ago.
const AGAIN: &str = "sign-in-again-first";

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 7] {
    [
        Endpoint::get(PAGE, PATH, list),
        Endpoint::get(PAGE, "/developers/new", ask),
        Endpoint::post(FORM, "/developers/new", create),
        Endpoint::get(PAGE, APP_PATH, show),
        Endpoint::post(FORM, "/developers/app/change", change),
        Endpoint::post(FORM, "/developers/app/secret", renew_secret),
        Endpoint::post(FORM, "/developers/app/remove", remove),
    ]
}

/// Whoever makes apps here; otherwise the response: no such page, or the sign-in page.
async fn developer(sigma: &AppState, browser: &Browser) -> Result<SignedIn, Response> {
    if !sigma.settings.registration.developers {
        return Err(not_found());
    }
    if let Some(signed_in) =
        SignedIn::find(sigma, browser).await.map_err(axum::response::IntoResponse::into_response)?
    {
        Ok(signed_in)
    } else {
        let continuation = Continuation::Account { page: AccountPage::Developers };
        Err(sign_in_first(sigma, browser, continuation).unwrap_or_else(IntoResponse::into_response))
    }
}

fn failed(error: impl Into<ApiError>) -> Response {
    error.into().into_response()
}

async fn list(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let signed_in = developer(&sigma, &browser).await?;
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let user_id = signed_in.account.user.id.clone();
    let made = sigma.store.read(move |tx| developer_app::list(tx, &user_id)).await.map_err(failed)?;
    let page = DeveloperApps {
        lines: made.iter().map(|made| AppLine::of(&made.app)).collect(),
        has_room: made.len() < developer_app::MOST_PER_PERSON,
        done: (params.get("done") == Some("removed")).then_some("developers-removed"),
    };
    Ok(page.render(&context(&sigma, &signed_in, &browser)))
}

async fn ask(State(sigma): State<AppState>, browser: Browser) -> Result<Response, Response> {
    let signed_in = developer(&sigma, &browser).await?;
    let page = NewApp { fields: AppFields::default(), kind: Kind::Server, refused: None };
    Ok(page.render(StatusCode::OK, &context(&sigma, &signed_in, &browser)))
}

async fn create(
    State(sigma): State<AppState>,
    request: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, Response> {
    let signed_in = developer(&sigma, &browser).await?;
    let form = Params::parse_form(&body);
    let entered = entered(&form);
    let kind = form.get("kind").and_then(Kind::parse).unwrap_or(Kind::Server);
    let again = |refused: &'static str, detail: String| {
        let page = NewApp { fields: AppFields::entered(&entered), kind, refused: Some((refused, detail)) };
        page.render(StatusCode::BAD_REQUEST, &context(&sigma, &signed_in, &browser))
    };
    let (app, secret) = match draft::new(&sigma, &entered, kind, sigma.now()) {
        Ok(made) => made,
        Err(Wrong { text, description, .. }) => return Ok(again(text, description)),
    };
    let made = DeveloperApp { app, made_as: None };
    match save(&sigma, &request, &made, &signed_in.account.user.id).await {
        Ok(()) => {
            let outcome = Outcome { done: Some("developers-made"), secret, ..Outcome::default() };
            render(&sigma, &browser, &signed_in, &made.app, outcome).map_err(failed)
        }
        Err(Stop::Failed(error)) => Err(failed(error)),
        Err(Stop::Refused(refusal)) => Ok(again(
            match refusal {
                DeveloperRefusal::ClientIdTaken => "developers-client-id-taken",
                DeveloperRefusal::TooMany => "developers-too-many",
                DeveloperRefusal::Full => "developers-full",
            },
            String::new(),
        )),
    }
}

async fn show(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let signed_in = developer(&sigma, &browser).await?;
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let made = own(&sigma, &signed_in.account.user.id, params.get("id")).await?;
    let done = (params.get("done") == Some("changed")).then_some("developers-changed");
    render(&sigma, &browser, &signed_in, &made.app, Outcome { done, ..Outcome::default() }).map_err(failed)
}

async fn change(
    State(sigma): State<AppState>,
    request: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, Response> {
    let signed_in = developer(&sigma, &browser).await?;
    let form = Params::parse_form(&body);
    let user_id = signed_in.account.user.id.clone();
    let before = own(&sigma, &user_id, form.get("id")).await?.app;
    let after = match draft::changed(before.clone(), &entered(&form), sigma.now()) {
        Ok(after) => after,
        Err(Wrong { text, description, .. }) => {
            let outcome = Outcome { refused: Some((text, description)), ..Outcome::default() };
            return render(&sigma, &browser, &signed_in, &before, outcome).map_err(failed);
        }
    };
    write(&sigma, &request, &user_id, &after, developer_app::describe).await?;
    Ok(Redirect::to(&format!("{APP_PATH}?id={}&done=changed", after.id)).into_response())
}

/// Makes another secret and shows it once; the former stops working.
async fn renew_secret(
    State(sigma): State<AppState>,
    request: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, Response> {
    let signed_in = developer(&sigma, &browser).await?;
    let form = Params::parse_form(&body);
    let user_id = signed_in.account.user.id.clone();
    let mut app = own(&sigma, &user_id, form.get("id")).await?.app;
    // It outlives the session, and the former stops working: not for whoever sits down at a browser that was left open.
    if !signed_in.may_change_credentials(&sigma) {
        let outcome = Outcome { refused: Some((AGAIN, String::new())), ..Outcome::default() };
        return render(&sigma, &browser, &signed_in, &app, outcome).map_err(failed);
    }
    app.updated_at = sigma.now();
    let secret = draft::renewed_secret(&sigma, &mut app);
    if secret.is_some() {
        write(&sigma, &request, &user_id, &app, developer_app::set_secret).await?;
    }
    let done = secret.is_some().then_some("developers-secret-renewed");
    render(&sigma, &browser, &signed_in, &app, Outcome { done, secret, ..Outcome::default() }).map_err(failed)
}

async fn remove(
    State(sigma): State<AppState>,
    request: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, Response> {
    let signed_in = developer(&sigma, &browser).await?;
    let form = Params::parse_form(&body);
    let user_id = signed_in.account.user.id.clone();
    let app_id = own(&sigma, &user_id, form.get("id")).await?.app.id;
    let (store, now) = (sigma.store_for(&request, Actor::User(user_id.clone())), sigma.now());
    store.write(move |tx| developer_app::remove(tx, &user_id, &app_id, now)).await.map_err(failed)?;
    Ok(Redirect::to(&format!("{PATH}?done=removed")).into_response())
}

/// Writes with `operation` what changed of the app.
async fn write(
    sigma: &AppState,
    request: &RequestContext,
    user_id: &UserId,
    app: &App,
    operation: fn(&mut dyn Tx, &UserId, &App) -> Result<bool, StoreError>,
) -> Result<(), Response> {
    let (user_id, app) = (user_id.clone(), app.clone());
    let store = sigma.store_for(request, Actor::User(user_id.clone()));
    let written = store.write(move |tx| operation(tx, &user_id, &app)).await.map_err(failed)?;
    if written { Ok(()) } else { Err(not_found()) }
}

/// The named app of this person; another's is no app.
async fn own(sigma: &AppState, user_id: &UserId, named: Option<&str>) -> Result<DeveloperApp, Response> {
    let Some(app_id) = named.and_then(AppId::parse) else { return Err(not_found()) };
    let user_id = user_id.clone();
    let found = sigma.store.read(move |tx| developer_app::find(tx, &user_id, &app_id)).await.map_err(failed)?;
    found.ok_or_else(not_found)
}

/// What a form says: URIs one per line.
fn entered(form: &Params) -> Entered {
    let text = |name: &str| form.get(name).unwrap_or_default().trim().to_owned();
    let lines = |name: &str| {
        let lines = form.get(name).unwrap_or_default().lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect()
    };
    Entered {
        client_id: Some(text("client_id")),
        name: text("name"),
        redirect_uris: lines("redirect_uris"),
        post_logout_redirect_uris: lines("post_logout_redirect_uris"),
        pubkey: Some(text("pubkey")),
    }
}

/// What came of a form, for the page of its app.
#[derive(Default)]
struct Outcome {
    /// What was done: a key of the catalogue.
    done: Option<&'static str>,
    /// Why nothing was: a key of the catalogue, and details.
    refused: Option<(&'static str, String)>,
    /// A secret that was just made.
    secret: Option<String>,
}

/// The page of one app.
fn render(
    sigma: &AppState,
    browser: &Browser,
    signed_in: &SignedIn,
    app: &App,
    outcome: Outcome,
) -> Result<Response, ApiError> {
    let Outcome { done, refused, secret } = outcome;
    let status = match refused {
        None => StatusCode::OK,
        Some((AGAIN, _)) => StatusCode::FORBIDDEN,
        Some(_) => StatusCode::BAD_REQUEST,
    };
    let (mut sign_in_url, mut cookie) = (None, None);
    if app.auth_method.has_secret() && !signed_in.may_change_credentials(sigma) {
        let continuation = Continuation::Account { page: AccountPage::DevelopersChange };
        let begun = begin(sigma, browser, continuation, sigma.now())?;
        (sign_in_url, cookie) = (Some(login_url(&begun.name)), begun.set_cookie);
    }
    let page = DeveloperAppPage {
        sign_in_url,
        fields: AppFields::of(app),
        line: AppLine::of(app),
        kind: Kind::of(app.auth_method),
        pubkey: app.pubkey.map(|key| key.to_hex()),
        snippets: snippets(sigma.issuer(), app),
        try_url: try_url(sigma, app),
        secret,
        done,
        refused,
    };
    Ok(with_cookie(page.render(status, &context(sigma, signed_in, browser)), cookie.as_deref()))
}

/// A real sign-in to the app. Nobody has the verifier of its challenge, so that its code is worth nothing.
fn try_url(sigma: &AppState, app: &App) -> Option<String> {
    let redirect_uri = app.redirect_uris.iter().next().map(RedirectUri::as_str)?;
    let verifier = CodeVerifier::parse(&alphanumeric(&*sigma.rng, 43)).ok()?;
    let state = alphanumeric(&*sigma.rng, 22);
    let mut query = form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("client_id", app.client_id.as_str())
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("response_type", "code")
        .append_pair("scope", "openid profile")
        .append_pair("prompt", "consent")
        .append_pair("state", &state)
        .append_pair("code_challenge", &verifier.challenge().to_text())
        .append_pair("code_challenge_method", "S256");
    Some(format!("{GATE_PATH}?{}", query.finish()))
}

fn context<'a>(sigma: &'a AppState, signed_in: &SignedIn, browser: &Browser) -> crate::pages::view::PageContext<'a> {
    sigma.page_in(sigma.language_of(&signed_in.account.user, browser, None))
}
