//! What came of a form: a page that says so. What was done is told after a redirect, so that loading the page again does
//! nothing twice; its words are ours, whatever the address says.

use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sigma_core::params::Params;
use sigma_core::workspace::Refusal;

use crate::pages::not_found;
use crate::pages::view::workspace::Notice;
use crate::state::AppState;

/// What is answered instead of a page.
pub struct PageError(Box<Response>);

impl PageError {
    /// That answer.
    pub fn of(answer: impl IntoResponse) -> Self {
        Self(Box::new(answer.into_response()))
    }
}

impl From<Response> for PageError {
    fn from(answer: Response) -> Self {
        Self(Box::new(answer))
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        *self.0
    }
}

/// Something that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// An invitation is on its way.
    Invited,
    /// It was changed.
    Saved,
    /// Somebody may come in again.
    Activated,
    /// It works no longer.
    Deactivated,
    /// A membership is over.
    Ended,
    /// A role is there.
    RoleMade,
    /// It is gone.
    Deleted,
    /// There is a new secret.
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

    const fn words(self) -> &'static str {
        match self {
            Self::Invited => "The invitation was sent.",
            Self::Saved => "Saved.",
            Self::Activated => "Activated.",
            Self::Deactivated => "Deactivated.",
            Self::Ended => "The member was removed.",
            Self::RoleMade => "The role was created.",
            Self::Deleted => "Deleted.",
            Self::Rotated => "New tokens are signed with a new secret.",
        }
    }

    /// What the address of a page says was done.
    pub fn told_by(query: &Params) -> Option<Notice> {
        let name = query.get("done")?;
        let done = Self::ALL.into_iter().find(|done| done.name() == name)?;
        Some(Notice::Done(done.words().to_owned()))
    }

    /// On to the page that says that it was done.
    pub fn at(self, path: &str) -> Response {
        Redirect::to(&format!("{path}?done={}", self.name())).into_response()
    }
}

/// A refusal that the page itself tells, with the status of its answer.
pub struct Refused {
    /// The status.
    pub status: StatusCode,
    /// The message.
    pub notice: Notice,
}

impl Refused {
    /// Something that was entered is not right.
    pub fn invalid(words: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, notice: Notice::Refused(words.into()) }
    }

    /// What to tell of a refusal by the rules.
    ///
    /// # Errors
    /// The answer instead of a page: there is no such thing, or whoever asks is a member no longer.
    pub fn of(sigma: &AppState, refusal: &Refusal) -> Result<Self, PageError> {
        let status = match refusal {
            Refusal::Unauthorized => return Err(PageError::of(Redirect::to("/workspace"))),
            Refusal::NotFound { .. } => return Err(not_found(sigma).into()),
            Refusal::Denied(_) => StatusCode::FORBIDDEN,
            Refusal::Conflict(_) => StatusCode::CONFLICT,
        };
        Ok(Self { status, notice: Notice::Refused(format!("Not done: {refusal}.")) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_show_only_our_own_texts() {
        for done in Done::ALL {
            let told = Done::told_by(&Params::parse(&format!("done={}", done.name())));
            assert!(matches!(told, Some(Notice::Done(words)) if words == done.words()));
        }
        assert!(Done::told_by(&Params::parse("done=%3Cb%3E")).is_none());
        assert!(Done::told_by(&Params::parse("")).is_none());
    }
}
