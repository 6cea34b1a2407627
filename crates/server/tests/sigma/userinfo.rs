//! Userinfo (`docs/spec/oidc.md#userinfo`).

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use sigma_core::ids::UserId;
use sigma_store::email::EmailProof;
use sigma_store::{cached, params};

use crate::support::client::{TOKEN, USERINFO};
use crate::support::forge::claims;
use crate::support::{APP, Answer, Browser, Key, World, redacted};

const PATHS: [&str; 4] = [USERINFO, "/oauth2/userinfo", "/userinfo", "/api/oauth/userinfo"];
const FORM: &str = "application/x-www-form-urlencoded";

async fn access(browser: &Browser<'_>, extra: &[(&str, &str)], world: &World) -> String {
    let code = browser.code(extra).await;
    let tokens = world.exchange(&code, &[]).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    tokens.json()["access_token"].as_str().unwrap().to_owned()
}

/// Status, challenge and body of a refusal.
fn refusal(answer: &Answer) -> String {
    let metadata = r#"resource_metadata="https://id.example.org/.well-known/oauth-protected-resource""#;
    let challenge = answer.header("www-authenticate");
    let without = challenge.strip_suffix(metadata).unwrap_or(challenge).trim_end_matches([',', ' ']);
    assert!(without != challenge || challenge.is_empty(), "{challenge}");
    format!("{} [{without}]", answer.error())
}

/// Runs one statement on the account of `token`.
async fn update(world: &World, token: &str, sql: &'static str, value: &str) {
    let (user, value) = (claims(token)["sub"].as_str().unwrap().to_owned(), value.to_owned());
    let operation = move |tx: &mut dyn sigma_store::Tx| {
        assert_eq!(tx.execute(sql, params![user.as_str(), value.as_str()])?, 1);
        tx.changed(cached::ACCOUNT, &user)
    };
    world.sigma.store.write(operation).await.unwrap();
}

async fn set_email(world: &World, token: &str, address: &str, verified: bool) {
    let user = UserId::from_text(claims(token)["sub"].as_str().unwrap());
    let proof = if verified { EmailProof::Verified } else { EmailProof::Unverified };
    world.db_set_email(&user, address, proof).await;
}

#[tokio::test]
async fn a_token_is_accepted_in_the_header_or_form_at_every_path() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let token = access(&browser, &[], &world).await;
    let wanted = world.get_with_token(USERINFO, &token).await;
    assert_eq!((wanted.header("cache-control"), wanted.header("pragma")), ("no-store", "no-cache"));
    for path in PATHS {
        let mut answers = vec![world.post_form(path, &[("access_token", &token)], &[]).await];
        for scheme in ["Bearer", "bearer", "BEARER"] {
            let value = format!("{scheme} {token}");
            for request in [Request::get(path), Request::post(path)] {
                let request = request.header("authorization", &value);
                answers.push(world.send(request.body(Body::empty()).unwrap()).await);
            }
        }
        // A body that is no form says nothing, and does no harm.
        let request = Request::post(path).header("authorization", format!("Bearer {token}"));
        let request = request.header("content-type", "application/json");
        answers.push(world.send(request.body(Body::from("{}")).unwrap()).await);
        for answer in answers {
            assert_eq!((answer.status.as_u16(), &answer.body), (200, &wanted.body), "{path}");
            assert_eq!(answer.header("access-control-allow-origin"), "*");
        }
    }
}

