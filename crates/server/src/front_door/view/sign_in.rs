//! `/login` and `/signup`. The page carries addresses and hints; the key and its password stay in its script.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use crate::front_door::SignInMethod;
use crate::front_door::view::PasskeyHints;
use crate::i18n::Phrase;
use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{AppView, PageContext, PersonView, ProviderButton, initial, page};

/// What a user signs in to.
#[derive(Clone, Debug)]
pub enum Aim {
    /// An app.
    App(AppView),
    /// The pages of a workspace.
    Workspace,
    /// An invitation.
    Invitation,
    /// The merits pages of an org.
    Org,
    /// A device that waits to be let in.
    Device,
    /// The console.
    Console,
    /// Their account here.
    Account,
}

/// The sign-in page: its methods, with the first one open. `password_url` accepts `email` and `password`, `quick_url`
/// accepts `workspace` and `user`; the key signs by script.
#[derive(Clone, Debug)]
pub struct SignInPage {
    /// What the user signs in to.
    pub aim: Aim,
    /// The signed-in user, who has to re-authenticate.
    pub again: Option<PersonView>,
    /// The methods, in order; at least one.
    pub methods: Vec<SignInMethod>,
    /// The buttons of providers.
    pub providers: Vec<ProviderButton>,
    /// For the passkey.
    pub passkey: PasskeyHints,
    /// Members with quick login, by workspace.
    pub quick: Vec<QuickLoginGroup>,
    /// The prefilled e-mail address.
    pub email: String,
    /// Why the attempt failed.
    pub refusal: Option<String>,
    /// For the key.
    pub key: KeyHints,
    /// Path of the sign-up page.
    pub sign_up_url: String,
    /// Path of the page that restores a key with a linked account.
    pub restore_url: String,
    /// Where to sign up by e-mail, if that is switched on: a path here.
    pub email_sign_up_url: Option<String>,
    /// Path of the page for another account.
    pub switch_url: String,
    /// Action of the form with the buttons of providers.
    pub provider_url: String,
    /// Action of the password form.
    pub password_url: String,
    /// Path of the page for forgotten passwords.
    pub forgot_url: String,
    /// Action of the quick login form.
    pub quick_url: String,
}

/// Data for the key's script.
#[derive(Clone, Debug)]
pub struct KeyHints {
    /// The user expected by the app (`login_hint`).
    pub login_hint: Option<String>,
    /// The expected identity.
    pub bap_id: Option<String>,
    /// Path to continue at once signed in.
    pub continue_url: String,
}

/// The quick logins of one workspace.
#[derive(Clone, Debug)]
pub struct QuickLoginGroup {
    /// Its id.
    pub workspace_id: String,
    /// Its name.
    pub name: String,
    /// Who gets in.
    pub people: Vec<QuickLoginLine>,
}

/// One member to log in as.
#[derive(Clone, Debug)]
pub struct QuickLoginLine {
    /// Their id.
    pub user_id: String,
    /// Their name.
    pub name: String,
    /// The name of their role.
    pub role: String,
}

/// Creates a key and an account.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// The requesting app, if any.
    pub app: Option<AppView>,
    /// Path to continue at once signed in.
    pub continue_url: String,
    /// Path of the page for signing in with an existing key.
    pub sign_in_url: String,
    /// Where to sign up by e-mail, if that is switched on: a path here.
    pub email_url: Option<String>,
}

#[derive(Template)]
#[template(path = "front-door/login.html")]
struct SignInTemplate<'a> {
    context: &'a PageContext<'a>,
    view: &'a SignInPage,
}

#[derive(Template)]
#[template(path = "signup.html")]
struct SignUpTemplate<'a> {
    context: &'a PageContext<'a>,
    view: &'a SignUp,
}

impl QuickLoginLine {
    fn initial(&self) -> String {
        initial(&self.name)
    }
}

impl SignInPage {
    fn title<'a>(&'a self, context: &PageContext<'a>) -> Phrase<'a> {
        match &self.aim {
            _ if self.again.is_some() => context.text("login-title-again"),
            Aim::App(app) => context.text("login-title-app").with("app", app.name.as_str()),
            Aim::Workspace => context.text("login-title-workspace"),
            Aim::Invitation => context.text("login-title-invitation"),
            Aim::Org => context.text("login-title-org"),
            Aim::Device => context.text("login-title-device"),
            Aim::Console => context.text("login-title-console"),
            Aim::Account => context.text("login-title"),
        }
    }

    fn app(&self) -> Option<&AppView> {
        match &self.aim {
            Aim::App(app) => Some(app),
            _ => None,
        }
    }

    /// Whether that method is the open one.
    fn opens_with(&self, method: SignInMethod) -> bool {
        self.methods.first() == Some(&method)
    }

    /// Whether its field has the focus when the page opens.
    fn focuses(&self, method: SignInMethod) -> bool {
        self.quick.is_empty() && self.opens_with(method)
    }

    fn offers(&self, method: SignInMethod) -> bool {
        self.methods.contains(&method)
    }

    /// The page. After the password an app that was agreed to before gets its answer at once.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &SignInTemplate { context, view: self }, ContentSecurityPolicy::Leaving)
    }
}

impl SignUp {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &SignUpTemplate { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
