//! The management API: by access tokens of apps of the operator, for themselves and for people with a role
//! (`docs/guides/console.md#api`).

use std::fmt::Write;

use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};
use sigma_core::actor::Actor;
use sigma_core::app::{App, AuthMethod};
use sigma_core::ids::{OrgId, UserId};
use sigma_core::operator::OperatorRole;
use sigma_core::scope::Scopes;
use sigma_store::event::Trail;

use crate::console::{operator, person};
use crate::support::client::{TOKEN, basic};
use crate::support::{Answer, As, Browser, REDIRECT, VERIFIER, World, openapi, text};

/// A change of an app, which may give it to that org.
type Change = fn(&mut App, OrgId);

const SCOPES: &str = "openid sigma:admin:read sigma:admin:write";

/// An app of the operator that may ask for the scopes of the API.
pub async fn add_app(world: &World) {
    world.add_confidential_app("service", AuthMethod::ClientSecret, "secret").await;
    world.change_app("service", |app| app.scopes = Scopes::parse(SCOPES)).await;
}

/// A token of the app itself.
pub async fn own_token(world: &World, scope: &str) -> Value {
    let form = [("grant_type", "client_credentials"), ("scope", scope)];
    world.post_form(TOKEN, &form, &[("authorization", &basic("service", "secret"))]).await.json()
}

