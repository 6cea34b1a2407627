//! What `/console/providers` shows.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::time::Timestamp;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, moment, page};
use sigma_platform::providers::Trial;

use super::Frame;
use crate::outcome::Notice;

/// `/console/providers`. Its forms post `do` and the id of a `provider` to the same address.
#[derive(Clone, Debug)]
pub struct ProvidersPage {
    /// The providers, in the order of the settings.
    pub providers: Vec<ProviderRow>,
    /// What came back from a test sign-in.
    pub trial: Option<TrialView>,
    /// Whether the role declares them.
    pub may_declare: bool,
    /// Whether the role tests them.
    pub may_test: bool,
    /// Where the person who looks proves again who they are, before they may do that.
    pub confirm_url: Option<String>,
}

/// A provider.
#[derive(Clone, Debug)]
pub struct ProviderRow {
    /// Its id.
    pub id: String,
    /// What its button says.
    pub label: String,
    /// Its protocol.
    pub kind: &'static str,
    /// Its issuer.
    pub issuer: String,
    /// Our client id there.
    pub client_id: String,
    /// Where it returns browsers.
    pub redirect_uri: String,
    /// What it is asked for.
    pub scope: String,
    /// What becomes of an account that nobody has linked: a key of the catalogue.
    pub sign_up: &'static str,
    /// The class and the words of whether it answers.
    pub state: (&'static str, &'static str),
    /// When it was last asked.
    pub asked_at: Option<Timestamp>,
    /// Whether it is declared rather than configured.
    pub is_declared: bool,
    /// Whether it has metadata that can be asked for.
    pub has_metadata: bool,
}

impl ProviderRow {
    fn asked(&self) -> Option<String> {
        self.asked_at.map(moment::minute)
    }
}

/// What came back from a test sign-in.
#[derive(Clone, Debug)]
pub struct TrialView(Trial);

impl TrialView {
    /// What a page shows of it.
    pub const fn of(trial: Trial) -> Self {
        Self(trial)
    }

    fn groups(&self) -> String {
        self.0.groups.join(", ")
    }

    /// How many groups are not shown.
    fn more_groups(&self) -> usize {
        self.0.group_count.saturating_sub(self.0.groups.len())
    }

    fn auth_time(&self) -> Option<String> {
        self.0.auth_time.map(moment::minute)
    }
}

#[derive(Template)]
#[template(path = "console/providers.html")]
struct ProvidersTemplate<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a ProvidersPage,
}

impl ProvidersPage {
    /// The page. Its form leads to the provider.
    pub fn render(&self, status: StatusCode, frame: &Frame, context: &PageContext<'_>) -> Response {
        page(status, &ProvidersTemplate { context, frame, view: self }, ContentSecurityPolicy::Leaving)
    }
}
