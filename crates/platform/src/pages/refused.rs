//! The page for a request that this server refused, or cannot answer at present. It continues the same request if there
//! is one.

use axum::response::Response;
use http::{Method, StatusCode};
use sigma_core::params::Params;

use crate::branding::Look;
use crate::http::FailedRequest;
use crate::i18n::Language;
use crate::pages::links::front_page;
use crate::pages::view::{ErrorPage, Link, PageContext};
use crate::paths::login_url;

/// The page for a failed request of a browser.
pub fn refused(issuer: &str, look: &Look, failed: &FailedRequest<'_>) -> Response {
    let (title, description) = words(failed.status);
    let page = ErrorPage {
        status: failed.status,
        title: title.to_owned(),
        code: Some(failed.code.to_owned()),
        description: description.to_owned(),
        request_id: Some(failed.request_id.to_owned()),
        links: vec![way_on(failed)],
    };
    page.render(&PageContext::new(issuer).with_look(look))
}

fn words(status: StatusCode) -> (&'static str, &'static str) {
    match status {
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
        StatusCode::CONFLICT => ("This has changed in the meantime", "Nothing was changed. Reload the page and check."),
        status if status.is_client_error() => {
            ("That did not work", "This server did not understand the request. Nothing was changed.")
        }
        _ => ("Something went wrong on our side", "Please try again in a moment."),
    }
}

/// The interaction that the request names, the same page again, or the front page.
fn way_on(failed: &FailedRequest<'_>) -> Link {
    let query = Params::parse(failed.uri.query().unwrap_or_default());
    let is_name = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if let Some(name) = query.get("interaction").filter(is_name) {
        return Link { href: login_url(name), label: "Continue".to_owned() };
    }
    if failed.status == StatusCode::UNAUTHORIZED {
        return Link { href: "/login".to_owned(), label: "Sign in".to_owned() };
    }
    let may_pass = failed.status.is_server_error() || failed.status == StatusCode::TOO_MANY_REQUESTS;
    match failed.uri.path_and_query() {
        Some(same) if may_pass && *failed.method == Method::GET && is_local(same.as_str()) => {
            Link { href: same.to_string(), label: "Try again".to_owned() }
        }
        _ => front_page(Language::English),
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
        way_on(&FailedRequest { status, code: "x", method, uri: &uri, request_id: "req" }).href
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
