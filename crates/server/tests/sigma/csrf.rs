//! What a page of another origin can do with its visitor's cookies, and in a frame: nothing
//! (`docs/spec/sessions.md#cross-site-requests`). Every endpoint is tried, so that a new one cannot be forgotten.

use std::collections::BTreeSet;

use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};
use sigma_server::http::Declaration;
use sigma_server::routes::declarations;

use crate::support::{Answer, Browser, Key, SIGN_IN, World, post};

/// Paths whose requests authenticate by something else than a cookie, which is removed; all of workspaces besides.
const COOKIE_FREE: [&str; 22] = [
    "/merits/unsubscribe",
    "/signer",
    "/api/backup/sync",
    "/api/auth/oauth2/token",
    "/oauth2/token",
    "/token",
    "/api/oauth/token",
    "/api/auth/device/code",
    "/api/auth/device/token",
    "/device/qr",
    "/api/auth/oauth2/revoke",
    "/api/auth/oauth2/introspect",
    "/api/auth/oauth2/par",
    "/api/auth/oauth2/register",
    "/api/auth/oauth2/register/{client_id}",
    "/oauth2/register",
    "/register",
    "/api/auth/oauth2/forward",
    "/api/auth/oauth2/userinfo",
    "/oauth2/userinfo",
    "/userinfo",
    "/api/oauth/userinfo",
];
/// Paths that another site posts to by design: they change nothing by themselves.
const FROM_ANYWHERE: [&str; 5] = [
    "/oauth2/authorize",
    "/api/auth/oauth2/authorize",
    "/authorize",
    "/api/auth/oauth2/end-session",
    "/api/auth/callback/{provider}",
];

fn ignores_cookies(path: &str) -> bool {
    let is_page = path == "/v2/errors";
    COOKIE_FREE.contains(&path)
        || ["/api/v1/", "/api/admin/", "/scim/", "/v2/", "/attachments/"].iter().any(|prefix| path.starts_with(prefix))
            && !is_page
}

/// Every path of the router.
fn routes() -> BTreeSet<String> {
    let all = declarations();
    let routes: BTreeSet<_> =
        all.endpoints().iter().flat_map(Declaration::paths).map(|path| path.replace("{file}", "style.css")).collect();
    assert!(routes.len() > 100, "{routes:?}");
    routes
}

async fn signed_in(world: &World) -> Browser<'_> {
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    browser
}

async fn ask(browser: &Browser<'_>, method: &Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header("accept", "text/html");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    browser.send(request, "").await
}

