//! Why a caller was refused, for the log alone: what goes to an app by redirect, or to a person as a page, leaves no other
//! trace here.

use std::borrow::Cow;

use axum::response::Response;
use http::StatusCode;

use crate::http::context::RequestId;

/// Letters of a value of the caller's that the log shows.
const SHOWN: usize = 300;

/// What the log says of a refusal; an extension of the answer. It holds no secret: nothing that the caller sent but the
/// app that they named and the address that they wanted to go back to.
#[derive(Clone, Debug)]
pub struct Refused {
    error: Cow<'static, str>,
    cause: String,
    app: Option<String>,
    redirect_uri: Option<String>,
    is_expected: bool,
}

impl Refused {
    /// `error` is the code that was sent, `cause` what led to it.
    pub fn new(error: impl Into<Cow<'static, str>>, cause: impl Into<String>) -> Self {
        Self { error: error.into(), cause: cause.into(), app: None, redirect_uri: None, is_expected: false }
    }

    /// The app that the caller named.
    #[must_use]
    pub fn app(mut self, client_id: Option<&str>) -> Self {
        self.app = client_id.map(shown);
        self
    }

    /// The address that the caller wanted to go back to.
    #[must_use]
    pub fn redirect_uri(mut self, uri: Option<&str>) -> Self {
        self.redirect_uri = uri.map(shown);
        self
    }

    /// It is part of every day: nobody is signed in, or a person said no.
    #[must_use]
    pub fn expected(mut self) -> Self {
        self.is_expected = true;
        self
    }

    /// The answer, with this for the log.
    pub fn with(self, mut response: Response) -> Response {
        response.extensions_mut().insert(self);
        response
    }

    pub(super) fn log(&self, request_id: &RequestId, status: StatusCode) {
        macro_rules! refused {
            ($level:ident) => {
                tracing::$level!(
                    target: "sigma::http",
                    request_id = request_id.as_str(),
                    status = status.as_u16(),
                    error = &*self.error,
                    cause = self.cause,
                    app = self.app,
                    redirect_uri = self.redirect_uri,
                    "refused"
                )
            };
        }
        if self.is_expected { refused!(debug) } else { refused!(info) }
    }
}

/// A value of the caller's, shortened, so that it stays within its line and cannot look like another.
fn shown(text: &str) -> String {
    let mut letters = text.chars();
    let mut shown: String = letters.by_ref().take(SHOWN).flat_map(char::escape_debug).collect();
    if letters.next().is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_callers_are_short_and_stay_in_their_line() {
        assert_eq!(shown("https://app.example.org/cb/"), "https://app.example.org/cb/");
        assert_eq!(shown("a\r\nINFO forged\u{1b}[31m\u{202e}"), "a\\r\\nINFO forged\\u{1b}[31m\\u{202e}");
        assert_eq!(shown(&"x".repeat(301)), format!("{}…", "x".repeat(300)));
    }
}
