//! Passkeys: added on the account page, and used to sign in (`docs/guides/second-factors.md`).

use http::StatusCode;
use serde_json::{Value, json};
use sigma_core::event::Event;
use sigma_store::event::Trail;

use crate::support::{Answer, Authenticator, Browser, Key, PASSKEYS, SIGN_IN_PASSKEY, World, ada, claims};

/// Status and code of a refusal.
fn refusal(answer: &Answer) -> String {
    format!("{} {}", answer.status.as_u16(), answer.json()["code"].as_str().unwrap_or("?"))
}

async fn who(browser: &Browser<'_>) -> Value {
    let session = browser.get("/api/auth/get-session").await;
    if session.body == "null" { Value::Null } else { session.json()["user"]["id"].clone() }
}

/// A browser in which Ada is signed in, and her passkey.
async fn ada_with_passkey(world: &World) -> (Browser<'_>, Authenticator) {
    let (browser, mut passkey) = (ada(world).await, Authenticator::named("laptop"));
    let added = browser.add_passkey(&mut passkey).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.body);
    assert_eq!(added.json(), json!({"id": passkey.id, "name": "Laptop"}));
    world.tick();
    (browser, passkey)
}

async fn failures(world: &World) -> Vec<String> {
    let events = world.trail(Trail::All).await;
    let failed =
        |event: &Event| (event.action == "user.sign_in_failed").then(|| event.details.reason.clone()).flatten();
    events.iter().filter_map(failed).collect()
}

#[tokio::test]
async fn a_passkey_signs_in_where_nobody_was_and_counts_as_two_factors() {
    let world = World::new().await;
    let (browser, mut passkey) = ada_with_passkey(&world).await;
    let other = world.browser();
    let options = other.request_options("").await;
    assert_eq!(options["rpId"], "id.example.org");
    assert_eq!(options["allowCredentials"], json!([]), "a visitor is told no passkeys of anybody");
    let answer = other.use_passkey(&mut passkey, "").await;
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({"continue": "/"})), "{}", answer.body);
    assert_eq!(who(&other).await, who(&browser).await);
    let token = claims(other.tokens("openid").await["id_token"].as_str().unwrap());
    assert_eq!((&token["acr"], &token["amr"]), (&json!("2"), &json!(["pop", "hwk", "user"])));
}

#[tokio::test]
async fn a_passkey_without_user_verification_is_one_factor() {
    let world = World::new().await;
    let (_, mut passkey) = ada_with_passkey(&world).await;
    passkey.verifies_user = false;
    let other = world.browser();
    assert_eq!(other.use_passkey(&mut passkey, "").await.status, StatusCode::OK);
    let token = claims(other.tokens("openid").await["id_token"].as_str().unwrap());
    assert_eq!((&token["acr"], &token["amr"]), (&json!("1"), &json!(["pop", "hwk"])));
    let unverified = Authenticator { verifies_user: false, ..Authenticator::named("old") };
    let browser = world.browser();
    browser.sign_up(&Key::named("bob")).await;
    let options = browser.creation_options().await;
    let answer = browser.post_json(PASSKEYS, &unverified.create(&options)).await;
    assert_eq!(refusal(&answer), "400 PASSKEY_NOT_VERIFIED", "each passkey can be a second factor");
}

#[tokio::test]
async fn the_account_is_known_to_authenticators_by_a_random_id() {
    let world = World::new().await;
    let (browser, passkey) = ada_with_passkey(&world).await;
    let handle = passkey.user_handle.unwrap();
    assert_eq!(handle.len(), 43, "256 bits");
    assert!(!handle.contains("user_"));
    let options = browser.creation_options().await;
    assert_eq!(options["user"]["id"], handle, "the same for each passkey of the account");
    assert_eq!(options["excludeCredentials"], json!([{"type": "public-key", "id": passkey.id}]));
    let bob = world.browser();
    bob.sign_up(&Key::named("bob")).await;
    assert_ne!(bob.creation_options().await["user"]["id"], handle);
}

