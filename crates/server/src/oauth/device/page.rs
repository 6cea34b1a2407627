//! `/device`: a person types the code that a device shows, sees who asks for what and from where, and decides. Showing the
//! page changes nothing.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sigma_bitcoin::BapId;
use sigma_core::actor::network;
use sigma_core::app::App;
use sigma_core::params::Params;
use sigma_core::user_code::UserCode;
use sigma_store::device_code::Decision;

use super::{Waiting, approve, look_up};
use crate::extract::{Browser, SignedIn};
use crate::http::{ApiError, Endpoint, RequestContext};
use crate::interaction::{begin, sign_in_first, with_cookie};
use crate::oauth::consent_page::{choice, lines};
use crate::oauth::view::{ApproveDevice, DeviceDecided, EnterUserCode};
use crate::pages::policy::{FORM, PAGE};
use crate::pages::view::device;
use crate::pages::{app_view, person_view};
use crate::paths::{ACCOUNT_DELETION_PATH, DEVICE_PATH, device_url, switch_url};
use crate::state::AppState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, DEVICE_PATH, show), Endpoint::post(FORM, DEVICE_PATH, decide)]
}

async fn show(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let typed = params.get("user_code").or_else(|| params.get("code")).unwrap_or_default();
    if typed.is_empty() {
        return Ok(enter(&sigma, &browser, None));
    }
    let found = find(&sigma, &context, &browser, typed).await?;
    let Found { code, signed_in, waiting } = found;
    if let Some((decision, user_id)) = &waiting.device.decision {
        if *user_id != signed_in.account.user.id {
            return Err(enter(&sigma, &browser, Some(typed)));
        }
        let language = sigma.language_of(&signed_in.account.user, &browser, None);
        let approved = *decision == Decision::Approved;
        let brand = sigma.app_brand(&waiting.app).await;
        let page = DeviceDecided { app: waiting.app.name.clone(), approved };
        return Ok(page.render(&sigma.page_in(language).with_look(&brand.look)));
    }
    ask(&sigma, &context, &browser, &code, &signed_in, &waiting).await.map_err(IntoResponse::into_response)
}

/// A device that a person may decide about.
struct Found {
    code: UserCode,
    signed_in: SignedIn,
    waiting: Waiting,
}

/// Finds the device whose code was typed. Nobody looks up a code without having signed in.
async fn find(sigma: &AppState, context: &RequestContext, browser: &Browser, typed: &str) -> Result<Found, Response> {
    let refused = |error: ApiError| error.into_response();
    let code = UserCode::parse(typed).ok_or_else(|| enter(sigma, browser, Some(typed)))?;
    let first = |second_factor: bool| {
        let to = sign_in_first(sigma, browser, approve::continuation(&code, second_factor));
        to.unwrap_or_else(IntoResponse::into_response)
    };
    let signed_in = approve::recent(sigma, browser, &code, false).await.map_err(refused)?;
    let signed_in = signed_in.ok_or_else(|| first(false))?;
    if signed_in.account.deletes_at.is_some() {
        // An account that is going to be deleted gives no app access; its user may keep it first.
        return Err(Redirect::to(ACCOUNT_DELETION_PATH).into_response());
    }
    let found = look_up(sigma, context, Some(&signed_in.account.user.id), &code).await;
    let waiting = found.map_err(|reason| reason.into_response_or(|| enter(sigma, browser, Some(typed))))?;
    if waiting.app.require_second_factor && !approve::is_recent(sigma, &signed_in, &code, true) {
        return Err(first(true));
    }
    Ok(Found { code, signed_in, waiting })
}

/// The page that takes a code, after one that leads nowhere.
fn enter(sigma: &AppState, browser: &Browser, refused: Option<&str>) -> Response {
    let language = sigma.language_for(browser, None);
    let status = if refused.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let typed = refused.unwrap_or_default().chars().take(20).collect();
    EnterUserCode { typed, refused: refused.is_some() }.render(status, &sigma.page_in(language))
}

/// The page that asks whether to let the device in.
async fn ask(
    sigma: &AppState,
    context: &RequestContext,
    browser: &Browser,
    code: &UserCode,
    signed_in: &SignedIn,
    waiting: &Waiting,
) -> Result<Response, ApiError> {
    let Waiting { device: asking, app, request } = waiting;
    let (account, chosen) = (&signed_in.account, approve::preselected(signed_in));
    let chosen = chosen.as_ref();
    let language = sigma.language_of(&account.user, browser, None);
    let begun = begin(sigma, browser, approve::continuation(code, app.require_second_factor), sigma.now())?;
    let brand = sigma.app_brand(app).await;
    let is_near = asking.address.parse().is_ok_and(|address| network(address) == context.client().network());
    let page = ApproveDevice {
        app: app_view(app, &home_of(app), &brand),
        user_code: code.to_string(),
        scopes: lines(language, &request.wanted().scope, &request.resources, None),
        device: device::name(&asking.user_agent),
        address: asking.address.clone(),
        is_near,
        asked_at: asking.created_at,
        identities: account.identities.iter().map(|identity| choice(sigma, account, identity, chosen)).collect(),
        person: person_view(account, chosen),
        shown_to: account.user.id.to_string(),
        switch_url: switch_url(&begun.name),
    };
    let response = page.render(&sigma.page_in(language).with_look(&brand.look));
    Ok(with_cookie(response, begun.set_cookie.as_deref()))
}

/// What says more of an app than the name that it chose: where it is at home, or the id that its owner sees.
fn home_of(app: &App) -> String {
    let uri = app.client_uri.as_deref().and_then(|uri| uri.parse::<http::Uri>().ok());
    uri.and_then(|uri| uri.host().map(str::to_owned)).unwrap_or_else(|| app.client_id.to_string())
}

async fn decide(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, Response> {
    let form = Params::parse(&String::from_utf8_lossy(&body));
    let typed = form.get("user_code").unwrap_or_default();
    let Found { code, signed_in, waiting } = find(&sigma, &context, &browser, typed).await?;
    let back = Redirect::to(&device_url(&code.to_string())).into_response();
    if form.get("shown_to") != Some(signed_in.account.user.id.as_str()) {
        // Another account has signed in meanwhile, in another tab: its user has not seen what they would let in.
        return Ok(back);
    }
    let decided = match form.get("accept") {
        Some("true") => {
            let Ok(bap_id) = identity(&signed_in, form.get("bap_id")) else { return Ok(back) };
            approve::approve(&sigma, &context, &signed_in, &waiting, bap_id).await
        }
        Some("false") => approve::deny(&sigma, &context, &signed_in, &waiting).await,
        _ => return Ok(back),
    };
    // The page shows what became of it, also if somebody else was first.
    decided.map(|_| back).map_err(IntoResponse::into_response)
}

/// The chosen identity, which must be theirs.
fn identity(signed_in: &SignedIn, named: Option<&str>) -> Result<Option<BapId>, ()> {
    let Some(named) = named.filter(|named| !named.is_empty()) else { return Ok(approve::preselected(signed_in)) };
    let named = BapId::parse(named).map_err(|_| ())?;
    let is_theirs = signed_in.account.identities.iter().any(|identity| identity.bap_id == named);
    if is_theirs { Ok(Some(named)) } else { Err(()) }
}
