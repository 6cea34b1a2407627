//! `/invitation`: a workspace invites, and the person answers. Works without script.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::csp::ContentSecurityPolicy;
use super::{PageContext, initial, page};

/// An invitation. The form posts `token`, and `name`, `password` and `again` where they are asked for, to `/invitation`.
#[derive(Clone)]
pub struct AcceptInvitation {
    /// The link's secret.
    pub token: String,
    /// The name of the workspace.
    pub workspace: String,
    /// Whom it was sent to.
    pub email: String,
    /// What it takes.
    pub form: InvitationForm,
    /// Why it did not work.
    pub refusal: Option<String>,
}

/// What accepting takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvitationForm {
    /// A name and a password: the account is new.
    SetPassword {
        /// What the person is called, as whoever invited them put it, or as they did.
        name: String,
    },
    /// A button.
    Agree,
    /// They sign in and open the link again.
    SignInFirst,
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
        page(status, &InvitationPage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
