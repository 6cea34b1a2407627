//! What the form of a declared provider shows.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_platform::pages::FormVersion;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, page};

use super::Frame;
use crate::outcome::Notice;

/// `/console/providers/new` and `/console/providers/{id}`. The form posts to the same address.
#[derive(Clone, Debug)]
pub struct ProviderPage {
    /// Its address.
    pub path: String,
    /// Where the provider returns browsers; of a new one that depends on the id.
    pub callback: Option<String>,
    /// What is or was entered.
    pub entered: ProviderEntered,
    /// The field that is wrong.
    pub wrong: Option<&'static str>,
}

/// What is entered of a provider.
#[derive(Clone, Debug, Default)]
pub struct ProviderEntered {
    /// Its id.
    pub id: String,
    /// Its protocol: `openid`, `google` or `github`.
    pub kind: &'static str,
    /// Its issuer.
    pub issuer: String,
    /// Our client id there.
    pub client_id: String,
    /// Whether it has a secret, which stays unless another one is entered.
    pub has_secret: bool,
    /// What its button says.
    pub label: String,
    /// The scopes, separated by spaces.
    pub scopes: String,
    /// The domains of those who may, separated by spaces.
    pub allowed_domains: String,
    /// The domains that it hosts, separated by spaces.
    pub trusted_email_domains: String,
    /// What becomes of an account that nobody has linked: `off`, `with_key` or `on`; empty for the default.
    pub sign_up: &'static str,
    /// The version of the settings that the form was drawn from.
    pub version: FormVersion,
}

impl ProviderPage {
    fn is_new(&self) -> bool {
        self.callback.is_none()
    }

    fn is_wrong(&self, field: &str) -> bool {
        self.wrong == Some(field)
    }

    fn kinds(&self) -> [(&'static str, &'static str, bool); 3] {
        let chosen = |kind| self.entered.kind == kind;
        [
            ("openid", "console-provider-kind-openid", chosen("openid")),
            ("google", "console-provider-kind-google", chosen("google")),
            ("github", "console-provider-kind-github", chosen("github")),
        ]
    }

    fn sign_ups(&self) -> [(&'static str, &'static str, bool); 4] {
        let chosen = |way| self.entered.sign_up == way;
        [
            ("", "console-provider-sign-up-usual", chosen("")),
            ("off", "console-provider-sign-up-off", chosen("off")),
            ("with_key", "console-provider-sign-up-key", chosen("with_key")),
            ("on", "console-provider-sign-up-on", chosen("on")),
        ]
    }
}

#[derive(Template)]
#[template(path = "console/provider.html")]
struct ProviderTemplate<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a ProviderPage,
}

impl ProviderPage {
    /// The page.
    pub fn render(&self, status: StatusCode, frame: &Frame, context: &PageContext<'_>) -> Response {
        page(status, &ProviderTemplate { context, frame, view: self }, ContentSecurityPolicy::Strict)
    }
}
