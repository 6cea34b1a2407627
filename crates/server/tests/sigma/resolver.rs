//! Published records of identities, and the server that knows them (`docs/spec/keys.md#published-records`).

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use http::StatusCode;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sigma_bitcoin::BapId;
use sigma_core::person::{Identity, IdentityProof};
use sigma_store::identity;

use crate::support::{Answer, Browser, Key, SIGN_IN, SIGN_UP, World, post};

/// How the resolver answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mood {
    #[default]
    Fine,
    /// Not at all.
    Silent,
    /// With an error.
    Failing,
    /// With a page.
    Page,
    /// With a megabyte.
    Huge,
    /// With the record of somebody else, whatever is asked.
    Lying,
}

/// A resolver, played by the test.
#[derive(Clone, Default)]
struct Overlay(Arc<Shared>);

#[derive(Default)]
struct Shared {
    mood: Mutex<Mood>,
    records: Mutex<HashMap<String, Value>>,
    asked: Mutex<Vec<String>>,
}

impl Overlay {
    /// A world whose server asks it.
    async fn world(&self) -> World {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/api/v1", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        World::with(|settings| {
            settings.resolver.url = Some(url);
            settings.resolver.timeout_seconds = 1;
        })
        .await
    }

    fn be(&self, mood: Mood) {
        *self.0.mood.lock().unwrap() = mood;
    }

    fn publish(&self, bap_id: &str, record: &Value) {
        self.0.records.lock().unwrap().insert(bap_id.to_owned(), record.clone());
    }

    /// How often it was asked.
    fn asked(&self) -> usize {
        self.0.asked.lock().unwrap().len()
    }
}

async fn answer(State(overlay): State<Overlay>, request: Request) -> Response {
    assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/api/v1/identity/get"));
    assert_eq!(request.headers()["content-type"], "application/json");
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let asked: Value = serde_json::from_slice(&body).unwrap();
    let bap_id = asked["idKey"].as_str().unwrap().to_owned();
    overlay.0.asked.lock().unwrap().push(bap_id.clone());
    let mood = *overlay.0.mood.lock().unwrap();
    let record = overlay.0.records.lock().unwrap().get(&bap_id).cloned();
    match mood {
        Mood::Silent => std::future::pending().await,
        Mood::Failing => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Mood::Page => "<html>Welcome</html>".into_response(),
        Mood::Huge => vec![b' '; 1_048_576].into_response(),
        Mood::Lying => Json(json!({"status": "OK", "result": record_of(&Key::named("liar"))})).into_response(),
        Mood::Fine => match record {
            Some(record) => Json(json!({"status": "OK", "result": record})).into_response(),
            None => (StatusCode::NOT_FOUND, Json(json!({"status": "ERROR"}))).into_response(),
        },
    }
}

/// A record of the identity whose id is the hash of the key's address.
fn record_of(key: &Key) -> Value {
    let address = key.0.public_key().address();
    json!({
        "idKey": key.bap_id(), "rootAddress": address, "currentAddress": address,
        "addresses": [{"address": address, "txId": "e7becb2968a6afe0f690cbe345fba94b8e4a7da6a014a5d52b080a7d6913c281", "block": 594_320}],
        "identity": {
            "@type": "Person", "@context": "https://schema.org", "alternateName": "Ada", "givenName": "Augusta",
            "familyName": "King", "image": "https://ada.example/picture.png", "description": "Analyst",
        },
        "firstSeen": 1_700_000_000, "txHash": "744a55a8637aa191aa058630da51803abbeadc2de3d65b4acace1f5f10789c5b",
    })
}

/// A record of `bap_id` whose current key is `key`.
fn record_named(bap_id: &str, key: &Key) -> Value {
    let mut record = record_of(key);
    record["idKey"] = json!(bap_id);
    record
}

async fn held(world: &World, bap_id: &str) -> Option<Identity> {
    let wanted = BapId::parse(bap_id).unwrap();
    world.sigma.store.read(move |tx| identity::find(tx, &wanted)).await.unwrap()
}

/// The identity as this process remembers it, which may be a little older than what is stored.
async fn remembered(world: &World, bap_id: &str) -> Option<Identity> {
    let stored = held(world, bap_id).await?;
    let account = world.sigma.find_account(&stored.user_id).await.unwrap()?;
    account.identities.iter().find(|one| one.bap_id == stored.bap_id).cloned()
}

