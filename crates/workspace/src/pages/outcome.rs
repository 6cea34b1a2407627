//! The outcome of a submitted form: a page that reports it. Success is reported after a redirect, so that reloading
//! repeats nothing; the texts are ours, whatever the address says.

use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use sigma_core::org::Refusal;
use sigma_core::org::text::TextProblem;
use sigma_core::params::Params;

use crate::pages::view::Notice;
use sigma_platform::i18n::{Language, Phrase};
pub use sigma_platform::pages::PageError;
use sigma_platform::pages::not_found;

/// A completed action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// An invitation was sent.
    Invited,
    /// It was changed.
    Saved,
    /// A member was reactivated.
    Activated,
    /// An API key was deactivated.
    Deactivated,
    /// A membership ended.
    Ended,
    /// A role was created.
    RoleMade,
    /// It is gone.
    Deleted,
    /// The secret was rotated.
    Rotated,
}

impl Done {
    const ALL: [Self; 8] = [
        Self::Invited,
        Self::Saved,
        Self::Activated,
        Self::Deactivated,
        Self::Ended,
        Self::RoleMade,
        Self::Deleted,
        Self::Rotated,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Saved => "saved",
            Self::Activated => "activated",
            Self::Deactivated => "deactivated",
            Self::Ended => "ended",
            Self::RoleMade => "role-made",
            Self::Deleted => "deleted",
            Self::Rotated => "rotated",
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Invited => "workspace-done-invited",
            Self::Saved => "workspace-done-saved",
            Self::Activated => "workspace-done-activated",
            Self::Deactivated => "workspace-done-deactivated",
            Self::Ended => "workspace-done-ended",
            Self::RoleMade => "workspace-done-role-made",
            Self::Deleted => "workspace-done-deleted",
            Self::Rotated => "workspace-done-rotated",
        }
    }

    /// The action that a page's address reports.
    pub fn reported_by(query: &Params, language: Language) -> Option<Notice> {
        let name = query.get("done")?;
        let done = Self::ALL.into_iter().find(|done| done.name() == name)?;
        Some(Notice::Done(language.text(done.key()).to_string()))
    }

    /// Redirects to the page that reports it.
    pub fn at(self, path: &str) -> Response {
        Redirect::to(&format!("{path}?done={}", self.name())).into_response()
    }
}

/// A refusal that the page itself reports, with the status of its response.
pub struct Refused {
    /// The status.
    pub status: StatusCode,
    /// The message.
    pub notice: Notice,
}

impl Refused {
    /// Invalid input.
    pub fn invalid(words: &Phrase<'_>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, notice: Notice::Refused(words.to_string()) }
    }

    /// The text for a refusal by the rules.
    ///
    /// # Errors
    /// The response that replaces the page: the object does not exist, or the caller's membership has ended.
    pub fn of(language: Language, refusal: &Refusal) -> Result<Self, PageError> {
        let (status, reason) = match refusal {
            Refusal::Unauthorized => return Err(PageError::of(Redirect::to("/workspace"))),
            Refusal::NotFound { .. } => return Err(not_found().into()),
            Refusal::Denied(reason) => (StatusCode::FORBIDDEN, reason),
            Refusal::Conflict(reason) => (StatusCode::CONFLICT, reason),
        };
        let reason = language.text(reason.key()).to_string();
        let words = language.text("workspace-not-done").with("reason", reason).to_string();
        Ok(Self { status, notice: Notice::Refused(words) })
    }
}

/// What is wrong with a text, `what` being that of the message.
pub fn text_problem(language: Language, what: &'static str, problem: TextProblem) -> Phrase<'static> {
    let (kind, most) = match problem {
        TextProblem::Empty => ("empty", 0),
        TextProblem::TooLong(most) => ("long", most),
        TextProblem::Control => ("control", 0),
        TextProblem::Invisible => ("invisible", 0),
        TextProblem::Padded => ("padded", 0),
        TextProblem::Reserved => ("reserved", 0),
        TextProblem::NotAnId => ("no-id", 0),
    };
    language.text("workspace-text").with("what", what).with("problem", kind).with("most", most)
}

#[cfg(test)]
mod tests {
    use sigma_core::org::Reason;

    use super::*;

    #[test]
    fn pages_show_only_our_own_texts() {
        for done in Done::ALL {
            let reported = Done::reported_by(&Params::parse(&format!("done={}", done.name())), Language::English);
            let words = Language::English.text(done.key()).to_string();
            assert!(matches!(reported, Some(Notice::Done(reported)) if reported == words));
        }
        assert!(Done::reported_by(&Params::parse("done=%3Cb%3E"), Language::English).is_none());
        assert!(Done::reported_by(&Params::parse(""), Language::English).is_none());
    }

    #[test]
    fn every_refusal_of_a_workspace_is_told_in_the_language_of_the_page() {
        for reason in Reason::ALL.iter().filter(|reason| reason.key() != "workspace-refused-other") {
            assert_eq!(Language::English.text(reason.key()).to_string(), reason.message());
        }
    }
}
