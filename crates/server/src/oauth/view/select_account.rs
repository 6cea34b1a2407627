//! `/select-account`: continue as the current account or as another (`prompt=select_account`).

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{AppView, PageContext, PersonView, page};

/// Asks which account to use for an app. The form posts `interaction` and `account` (`current` or `other`) to
/// `/api/auth/oauth2/continue`.
#[derive(Clone, Debug)]
pub struct SelectAccount {
    /// The signed-in account.
    pub person: PersonView,
    /// The requesting app.
    pub app: AppView,
    /// The interaction's id.
    pub interaction: String,
    /// The account that the page was rendered for; a submission under another one does not count.
    pub shown_to: String,
}

#[derive(Template)]
#[template(path = "select-account.html")]
struct SelectAccountPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a SelectAccount,
}

impl SelectAccount {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &SelectAccountPage { context, view: self }, ContentSecurityPolicy::Leaving)
    }
}
