//! The session cookie (`docs/spec/sessions.md#session-cookie`).

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use serde_json::{Value, json};

use crate::support::{Key, SIGN_IN, World};

const NAME: &str = "__Secure-better-auth.session_token";

/// `Set-Cookie` of a fresh sign-in, and its world.
async fn signed_in(issuer: &'static str) -> (World, String) {
    let world = World::with(|settings| issuer.clone_into(&mut settings.issuer)).await;
    let ada = Key::named("ada");
    world.browser().sign_up(&ada).await;
    let cookie = world.sign(&ada, SIGN_IN).await.header("set-cookie").to_owned();
    (world, cookie)
}

/// The user whom a server sees behind these cookies.
async fn session(world: &World, cookies: &str) -> Value {
    let request = Request::get("/api/auth/get-session").header("cookie", cookies).body(Body::empty()).unwrap();
    world.send(request).await.json()
}

#[tokio::test]
async fn over_https_the_cookie_is_secure_and_says_so_in_its_name() {
    let (_, cookie) = signed_in("https://id.example.org").await;
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure");
    let (name, value) = pair.split_once('=').unwrap();
    assert_eq!(name, NAME);
    let (token, signature) = value.split_once('.').unwrap();
    assert!(token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let signature = percent_encoding::percent_decode_str(signature).decode_utf8().unwrap();
    assert!(signature.len() == 44 && signature.ends_with('='), "{signature}");
    assert_eq!(STANDARD.decode(signature.as_bytes()).unwrap().len(), 32);
}

#[tokio::test]
async fn over_http_the_cookie_has_its_plain_name() {
    let (world, cookie) = signed_in("http://localhost:8080").await;
    assert!(cookie.starts_with("better-auth.session_token="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"), "{cookie}");
    let pair = cookie.split(';').next().unwrap();
    assert_ne!(session(&world, pair).await, Value::Null);
    assert_eq!(session(&world, &format!("__Secure-{pair}")).await, Value::Null);
}

#[tokio::test]
async fn the_cookie_lives_as_long_as_the_session() {
    let world = World::with(|settings| settings.sign_in.session_days = 2).await;
    let ada = Key::named("ada");
    world.browser().sign_up(&ada).await;
    let cookie = world.sign(&ada, SIGN_IN).await.header("set-cookie").to_owned();
    assert!(cookie.contains("Max-Age=172800"), "{cookie}");
    let pair = cookie.split(';').next().unwrap();
    world.advance(172_799);
    assert_ne!(session(&world, pair).await, Value::Null);
    world.advance(1);
    assert_eq!(session(&world, pair).await, Value::Null);
}

#[tokio::test]
async fn an_unsigned_session_cookie_is_ignored() {
    let (world, cookie) = signed_in("https://id.example.org").await;
    let value = cookie.split(';').next().unwrap().split_once('=').unwrap().1;
    let (token, signature) = value.split_once('.').unwrap();
    let plain = percent_encoding::percent_decode_str(signature).decode_utf8().unwrap().into_owned();
    for taken in [value.to_owned(), format!("{token}.{plain}")] {
        assert_ne!(session(&world, &format!("{NAME}={taken}")).await, Value::Null, "percent-encoded or not");
    }
    let (_, foreign) = signed_in("https://id.example.org").await;
    let foreign = foreign.split(';').next().unwrap().split_once('=').unwrap().1.to_owned();
    let first = if token.starts_with('a') { 'b' } else { 'a' };
    let other_token = format!("{first}{}", &token[1..]);
    let zeros = STANDARD.encode([0; 32]);
    let forged = [
        String::new(),
        ".".to_owned(),
        token.to_owned(),
        format!("{token}."),
        format!(".{signature}"),
        format!("{token}.{zeros}"),
        format!("{token}.{}", &plain[..20]),
        format!("{token}.{}", plain.trim_end_matches('=')),
        format!("{token}.{plain}{plain}"),
        format!("{token}.{}", STANDARD.encode(&STANDARD.decode(&plain).unwrap()[..16])),
        format!("{other_token}.{signature}"),
        format!("{token}.{token}.{signature}"),
        format!("{token} .{signature}"),
        foreign,
        "%ff%fe.%00".to_owned(),
        "x".repeat(8_000),
    ];
    for value in forged {
        assert_eq!(session(&world, &format!("{NAME}={value}")).await, Value::Null, "{value}");
    }
}

#[tokio::test]
async fn cookies_of_other_names_are_ignored() {
    let (world, cookie) = signed_in("https://id.example.org").await;
    let value = cookie.split(';').next().unwrap().split_once('=').unwrap().1;
    for name in ["better-auth.session_token", "__Secure-session_token", "__secure-better-auth.session_token", "session"]
    {
        assert_eq!(session(&world, &format!("{name}={value}")).await, Value::Null, "{name}");
    }
    let among = format!("a=b; {NAME}={value}; c=d");
    assert_ne!(session(&world, &among).await, Value::Null);
}

#[tokio::test]
async fn signing_out_clears_the_cookie_and_ends_the_session() {
    let ada = Key::named("ada");
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&ada).await;
    let held = browser.cookies();
    let answer = browser.post_json("/api/auth/sign-out", &json!({})).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, r#"{"success":true}"#));
    assert_eq!(answer.header("set-cookie"), format!("{NAME}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"));
    assert_eq!(session(&world, &held).await, Value::Null, "a copy of the cookie is worth nothing");
    // As the CLI does it: no Origin, no body; and again, when there is nothing left to end.
    for cookies in [held.as_str(), ""] {
        let request = Request::post("/api/auth/sign-out").header("cookie", cookies);
        let again = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(again.body, r#"{"success":true}"#);
    }
}

#[tokio::test]
async fn the_front_page_signs_out_by_a_form() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let held = browser.cookies();
    let answer = browser.post_form("/sign-out", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, "/"));
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(session(&world, &held).await, Value::Null);
}

#[tokio::test]
async fn a_session_cookie_planted_by_a_sibling_host_is_ignored() {
    let (world, cookie) = signed_in("https://id.example.org").await;
    let ada = cookie.split(';').next().unwrap();
    let eve = Key::named("eve");
    world.browser().sign_up(&eve).await;
    let eve = world.sign(&eve, SIGN_IN).await.header("set-cookie").split(';').next().unwrap().to_owned();
    assert_eq!(session(&world, &format!("{eve}; {ada}")).await, Value::Null, "Ada does not act as Eve");
    assert_eq!(session(&world, &format!("{ada}; {eve}")).await, Value::Null);
    let held = session(&world, ada).await;
    assert_eq!(
        session(&world, &format!("{NAME}=junk; {ada}; {NAME}=x.y")).await,
        held,
        "nor is she signed out by junk"
    );
    assert_eq!(session(&world, &format!("{ada}; {ada}")).await, held);
}
