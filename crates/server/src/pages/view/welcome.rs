//! `/`: what this server is; for a signed-in user, their sessions.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::time::Timestamp;

use super::csp::ContentSecurityPolicy;
use super::{PageContext, PersonView, moment, page};

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
    /// Browser and system in a few words: "Chrome on Android".
    fn device(&self) -> String {
        let agent = self.user_agent.as_deref().unwrap_or_default();
        let first =
            |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
        // Order matters: every browser also claims to be its predecessors.
        let browser = first(&[
            ("Edg", "Edge"),
            ("OPR/", "Opera"),
            ("Firefox/", "Firefox"),
            ("Chrome/", "Chrome"),
            ("Safari/", "Safari"),
            ("curl/", "curl"),
        ]);
        let system = first(&[
            ("Android", "Android"),
            ("iPhone", "iPhone"),
            ("iPad", "iPad"),
            ("Windows", "Windows"),
            ("Mac OS X", "macOS"),
            ("CrOS", "ChromeOS"),
            ("Linux", "Linux"),
        ]);
        match (browser, system) {
            (Some(browser), Some(system)) => format!("{browser} on {system}"),
            (Some(only), None) | (None, Some(only)) => only.to_owned(),
            (None, None) => "Unknown device".to_owned(),
        }
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
