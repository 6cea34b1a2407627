//! Apps that people make for themselves (`docs/spec/registration.md#apps-of-developers`).

use http::Request;
use serde_json::{Value, json};
use sigma_server::settings::RegistrationMode;

use crate::support::client::{TOKEN, basic};
use crate::support::{Answer, Browser, Key, REDIRECT, World, ada, text};

const PATH: &str = "/api/oauth-clients";

async fn world() -> World {
    World::with(|settings| settings.registration.developers = true).await
}

fn shop() -> Value {
    json!({"clientId": "shop", "name": "Shop", "redirectUris": [REDIRECT]})
}

async fn delete(browser: &Browser<'_>, id: &str) -> Answer {
    browser.send(Request::delete(format!("{PATH}?clientId={id}")), "").await
}

#[tokio::test]
async fn a_person_makes_lists_and_removes_apps() {
    let world = world().await;
    let browser = ada(&world).await;
    let key = Key::named("app").pubkey();
    let bap_id = Key::named("ada").bap_id();
    let new = json!({
        "clientId": "plugin", "ownerBapId": bap_id, "name": "Plugin", "redirectUris": [REDIRECT], "accountPubkey": key,
    });
    let made = browser.post_json(PATH, &new).await;
    if made.status == 403 {
        // The identity of this account is not proven: whoever owns it could be somebody else.
        assert_eq!(made.json()["code"], "BAP_OWNERSHIP_FAILED");
    } else {
        let client = &made.json()["client"];
        for (member, value) in new.as_object().unwrap() {
            assert_eq!(&client[member], value, "{member}");
        }
    }
    let made = browser.post_json(PATH, &shop()).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let client = made.json()["client"].clone();
    assert_eq!((&client["clientId"], &client["verified"]), (&json!("shop"), &json!(false)));
    let header = basic("shop", text(&client, "clientSecret"));
    let form = [("grant_type", "authorization_code"), ("code", "none"), ("redirect_uri", REDIRECT)];
    let answer = world.post_form(TOKEN, &form, &[("authorization", &header)]).await;
    assert_eq!(answer.error(), "400 invalid_grant: invalid code");
    let listed = browser.get(&format!("{PATH}?clientId=shop")).await.json();
    assert_eq!(listed["clients"][0]["clientId"], "shop");
    assert!(listed["clients"][0].get("clientSecret").is_none());

    let other = world.browser();
    other.sign_up(&Key::named("bob")).await;
    assert_eq!(other.get(PATH).await.json()["clients"], json!([]));
    assert_eq!(delete(&other, "shop").await.status, 404);
    assert_eq!(delete(&browser, "shop").await.status, 204);
    let taken = other.post_json(PATH, &shop()).await;
    assert_eq!(taken.error(), "409 client_id_taken: This client id is or was another app's");
}

#[tokio::test]
async fn each_field_of_a_persons_app_is_checked() {
    let world = world().await;
    let browser = ada(&world).await;
    for (member, value, error) in [
        ("clientId", json!("sigma-shop"), "invalid_client_metadata"),
        ("clientId", json!("a"), "invalid_client_metadata"),
        ("clientId", json!("0123456789abcdef01234567"), "invalid_client_metadata"),
        ("name", json!(""), "invalid_client_metadata"),
        ("name", json!("Shop\u{202E}"), "invalid_client_metadata"),
        ("name", json!(7), "invalid_client_metadata"),
        ("redirectUris", json!([]), "invalid_redirect_uri"),
        ("redirectUris", json!(["javascript:alert(1)"]), "invalid_redirect_uri"),
        ("redirectUris", json!(["http://app.example.org/"]), "invalid_redirect_uri"),
        ("redirectUris", json!(vec![REDIRECT; 21]), "invalid_redirect_uri"),
        ("accountPubkey", json!("02"), "invalid_client_metadata"),
        ("tokenEndpointAuthMethod", json!("private_key_jwt"), "invalid_client_metadata"),
        ("tokenEndpointAuthMethod", json!("sigma_bitcoin_auth"), "invalid_client_metadata"),
    ] {
        let mut new = shop();
        new[member] = value;
        let refused = browser.post_json(PATH, &new).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["error"]), (400, &json!(error)), "{new}");
    }
    let mut new = shop();
    new["ownerBapId"] = json!(Key::named("bob").bap_id());
    assert_eq!(browser.post_json(PATH, &new).await.status, 403);
    assert_eq!(browser.get(PATH).await.json()["clients"], json!([]));
    // A web app may be tried on its developer's machine.
    let mut new = shop();
    new["redirectUris"] = json!([REDIRECT, "http://localhost:3000/callback"]);
    assert_eq!(browser.post_json(PATH, &new).await.status, 200);
}

