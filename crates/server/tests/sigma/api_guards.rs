//! What guards the changes of the management API: versions, and keys of requests (`docs/guides/console.md#api`).

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use sigma_core::ids::OrgId;
use sigma_core::operator::OperatorRole;

use crate::admin_api::{add_app, own_token, token_of};
use crate::console::operator;
use crate::support::{Answer, World, text};

const SCOPES: &str = "openid sigma:admin:read sigma:admin:write";

async fn send(
    world: &World,
    token: &str,
    (method, path): (&str, &str),
    body: &Value,
    headers: &[(&str, &str)],
) -> Answer {
    let mut request = Request::builder().method(method).uri(format!("/api/admin/v1/{path}"));
    request = request.header("authorization", format!("Bearer {token}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = if body.is_null() {
        Body::empty()
    } else {
        request = request.header("content-type", "application/json");
        Body::from(body.to_string())
    };
    world.send(request.body(body).unwrap()).await
}

#[tokio::test]
async fn only_the_version_that_a_caller_has_seen_is_changed() {
    let world = World::with_orgs().await;
    add_app(&world).await;
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let call =
        async |at: (&str, &str), body: Value, headers: &[(&str, &str)]| send(&world, &token, at, &body, headers).await;
    let acme = world.org("Acme").await;
    let path = format!("orgs/{}", acme.org);
    let shown = call(("GET", &path), Value::Null, &[]).await;
    let etag = shown.header("etag").to_owned();
    assert!(etag.starts_with('"') && etag.ends_with('"'), "strong: {etag}");
    let known = call(("GET", &path), Value::Null, &[("if-none-match", &format!("\"x\", {etag}"))]).await;
    assert_eq!((known.status.as_u16(), known.body.as_str(), known.header("etag")), (304, "", etag.as_str()));
    for (name, value, status, code) in [
        ("if-match", "\"x\"", 412, "precondition_failed"),
        ("if-match", "W/\"x\"", 412, "precondition_failed"),
        ("if-none-match", "*", 412, "precondition_failed"),
        ("if-match", "x", 400, "invalid_request"),
    ] {
        let refused = call(("PATCH", &path), json!({"name": "Late"}), &[(name, value)]).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (status, &json!(code)), "{name}: {value}");
    }
    let changed = call(("PATCH", &path), json!({"name": "Ajax"}), &[("if-match", &etag)]).await;
    assert_eq!((changed.status.as_u16(), &changed.json()["name"]), (200, &json!("Ajax")));
    let shown = call(("GET", &path), Value::Null, &[]).await;
    assert_eq!((shown.header("etag"), shown.json()), (changed.header("etag"), changed.json()));
    assert_eq!(call(("PATCH", &path), json!({"name": "Late"}), &[("if-match", &etag)]).await.status, 412);
    assert_eq!(call(("PATCH", &path), json!({"name": "Any"}), &[("if-match", "*")]).await.status, 200);

    // Keys pile up to a bound, whoever asks for them how often.
    let rotation = json!({"algorithms": ["EdDSA"], "now": true});
    let mut answers = Vec::new();
    for _ in 0..8 {
        let answer = call(("POST", "keys/rotate"), rotation.clone(), &[]).await;
        answers.push((answer.status.as_u16(), answer.json()["code"].clone()));
    }
    assert_eq!((answers[0].0, &answers[7]), (200, &(409, json!("too_many"))));

    // The others that can be changed.
    let body = json!({"url": "https://hooks.example.org/"});
    let hook = text(&call(("POST", "webhooks"), body, &[]).await.json(), "id").to_owned();
    let (_, ada) = operator(&world, "ada", OperatorRole::Support).await;
    let org_member = format!("orgs/{}/members/{ada}", OrgId::operator());
    let stale: [(&str, String, Value); 7] = [
        ("PATCH", format!("webhooks/{hook}"), json!({"description": "late"})),
        ("DELETE", format!("webhooks/{hook}"), Value::Null),
        ("POST", format!("webhooks/{hook}/rotate-secret"), Value::Null),
        ("POST", format!("people/{ada}/disable"), Value::Null),
        ("POST", format!("people/{ada}/delete"), Value::Null),
        ("POST", format!("people/{ada}/sign-out"), Value::Null),
        ("POST", "keys/rotate".to_owned(), json!({"algorithms": ["EdDSA"]})),
    ];
    for (method, path, body) in &stale {
        let refused = call((method, path), body.clone(), &[("if-match", "\"x\"")]).await;
        assert_eq!(refused.status, 412, "{method} {path}: {}", refused.body);
    }
    for path in
        [format!("webhooks/{hook}"), format!("people/{ada}"), "keys".to_owned(), "settings".to_owned(), org_member]
    {
        let shown = call(("GET", &path), Value::Null, &[]).await;
        let known = call(("GET", &path), Value::Null, &[("if-none-match", shown.header("etag"))]).await;
        assert_eq!((shown.status.as_u16(), known.status.as_u16()), (200, 304), "{path}");
    }
    let person = format!("people/{ada}");
    let etag = call(("GET", &person), Value::Null, &[]).await.header("etag").to_owned();
    let disabled = call(("POST", &format!("{person}/disable")), Value::Null, &[("if-match", &etag)]).await;
    assert_eq!((disabled.status.as_u16(), &disabled.json()["disabled"]), (200, &json!(true)));
    assert_eq!(call(("GET", &person), Value::Null, &[]).await.header("etag"), disabled.header("etag"));
}