/// A token of the app for whoever uses the browser.
pub async fn token_of(world: &World, browser: &Browser<'_>, scope: &str) -> String {
    let query = Browser::request(&[("client_id", "service"), ("scope", scope), ("prompt", "consent")]);
    let code = browser.agree(browser.get(&query).await).await.param("code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let tokens = world.post_form(TOKEN, &form, &[("authorization", &basic("service", "secret"))]).await.json();
    text(&tokens, "access_token").to_owned()
}

pub async fn call(world: &World, token: &str, method: &str, path: &str) -> Answer {
    let request = Request::builder().method(method).uri(format!("/api/admin/v1/{path}"));
    let request = request.header("authorization", format!("Bearer {token}"));
    world.send(request.body(Body::empty()).unwrap()).await
}

/// A body that the endpoint accepts.
pub fn body_of(method: &Method, pattern: &str) -> Value {
    match (method.as_str(), pattern) {
        ("POST", "/api/admin/v1/orgs") => json!({"name": "Acme"}),
        ("POST", "/api/admin/v1/orgs/{org}/domains") => json!({"domain": "example.org"}),
        ("PATCH", "/api/admin/v1/orgs/{org}/domains/{domain}") => json!({"provider": null}),
        ("POST", "/api/admin/v1/people") => json!({"email": "new@example.org", "link": "none"}),
        ("PUT", "/api/admin/v1/admins/{user}") => json!({"role": "auditor"}),
        ("POST", "/api/admin/v1/webhooks") => json!({"url": "https://hooks.example.org/"}),
        ("POST", "/api/admin/v1/webhooks/{webhook}/replay") => json!({"since": "2026-01-01T00:00:00Z"}),
        ("POST", "/api/admin/v1/orgs/{org}/api-keys") => json!({"name": "CI", "permissions": ["read"]}),
        ("PUT", "/api/admin/v1/orgs/{org}/links/{client_id}") => json!({"permissions": ["CanEditOrg"]}),
        ("POST", "/api/admin/v1/orgs/{org}/directories") => json!({"name": "Entra"}),
        ("PATCH", "/api/admin/v1/people/{id}") => json!({"name": "ada"}),
        ("POST", "/api/admin/v1/people/{id}/credentials/retire") => json!({"credential": "none"}),
        ("POST", "/api/admin/v1/people/{id}/reset" | "/api/admin/v1/people/{id}/recover") => json!({}),
        ("POST", "/api/admin/v1/people/{id}/merge") => json!({"into": "nobody@example.org"}),
        _ => Value::Null,
    }
}

/// The path of an endpoint, about a person who is there and otherwise about what is not.
pub fn path_of(pattern: &str, person: &str) -> String {
    // Nobody gets a role of the operator on the way: it would change what others may do to them.
    let pattern = pattern.replace("/v1/admins/{user}", "/v1/admins/user_ffffffffffffffffffffffff");
    let ids = [
        ("{id}", person),
        ("{user}", person),
        ("{org}", "org_ffffffffffffffffffffffff"),
        ("{webhook}", "wh_ffffffffffffffffffffffff"),
        ("{event}", "evt_ffffffffffffffffffffffff"),
        ("{mail}", "mail_ffffffffffffffffffffffff"),
        ("{session}", "ses_ffffffffffffffffffffffff"),
        ("{directory}", "scim_ffffffffffffffffffffffff"),
        ("{domain}", "example.org"),
        ("{token}", "ainv_ffffffffffffffffffffffff"),
        ("{subject}", "tools.example.net"),
        ("{key}", "key_ffffffffffffffffffffffff"),
    ];
    let names = ["{provider}", "{template}", "{client_id}", "{uri}"].map(|name| (name, "none"));
    ids.into_iter().chain(names).fold(pattern, |path, (name, value)| path.replace(name, value))
}

/// Every kind of caller, with the token of each.
async fn callers(world: &World) -> Vec<(String, String)> {
    let mut callers = vec![("nobody".to_owned(), String::new())];
    for (kind, scope) in [("app", ""), ("app reads", "sigma:admin:read"), ("app writes", "sigma:admin:write")] {
        callers.push((kind.to_owned(), text(&own_token(world, scope).await, "access_token").to_owned()));
    }
    let (stranger, _) = person(world, "stranger").await;
    callers.push(("stranger".to_owned(), token_of(world, &stranger, SCOPES).await));
    for role in OperatorRole::ALL {
        let (browser, _) = operator(world, role.as_str(), role).await;
        callers.push((role.as_str().to_owned(), token_of(world, &browser, SCOPES).await));
    }
    let (browser, _) = operator(world, "reader", OperatorRole::Owner).await;
    callers.push(("owner reads".to_owned(), token_of(world, &browser, "openid sigma:admin:read").await));
    callers.push(("owner openid".to_owned(), token_of(world, &browser, "openid").await));
    callers
}

/// What every endpoint answers every caller.
async fn table(world: &World, callers: &[(String, String)], ada: &UserId) -> String {
    let mut endpoints = openapi::endpoints("/api/admin/v1/");
    endpoints.sort_by(|one, other| (&one.1, one.0.as_str()).cmp(&(&other.1, other.0.as_str())));
    assert_eq!(endpoints.len(), 115);
    let mut table = String::new();
    for (method, pattern) in endpoints {
        let path = path_of(&pattern, ada.as_str());
        let mut line = Vec::new();
        for (kind, token) in callers {
            let answer = world.call(As::Token(token), method.as_str(), &path, &body_of(&method, &pattern)).await;
            line.push(format!("{kind} {}", answer.status.as_u16()));
            if !answer.status.is_success() {
                assert_eq!(answer.header("content-type"), "application/problem+json", "{}", answer.body);
                let problem = answer.json();
                assert_eq!(problem["status"], json!(answer.status.as_u16()));
                assert!(problem["code"].is_string() && problem["request_id"].is_string(), "{problem}");
            }
        }
        writeln!(table, "{method} {pattern}: {}", line.join(", ")).unwrap();
    }
    table
}

#[expect(clippy::too_many_lines, reason = "a line for each endpoint")]
#[tokio::test]
async fn every_endpoint_answers_every_role_and_token_as_the_table_says() {
    let world = World::new().await;
    add_app(&world).await;
    let (_, ada) = person(&world, "ada").await;
    let callers = callers(&world).await;
    let table = table(&world, &callers, &ada).await;
    insta::assert_snapshot!(table, @r"
    GET /api/admin/v1/admins: nobody 401, app 403, app reads 403, app writes 403, stranger 403, owner 200, admin 403, support 403, auditor 403, owner reads 200, owner openid 403
    DELETE /api/admin/v1/admins/{user}: nobody 401, app 403, app reads 403, app writes 403, stranger 403, owner 404, admin 403, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/admins/{user}: nobody 401, app 403, app reads 403, app writes 403, stranger 403, owner 404, admin 403, support 403, auditor 403, owner reads 404, owner openid 403
    PUT /api/admin/v1/admins/{user}: nobody 401, app 403, app reads 403, app writes 403, stranger 403, owner 404, admin 403, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/apps: nobody 401, app 403, app reads 200, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 200, owner reads 200, owner openid 403
    POST /api/admin/v1/apps: nobody 401, app 403, app reads 403, app writes 400, stranger 403, owner 400, admin 400, support 403, auditor 403, owner reads 403, owner openid 403
    DELETE /api/admin/v1/apps/{client_id}: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/apps/{client_id}: nobody 401, app 403, app reads 404, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 404, owner reads 404, owner openid 403
    PATCH /api/admin/v1/apps/{client_id}: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/apps/{client_id}/branding: nobody 401, app 403, app reads 404, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 404, owner reads 404, owner openid 403
    PATCH /api/admin/v1/apps/{client_id}/branding: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    DELETE /api/admin/v1/apps/{client_id}/branding/logo: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    PUT /api/admin/v1/apps/{client_id}/branding/logo: nobody 401, app 403, app reads 403, app writes 400, stranger 403, owner 400, admin 400, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/apps/{client_id}/redirect-refusals: nobody 401, app 403, app reads 404, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 404, owner reads 404, owner openid 403
    POST /api/admin/v1/apps/{client_id}/secrets: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    DELETE /api/admin/v1/apps/{client_id}/secrets/former: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/branding: nobody 401, app 403, app reads 200, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 200, owner reads 200, owner openid 403
    PATCH /api/admin/v1/branding: nobody 401, app 403, app reads 403, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 403, owner reads 403, owner openid 403
    DELETE /api/admin/v1/branding/logo: nobody 401, app 403, app reads 403, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 403, owner reads 403, owner openid 403
    PUT /api/admin/v1/branding/logo: nobody 401, app 403, app reads 403, app writes 400, stranger 403, owner 400, admin 400, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/client-documents: nobody 401, app 403, app reads 200, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 200, owner reads 200, owner openid 403
    GET /api/admin/v1/declarations: nobody 401, app 403, app reads 200, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 200, owner reads 200, owner openid 403
    POST /api/admin/v1/declarations: nobody 401, app 403, app reads 403, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/doctor: nobody 401, app 403, app reads 200, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 200, owner reads 200, owner openid 403
    GET /api/admin/v1/document-blocks: nobody 401, app 403, app reads 200, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 200, owner reads 200, owner openid 403
    DELETE /api/admin/v1/document-blocks/{subject}: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    PUT /api/admin/v1/document-blocks/{subject}: nobody 401, app 403, app reads 403, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/events: nobody 401, app 403, app reads 200, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 200, owner reads 200, owner openid 403
    GET /api/admin/v1/events/export: nobody 401, app 403, app reads 200, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 200, owner reads 200, owner openid 403
    GET /api/admin/v1/initial-access-tokens: nobody 401, app 403, app reads 200, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 200, owner reads 200, owner openid 403
    POST /api/admin/v1/initial-access-tokens: nobody 401, app 403, app reads 403, app writes 201, stranger 403, owner 201, admin 201, support 403, auditor 403, owner reads 403, owner openid 403
    DELETE /api/admin/v1/initial-access-tokens/{token}: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/keys: nobody 401, app 403, app reads 200, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 200, owner reads 200, owner openid 403
    POST /api/admin/v1/keys/rotate: nobody 401, app 403, app reads 403, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 403, owner reads 403, owner openid 403
    DELETE /api/admin/v1/keys/{kid}: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/mail-templates: nobody 401, app 403, app reads 200, app writes 200, stranger 403, owner 200, admin 200, support 200, auditor 200, owner reads 200, owner openid 403
    GET /api/admin/v1/mail-templates/{template}: nobody 401, app 403, app reads 404, app writes 404, stranger 403, owner 404, admin 404, support 404, auditor 404, owner reads 404, owner openid 403
    GET /api/admin/v1/mails: nobody 401, app 403, app reads 200, app writes 200, stranger 403, owner 200, admin 200, support 200, auditor 200, owner reads 200, owner openid 403
    POST /api/admin/v1/mails/test: nobody 401, app 403, app reads 403, app writes 409, stranger 403, owner 409, admin 409, support 403, auditor 403, owner reads 403, owner openid 403
    DELETE /api/admin/v1/mails/{mail}: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    POST /api/admin/v1/mails/{mail}/resend: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/orgs: nobody 401, app 403, app reads 200, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 200, owner reads 200, owner openid 403
    POST /api/admin/v1/orgs: nobody 401, app 403, app reads 403, app writes 201, stranger 403, owner 201, admin 201, support 403, auditor 403, owner reads 403, owner openid 403
    DELETE /api/admin/v1/orgs/{org}: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/orgs/{org}: nobody 401, app 403, app reads 404, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 404, owner reads 404, owner openid 403
    PATCH /api/admin/v1/orgs/{org}: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    DELETE /api/admin/v1/orgs/{org}/admins/{user}: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    PUT /api/admin/v1/orgs/{org}/admins/{user}: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/orgs/{org}/api-keys: nobody 401, app 403, app reads 404, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 404, owner reads 404, owner openid 403
    POST /api/admin/v1/orgs/{org}/api-keys: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    DELETE /api/admin/v1/orgs/{org}/api-keys/{key}: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/orgs/{org}/api-keys/{key}: nobody 401, app 403, app reads 404, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 404, owner reads 404, owner openid 403
    POST /api/admin/v1/orgs/{org}/api-keys/{key}/deactivate: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/orgs/{org}/branding: nobody 401, app 403, app reads 404, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 404, owner reads 404, owner openid 403
    PATCH /api/admin/v1/orgs/{org}/branding: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    DELETE /api/admin/v1/orgs/{org}/branding/logo: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    PUT /api/admin/v1/orgs/{org}/branding/logo: nobody 401, app 403, app reads 403, app writes 400, stranger 403, owner 400, admin 400, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/orgs/{org}/directories: nobody 401, app 403, app reads 404, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 404, owner reads 404, owner openid 403
    POST /api/admin/v1/orgs/{org}/directories: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    DELETE /api/admin/v1/orgs/{org}/directories/{directory}: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/orgs/{org}/directories/{directory}: nobody 401, app 403, app reads 404, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 404, owner reads 404, owner openid 403
    POST /api/admin/v1/orgs/{org}/directories/{directory}/rotate: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/orgs/{org}/domains: nobody 401, app 403, app reads 404, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 404, owner reads 404, owner openid 403
    POST /api/admin/v1/orgs/{org}/domains: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    DELETE /api/admin/v1/orgs/{org}/domains/{domain}: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/orgs/{org}/domains/{domain}: nobody 401, app 403, app reads 404, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 404, owner reads 404, owner openid 403
    PATCH /api/admin/v1/orgs/{org}/domains/{domain}: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    POST /api/admin/v1/orgs/{org}/domains/{domain}/check: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/orgs/{org}/impersonators: nobody 401, app 403, app reads 404, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 404, owner reads 404, owner openid 403
    DELETE /api/admin/v1/orgs/{org}/impersonators/{user}: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    PUT /api/admin/v1/orgs/{org}/impersonators/{user}: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/orgs/{org}/links: nobody 401, app 403, app reads 404, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 404, owner reads 404, owner openid 403
    DELETE /api/admin/v1/orgs/{org}/links/{client_id}: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/orgs/{org}/links/{client_id}: nobody 401, app 403, app reads 404, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 404, owner reads 404, owner openid 403
    PUT /api/admin/v1/orgs/{org}/links/{client_id}: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/orgs/{org}/members: nobody 401, app 403, app reads 404, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 404, owner reads 404, owner openid 403
    GET /api/admin/v1/orgs/{org}/members/{user}: nobody 401, app 403, app reads 404, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 404, owner reads 404, owner openid 403
    GET /api/admin/v1/overview: nobody 401, app 403, app reads 200, app writes 200, stranger 403, owner 200, admin 200, support 200, auditor 200, owner reads 200, owner openid 403
    GET /api/admin/v1/people: nobody 401, app 403, app reads 200, app writes 200, stranger 403, owner 200, admin 200, support 200, auditor 200, owner reads 200, owner openid 403
    POST /api/admin/v1/people: nobody 401, app 403, app reads 403, app writes 201, stranger 403, owner 409, admin 409, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/people/export: nobody 401, app 403, app reads 200, app writes 200, stranger 403, owner 200, admin 200, support 200, auditor 200, owner reads 200, owner openid 403
    POST /api/admin/v1/people/import: nobody 401, app 403, app reads 403, app writes 400, stranger 403, owner 400, admin 400, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/people/{id}: nobody 401, app 403, app reads 200, app writes 200, stranger 403, owner 200, admin 200, support 200, auditor 200, owner reads 200, owner openid 403
    PATCH /api/admin/v1/people/{id}: nobody 401, app 403, app reads 403, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 403, owner reads 403, owner openid 403
    POST /api/admin/v1/people/{id}/credentials/retire: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    POST /api/admin/v1/people/{id}/delete: nobody 401, app 403, app reads 403, app writes 202, stranger 403, owner 202, admin 202, support 403, auditor 403, owner reads 403, owner openid 403
    POST /api/admin/v1/people/{id}/disable: nobody 401, app 403, app reads 403, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 403, owner reads 403, owner openid 403
    POST /api/admin/v1/people/{id}/enable: nobody 401, app 403, app reads 403, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/people/{id}/export: nobody 401, app 403, app reads 403, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 403, owner reads 200, owner openid 403
    POST /api/admin/v1/people/{id}/keep: nobody 401, app 403, app reads 403, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 403, owner reads 403, owner openid 403
    POST /api/admin/v1/people/{id}/merge: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    POST /api/admin/v1/people/{id}/recover: nobody 401, app 403, app reads 403, app writes 409, stranger 403, owner 409, admin 409, support 403, auditor 403, owner reads 403, owner openid 403
    POST /api/admin/v1/people/{id}/reset: nobody 401, app 403, app reads 403, app writes 409, stranger 403, owner 409, admin 409, support 409, auditor 403, owner reads 403, owner openid 403
    POST /api/admin/v1/people/{id}/sign-out: nobody 401, app 403, app reads 403, app writes 200, stranger 403, owner 200, admin 200, support 200, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/providers: nobody 401, app 403, app reads 200, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 200, owner reads 200, owner openid 403
    DELETE /api/admin/v1/providers/{provider}: nobody 401, app 403, app reads 403, app writes 403, stranger 403, owner 404, admin 403, support 403, auditor 403, owner reads 403, owner openid 403
    POST /api/admin/v1/providers/{provider}/check: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/resources: nobody 401, app 403, app reads 200, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 200, owner reads 200, owner openid 403
    POST /api/admin/v1/resources: nobody 401, app 403, app reads 403, app writes 400, stranger 403, owner 400, admin 400, support 403, auditor 403, owner reads 403, owner openid 403
    DELETE /api/admin/v1/resources/{uri}: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/resources/{uri}: nobody 401, app 403, app reads 404, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 404, owner reads 404, owner openid 403
    PATCH /api/admin/v1/resources/{uri}: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/sessions: nobody 401, app 403, app reads 200, app writes 200, stranger 403, owner 200, admin 200, support 200, auditor 200, owner reads 200, owner openid 403
    DELETE /api/admin/v1/sessions/{session}: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 404, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/settings: nobody 401, app 403, app reads 200, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 200, owner reads 200, owner openid 403
    GET /api/admin/v1/webhooks: nobody 401, app 403, app reads 200, app writes 200, stranger 403, owner 200, admin 200, support 403, auditor 200, owner reads 200, owner openid 403
    POST /api/admin/v1/webhooks: nobody 401, app 403, app reads 403, app writes 201, stranger 403, owner 201, admin 201, support 403, auditor 403, owner reads 403, owner openid 403
    DELETE /api/admin/v1/webhooks/{webhook}: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/webhooks/{webhook}: nobody 401, app 403, app reads 404, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 404, owner reads 404, owner openid 403
    PATCH /api/admin/v1/webhooks/{webhook}: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    GET /api/admin/v1/webhooks/{webhook}/deliveries: nobody 401, app 403, app reads 404, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 404, owner reads 404, owner openid 403
    POST /api/admin/v1/webhooks/{webhook}/deliveries/{event}/replay: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    POST /api/admin/v1/webhooks/{webhook}/replay: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    POST /api/admin/v1/webhooks/{webhook}/rotate-secret: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    POST /api/admin/v1/webhooks/{webhook}/test: nobody 401, app 403, app reads 403, app writes 404, stranger 403, owner 404, admin 404, support 403, auditor 403, owner reads 403, owner openid 403
    ");
}

#[tokio::test]
async fn only_apps_of_the_operator_may_ask_for_the_scopes() {
    let world = World::with_orgs().await;
    add_app(&world).await;
    let acme = world.org("Acme").await;
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    let issued = token_of(&world, &owner, SCOPES).await;
    assert_eq!(call(&world, &issued, "GET", "people").await.status, 200);
    assert_eq!(own_token(&world, "sigma:admin:read").await["scope"], "sigma:admin:read");
    let changes: [Change; 2] = [|app, org| app.org_id = org, |app, _| app.dynamic = true];
    for change in changes {
        let before = world.app("service").await;
        world.change_app("service", |app| change(app, acme.org.clone())).await;
        // What was issued before counts no more either.
        assert_eq!(call(&world, &issued, "GET", "people").await.status, 403);
        assert_ne!(own_token(&world, "sigma:admin:read").await["scope"], "sigma:admin:read");
        let asked = token_of(&world, &owner, SCOPES).await;
        assert_eq!(call(&world, &asked, "GET", "people").await.status, 403);
        world.change_app("service", |app| *app = before).await;
    }
    assert_eq!(call(&world, &issued, "GET", "people").await.status, 200);
}

#[tokio::test]
async fn people_are_listed_found_changed_and_the_changes_recorded() {
    let world = World::new().await;
    add_app(&world).await;
    let (ada, ada_id) = person(&world, "ada").await;
    for name in ["bob", "cleo"] {
        person(&world, name).await;
    }
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let mut seen = Vec::new();
    let mut path = "people?limit=2".to_owned();
    loop {
        let page = call(&world, &token, "GET", &path).await.json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| text(item, "id").to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("people?limit=2&after={next}");
    }
    assert_eq!(seen.len(), 3);
    assert!(seen.is_sorted_by(|one, next| one > next), "{seen:?}");
    let found = call(&world, &token, "GET", &format!("people?q={ada_id}")).await.json();
    assert_eq!((found["items"].as_array().unwrap().len(), &found["items"][0]["id"]), (1, &json!(ada_id.as_str())));
    let shown = call(&world, &token, "GET", &format!("people/{ada_id}")).await.json();
    assert_eq!(
        (&shown["id"], &shown["disabled"], &shown["role"]),
        (&json!(ada_id.as_str()), &json!(false), &Value::Null)
    );
    assert_eq!((&shown["credentials"][0]["kind"], shown["sessions"].as_array().unwrap().len()), (&json!("key"), 1));
    let act = async |action: &str| call(&world, &token, "POST", &format!("people/{ada_id}/{action}")).await.json();
    assert_eq!(act("sign-out").await, json!({"ended": 1}));
    assert_eq!(act("sign-out").await, json!({"ended": 0}));
    assert_eq!(ada.get("/api/auth/get-session").await.body, "null");
    for _ in 0..2 {
        assert_eq!(act("disable").await["disabled"], true);
    }
    assert_eq!(act("enable").await["disabled"], false);
    let app = world.app("service").await.id;
    let events = world.trail(Trail::User(ada_id.clone())).await;
    let by_app: Vec<_> = events.iter().filter(|event| event.actor.id() == Some(app.as_str())).collect();
    let mut actions: Vec<_> = by_app.iter().map(|event| event.action.as_str()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["session.end_all", "user.disable", "user.enable"]);
    let path = format!("events?person={ada_id}&action=user.disable");
    let listed = call(&world, &token, "GET", &path).await.json();
    assert_eq!((&listed["items"][0]["actor"]["kind"], &listed["next"]), (&json!("app"), &Value::Null));
    assert_eq!(call(&world, &token, "GET", "apps").await.json()["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_second_factor_that_the_operators_org_requires_is_asked_of_people_by_the_api_too() {
    let world = World::new().await;
    add_app(&world).await;
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    let token = token_of(&world, &owner, SCOPES).await;
    let own = text(&own_token(&world, "sigma:admin:read").await, "access_token").to_owned();
    assert_eq!(call(&world, &token, "GET", "people").await.status, 200);
    let now = world.now();
    let change = sigma_store::org::Change { require_second_factor: Some(true), ..sigma_store::org::Change::default() };
    let required = move |tx: &mut dyn sigma_store::Tx| {
        sigma_store::org::change(tx, &OrgId::operator(), &Actor::Operator, &change, now)
    };
    world.sigma.store.decide(required).await.unwrap();
    let refused = call(&world, &token, "GET", "people").await;
    assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (401, &json!("insufficient_user_authentication")));
    assert!(refused.header("www-authenticate").contains("acr_values=\"2\""));
    // An app has no factors.
    assert_eq!(call(&world, &own, "GET", "people").await.status, 200);
}

/// Sends lines to the import in pieces, and returns its answers.
async fn import(world: &World, token: &str, query: &str, pieces: Vec<String>) -> Answer {
    let pieces = futures_util::stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>));
    let request = Request::post(format!("/api/admin/v1/people/import{query}"));
    let request = request.header("authorization", format!("Bearer {token}"));
    let request = request.header("content-type", "application/x-ndjson");
    world.send(request.body(Body::from_stream(pieces)).unwrap()).await
}

fn lines(answer: &Answer) -> Vec<Value> {
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type")),
        (200, "application/x-ndjson"),
        "{}",
        answer.body
    );
    answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn people_are_imported_and_exported_as_lines() {
    const HASH: &str = "$2b$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS";
    let world = World::new().await;
    add_app(&world).await;
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let ada = json!({"email": "ada@example.org", "email_verified": true, "name": "Ada", "password_hash": HASH});
    // A line in two pieces, an empty one, two that are refused, and one without an end.
    let line = ada.to_string();
    let (head, tail) = line.split_at(20);
    let pieces = vec![
        head.to_owned(),
        format!("{tail}\n\n"),
        "{\"email\":\"nobody\"}\n[]\n{\"email\":\"bob@example.org\"}".to_owned(),
    ];
    let checked = lines(&import(&world, &token, "?dry_run=true", pieces.clone()).await);
    assert_eq!(checked.last().unwrap()["added"], 0);
    let told = lines(&import(&world, &token, "", pieces.clone()).await);
    assert_eq!(told[0], json!({"line": 3, "problem": "email is not a valid address"}));
    assert_eq!((&told[1]["line"], told.len()), (&json!(4), 3));
    assert_eq!(told[2], json!({"through": 5, "added": 2, "known": 0, "refused": 2, "complete": true}));
    // A parameter that does not exist may be a misspelt one.
    assert_eq!(import(&world, &token, "?dryrun=true", pieces.clone()).await.json()["code"], "invalid_request");
    let again = lines(&import(&world, &token, "", pieces).await);
    assert_eq!(again[2], json!({"through": 5, "added": 0, "known": 2, "refused": 2, "complete": true}));
    let many: Vec<String> = (0..1_200).map(|number| format!("{{\"email\":\"p{number}@example.org\"}}\n")).collect();
    let told = lines(&import(&world, &token, "?vouch=true", many).await);
    let through: Vec<_> = told.iter().map(|line| line["through"].as_u64().unwrap()).collect();
    assert_eq!((through, &told[1]["added"]), (vec![1_000, 1_200], &json!(1_200)));

    let exported = lines(&call(&world, &token, "GET", "people/export").await);
    assert_eq!(exported.len(), 1_202);
    assert!(exported.iter().all(|line| line.get("password_hash").is_none()));
    assert_eq!(exported.iter().filter(|line| line["email_verified"] == true).count(), 1_201);
    // Hashes go to owners only, and not by a token that reads.
    assert_eq!(call(&world, &token, "GET", "people/export?hashes=true").await.json()["code"], "forbidden");
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    let reads = token_of(&world, &owner, "openid sigma:admin:read").await;
    assert_eq!(call(&world, &reads, "GET", "people/export?hashes=true").await.json()["code"], "forbidden");
    let writes = token_of(&world, &owner, SCOPES).await;
    let exported = lines(&call(&world, &writes, "GET", "people/export?hashes=true").await);
    assert!(exported.contains(&ada), "{:?}", exported.first());
    // Who took everybody elsewhere, and how many; refused attempts are not among them.
    let reads = text(&own_token(&world, "sigma:admin:read").await, "access_token").to_owned();
    let recorded = call(&world, &reads, "GET", "events?action=people.export").await.json();
    let exports: Vec<_> =
        recorded["items"].as_array().unwrap().iter().map(|event| (&event["actor"], &event["details"])).collect();
    assert_eq!(
        (exports.len(), exports[0].1, exports[1].1),
        (2, &json!({"people": 1_202, "reason": "hashes"}), &json!({"people": 1_202}))
    );
    assert_eq!(recorded["items"][0]["action"], "people.export");
    assert_eq!((&exports[0].0["kind"], &exports[1].0["kind"]), (&json!("user"), &json!("app")));
}

#[tokio::test]
async fn malformed_parameters_are_refused() {
    let world = World::new().await;
    add_app(&world).await;
    let token = text(&own_token(&world, "sigma:admin:read").await, "access_token").to_owned();
    for path in [
        "people?limit=0",
        "people?limit=201",
        "mails?state=sent",
        "sessions?person=x",
        "mails?after=1",
        "people?limit=x",
        "people?limit=1&limit=2",
        "people?after=x",
        "people?q=%00",
        "apps?after=%22",
        "events?person=x",
        "events?action=user.dance",
        "events?since=yesterday",
        "events?after=1",
        "events/export?since=yesterday",
    ] {
        let answer = call(&world, &token, "GET", path).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (400, &json!("invalid_request")), "{path}");
    }
    for path in ["people/x", "people/user_ffffffffffffffffffffffff"] {
        let answer = call(&world, &token, "GET", path).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (404, &json!("not_found")), "{path}");
    }
    let unknown = call(&world, &token, "GET", "nothing").await;
    assert_eq!((unknown.status.as_u16(), unknown.header("content-type")), (404, "application/problem+json"));
}

