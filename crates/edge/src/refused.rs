//! Why a request was rejected, for the log only: redirects to apps and pages for users leave no other trace here.

use std::borrow::Cow;

use axum::response::Response;
use http::StatusCode;

use crate::context::RequestId;

/// Letters of caller-supplied values in the log.
const SHOWN: usize = 300;

/// The log entry of a rejection; a response extension. It contains no secrets: of the request, only the named app and
/// redirect URI.
#[derive(Clone, Debug)]
pub struct Refused {
    error: Cow<'static, str>,
    cause: String,
    app: Option<String>,
    redirect_uri: Option<String>,
    is_expected: bool,
}

impl Refused {
    /// `error` is the sent code, `cause` the reason.
    pub fn new(error: impl Into<Cow<'static, str>>, cause: impl Into<String>) -> Self {
        Self { error: error.into(), cause: cause.into(), app: None, redirect_uri: None, is_expected: false }
    }

    /// The app that the request named.
    #[must_use]
    pub fn app(mut self, client_id: Option<&str>) -> Self {
        self.app = client_id.map(shown);
        self
    }

    /// The redirect URI that the request named.
    #[must_use]
    pub fn redirect_uri(mut self, uri: Option<&str>) -> Self {
        self.redirect_uri = uri.map(shown);
        self
    }

    /// Marks an everyday rejection: nobody is signed in, or a user denied.
    #[must_use]
    pub fn expected(mut self) -> Self {
        self.is_expected = true;
        self
    }

    /// The response, with this log entry.
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

/// Truncates a caller-supplied value, so that it stays within its line.
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
