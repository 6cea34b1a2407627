//! `/workspace/{id}/people/invite` and `/workspace/{id}/people/{user}`: inviting somebody, and one member.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::time::Timestamp;

use super::{Frame, MemberStatus, Notice};
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, initial, moment, page};

/// Invites somebody. Posts `email`, `name` and `role` to `/workspace/{id}/people/invite`.
#[derive(Clone, Debug, Default)]
pub struct InviteForm {
    /// The e-mail address as entered.
    pub email: String,
    /// The name as entered.
    pub name: String,
    /// The roles that the viewer may assign.
    pub roles: Vec<RoleOption>,
    /// The apps to which somebody who accepts may be led.
    pub apps: Vec<RoleOption>,
}

/// A role, or an app, to choose.
#[derive(Clone, Debug)]
pub struct RoleOption {
    /// Its id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Preselected.
    pub selected: bool,
}

/// One member. Posts below `/workspace/{id}/people/{user}`: `role` and `quick_login` to itself, empty forms to
/// `/activate`, `/deactivate`, `/invitation` and `/end`.
#[derive(Clone, Debug)]
pub struct MemberPage {
    /// Their id.
    pub user_id: String,
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: Option<String>,
    /// The name of their role.
    pub role: String,
    /// Whether they can log in.
    pub status: MemberStatus,
    /// When they became a member.
    pub created_at: Timestamp,
    /// The viewer.
    pub is_self: bool,
    /// Why the viewer cannot change anything here.
    pub locked: Option<String>,
    /// The roles that the viewer may assign, the member's selected.
    pub roles: Vec<RoleOption>,
    /// Quick login.
    pub quick_login: QuickLoginSwitch,
    /// Active API keys that they created.
    pub keys: u64,
}

/// Whether a member may use quick login.
#[derive(Clone, Debug)]
pub struct QuickLoginSwitch {
    /// Whether it is enabled.
    pub on: bool,
    /// Why it has no effect at present, or what it does.
    pub hint: String,
}

impl MemberPage {
    fn initial(&self) -> String {
        initial(&self.name)
    }

    fn since(&self) -> String {
        moment::day(self.created_at)
    }

    /// How many API keys they created: `1,234`.
    fn keys_in_words(&self, context: &PageContext<'_>) -> String {
        context.language.number(self.keys)
    }
}

#[derive(Template)]
#[template(path = "workspace/invite.html")]
struct InvitePage<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a InviteForm,
}

#[derive(Template)]
#[template(path = "workspace/person.html")]
struct PersonPage<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a MemberPage,
}

impl InviteForm {
    /// The page.
    pub fn render(&self, status: StatusCode, frame: &Frame, context: &PageContext<'_>) -> Response {
        page(status, &InvitePage { context, frame, view: self }, ContentSecurityPolicy::Strict)
    }
}

impl MemberPage {
    /// The page.
    pub fn render(&self, status: StatusCode, frame: &Frame, context: &PageContext<'_>) -> Response {
        page(status, &PersonPage { context, frame, view: self }, ContentSecurityPolicy::Strict)
    }
}
