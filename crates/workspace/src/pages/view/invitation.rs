//! `/invitation`: accepting an invitation to a workspace. Works without script.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, initial, page};

/// An invitation. The form posts `token`, and `name`, `password` and `again` for a new account, to `/invitation`.
#[derive(Clone)]
pub struct AcceptInvitation {
    /// The link's secret.
    pub token: String,
    /// The name of the workspace.
    pub workspace: String,
    /// The invited address.
    pub email: String,
    /// The app to which it leads.
    pub app: Option<String>,
    /// What it takes.
    pub form: InvitationForm,
    /// Why the submission failed.
    pub refusal: Option<String>,
}

/// What accepting takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvitationForm {
    /// A new account: asks for a name and a password.
    SetPassword {
        /// The user's name: from the invitation, or as entered.
        name: String,
    },
    /// A button.
    Agree,
    /// They sign in, and come back to the invitation.
    SignInFirst {
        /// Where they sign in: a path here.
        url: String,
        /// What the account is called that is signed in, and is not the one invited.
        signed_in_as: Option<String>,
    },
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a AcceptInvitation,
}

impl AcceptInvitation {
    fn initial(&self) -> String {
        initial(&self.workspace)
    }

    /// The page.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        // Accepting leads on to the app.
        let policy = if self.app.is_some() { ContentSecurityPolicy::Leaving } else { ContentSecurityPolicy::Strict };
        page(status, &InvitationPage { context, view: self }, policy)
    }
}