#[tokio::test]
async fn no_route_acts_on_a_cookie_that_another_site_sent() {
    let world = World::new().await;
    let foreign: [&[(&str, &str)]; 5] = [
        &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "https://other.example.org"), ("sec-fetch-site", "same-site")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
    ];
    let browser = signed_in(&world).await;
    for path in routes() {
        if ignores_cookies(&path) || FROM_ANYWHERE.contains(&path.as_str()) {
            continue;
        }
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            for headers in foreign {
                let answer = ask(&browser, &method, &path, headers).await;
                assert_eq!(answer.status, 403, "{method} {path} {headers:?}: {}", answer.body);
                let said = ["INVALID_ORIGIN", "MISSING_OR_NULL_ORIGIN"].iter().any(|code| answer.body.contains(code));
                assert!(said, "{path}: {}", answer.body);
                assert_eq!(answer.header("set-cookie"), "", "{path}");
                assert_ne!(browser.get("/api/auth/get-session").await.json(), Value::Null, "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn what_another_site_may_post_to_changes_nothing() {
    let world = World::new().await;
    let browser = signed_in(&world).await;
    let evil = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    let open = |path: &String| ignores_cookies(path) || FROM_ANYWHERE.contains(&path.as_str());
    for path in routes().into_iter().filter(open) {
        let answer = ask(&browser, &Method::POST, &path, &evil).await;
        assert!(!answer.status.is_server_error(), "{path}");
        assert!(!path.starts_with("/api/v1/") || answer.status.is_client_error(), "{path}: {}", answer.status);
        assert_ne!(browser.get("/api/auth/get-session").await.json(), Value::Null, "{path}");
    }
}

#[tokio::test]
async fn our_own_pages_trusted_origins_and_programs_may_act() {
    let world =
        World::with(|settings| settings.sign_in.trusted_origins = vec!["https://console.example.org".to_owned()]).await;
    let allowed: [&[(&str, &str)]; 5] = [
        &[("origin", "https://id.example.org"), ("sec-fetch-site", "same-origin")],
        &[("referer", "https://id.example.org/"), ("sec-fetch-site", "same-origin")],
        &[("origin", "https://console.example.org"), ("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "none")],
        &[],
    ];
    for headers in allowed {
        let browser = signed_in(&world).await;
        let answer = ask(&browser, &Method::POST, "/api/auth/sign-out", headers).await;
        assert_eq!(answer.status, 200, "{headers:?}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_foreign_page_cannot_sign_its_visitor_in_as_somebody_else() {
    let world = World::new().await;
    let eve = Key::named("eve");
    world.browser().sign_up(&eve).await;
    for site in ["cross-site", "same-site"] {
        let request = post(SIGN_IN)
            .header("origin", "https://evil.example")
            .header("sec-fetch-site", site)
            .header("x-auth-token", eve.token(SIGN_IN, world.now(), ""));
        let answer = world.send(request.body(Body::from("{}")).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (403, Some("INVALID_ORIGIN")));
        assert_eq!(answer.header("set-cookie"), "");
    }
}

#[tokio::test]
async fn our_page_forms_are_accepted_only_from_our_pages() {
    let world = World::new().await;
    let forms = [
        "/login/password",
        "/login/quick",
        "/workspace/sign-out",
        "/workspace/org_ffffffffffffffffffffffff/settings",
        "/workspace/org_ffffffffffffffffffffffff/roles/new",
        "/workspace/org_ffffffffffffffffffffffff/people/user_x/end",
        "/password/forgot",
        "/password/reset",
        "/account/password",
        "/invitation",
        "/sign-out",
        "/sessions/revoke",
    ];
    let elsewhere: [&[(&str, &str)]; 6] = [
        &[("origin", "https://evil.example")],
        &[("origin", "https://id.example.org.evil.example")],
        &[("referer", "https://evil.example/")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[],
    ];
    let form = [("email", "eve@example.org"), ("password", "correct horse battery staple")];
    for path in forms {
        for headers in elsewhere {
            let answer = world.post_form(path, &form, headers).await;
            assert_eq!(answer.status, 403, "{path} {headers:?}: {}", answer.body);
            assert_eq!(answer.header("set-cookie"), "", "{path}");
        }
        for headers in [("origin", "https://id.example.org"), ("sec-fetch-site", "same-origin")] {
            let answer = world.post_form(path, &form, &[headers]).await;
            assert_ne!(answer.status, 403, "{path} {headers:?}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn only_trusted_origins_may_read_responses_to_a_cookie() {
    let world =
        World::with(|settings| settings.sign_in.trusted_origins = vec!["https://console.example.org".to_owned()]).await;
    let browser = signed_in(&world).await;
    for path in
        ["/api/auth/get-session", "/api/auth/list-sessions", "/api/auth/token", "/api/auth/organization/list", "/"]
    {
        let read = async |origin: &str| ask(&browser, &Method::GET, path, &[("origin", origin)]).await;
        let evil = read("https://evil.example").await;
        assert_eq!(evil.header("access-control-allow-origin"), "", "{path}");
        assert_eq!(evil.header("access-control-allow-credentials"), "", "{path}");
        let trusted = read("https://console.example.org").await;
        assert_eq!(trusted.header("access-control-allow-origin"), "https://console.example.org", "{path}");
        assert_eq!(trusted.header("access-control-allow-credentials"), "true", "{path}");
    }
    for path in COOKIE_FREE {
        let answer = ask(&browser, &Method::POST, path, &[("origin", "https://evil.example")]).await;
        assert_eq!(answer.header("access-control-allow-credentials"), "", "{path}");
    }
}

#[tokio::test]
async fn every_response_has_security_headers() {
    let cacheable =
        ["/.well-known/", "/api/auth/.well-known/", "/api/auth/jwks", "/openapi.json", "/assets/", "/favicon.ico"];
    let world = World::new().await;
    let browser = signed_in(&world).await;
    let interaction = browser.authorize(&[]).await.param("interaction").unwrap();
    let mut asked = routes();
    asked.extend(["/nothing".to_owned(), "/api/nothing".to_owned()]);
    for page in ["/login", "/signup", "/consent", "/select-account"] {
        asked.insert(format!("{page}?interaction={interaction}"));
    }
    for path in asked {
        for method in [Method::GET, Method::POST, Method::DELETE, Method::OPTIONS, Method::HEAD] {
            let holder = world.browser();
            let visitor = if path.contains("interaction=") { &browser } else { &holder };
            let answer = ask(visitor, &method, &path, &[]).await;
            let what = format!("{method} {path} {}", answer.status);
            assert!(!answer.status.is_server_error(), "{what}: {}", answer.body);
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
            // The one page that declared origins may frame, and whose window answers its frame.
            let is_signer = path == "/signer" && answer.status == 200;
            assert_eq!(answer.header("x-frame-options"), if is_signer { "" } else { "DENY" }, "{what}");
            assert_eq!(answer.header("strict-transport-security"), "max-age=31536000", "{what}");
            let opener = if is_signer { "unsafe-none" } else { "same-origin" };
            assert_eq!(answer.header("cross-origin-opener-policy"), opener, "{what}");
            assert_ne!(answer.header("referrer-policy"), "", "{what}");
            assert!(answer.header("x-request-id").starts_with("req_"), "{what}");
            let policy = answer.header("content-security-policy");
            assert!(policy.contains("default-src 'none'") || policy.contains("default-src 'self'"), "{what}: {policy}");
            assert!(!policy.contains("unsafe") && !policy.contains('*'), "{what}: {policy}");
            let is_page = answer.header("content-type").starts_with("text/html");
            assert!(!is_page || policy.contains("frame-ancestors 'none'"), "{what}: {policy}");
            assert!(!is_page || policy.contains("base-uri 'none'"), "{what}: {policy}");
            let may_be_kept = cacheable.iter().any(|prefix| path.starts_with(prefix));
            if !may_be_kept || !answer.status.is_success() {
                assert_eq!(answer.header("cache-control"), "no-store", "{what}");
            }
            if answer.status.is_client_error() && !is_page && method != Method::HEAD && !path.starts_with("/assets/") {
                let reported = answer.json();
                if path.starts_with("/api/v1/") {
                    let two = reported.as_object().unwrap().len() == 2 && reported["message"].is_string();
                    assert!(two, "{what}: {}", answer.body);
                } else if path.starts_with("/scim/") {
                    assert_eq!(reported["status"], answer.status.as_str(), "{what}: {}", answer.body);
                } else if ignores_cookies(&path) && reported["doc_url"].is_string() {
                    let three = reported.as_object().unwrap().len() == 3 && reported["error_code"].is_string();
                    assert!(three, "{what}: {}", answer.body);
                } else {
                    assert!(reported["request_id"].is_string(), "{what}: {}", answer.body);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_get_changes_nothing() {
    let world = World::new().await;
    let browser = signed_in(&world).await;
    let rows = world.rows().await;
    for path in routes() {
        ask(&browser, &Method::GET, &path, &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")])
            .await;
    }
    assert_eq!(world.rows().await, rows);
    assert_ne!(browser.get("/api/auth/get-session").await.json(), Value::Null);
    assert_eq!(browser.post_json("/api/auth/sign-out", &json!({})).await.status, 200);
}
