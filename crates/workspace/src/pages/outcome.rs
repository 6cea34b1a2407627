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
        let status = match refusal {
            Refusal::Unauthorized => return Err(PageError::of(Redirect::to("/workspace"))),
            Refusal::NotFound { .. } => return Err(not_found().into()),
            Refusal::Denied(_) => StatusCode::FORBIDDEN,
            Refusal::Conflict(_) => StatusCode::CONFLICT,
        };
        let reason = language.text(reason(refusal)).to_string();
        let words = language.text("workspace-not-done").with("reason", reason).to_string();
        Ok(Self { status, notice: Notice::Refused(words) })
    }
}

/// Why the rules refuse something, as a key of the catalogue. The messages are those of the API, which are English.
fn reason(refusal: &Refusal) -> &'static str {
    let (Refusal::Denied(message) | Refusal::Conflict(message)) = refusal else { return "workspace-refused-other" };
    match *message {
        "You cannot grant, change or revoke more rights than you hold" => "workspace-refused-beyond-own",
        "The workspace must keep a member who can manage users, roles and API keys" => "workspace-refused-last-admin",
        "The role may not manage API keys" => "workspace-refused-keys",
        "The role may not manage users" => "workspace-refused-users",
        "The role may not manage roles" => "workspace-refused-roles",
        "The role may not manage users, roles and API keys" => "workspace-refused-workspace",
        "The invitation has already been accepted" => "workspace-refused-accepted",
        "The invitation has not been accepted yet" => "workspace-refused-not-accepted",
        "This address has received too many invitations within the hour. Try again later" => "workspace-refused-mails",
        "The workspace has the maximum number of API keys" => "workspace-refused-many-keys",
        "The workspace has the maximum number of roles" => "workspace-refused-many-roles",
        "This e-mail address already belongs to a member" => "workspace-refused-member",
        "A role with this name already exists" => "workspace-refused-same-name",
        "This role of the operator cannot be changed or removed" => "workspace-refused-fixed",
        "The roles of the workspace would exceed 1 MiB in total" => "workspace-refused-large",
        "The role is in use" => "workspace-refused-in-use",
        "The secret has been rotated too often today" => "workspace-refused-rotated",
        _ => "workspace-refused-other",
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
        let sources = [
            include_str!("../../../core/src/org/authority.rs"),
            include_str!("../../../core/src/org/refusal.rs"),
            include_str!("../../../store/src/invitation.rs"),
            include_str!("../../../store/src/org/api_key.rs"),
            include_str!("../../../store/src/org/membership.rs"),
            include_str!("../../../store/src/org/role.rs"),
            include_str!("../../../store/src/org/secret.rs"),
        ];
        let literals = sources.into_iter().flat_map(|source| {
            let after = source.split("Refusal::Conflict(").chain(source.split("Self::Conflict(")).skip(1);
            after.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
        });
        let known: Vec<_> = literals.filter(|message| *message != "A role with this id already exists").collect();
        assert!(known.len() >= 10, "{known:?}");
        for message in known {
            let key = reason(&Refusal::Conflict(message));
            assert_ne!(key, "workspace-refused-other", "{message}");
            assert_eq!(Language::English.text(key).to_string(), message);
        }
    }
}