#[tokio::test]
async fn a_request_with_a_key_is_carried_out_once() {
    let world = World::new().await;
    add_app(&world).await;
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let post = async |token: &str, path: &str, body: &Value, key: &str| {
        send(&world, token, ("POST", path), body, &[("idempotency-key", key)]).await
    };
    let body = json!({"url": "https://hooks.example.org/"});
    let (one, other) = tokio::join!(post(&token, "webhooks", &body, "\"k1\""), post(&token, "webhooks", &body, "k1"));
    // They are the same key, with quotes and without; whichever came second waits, or repeats the answer.
    let made = if one.status == 201 { &one } else { &other };
    assert_eq!(made.status, 201, "{} {}", one.body, other.body);
    assert!([201, 409].contains(&one.status.as_u16()) && [201, 409].contains(&other.status.as_u16()));
    let again = post(&token, "webhooks", &body, "\"k1\"").await;
    assert_eq!((again.status.as_u16(), again.header("idempotency-replayed")), (201, "true"));
    assert_eq!((again.json(), again.header("content-type")), (made.json(), "application/json"));
    assert!(text(&again.json(), "secret").starts_with("whsec_"));
    let listed = send(&world, &token, ("GET", "webhooks"), &Value::Null, &[]).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);

    let differs = post(&token, "webhooks", &json!({"url": "https://other.example.org/"}), "k1").await;
    assert_eq!((differs.status.as_u16(), &differs.json()["code"]), (422, &json!("idempotency_key_reused")));
    for bad in ["", "\"", "a b", &"k".repeat(256)] {
        let refused = post(&token, "webhooks", &body, bad).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (400, &json!("invalid_request")), "{bad:?}");
    }
    // What is refused for good is repeated, under the id of the new request; what a role does not reach says nothing of the request.
    let refused = post(&token, "mails/test", &Value::Null, "k2").await;
    let again = post(&token, "mails/test", &Value::Null, "k2").await;
    assert_eq!((refused.status.as_u16(), again.status.as_u16()), (409, 409));
    assert_eq!((&again.json()["code"], again.header("idempotency-replayed")), (&json!("no_address"), "true"));
    assert_ne!(refused.json()["request_id"], again.json()["request_id"]);
    let of_nobody = json!({"client_name": "Shop", "org": "nope", "redirect_uris": ["https://shop.example.org/cb"]});
    let refused = post(&token, "apps", &of_nobody, "k3").await.json();
    let again = post(&token, "apps", &of_nobody, "k3").await.json();
    assert_eq!((&refused["field"], &again["field"]), (&json!("org"), &json!("org")));
    let (browser, _) = operator(&world, "grace", OperatorRole::Auditor).await;
    let auditor = token_of(&world, &browser, SCOPES).await;
    for _ in 0..2 {
        let denied = post(&auditor, "webhooks", &body, "k1").await;
        assert_eq!((denied.status.as_u16(), denied.headers.get("idempotency-replayed")), (403, None));
    }
    assert_eq!(send(&world, "none", ("POST", "webhooks"), &body, &[("idempotency-key", "k1")]).await.status, 401);
    // The key is another caller's own, and as good as new after a day.
    let (browser, _) = operator(&world, "owner", OperatorRole::Owner).await;
    let owner = token_of(&world, &browser, SCOPES).await;
    let own = post(&owner, "webhooks", &body, "k1").await;
    assert_eq!((own.status.as_u16(), own.json()["id"] == made.json()["id"]), (201, false));
    world.advance(24 * 3_600);
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let later = post(&token, "webhooks", &body, "k1").await;
    assert_eq!((later.status.as_u16(), later.json()["id"] == made.json()["id"]), (201, false));
}

