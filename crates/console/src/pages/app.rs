//! `/console/apps/new` and `/console/apps/{id}`: a new app, one app, and what is done with it.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use sigma_core::admin_scope::{AdminReach, is_admin_scope};
use sigma_core::app::{App, AppProblem, AppReason, AppSettings, GrantType, LONGEST_OVERLAP_SECONDS};
use sigma_core::ids::{AppId, AppRef, OrgId};
use sigma_core::interaction::ConsolePage;
use sigma_core::operator::OperatorRight;
use sigma_core::params::Params;
use sigma_core::pkce::CodeVerifier;
use sigma_core::random::alphanumeric;
use sigma_core::redirect::{RedirectUri, Registrar, nearest};
use sigma_core::scope::OFFLINE_ACCESS;
use sigma_platform::app_trial::{self, Outcome, Ticket};
use sigma_platform::http::Endpoint;
use sigma_platform::orgs::CachedOrg;
use sigma_platform::pages::not_found;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::paths::GATE_PATH;
use sigma_platform::state::AppState;
use sigma_store::app::manage::Managed;
use sigma_store::operator::apps;
use sigma_store::redirect_refusal::RedirectRefusal;

use super::app_form::{entered, groups};
use super::app_problem::{difference, no_number, redirect, told};
use super::{confirmation, field, may_change, with_query};
use crate::app::fresh;
use crate::operator::Operator;
use crate::outcome::{Done, Notice, PageError};
use crate::view::{AppPage, CheckedUri, Fact, NewAppPage, RefusedUri, Tab, TestedView};

const LIST: &str = "/console/apps";
const NEW: &str = "/console/apps/new";
const ONE: &str = "/console/apps/{id}";

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 4] {
    [
        Endpoint::get(PAGE, NEW, ask),
        Endpoint::post(FORM, NEW, create),
        Endpoint::get(PAGE, ONE, show),
        Endpoint::post(FORM, ONE, act),
    ]
}

async fn ask(State(sigma): State<AppState>, operator: Operator) -> Result<Response, PageError> {
    may_change(&sigma, &operator, OperatorRight::ManageApps, ConsolePage::AppChange(None))?;
    Ok(draw_new(&sigma, &operator, StatusCode::OK, &AppSettings::default(), None))
}

/// Why settings were not taken: a rule, or a field that holds no number.
enum Wrong {
    Rule(AppProblem),
    Number(&'static str),
}

impl Wrong {
    fn field(&self) -> &'static str {
        match self {
            Self::Rule(problem) => problem.field,
            Self::Number(field) => field,
        }
    }
}

fn draw_new(
    sigma: &AppState,
    operator: &Operator,
    status: StatusCode,
    settings: &AppSettings,
    wrong: Option<&Wrong>,
) -> Response {
    let form = groups(settings, None, wrong.map(Wrong::field), operator.language);
    let notice = wrong.map(|wrong| {
        Notice::Refused(match wrong {
            Wrong::Rule(problem) => told(problem, &form, operator.language),
            Wrong::Number(field) => no_number(field, &form, operator.language),
        })
    });
    NewAppPage { form }.render(status, &operator.frame(Tab::Apps, notice), &operator.page(sigma))
}

async fn create(State(sigma): State<AppState>, operator: Operator, body: Bytes) -> Result<Response, PageError> {
    may_change(&sigma, &operator, OperatorRight::ManageApps, ConsolePage::AppChange(None))?;
    let form = Params::parse_form(&body);
    let (settings, wrong) = entered(&form, None);
    if let Some(number) = wrong {
        return Ok(draw_new(&sigma, &operator, StatusCode::BAD_REQUEST, &settings, Some(&Wrong::Number(number))));
    }
    let (secret, fresh) = fresh(&sigma);
    let (caller, id, wanted) = (operator.caller(), AppId::new(fresh.now, &*sigma.rng), settings.clone());
    let made = operator
        .act(&sigma, move |tx| apps::add(tx, (&caller, &AdminReach::everything()), &id, &wanted, &fresh))
        .await?;
    match made {
        Ok(Ok(made)) => finish(&sigma, &operator, made, secret, Done::AppAdded).await,
        Ok(Err(problem)) => {
            Ok(draw_new(&sigma, &operator, StatusCode::BAD_REQUEST, &settings, Some(&Wrong::Rule(problem))))
        }
        Err(_) => Err(operator.forbidden(&sigma)),
    }
}

