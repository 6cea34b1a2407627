//! The error table (`docs/spec/workspaces.md#errors`), and what strangers write into fields.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use crate::support::openapi::endpoints;
use crate::support::{Answer, As, World};

async fn post(world: &World, path: &str, kind: Option<&str>, body: impl Into<Body>) -> Answer {
    let mut request = Request::post(path);
    if let Some(kind) = kind {
        request = request.header("content-type", kind);
    }
    world.send(request.body(body.into()).unwrap()).await
}

#[tokio::test]
async fn every_row_of_the_error_table() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    let (_, member) = acme.add("bob@example.org", &acme.member).await;
    let (login, json) = ("/api/v1/auth/login", Some("application/json"));
    let call = async |who: As<'_>, method: &str, path: &str, body: Value| {
        world.call(who, method, path, &body).await.described()
    };
    let admin = As::Token(&token);
    let reported = [
        post(&world, login, json, "{}").await.described(),
        post(&world, login, json, "").await.described(),
        post(&world, login, None, "").await.described(),
        post(&world, "/api/v1/auth/refresh", json, "{}").await.described(),
        post(&world, "/api/v1/auth/refresh", json, r#"{"token":5}"#).await.described(),
        call(As::Nobody, "GET", "/api/v1/auth/me", Value::Null).await,
        call(As::Token("x"), "GET", "/api/v1/auth/me", Value::Null).await,
        call(As::Key("x"), "GET", "/api/v1/auth/me", Value::Null).await,
        call(As::Nobody, "POST", login, json!({"email": "ada@example.org", "password": "x"})).await,
        call(As::Token(&member), "GET", "/api/v1/users", Value::Null).await,
        call(admin, "GET", "/api/v1/roles/role_x", Value::Null).await,
        call(admin, "GET", "/api/v1/nothing", Value::Null).await,
        call(admin, "POST", "/api/v1/roles", json!({"name": "Admin"})).await,
        call(admin, "PUT", "/api/v1/roles", json!({})).await,
        post(&world, login, json, vec![b' '; 65_537]).await.described(),
        post(&world, login, Some("text/plain"), "{}").await.described(),
        post(&world, login, Some("application/x-www-form-urlencoded"), "email=a&password=b").await.described(),
        post(&world, login, None, r#"{"email":"a","password":"b"}"#).await.described(),
    ];
    insta::assert_snapshot!(reported.join("\n"), @r#"
    400 VALIDATION_ERROR: Email and password are required
    400 VALIDATION_ERROR: Email and password are required
    400 VALIDATION_ERROR: Email and password are required
    400 VALIDATION_ERROR: Token is required in the request body
    400 VALIDATION_ERROR: Token is required in the request body
    401 UNAUTHORIZED: Missing authentication
    401 UNAUTHORIZED: Invalid or expired token
    401 UNAUTHORIZED: Invalid API key
    401 UNAUTHORIZED: Invalid email or password
    403 PERMISSION_DENIED: The role may not manage users
    404 NOT_FOUND: Role "role_x" was not found
    404 NOT_FOUND: No such endpoint
    409 CONFLICT: A role with this name already exists
    405 VALIDATION_ERROR: Method not allowed
    413 VALIDATION_ERROR: The body is larger than 65536 bytes
    415 VALIDATION_ERROR: The body must be JSON, with the content type application/json
    415 VALIDATION_ERROR: The body must be JSON, with the content type application/json
    415 VALIDATION_ERROR: The body must be JSON, with the content type application/json
    "#);
}

#[tokio::test]
async fn json_is_parsed_strictly_and_unknown_fields_ignored() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    acme.add("ada@example.org", &acme.admin).await;
    let login = async |body: &[u8]| {
        post(&world, "/api/v1/auth/login", Some("application/json; charset=utf-8"), body.to_vec()).await
    };
    let good = format!(
        r#" {{"email":"ada@example.org","password":"{}","remember":true,"x":{{"y":[1]}}}}"#,
        crate::support::PASSWORD
    );
    assert_eq!(login(good.as_bytes()).await.status, 200);
    let bad: [&[u8]; 12] = [
        br#"{"email":"a@b.c","password":"x","password":"y"}"#,
        br#"{"email":"a@b.c","password":"x","extra":{"a":1,"a":2}}"#,
        br#"{"email":"a@b.c","passw\u006frd":"x","password":"y"}"#,
        br#"{"email":"a@b.c\u0000","password":"x"}"#,
        br#"{"email":"a@b.c","password":"x\u0000"}"#,
        br#"{"email":null,"password":"x"}"#,
        br#"{"email":["a@b.c"],"password":{"$ne":""}}"#,
        br#"["a@b.c","x"]"#,
        br#"{"email":"a@b.c","password":"x"} {}"#,
        br#"{"email":"a@b.c","#,
        b"\xff\xfe",
        b"null",
    ];
    for body in bad {
        let answer = login(body).await;
        assert_eq!(answer.code(), "400 VALIDATION_ERROR", "{}", String::from_utf8_lossy(body));
    }
    let deep = [b"{\"x\":".to_vec(), b"[".repeat(60_000)].concat();
    assert_eq!(login(&deep).await.code(), "400 VALIDATION_ERROR");
}

#[tokio::test]
async fn sql_and_script_are_text() {
    let world = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.limits.delays = false;
    })
    .await;
    let acme = world.org("Acme").await;
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    let ada = As::Token(&token);
    let texts = [
        "'; DROP TABLE roles; --",
        "\" OR \"\"=\"",
        "<script>alert(1)</script>",
        "{{7*7}} ${7*7} <%= 7*7 %>",
        "$1 ?1 :a %s %n",
        "ünïcödé \u{1F600}",
        "..\\..\\..//etc/passwd",
    ];
    for text in texts {
        let made = world.call(ada, "POST", "/api/v1/roles", &json!({"name": text, "description": text})).await;
        assert_eq!(made.status, 201, "{text}: {}", made.body);
        let id = made.json()["id"].as_str().unwrap().to_owned();
        let shown = world.call(ada, "GET", &format!("/api/v1/roles/{id}"), &Value::Null).await;
        assert_eq!((&shown.json()["name"], &shown.json()["description"]), (&json!(text), &json!(text)));
        assert_eq!(shown.header("content-type"), "application/json");
        assert_eq!(shown.header("x-content-type-options"), "nosniff");
        let body = json!({"name": "x", "schemaPermissions": [{"schemaId": text, "attributes": {text: "write"}}]});
        assert_eq!(world.call(ada, "PUT", &format!("/api/v1/roles/{id}"), &body).await.status, 200, "{text}");
        let body = json!({"schemaId": text, "attributes": [text]});
        let resolved = world.call(ada, "POST", &format!("/api/v1/roles/{id}/resolve"), &body).await;
        assert_eq!(resolved.json(), json!({"schemaId": text, "attributes": {text: "write"}}));
        world.call(ada, "DELETE", &format!("/api/v1/roles/{id}"), &Value::Null).await;
        let key = world.call(ada, "POST", "/api/v1/api-keys", &json!({"name": text, "permissions": ["read"]})).await;
        assert_eq!(key.json()["name"], text);
        let named = world.call(ada, "PATCH", "/api/v1/workspace", &json!({"name": text})).await;
        assert_eq!(named.json()["name"], text);
        let body = json!({"email": "x@example.org", "name": text, "roleId": acme.member.as_str()});
        let invited = world.call(ada, "POST", "/api/v1/users", &body).await;
        assert_eq!(invited.json()["name"], text);
        let path = format!("/api/v1/users/{}", invited.json()["id"].as_str().unwrap());
        assert_eq!(world.call(ada, "DELETE", &path, &Value::Null).await.status, 204);
        for body in [
            json!({"email": text, "password": text}),
            json!({"email": "ada@example.org", "password": text, "workspaceId": text}),
        ] {
            assert_eq!(world.call(As::Nobody, "POST", "/api/v1/auth/login", &body).await.status, 401, "{text}");
        }
        let quick = json!({"workspaceId": text, "userId": text});
        assert_eq!(world.call(As::Nobody, "POST", "/api/v1/auth/quick-login", &quick).await.status, 401, "{text}");
    }
}