#[tokio::test]
async fn a_parameter_that_an_endpoint_does_not_know_is_refused_and_named() {
    let world = World::with_orgs().await;
    add_app(&world).await;
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let call = async |at: (&str, &str), body: Value| send(&world, &token, at, &body, &[]).await;
    for (method, path, words) in [
        ("GET", "people?serach=ada", "no parameter \"serach\"; those that there are: q, "),
        ("GET", "orgs?limit=5&Limit=6", "\"Limit\""),
        ("GET", "settings?x=", "\"x\"; those that there are: none"),
        ("POST", "orgs?dry_run=true", "\"dry_run\""),
        ("DELETE", "people/user_0/sessions?x", ""),
    ] {
        let refused = call((method, path), json!({"name": "Acme"})).await;
        let problem = refused.json();
        let is_said = problem["detail"].as_str().unwrap().contains(words);
        assert!(refused.status.is_client_error() && is_said, "{path}: {} {problem}", refused.status);
    }
    assert_eq!(call(("GET", "orgs?limit=5&after=&q="), Value::Null).await.status, 200);
    let orgs = call(("GET", "orgs?q=Acme"), Value::Null).await.json();
    assert_eq!(orgs["items"], json!([]), "nothing was done");
}

#[tokio::test]
async fn an_org_is_named_by_its_id_or_its_slug() {
    let world = World::with_orgs().await;
    add_app(&world).await;
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let call = async |at: (&str, &str), body: Value| send(&world, &token, at, &body, &[]).await;
    let made = call(("POST", "orgs"), json!({"name": "Bakery", "slug": "bakery"})).await.json();
    let id = text(&made, "id");
    for below in ["", "/members", "/directories", "/domains", "/branding"] {
        let [by_id, by_slug, none] = [id, "bakery", "butcher"].map(|name| format!("orgs/{name}{below}"));
        let shown = call(("GET", &by_slug), Value::Null).await;
        assert_eq!((shown.status.as_u16(), shown.json()), (200, call(("GET", &by_id), Value::Null).await.json()));
        assert_eq!(call(("GET", &none), Value::Null).await.status, 404, "{none}");
    }
    let changed = call(("PATCH", "orgs/bakery"), json!({"name": "Harbour Bakery"})).await;
    assert_eq!(changed.json()["name"], "Harbour Bakery");
    // Whoever may not see orgs is not told which slugs there are.
    let (support, _) = operator(&world, "support", OperatorRole::Support).await;
    let token = token_of(&world, &support, SCOPES).await;
    for name in ["bakery", "butcher"] {
        let path = format!("orgs/{name}");
        assert_eq!(send(&world, &token, ("GET", &path), &Value::Null, &[]).await.status, 403, "{name}");
    }
    // What is read is called as what is changed.
    let app = json!({"client_name": "Shop", "redirect_uris": ["https://shop.example.org/cb"], "org": "bakery"});
    let app = call(("POST", "apps"), app).await.json();
    assert_eq!(app["org"], json!(id), "{app}");
}
