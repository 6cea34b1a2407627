//! Identities of an account: registered, proven, rotated (`docs/spec/keys.md#identities`).

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use sigma_bitcoin::{BapId, PrivateKey};
use sigma_core::time::Timestamp;

use crate::support::client::USERINFO;
use crate::support::{Answer, Browser, Key, SIGN_IN, World, ada, text};

const BAP_IDS: &str = "/api/user/bap-ids";
const KEYS: &str = "/api/user/bap-ids/keys";
const OURS: &str = "https://id.example.org/api/user/bap-ids";
const NOT_THEIRS: &str = "BAP_OWNERSHIP_FAILED";

async fn register(browser: &Browser<'_>, body: &Value, proof: Option<String>) -> Answer {
    let mut request = Request::post(BAP_IDS).header("content-type", "application/json");
    if let Some(proof) = proof {
        request = request.header("x-sigma-enrollment-proof", proof);
    }
    browser.send(request, body.to_string()).await
}

async fn rotate(world: &World, browser: &Browser<'_>, bap_id: &str, by: &Key, to: &Key) -> Answer {
    let body = json!({"bapId": bap_id, "pubkey": to.pubkey()}).to_string();
    let now = world.now();
    world.tick();
    let request = Request::post(KEYS)
        .header("content-type", "application/json")
        .header("x-auth-token", by.token(KEYS, now, &body))
        .header("x-sigma-enrollment-proof", to.token(KEYS, now, &body));
    browser.send(request, body).await
}

