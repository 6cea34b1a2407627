//! The pages: one typed struct each, rendered by its template into a complete response with headers. Handlers fill the
//! struct and return what `render` gives; views know neither the store nor the request.

mod account_nav;
pub mod csp;
pub mod device;
mod error;
pub mod moment;
mod permission;
mod provider;
mod reference;
mod scope;
pub mod scripts;

pub use account_nav::{ACCOUNT_SECTIONS, AccountSection};
pub use error::{ErrorPage, Link};
pub use permission::{PermissionWords, key_permission_words, org_permission_words};
pub use provider::ProviderButton;
pub use reference::Reference;
pub use scope::{ScopeWords, scope_words};

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use self::csp::ContentSecurityPolicy;
use crate::branding::{Look, Worn, accent_url};
use crate::i18n::{Language, Phrase};

/// What every page knows of its server.
#[derive(Clone, Debug)]
pub struct PageContext<'a> {
    /// The server's issuer, `https://id.example.org`: no path, no trailing slash.
    pub issuer: &'a str,
    /// The language of its texts.
    pub language: Language,
    /// What it looks like.
    pub look: Worn<'a>,
}

impl<'a> PageContext<'a> {
    /// In English, without branding.
    pub const fn new(issuer: &'a str) -> Self {
        Self { issuer, language: Language::English, look: Worn::Own(Look::PLAIN) }
    }

    /// The same with another look.
    #[must_use]
    pub fn with_look(self, look: impl Into<Worn<'a>>) -> Self {
        Self { look: look.into(), ..self }
    }

    /// The stylesheet of its accent.
    pub fn accent_url(&self) -> Option<String> {
        self.look.accent.map(accent_url)
    }

    /// The name of the server.
    pub fn name(&self) -> &str {
        if self.look.name.is_empty() { "Sigma" } else { &self.look.name }
    }

    /// What the sign-in page says first.
    pub fn welcome(&self) -> Option<&str> {
        self.look.welcome.for_readers_of(self.language.tag())
    }

    /// A text of the catalogue.
    pub const fn text(&self, key: &'static str) -> Phrase<'a> {
        self.language.text(key)
    }

    /// The issuer as people read it: host and port.
    pub fn host(&self) -> &str {
        self.issuer.split_once("://").map_or(self.issuer, |(_, host)| host)
    }
}

/// The app that a user signs in to, as pages show it.
#[derive(Clone, Debug)]
pub struct AppView {
    /// The name that its owner gave it.
    pub name: String,
    /// The host of its redirect URI, or the scheme of a native app.
    pub host: String,
    /// Its logo, on our own origin.
    pub logo_url: Option<String>,
    /// Its terms of service.
    pub terms_url: Option<String>,
    /// Its privacy policy.
    pub privacy_url: Option<String>,
    /// Dynamically registered and unverified.
    pub unverified: bool,
    /// The host of the document that describes it, for an app that is not registered: the only thing known of it for certain.
    pub described_at: Option<String>,
}

/// The signed-in user, as pages show them.
#[derive(Clone, Debug)]
pub struct PersonView {
    /// Their name, or the address of their key.
    pub name: String,
    /// Their BAP identity, if one is proven or registered.
    pub bap_id: Option<String>,
    /// Their public key, hex.
    pub pubkey: Option<String>,
    /// Picture on our own origin, or a `data:` URL.
    pub picture: Option<String>,
}

impl AppView {
    /// The initial shown in place of a logo.
    pub fn initial(&self) -> String {
        initial(&self.name)
    }
}

impl PersonView {
    /// The initial shown in place of a picture.
    pub fn initial(&self) -> String {
        initial(&self.name)
    }
}

/// The initial shown in place of a picture.
pub fn initial(name: &str) -> String {
    name.chars()
        .find(|letter| letter.is_alphanumeric())
        .map_or_else(|| "?".to_owned(), |letter| letter.to_uppercase().collect())
}

/// Renders a template into a response that no cache stores and that runs only our own scripts.
pub fn page(status: StatusCode, template: &impl Template, policy: ContentSecurityPolicy) -> Response {
    let body = match template.render() {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            return (StatusCode::INTERNAL_SERVER_ERROR, "The page could not be made.").into_response();
        }
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, policy.header()),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // The queries of our pages must not leak to other sites; but `no-referrer` would make browsers send `Origin:
        // null` with our own forms.
        (header::REFERRER_POLICY, HeaderValue::from_static("strict-origin")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ];
    (status, headers, body).into_response()
}
