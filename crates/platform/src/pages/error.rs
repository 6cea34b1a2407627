//! `/error` and `/api/auth/error`: errors that cannot be returned to an app. Known codes have texts of our own; a
//! reflected value is reduced to the characters that RFC 6749 allows in an error.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::authorize::printable;
use sigma_core::params::Params;

use crate::http::{Endpoint, RequestContext, RequestId};
use crate::pages::links::{front_page, home_page};
use crate::pages::policy::PAGE;
use crate::pages::view::{ErrorPage, Link};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, "/error", error).aliases(["/api/auth/error"])
}

async fn error(State(sigma): State<AppState>, context: RequestContext, RawQuery(query): RawQuery) -> Response {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let code = printable(params.get("error").unwrap_or("unknown_error"));
    let (title, description) = explain(&code);
    // The failed request was an earlier one, which redirected here.
    let failed = params.get("request_id").filter(|id| RequestId::is_well_formed(id)).map(str::to_owned);
    let page = ErrorPage {
        status: StatusCode::BAD_REQUEST,
        title: title.to_owned(),
        description: description.to_owned(),
        code: Some(code),
        request_id: Some(failed.unwrap_or_else(|| context.request_id().to_string())),
        links: links(&sigma, params.get("client_id")).await,
    };
    page.render(&sigma.page())
}

/// Back to the app that sent the person here, if it is one that we know.
async fn links(sigma: &AppState, client_id: Option<&str>) -> Vec<Link> {
    let Some(client_id) = client_id else { return vec![front_page()] };
    // Without an answer of the store the page says what it can.
    let app = sigma.find_named_app(client_id).await.ok().flatten();
    vec![app.as_deref().and_then(|app| home_page(sigma, app)).unwrap_or_else(front_page)]
}

/// Title and text for a code.
fn explain(code: &str) -> (&'static str, &'static str) {
    match code {
        "invalid_client" | "unauthorized_client" => (
            "This app is not registered",
            "This server does not know the app that sent you here. Contact the app's developers.",
        ),
        "invalid_client_metadata" => (
            "This app cannot be verified",
            "The app that sent you here is described by a document on its own website, which cannot be read or is not valid. \
             Contact the app's developers.",
        ),
        "login_required" => {
            ("Sign in first", "The app asked for a sign-in without showing a page, and you are not signed in.")
        }
        "client_disabled" => {
            ("This app is disabled", "The operator of this server has disabled the app that sent you here.")
        }
        "invalid_redirect" => (
            "Redirect address not registered",
            "The app asked to redirect you to an address that is not registered for it, so you were not redirected.",
        ),
        "invalid_request" => {
            ("Invalid request", "The app that sent you here made a request that this server does not understand.")
        }
        "invalid_request_uri" => (
            "This sign-in has expired",
            "The request of the app was used before or took too long. Go back to the app and sign in again.",
        ),
        "invalid_request_object" => {
            ("Invalid request", "The app that sent you here made a request that this server cannot verify.")
        }
        "access_denied" => ("Access denied", "The request was denied."),
        "server_error" | "temporarily_unavailable" => {
            ("Something went wrong on our side", "Please try again in a moment.")
        }
        _ => ("Something went wrong", "Go back to the app and try again."),
    }
}
