//! What the pages of merits show.

/// Pages in the frame of an org, each with its template.
macro_rules! framed {
    ($($page:ident as $template:ident, $path:literal;)*) => { $(
        #[derive(askama::Template)]
        #[template(path = $path)]
        struct $template<'a> {
            context: &'a sigma_platform::pages::view::PageContext<'a>,
            frame: &'a $crate::pages::view::Frame,
            view: &'a $page,
        }

        impl $page {
            /// The page.
            pub fn render(
                &self,
                status: http::StatusCode,
                frame: &$crate::pages::view::Frame,
                context: &sigma_platform::pages::view::PageContext<'_>,
            ) -> axum::response::Response {
                let policy = sigma_platform::pages::view::csp::ContentSecurityPolicy::Strict;
                sigma_platform::pages::view::page(status, &$template { context, frame, view: self }, policy)
            }
        }
    )* };
}

mod batch;
mod directory;
mod domain;
mod holder;
mod org;
mod request;
mod template;
mod unsubscribe;

pub use batch::{BatchLine, BatchPage, ImportPage, LineOutcome, MapPage, MapTarget, PreviewRow};
pub use directory::{ConnectionLine, DirectoriesPage, DirectoryPage, RequestLine, TokenPage};
pub use domain::DomainsPage;
pub use holder::{AccessLine, ClaimLine, FileLink, HeldMerit, HolderPage, Value};
pub use org::{
    AppsPage, BrandingPage, ChooserPage, EditLine, Frame, Holder, LinkedApp, MemberLine, MembersPage, MeritLine,
    MeritPage, OrgLink, ProfilePage, ProposedPage, SendPage, SentPage, StatusWord, Tab, WebhookPage, WebhooksPage,
};
pub use request::{LinkAppPage, LinkableOrg, MeritLoginPage};
pub use template::{
    FieldLine, FormField, InputKind, NewField, NewTemplatePage, Preview, TemplateLine, TemplatePage, TemplatesPage,
};
pub use unsubscribe::UnsubscribePage;

use sigma_platform::pages::view::initial;

/// An org or app, as pages show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Party {
    /// Its name.
    pub name: String,
    /// Path of its logo.
    pub logo_url: Option<String>,
    /// Whether the operator verified it.
    pub verified: bool,
}

impl Party {
    /// The initial shown in place of a logo.
    pub fn initial(&self) -> String {
        initial(&self.name)
    }
}

/// A permission in plain words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermissionLine {
    /// What is allowed.
    pub title: String,
    /// What that means.
    pub detail: String,
    /// Whether it deserves a second look.
    pub sensitive: bool,
}

/// The outcome of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// It is done.
    Done(String),
    /// It failed, with the reason.
    Refused(String),
}

/// An option of a list to choose from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Its value.
    pub value: String,
    /// What it says.
    pub label: String,
    /// Whether it is chosen.
    pub selected: bool,
}