/// The page of an app that was changed: at once if it shows a new secret, else by a redirect.
async fn finish(
    sigma: &AppState,
    operator: &Operator,
    managed: Managed,
    secret: String,
    done: Done,
) -> Result<Response, PageError> {
    if !managed.took_secret {
        return Ok(done.at(&format!("{LIST}/{}", managed.app.id)));
    }
    let beside = Beside { secret: Some(secret), notice: Some(done.notice(operator.language)), ..Beside::default() };
    draw(sigma, operator, StatusCode::OK, managed, beside).await
}

/// What a page shows beside the app itself.
#[derive(Default)]
struct Beside {
    notice: Option<Notice>,
    /// What was entered, and what is wrong with it.
    entered: Option<(AppSettings, Option<Wrong>)>,
    secret: Option<String>,
    checked: String,
    tested: Option<Outcome>,
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let managed = load(&sigma, &operator, &name).await?;
    let notice = Done::reported_by(&query, operator.language);
    let checked: String = query.raw("uri").unwrap_or_default().trim().chars().take(2_000).collect();
    let sealed = query.raw("trial").unwrap_or_default();
    let tested = app_trial::open(&sigma, (&managed.app.id, &operator.user_id), sealed);
    draw(&sigma, &operator, StatusCode::OK, managed, Beside { notice, checked, tested, ..Beside::default() }).await
}

async fn load(sigma: &AppState, operator: &Operator, name: &str) -> Result<Managed, PageError> {
    let Some(named) = AppRef::parse(name) else { return Err(not_found().into()) };
    let caller = operator.caller();
    operator.read(sigma, move |tx| apps::find(tx, &caller, &named)).await
}

async fn draw(
    sigma: &AppState,
    operator: &Operator,
    status: StatusCode,
    managed: Managed,
    beside: Beside,
) -> Result<Response, PageError> {
    let app = &managed.app;
    let org = sigma.find_org(&app.org_id).await?;
    let (caller, named, now) = (operator.caller(), AppRef::Id(app.id.clone()), sigma.now());
    let refused = operator.read(sigma, move |tx| apps::refusals(tx, &caller, &named, now)).await?;
    let page = ConsolePage::AppChange(Some(app.id.clone()));
    let confirmation = confirmation(sigma, operator, OperatorRight::ManageApps, page)?;
    let (mut notice, mut wrong) = (beside.notice, None);
    let settings = if let Some((entered, problem)) = beside.entered {
        wrong = problem;
        entered
    } else {
        let owner = owner_of(&app.org_id, org.as_deref());
        AppSettings { org: Some(owner), ..AppSettings::of(app, &managed.signer_origins) }
    };
    let form = groups(&settings, Some(app), wrong.as_ref().map(Wrong::field), operator.language);
    match &wrong {
        Some(Wrong::Rule(problem)) => notice = Some(Notice::Refused(told(problem, &form, operator.language))),
        Some(Wrong::Number(field)) => notice = Some(Notice::Refused(no_number(field, &form, operator.language))),
        None => {}
    }
    let owner = org.map_or_else(|| app.org_id.to_string(), |cached| cached.org.name.clone());
    let former = app.former_secret.filter(|former| former.ends_at > sigma.now());
    let view = AppPage {
        id: app.id.to_string(),
        client_id: app.client_id.to_string(),
        name: app.name.clone(),
        disabled: app.disabled,
        unverified: app.dynamic,
        created_at: app.created_at,
        facts: facts(operator, app, owner),
        audit: operator.role.may(Tab::Audit.right()).then(|| with_query("/console/audit", &[("app", app.id.as_str())])),
        may_change: confirmation.may_change,
        confirm_url: confirmation.url.clone(),
        form,
        version: managed.version.clone(),
        secret: beside.secret,
        has_secret: app.auth_method.has_secret(),
        former_ends_at: former.map(|former| former.ends_at),
        test_url: confirmation.may_change.then(|| test_url(sigma, operator, app)).flatten(),
        tested: beside.tested.map(TestedView::of),
        refused: refused.into_iter().map(|one| refusal(app, one)).collect(),
        checked: (!beside.checked.is_empty()).then(|| check(operator, app, beside.checked)),
    };
    let page = view.render(status, &operator.frame(Tab::Apps, notice), &operator.page(sigma));
    Ok(confirmation.with(page))
}

/// The org as it is entered: its short name, or its id.
pub(super) fn owner_of(id: &OrgId, org: Option<&CachedOrg>) -> String {
    let slug = org.and_then(|cached| cached.org.slug.as_ref().map(ToString::to_string));
    slug.unwrap_or_else(|| id.to_string())
}

