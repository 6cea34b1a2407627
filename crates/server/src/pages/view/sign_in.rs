//! `/login` and `/signup`. The page carries addresses and hints; the key and its password stay in its script.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::csp::ContentSecurityPolicy;
use super::{AppView, PageContext, PersonView, initial, page};
use crate::front_door::SignInMethod;

/// What a person signs in to.
#[derive(Clone, Debug)]
pub enum Aim {
    /// An app.
    App(AppView),
    /// The pages of a workspace.
    Workspace,
    /// An invitation.
    Invitation,
    /// Their account here.
    Account,
}

/// The sign-in page: the ways in, the first one open. `password_url` takes `email` and `password`, `quick_url` takes
/// `workspace` and `user`; the key signs by script.
#[derive(Clone, Debug)]
pub struct SignInPage {
    /// What the person signs in to.
    pub aim: Aim,
    /// Who is signed in, and has to prove it once more.
    pub again: Option<PersonView>,
    /// The ways in, the best first; at least one.
    pub methods: Vec<SignInMethod>,
    /// People who get in without a password, by workspace.
    pub quick: Vec<QuickLoginGroup>,
    /// The e-mail address to begin with.
    pub email: String,
    /// Why it did not work.
    pub refusal: Option<String>,
    /// For the key.
    pub key: KeyHints,
    /// Where to make an account: a path here.
    pub sign_up_url: String,
    /// Where to sign up by e-mail, if that is switched on: a path here.
    pub email_sign_up_url: Option<String>,
    /// Where to sign in as somebody else: a path here.
    pub switch_url: String,
    /// Where the form with the password goes.
    pub password_url: String,
    /// Where a forgotten password is replaced.
    pub forgot_url: String,
    /// Where a quick login goes.
    pub quick_url: String,
}

/// What the script of the key is told.
#[derive(Clone, Debug)]
pub struct KeyHints {
    /// Whom the app expects (`login_hint`).
    pub login_hint: Option<String>,
    /// The identity that is expected.
    pub bap_id: Option<String>,
    /// Where to go once signed in: a path here.
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

/// One person to get in as.
#[derive(Clone, Debug)]
pub struct QuickLoginLine {
    /// Their id.
    pub user_id: String,
    /// Their name.
    pub name: String,
    /// The name of their role.
    pub role: String,
}

/// Make a key and an account.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// The app that asked, if one did.
    pub app: Option<AppView>,
    /// Where to go once signed in: a path here.
    pub continue_url: String,
    /// Where to sign in with a key that exists: a path here.
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
    fn title(&self) -> String {
        match &self.aim {
            _ if self.again.is_some() => "Confirm that it is you".to_owned(),
            Aim::App(app) => format!("Sign in to {}", app.name),
            Aim::Workspace => "Sign in to your workspace".to_owned(),
            Aim::Invitation => "Sign in to accept the invitation".to_owned(),
            Aim::Account => "Sign in".to_owned(),
        }
    }

    fn app(&self) -> Option<&AppView> {
        match &self.aim {
            Aim::App(app) => Some(app),
            _ => None,
        }
    }

    /// Whether that way in is the one that is open.
    fn opens_with(&self, method: SignInMethod) -> bool {
        self.methods.first() == Some(&method)
    }

    /// Whether its field is ready to be typed into when the page opens.
    fn focuses(&self, method: SignInMethod) -> bool {
        self.quick.is_empty() && self.opens_with(method)
    }

    fn offers(&self, method: SignInMethod) -> bool {
        self.methods.contains(&method)
    }

    /// The page.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &SignInTemplate { context, view: self }, ContentSecurityPolicy::Strict)
    }
}

impl SignUp {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &SignUpTemplate { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
