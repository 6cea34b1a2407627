//! The page for a request that this server refused, or cannot answer at present. It continues the same request if there
//! is one.

use axum::response::Response;
use http::{Method, StatusCode, Uri};
use sigma_core::params::Params;

use crate::front_door::login_url;
use crate::pages::stopped::front_page;
use crate::pages::view::{ErrorPage, Link, PageContext};

/// What was refused.
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'a> {
    /// The status of the answer.
    pub status: StatusCode,
    /// For developers.
    pub code: &'a str,
    /// The request as received.
    pub method: &'a Method,
    /// Its address.
    pub uri: &'a Uri,
    /// Its id.
    pub request_id: &'a str,
}

impl Refusal<'_> {
    /// The page.
    pub fn page(&self, issuer: &str) -> Response {
        let (title, description) = self.words();
        let page = ErrorPage {
            status: self.status,
            title: title.to_owned(),
            code: Some(self.code.to_owned()),
            description: description.to_owned(),
            request_id: Some(self.request_id.to_owned()),
            links: vec![self.way_on()],
        };
        page.render(&PageContext { issuer })
    }

    fn words(&self) -> (&'static str, &'static str) {
        match self.status {
            StatusCode::TOO_MANY_REQUESTS => {
                ("Too many requests", "There were too many requests from your network. Wait a minute and try again.")
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                ("Try again in a moment", "The server is temporarily unavailable. Nothing is lost.")
            }
            StatusCode::UNAUTHORIZED => ("You are signed out", "Sign in to continue. Nothing was changed."),
            StatusCode::FORBIDDEN => {
                ("Request blocked", "The request came from a page of another site, so it was rejected.")
            }
            StatusCode::NOT_FOUND => ("Page not found", "The address may be mistyped, or the page has moved."),
            StatusCode::METHOD_NOT_ALLOWED => {
                ("This page cannot be opened directly", "Its address only accepts forms from another page.")
            }
            StatusCode::PAYLOAD_TOO_LARGE => ("Too large", "The request is larger than this server accepts."),
            StatusCode::CONFLICT => {
                ("This has changed in the meantime", "Nothing was changed. Reload the page and check.")
            }
            status if status.is_client_error() => {
                ("That did not work", "This server did not understand the request. Nothing was changed.")
            }
            _ => ("Something went wrong on our side", "Please try again in a moment."),
        }
    }

    /// The interaction that the request names, the same page again, or the front page.
    fn way_on(&self) -> Link {
        let query = Params::parse(self.uri.query().unwrap_or_default());
        let is_name = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if let Some(name) = query.get("interaction").filter(is_name) {
            return Link { href: login_url(name), label: "Continue".to_owned() };
        }
        if self.status == StatusCode::UNAUTHORIZED {
            return Link { href: "/login".to_owned(), label: "Sign in".to_owned() };
        }
        let may_pass = self.status.is_server_error() || self.status == StatusCode::TOO_MANY_REQUESTS;
        match self.uri.path_and_query() {
            Some(same) if may_pass && *self.method == Method::GET && is_local(same.as_str()) => {
                Link { href: same.to_string(), label: "Try again".to_owned() }
            }
            _ => front_page(),
        }
    }
}

/// Whether an address stays on this server in a browser: `//host` would leave it, and so does `/\host` in some.
fn is_local(address: &str) -> bool {
    let mut bytes = address.bytes();
    bytes.next() == Some(b'/') && bytes.next().is_none_or(|second| second.is_ascii_alphanumeric() || second == b'?')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(status: u16, method: &Method, uri: &str) -> String {
        let (status, uri) = (StatusCode::from_u16(status).unwrap(), uri.parse().unwrap());
        Refusal { status, code: "x", method, uri: &uri, request_id: "req" }.way_on().href
    }

    #[test]
    fn a_refusal_page_continues_only_the_refused_request() {
        assert_eq!(link(429, &Method::POST, "/login/password?interaction=aB-_1"), "/login?interaction=aB-_1");
        assert_eq!(link(400, &Method::POST, "/login/password?interaction=%22%3E"), "/");
        assert_eq!(link(503, &Method::GET, "/oauth2/authorize?client_id=a"), "/oauth2/authorize?client_id=a");
        assert_eq!(link(503, &Method::GET, "/"), "/");
        assert_eq!(link(503, &Method::GET, "//evil.example/"), "/");
        assert_eq!(link(503, &Method::POST, "/sign-out"), "/");
        assert_eq!(link(404, &Method::GET, "/nothing"), "/");
        assert_eq!(link(401, &Method::POST, "/sessions/revoke"), "/login");
    }
}
