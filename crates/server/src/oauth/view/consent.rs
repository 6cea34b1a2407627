//! `/consent`: what an app asks for, in plain words, and the identity that it will see. Works without script.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::resource::{AskedResource, ResourceScope};
use sigma_core::scope::ORG;

use crate::i18n::Language;
use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{AppView, PageContext, PersonView, ScopeWords, initial, page, scope_words};

/// Asks whether to grant an app what it requests. The form posts `interaction`, `accept` (`true` or `false`) and, when
/// there is an identity, `bap_id` to `/api/auth/oauth2/consent`.
#[derive(Clone, Debug)]
pub struct Consent {
    /// The requesting app.
    pub app: AppView,
    /// Whether an app that nobody registered returns to a program on the user's own device, which any program could be.
    pub returns_to_device: bool,
    /// What it asks for, in display order.
    pub scopes: Vec<ScopeLine>,
    /// The org that they act for, if the app asks for one.
    pub org: Option<String>,
    /// The identities to choose from; a single one is shown without a choice.
    pub identities: Vec<IdentityChoice>,
    /// The signed-in user.
    pub person: PersonView,
    /// The interaction's id.
    pub interaction: String,
    /// The account that the page was rendered for; a submission under another one does not count.
    pub shown_to: String,
    /// Path of the sign-in page, to answer as another account.
    pub switch_url: Option<String>,
    /// Whether the password manager may create a passkey without asking.
    pub offers_passkey: bool,
}

/// One requested permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeLine {
    /// The scope's name.
    pub scope: String,
    /// What it lets the app do.
    pub title: String,
    /// Explanation for the user.
    pub detail: String,
    /// Highlighted as sensitive.
    pub sensitive: bool,
}

/// One of the user's identities.
#[derive(Clone, Debug)]
pub struct IdentityChoice {
    /// Its BAP id.
    pub bap_id: String,
    /// Display name.
    pub name: String,
    /// Picture on our own origin, or a `data:` URL.
    pub picture: Option<String>,
    /// Preselected.
    pub selected: bool,
}

impl ScopeLine {
    /// A scope defined by this server, in plain words.
    pub fn of(language: Language, scope: &str) -> Self {
        let Some(ScopeWords { title, detail, sensitive }) = scope_words(scope) else {
            let (scope, title) = (scope.to_owned(), scope.to_owned());
            return Self { scope, title, detail: String::new(), sensitive: false };
        };
        let (title, detail) = (language.text(title).to_string(), language.text(detail).to_string());
        Self { scope: scope.to_owned(), title, detail, sensitive }
    }

    /// The org that the app will see the user act for.
    pub fn of_org(language: Language, name: &str) -> Self {
        Self { title: language.text("scope-org-named").with("org", name).to_string(), ..Self::of(language, ORG) }
    }

    /// An API that the app wants to use on the user's behalf.
    pub fn of_resource(language: Language, asked: &AskedResource) -> Self {
        Self {
            scope: asked.uri.clone(),
            title: language.text("scope-resource").with("resource", asked.name.as_str()).to_string(),
            detail: language.text("scope-resource-detail").with("uri", asked.uri.as_str()).to_string(),
            sensitive: true,
        }
    }

    /// What the app wants to do there.
    pub fn of_resource_scope(language: Language, scope: &ResourceScope, resource: &str) -> Self {
        let detail = language.text("scope-of-resource-detail").with("resource", resource);
        Self {
            scope: scope.name.clone(),
            title: scope.description.clone(),
            detail: detail.with("scope", scope.name.as_str()).to_string(),
            sensitive: false,
        }
    }
}

impl IdentityChoice {
    /// The initial shown in place of a picture.
    pub fn initial(&self) -> String {
        initial(&self.name)
    }
}

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a Consent,
}

impl Consent {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &ConsentPage { context, view: self }, ContentSecurityPolicy::Leaving)
    }
}