/// Waits until everybody sees that the identity is as `is` says: records are renewed in the background.
async fn until(world: &World, bap_id: &str, is: impl Fn(&Identity) -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        while !remembered(world, bap_id).await.is_some_and(|held| is(&held)) {
            tokio::task::yield_now().await;
        }
    });
    waited.await.unwrap();
}

/// Waits until the resolver was asked `times`.
async fn until_asked(overlay: &Overlay, times: usize) {
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        while overlay.asked() < times {
            tokio::task::yield_now().await;
        }
    });
    waited.await.unwrap();
}

async fn userinfo(world: &World, token: &str) -> Value {
    let answer = world.get_with_token("/userinfo", token).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// Waits until userinfo is as `is` says.
async fn until_told(world: &World, token: &str, is: impl Fn(&Value) -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        while !is(&userinfo(world, token).await) {
            tokio::task::yield_now().await;
        }
    });
    waited.await.unwrap();
}

async fn token(browser: &Browser<'_>) -> String {
    browser.tokens("openid profile").await["access_token"].as_str().unwrap().to_owned()
}

/// Signs up with `key` and an identity for which `signer` signs.
async fn sign_up_with(world: &World, key: &Key, bap_id: &str, signer: &Key) -> Answer {
    let body = json!({"bapId": bap_id, "intent": "sign-up"}).to_string();
    let now = world.now();
    let request = post(SIGN_UP)
        .header("x-auth-token", key.token(SIGN_IN, now, ""))
        .header("x-sigma-enrollment-proof", key.token(SIGN_UP, now, &body))
        .header("x-sigma-identity-proof", signer.token(&format!("https://id.example.org{SIGN_UP}"), now, &body));
    let answer = world.send(request.body(Body::from(body)).unwrap()).await;
    world.tick();
    answer
}

#[tokio::test]
async fn userinfo_has_the_published_record_of_a_proven_identity_as_it_is() {
    let overlay = Overlay::default();
    let ada = Key::named("ada");
    overlay.publish(&ada.bap_id(), &record_of(&ada));
    let world = overlay.world().await;
    let browser = world.browser();
    assert_eq!(browser.sign_up(&ada).await.status, 200);
    until(&world, &ada.bap_id(), |held| held.profile.is_some()).await;
    let first = token(&browser).await;
    until_told(&world, &first, |info| info["bap"] == record_of(&ada)).await;
    let token = token(&browser).await;
    let info = userinfo(&world, &token).await;
    assert_eq!(info["bap_id"], ada.bap_id());
    let shown = ["name", "given_name", "family_name", "picture", "bitcoin_address"].map(|claim| info[claim].clone());
    let address = ada.0.public_key().address();
    assert_eq!(shown, ["Ada", "Augusta", "King", "https://ada.example/picture.png", address.as_str()]);
    let bap = crate::support::claims(&token)["bap"].as_str().map(serde_json::from_str::<Value>);
    assert_eq!(bap.unwrap().unwrap(), record_of(&ada), "a string in tokens");
    let public =
        world.send(http::Request::get(format!("/api/bap/profile?bapId={}", ada.bap_id())).body(Body::empty()).unwrap());
    assert_eq!(public.await.json(), json!({"status": "OK", "result": record_of(&ada)}));
    assert_eq!(overlay.asked(), 1, "it is asked once for all of this");

    // A record that was changed is noticed after a while, one that is gone as well.
    let mut changed = record_of(&ada);
    changed["identity"]["alternateName"] = json!("Countess");
    overlay.publish(&ada.bap_id(), &changed);
    world.advance(3_601);
    assert_eq!(userinfo(&world, &token).await["name"], "Ada", "userinfo has what is known, and has it renewed");
    until_told(&world, &token, |info| info["name"] == "Countess").await;
    overlay.0.records.lock().unwrap().clear();
    world.advance(3_601);
    let without = |info: &Value| (&info["bap"], &info["bap_id"]) == (&Value::Null, &json!(ada.bap_id()));
    until_told(&world, &token, without).await;
}

