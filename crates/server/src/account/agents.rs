//! `/account/agents`: who acts for a user. Apps of their own, which they make and stop here, and people who act as them, which they
//! end.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sigma_core::actor::Actor;
use sigma_core::app::{App, AuthMethod, GrantType};
use sigma_core::code::Authorization;
use sigma_core::digest::Digest;
use sigma_core::ids::{AppId, ClientId, GrantId, OrgId};
use sigma_core::interaction::{AccountPage, Continuation};
use sigma_core::params::Params;
use sigma_core::random::alphanumeric;
use sigma_core::scope::{EMAIL, MERITS, OPENID, PROFILE, Scopes};
use sigma_store::agent::{self, Created, NewAgent};
use sigma_store::impersonation;

use crate::account::agent_apis;
use crate::account::view::{ActingLine, AgentLine, AgentScope, AgentsPage, NewSecret};
use crate::extract::{Browser, SignedIn};
use crate::http::{ApiError, Endpoint, RequestContext};
use crate::interaction::{begin, sign_in_first, with_cookie};
use crate::pages::policy::{FORM, PAGE};
use crate::pages::view::scope_words;
use crate::paths::{ACCOUNT_DELETION_PATH, login_url};
use crate::state::AppState;

const PATH: &str = "/account/agents";
/// What a user may let an agent do here: nothing that changes how they sign in.
const OFFERED: [&str; 5] = [PROFILE, EMAIL, MERITS, "sigma:profile", "sigma:wallet"];
/// How long the access of an agent lasts: 90 days.
const LIFE: u32 = 7_776_000;
/// Length of a secret: 256 bits.
const SECRET_LENGTH: usize = 43;
/// The longest name, in characters.
const LONGEST_NAME: usize = 60;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 4] {
    [
        Endpoint::get(PAGE, PATH, show),
        Endpoint::post(FORM, "/account/agents/create", create),
        Endpoint::post(FORM, "/account/agents/stop", stop),
        Endpoint::post(FORM, "/account/agents/end", end),
    ]
}

async fn show(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let done = match params.get("done") {
        Some("stopped") => Some("agents-stopped"),
        Some("ended") => Some("agents-ended"),
        _ => None,
    };
    render(&sigma, &browser, &signed_in, Outcome { done, ..Outcome::default() }).await
}

/// Makes an agent, and shows its secret once.
async fn create(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    // Its secret outlives the session: whoever sits down at a browser that was left open gets none.
    if !signed_in.may_change_credentials(&sigma) {
        let refused = Outcome { refused: Some("sign-in-again-first"), ..Outcome::default() };
        return render(&sigma, &browser, &signed_in, refused).await;
    }
    if signed_in.account.deletes_at.is_some() {
        // An account that is going to be deleted gives nobody access; its user may keep it first.
        return Ok(Redirect::to(ACCOUNT_DELETION_PATH).into_response());
    }
    let form = Params::parse_form(&body);
    let name = form.get("name").map(str::trim).unwrap_or_default();
    let is_name = (1..=LONGEST_NAME).contains(&name.chars().count()) && !name.contains(char::is_control);
    if !is_name {
        let refused = Outcome { refused: Some("agents-bad-name"), ..Outcome::default() };
        return render(&sigma, &browser, &signed_in, refused).await;
    }
    let mut scope = Scopes::parse(OPENID);
    form.all("scope").filter(|wanted| OFFERED.contains(wanted)).for_each(|wanted| scope.insert(wanted));
    let resources = match agent_apis::chosen(&form, &agent_apis::offered(&sigma).await?, &mut scope) {
        Ok(resources) => resources,
        Err(problem) => {
            let refused = Outcome { refused: Some(problem), ..Outcome::default() };
            return render(&sigma, &browser, &signed_in, refused).await;
        }
    };
    let (now, rng) = (sigma.now(), &*sigma.rng);
    let secret = alphanumeric(rng, SECRET_LENGTH);
    let id = AppId::new(now, rng);
    let app = App {
        client_id: ClientId::of(&id),
        id,
        org_id: OrgId::operator(),
        name: name.to_owned(),
        auth_method: AuthMethod::ClientSecret,
        secret: Some(Digest::of(&secret)),
        grant_types: vec![GrantType::TokenExchange],
        scopes: scope.own(),
        created_at: now,
        updated_at: now,
        ..App::sigma()
    };
    let authorization =
        Authorization { scope, resources, ..Authorization::by(&signed_in.session.facts(), app.id.clone()) };
    let client_id = app.client_id.to_string();
    let new = NewAgent {
        app,
        grant_id: GrantId::new(now, rng),
        authorization,
        now,
        expires_at: AppState::in_seconds(now, LIFE),
    };
    let store = sigma.store_for(&context, Actor::User(signed_in.account.user.id.clone()));
    let outcome = match store.write(move |tx| agent::create(tx, &new)).await? {
        Created::Made => Outcome { made: Some(NewSecret { client_id, secret }), ..Outcome::default() },
        Created::TooMany => Outcome { refused: Some("agents-too-many"), ..Outcome::default() },
        Created::MayNot => return first(&sigma, &browser),
    };
    render(&sigma, &browser, &signed_in, outcome).await
}

