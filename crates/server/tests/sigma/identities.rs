//! Ownership of identities, and who learns of them (`docs/spec/keys.md#identities`).

use axum::body::Body;
use serde_json::{Value, json};
use sigma_core::ids::UserId;
use sigma_store::identity;

use crate::support::{Answer, Browser, DIRECT, Key, SIGN_IN, SIGN_UP, World, post};

const NOT_THEIRS: &str = "403 The identity does not belong to this key. BAP_OWNERSHIP_FAILED";

/// What an app learns of the user of `browser`: the claims of both tokens, and userinfo.
async fn reported(world: &World, browser: &Browser<'_>) -> [Value; 3] {
    let tokens = browser.tokens("openid profile").await;
    let claims = |name: &str| crate::support::claims(tokens[name].as_str().unwrap());
    let info = world.get_with_token("/userinfo", tokens["access_token"].as_str().unwrap()).await.json();
    [claims("access_token"), claims("id_token"), info]
}

fn holds(reported: &[Value; 3], text: &str) -> bool {
    reported.iter().any(|reported| reported.to_string().contains(text))
}

/// Signs up with `key` and the identity of `root`, whose key signs `path` as well.
async fn sign_up_with_root(world: &World, key: &Key, root: &Key, path: &str) -> Answer {
    let body = json!({"bapId": root.bap_id(), "intent": "sign-up"}).to_string();
    let now = world.now();
    let request = post(SIGN_UP)
        .header("x-auth-token", key.token(SIGN_IN, now, ""))
        .header("x-sigma-enrollment-proof", key.token(SIGN_UP, now, &body))
        .header("x-sigma-identity-proof", root.token(path, now, &body));
    let answer = world.send(request.body(Body::from(body)).unwrap()).await;
    world.tick();
    answer
}

#[tokio::test]
async fn apps_see_proven_identities() {
    let world = World::new().await;
    let ada = Key::named("ada");
    let browser = world.browser();
    browser.sign_up(&ada).await;
    let [access, _, info] = reported(&world, &browser).await;
    assert_eq!(access["bap_id"], ada.bap_id().as_str());
    assert_eq!(info["bap_id"], ada.bap_id().as_str());
}

#[tokio::test]
async fn an_unproven_identity_stays_private() {
    let world = World::new().await;
    let (eve, victim) = (Key::named("eve"), Key::named("victim"));
    let browser = world.browser();
    let made = browser.sign_up_as(&eve, &victim.bap_id()).await;
    assert_eq!(made.status, 200);
    let reported = reported(&world, &browser).await;
    assert!(!holds(&reported, &victim.bap_id()), "{reported:?}");
    let session = browser.get("/api/auth/get-session").await.json();
    assert_eq!(session["session"]["activeOrganizationId"], Value::Null, "apps match accounts by it too");
    assert!(!browser.get("/api/auth/list-sessions").await.body.contains(&victim.bap_id()));
    let direct = world.sign_as(&eve, DIRECT, &victim.bap_id()).await;
    assert_eq!(direct.status, 200, "{}", direct.body);
    assert!(!direct.body.contains(&victim.bap_id()));
    let token = direct.json()["access_token"].as_str().unwrap().to_owned();
    assert!(!crate::support::claims(&token).to_string().contains(&victim.bap_id()));
    let list = browser.get("/api/auth/organization/list").await.json();
    assert_eq!(list[0]["id"], victim.bap_id().as_str(), "its own account sees it");
}

#[tokio::test]
async fn a_proven_claim_displaces_an_unproven_one() {
    let world = World::new().await;
    let (eve, victim) = (Key::named("eve"), Key::named("victim"));
    let squatter = world.browser();
    squatter.sign_up_as(&eve, &victim.bap_id()).await;
    let before = squatter.tokens("openid profile").await;
    let owner = world.browser();
    assert_eq!(owner.sign_up(&victim).await.status, 200);
    assert!(holds(&reported(&world, &owner).await, &victim.bap_id()));
    let after = reported(&world, &squatter).await;
    assert!(!holds(&after, &victim.bap_id()));
    assert_eq!(squatter.get("/api/auth/organization/list").await.json(), json!([]));
    let info = world.get_with_token("/userinfo", before["access_token"].as_str().unwrap()).await;
    assert!(!info.body.contains(&victim.bap_id()) && info.status == 200, "{}", info.body);
    assert_eq!(squatter.sign_up_as(&eve, &victim.bap_id()).await.refusal(), NOT_THEIRS);
    let set =
        squatter.post_json("/api/auth/organization/set-active", &json!({"organizationId": victim.bap_id()})).await;
    assert_eq!(set.status, 403);
}

