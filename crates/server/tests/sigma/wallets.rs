//! Wallets: connected by a signature of their key, at both prefixes (`docs/spec/wallets.md`).

use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};
use sigma_bitcoin::Scheme;
use sigma_core::scope::Scopes;

use crate::support::{Answer, Browser, Key, World, ada, text};

const CONNECT: &str = "/api/wallet/connect";
const ALIAS: &str = "/api/auth/wallet/connect";

async fn ask(browser: &Browser<'_>, method: Method, path: &str, body: &Value) -> Answer {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    browser.send(request.header("origin", "https://id.example.org"), body.to_string()).await
}

fn signed(world: &World, key: &Key, path: &str) -> Value {
    json!({"authToken": key.token(path, world.now(), "")})
}

#[tokio::test]
async fn a_wallet_is_connected_listed_and_disconnected_at_both_prefixes() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let (one, two) = (Key::named("wallet one"), Key::named("wallet two"));
    let made = ask(&browser, Method::POST, CONNECT, &signed(&world, &one, CONNECT)).await;
    let address = one.0.public_key().address();
    let expected = json!({"success": true, "walletAddress": address, "pubkey": one.pubkey(), "connectedAt": world.now().iso8601()});
    assert_eq!((made.status.as_u16(), made.json()), (200, expected));
    let mut named = signed(&world, &two, ALIAS);
    named["provider"] = json!("handcash");
    assert_eq!(ask(&browser, Method::POST, ALIAS, &named).await.status, 200);
    for path in [CONNECT, ALIAS, "/api/wallet/list", "/api/auth/wallet/list"] {
        let list = browser.get(path).await.json();
        assert_eq!(list["wallets"].as_array().unwrap().len(), 2, "{path}: {list}");
        assert_eq!((&list["wallets"][0]["address"], &list["wallets"][0]["isPrimary"]), (&json!(address), &json!(true)));
        assert_eq!(list["wallets"][1]["provider"], "handcash");
    }
    let other = two.0.public_key().address();
    let chosen = ask(&browser, Method::POST, "/api/wallet/set-primary", &json!({"walletAddress": other})).await;
    assert_eq!(chosen.json(), json!({"success": true, "primaryAddress": other}));
    let nfts = browser.get("/api/auth/wallet/nfts?refresh=true").await.json();
    assert_eq!((&nfts["totalNFTs"], &nfts["nfts"]), (&json!(0), &json!([])));
    assert_eq!(nfts["addresses"], json!([address, other]));
    let ownership =
        ask(&browser, Method::POST, "/api/wallet/verify-ownership", &json!({"origin": "abc_0"})).await.json();
    assert_eq!((&ownership["owns"], &ownership["count"]), (&json!(false), &json!(0)));
    let gone = ask(&browser, Method::DELETE, &format!("{ALIAS}?address={other}"), &json!({})).await;
    assert_eq!(gone.json(), json!({"success": true, "walletAddress": other}));
    let left = browser.get(CONNECT).await.json();
    assert_eq!(left["wallets"][0]["isPrimary"], true, "{left}");
    let again = ask(&browser, Method::DELETE, &format!("{CONNECT}?address={other}"), &json!({})).await;
    assert_eq!(again.json()["error"], "wallet_not_found");
    let actions: Vec<_> =
        world.trail(sigma_store::event::Trail::All).await.into_iter().map(|event| event.action).collect();
    assert!(
        ["wallet.connect", "wallet.disconnect"].iter().all(|name| actions.iter().any(|one| one == name)),
        "{actions:?}"
    );
}

#[tokio::test]
async fn the_variants_of_published_wallets_are_accepted_here_only() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let key = Key::named("wallet");
    for path in
        ["/wallet/connect", "https://id.example.org/api/wallet/connect", "https://id.example.org/wallet/connect"]
    {
        assert_eq!(ask(&browser, Method::POST, CONNECT, &signed(&world, &key, path)).await.status, 200, "{path}");
        world.tick();
    }
    let bsm = json!({"authToken": key.token_of(Scheme::Bsm, CONNECT, &world.now().iso8601(), "")});
    assert_eq!(ask(&browser, Method::POST, CONNECT, &bsm).await.status, 200);
    assert_eq!(browser.get(CONNECT).await.json()["wallets"].as_array().unwrap().len(), 1, "one wallet, verified again");
    let elsewhere = key.token("/wallet/connect", world.now(), "");
    let request = Request::get(CONNECT).header("x-auth-token", elsewhere).body(Body::empty()).unwrap();
    assert_eq!(world.send(request).await.status, 401);
}

