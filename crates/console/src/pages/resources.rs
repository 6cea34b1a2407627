//! `/console/resources` and `/console/resource`: the APIs that access tokens may be for, and what is done with them.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use sigma_core::ids::OrgId;
use sigma_core::interaction::ConsolePage;
use sigma_core::operator::OperatorRight;
use sigma_core::params::Params;
use sigma_core::resource::{ResourceProblem, ResourceReason, ResourceScope, ResourceSettings};
use sigma_platform::http::Endpoint;
use sigma_platform::i18n::Language;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::pages::{FormVersion, not_found};
use sigma_platform::state::AppState;
use sigma_store::operator::resources;
use sigma_store::resource::manage::Managed;
use sigma_store::{Owner, Tx};

use super::app::owner_of;
use super::{confirmation, field, may_change, with_query};
use crate::operator::{Operator, require_current};
use crate::outcome::{Done, Notice, PageError};
use crate::paging::{LENGTH, one_more, page_of};
use crate::view::{ResourceEntered, ResourceLine, ResourcePage, ResourcesPage, Tab};

const LIST: &str = "/console/resources";
const ONE: &str = "/console/resource";
/// Characters of a list at most.
const LONGEST_LIST: usize = 16_384;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 4] {
    [
        Endpoint::get(PAGE, LIST, list),
        Endpoint::post(FORM, LIST, create),
        Endpoint::get(PAGE, ONE, show),
        Endpoint::post(FORM, ONE, act),
    ]
}

async fn list(
    State(sigma): State<AppState>,
    operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let notice = Done::reported_by(&query, operator.language);
    let after: String = query.raw("after").unwrap_or_default().chars().take(2_000).collect();
    draw_list(&sigma, &operator, StatusCode::OK, after, (notice, ResourceEntered::default())).await
}

async fn draw_list(
    sigma: &AppState,
    operator: &Operator,
    status: StatusCode,
    after: String,
    (notice, entered): (Option<Notice>, ResourceEntered),
) -> Result<Response, PageError> {
    let (caller, from) = (operator.caller(), after.replace('\0', ""));
    let found = operator.read(sigma, move |tx| resources::list(tx, &caller, &from, one_more(LENGTH))).await?;
    let (found, last) = page_of(found, LENGTH, |managed| managed.resource.uri.clone());
    let confirmation = confirmation(sigma, operator, OperatorRight::ManageApps, ConsolePage::ResourcesChange)?;
    let view = ResourcesPage {
        resources: found.iter().map(line).collect(),
        entered,
        may_change: confirmation.may_change,
        confirm_url: confirmation.url.clone(),
        next: last.map(|last| with_query(LIST, &[("after", &last)])),
        first: (!after.is_empty()).then(|| LIST.to_owned()),
    };
    let page = view.render(status, &operator.frame(Tab::Resources, notice), &operator.page(sigma));
    Ok(confirmation.with(page))
}

fn url(uri: &str) -> String {
    with_query(ONE, &[("uri", uri)])
}

fn line(managed: &Managed) -> ResourceLine {
    let resource = &managed.resource;
    ResourceLine {
        url: url(&resource.uri),
        uri: resource.uri.clone(),
        name: resource.name.clone(),
        scopes: resource.scopes.len(),
        is_open: resource.open,
    }
}

async fn create(State(sigma): State<AppState>, operator: Operator, body: Bytes) -> Result<Response, PageError> {
    may_change(&sigma, &operator, OperatorRight::ManageApps, ConsolePage::ResourcesChange)?;
    let form = Params::parse_form(&body);
    let entered = entered(&form);
    let settings = ResourceSettings {
        uri: Some(entered.uri.clone()),
        // The host of the URI, unless another name is given.
        name: Some(entered.name.clone()).filter(|name| !name.is_empty()),
        ..settings(&entered)
    };
    let (caller, issuer, now) = (operator.caller(), sigma.issuer().to_owned(), sigma.now());
    let added = operator.act(&sigma, move |tx| resources::add(tx, &caller, &settings, &issuer, now)).await?;
    match added {
        Ok(Ok(added)) => Ok(reported(Done::ResourceAdded, &added.resource.uri)),
        Ok(Err(problem)) => {
            let notice = Some(Notice::Refused(told(&problem, operator.language)));
            draw_list(&sigma, &operator, StatusCode::BAD_REQUEST, String::new(), (notice, entered)).await
        }
        Err(_) => Err(operator.forbidden(&sigma)),
    }
}

/// Redirects to the page of an API, which reports what was done.
fn reported(done: Done, uri: &str) -> Response {
    Redirect::to(&with_query(ONE, &[("uri", uri), ("done", done.name())])).into_response()
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let managed = load(&sigma, &operator, query.raw("uri")).await?;
    let notice = Done::reported_by(&query, operator.language);
    draw(&sigma, &operator, StatusCode::OK, &managed, (notice, None)).await
}

async fn load(sigma: &AppState, operator: &Operator, uri: Option<&str>) -> Result<Managed, PageError> {
    let uri = uri.filter(|uri| !uri.contains('\0')).ok_or_else(not_found)?.to_owned();
    let caller = operator.caller();
    operator.read(sigma, move |tx| resources::find(tx, &caller, &uri)).await
}

