//! What an app asked for, found by the token in the address; who answers it; and the ways back to the app.

use std::sync::Arc;

use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sigma_core::actor::Actor;
use sigma_core::app::App;
use sigma_core::digest::Digest;
use sigma_core::interaction::{Continuation, LinkSecret};
use sigma_core::merits::{MeritProblem, ReturnUrl};
use sigma_platform::branding::{Brand, logo_url};
use sigma_platform::extract::{Browser, SignedIn};
use sigma_platform::http::{ApiError, RequestContext};
use sigma_platform::interaction::sign_in_first;
use sigma_platform::pages::view::{AppView, ErrorPage, Link};
use sigma_platform::paths::{ACCOUNT_DELETION_PATH, LINK_APP_PATH, MERIT_LOGIN_PATH};
use sigma_platform::state::AppState;
use sigma_store::Stop;
use sigma_store::merits::request::{self, Asked, Request, Validity};

use super::form::Form;
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

    /// What a person comes back to who signs in first.
    pub fn continuation(&self) -> Continuation {
        let token = LinkSecret::new(self.token.as_str());
        match self.request.asked {
            Asked::Login(..) => Continuation::MeritLogin { token },
            Asked::Link(_) => Continuation::LinkApp { token },
        }
    }

    /// The signed-in person that the page is shown to.
    ///
    /// # Errors
    /// The redirect to the sign-in page, if nobody is signed in; to the page of the deletion, if their account is going to be
    /// deleted.
    pub async fn signed_in(&self, sigma: &AppState, browser: &Browser) -> Result<SignedIn, PageError> {
        match SignedIn::find(sigma, browser).await? {
            Some(signed_in) => staying(signed_in),
            None => Err(PageError::of(sign_in_first(sigma, browser, self.continuation()))),
        }
    }

    /// The person who accepts the request by the form of its page.
    ///
    /// # Errors
    /// The redirect to the page, if they are not who it was shown to; the redirect to the app, if they refuse, which uses the
    /// request up; the redirect to the page of the deletion, if their account is going to be deleted.
    pub async fn accepted_by(
        &self,
        sigma: &AppState,
        context: &RequestContext,
        browser: &Browser,
        form: &Form,
    ) -> Result<SignedIn, PageError> {
        // The session has ended, or another account has signed in meanwhile, in another tab, whose user has seen nothing.
        let signed_in = SignedIn::find(sigma, browser).await?;
        let signed_in = signed_in.filter(|signed_in| signed_in.account.user.id.as_str() == form.text("shown_to"));
        let signed_in = signed_in.ok_or_else(|| self.again())?;
        if form.is_checked("accept") {
            return staying(signed_in);
        }
        let store = sigma.store_for(context, Actor::User(signed_in.account.user.id.clone()));
        let (hash, now) = (self.hash, sigma.now());
        let refused = store.write(move |tx| request::consume(tx, &hash, now)).await?;
        Err(refused.map_or_else(|| self.again(), |_| self.fail(Failure::AccessDenied)))
    }

    /// Back to the page, which finds out what has changed meanwhile.
    fn again(&self) -> PageError {
        let path = match self.request.asked {
            Asked::Login(..) => MERIT_LOGIN_PATH,
            Asked::Link(_) => LINK_APP_PATH,
        };
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("token", &self.token).finish();
        PageError::of(Redirect::to(&format!("{path}?{query}")))
    }

    /// Where a person goes whose acceptance was not recorded.
    pub fn unrecorded(&self, stop: Stop<MeritProblem>) -> PageError {
        let app = &self.app.id;
        match stop {
            // It was answered in another tab, or has expired meanwhile.
            Stop::Refused(MeritProblem::NotFound) => return self.again(),
            Stop::Refused(problem) => tracing::info!(%problem, %app, "an answer to an app could not be recorded"),
            Stop::Failed(error) => tracing::error!(%error, %app, "an answer to an app could not be recorded"),
        }
        self.fail(Failure::ServerError)
    }

    /// Back to the app, with the token that it exchanges for what it asked for.
    ///
    /// # Errors
    /// The redirect to the app without one, if it could not be signed.
    pub fn succeed(&self, name: &str, token: Result<String, ApiError>) -> Result<Response, PageError> {
        let token = token.map_err(|_| self.fail(Failure::ServerError))?;
        let state = self.request.state.as_deref().map(|state| ("state", state));
        let parameters = [(name, token.as_str())].into_iter().chain(state);
        Ok(Redirect::to(&self.request.success_url.with(parameters)).into_response())
    }

    /// Back to the app, without.
    pub fn fail(&self, failure: Failure) -> PageError {
        failed(&self.request, failure)
    }
}

/// An account that is going to be deleted gives no app access; its user may keep it first.
fn staying(signed_in: SignedIn) -> Result<SignedIn, PageError> {
    match signed_in.account.deletes_at {
        None => Ok(signed_in),
        Some(_) => Err(PageError::of(Redirect::to(ACCOUNT_DELETION_PATH))),
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
        links: vec![Link { href: "/".to_owned(), label: language.text("merits-front-page").to_string() }],
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
        described_at: None,
    }
}