#[tokio::test]
async fn a_challenge_works_once() {
    let world = World::new().await;
    let (_, mut passkey) = ada_with_passkey(&world).await;
    let thief = world.browser();
    let options = thief.request_options("").await;
    let proof = passkey.get(&options);
    assert_eq!(thief.post_json(SIGN_IN_PASSKEY, &proof).await.status, StatusCode::OK);
    assert_eq!(refusal(&thief.post_json(SIGN_IN_PASSKEY, &proof).await), "400 CHALLENGE_EXPIRED", "replayed");
    let again = passkey.get(&options);
    assert_eq!(refusal(&thief.post_json(SIGN_IN_PASSKEY, &again).await), "400 CHALLENGE_EXPIRED", "answered anew");
    assert_eq!(failures(&world).await, ["replayed"]);
}

#[tokio::test]
async fn a_challenge_of_another_browser_is_refused() {
    let world = World::new().await;
    let (_, mut passkey) = ada_with_passkey(&world).await;
    let (one, two) = (world.browser(), world.browser());
    let proof = passkey.get(&one.request_options("").await);
    two.request_options("").await;
    for browser in [&two, &world.browser()] {
        assert_eq!(refusal(&browser.post_json(SIGN_IN_PASSKEY, &proof).await), "400 CHALLENGE_UNKNOWN");
        assert_eq!(who(browser).await, Value::Null);
    }
    assert_eq!(one.post_json(SIGN_IN_PASSKEY, &proof).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_challenge_expires_after_five_minutes_and_serves_one_purpose() {
    let world = World::new().await;
    let (browser, mut passkey) = ada_with_passkey(&world).await;
    let options = browser.request_options("").await;
    world.advance(300);
    assert_eq!(refusal(&browser.post_json(SIGN_IN_PASSKEY, &passkey.get(&options)).await), "400 CHALLENGE_EXPIRED");
    let creation = browser.creation_options().await;
    assert_eq!(refusal(&browser.post_json(SIGN_IN_PASSKEY, &passkey.get(&creation)).await), "400 CHALLENGE_UNKNOWN");
    let request = browser.request_options("").await;
    let new = Authenticator::named("phone").create(&request);
    assert_eq!(refusal(&browser.post_json(PASSKEYS, &new).await), "400 CHALLENGE_UNKNOWN");
    let mut made_up = request.clone();
    made_up["challenge"] = json!("AAAA");
    assert_eq!(refusal(&browser.post_json(SIGN_IN_PASSKEY, &passkey.get(&made_up)).await), "400 CHALLENGE_UNKNOWN");
}

#[tokio::test]
async fn a_passkey_used_on_another_page_is_refused() {
    let world = World::new().await;
    let (_, mut passkey) = ada_with_passkey(&world).await;
    let browser = world.browser();
    for (origin, rp_id) in [
        ("https://evil.example", "id.example.org"),
        ("http://id.example.org", "id.example.org"),
        ("https://id.example.org", "evil.example"),
    ] {
        (passkey.origin, passkey.rp_id) = (origin, rp_id);
        assert_eq!(refusal(&browser.use_passkey(&mut passkey, "").await), "400 PASSKEY_FOREIGN", "{origin} {rp_id}");
    }
    assert_eq!(who(&browser).await, Value::Null);
}

#[tokio::test]
async fn a_copied_passkey_is_refused_and_recorded() {
    let world = World::new().await;
    let (_, mut passkey) = ada_with_passkey(&world).await;
    passkey.count = 10;
    assert_eq!(world.browser().use_passkey(&mut passkey, "").await.status, StatusCode::OK);
    passkey.count = 5;
    let browser = world.browser();
    assert_eq!(refusal(&browser.use_passkey(&mut passkey, "").await), "401 PASSKEY_CLONED");
    assert_eq!(who(&browser).await, Value::Null);
    assert_eq!(failures(&world).await, ["cloned_passkey"]);
    passkey.count = 11;
    assert_eq!(browser.use_passkey(&mut passkey, "").await.status, StatusCode::OK, "the original still works");
}

#[tokio::test]
async fn an_authenticator_without_a_counter_is_no_copy() {
    let world = World::new().await;
    let (_, mut passkey) = ada_with_passkey(&world).await;
    for _ in 0..2 {
        let browser = world.browser();
        let options = browser.request_options("").await;
        passkey.counts = false;
        let proof = passkey.get(&options);
        assert_eq!(browser.post_json(SIGN_IN_PASSKEY, &proof).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn an_unknown_or_removed_passkey_is_refused() {
    let world = World::new().await;
    let (browser, mut passkey) = ada_with_passkey(&world).await;
    let mut stranger = Authenticator::named("stranger");
    assert_eq!(refusal(&browser.use_passkey(&mut stranger, "").await), "401 PASSKEY_UNKNOWN");
    // Another key under the id of hers.
    let mut forged = Authenticator { id: passkey.id.clone(), ..Authenticator::named("forged") };
    forged.count = 100;
    assert_eq!(refusal(&world.browser().use_passkey(&mut forged, "").await), "401 PASSKEY_INVALID");
    let form = [("kind", "passkey"), ("id", passkey.id.as_str())];
    assert_eq!(browser.post_form("/account/credentials/retire", &form).await.location(), "/account?done=retired");
    assert_eq!(refusal(&world.browser().use_passkey(&mut passkey, "").await), "401 PASSKEY_UNKNOWN");
}

#[tokio::test]
async fn a_passkey_of_another_account_does_not_confirm_this_one() {
    let world = World::new().await;
    let (_, mut hers) = ada_with_passkey(&world).await;
    let bob = world.browser();
    bob.sign_up(&Key::named("bob")).await;
    let mut his = Authenticator::named("his");
    assert_eq!(bob.add_passkey(&mut his).await.status, StatusCode::CREATED);
    // Bob signs in with his key alone, and an app asks for more.
    let bob = world.browser();
    bob.sign_in(&Key::named("bob")).await;
    let before = who(&bob).await;
    let asked = bob.authorize(&[("acr_values", "2")]).await;
    let query = format!("?interaction={}", asked.param("interaction").unwrap());
    let options = bob.request_options(&query).await;
    assert_eq!(options["allowCredentials"], json!([{"type": "public-key", "id": his.id}]));
    let answer = bob.use_passkey(&mut hers, &query).await;
    assert_eq!(refusal(&answer), "403 PASSKEY_OF_ANOTHER");
    assert_eq!(who(&bob).await, before);
    // A passkey that claims to be of another account than it is.
    let mut mixed = world.browser();
    hers.user_handle = his.user_handle.clone();
    assert_eq!(refusal(&mixed.use_passkey(&mut hers, "").await), "403 PASSKEY_OF_ANOTHER");
    mixed = bob;
    assert_eq!(mixed.use_passkey(&mut his, &query).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_passkey_belongs_to_one_account_and_an_account_has_twenty_at_most() {
    let world = World::new().await;
    let (browser, mut passkey) = ada_with_passkey(&world).await;
    assert_eq!(refusal(&browser.add_passkey(&mut passkey).await), "409 PASSKEY_KNOWN");
    let bob = world.browser();
    bob.sign_up(&Key::named("bob")).await;
    assert_eq!(refusal(&bob.add_passkey(&mut passkey).await), "409 PASSKEY_KNOWN");
    for number in 1..20 {
        let mut next = Authenticator::named(&format!("number {number}"));
        assert_eq!(browser.add_passkey(&mut next).await.status, StatusCode::CREATED, "{number}");
    }
    assert_eq!(refusal(&browser.add_passkey(&mut Authenticator::named("one more")).await), "409 TOO_MANY_PASSKEYS");
}

#[tokio::test]
async fn passkeys_are_named_by_their_user() {
    let world = World::new().await;
    let (browser, passkey) = ada_with_passkey(&world).await;
    let rename = async |browser: &Browser<'_>, name: &str| {
        browser.post_form("/account/passkeys/rename", &[("id", &passkey.id), ("name", name)]).await
    };
    assert_eq!(rename(&browser, " Work <b>laptop</b> ").await.location(), "/account?done=renamed");
    assert!(browser.get("/account").await.body.contains("Work &#60;b&#62;laptop"));
    assert_eq!(rename(&browser, "  ").await.status, StatusCode::BAD_REQUEST);
    let bob = world.browser();
    bob.sign_up(&Key::named("bob")).await;
    assert_eq!(rename(&bob, "mine").await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn adding_a_passkey_takes_a_session_and_a_recent_sign_in() {
    let world = World::new().await;
    let nobody = world.browser();
    let answer = nobody.post_json("/account/passkeys/options", &json!({})).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let browser = ada(&world).await;
    let options = browser.creation_options().await;
    world.advance(901);
    let new = Authenticator::named("late");
    assert_eq!(refusal(&browser.post_json(PASSKEYS, &new.create(&options)).await), "403 SIGN_IN_AGAIN");
    let answer = browser.post_json("/account/passkeys/options", &json!({})).await;
    assert_eq!(refusal(&answer), "403 SIGN_IN_AGAIN");
}

#[tokio::test]
async fn nonsense_is_refused_and_changes_nothing() {
    let world = World::new().await;
    let (browser, mut passkey) = ada_with_passkey(&world).await;
    let rows = world.rows().await;
    let good = passkey.get(&browser.request_options("").await);
    let mut cases =
        vec![json!({}), json!([]), json!({"id": passkey.id}), json!("text"), json!({"id": 7, "response": {}})];
    for member in ["clientDataJSON", "authenticatorData", "signature"] {
        for value in [json!(""), json!("%%%"), json!("AAAA"), json!(null), json!("A".repeat(4_000))] {
            let mut bad = good.clone();
            bad["response"][member] = value;
            cases.push(bad);
        }
    }
    let visitor = world.browser();
    visitor.request_options("").await;
    for bad in cases {
        let answer = visitor.post_json(SIGN_IN_PASSKEY, &bad).await;
        assert!(answer.status.is_client_error(), "{bad}: {}", answer.body);
        assert_eq!(who(&visitor).await, Value::Null);
    }
    assert_eq!(world.rows().await, rows);
}

#[tokio::test]
async fn passkeys_are_not_offered_where_browsers_have_none_or_they_are_switched_off() {
    let world = World::with(|settings| settings.issuer = "https://192.0.2.1".to_owned()).await;
    let answer = world.browser().post_json("/login/passkey/options", &json!({})).await;
    assert_eq!(refusal(&answer), "404 PASSKEYS_UNAVAILABLE");
    assert!(!world.browser().get("/login").await.body.contains("data-passkey"));
    assert_eq!(world.browser().get("/.well-known/passkey-endpoints").await.status, StatusCode::NOT_FOUND);

    let world = World::with(|settings| settings.sign_in.methods.retain(|method| method.as_str() != "passkey")).await;
    let (_, mut passkey) = ada_with_passkey(&world).await;
    assert!(!world.browser().get("/login").await.body.contains("data-passkey"));
    assert_eq!(refusal(&world.browser().use_passkey(&mut passkey, "").await), "404 PASSKEYS_UNAVAILABLE");
}

#[tokio::test]
async fn password_managers_find_where_passkeys_are_managed() {
    let world = World::new().await;
    let answer = world.browser().get("/.well-known/passkey-endpoints").await;
    let account = "https://id.example.org/account";
    assert_eq!(answer.json(), json!({"enroll": account, "manage": account}));
    let (browser, passkey) = ada_with_passkey(&world).await;
    let page = browser.get("/account").await.body;
    assert!(page.contains(&format!("data-accepted-passkeys=\"{}\"", passkey.id)), "{page}");
}
