//! `/`: what this server is; for a signed-in person, their sessions.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::time::Timestamp;

use super::csp::ContentSecurityPolicy;
use super::{PageContext, PersonView, moment, page};

/// The front page. Signed in, it posts to `/sign-out`, and `id` of a session to `/sessions/revoke`.
#[derive(Clone, Debug)]
pub struct Welcome {
    /// Who is signed in.
    pub signed_in: Option<PersonView>,
    /// The address of their account, if it has one.
    pub email: Option<String>,
    /// Their sessions, this one first.
    pub sessions: Vec<SessionLine>,
}

/// A browser that is signed in.
#[derive(Clone, Debug)]
pub struct SessionLine {
    /// What to send to end it.
    pub id: String,
    /// The browser that asks.
    pub current: bool,
    /// Its `User-Agent`, as it came.
    pub user_agent: Option<String>,
    /// Its address when it signed in.
    pub address: Option<String>,
    /// When it signed in.
    pub created_at: Timestamp,
}

impl SessionLine {
    /// The browser and system in a few words: "Chrome on Android".
    fn device(&self) -> String {
        let agent = self.user_agent.as_deref().unwrap_or_default();
        let first =
            |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
        // Order matters: every browser claims to be its predecessors as well.
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
