//! `/console/apps` and `/console/apps/{id}`: the apps, and the settings of one.

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::app::App;
use sigma_core::ids::{AppId, AppRef};
use sigma_core::params::Params;
use sigma_core::redirect::RedirectUri;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::not_found;
use sigma_platform::pages::policy::PAGE;
use sigma_platform::state::AppState;
use sigma_store::operator::apps;

use super::with_query;
use crate::operator::Operator;
use crate::outcome::PageError;
use crate::paging::{LENGTH, one_more, page_of};
use crate::view::{AppLine, AppPage, AppsPage, Fact, Tab};

const PATH: &str = "/console/apps";

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, PATH, list), Endpoint::get(PAGE, "/console/apps/{id}", show)]
}

async fn list(
    State(sigma): State<AppState>,
    operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let after = query.get("after").and_then(AppId::parse);
    let caller = operator.caller();
    let from = after.as_ref().map(|after| after.as_str().to_owned()).unwrap_or_default();
    let found = operator.read(&sigma, move |tx| apps::list(tx, &caller, &from, one_more(LENGTH))).await?;
    let (found, last) = page_of(found, LENGTH, |app| app.id.to_string());
    let view = AppsPage {
        next: last.map(|last| with_query(PATH, &[("after", &last)])),
        first: after.map(|_| PATH.to_owned()),
        apps: found.iter().map(line).collect(),
    };
    Ok(view.render(StatusCode::OK, &operator.frame(Tab::Apps, None), &operator.page(&sigma)))
}

fn line(app: &App) -> AppLine {
    AppLine {
        id: app.id.to_string(),
        name: app.name.clone(),
        client_id: app.client_id.to_string(),
        disabled: app.disabled,
        unverified: app.dynamic,
        created_at: app.created_at,
    }
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let Some(id) = AppId::parse(&id) else { return Err(not_found().into()) };
    let caller = operator.caller();
    let named = AppRef::Id(id);
    let app = operator.read(&sigma, move |tx| apps::find(tx, &caller, &named)).await?.app;
    let org = sigma.find_org(&app.org_id).await?.map(|cached| cached.org.name.clone());
    let yes = |is: bool| operator.text(if is { "console-yes" } else { "console-no" });
    let lines = |texts: Vec<&str>| texts.join("\n");
    let fact = |label: &'static str, value: String| Fact { label, value };
    let grants = app.grant_types.iter().map(|grant| grant.as_str()).collect();
    let facts = vec![
        fact("console-app-client-id", app.client_id.to_string()),
        fact("console-app-id", app.id.to_string()),
        fact("console-app-org", org.unwrap_or_else(|| app.org_id.to_string())),
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
    let view = AppPage {
        name: app.name.clone(),
        disabled: app.disabled,
        unverified: app.dynamic,
        created_at: app.created_at,
        facts: facts.into_iter().filter(|fact| !fact.value.is_empty()).collect(),
        audit: operator.role.may(Tab::Audit.right()).then(|| with_query("/console/audit", &[("app", app.id.as_str())])),
    };
    Ok(view.render(StatusCode::OK, &operator.frame(Tab::Apps, None), &operator.page(&sigma)))
}