/// What roles see that change nothing.
fn facts(operator: &Operator, app: &App, owner: String) -> Vec<Fact> {
    let yes = |is: bool| operator.text(if is { "console-yes" } else { "console-no" });
    let lines = |texts: Vec<&str>| texts.join("\n");
    let fact = |label: &'static str, value: String| Fact { label, value };
    let grants = app.grant_types.iter().map(|grant| grant.as_str()).collect();
    let facts = vec![
        fact("console-app-client-id", app.client_id.to_string()),
        fact("console-app-id", app.id.to_string()),
        fact("console-app-org", owner),
        fact("console-app-type", app.application_type.as_str().to_owned()),
        fact("console-app-auth", app.auth_method.as_str().to_owned()),
        fact("console-app-grants", lines(grants)),
        fact("console-app-scopes", app.scopes.to_string()),
        fact("console-app-redirects", lines(app.redirect_uris.iter().map(RedirectUri::as_str).collect())),
        fact("console-app-logouts", lines(app.post_logout_redirect_uris.iter().map(RedirectUri::as_str).collect())),
        fact("console-app-resources", lines(app.resources.iter().map(String::as_str).collect())),
        fact("console-app-pkce", yes(app.require_pkce)),
        fact("console-app-second-factor", yes(app.require_second_factor)),
        fact("console-app-algorithm", app.id_token_alg.as_str().to_owned()),
    ];
    facts.into_iter().filter(|fact| !fact.value.is_empty()).collect()
}

/// Compares a URI with the registered ones.
fn check(operator: &Operator, app: &App, uri: String) -> CheckedUri {
    let matches = app.redirect_uris.find(&uri, app.application_type).is_some();
    let closest = nearest(&uri, app.redirect_uris.iter().map(RedirectUri::as_str));
    let refused = RedirectUri::register(&uri, app.application_type, Registrar::Administrator).err();
    CheckedUri {
        matches,
        nearest: closest.as_ref().filter(|_| !matches).map(|(registered, _)| (*registered).to_owned()),
        differences: closest.into_iter().flat_map(|(_, found)| found).map(difference).collect(),
        refused: refused.map(|problem| redirect(problem, operator.language)),
        uri,
    }
}

/// A URI that was refused, and why.
fn refusal(app: &App, refused: RedirectRefusal) -> RefusedUri {
    let closest = nearest(&refused.uri, app.redirect_uris.iter().map(RedirectUri::as_str));
    let is_registered = app.redirect_uris.find(&refused.uri, app.application_type).is_some();
    RefusedUri {
        check_url: with_query(&format!("{LIST}/{}", app.id), &[("uri", &refused.uri)]),
        differences: match closest {
            _ if is_registered => vec!["console-app-refused-registered"],
            Some((_, found)) => found.into_iter().map(difference).collect(),
            None => vec!["console-app-refused-none"],
        },
        uri: refused.uri,
        count: refused.refusals,
        last_at: refused.last_at,
    }
}

/// A real sign-in to the app, with everything that it may ask for, that comes back here instead of giving the app a code.
fn test_url(sigma: &AppState, operator: &Operator, app: &App) -> Option<String> {
    if app.disabled || app.security.must_push() || !app.may_use(GrantType::AuthorizationCode) {
        return None;
    }
    let redirect_uri = app.redirect_uris.iter().next().map(RedirectUri::as_str)?;
    let verifier = CodeVerifier::parse(&alphanumeric(&*sigma.rng, 43)).ok()?;
    let state = alphanumeric(&*sigma.rng, 22);
    // Nothing that lives on after the test.
    let scope = app.askable().retain(|scope| scope != OFFLINE_ACCESS && !is_admin_scope(scope)).to_string();
    let challenge = verifier.challenge().to_text();
    let ticket = Ticket::seal(sigma, &app.id, &operator.user_id).ok()?;
    Some(with_query(
        GATE_PATH,
        &[
            ("client_id", app.client_id.as_str()),
            ("redirect_uri", redirect_uri),
            ("response_type", "code"),
            ("scope", &scope),
            ("prompt", "consent"),
            ("state", &state),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            (app_trial::PARAMETER, &ticket),
        ],
    ))
}