#[tokio::test]
async fn without_a_resolver_or_a_record_bap_is_null() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let info = userinfo(&world, &token(&browser).await).await;
    assert_eq!(info["bap"], Value::Null);
    assert!(held(&world, &Key::named("ada").bap_id()).await.unwrap().resolved_at.is_none());
    let overlay = Overlay::default();
    let world = overlay.world().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    until(&world, &Key::named("ada").bap_id(), |held| held.resolved_at.is_some()).await;
    let token = token(&browser).await;
    assert_eq!(userinfo(&world, &token).await["bap"], Value::Null);
}

#[tokio::test]
async fn userinfo_and_sign_in_never_wait_for_a_resolver_and_a_bad_answer_changes_nothing() {
    let overlay = Overlay::default();
    let ada = Key::named("ada");
    overlay.publish(&ada.bap_id(), &record_of(&ada));
    let world = overlay.world().await;
    let browser = world.browser();
    browser.sign_up(&ada).await;
    until(&world, &ada.bap_id(), |held| held.profile.is_some()).await;
    let token = token(&browser).await;
    let known = held(&world, &ada.bap_id()).await;
    for mood in [Mood::Silent, Mood::Failing, Mood::Page, Mood::Huge, Mood::Lying] {
        overlay.be(mood);
        world.advance(3_700);
        let asked = overlay.asked();
        assert_eq!(userinfo(&world, &token).await["bap"], record_of(&ada), "{mood:?}");
        assert_eq!(world.sign_as(&ada, SIGN_IN, &ada.bap_id()).await.status, 200, "{mood:?}");
        until_asked(&overlay, asked + 1).await;
        // Whoever comes a minute later is told the same.
        world.advance(61);
        assert_eq!(userinfo(&world, &token).await["bap"], record_of(&ada), "{mood:?}");
        until_asked(&overlay, asked + 2).await;
    }
    assert_eq!(held(&world, &ada.bap_id()).await, known);
    // It is there again.
    overlay.be(Mood::Fine);
    world.advance(3_700);
    userinfo(&world, &token).await;
    let seen = known.unwrap().resolved_at;
    until(&world, &ada.bap_id(), |held| held.resolved_at > seen).await;
}

#[tokio::test]
async fn a_resolver_that_is_down_is_left_alone_for_a_while() {
    let overlay = Overlay::default();
    overlay.be(Mood::Failing);
    let world = overlay.world().await;
    let (ada, other) = (Key::named("ada"), Key::named("signer"));
    for number in 0..5 {
        let bap_id = Key::named(&format!("root {number}")).bap_id();
        assert_eq!(sign_up_with(&world, &ada, &bap_id, &other).await.status, 200, "it registers, unproven");
        until_asked(&overlay, number + 1).await;
    }
    let asked = overlay.asked();
    for number in 5..9 {
        let bap_id = Key::named(&format!("root {number}")).bap_id();
        assert_eq!(sign_up_with(&world, &ada, &bap_id, &other).await.status, 200);
        assert_eq!(held(&world, &bap_id).await.unwrap().proof, IdentityProof::None);
    }
    assert!(overlay.asked() <= asked + 4, "what was under way when it failed: {asked} {}", overlay.asked());
    let asked = overlay.asked();
    sign_up_with(&world, &ada, &Key::named("root 9").bap_id(), &other).await;
    assert_eq!(overlay.asked(), asked);
    // After ten minutes at the most somebody tries again.
    overlay.be(Mood::Fine);
    let late = Key::named("root late").bap_id();
    overlay.publish(&late, &record_named(&late, &other));
    world.advance(601);
    assert_eq!(sign_up_with(&world, &ada, &late, &other).await.status, 200);
    assert_eq!(held(&world, &late).await.unwrap().proof, IdentityProof::Record);
}