#[tokio::test]
async fn a_signature_that_is_replayed_forged_or_for_elsewhere_connects_nothing() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let (key, eve) = (Key::named("wallet"), Key::named("eve"));
    let now = world.now();
    let at = |micros: i64| sigma_core::time::Timestamp::from_micros(now.micros() + micros);
    let forged = eve.token(CONNECT, now, "").replacen(&eve.pubkey(), &key.pubkey(), 1);
    for (token, error) in [
        (key.token("/api/auth/sign-in/sigma", now, ""), "401 invalid_signature"),
        (key.token("https://evil.example/api/wallet/connect", now, ""), "401 invalid_signature"),
        (key.token(CONNECT, now, "{}"), "401 invalid_signature"),
        (key.token(CONNECT, at(-301_000_000), ""), "401 invalid_signature"),
        (key.token(CONNECT, at(301_000_000), ""), "401 invalid_signature"),
        (forged, "401 invalid_signature"),
        ("nonsense".to_owned(), "400 invalid_token"),
    ] {
        let refused = ask(&browser, Method::POST, CONNECT, &json!({"authToken": token})).await;
        assert_eq!(refused.error().split(':').next(), Some(error), "{token}");
    }
    let once = signed(&world, &key, CONNECT);
    assert_eq!(ask(&browser, Method::POST, CONNECT, &once).await.status, 200);
    let replayed = ask(&browser, Method::POST, CONNECT, &once).await;
    assert_eq!(replayed.error().split(':').next(), Some("401 invalid_signature"));
    let other = world.browser();
    other.sign_up(&eve).await;
    assert_eq!(ask(&other, Method::POST, CONNECT, &once).await.status, 401, "nor at another account");
    assert_eq!(other.get(CONNECT).await.json(), json!({"wallets": []}));
    assert_eq!(world.browser().get(CONNECT).await.status, 401);
    for bad in [json!({}), json!({"authToken": 1}), json!([]), json!({"authToken": "x", "provider": "a\u{0}"})] {
        assert_eq!(ask(&browser, Method::POST, CONNECT, &bad).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn wallets_belong_to_one_identity_and_foreign_ones_are_out_of_reach() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let (second, key) = (Key::named("second").bap_id(), Key::named("wallet"));
    browser.sign_up_as(&Key::named("ada"), &second).await;
    let mut body = signed(&world, &key, CONNECT);
    body["bapId"] = json!(second);
    assert_eq!(ask(&browser, Method::POST, CONNECT, &body).await.status, 200);
    let first = Key::named("ada").bap_id();
    assert_eq!(browser.get(&format!("{CONNECT}?bapId={first}")).await.json(), json!({"wallets": []}));
    let eve = world.browser();
    eve.sign_up(&Key::named("eve")).await;
    let address = key.0.public_key().address();
    for answer in [
        eve.get(&format!("{CONNECT}?bapId={second}")).await,
        ask(&eve, Method::DELETE, &format!("{CONNECT}?address={address}&bapId={second}"), &json!({})).await,
        ask(&eve, Method::POST, "/api/wallet/set-primary", &json!({"bapId": second, "walletAddress": address})).await,
    ] {
        assert_eq!(answer.json()["code"], "BAP_OWNERSHIP_FAILED", "{}", answer.body);
    }
    let foreign = ask(&eve, Method::DELETE, &format!("{CONNECT}?address={address}"), &json!({})).await;
    assert_eq!(foreign.status, 404);
    assert_eq!(ask(&eve, Method::DELETE, &format!("{CONNECT}?address=%00"), &json!({})).await.status, 400);
}

#[tokio::test]
async fn apps_read_with_profile_and_connect_with_their_own_scope() {
    let world = World::new().await;
    world.change_app("playground", |app| app.scopes = Scopes::parse("openid profile sigma:wallet")).await;
    let browser = ada(&world).await;
    let post = async |token: &str| {
        let body = signed(&world, &Key::named("wallet"), CONNECT).to_string();
        world.tick();
        let request = Request::post(CONNECT)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json");
        world.send(request.body(Body::from(body)).unwrap()).await.status.as_u16()
    };
    let reader = browser.tokens("openid profile").await;
    for path in [CONNECT, "/api/wallet/nfts", "/api/subscription/status"] {
        let answer = world.get_with_token(path, text(&reader, "access_token")).await;
        assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (200, "*"), "{path}");
    }
    assert_eq!(post(text(&reader, "access_token")).await, 403);
    let writer = browser.tokens("openid sigma:wallet").await;
    assert_eq!(post(text(&writer, "access_token")).await, 200);
}

#[tokio::test]
async fn an_account_holds_a_bounded_number_of_wallets() {
    let world = World::with(|settings| settings.limits.enabled = false).await;
    let browser = ada(&world).await;
    for number in 0..51 {
        let body = signed(&world, &Key::named(&format!("wallet {number}")), CONNECT);
        let status = ask(&browser, Method::POST, CONNECT, &body).await.status;
        assert_eq!(status, if number < 50 { 200 } else { 409 });
    }
}
