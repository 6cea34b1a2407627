//! The pages that people see: handlers, and below `view` what they look like.

pub mod assets;
mod consent;
mod error;
mod interaction;
mod invitation;
mod login;
mod password;
mod reference;
mod select_account;
mod sessions;
mod signup;
pub mod view;
mod welcome;
mod workspace;

use axum::Router;
use axum::response::Response;
use http::StatusCode;
use sigma_core::app::App;
use sigma_core::redirect::MatchedRedirectUri;
use sigma_store::account::Account;

use crate::interaction::Stopped;
use crate::state::AppState;
pub use reference::OpenApiDocument;
use view::{AppView, ErrorPage, NotFound, PageContext, PersonView};

/// The routes of the pages.
pub fn router() -> Router<AppState> {
    Router::new()
        .merge(welcome::router())
        .merge(login::router())
        .merge(signup::router())
        .merge(select_account::router())
        .merge(consent::router())
        .merge(sessions::router())
        .merge(password::router())
        .merge(invitation::router())
        .merge(error::router())
        .merge(reference::router())
        .merge(workspace::router())
        .merge(assets::router())
}

/// The page for an address that leads nowhere.
pub fn not_found(sigma: &AppState) -> Response {
    NotFound.render(&PageContext { issuer: sigma.issuer() })
}

/// The page for a request that this server did not take, or could not answer now; `code` for developers.
pub fn refused(issuer: &str, status: StatusCode, code: &str, request_id: &str) -> Response {
    let (title, description) = match status {
        StatusCode::TOO_MANY_REQUESTS => {
            ("Too many requests", "There were too many requests from your network. Wait a minute and try again.")
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            ("Try again in a moment", "The server is temporarily unavailable. Reload the page to continue.")
        }
        StatusCode::FORBIDDEN => ("Refused", "The request came from a page of another site, so it was rejected."),
        StatusCode::PAYLOAD_TOO_LARGE => ("Refused", "The request is too large."),
        _ => ("Something went wrong on our side", "Please try again in a moment."),
    };
    let page = ErrorPage {
        status,
        title: title.to_owned(),
        code: Some(code.to_owned()),
        description: description.to_owned(),
        request_id: Some(request_id.to_owned()),
        back: None,
    };
    page.render(&PageContext { issuer })
}

/// The page for an authorization request that cannot go on here.
pub fn stopped(sigma: &AppState, reason: &Stopped) -> Response {
    let (title, description) = match reason {
        Stopped::Unknown | Stopped::Internal(_) => (
            "This sign-in has ended",
            "It has expired, or it was already completed. Go back to the app and sign in again.",
        ),
    };
    let page = ErrorPage {
        status: StatusCode::BAD_REQUEST,
        title: title.to_owned(),
        code: None,
        description: description.to_owned(),
        request_id: None,
        back: None,
    };
    page.render(&PageContext { issuer: sigma.issuer() })
}

/// An app, as pages show it.
fn app_view(app: &App, redirect_uri: &MatchedRedirectUri) -> AppView {
    AppView {
        name: app.name.clone(),
        host: redirect_uri.display_host().to_owned(),
        logo_url: None,
        unverified: app.dynamic,
    }
}

/// A person, as pages show them.
fn person_view(account: &Account, bap_id: Option<&str>) -> PersonView {
    let person = account.person(bap_id);
    PersonView {
        name: person.display_name(),
        bap_id: bap_id.map(str::to_owned),
        pubkey: person.pubkey().map(str::to_owned),
        picture: None,
    }
}
