//! What the pages of developers show.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::app::App;
use sigma_core::redirect::{RedirectUri, RegisteredRedirectUris};
use sigma_core::time::Timestamp;

use super::draft::{Entered, Kind};
use super::snippets::Snippet;
use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{PageContext, initial, moment, page};

/// The fields of a form: URIs one per line.
#[derive(Clone, Debug, Default)]
pub struct AppFields {
    /// The chosen client id.
    pub client_id: String,
    /// The name.
    pub name: String,
    /// The redirect URIs.
    pub redirect_uris: String,
    /// The URIs after sign-out.
    pub post_logout_redirect_uris: String,
}

impl AppFields {
    /// What somebody entered.
    pub fn entered(entered: &Entered) -> Self {
        Self {
            client_id: entered.client_id.clone().unwrap_or_default(),
            name: entered.name.clone(),
            redirect_uris: entered.redirect_uris.join("\n"),
            post_logout_redirect_uris: entered.post_logout_redirect_uris.join("\n"),
        }
    }

    /// Those of an app.
    pub fn of(app: &App) -> Self {
        let lines = |uris: &RegisteredRedirectUris| uris.iter().map(RedirectUri::as_str).collect::<Vec<_>>().join("\n");
        Self {
            client_id: app.client_id.to_string(),
            name: app.name.clone(),
            redirect_uris: lines(&app.redirect_uris),
            post_logout_redirect_uris: lines(&app.post_logout_redirect_uris),
        }
    }
}

/// An app in a list.
#[derive(Clone, Debug)]
pub struct AppLine {
    /// Its id.
    pub id: String,
    /// Its client id.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// Whether the operator approved it.
    pub is_approved: bool,
    /// Whether the operator disabled it.
    pub is_disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

impl AppLine {
    /// The line of an app.
    pub fn of(app: &App) -> Self {
        Self {
            id: app.id.to_string(),
            client_id: app.client_id.to_string(),
            name: app.name.clone(),
            is_approved: !app.dynamic,
            is_disabled: app.disabled,
            created_at: app.created_at,
        }
    }

    fn initial(&self) -> String {
        initial(&self.name)
    }

    fn day(&self) -> String {
        moment::day(self.created_at)
    }
}

/// `/developers`.
#[derive(Clone, Debug)]
pub struct DeveloperApps {
    /// The apps, oldest first.
    pub lines: Vec<AppLine>,
    /// Whether the person may make another one.
    pub has_room: bool,
    /// What was just done: a key of the catalogue.
    pub done: Option<&'static str>,
}

/// `/developers/new`.
#[derive(Clone, Debug)]
pub struct NewApp {
    /// What was entered before.
    pub fields: AppFields,
    /// The chosen kind.
    pub kind: Kind,
    /// Why no app was made: a key of the catalogue, and details for developers.
    pub refused: Option<(&'static str, String)>,
}

/// `/developers/app`.
#[derive(Clone, Debug)]
pub struct DeveloperAppPage {
    /// Where to sign in again, if the session may not make another secret.
    pub sign_in_url: Option<String>,
    /// The fields of its form.
    pub fields: AppFields,
    /// The app.
    pub line: AppLine,
    /// How it authenticates.
    pub kind: Kind,
    /// Its Bitcoin key.
    pub pubkey: Option<String>,
    /// Its settings for frameworks.
    pub snippets: Vec<Snippet>,
    /// A sign-in to it.
    pub try_url: Option<String>,
    /// Its secret, shown once.
    pub secret: Option<String>,
    /// What was just done: a key of the catalogue.
    pub done: Option<&'static str>,
    /// Why it was not done: a key of the catalogue, and details for developers.
    pub refused: Option<(&'static str, String)>,
}

impl DeveloperAppPage {
    fn has_secret(&self) -> bool {
        self.kind == Kind::Server
    }
}

#[derive(Template)]
#[template(path = "developers/list.html")]
struct ListPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a DeveloperApps,
}

#[derive(Template)]
#[template(path = "developers/new.html")]
struct NewPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a NewApp,
}

#[derive(Template)]
#[template(path = "developers/app.html")]
struct AppPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a DeveloperAppPage,
}

impl DeveloperApps {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &ListPage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}

impl NewApp {
    /// The page.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &NewPage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}

impl DeveloperAppPage {
    /// The page.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &AppPage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
