//! `/account/merge`: merging two accounts of one person.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::merge::MergeRefusal;
use sigma_store::user::User;

use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{PageContext, page};

/// The page. It posts to `/account/merge`, `/account/merge/confirm` and `/account/merge/cancel`.
#[derive(Clone, Debug)]
pub struct AccountMerge {
    /// The account that is signed in.
    pub own: MergedAccount,
    /// How far the merge is.
    pub stage: MergeStage,
    /// Why nothing was merged.
    pub refused: Option<MergeRefusal>,
    /// Path of the sign-in page, if the last sign-in is too old.
    pub sign_in_url: Option<String>,
}

/// An account, as its owner recognises it.
#[derive(Clone, Debug)]
pub struct MergedAccount {
    /// The name.
    pub name: String,
    /// The primary address, else the id.
    pub detail: String,
}

impl MergedAccount {
    /// The account of a user.
    pub fn of(user: &User) -> Self {
        Self { name: user.name.clone(), detail: user.email.clone().unwrap_or_else(|| user.id.to_string()) }
    }
}

/// How far a merge is.
#[derive(Clone, Debug)]
pub enum MergeStage {
    /// The account that is signed in may go, into the one that was proposed or any other.
    Going(Option<MergedAccount>),
    /// It was proposed that another account goes into this one: the merge begins there.
    Elsewhere(MergedAccount),
    /// This account was confirmed to go: another has to sign in.
    Confirmed,
    /// That account was confirmed to go: this one stays.
    Staying(MergedAccount),
}

#[derive(Template)]
#[template(path = "account/merge.html")]
struct AccountMergePage<'a> {
    context: &'a PageContext<'a>,
    view: &'a AccountMerge,
}

impl AccountMerge {
    /// The page.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &AccountMergePage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