#[tokio::test]
async fn a_missing_token_gets_the_bare_challenge() {
    let world = World::new().await;
    let reported = "401 invalid_request: access token not found [Bearer]";
    for path in PATHS {
        for request in [Request::get(path), Request::post(path)] {
            for authorization in ["", "Bearer", "Basic YTpi", "Token x"] {
                let request = http::Request::from_parts(request_parts(&request), Body::empty());
                let (mut parts, body) = request.into_parts();
                if !authorization.is_empty() {
                    parts.headers.insert("authorization", authorization.parse().unwrap());
                }
                let answer = world.send(Request::from_parts(parts, body)).await;
                assert_eq!(refusal(&answer), reported, "{path} {authorization}");
            }
        }
        // JSON is not one of the two places.
        let posted = world.post_body(path, "application/json", r#"{"access_token":"x"}"#).await;
        assert_eq!(refusal(&posted), reported);
    }
}

fn request_parts(request: &http::request::Builder) -> http::request::Parts {
    let (method, uri) = (request.method_ref().unwrap().clone(), request.uri_ref().unwrap().clone());
    Request::builder().method(method).uri(uri).body(()).unwrap().into_parts().0
}

#[tokio::test]
async fn a_token_in_two_places_or_in_the_query_is_refused() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let token = access(&browser, &[], &world).await;
    let bearer = format!("Bearer {token}");
    let reported = r#"400 invalid_request: the access token must be sent once, and never in the query [Bearer error="invalid_request"]"#;
    let form = format!("access_token={token}");
    let requests = [
        Request::post(USERINFO).header("authorization", &bearer).header("content-type", FORM).body(form.clone()),
        Request::post(USERINFO).header("content-type", FORM).body(format!("{form}&{form}")),
        Request::post(USERINFO).header("content-type", FORM).body(format!("{form}&access_token=")),
        Request::get(USERINFO).header("authorization", &bearer).header("authorization", &bearer).body(String::new()),
        Request::get(format!("{USERINFO}?{form}")).body(String::new()),
        Request::get(format!("{USERINFO}?{form}")).header("authorization", &bearer).body(String::new()),
        Request::post(format!("{USERINFO}?{form}")).body(String::new()),
        Request::post(format!("{USERINFO}?{form}")).header("content-type", FORM).body(form.clone()),
    ];
    for request in requests {
        let request = request.unwrap().map(Body::from);
        let what = format!("{} {}", request.method(), request.uri().path());
        assert_eq!(refusal(&world.send(request).await), reported, "{what}");
    }
}

#[tokio::test]
async fn a_dead_or_foreign_token_is_invalid() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let token = access(&browser, &[], &world).await;
    let reported = r#"401 invalid_token: Invalid access token [Bearer error="invalid_token", error_description="Invalid access token"]"#;
    let long = "x".repeat(40_000);
    for text in ["x", "a.b.c", "..", "null", &long, &token.replace('.', " "), &token[1..], &format!("{token}=")] {
        assert_eq!(refusal(&world.get_with_token(USERINFO, text).await), reported, "{text:.60}");
        let answer = world.post_form(USERINFO, &[("access_token", text)], &[]).await;
        assert_eq!(refusal(&answer), reported, "{text:.60}");
    }
    world.change_app(APP, |app| app.disabled = true).await;
    assert_eq!(refusal(&world.get_with_token(USERINFO, &token).await), reported);
    world.change_app(APP, |app| app.disabled = false).await;
    assert_eq!(world.userinfo_status(&token).await, 200);
    world.advance(2_592_000);
    assert_eq!(refusal(&world.get_with_token(USERINFO, &token).await), reported);
}

#[tokio::test]
async fn without_openid_the_scope_is_insufficient() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let token = access(&browser, &[("scope", "profile")], &world).await;
    assert_eq!(
        refusal(&world.get_with_token(USERINFO, &token).await),
        r#"403 insufficient_scope: Missing required scope [Bearer error="insufficient_scope", scope="openid"]"#
    );
}

