//! An arrival at the sign-in page: the destination, and the current session.

use axum::response::{IntoResponse, Redirect, Response};
use sigma_core::authentication::Acr;
use sigma_core::client_document::ClientIdUrl;
use sigma_core::digest::Digest;
use sigma_core::ids::OrgId;
use sigma_core::interaction::{Continuation, Entrance, Guest, LinkSecret};
use sigma_core::params::Params;
use sigma_core::time::Timestamp;
use sigma_store::StoreError;
use sigma_store::merits::request;
use sigma_store::org::active_member;
use sigma_store::session::BrowserSession;

use crate::branding::{Brand, Worn};
use crate::extract::{Browser, SignedIn};
use crate::http::ApiError;
use crate::interaction::{self, Ongoing, Requested, Unanswerable, stopped, way_on, with_cookie};
use crate::pages::view::AppView;
use crate::pages::{app_view, unread_app_view};
use crate::paths::{LOGIN_PATH, login_url, switch_url};
use crate::state::AppState;

/// The destination without an interaction.
static HOME: Continuation = Continuation::Home;

/// An arrival at the sign-in page.
pub struct Arrival {
    ongoing: Option<Ongoing>,
    requested: Option<Requested>,
    /// The app that asks to see merits by a request of its own, or whose document is not read yet.
    other_app: Option<AppView>,
    /// The branding of the requesting app.
    brand: Option<Brand>,
    /// They want to sign in as another account.
    pub switches: bool,
}

impl Arrival {
    /// The interaction in the query, if any.
    ///
    /// # Errors
    /// The page that explains why it cannot continue.
    pub async fn find(sigma: &AppState, browser: &Browser, query: Option<&str>) -> Result<Self, Response> {
        let query = Params::parse(query.unwrap_or_default());
        let switches = query.get("switch").is_some();
        let Some(name) = query.get("interaction") else {
            return Ok(Self { ongoing: None, requested: None, other_app: None, brand: None, switches });
        };
        let ongoing = match interaction::find_or_restart(sigma, browser, name).await {
            Ok(ongoing) => ongoing,
            Err(reason) => return Err(stopped(sigma, browser, reason).await),
        };
        let mut other_app = None;
        let requested = match &ongoing.stored.continuation {
            Continuation::Authorization { query } => match requested(sigma, browser, query).await? {
                Read::Requested(requested) => Some(*requested),
                Read::Unread(url) => {
                    other_app = Some(unread_app_view(&url));
                    None
                }
            },
            _ => None,
        };
        let mut brand = match &requested {
            Some(requested) => Some(sigma.app_brand(&requested.app).await),
            None => None,
        };
        if let Continuation::MeritLogin { token } = &ongoing.stored.continuation {
            let asking = asking_for_merits(sigma, token).await;
            (other_app, brand) = asking.map_err(|error| ApiError::from(error).into_response())?.unzip();
        }
        Ok(Self { ongoing: Some(ongoing), requested, other_app, brand, switches })
    }

    /// The interaction that they came with, or one that leads to the front page.
    ///
    /// # Errors
    /// Encryption failed, which cannot happen.
    pub fn ongoing_or_home(&self, sigma: &AppState, browser: &Browser) -> Result<Ongoing, ApiError> {
        match &self.ongoing {
            Some(ongoing) => Ok(ongoing.clone()),
            None => interaction::begin(sigma, browser, Continuation::Home, sigma.now()),
        }
    }

    /// The name of the interaction that they came with.
    pub fn interaction(&self) -> Option<&str> {
        self.ongoing.as_ref().map(|ongoing| ongoing.name.as_str())
    }