/// Stops an agent for good. It is never too late for that: it needs no recent sign-in.
async fn stop(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    let form = Params::parse_form(&body);
    let (user_id, now) = (signed_in.account.user.id.clone(), sigma.now());
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    let stopped = match form.get("app").and_then(AppId::parse) {
        Some(app_id) => store.write(move |tx| agent::stop(tx, &user_id, &app_id, now)).await?,
        None => false,
    };
    if stopped {
        return Ok(Redirect::to(&format!("{PATH}?done=stopped")).into_response());
    }
    render(&sigma, &browser, &signed_in, Outcome { refused: Some("agents-unknown"), ..Outcome::default() }).await
}

/// Ends somebody's acting as this user.
async fn end(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    body: Bytes,
) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else { return first(&sigma, &browser) };
    let form = Params::parse_form(&body);
    let (user_id, now) = (signed_in.account.user.id.clone(), sigma.now());
    let store = sigma.store_for(&context, Actor::User(user_id.clone()));
    let ended = match form.get("id").map(GrantId::from_text) {
        Some(id) => store.write(move |tx| impersonation::end(tx, &user_id, &id, now)).await?,
        None => false,
    };
    if ended {
        return Ok(Redirect::to(&format!("{PATH}?done=ended")).into_response());
    }
    render(&sigma, &browser, &signed_in, Outcome { refused: Some("agents-unknown"), ..Outcome::default() }).await
}

fn first(sigma: &AppState, browser: &Browser) -> Result<Response, ApiError> {
    sign_in_first(sigma, browser, Continuation::Account { page: AccountPage::Agents })
}

/// What a form led to: keys of the catalogue, or a new agent.
#[derive(Default)]
struct Outcome {
    done: Option<&'static str>,
    refused: Option<&'static str>,
    made: Option<NewSecret>,
}

async fn render(
    sigma: &AppState,
    browser: &Browser,
    signed_in: &SignedIn,
    outcome: Outcome,
) -> Result<Response, ApiError> {
    let (user_id, now) = (signed_in.account.user.id.clone(), sigma.now());
    let language = sigma.language_of(&signed_in.account.user, browser, None);
    let (owner, person) = (user_id.clone(), user_id.clone());
    let agents = sigma.store.read(move |tx| agent::list(tx, &owner)).await?;
    let impersonations = sigma.store.read(move |tx| impersonation::list(tx, &person, now)).await?;
    let mut acting = Vec::new();
    for one in impersonations {
        let app = sigma.find_app(&one.app_id).await?;
        let actor = sigma.find_account(&one.actor_id).await?;
        acting.push(ActingLine {
            id: one.grant_id.to_string(),
            actor: actor.map_or_else(|| one.actor_id.to_string(), |account| account.person(None).display_name()),
            app: app.map_or_else(|| language.text("account-apps-gone").to_string(), |app| app.name.clone()),
            may: agent_apis::words(sigma, language, &one.scope, &one.resources).await?,
            until: one.expires_at,
        });
    }
    let mut lines = Vec::new();
    for agent in agents {
        lines.push(AgentLine {
            id: agent.app_id.to_string(),
            may: agent_apis::words(sigma, language, &agent.scope, &agent.resources).await?,
            name: agent.name,
            until: agent.expires_at,
            is_over: agent.is_over || now >= agent.expires_at,
        });
    }
    let (mut sign_in_url, mut cookie) = (None, None);
    if !signed_in.may_change_credentials(sigma) {
        let begun = begin(sigma, browser, Continuation::Account { page: AccountPage::AgentsChange }, now)?;
        (sign_in_url, cookie) = (Some(login_url(&begun.name)), begun.set_cookie);
    }
    let page = AgentsPage {
        sign_in_url,
        user_id: user_id.to_string(),
        lines,
        acting,
        offered: OFFERED
            .iter()
            .filter_map(|name| {
                scope_words(name).map(|words| AgentScope { name, title: words.title, detail: words.detail })
            })
            .collect(),
        apis: agent_apis::offered(sigma).await?,
        made: outcome.made,
        done: outcome.done,
        refused: outcome.refused,
    };
    let status = match page.refused {
        None => StatusCode::OK,
        Some("sign-in-again-first") => StatusCode::FORBIDDEN,
        Some("agents-bad-name" | "agents-same-scope" | "agents-too-many-apis") => StatusCode::BAD_REQUEST,
        Some(_) => StatusCode::CONFLICT,
    };
    Ok(with_cookie(page.render(status, &sigma.page_in(language)), cookie.as_deref()))
}
