//! The page for a request that this server refused, or cannot answer at present. It continues the same request if there
//! is one.

use axum::response::Response;
use http::{Method, StatusCode};
use sigma_core::params::Params;

use crate::branding::Look;
use crate::http::FailedRequest;
use crate::i18n::{Language, Wanted};
use crate::pages::links::front_page;
use crate::pages::view::{ErrorPage, Link, PageContext};
use crate::paths::login_url;
use crate::settings::Languages;

/// The page for a failed request of a browser, in the language that the browser asks for.
pub fn refused(issuer: &str, look: &Look, languages: &Languages, failed: &FailedRequest<'_>) -> Response {
    let query = Params::parse(failed.uri.query().unwrap_or_default());
    let language = Wanted::of_texts(query.get("ui_locales"), None, failed.accept_language).best(languages);
    let (title, description) = words(failed.status);
    let page = ErrorPage {
        status: failed.status,
        title: language.text(title).to_string(),
        code: Some(failed.code.to_owned()),
        description: language.text(description).to_string(),
        request_id: Some(failed.request_id.to_owned()),
        links: vec![way_on(failed, &query, language)],
    };
    page.render(&PageContext { language, ..PageContext::new(issuer).with_look(look) })
}

/// Title and text for a status, as keys of the catalogue.
fn words(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::TOO_MANY_REQUESTS => ("refused-limited", "refused-limited-text"),
        StatusCode::SERVICE_UNAVAILABLE => ("refused-unavailable", "refused-unavailable-text"),
        StatusCode::UNAUTHORIZED => ("refused-signed-out", "refused-signed-out-text"),
        StatusCode::FORBIDDEN => ("refused-blocked", "refused-blocked-text"),
        StatusCode::NOT_FOUND => ("refused-not-found", "refused-not-found-text"),
        StatusCode::METHOD_NOT_ALLOWED => ("refused-method", "refused-method-text"),
        StatusCode::PAYLOAD_TOO_LARGE => ("refused-large", "refused-large-text"),
        StatusCode::CONFLICT => ("refused-changed", "refused-changed-text"),
        status if status.is_client_error() => ("refused-malformed", "refused-malformed-text"),
        _ => ("error-server", "error-server-text"),
    }
}

/// The interaction that the request names, the same page again, or the front page.
fn way_on(failed: &FailedRequest<'_>, query: &Params, language: Language) -> Link {
    let label = |key: &'static str| language.text(key).to_string();
    let is_name = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if let Some(name) = query.get("interaction").filter(is_name) {
        return Link { href: login_url(name), label: label("refused-continue") };
    }
    if failed.status == StatusCode::UNAUTHORIZED {
        return Link { href: "/login".to_owned(), label: label("home-sign-in") };
    }
    let may_pass = failed.status.is_server_error() || failed.status == StatusCode::TOO_MANY_REQUESTS;
    match failed.uri.path_and_query() {
        Some(same) if may_pass && *failed.method == Method::GET && is_local(same.as_str()) => {
            Link { href: same.to_string(), label: label("refused-again") }
        }
        _ => front_page(language),
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

    fn failed<'a>(status: u16, method: &'a Method, uri: &'a http::Uri) -> FailedRequest<'a> {
        let status = StatusCode::from_u16(status).unwrap();
        FailedRequest { status, code: "x", method, uri, request_id: "req", accept_language: Some("de") }
    }

    fn link(status: u16, method: &Method, uri: &str) -> String {
        let uri: http::Uri = uri.parse().unwrap();
        let query = Params::parse(uri.query().unwrap_or_default());
        way_on(&failed(status, method, &uri), &query, Language::English).href
    }

    #[tokio::test]
    async fn a_refusal_speaks_the_language_of_the_browser() {
        let languages = Languages { default: Language::English, offered: Language::ALL.to_vec() };
        let uri = "/nothing".parse().unwrap();
        let page = refused("https://id.example.org", Look::PLAIN, &languages, &failed(404, &Method::GET, &uri));
        let body = axum::body::to_bytes(page.into_body(), usize::MAX).await.unwrap();
        let html = String::from_utf8(body.to_vec()).unwrap();
        assert!(html.contains("<html lang=\"de\"") && html.contains("<h1>Seite nicht gefunden</h1>"), "{html}");
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