async fn draw(
    sigma: &AppState,
    operator: &Operator,
    status: StatusCode,
    managed: &Managed,
    (notice, entered): (Option<Notice>, Option<ResourceEntered>),
) -> Result<Response, PageError> {
    let resource = &managed.resource;
    let owner = owner_of(&resource.org_id, sigma.find_org(&resource.org_id).await?.as_deref());
    let confirmation = confirmation(sigma, operator, OperatorRight::ManageApps, ConsolePage::ResourcesChange)?;
    let view = ResourcePage {
        line: line(managed),
        created_at: resource.created_at,
        entered: entered.unwrap_or_else(|| ResourceEntered {
            uri: resource.uri.clone(),
            org: owner,
            name: resource.name.clone(),
            scopes: resource.scopes.iter().map(scope).collect::<Vec<_>>().join("\n"),
            is_open: resource.open,
            servers: managed.servers.join("\n"),
            version: FormVersion::of(managed),
        }),
        may_change: confirmation.may_change,
        confirm_url: confirmation.url.clone(),
    };
    let page = view.render(status, &operator.frame(Tab::Resources, notice), &operator.page(sigma));
    Ok(confirmation.with(page))
}

fn scope(scope: &ResourceScope) -> String {
    format!("{}={}", scope.name, scope.description)
}

async fn act(State(sigma): State<AppState>, operator: Operator, body: Bytes) -> Result<Response, PageError> {
    may_change(&sigma, &operator, OperatorRight::ManageApps, ConsolePage::ResourcesChange)?;
    let form = Params::parse_form(&body);
    let managed = load(&sigma, &operator, form.raw("uri")).await?;
    let (caller, uri) = (operator.caller(), managed.resource.uri.clone());
    match form.raw("do") {
        Some("save") => {
            let entered = entered(&form);
            let sent = entered.version.clone();
            // An empty field is the operator's own org, as its hint says.
            let org = Some(entered.org.clone()).filter(|org| !org.is_empty());
            let org = Some(org.unwrap_or_else(|| OrgId::operator().to_string()));
            let settings = ResourceSettings { org, ..settings(&entered) };
            let change = move |tx: &mut dyn Tx| {
                require_current(tx, &[Owner::Installation], &sent, |tx| resources::find(tx, &caller, &uri))?;
                resources::change(tx, &caller, &uri, &settings)
            };
            match operator.act(&sigma, change).await? {
                Ok(Ok(changed)) => Ok(reported(Done::Saved, &changed.resource.uri)),
                Ok(Err(problem)) => {
                    let notice = Some(Notice::Refused(told(&problem, operator.language)));
                    draw(&sigma, &operator, StatusCode::BAD_REQUEST, &managed, (notice, Some(entered))).await
                }
                Err(notice) => {
                    draw(&sigma, &operator, StatusCode::CONFLICT, &managed, (Some(notice), Some(entered))).await
                }
            }
        }
        Some("remove") => match operator.act(&sigma, move |tx| resources::remove(tx, &caller, &uri)).await? {
            Ok(_) => Ok(Done::ResourceRemoved.at(LIST)),
            Err(_) => Err(operator.forbidden(&sigma)),
        },
        _ => draw(&sigma, &operator, StatusCode::BAD_REQUEST, &managed, (None, None)).await,
    }
}

fn entered(form: &Params) -> ResourceEntered {
    let long = |name: &str| {
        let text: String = form.raw(name).unwrap_or_default().chars().take(LONGEST_LIST).collect();
        text.replace('\0', "\u{fffd}")
    };
    ResourceEntered {
        uri: long("uri").trim().chars().take(2_001).collect(),
        org: field(form, "org"),
        name: field(form, "name"),
        scopes: long("scopes"),
        is_open: form.raw("open").is_some_and(|value| !value.is_empty()),
        servers: long("servers"),
        version: FormVersion::sent(form),
    }
}

fn settings(entered: &ResourceEntered) -> ResourceSettings {
    let lines = |text: &str| -> Vec<String> {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    };
    let scope = |line: &String| {
        let (name, description) = line.split_once('=').unwrap_or((line, ""));
        ResourceScope { name: name.trim().to_owned(), description: description.trim().to_owned() }
    };
    ResourceSettings {
        uri: None,
        org: Some(entered.org.clone()).filter(|org| !org.is_empty()),
        name: Some(entered.name.clone()),
        scopes: Some(lines(&entered.scopes).iter().map(scope).collect()),
        open: Some(entered.is_open),
        servers: Some(lines(&entered.servers)),
    }
}

/// What is wrong, in the words of the catalogue.
fn told(problem: &ResourceProblem, language: Language) -> String {
    let text = |key| language.text(key);
    let words = match &problem.reason {
        ResourceReason::NoResource => text("console-resource-wrong-gone"),
        ResourceReason::Uri(_) => text("console-resource-wrong-uri"),
        ResourceReason::Issuer => text("console-resource-wrong-issuer"),
        ResourceReason::UriTaken(_) => text("console-resource-wrong-taken"),
        ResourceReason::UriFixed => text("console-resource-wrong-fixed"),
        ResourceReason::Name => text("console-problem-name"),
        ResourceReason::Scope(scope, _) => text("console-resource-wrong-scope").with("scope", scope.as_str()),
        ResourceReason::ScopeTwice(scope) => text("console-resource-wrong-twice").with("scope", scope.as_str()),
        ResourceReason::TooManyScopes => text("console-resource-wrong-scopes"),
        ResourceReason::NoOrg(name) => text("console-app-wrong-org").with("value", name.as_str()),
        ResourceReason::NoApp(app) => text("console-resource-wrong-app").with("app", app.as_str()),
    };
    words.to_string()
}