#[tokio::test]
async fn malformed_ids_in_paths_are_not_found() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    let ids =
        ["%00", "a%00b", "%27%20OR%201=1%20--", "%F0%9F%98%80", "..%2f..%2fusers", "*", "%25", &"x".repeat(5_000)];
    for id in ids {
        for (method, pattern) in endpoints("/api/v1/") {
            if !pattern.contains("{id}") {
                continue;
            }
            let body = match (method.as_str(), pattern.as_str()) {
                ("PUT", _) => json!({"name": "x"}),
                ("PATCH", _) => json!({}),
                (_, path) if path.ends_with("/resolve") => json!({"schemaId": "a", "attributes": []}),
                _ => Value::Null,
            };
            let path = pattern.replace("{id}", id);
            let answer = world.call(As::Token(&token), method.as_str(), &path, &body).await;
            assert_eq!(answer.code(), "404 NOT_FOUND", "{method} {path}");
            assert!(answer.body.len() < 600, "what is long is not sent back");
        }
    }
    let broken = world.call(As::Token(&token), "GET", "/api/v1/roles/%ff", &Value::Null).await;
    assert_eq!(broken.code(), "400 VALIDATION_ERROR");
}

#[tokio::test]
async fn every_endpoint_that_needs_a_caller_says_so() {
    let world = World::with_orgs().await;
    let open = ["/login", "/refresh", "/quick-login", "/quick-logins"];
    for (method, pattern) in endpoints("/api/v1/") {
        if open.iter().any(|open| pattern == format!("/api/v1/auth{open}")) {
            continue;
        }
        let path = pattern.replace("{id}", "x");
        let request = Request::builder().method(&method).uri(&path).header("content-type", "text/plain");
        let answer = world.send(request.body(Body::from("not even JSON")).unwrap()).await;
        assert_eq!(answer.code(), "401 UNAUTHORIZED", "{method} {path}");
        assert_eq!(
            answer.header("www-authenticate"),
            r#"Bearer resource_metadata="https://id.example.org/.well-known/oauth-protected-resource/api/v1""#
        );
    }
}

#[tokio::test]
async fn an_unavailable_store_is_an_error_without_details() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    let store = world.sigma.store.clone();
    tokio::task::spawn_blocking(move || store.close()).await.unwrap();
    let paths = ["/api/v1/roles", "/api/v1/users", "/api/v1/api-keys"];
    for path in paths {
        let answer = world.call(As::Token(&token), "GET", path, &Value::Null).await;
        assert_eq!(answer.code(), "503 UNAVAILABLE", "{path}");
        assert_eq!(answer.header("retry-after"), "1");
    }
    let login = world.log_in("ada@example.org", None).await;
    assert_eq!(login.code(), "503 UNAVAILABLE");
}
