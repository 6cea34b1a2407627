//! `/consent`: what an app asks for, in plain words, and the identity that it will see. Works without script.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::resource::{AskedResource, ResourceScope};

use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{AppView, PageContext, PersonView, initial, page};

/// Asks whether to grant an app what it requests. The form posts `interaction`, `accept` (`true` or `false`) and, when
/// there is an identity, `bap_id` to `/api/auth/oauth2/consent`.
#[derive(Clone, Debug)]
pub struct Consent {
    /// The requesting app.
    pub app: AppView,
    /// What it asks for, in display order.
    pub scopes: Vec<ScopeLine>,
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
    pub fn of(scope: &str) -> Self {
        let (title, detail, sensitive) = match scope {
            "openid" => ("Recognise you", "An identifier that stays the same each time you sign in.", false),
            "profile" => ("See your profile", "Name, picture and public key of the identity you choose.", false),
            "email" => ("See your e-mail address", "Only if you have confirmed it here.", false),
            "offline_access" => {
                ("Access while you are away", "The app can renew its access without asking you again.", true)
            }
            "roles" => ("See your role", "Your role in the workspace that owns this app, if you are a member.", false),
            "sigma:profile" => {
                ("Read and change your profile", "Name, picture and description of your identities.", true)
            }
            "sigma:wallet" => (
                "Manage your connected wallets",
                "See, add and remove wallet addresses. The app cannot spend from them.",
                true,
            ),
            "sigma:backup" => (
                "Fetch your encrypted backup",
                "The backup stays encrypted with your password; allow this only for apps that you trust.",
                true,
            ),
            other => (other, "", false),
        };
        Self { scope: scope.to_owned(), title: title.to_owned(), detail: detail.to_owned(), sensitive }
    }

    /// An API that the app wants to use on the user's behalf.
    pub fn of_resource(asked: &AskedResource) -> Self {
        Self {
            scope: asked.uri.clone(),
            title: format!("Act for you at {}", asked.name),
            detail: format!("{} learns who you are.", asked.uri),
            sensitive: true,
        }
    }

    /// What the app wants to do there.
    pub fn of_resource_scope(scope: &ResourceScope, resource: &str) -> Self {
        Self {
            scope: scope.name.clone(),
            title: scope.description.clone(),
            detail: format!("At {resource}: {}", scope.name),
            sensitive: false,
        }
    }
}

impl IdentityChoice {
    fn initial(&self) -> String {
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
