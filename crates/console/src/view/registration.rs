//! What `/console/apps/registration` shows.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::time::Timestamp;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, moment, page};
use sigma_store::app_invitation::AppInvitation;

use super::{Fact, Frame};
use crate::outcome::Notice;

/// `/console/apps/registration`. Its form posts to the same address, and the `token` to revoke to `revoke` below it.
#[derive(Clone, Debug)]
pub struct RegistrationPage {
    /// Who may register apps, by the settings.
    pub policy: Vec<Fact>,
    /// The tokens.
    pub tokens: Vec<TokenRow>,
    /// Whether apps can register with one at present.
    pub takes_tokens: bool,
    /// Whether the role issues and revokes them.
    pub may_change: bool,
    /// Where the person who looks proves again who they are, before they may do that.
    pub confirm_url: Option<String>,
    /// What was entered for a new one.
    pub entered: TokenEntered,
    /// The field of it that is wrong.
    pub wrong: Option<&'static str>,
    /// The one that was just issued.
    pub fresh: Option<FreshToken>,
    /// The next page.
    pub next: Option<String>,
    /// The first page, on others.
    pub first: Option<String>,
}

/// An initial access token in the list.
#[derive(Clone, Debug)]
pub struct TokenRow {
    id: String,
    name: String,
    uses: u32,
    uses_left: u32,
    expires_at: Timestamp,
    is_over: bool,
}

impl TokenRow {
    /// A token, as it is `now`.
    pub fn of(token: &AppInvitation, now: Timestamp) -> Self {
        Self {
            id: token.id.to_string(),
            name: token.name.clone(),
            uses: token.uses,
            uses_left: token.uses_left,
            expires_at: token.expires_at,
            is_over: token.uses_left == 0 || token.expires_at <= now,
        }
    }

    fn until(&self) -> String {
        moment::minute(self.expires_at)
    }
}

/// What is entered for a token.
#[derive(Clone, Debug, Default)]
pub struct TokenEntered {
    /// Whom it is for.
    pub name: String,
    /// How many apps.
    pub uses: String,
    /// How many days.
    pub days: String,
}

/// A token, shown once.
#[derive(Clone, Debug)]
pub struct FreshToken {
    /// The token.
    pub token: String,
    /// Where apps register with it.
    pub endpoint: String,
}

impl RegistrationPage {
    fn is_wrong(&self, field: &str) -> bool {
        self.wrong == Some(field)
    }
}

#[derive(Template)]
#[template(path = "console/registration.html")]
struct RegistrationTemplate<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a RegistrationPage,
}

impl RegistrationPage {
    /// The page.
    pub fn render(&self, status: StatusCode, frame: &Frame, context: &PageContext<'_>) -> Response {
        page(status, &RegistrationTemplate { context, frame, view: self }, ContentSecurityPolicy::Strict)
    }
}
