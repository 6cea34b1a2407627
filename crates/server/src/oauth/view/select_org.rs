//! `/select-org`: the org to act for, or that there is none.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{AppView, PageContext, PersonView, initial, page};

/// Asks which org the user acts for at an app. The form posts `interaction` and `org`, or `account=other`, to
/// `/api/auth/oauth2/continue`; the way back to the app is the consent form's denial.
#[derive(Clone, Debug)]
pub struct SelectOrg {
    /// The signed-in account.
    pub person: PersonView,
    /// The requesting app.
    pub app: AppView,
    /// The orgs to choose from; none if the user is no member of what the app asks for.
    pub orgs: Vec<OrgChoice>,
    /// The interaction's id.
    pub interaction: String,
    /// The account that the page was rendered for; a submission under another one does not count.
    pub shown_to: String,
}

/// An org of the user.
#[derive(Clone, Debug)]
pub struct OrgChoice {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

impl OrgChoice {
    /// The initial shown in place of a logo.
    pub fn initial(&self) -> String {
        initial(&self.name)
    }
}

impl SelectOrg {
    /// The message in the page's title.
    fn title(&self) -> &'static str {
        if self.orgs.is_empty() { "select-org-none-title" } else { "select-org-title" }
    }

    /// The message of its heading.
    fn heading(&self) -> &'static str {
        if self.orgs.is_empty() { "select-org-none-title" } else { "select-org-heading" }
    }
}

#[derive(Template)]
#[template(path = "select-org.html")]
struct SelectOrgPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a SelectOrg,
}

impl SelectOrg {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &SelectOrgPage { context, view: self }, ContentSecurityPolicy::Leaving)
    }
}
