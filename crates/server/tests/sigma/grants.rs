//! When grants end (`docs/spec/tokens.md#grants`).

use serde_json::json;
use sigma_core::app::AuthMethod;
use sigma_core::ids::UserId;

use crate::support::client::REVOKE;
use crate::support::forge::claims;
use crate::support::{APP, Key, World, ada, text};

#[tokio::test]
async fn signing_out_ends_grants_of_the_session_but_not_offline_ones() {
    let world = World::new().await;
    world.add_confidential_app("service", AuthMethod::ClientSecretBasic, "secret").await;
    let browser = ada(&world).await;
    let online = browser.tokens("openid profile").await;
    let code = browser.code(&[("scope", "openid profile offline_access"), ("nonce", "n")]).await;
    let offline = world.exchange(&code, &[]).await.json();
    assert!(online.get("refresh_token").is_none());
    assert_eq!(claims(text(&online, "access_token"))["sid"], claims(text(&offline, "access_token"))["sid"]);
    assert_ne!(claims(text(&online, "access_token"))["gid"], claims(text(&offline, "access_token"))["gid"]);
    assert_eq!(browser.post_json("/api/auth/sign-out", &json!({})).await.status, 200);
    assert_eq!(world.userinfo_status(text(&online, "access_token")).await, 401);
    assert_eq!(world.userinfo_status(text(&offline, "access_token")).await, 200);
    world.advance(29 * 86_400);
    let refreshed = world.refresh(text(&offline, "refresh_token"), &[]).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
    let refreshed = refreshed.json();
    // A refresh is not an authentication.
    let (before, after) = (claims(text(&offline, "id_token")), claims(text(&refreshed, "id_token")));
    for same in ["sub", "sid", "auth_time", "acr", "amr", "aud"] {
        assert_eq!(before[same], after[same], "{same}");
    }
    assert_eq!((&before["nonce"], after.get("nonce")), (&json!("n"), None), "it answers no request of a browser");
    assert_eq!(world.userinfo_status(text(&refreshed, "access_token")).await, 200);
}

#[tokio::test]
async fn signing_in_as_another_person_signs_the_first_one_out() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let online = browser.tokens("openid profile").await;
    let offline = browser.tokens("openid profile offline_access").await;
    let elsewhere = world.browser();
    elsewhere.sign_in(&Key::named("ada")).await;
    let of_elsewhere = elsewhere.tokens("openid profile").await;
    assert_eq!(browser.sign_up(&Key::named("bob")).await.status, 200);
    assert_eq!(world.userinfo_status(text(&online, "access_token")).await, 401);
    assert_eq!(world.userinfo_status(text(&offline, "access_token")).await, 200);
    assert_eq!(world.userinfo_status(text(&of_elsewhere, "access_token")).await, 200, "in this browser alone");
    // The same user again continues the session.
    let of_bob = browser.tokens("openid profile").await;
    browser.sign_in(&Key::named("bob")).await;
    assert_eq!(world.userinfo_status(text(&of_bob, "access_token")).await, 200);
}

#[tokio::test]
async fn a_dead_grant_is_invalid_grant() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid offline_access").await;
    let form = [("token", text(&tokens, "access_token")), ("client_id", APP)];
    assert_eq!(world.post_form(REVOKE, &form, &[]).await.status, 200);
    let refused = world.refresh(text(&tokens, "refresh_token"), &[]).await;
    assert_eq!(refused.error(), "400 invalid_grant: invalid refresh token");
    for unknown in ["x", "", "a\u{0}b"] {
        let refused = world.refresh(unknown, &[]).await;
        assert_eq!(refused.status, 400, "{}", refused.body);
    }
}

#[tokio::test]
async fn a_disabled_user_has_no_valid_tokens() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid offline_access").await;
    let code = browser.code(&[("scope", "openid offline_access")]).await;
    let user = UserId::from_text(text(&claims(text(&tokens, "id_token")), "sub"));
    let now = world.now();
    let disable = move |tx: &mut dyn sigma_store::Tx| sigma_store::user::set_disabled(tx, &user, true, now);
    assert!(world.sigma.store.write(disable).await.unwrap());
    assert_eq!(world.userinfo_status(text(&tokens, "access_token")).await, 401);
    assert_eq!(
        world.refresh(text(&tokens, "refresh_token"), &[]).await.error().split(':').next(),
        Some("400 invalid_grant")
    );
    assert_eq!(world.exchange(&code, &[]).await.error(), "400 invalid_grant: session no longer exists");
}