#[tokio::test]
async fn a_proven_claim_displaces_an_unproven_one_at_sign_in_too() {
    let world = World::new().await;
    let (eve, victim, other) = (Key::named("eve"), Key::named("victim"), Key::named("other"));
    let owner = world.browser();
    owner.sign_up_as(&victim, &other.bap_id()).await;
    world.browser().sign_up_as(&eve, &victim.bap_id()).await;
    assert_eq!(world.sign_as(&victim, SIGN_IN, &victim.bap_id()).await.status, 200);
    assert_eq!(world.sign_as(&eve, SIGN_IN, &victim.bap_id()).await.refusal(), NOT_THEIRS);
}

#[tokio::test]
async fn a_second_account_never_gets_a_bound_identity() {
    let world = World::new().await;
    let (ada, eve, mal) = (Key::named("ada"), Key::named("eve"), Key::named("mal"));
    world.browser().sign_up(&ada).await;
    world.browser().sign_up(&eve).await;
    let rows = world.rows().await;
    assert_eq!(world.sign_as(&eve, SIGN_IN, &ada.bap_id()).await.refusal(), NOT_THEIRS);
    assert_eq!(world.sign_as(&eve, DIRECT, &ada.bap_id()).await.refusal(), NOT_THEIRS);
    assert_eq!(world.browser().sign_up_as(&eve, &ada.bap_id()).await.refusal(), NOT_THEIRS);
    assert_eq!(world.browser().sign_up_as(&mal, &ada.bap_id()).await.refusal(), NOT_THEIRS);
    // A body that the token does not cover can be altered in transit: the identity's owner is checked all the same.
    let unbound = eve.token(SIGN_IN, world.now(), "");
    let answer = world.present(SIGN_IN, &unbound, &json!({"bapId": ada.bap_id()}).to_string()).await;
    assert_eq!(answer.refusal(), NOT_THEIRS);
    assert_eq!(world.rows().await, rows);
}

#[tokio::test]
async fn an_unproven_identity_is_the_first_accounts_to_claim_it() {
    let world = World::new().await;
    let (ada, eve, root) = (Key::named("ada"), Key::named("eve"), Key::named("root"));
    assert_eq!(world.browser().sign_up_as(&ada, &root.bap_id()).await.status, 200);
    assert_eq!(world.browser().sign_up_as(&eve, &root.bap_id()).await.refusal(), NOT_THEIRS);
    assert_eq!(world.sign_as(&ada, SIGN_IN, &root.bap_id()).await.status, 200);
}

#[tokio::test]
async fn naming_an_identity_at_sign_in_claims_nothing() {
    for implicit in [false, true] {
        let world = World::with(|settings| settings.sign_in.implicit_sign_up = implicit).await;
        let (eve, victim) = (Key::named("eve"), Key::named("victim"));
        world.browser().sign_up(&eve).await;
        let rows = world.rows().await;
        for path in [SIGN_IN, DIRECT] {
            assert_eq!(world.sign_as(&eve, path, &victim.bap_id()).await.refusal(), NOT_THEIRS);
        }
        assert_eq!(world.rows().await, rows);
    }
}

#[tokio::test]
async fn the_key_of_an_identity_proves_it_by_a_signature_for_this_server_alone() {
    let world = World::with(|settings| settings.limits.delays = false).await;
    let (ada, eve, root) = (Key::named("ada"), Key::named("eve"), Key::named("root"));
    // Another server that Ada signed up at has her identity's signature over the bare path, and her body.
    for path in [SIGN_UP, "https://evil.example/api/auth/sign-up/sigma"] {
        let stolen = sign_up_with_root(&world, &eve, &root, path).await;
        assert_eq!(stolen.refusal(), "401 Invalid auth token signature", "{path}");
    }
    let ours = "https://id.example.org/api/auth/sign-up/sigma";
    let forged = sign_up_with_root(&world, &eve, &Key::named("somebody"), ours).await;
    assert_eq!(forged.status, 200, "the identity of that key, not of the root");
    let answer = sign_up_with_root(&world, &ada, &root, ours).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let browser = world.browser();
    browser.sign_in(&ada).await;
    assert!(holds(&reported(&world, &browser).await, &root.bap_id()));
    // The identity's key proves the identity. It does not sign in to the account.
    assert_eq!(world.sign(&root, SIGN_IN).await.json()["code"], "USER_NOT_FOUND");
}

