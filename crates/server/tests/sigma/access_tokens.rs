//! Audience and lifetime of access tokens (`docs/spec/tokens.md#access-tokens`).

use serde_json::json;
use sigma_core::app::AuthMethod;

use crate::support::client::{ISSUER, TOKEN, USERINFO, basic};
use crate::support::forge::claims;
use crate::support::{APP, Browser, World, ada, text};

const API: &str = "https://api.example.org/v1";
const OTHER_API: &str = "https://other.example.org/";

#[tokio::test]
async fn the_audience_is_what_was_asked_for_and_the_issuer_when_openid_is_granted() {
    let world = World::new().await;
    world.add_resource(API).await;
    world.add_resource(OTHER_API).await;
    let browser = ada(&world).await;
    let aud = async |scope: &str, resources: &[&str]| {
        let query = Browser::request(&[("scope", scope)]);
        let more = resources.iter().fold(String::new(), |more, uri| more + "&resource=" + uri);
        let answer = browser.agree(browser.get(&format!("{query}{more}")).await).await;
        let Some(code) = answer.param("code") else { return json!(answer.sent_error()) };
        let tokens = world.exchange(&code, &[]).await.json();
        let token = text(&tokens, "access_token").to_owned();
        json!([claims(&token)["aud"], world.userinfo_status(&token).await])
    };
    assert_eq!(aud("openid profile", &[]).await, json!([ISSUER, 200]));
    assert_eq!(aud("openid", &[API]).await, json!([[API, ISSUER], 200]));
    assert_eq!(aud("openid", &[API, OTHER_API]).await, json!([[API, OTHER_API, ISSUER], 200]));
    assert_eq!(aud("openid", &[API, API]).await, json!([[API, ISSUER], 200]), "each audience stands once");
    // Without openid the token is not meant for us.
    assert_eq!(aud("profile", &[API]).await, json!([API, 401]));
    assert_eq!(aud("profile", &[API, OTHER_API]).await, json!([[API, OTHER_API], 401]));
    for wrong in ["https://nobody.example.org/", "https://api.example.org/v1/", "https://api.example.org/V1", "urn:x"] {
        assert_eq!(
            aud("openid", &[API, wrong]).await,
            json!("invalid_target: the client may not ask for this resource")
        );
    }
    let many: Vec<String> = (0..17).map(|number| format!("https://api.example.org/{number}")).collect();
    for uri in &many {
        world.add_resource(uri).await;
    }
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(aud("openid", &many).await, json!("invalid_target: too many resources"));
    assert_eq!(aud("openid", &many[1..]).await[1], 200);
    let foreign = aud("openid", &["https://api.example.org/v1%00"]).await;
    assert_eq!(foreign, json!("invalid_request: parameters must not hold NUL"));
}

#[tokio::test]
async fn the_token_endpoint_narrows_the_audience_and_never_widens_it() {
    let world = World::new().await;
    world.add_resource(API).await;
    world.add_resource(OTHER_API).await;
    let browser = ada(&world).await;
    let scope = "openid profile offline_access";
    let code = async || {
        let query = format!("{}&resource={API}&resource={OTHER_API}", Browser::request(&[("scope", scope)]));
        browser.agree(browser.get(&query).await).await.param("code").unwrap()
    };
    let narrowed = world.exchange(&code().await, &[("resource", API)]).await.json();
    assert_eq!(claims(text(&narrowed, "access_token"))["aud"], json!([API, ISSUER]));
    // The grant still has both.
    let refresh = text(&narrowed, "refresh_token");
    let refreshed = world.refresh(refresh, &[]).await.json();
    assert_eq!(claims(text(&refreshed, "access_token"))["aud"], json!([API, OTHER_API, ISSUER]));
    let again = world.refresh(text(&refreshed, "refresh_token"), &[("resource", OTHER_API)]).await.json();
    assert_eq!(claims(text(&again, "access_token"))["aud"], json!([OTHER_API, ISSUER]));
    let wider = world.refresh(text(&again, "refresh_token"), &[("resource", ISSUER)]).await;
    assert_eq!(wider.error(), "400 invalid_target: the resource was not granted");

    let burnt = code().await;
    let refused = world.exchange(&burnt, &[("resource", "https://nobody.example.org/")]).await;
    assert_eq!(refused.error(), "400 invalid_target: the resource was not granted");
    assert_eq!(world.exchange(&burnt, &[]).await.error(), "400 invalid_grant: invalid code");
    let unasked = browser.code(&[]).await;
    let refused = world.exchange(&unasked, &[("resource", API)]).await;
    assert_eq!(refused.error(), "400 invalid_target: the resource was not granted");
}

#[tokio::test]
async fn client_credentials_tokens_have_registered_audiences_only() {
    let world = World::new().await;
    world.add_resource(API).await;
    world.add_confidential_app("service", AuthMethod::ClientSecretBasic, "secret").await;
    world.allow("service", API).await;
    let service = basic("service", "secret");
    let ask = async |body: &str| {
        let request = http::Request::post(TOKEN)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", &service);
        world.send(request.body(format!("grant_type=client_credentials{body}").into()).unwrap()).await
    };
    let bare = ask("").await.json();
    assert_eq!(claims(text(&bare, "access_token"))["aud"], ISSUER);
    let one = ask(&format!("&resource={API}&resource={API}&scope=openid+email+profile+offline_access")).await.json();
    let token = claims(text(&one, "access_token"));
    assert_eq!((&token["aud"], &one["scope"]), (&json!(API), &json!("")));
    for personal in ["gid", "sid", "name", "email", "pubkey", "auth_time"] {
        assert!(token.get(personal).is_none(), "{personal}");
    }
    assert_eq!(ask("&resource=urn:nobody").await.error(), "400 invalid_target: the resource was not granted");
    // No extractor accepts it for a user.
    let token = text(&bare, "access_token");
    let refused = world.get_with_token(USERINFO, token).await;
    assert_eq!(refused.error(), "403 insufficient_scope: Missing required scope");
    assert_eq!(world.get_with_token("/api/auth/get-session", token).await.body, "null");
    assert_eq!(world.get_with_token("/api/auth/list-sessions", token).await.status, 401);
}

#[tokio::test]
async fn an_app_has_a_shorter_life_of_its_tokens_and_never_a_longer() {
    let world = World::new().await;
    let browser = ada(&world).await;
    world.change_app(APP, |app| app.access_seconds = Some(600)).await;
    let tokens = browser.tokens("openid").await;
    let token = text(&tokens, "access_token").to_owned();
    let life = claims(&token);
    assert_eq!(life["exp"].as_i64().unwrap() - life["iat"].as_i64().unwrap(), 600);
    assert_eq!((&tokens["expires_in"], &tokens["expires_at"]), (&json!(600), &life["exp"]));
    world.advance(599);
    assert_eq!(world.userinfo_status(&token).await, 200);
    world.advance(1);
    assert_eq!(world.userinfo_status(&token).await, 401);
    // Verification keys are kept for the longest lifetime that the operator set.
    world.change_app(APP, |app| app.access_seconds = Some(2_592_001)).await;
    assert_eq!(browser.tokens("openid").await["expires_in"], 2_592_000);
}