#[tokio::test]
async fn each_scope_returns_its_claims_without_empty_values() {
    let world = World::new().await;
    let browser = world.browser();
    let key = Key::named("ada");
    browser.sign_up(&key).await;
    let mut reported = Vec::new();
    for scope in ["openid", "openid profile", "openid email", "openid profile email"] {
        let token = access(&browser, &[("scope", scope)], &world).await;
        let answer = world.get_with_token(USERINFO, &token).await.json();
        reported.push(json!([scope, redacted(answer, &[("/sub", "[user]")])]));
    }
    let token = access(&browser, &[], &world).await;
    let record = json!({"idKey": key.bap_id(), "rootAddress": "1A", "identity": {"alternateName": "ada", "givenName": "Ada",
        "familyName": "", "image": "data:image/png;base64,AA", "description": null}});
    update(&world, &token, "UPDATE identities SET profile = $2 WHERE user_id = $1", &record.to_string()).await;
    set_email(&world, &token, "ada@example.org", true).await;
    for scope in ["openid", "openid profile email"] {
        let token = access(&browser, &[("scope", scope)], &world).await;
        let answer = world.get_with_token(USERINFO, &token).await.json();
        reported.push(json!([scope, redacted(answer, &[("/sub", "[user]")])]));
    }
    insta::assert_json_snapshot!(reported);
}

#[tokio::test]
async fn large_records_are_in_userinfo_but_not_in_tokens() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let token = access(&browser, &[], &world).await;
    for (letters, carried) in [(100, true), (4_096, false), (1_000_000, false)] {
        let name = "\u{e9}".repeat(letters);
        let record = json!({"identity": {"alternateName": name}});
        update(&world, &token, "UPDATE identities SET profile = $2 WHERE user_id = $1", &record.to_string()).await;
        let token = access(&browser, &[], &world).await;
        let claims = claims(&token);
        assert_eq!(claims.get("bap").is_some(), carried, "{letters}");
        assert_eq!(claims["name"].as_str().unwrap().chars().count(), letters.min(256));
        let body = world.get_with_token(USERINFO, &token).await.json();
        assert_eq!((&body["bap"], &body["name"]), (&record, &json!(name)));
    }
}

#[tokio::test]
async fn individual_claims_are_returned_if_requested_and_allowed() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let first = access(&browser, &[], &world).await;
    set_email(&world, &first, "ada@example.org", true).await;
    let ask = async |claims: &Value| {
        let text = claims.to_string();
        let token = access(&browser, &[("scope", "openid"), ("claims", &text)], &world).await;
        let mut body = world.get_with_token(USERINFO, &token).await.json();
        body.as_object_mut().unwrap().remove("sub").expect("sub is always told");
        body
    };
    assert_eq!(ask(&json!({})).await, json!({}));
    assert_eq!(ask(&json!({"userinfo": {"email": null}})).await, json!({"email": "ada@example.org"}));
    assert_eq!(
        ask(&json!({"userinfo": {"email_verified": {"essential": true}}})).await,
        json!({"email_verified": true})
    );
    let key = Key::named("ada").pubkey();
    let both =
        ask(&json!({"userinfo": {"pubkey": null, "shoe_size": null, "sub": null}, "id_token": {"name": null}})).await;
    assert_eq!(both, json!({"pubkey": key}));
}

#[tokio::test]
async fn consent_to_less_covers_claims_too() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let claims = json!({"userinfo": {"email": null, "name": null}}).to_string();
    let asked = browser.authorize(&[("scope", "openid profile email"), ("claims", &claims)]).await;
    let query = asked.location().split_once('?').unwrap().1.to_owned();
    let none = json!({"accept": true, "scope": "", "oauth_query": query});
    let refused = browser.post_json("/api/auth/oauth2/consent", &none).await;
    assert_eq!(refused.error(), "400 invalid_request: at least one scope must be granted");
    let more = json!({"accept": true, "scope": "openid offline_access", "oauth_query": query});
    let refused = browser.post_json("/api/auth/oauth2/consent", &more).await;
    assert_eq!(refused.error(), "400 invalid_request: Scope not originally requested");
    let less = json!({"accept": true, "scope": "openid profile", "oauth_query": query});
    let url = browser.post_json("/api/auth/oauth2/consent", &less).await.json()["url"].as_str().unwrap().to_owned();
    let answer = sigma_core::params::Params::parse(url.split_once('?').unwrap().1);
    let tokens = world.exchange(answer.get("code").unwrap(), &[]).await.json();
    assert_eq!(tokens["scope"], "openid profile");
    let token = tokens["access_token"].as_str().unwrap();
    set_email(&world, token, "ada@example.org", true).await;
    let body = world.get_with_token(USERINFO, token).await.json();
    assert_eq!((body.get("email"), body.get("name").is_some()), (None, true));
}

