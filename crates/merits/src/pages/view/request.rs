//! `/login-with-sigma` and `/link-app`: what an app asks for.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{AppView, PageContext, PersonView, page};

use super::{Party, PermissionLine};

/// "Login with Sigma". The form posts `token`, `shown_to` and `accept` to `/login-with-sigma`.
#[derive(Clone, Debug)]
pub struct MeritLoginPage {
    /// The app that asks.
    pub app: AppView,
    /// The org on whose behalf it asks, unless that owns the app.
    pub org: Option<Party>,
    /// What it will see.
    pub sees: Vec<PermissionLine>,
    /// What it will not see.
    pub hidden: Vec<String>,
    /// Who agrees.
    pub person: PersonView,
    /// Their primary e-mail address.
    pub email: Option<String>,
    /// The token of the request.
    pub token: String,
    /// The account that the page was made for.
    pub shown_to: String,
    /// Path of the sign-in page for another account.
    pub switch_url: String,
    /// Whether they agreed to as much before, in the same session.
    pub again: bool,
}

/// "Link App". The form posts `token`, `shown_to`, `org` and `accept` to `/link-app`.
#[derive(Clone, Debug)]
pub struct LinkAppPage {
    /// The app that asks.
    pub app: AppView,
    /// The name of the org that owns it.
    pub owner: String,
    /// What it may do.
    pub may: Vec<PermissionLine>,
    /// The orgs to choose from.
    pub orgs: Vec<LinkableOrg>,
    /// Who grants it.
    pub person: PersonView,
    /// Their primary e-mail address.
    pub email: Option<String>,
    /// The token of the request.
    pub token: String,
    /// The account that the page was made for.
    pub shown_to: String,
    /// Path of the sign-in page for another account.
    pub switch_url: String,
    /// Why the last answer was refused.
    pub refusal: Option<String>,
}

/// An org that the person administers.
#[derive(Clone, Debug)]
pub struct LinkableOrg {
    /// Its id.
    pub id: String,
    /// How it looks.
    pub party: Party,
    /// The person's role in it.
    pub role: String,
    /// Whether the app is linked to it.
    pub linked: bool,
}

#[derive(Template)]
#[template(path = "merit-login.html")]
struct MeritLoginTemplate<'a> {
    context: &'a PageContext<'a>,
    view: &'a MeritLoginPage,
}

#[derive(Template)]
#[template(path = "link-app.html")]
struct LinkAppTemplate<'a> {
    context: &'a PageContext<'a>,
    view: &'a LinkAppPage,
}

impl MeritLoginPage {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &MeritLoginTemplate { context, view: self }, ContentSecurityPolicy::Leaving)
    }
}

impl LinkAppPage {
    /// The page.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &LinkAppTemplate { context, view: self }, ContentSecurityPolicy::Leaving)
    }
}
