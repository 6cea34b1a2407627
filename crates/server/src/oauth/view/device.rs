//! `/device`: typing the code of a device, the question whether to let it in, and the outcome. Works without script.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::time::Timestamp;

use super::{IdentityChoice, ScopeLine};
use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{AppView, PageContext, PersonView, moment, page};

/// Asks for the code. The form gets `/device` with `user_code`.
#[derive(Clone, Debug)]
pub struct EnterUserCode {
    /// What was typed before.
    pub typed: String,
    /// That led nowhere.
    pub refused: bool,
}

/// Asks whether to let a device in. The form posts `user_code`, `shown_to`, `accept` (`true` or `false`) and, when there is
/// an identity, `bap_id`.
#[derive(Clone, Debug)]
pub struct ApproveDevice {
    /// The app of the device.
    pub app: AppView,
    /// The code that it shows.
    pub user_code: String,
    /// What it asks for.
    pub scopes: Vec<ScopeLine>,
    /// What kind of program asked.
    pub device: String,
    /// From where.
    pub address: String,
    /// Whether that is the network of the person.
    pub is_near: bool,
    /// When.
    pub asked_at: Timestamp,
    /// The identities to choose from; a single one is shown without a choice.
    pub identities: Vec<IdentityChoice>,
    /// The signed-in user.
    pub person: PersonView,
    /// The account that the page was rendered for; a submission under another one does not count.
    pub shown_to: String,
    /// Path of the sign-in page, to answer as another account.
    pub switch_url: String,
}

/// The outcome.
#[derive(Clone, Debug)]
pub struct DeviceDecided {
    /// The name of the app.
    pub app: String,
    /// Whether the device was let in.
    pub approved: bool,
}

#[derive(Template)]
#[template(path = "device/enter.html")]
struct EnterPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a EnterUserCode,
}

#[derive(Template)]
#[template(path = "device/approve.html")]
struct ApprovePage<'a> {
    context: &'a PageContext<'a>,
    view: &'a ApproveDevice,
}

#[derive(Template)]
#[template(path = "device/decided.html")]
struct DecidedPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a DeviceDecided,
}

impl ApproveDevice {
    fn when(&self) -> String {
        moment::minute(self.asked_at)
    }
}

impl EnterUserCode {
    /// The page.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &EnterPage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}

impl ApproveDevice {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &ApprovePage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}

impl DeviceDecided {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &DecidedPage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