#[tokio::test]
async fn a_record_that_names_the_key_proves_an_identity() {
    let overlay = Overlay::default();
    let world = overlay.world().await;
    let (ada, eve, signer) = (Key::named("ada"), Key::named("eve"), Key::named("ada's signing key"));
    let bap_id = Key::named("ada's root").bap_id();
    // Eve claims it before anybody can prove it.
    assert_eq!(sign_up_with(&world, &eve, &bap_id, &eve).await.status, 200);
    assert_eq!(held(&world, &bap_id).await.unwrap().proof, IdentityProof::None);
    world.advance(61);
    overlay.publish(&bap_id, &record_named(&bap_id, &signer));
    assert_eq!(sign_up_with(&world, &eve, &bap_id, &eve).await.status, 200, "it stays hers, and unproven");
    until(&world, &bap_id, |held| held.resolved_at.is_some()).await;
    let claimed = held(&world, &bap_id).await.unwrap();
    assert_eq!(claimed.proof, IdentityProof::None);
    let answer = sign_up_with(&world, &ada, &bap_id, &signer).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let proven = held(&world, &bap_id).await.unwrap();
    assert_eq!(proven.proof, IdentityProof::Record);
    assert_ne!(proven.user_id, claimed.user_id);
    assert_eq!(sign_up_with(&world, &eve, &bap_id, &eve).await.refusal().split_once(' ').unwrap().0, "403");

    // The key that signs in may be the one that the record names, and the record may come later than the sign-up.
    let (grace, later) = (Key::named("grace"), Key::named("grace's root").bap_id());
    let browser = world.browser();
    assert_eq!(browser.sign_up_as(&grace, &later).await.status, 200);
    assert_eq!(held(&world, &later).await.unwrap().proof, IdentityProof::None);
    overlay.publish(&later, &record_named(&later, &grace));
    world.advance(3_700);
    assert_eq!(world.sign_as(&grace, SIGN_IN, &later).await.status, 200);
    until(&world, &later, |held| held.proof == IdentityProof::Record && held.profile.is_some()).await;
    let told = |info: &Value| info["bap_id"] == json!(later) && info["bap"]["idKey"] == json!(later);
    until_told(&world, &token(&browser).await, told).await;
}

#[tokio::test]
async fn keys_that_were_rotated_away_revoked_or_retired_and_lies_prove_nothing() {
    let overlay = Overlay::default();
    let world = overlay.world().await;
    let (old, new) = (Key::named("old"), Key::named("new"));
    let proof_of = async |name: &str, mut record: Value, change: &dyn Fn(&mut Value)| {
        let bap_id = Key::named(name).bap_id();
        record["idKey"] = json!(bap_id);
        change(&mut record);
        overlay.publish(&bap_id, &record);
        assert_eq!(
            sign_up_with(&world, &Key::named(&format!("{name} key")), &bap_id, &old).await.status,
            200,
            "{name}"
        );
        held(&world, &bap_id).await.unwrap().proof
    };
    let listed = |record: &mut Value| {
        record["addresses"] = json!([{"address": old.0.public_key().address(), "block": 1}]);
    };
    assert_eq!(proof_of("rotated", record_of(&new), &listed).await, IdentityProof::None);
    assert_eq!(
        proof_of("revoked", record_of(&old), &|record| record["currentAddress"] = json!("0")).await,
        IdentityProof::None
    );
    assert_eq!(proof_of("fine", record_of(&old), &|_| {}).await, IdentityProof::Record);
    overlay.be(Mood::Lying);
    assert_eq!(proof_of("lied", record_of(&old), &|_| {}).await, IdentityProof::None);
    overlay.be(Mood::Fine);

    // A key that an account retired, or that another account has, signs for nobody.
    let (ada, second) = (Key::named("ada"), Key::named("second"));
    let browser = world.browser();
    browser.sign_up(&ada).await;
    let body = json!({"bapId": second.bap_id(), "accountPubkey": second.pubkey()}).to_string();
    let path = "/api/user/bap-ids";
    let proof = second.token(&format!("https://id.example.org{path}"), world.now(), &body);
    let request = post(path).header("x-sigma-enrollment-proof", proof);
    assert_eq!(browser.send(request, body).await.status, 200);
    let bap_id = Key::named("ada's root").bap_id();
    overlay.publish(&bap_id, &record_named(&bap_id, &second));
    let by_another = sign_up_with(&world, &Key::named("eve"), &bap_id, &second).await;
    assert_eq!(by_another.refusal(), "403 The identity does not belong to this key. BAP_OWNERSHIP_FAILED");
    let retire = [("kind", "key"), ("id", &second.pubkey())];
    assert_eq!(browser.post_form("/account/credentials/retire", &retire).await.status, 303);
    world.tick();
    for key in [&ada, &Key::named("eve")] {
        let refused = sign_up_with(&world, key, &bap_id, &second).await;
        assert_eq!(refused.refusal(), "403 The identity does not belong to this key. BAP_OWNERSHIP_FAILED");
    }
    assert_eq!(held(&world, &bap_id).await, None);
}