#[tokio::test]
async fn an_identity_that_is_proven_later_stays_the_primary_one() {
    let world = World::new().await;
    let (ada, root) = (Key::named("ada"), Key::named("root"));
    let browser = world.browser();
    let user = browser.sign_up_as(&ada, &root.bap_id()).await.json()["user"]["id"].as_str().unwrap().to_owned();
    browser.sign_up(&ada).await;
    let ours = "https://id.example.org/api/auth/sign-up/sigma";
    assert_eq!(sign_up_with_root(&world, &ada, &root, ours).await.status, 200);
    let id = UserId::from_text(user);
    let identities = world.sigma.store.read(move |tx| identity::list(tx, &id)).await.unwrap();
    let seen: Vec<_> =
        identities.iter().map(|one| (one.bap_id.to_string(), one.proof.as_str(), one.is_primary)).collect();
    assert_eq!(seen, [(root.bap_id(), "identity_key", true), (ada.bap_id(), "address", false)]);
}

#[tokio::test]
async fn the_session_acts_as_the_identity_that_was_named_or_chosen() {
    let world = World::new().await;
    let (ada, root) = (Key::named("ada"), Key::named("root"));
    let browser = world.browser();
    browser.sign_up(&ada).await;
    let ours = "https://id.example.org/api/auth/sign-up/sigma";
    assert_eq!(sign_up_with_root(&world, &ada, &root, ours).await.status, 200);
    let active = async || browser.get("/api/auth/get-session").await.json()["session"]["activeOrganizationId"].clone();
    assert_eq!(active().await, ada.bap_id().as_str());
    let chosen =
        browser.post_json("/api/auth/organization/set-active", &json!({"organizationId": root.bap_id()})).await;
    assert_eq!(chosen.status, 200);
    assert_eq!(chosen.json()["id"], root.bap_id().as_str());
    assert_eq!(active().await, root.bap_id().as_str());
    browser.sign_in(&ada).await;
    assert_eq!(active().await, root.bap_id().as_str(), "signing in without a name changes nothing");
    assert!(holds(&reported(&world, &browser).await, &root.bap_id()));
}

#[tokio::test]
async fn an_account_holds_a_hundred_identities() {
    let world = World::new().await;
    let ada = Key::named("ada");
    for number in 0..100 {
        let root = Key::named(&format!("root {number}"));
        assert_eq!(world.browser().sign_up_as(&ada, &root.bap_id()).await.status, 200);
    }
    let refused = world.browser().sign_up_as(&ada, &Key::named("one more").bap_id()).await;
    assert_eq!(refused.json()["code"], "TOO_MANY_IDENTITIES");
    assert!(world.rows().await.contains(&("identities", 100)));
}

#[tokio::test]
async fn choosing_an_identity_of_somebody_else_or_none_is_refused() {
    let world = World::new().await;
    let (ada, bob) = (Key::named("ada"), Key::named("bob"));
    let browser = world.browser();
    browser.sign_up(&ada).await;
    world.browser().sign_up(&bob).await;
    let set = async |id: &str| {
        let answer = browser.post_json("/api/auth/organization/set-active", &json!({"organizationId": id})).await;
        (answer.status.as_u16(), answer.json()["code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(set(&bob.bap_id()).await, (403, "USER_IS_NOT_A_MEMBER_OF_THE_ORGANIZATION".to_owned()));
    for nobody in [Key::named("nobody").bap_id().as_str(), "", "a\0b", "'; DROP TABLE users"] {
        assert_eq!(set(nobody).await, (400, "ORGANIZATION_NOT_FOUND".to_owned()), "{nobody}");
    }
    let full =
        browser.get(&format!("/api/auth/organization/get-full-organization?organizationId={}", bob.bap_id())).await;
    assert_eq!(full.status, 403);
    assert_eq!(
        browser.get("/api/auth/get-session").await.json()["session"]["activeOrganizationId"],
        ada.bap_id().as_str()
    );
}