    /// Where a user continues who need not authenticate and does not want another account; `None` for a visitor without
    /// a destination, who may want one.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn go_on_if_signed_in(&self, sigma: &AppState, browser: &Browser) -> Result<Option<Response>, Response> {
        if self.switches || *self.continuation() == Continuation::Home {
            return Ok(None);
        }
        let signed_in = SignedIn::find_partial(sigma, browser).await.map_err(IntoResponse::into_response)?;
        let entrance = self.entrance(sigma, browser, signed_in.as_ref()).await?;
        Ok((entrance == Entrance::GoOn).then(|| self.go_on()))
    }

    /// Redirects to the destination.
    pub fn go_on(&self) -> Response {
        self.with_cookie(Redirect::to(&self.way_on()).into_response())
    }

    /// The destination.
    pub fn continuation(&self) -> &Continuation {
        self.ongoing.as_ref().map_or(&HOME, |ongoing| &ongoing.stored.continuation)
    }

    /// What is required before they continue.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn entrance(
        &self,
        sigma: &AppState,
        browser: &Browser,
        signed_in: Option<&SignedIn>,
    ) -> Result<Entrance, Response> {
        if let (Some(ongoing), Some(requested)) = (&self.ongoing, &self.requested) {
            let entrance = interaction::entrance(sigma, browser, requested, ongoing).await;
            return entrance.map_err(IntoResponse::into_response);
        }
        if let (Some(ongoing), Continuation::Authorization { .. }) = (&self.ongoing, self.continuation()) {
            let entrance = interaction::unread_entrance(sigma, browser, ongoing).await;
            return entrance.map_err(IntoResponse::into_response);
        }
        let started_at = self.ongoing.as_ref().map_or(Timestamp::default(), |it| it.stored.state.started_at);
        let Some(signed_in) = signed_in else { return Ok(self.continuation().entrance(None, started_at)) };
        let required = self.requires_second_factor(sigma, signed_in).await;
        let guest = Guest {
            session: &signed_in.session.facts(),
            credentials: &signed_in.account.credentials,
            requires_second_factor: required.map_err(|error| ApiError::from(error).into_response())?,
        };
        Ok(self.continuation().entrance(Some(guest), started_at))
    }

    /// Whether the workspace that they come for requires a second factor. Only its members learn that.
    async fn requires_second_factor(&self, sigma: &AppState, signed_in: &SignedIn) -> Result<bool, StoreError> {
        let org_id = match self.continuation() {
            Continuation::Workspace { workspace: Some(name), .. } => sigma.org_named(name.as_str()).await?,
            Continuation::Console { .. } => OrgId::operator(),
            _ => return Ok(false),
        };
        let user_id = signed_in.account.user.id.clone();
        let member = sigma.store.read(move |tx| active_member::find(tx, &org_id, &user_id)).await?;
        Ok(member.is_some_and(|member| member.workspace.require_second_factor))
    }

    /// Where they continue once signed in.
    pub fn way_on(&self) -> String {
        way_on(self.continuation(), self.ongoing.as_ref().map_or("", |ongoing| ongoing.name.as_str()))
    }

    /// `path` of the front door, with the destination.
    pub fn at(&self, path: &str) -> String {
        let mut query = Vec::new();
        query.extend(self.ongoing.as_ref().map(|ongoing| format!("interaction={}", ongoing.name)));
        query.extend(self.switches.then(|| "switch=1".to_owned()));
        if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
    }

    /// Where a user continues whose session just began or was raised: the page that asks for a second factor, if the account
    /// demands one.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn next(&self, sigma: &AppState, session: &BrowserSession) -> Result<String, Response> {
        let account = sigma.find_account(&session.user_id).await;
        let account = account.map_err(|error| ApiError::from(error).into_response())?;
        let demanded = account.map_or(Acr::One, |account| Acr::demanded_by(&account.credentials));
        if session.methods.acr() >= demanded {
            return Ok(self.way_on());
        }
        Ok(self.interaction().map_or_else(|| LOGIN_PATH.to_owned(), login_url))
    }

    /// The page for signing in as another account.
    pub fn switch_url(&self) -> String {
        match &self.ongoing {
            Some(ongoing) => switch_url(&ongoing.name),
            None => format!("{LOGIN_PATH}?switch=1"),
        }
    }

    /// What the page looks like: the app's accent, if any.
    pub fn look(&self, sigma: &AppState) -> Worn<'_> {
        self.brand.as_ref().map_or_else(|| sigma.brands.look().into(), |brand| Worn::Own(&brand.look))
    }

    /// The requesting app, if any.
    pub fn app(&self) -> Option<AppView> {
        let (Some(requested), Some(brand)) = (&self.requested, &self.brand) else { return self.other_app.clone() };
        Some(app_view(&requested.app, requested.address.redirect_uri.display_host(), brand))
    }

    /// A parameter of the app's request.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.requested.as_ref().and_then(|requested| requested.params.get(name))
    }

    /// Adds the cookie of an interaction that just began.
    pub fn with_cookie(&self, response: Response) -> Response {
        with_cookie(response, self.ongoing.as_ref().and_then(|ongoing| ongoing.set_cookie.as_deref()))
    }
}

/// The app whose request of "Login with Sigma" has that token, and its branding.
async fn asking_for_merits(sigma: &AppState, token: &LinkSecret) -> Result<Option<(AppView, Brand)>, StoreError> {
    let (hash, now) = (Digest::of(token.expose()), sigma.now());
    let Some(found) = sigma.store.read(move |tx| request::find(tx, &hash, now)).await? else { return Ok(None) };
    let Some(app) = sigma.find_app(&found.request.app_id).await? else { return Ok(None) };
    let (brand, origin) = (sigma.app_brand(&app).await, found.request.success_url.origin());
    let host = origin.split_once("://").map_or(origin.as_str(), |(_, host)| host);
    Ok(Some((app_view(&app, host, &brand), brand)))
}

/// A request that was looked at.
enum Read {
    /// Its app is known.
    Requested(Box<Requested>),
    /// The document that describes its app is read once somebody is signed in.
    Unread(ClientIdUrl),
}

/// The request, against the app's current registration.
async fn requested(sigma: &AppState, browser: &Browser, query: &str) -> Result<Read, Response> {
    match Requested::read(sigma, Params::parse(query)).await {
        Ok(requested) => Ok(Read::Requested(Box::new(requested))),
        Err(Unanswerable::Unread(url)) => Ok(Read::Unread(url)),
        Err(Unanswerable::TooMany(exceeded)) => Err(exceeded.into_response()),
        Err(Unanswerable::Internal(error)) => Err(error.into_response()),
        Err(Unanswerable::Untrusted { client_id, .. }) => {
            match client_id.as_deref().and_then(|client_id| sigma.document_url(client_id)) {
                Some(url) => Ok(Read::Unread(url)),
                None => Err(stopped(sigma, browser, interaction::Stopped::Unknown).await),
            }
        }
    }
}
