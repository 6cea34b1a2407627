//! Endpoints as values: what is declared is mounted, its aliases are the same endpoint, and what nobody declared is
//! answered in the format of the surface that it belongs to.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use sigma_server::http::Declaration;
use sigma_server::http::policy::{Cookies, CorsPolicy, ErrorPages};
use sigma_server::routes::declarations;

use crate::support::{Answer, World};

/// Every method and path, with its endpoint.
fn each(mut act: impl FnMut(&Declaration, &Method, &str)) -> usize {
    let all = declarations();
    let mut count = 0;
    for endpoint in all.endpoints() {
        for (path, method) in endpoint.paths().flat_map(|path| endpoint.methods().iter().map(move |it| (path, it))) {
            act(endpoint, method, path);
            count += 1;
        }
    }
    count
}

async fn ask(world: &World, method: &Method, path: &str, accept: &str) -> Answer {
    let path = path.replace(['{', '}'], "x");
    let own = "https://id.example.org";
    let request = Request::builder().method(method).uri(path).header("accept", accept).header("origin", own);
    world.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn every_declared_endpoint_is_mounted() {
    let world = World::with(|settings| settings.limits.enabled = false).await;
    let mut all = Vec::new();
    assert!(each(|_, method, path| all.push((method.clone(), path.to_owned()))) > 120);
    for (method, path) in all {
        let answer = ask(&world, &method, &path, "application/json").await;
        // HEAD is declared only where it is refused.
        if method != Method::HEAD {
            assert_ne!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        }
        assert!(!answer.body.contains("No such endpoint"), "{method} {path}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_path_that_is_only_similar_reaches_no_endpoint() {
    let world = World::with(|settings| settings.limits.enabled = false).await;
    let mut all = Vec::new();
    each(|_, method, path| all.push((method.clone(), path.to_owned())));
    for (method, path) in all.into_iter().filter(|(method, path)| *method != Method::HEAD && path.len() > 1) {
        let (first, rest) = path.split_at(2);
        let encoded = format!("/%{:02x}{rest}", first.as_bytes()[1]);
        let similar = [
            format!("/{path}"),
            format!("{path}/"),
            format!("/.{path}"),
            format!("/x/..{path}"),
            format!("/x/%2e%2e{path}"),
            path.replacen('/', "/%2f", 1),
            encoded,
            path.replacen('/', "/;", 1),
            path.to_uppercase(),
        ];
        for similar in similar {
            let answer = ask(&world, &method, &similar, "application/json").await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {similar}: {}", answer.body);
            assert!(answer.body.contains("No such endpoint"), "{method} {similar}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn an_alias_is_the_same_endpoint() {
    let world = World::with(|settings| settings.limits.enabled = false).await;
    let mut all = Vec::new();
    each(|endpoint, method, path| {
        let first = endpoint.paths().next().unwrap();
        if first != path {
            all.push((method.clone(), first.to_owned(), path.to_owned()));
        }
    });
    assert!(all.len() > 20, "{all:?}");
    for (method, first, alias) in all {
        for accept in ["text/html", "application/json"] {
            let of_first = ask(&world, &method, &first, accept).await;
            let of_alias = ask(&world, &method, &alias, accept).await;
            assert_eq!(of_first.status, of_alias.status, "{method} {alias}");
            let names = ["content-type", "cache-control", "access-control-allow-origin", "x-frame-options", "vary"];
            for name in names {
                assert_eq!(of_first.header(name), of_alias.header(name), "{method} {alias}: {name}");
            }
        }
    }
}

#[test]
fn what_anyone_may_read_from_a_foreign_page_takes_no_cookie_from_it() {
    // Such responses have `Access-Control-Allow-Origin: *`, which browsers refuse for requests with cookies; endpoints
    // that change something must additionally ignore cookies.
    each(|endpoint, method, path| {
        let policy = endpoint.policy();
        if policy.cors == CorsPolicy::Anyone && *method != Method::GET {
            let is_free = matches!(policy.cookies, Cookies::Ignored | Cookies::Only(_));
            assert!(is_free, "{method} {path}: {policy:?}");
        }
    });
}

#[test]
fn every_form_of_a_page_is_accepted_only_from_our_own_pages() {
    each(|endpoint, method, path| {
        let policy = endpoint.policy();
        let is_form = policy.error_pages == ErrorPages::ForBrowsers && *method == Method::POST;
        // Programs that read mail send this one.
        if path == "/merits/unsubscribe" {
            assert_eq!(policy.cookies, Cookies::Ignored);
            return;
        }
        // These are described in the OpenAPI document, because apps' pages send them too.
        if is_form && !path.contains("authorize") && !path.starts_with("/api/auth/oauth2/") {
            assert_eq!(policy.cookies, Cookies::OwnForm, "{method} {path}");
        }
    });
}

#[tokio::test]
async fn what_nobody_answers_has_the_format_of_its_surface() {
    let world = World::new().await;
    for (method, path, format) in [
        ("GET", "/api/v1/nothing", "workspace"),
        ("GET", "/api/v1", "workspace"),
        ("PUT", "/api/v1/users", "workspace"),
        ("GET", "/v2/nothing", "merits"),
        ("GET", "/v2/orgs/x/access", "merits"),
        ("PUT", "/v2/errors", "page"),
        ("GET", "/api/auth/nothing", "oauth"),
        ("GET", "/api/auth/oauth2/token", "oauth"),
        ("GET", "/api/nothing", "oauth"),
        ("GET", "/api/v10/users", "oauth"),
        ("GET", "/.well-known/nothing", "oauth"),
        ("POST", "/.well-known/jwks.json", "oauth"),
        ("GET", "/sigma/nothing", "oauth"),
        ("GET", "/token", "oauth"),
        ("GET", "/nothing", "page"),
        ("GET", "/workspace/x/nothing", "page"),
        ("GET", "/oauth2/nothing", "page"),
        ("PUT", "/login", "page"),
        ("PUT", "/oauth2/authorize", "page"),
        ("GET", "/api/auth/oauth2/consent", "page"),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let answer = ask(&world, &method, path, "text/html").await;
        assert!([404, 405].contains(&answer.status.as_u16()), "{method} {path}: {}", answer.status);
        let found = match answer.header("content-type") {
            "application/json" if answer.json().get("error_description").is_some() => "oauth",
            "application/json" if answer.json().get("doc_url").is_some() => "merits",
            "application/json" => "workspace",
            _ => "page",
        };
        assert_eq!(found, format, "{method} {path}: {}", answer.body);
        // A program gets the same as JSON.
        let answer = ask(&world, &method, path, "*/*").await;
        assert_eq!(answer.header("content-type"), "application/json", "{method} {path}");
    }
}