fn code(answer: &Answer) -> String {
    answer.json()["code"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn an_identity_is_registered_as_the_command_line_client_does() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let (key, other) = (Key::named("ada"), Key::named("generation three").bap_id());
    let user = browser.get("/api/auth/get-session").await.json()["user"]["id"].clone();
    let body = json!({"bapId": other, "name": "Work", "isPrimary": true, "accountPubkey": key.pubkey(), "counter": 0});
    let made = register(&browser, &body, None).await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert_eq!(made.json()["success"], true);
    let expected =
        json!({"bap_id": other, "user_id": user, "account_pubkey": key.pubkey(), "counter": null, "proven": false});
    assert_eq!(made.json()["bapId"], expected);
    let list = browser.get(BAP_IDS).await.json();
    let lines = list["bapIds"].as_array().unwrap();
    assert_eq!(lines.len(), 2);
    let work = lines.iter().find(|line| line["id"] == other.as_str()).unwrap();
    assert_eq!(
        (&work["identity_key"], &work["name"], &work["is_primary"]),
        (&json!(other), &json!("Work"), &json!(true))
    );
    assert_eq!(lines.iter().filter(|line| line["is_primary"] == true).count(), 1);
    assert_eq!(register(&browser, &body, None).await.status, 200, "again changes nothing");
    // Nobody else learns of what is not proven.
    let public = world.browser().get(&format!("{BAP_IDS}?pubkey={}", key.pubkey())).await.json();
    assert_eq!(public["bapIds"].as_array().unwrap().len(), 1, "{public}");
    assert_eq!(public["bapIds"][0]["id"], key.bap_id());
    assert_eq!(
        world.browser().get(&format!("{BAP_IDS}?pubkey={}", Key::named("x").pubkey())).await.json()["bapIds"],
        json!([])
    );
    assert_eq!(world.browser().get(&format!("{BAP_IDS}?pubkey=xyz")).await.status, 400);
    assert_eq!(world.browser().get(BAP_IDS).await.status, 401);
    let tokens = browser.tokens("openid profile").await;
    assert_eq!(world.get_with_token(BAP_IDS, text(&tokens, "access_token")).await.status, 403, "apps see one alone");
}

#[tokio::test]
async fn every_generation_of_identities_signs_in_alike_and_is_proven_by_its_own_key() {
    let file: Value = serde_json::from_str(include_str!("../../../bitcoin/vectors/bap.json")).unwrap();
    // The account key, and the key of the address that the id is the hash of.
    let member = PrivateKey::from_bytes(*sigma_core::digest::Digest::of("a member").as_bytes()).unwrap();
    let identity = member.derive_child(&member.public_key(), "1-sigma-identity-0").unwrap();
    let seconds = [(member.clone(), member.clone()), (member.clone(), identity)];
    for (account, root) in seconds {
        let world = World::new().await;
        let (account, root) = (Key(account), Key(root));
        let bap_id = BapId::of_address(&root.0.public_key().address()).to_string();
        let browser = world.browser();
        assert_eq!(browser.sign_up_as(&account, &bap_id).await.status, 200);
        let body = json!({"bapId": bap_id, "accountPubkey": account.pubkey()});
        let proof = root.token(OURS, world.now(), &body.to_string());
        world.tick();
        let made = register(&browser, &body, Some(proof)).await;
        assert_eq!(made.json()["bapId"]["proven"], true, "{}", made.body);
        let signed_in = world.browser();
        assert_eq!(signed_in.sign_in(&account).await.status, 200);
        let tokens = signed_in.tokens("openid profile").await;
        let info = world.get_with_token(USERINFO, text(&tokens, "access_token")).await.json();
        assert_eq!((&info["bap_id"], &info["pubkey"]), (&json!(bap_id), &json!(account.pubkey())));
        assert_eq!(info["bap"], Value::Null);
    }
    // The vectors agree about how an id follows from a root address, for every generation.
    for vector in file["bapIdFromAddress"].as_array().unwrap() {
        assert_eq!(BapId::of_address(vector["address"].as_str().unwrap()).as_str(), vector["bapId"]);
    }
}

#[tokio::test]
async fn an_identity_of_another_account_is_refused_and_proof_displaces_a_claim() {
    let world = World::with(|settings| settings.limits.delays = false).await;
    let browser = ada(&world).await;
    let (key, eve, root) = (Key::named("ada"), Key::named("eve"), Key::named("root"));
    let eves = world.browser();
    eves.sign_up(&eve).await;
    let rows = world.rows().await;
    let taken = register(&eves, &json!({"bapId": key.bap_id(), "accountPubkey": eve.pubkey()}), None).await;
    assert_eq!((taken.status.as_u16(), code(&taken)), (403, NOT_THEIRS.to_owned()));
    assert_eq!(world.rows().await, rows);
    assert_eq!(register(&eves, &json!({"bapId": root.bap_id()}), None).await.status, 200, "first come");
    let body = json!({"bapId": root.bap_id()});
    // Another server that received a proof cannot use it here.
    for path in [BAP_IDS, "https://evil.example/api/user/bap-ids"] {
        let stolen = root.token(path, world.now(), &body.to_string());
        let refused = register(&browser, &body, Some(stolen)).await;
        assert!([401, 403].contains(&refused.status.as_u16()), "{path}: {}", refused.body);
    }
    let unbound = root.token(OURS, world.now(), "");
    assert_eq!(register(&browser, &body, Some(unbound)).await.status, 401);
    let forged = eve.token(OURS, world.now(), &body.to_string()).replacen(&eve.pubkey(), &root.pubkey(), 1);
    assert_eq!(register(&browser, &body, Some(forged)).await.status, 401);
    let late = Timestamp::from_micros(world.now().micros() - 301_000_000);
    assert_eq!(register(&browser, &body, Some(root.token(OURS, late, &body.to_string()))).await.status, 401);
    let proof = root.token(OURS, world.now(), &body.to_string());
    let proven = register(&browser, &body, Some(proof.clone())).await;
    assert_eq!(proven.json()["bapId"]["proven"], true, "{}", proven.body);
    assert_eq!(code(&register(&eves, &body, None).await), NOT_THEIRS);
    assert_eq!(register(&eves, &body, Some(proof)).await.status, 401, "a replay");
    assert_eq!(world.sign(&root, SIGN_IN).await.json()["code"], "USER_NOT_FOUND", "its root key signs in to nothing");
    for (path, method) in [("set-active", "organizationId"), ("create", "slug")] {
        let body = json!({ method: root.bap_id() });
        assert_eq!(eves.post_json(&format!("/api/auth/organization/{path}"), &body).await.status, 403, "{path}");
        assert_eq!(browser.post_json(&format!("/api/auth/organization/{path}"), &body).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_second_member_key_that_signs_becomes_a_key_of_the_account_in_a_fresh_session() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let second = Key::named("second member");
    let body = json!({"bapId": second.bap_id(), "accountPubkey": second.pubkey()});
    let proof = |world: &World| second.token(OURS, world.now(), &body.to_string());
    world.advance(901);
    assert_eq!(code(&register(&browser, &body, Some(proof(&world))).await), "SESSION_NOT_FRESH");
    browser.sign_in(&Key::named("ada")).await;
    let made = register(&browser, &body, Some(proof(&world))).await;
    assert_eq!(made.json()["bapId"]["proven"], true, "{}", made.body);
    world.tick();
    let user = browser.get("/api/auth/get-session").await.json()["user"]["id"].clone();
    assert_eq!(world.sign(&second, SIGN_IN).await.json()["user"]["id"], user);
    // A key of another account stays there.
    let eve = Key::named("eve");
    world.browser().sign_up(&eve).await;
    let body = json!({"bapId": eve.bap_id(), "accountPubkey": eve.pubkey()});
    let proof = eve.token(OURS, world.now(), &body.to_string());
    assert_eq!(code(&register(&browser, &body, Some(proof)).await), "KEY_UNUSABLE");
}

#[tokio::test]
async fn an_identity_rotates_to_a_key_that_signs_and_a_retired_key_does_nothing_more() {
    let world = World::with(|settings| settings.limits.delays = false).await;
    let browser = ada(&world).await;
    let (old, new, third) = (Key::named("ada"), Key::named("rotated"), Key::named("third"));
    let bap_id = old.bap_id();
    let rows = world.rows().await;
    assert_eq!(code(&rotate(&world, &browser, &bap_id, &Key::named("eve"), &new).await), NOT_THEIRS);
    assert_eq!(code(&rotate(&world, &browser, &Key::named("x").bap_id(), &old, &new).await), NOT_THEIRS);
    assert_eq!(rotate(&world, &world.browser(), &bap_id, &old, &new).await.status, 401);
    assert_eq!(world.rows().await, rows);
    let rotated = rotate(&world, &browser, &bap_id, &old, &new).await;
    assert_eq!(rotated.json(), json!({"success": true, "bapId": bap_id, "pubkey": new.pubkey()}), "{}", rotated.body);
    let tokens = browser.tokens("openid profile").await;
    let info = world.get_with_token(USERINFO, text(&tokens, "access_token")).await.json();
    assert_eq!((&info["bap_id"], &info["pubkey"]), (&json!(bap_id), &json!(new.pubkey())));
    assert_eq!(world.sign(&new, SIGN_IN).await.status, 200);
    let retired = [("kind", "key"), ("id", &old.pubkey())];
    assert_eq!(browser.post_form("/account/credentials/retire", &retired).await.status, 303);
    assert_eq!(code(&world.sign(&old, SIGN_IN).await), "USER_NOT_FOUND");
    assert_eq!(world.browser().sign_up(&old).await.status, 403);
    assert_eq!(code(&rotate(&world, &browser, &bap_id, &old, &third).await), NOT_THEIRS);
    assert_eq!(code(&rotate(&world, &browser, &bap_id, &new, &old).await), "KEY_UNUSABLE");
    let body = json!({"bapId": Key::named("y").bap_id(), "accountPubkey": old.pubkey()});
    let proof = old.token(OURS, world.now(), &body.to_string());
    assert_eq!(code(&register(&browser, &body, Some(proof)).await), "KEY_UNUSABLE");
    world.advance(901);
    assert_eq!(code(&rotate(&world, &browser, &bap_id, &new, &third).await), "SESSION_NOT_FRESH");
}

#[tokio::test]
async fn malformed_registrations_are_refused() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let rows = world.rows().await;
    for bad in [
        json!({}),
        json!([]),
        json!({"bapId": "x"}),
        json!({"bapId": 7}),
        json!({"bapId": Key::named("a").bap_id(), "name": "a\u{0}"}),
        json!({"bapId": Key::named("a").bap_id(), "name": "x".repeat(101)}),
        json!({"bapId": Key::named("a").bap_id(), "accountPubkey": "02"}),
        json!({"bapId": Key::named("a").bap_id(), "counter": -1}),
    ] {
        assert_eq!(register(&browser, &bad, None).await.status, 400, "{bad}");
    }
    assert_eq!(world.rows().await, rows);
}

#[tokio::test]
async fn the_public_profile_of_an_identity_has_what_published_clients_show_and_no_more() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let bap_id = Key::named("ada").bap_id();
    let path = format!("/api/bap/profile?bapId={bap_id}");
    let none = world.browser().get(&path).await;
    assert_eq!((none.status.as_u16(), &none.json()["error"]), (404, &json!("Profile not found")));
    let filled = json!({"alternateName": "ada", "description": "Analyst", "birthdate": "1815-12-10", "name": "Ada"});
    assert_eq!(browser.post_json("/api/profile/create", &filled).await.status, 200);
    let public = world.browser().get(&path).await;
    assert_eq!(public.header("access-control-allow-origin"), "*");
    let public = public.json();
    assert_eq!(public["status"], "OK");
    assert_eq!(public["result"]["idKey"], bap_id);
    let identity =
        json!({"@context": "https://schema.org", "@type": "Person", "alternateName": "ada", "description": "Analyst"});
    assert_eq!(public["result"]["identity"], identity);
    for other in ["", "?bapId=x", "?bapId=%00", &format!("?bapId={}", Key::named("nobody").bap_id())] {
        assert_eq!(world.browser().get(&format!("/api/bap/profile{other}")).await.status, 404, "{other}");
    }
    let squatted = Key::named("squatted").bap_id();
    register(&browser, &json!({"bapId": squatted}), None).await;
    browser.post_json("/api/profile/create", &json!({"bapId": squatted, "alternateName": "x"})).await;
    assert_eq!(world.browser().get(&format!("/api/bap/profile?bapId={squatted}")).await.status, 404);
}

#[tokio::test]
async fn the_identity_that_an_app_was_shown_last_is_its_users_secret() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let key = Key::named("ada");
    let path = format!("/api/user/last-oauth-identity?pubkey={}&clientId=playground", key.pubkey());
    assert_eq!(browser.get(&path).await.json(), json!({"lastSelectedBapId": null}));
    browser.code(&[]).await;
    assert_eq!(browser.get(&path).await.json(), json!({"lastSelectedBapId": key.bap_id()}));
    assert_eq!(world.browser().get(&path).await.status, 401);
    let eves = world.browser();
    eves.sign_up(&Key::named("eve")).await;
    assert_eq!(eves.get(&path).await.json(), json!({"lastSelectedBapId": null}));
    assert_eq!(browser.get("/api/user/last-oauth-identity").await.status, 400);
    let signed = Request::get("/api/user/last-oauth-identity?clientId=playground")
        .header("x-auth-token", key.token("/api/user/last-oauth-identity", world.now(), ""));
    assert_eq!(world.send(signed.body(Body::empty()).unwrap()).await.json()["lastSelectedBapId"], key.bap_id());
}
