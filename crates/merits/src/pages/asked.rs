//! What an app asked for, found by the token in the address; and the ways back to the app.

use std::sync::Arc;

use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sigma_core::app::App;
use sigma_core::digest::Digest;
use sigma_core::merits::ReturnUrl;
use sigma_platform::branding::{Brand, logo_url};
use sigma_platform::extract::Browser;
use sigma_platform::pages::links::front_page;
use sigma_platform::pages::view::{AppView, ErrorPage};
use sigma_platform::state::AppState;
use sigma_store::merits::request::{self, Request, Validity};

use super::outcome::PageError;

/// A request that waits for its answer.
pub struct Waiting {
    /// Its token.
    pub token: String,
    /// The digest of the token.
    pub hash: Digest,
    /// What is asked.
    pub request: Request,
    /// The app.
    pub app: Arc<App>,
}

/// Why the person returns without what the app asked for.
#[derive(Clone, Copy, Debug)]
pub enum Failure {
    /// They refused.
    AccessDenied,
    /// They took too long.
    Expired,
    /// It failed here.
    ServerError,
}

impl Failure {
    const fn code(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::Expired => "expired",
            Self::ServerError => "server_error",
        }
    }
}

impl Waiting {
    /// The request of that token.
    ///
    /// # Errors
    /// The redirect to the app, if it has expired; the page that says so, if there is none or it was answered.
    pub async fn find(sigma: &AppState, browser: &Browser, token: &str) -> Result<Self, PageError> {
        let (hash, now) = (Digest::of(token), sigma.now());
        let found = sigma.store.read(move |tx| request::find(tx, &hash, now)).await?;
        let Some(found) = found else { return Err(unknown(sigma, browser)) };
        match found.validity {
            Validity::Open => {}
            Validity::Used => return Err(unknown(sigma, browser)),
            Validity::Expired => return Err(failed(&found.request, Failure::Expired)),
        }
        match sigma.find_app(&found.request.app_id).await?.filter(|app| !app.disabled) {
            Some(app) => Ok(Self { token: token.to_owned(), hash, request: found.request, app }),
            None => Err(unknown(sigma, browser)),
        }
    }

    /// Back to the page, which finds out what has changed meanwhile.
    pub fn again(&self, path: &str) -> Response {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("token", &self.token).finish();
        Redirect::to(&format!("{path}?{query}")).into_response()
    }

    /// Back to the app, with what it asked for.
    pub fn succeed(&self, name: &str, token: &str) -> Response {
        let parameters = [(name, token)].into_iter().chain(self.request.state.as_deref().map(|state| ("state", state)));
        Redirect::to(&self.request.success_url.with(parameters)).into_response()
    }

    /// Back to the app, without.
    pub fn fail(&self, failure: Failure) -> PageError {
        failed(&self.request, failure)
    }
}

fn failed(request: &Request, failure: Failure) -> PageError {
    let state = request.state.as_deref().map(|state| ("state", state));
    let parameters = [("error", failure.code())].into_iter().chain(state);
    PageError::of(Redirect::to(&request.failure_url.with(parameters)))
}

/// The page for a token that works nowhere, or not here.
pub fn unknown(sigma: &AppState, browser: &Browser) -> PageError {
    let language = sigma.language_for(browser, None);
    let page = ErrorPage {
        status: StatusCode::NOT_FOUND,
        title: language.text("merits-request-unknown").to_string(),
        code: None,
        description: language.text("merits-request-unknown-about").to_string(),
        request_id: None,
        links: vec![front_page()],
    };
    page.render(&sigma.page_in(language)).into()
}

/// An app, as these pages show it: by the site that it returns to.
pub fn app_view(app: &App, returns_to: &ReturnUrl, brand: &Brand) -> AppView {
    let origin = returns_to.origin();
    AppView {
        name: app.name.clone(),
        host: origin.split_once("://").map_or(origin.as_str(), |(_, host)| host).to_owned(),
        logo_url: brand.branding.logo.as_deref().map(logo_url),
        terms_url: brand.branding.terms_url.clone(),
        privacy_url: brand.branding.privacy_url.clone(),
        unverified: app.dynamic,
    }
}