async fn act(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<Response, PageError> {
    let id = match AppRef::parse(&name) {
        Some(AppRef::Id(id)) => Some(id),
        _ => None,
    };
    may_change(&sigma, &operator, OperatorRight::ManageApps, ConsolePage::AppChange(id))?;
    let managed = load(&sigma, &operator, &name).await?;
    let form = Params::parse_form(&body);
    match form.raw("do") {
        Some("save") => save(&sigma, &operator, managed, &form).await,
        Some("secret") => renew(&sigma, &operator, managed, &form).await,
        Some("end-secret") => end_former(&sigma, &operator, managed).await,
        Some("remove") => remove(&sigma, &operator, managed, &form).await,
        _ => draw(&sigma, &operator, StatusCode::BAD_REQUEST, managed, Beside::default()).await,
    }
}

async fn save(
    sigma: &AppState,
    operator: &Operator,
    mut managed: Managed,
    form: &Params,
) -> Result<Response, PageError> {
    let (settings, wrong) = entered(form, Some(&managed.app));
    let expected = Some(field(form, "version")).filter(|version| !version.is_empty());
    // A form that is drawn again is no newer than it was.
    if let Some(sent) = &expected {
        managed.version.clone_from(sent);
    }
    if let Some(number) = wrong {
        let beside = Beside { entered: Some((settings, Some(Wrong::Number(number)))), ..Beside::default() };
        return draw(sigma, operator, StatusCode::BAD_REQUEST, managed, beside).await;
    }
    let (secret, fresh) = fresh(sigma);
    let (caller, named, wanted) = (operator.caller(), AppRef::Id(managed.app.id.clone()), settings.clone());
    let changed = operator
        .act(sigma, move |tx| {
            apps::change(tx, (&caller, &AdminReach::everything()), &named, expected.as_deref(), &wanted, &fresh)
        })
        .await?;
    match changed {
        Ok(Ok(changed)) => finish(sigma, operator, changed, secret, Done::Saved).await,
        Ok(Err(problem)) => {
            let status =
                if problem.reason == AppReason::Stale { StatusCode::CONFLICT } else { StatusCode::BAD_REQUEST };
            let beside = Beside { entered: Some((settings, Some(Wrong::Rule(problem)))), ..Beside::default() };
            draw(sigma, operator, status, managed, beside).await
        }
        Err(_) => Err(operator.forbidden(sigma)),
    }
}

/// The page that tells why something else than settings was refused.
async fn refused(
    sigma: &AppState,
    operator: &Operator,
    managed: Managed,
    problem: &AppProblem,
) -> Result<Response, PageError> {
    let notice = Some(Notice::Refused(told(problem, &[], operator.language)));
    draw(sigma, operator, StatusCode::CONFLICT, managed, Beside { notice, ..Beside::default() }).await
}

async fn renew(sigma: &AppState, operator: &Operator, managed: Managed, form: &Params) -> Result<Response, PageError> {
    let seconds = field(form, "overlap").parse().unwrap_or(0).min(LONGEST_OVERLAP_SECONDS);
    let overlap = Duration::from_secs(u64::from(seconds));
    let (secret, fresh) = fresh(sigma);
    let (caller, named) = (operator.caller(), AppRef::Id(managed.app.id.clone()));
    match operator
        .act(sigma, move |tx| apps::renew_secret(tx, (&caller, &AdminReach::everything()), &named, overlap, &fresh))
        .await?
    {
        Ok(Ok(renewed)) => finish(sigma, operator, renewed, secret, Done::SecretRenewed).await,
        Ok(Err(problem)) => refused(sigma, operator, managed, &problem).await,
        Err(_) => Err(operator.forbidden(sigma)),
    }
}

async fn end_former(sigma: &AppState, operator: &Operator, managed: Managed) -> Result<Response, PageError> {
    let (caller, named, now) = (operator.caller(), AppRef::Id(managed.app.id.clone()), sigma.now());
    match operator
        .act(sigma, move |tx| apps::end_former_secret(tx, (&caller, &AdminReach::everything()), &named, now))
        .await?
    {
        Ok(Ok(app)) => Ok(Done::SecretEnded.at(&format!("{LIST}/{}", app.id))),
        Ok(Err(problem)) => refused(sigma, operator, managed, &problem).await,
        Err(_) => Err(operator.forbidden(sigma)),
    }
}

async fn remove(sigma: &AppState, operator: &Operator, managed: Managed, form: &Params) -> Result<Response, PageError> {
    if field(form, "confirm") != managed.app.client_id.as_str() {
        let notice = Some(Notice::Refused(operator.text("console-app-wrong-confirm")));
        return draw(sigma, operator, StatusCode::BAD_REQUEST, managed, Beside { notice, ..Beside::default() }).await;
    }
    let (caller, named, now) = (operator.caller(), AppRef::Id(managed.app.id.clone()), sigma.now());
    match operator.act(sigma, move |tx| apps::remove(tx, (&caller, &AdminReach::everything()), &named, now)).await? {
        Ok(Ok(_)) => Ok(Done::AppRemoved.at(LIST)),
        // Somebody else was faster.
        Ok(Err(_)) => Ok(Redirect::to(LIST).into_response()),
        Err(_) => Err(operator.forbidden(sigma)),
    }
}