#[tokio::test]
async fn an_email_is_returned_only_if_verified() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let scope = [("scope", "openid email")];
    let first = access(&browser, &scope, &world).await;
    let sub = claims(&first)["sub"].clone();
    for (address, verified, reported) in [
        ("ada@example.org", true, true),
        ("ada@example.org", false, false),
        ("ada@sigma.local", true, false),
        ("ada@Sigma.Identity", true, false),
        ("ada@not-sigma.local", true, true),
    ] {
        set_email(&world, &first, address, verified).await;
        let token = access(&browser, &scope, &world).await;
        let body = world.get_with_token(USERINFO, &token).await.json();
        let wanted =
            if reported { json!({"sub": sub, "email": address, "email_verified": true}) } else { json!({"sub": sub}) };
        assert_eq!(body, wanted, "{address}");
        assert_eq!(claims(&token).get("email").is_some(), reported, "{address} in the access token");
    }
}

#[tokio::test]
async fn placeholder_addresses_are_opt_in_and_never_verified() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let scope = [("scope", "openid email")];
    let token = access(&browser, &scope, &world).await;
    let sub = claims(&token)["sub"].as_str().unwrap().to_owned();
    assert_eq!(world.get_with_token(USERINFO, &token).await.json(), json!({"sub": sub}));
    world.change_app(APP, |app| app.placeholder_email = true).await;
    let placeholder = json!({"sub": sub, "email": format!("{sub}@users.id.example.org"), "email_verified": false});
    assert_eq!(world.get_with_token(USERINFO, &token).await.json(), placeholder);
    // Somebody else could own an address that was not verified: it is not told in its place.
    set_email(&world, &token, "ada@example.org", false).await;
    assert_eq!(world.get_with_token(USERINFO, &token).await.json(), placeholder);
    set_email(&world, &token, "ada@example.org", true).await;
    let reported = json!({"sub": sub, "email": "ada@example.org", "email_verified": true});
    assert_eq!(world.get_with_token(USERINFO, &token).await.json(), reported);
    // Without the scope there is none of either.
    let token = access(&browser, &[("scope", "openid")], &world).await;
    assert_eq!(world.get_with_token(USERINFO, &token).await.json(), json!({"sub": sub}));
    assert!(claims(&token).get("email").is_none());
}

#[tokio::test]
async fn a_direct_sign_in_has_a_token_for_userinfo() {
    let world = World::new().await;
    let key = Key::named("ada");
    world.browser().sign_up(&key).await;
    let token = key.token("/sigma/authorize", world.now(), "");
    let request = Request::post("/sigma/authorize").header("x-auth-token", token);
    let answer = world.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    let body = world.get_with_token(USERINFO, &token).await.json();
    let shown = (body["pubkey"].as_str(), body["bap_id"].as_str());
    assert_eq!(shown, (Some(key.pubkey().as_str()), Some(key.bap_id().as_str())), "the primary identity");
    // It is Sigma's own: no app can revoke or see it.
    let form = [("token", token.as_str()), ("client_id", APP)];
    assert_eq!(world.post_form("/api/auth/oauth2/revoke", &form, &[]).await.status, 200);
    assert_eq!(world.userinfo_status(&token).await, 200);
    let form = [("grant_type", "client_credentials"), ("client_id", "sigma")];
    let refused = world.post_form(TOKEN, &form, &[]).await;
    assert_eq!(refused.error(), "401 invalid_client: OAuth client not registered: sigma");
}