#[tokio::test]
async fn a_person_has_at_most_twenty_apps() {
    let world = world().await;
    let browser = ada(&world).await;
    let new = json!({"name": "Shop", "redirectUris": [REDIRECT]});
    for _ in 0..20 {
        assert_eq!(browser.post_json(PATH, &new).await.status, 200);
        world.advance(60);
    }
    assert_eq!(browser.post_json(PATH, &new).await.json()["error"], "too_many_clients");
    assert!(!browser.get("/developers").await.body.contains("href=\"/developers/new\""));
}

#[tokio::test]
async fn where_people_make_no_apps_there_is_no_page_and_no_api() {
    let world = World::with(|settings| settings.registration.mode = RegistrationMode::Open).await;
    let browser = ada(&world).await;
    assert_eq!(browser.get("/developers").await.status, 404);
    assert_eq!(browser.get(PATH).await.status, 403);
    assert_eq!(browser.post_json(PATH, &shop()).await.status, 403);
}

#[tokio::test]
async fn apps_are_made_and_changed_on_pages_by_whoever_made_them() {
    let world = world().await;
    let stranger = world.browser();
    assert!(stranger.get("/developers").await.location().starts_with("/login"));
    assert_eq!(stranger.get(PATH).await.status, 401);
    let browser = ada(&world).await;
    let new = [("name", "Shop"), ("client_id", "shop"), ("kind", "server"), ("redirect_uris", REDIRECT)];
    let wrong = browser.post_form("/developers/new", &[("name", "Shop"), ("redirect_uris", "javascript:x")]).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.body.contains("javascript:x"));
    let made = browser.post_form("/developers/new", &new).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let secret = made.body.split("id=\"client-secret\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert_eq!(secret.len(), 43);
    let id = world.app("shop").await.id.to_string();
    let page = browser.get(&format!("/developers/app?id={id}")).await;
    assert!(!page.body.contains(&secret), "it is shown once");
    assert!(page.body.contains("issuer-uri: https://id.example.org") && page.body.contains("client-id: shop"));
    let try_url = page.body.split("id=\"try-sign-in\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let try_url = try_url.replace("&#38;", "&").replace("&amp;", "&");
    assert!(browser.get(&try_url).await.location().starts_with("/consent"), "{try_url}");

    let other = world.browser();
    other.sign_up(&Key::named("bob")).await;
    for (path, form) in [
        ("/developers/app/change", &[("id", id.as_str()), ("name", "Bank"), ("redirect_uris", REDIRECT)][..]),
        ("/developers/app/secret", &[("id", id.as_str())]),
        ("/developers/app/remove", &[("id", id.as_str())]),
    ] {
        assert_eq!(other.post_form(path, form).await.status, 404, "{path}");
    }
    assert_eq!(other.get(&format!("/developers/app?id={id}")).await.status, 404);

    world.change_app("shop", |app| app.dynamic = false).await;
    let change = [("id", id.as_str()), ("name", "Shop"), ("redirect_uris", REDIRECT)];
    assert_eq!(browser.post_form("/developers/app/change", &change).await.status, 303);
    assert!(!world.app("shop").await.dynamic, "nothing that people see changed");
    let change = [("id", id.as_str()), ("name", "Bank"), ("redirect_uris", REDIRECT)];
    assert_eq!(browser.post_form("/developers/app/change", &change).await.status, 303);
    assert!(world.app("shop").await.dynamic, "nobody vouches for the new name");
    world.advance(901);
    let old = browser.post_form("/developers/app/secret", &[("id", &id)]).await;
    assert_eq!(old.status, 403);
    assert!(
        old.body.contains("href=\"/login?interaction=") && !old.body.contains("id=\"client-secret\""),
        "{}",
        old.body
    );
    let form = [("grant_type", "authorization_code"), ("code", "none"), ("redirect_uri", REDIRECT)];
    let former = world.post_form(TOKEN, &form, &[("authorization", &basic("shop", &secret))]).await;
    assert_eq!(former.error(), "400 invalid_grant: invalid code", "it still works");
    let page = browser.get(&format!("/developers/app?id={id}")).await;
    assert!(!page.body.contains("action=\"/developers/app/secret\""), "{}", page.body);
    browser.sign_in(&Key::named("ada")).await;
    let renewed = browser.post_form("/developers/app/secret", &[("id", &id)]).await;
    assert!(renewed.body.contains("id=\"client-secret\"") && !renewed.body.contains(&secret));
    assert_eq!(browser.post_form("/developers/app/remove", &[("id", &id)]).await.status, 303);
    assert_eq!(browser.get(PATH).await.json()["clients"], json!([]));
}
