//! `/error` and `/api/auth/error`: errors that cannot be returned to an app. Known codes have texts of our own; a
//! reflected value is reduced to the characters that RFC 6749 allows in an error.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::authorize::printable;
use sigma_core::params::Params;

use crate::extract::Browser;
use crate::http::{Endpoint, RequestContext, RequestId};
use crate::i18n::Language;
use crate::pages::links::{front_page, home_page};
use crate::pages::policy::PAGE;
use crate::pages::view::{ErrorPage, Link};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, "/error", error).aliases(["/api/auth/error"])
}

async fn error(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Response {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let code = printable(params.get("error").unwrap_or("unknown_error"));
    let language = sigma.language_for(&browser, params.get("ui_locales"));
    let (title, description) = explain(&code);
    // The failed request was an earlier one, which redirected here.
    let failed = params.get("request_id").filter(|id| RequestId::is_well_formed(id)).map(str::to_owned);
    let page = ErrorPage {
        status: StatusCode::BAD_REQUEST,
        title: language.text(title).to_string(),
        description: language.text(description).to_string(),
        code: Some(code),
        request_id: Some(failed.unwrap_or_else(|| context.request_id().to_string())),
        links: links(&sigma, language, params.get("client_id")).await,
    };
    page.render(&sigma.page_in(language))
}

/// Back to the app that sent the person here, if it is one that we know.
async fn links(sigma: &AppState, language: Language, client_id: Option<&str>) -> Vec<Link> {
    let Some(client_id) = client_id else { return vec![front_page(language)] };
    // Without an answer of the store the page says what it can.
    let app = sigma.find_named_app(client_id).await.ok().flatten();
    let home = app.as_deref().and_then(|app| home_page(sigma, language, app));
    vec![home.unwrap_or_else(|| front_page(language))]
}

/// Title and text for a code, as keys of the catalogue.
fn explain(code: &str) -> (&'static str, &'static str) {
    match code {
        "invalid_client" | "unauthorized_client" => ("error-client", "error-client-text"),
        "invalid_client_metadata" => ("error-metadata", "error-metadata-text"),
        "login_required" => ("error-login", "error-login-text"),
        "client_disabled" => ("error-disabled", "error-disabled-text"),
        "invalid_redirect" => ("error-redirect", "error-redirect-text"),
        "missing_redirect" => ("error-no-redirect", "error-no-redirect-text"),
        "invalid_request" => ("error-request", "error-request-text"),
        "invalid_request_uri" => ("error-expired", "error-expired-text"),
        "invalid_request_object" => ("error-object", "error-object-text"),
        "access_denied" => ("error-denied", "error-denied-text"),
        "server_error" | "temporarily_unavailable" => ("error-server", "error-server-text"),
        _ => ("error-unknown", "error-unknown-text"),
    }
}
