//! `/account/agents`: who acts for the user.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::resource::Resource;
use sigma_core::time::Timestamp;

use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{PageContext, moment, page};

/// The page. Its forms post to `/account/agents/create`, `/account/agents/stop` and `/account/agents/end`.
#[derive(Clone, Debug)]
pub struct AgentsPage {
    /// The user, by whose id an agent asks for tokens.
    pub user_id: String,
    /// Their agents.
    pub lines: Vec<AgentLine>,
    /// Who acts as them.
    pub acting: Vec<ActingLine>,
    /// What a new agent may be let do here.
    pub offered: Vec<AgentScope>,
    /// The APIs that it may be let use.
    pub apis: Vec<Resource>,
    /// Path of the sign-in page, if the last sign-in does not suffice for making one.
    pub sign_in_url: Option<String>,
    /// An agent that was just made.
    pub made: Option<NewSecret>,
    /// What was just done: a key of the catalogue.
    pub done: Option<&'static str>,
    /// Why the submission failed: a key of the catalogue.
    pub refused: Option<&'static str>,
}

/// An agent.
#[derive(Clone, Debug)]
pub struct AgentLine {
    /// Its app.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it may do, in words.
    pub may: Vec<String>,
    /// When its access ends.
    pub until: Timestamp,
    /// Whether it has ended.
    pub is_over: bool,
}

impl AgentLine {
    fn day(&self) -> String {
        moment::day(self.until)
    }
}

/// Somebody who acts as the user.
#[derive(Clone, Debug)]
pub struct ActingLine {
    /// What the form that ends it sends.
    pub id: String,
    /// Who.
    pub actor: String,
    /// In which app.
    pub app: String,
    /// What they may do, in words.
    pub may: Vec<String>,
    /// Until when.
    pub until: Timestamp,
}

impl ActingLine {
    fn until(&self) -> String {
        moment::minute(self.until)
    }
}

/// A scope that may be given.
#[derive(Clone, Debug)]
pub struct AgentScope {
    /// The scope.
    pub name: &'static str,
    /// What it means: keys of the catalogue.
    pub title: &'static str,
    /// The same at length.
    pub detail: &'static str,
}

/// The credentials of a new agent.
#[derive(Clone)]
pub struct NewSecret {
    /// Its client id.
    pub client_id: String,
    /// Its secret, which is not shown again.
    pub secret: String,
}

impl std::fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSecret").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

#[derive(Template)]
#[template(path = "account/agents.html")]
struct AgentsTemplate<'a> {
    context: &'a PageContext<'a>,
    view: &'a AgentsPage,
}

impl AgentsPage {
    /// The page.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &AgentsTemplate { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
