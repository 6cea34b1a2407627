//! The outcome of a submitted form: a page that reports it. Success is reported after a redirect, so that reloading
//! repeats nothing; the texts are ours, whatever the address says.

use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sigma_core::org::Refusal;
use sigma_core::params::Params;
use sigma_store::StoreError;

use crate::pages::view::Notice;
use sigma_platform::http::ApiError;
use sigma_platform::pages::not_found;
use sigma_platform::state::AppState;

/// Responses that replace a page.
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

impl From<ApiError> for PageError {
    fn from(error: ApiError) -> Self {
        Self::of(error)
    }
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        Self::of(ApiError::from(error))
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        *self.0
    }
}

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

    /// The action that a page's address reports.
    pub fn reported_by(query: &Params) -> Option<Notice> {
        let name = query.get("done")?;
        let done = Self::ALL.into_iter().find(|done| done.name() == name)?;
        Some(Notice::Done(done.words().to_owned()))
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
    pub fn invalid(words: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, notice: Notice::Refused(words.into()) }
    }

    /// The text for a refusal by the rules.
    ///
    /// # Errors
    /// The response that replaces the page: the object does not exist, or the caller's membership has ended.
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
            let reported = Done::reported_by(&Params::parse(&format!("done={}", done.name())));
            assert!(matches!(reported, Some(Notice::Done(words)) if words == done.words()));
        }
        assert!(Done::reported_by(&Params::parse("done=%3Cb%3E")).is_none());
        assert!(Done::reported_by(&Params::parse("")).is_none());
    }
}
