//! What `/console/mail` shows.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::time::Timestamp;
use sigma_platform::mail::Envelope;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, moment, page};
use sigma_store::outbox::{Fate, Queued};

use super::Frame;
use crate::outcome::Notice;

/// `/console/mail`. Its forms post `do`, and the id of a mail as `mail`, to the same address.
#[derive(Clone, Debug)]
pub struct MailPage {
    /// Whether only those are shown whose last attempt failed.
    pub only_failing: bool,
    /// The mails, newest first.
    pub mails: Vec<MailRow>,
    /// The next page.
    pub next: Option<String>,
    /// The first page, on others.
    pub first: Option<String>,
    /// Whether the role sends and drops mails.
    pub may_change: bool,
    /// Where the person who looks proves again who they are, before they may do that.
    pub confirm_url: Option<String>,
}

/// A queued mail.
#[derive(Clone, Debug)]
pub struct MailRow {
    /// Its id.
    pub id: String,
    /// The recipient, and what it is about; `None` if it cannot be read.
    pub envelope: Option<Envelope>,
    /// The class and the words of its state.
    pub state: (&'static str, &'static str),
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// How often it was tried.
    pub attempts: i64,
    /// Since when.
    pub created_at: Timestamp,
    /// When it is tried next.
    pub next: Option<Timestamp>,
    /// Whether a process has it for sending.
    pub is_sending: bool,
}

impl MailRow {
    /// The row of a mail.
    pub fn of(queued: &Queued, envelope: Option<Envelope>) -> Self {
        Self {
            id: queued.id.to_string(),
            envelope,
            state: match queued.fate {
                Fate::Waiting => ("waiting", "console-mail-waiting"),
                Fate::Sending => ("good", "console-mail-sending"),
                Fate::Failing => ("bad", "console-mail-failing"),
                Fate::GivenUp => ("bad", "console-mail-given-up"),
            },
            error: queued.error.clone(),
            attempts: queued.attempts,
            created_at: queued.created_at,
            next: queued.next_attempt_at.filter(|_| queued.fate == Fate::Failing),
            is_sending: queued.fate == Fate::Sending,
        }
    }

    fn since(&self) -> String {
        moment::minute(self.created_at)
    }

    fn again(&self) -> Option<String> {
        self.next.map(moment::minute)
    }
}

#[derive(Template)]
#[template(path = "console/mail.html")]
struct MailTemplate<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a MailPage,
}

impl MailPage {
    /// The page.
    pub fn render(&self, status: StatusCode, frame: &Frame, context: &PageContext<'_>) -> Response {
        page(status, &MailTemplate { context, frame, view: self }, ContentSecurityPolicy::Strict)
    }
}