#[tokio::test]
async fn a_role_that_was_taken_away_ends_what_its_tokens_may_do() {
    let world = World::new().await;
    add_app(&world).await;
    let (owner, owner_id) = operator(&world, "owner", OperatorRole::Owner).await;
    operator(&world, "other", OperatorRole::Owner).await;
    let token = token_of(&world, &owner, SCOPES).await;
    let target = UserId::from_text(person(&world, "ada").await.1.as_str());
    let disable = format!("people/{target}/disable");
    assert_eq!(call(&world, &token, "POST", &format!("people/{owner_id}/disable")).await.json()["code"], "own_account");
    world.appoint(&owner_id, OperatorRole::Auditor).await;
    assert_eq!(call(&world, &token, "GET", "people").await.status, 200);
    assert_eq!(call(&world, &token, "POST", &disable).await.json()["code"], "forbidden");
}

#[tokio::test]
async fn orgs_are_found_changed_and_given_admins_and_the_operators_own_is_its_owners() {
    let world = World::with_orgs().await;
    add_app(&world).await;
    let (acme, _) = (world.org("Acme Überbau").await, world.org("Bolt").await);
    let (_, ada) = person(&world, "ada").await;
    let (_, bob) = person(&world, "bob").await;
    operator(&world, "owner", OperatorRole::Owner).await;
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let ask = async |method: &str, path: &str, body: Value| {
        let answer = world.call(As::Token(&token), method, &format!("/api/admin/v1/{path}"), &body).await;
        (answer.status.as_u16(), if answer.body.is_empty() { Value::Null } else { answer.json() })
    };
    let ids = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|item| text(item, "id").to_owned()).collect()
    };
    for (search, expected) in [("%C3%9CBERB", 1), ("%25", 0), ("_", 0), ("bol", 1), ("operator", 1), ("nothing", 0)] {
        let (status, found) = ask("GET", &format!("orgs?q={search}"), Value::Null).await;
        assert_eq!((status, ids(&found).len()), (200, expected), "{search}: {found}");
    }
    let (_, first) = ask("GET", "orgs?limit=1", Value::Null).await;
    let (_, rest) = ask("GET", &format!("orgs?after={}", first["next"].as_str().unwrap()), Value::Null).await;
    assert_eq!((ids(&first).len(), ids(&rest).len(), &rest["next"]), (1, 2, &Value::Null));

    let (status, made) = ask("POST", "orgs", json!({"name": "Docks", "slug": "docks"})).await;
    assert_eq!((status, &made["name"], &made["slug"]), (201, &json!("Docks"), &json!("docks")), "{made}");
    let (status, problem) = ask("POST", "orgs", json!({"name": "Docks", "slug": "docks"})).await;
    assert_eq!((status, &problem["code"]), (409, &json!("slug_taken")));
    assert_eq!(ask("POST", "orgs", json!({"name": ""})).await.0, 400);
    let docks = format!("orgs/{}", text(&made, "id"));
    assert_eq!([ask("DELETE", &docks, Value::Null).await.0, ask("GET", &docks, Value::Null).await.0], [204, 404]);
    let (status, problem) = ask("DELETE", &format!("orgs/{}", OrgId::operator()), Value::Null).await;
    assert_eq!((status, &problem["code"]), (403, &json!("operators_org")));

    let path = format!("orgs/{}", acme.org);
    let change = json!({"name": "Acme", "slug": "acme", "verified": true, "require_second_factor": true});
    for _ in 0..2 {
        let (status, changed) = ask("PATCH", &path, change.clone()).await;
        assert_eq!((status, &changed["name"], &changed["slug"]), (200, &json!("Acme"), &json!("acme")), "{changed}");
    }
    for (bad, status) in [
        (json!({"slug": "operator"}), 400),
        (json!({"slug": "A"}), 400),
        (json!({"name": " "}), 400),
        (json!({"nam": "x"}), 400),
    ] {
        assert_eq!(ask("PATCH", &path, bad.clone()).await.0, status, "{bad}");
    }
    let admin = |id: &UserId| format!("{path}/admins/{id}");
    for id in [&ada, &bob, &bob] {
        let (status, member) = ask("PUT", &admin(id), Value::Null).await;
        assert_eq!((status, &member["admin"], &member["status"]), (200, &json!(true), &json!("active")), "{member}");
    }
    let (_, page) = ask("GET", &format!("{path}/members?limit=1"), Value::Null).await;
    let (_, last) = ask("GET", &format!("{path}/members?after={}", text(&page, "next")), Value::Null).await;
    let mut members = [ids(&page), ids(&last)].concat();
    members.sort_unstable();
    assert_eq!(members, [ada.to_string(), bob.to_string()]);
    assert_eq!(ask("DELETE", &admin(&bob), Value::Null).await.1["admin"], false);
    let (status, problem) = ask("DELETE", &admin(&ada), Value::Null).await;
    assert_eq!((status, &problem["code"]), (409, &json!("last_admin")));
    let (_, shown) = ask("GET", &path, Value::Null).await;
    assert_eq!((&shown["admins"][0]["id"], &shown["usage"]["members"]), (&json!(ada.as_str()), &json!(2)), "{shown}");
    assert_eq!((&shown["verified"], &shown["require_second_factor"]), (&json!(true), &json!(true)));

    let own = format!("orgs/{}", OrgId::operator());
    for (method, path, body) in [
        ("PATCH", own.clone(), json!({"require_second_factor": false})),
        ("PUT", format!("{own}/admins/{ada}"), Value::Null),
    ] {
        let (status, problem) = ask(method, &path, body).await;
        assert_eq!((status, &problem["code"]), (403, &json!("operators_org")), "{path}");
    }
    // Who did it is recorded, once: what changes nothing leaves no event.
    let app = world.app("service").await.id;
    let events = world.trail(Trail::Org(acme.org.clone())).await;
    let by_app = events.iter().filter(|event| event.actor.id() == Some(app.as_str()));
    let mut actions: Vec<_> = by_app.map(|event| event.action.as_str()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["member.add", "member.add", "member.change", "workspace.change", "workspace.change"]);
}
