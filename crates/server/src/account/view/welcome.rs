//! `/`: what this server is; for a signed-in user, their sessions.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::time::Timestamp;

use crate::i18n::Language;
use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{PageContext, PersonView, device, moment, page};

/// The front page. Signed in, it posts to `/sign-out`, and `id` of a session to `/sessions/revoke`.
#[derive(Clone, Debug)]
pub struct Welcome {
    /// The signed-in account.
    pub signed_in: Option<PersonView>,
    /// The account's e-mail address, if it has one.
    pub email: Option<String>,
    /// The account's sessions, the current one first.
    pub sessions: Vec<SessionLine>,
}

/// A signed-in browser.
#[derive(Clone, Debug)]
pub struct SessionLine {
    /// The id to post for ending it.
    pub id: String,
    /// The current browser.
    pub current: bool,
    /// Its `User-Agent`, unmodified.
    pub user_agent: Option<String>,
    /// Its address at sign-in.
    pub address: Option<String>,
    /// When it signed in.
    pub created_at: Timestamp,
}

impl SessionLine {
    fn device(&self, language: Language) -> String {
        device::name_in(language, self.user_agent.as_deref().unwrap_or_default())
    }

    fn since(&self) -> String {
        moment::minute(self.created_at)
    }
}

#[derive(Template)]
#[template(path = "welcome.html")]
struct WelcomePage<'a> {
    context: &'a PageContext<'a>,
    view: &'a Welcome,
}

impl Welcome {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &WelcomePage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
