//! `/account/delete`: deleting an account.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{PageContext, page};

/// The page. It posts `confirm` to `/account/delete`, or to `/account/delete/cancel`.
#[derive(Clone, Debug)]
pub struct AccountDeletion {
    /// When the account is deleted, if that was requested.
    pub deletes_at: Option<String>,
    /// How long the user may change their mind.
    pub grace: String,
    /// What confirms the request.
    pub word: String,
    /// Why the request was refused.
    pub refused: Option<Refused>,
    /// Path of the sign-in page, if the last sign-in is too old.
    pub sign_in_url: Option<String>,
}

/// Why an account is not going to be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The last sign-in is too old.
    TooLongAgo,
    /// The word was not typed.
    NotConfirmed,
    /// Nobody else manages these workspaces.
    OnlyAdministrator(Vec<String>),
}

#[derive(Template)]
#[template(path = "account-deletion.html")]
struct AccountDeletionPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a AccountDeletion,
}

impl AccountDeletion {
    fn refusal(&self, context: &PageContext<'_>) -> Option<String> {
        Some(match self.refused.as_ref()? {
            Refused::TooLongAgo => context.text("account-delete-old").to_string(),
            Refused::NotConfirmed => context.text("account-delete-type").with("word", self.word.as_str()).to_string(),
            Refused::OnlyAdministrator(names) => {
                context.text("account-delete-administrator").with("workspaces", names.join(", ")).to_string()
            }
        })
    }

    /// The page.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &AccountDeletionPage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
