//! Refresh tokens: rotation, retry and reuse (`docs/spec/tokens.md#refresh-tokens`).

use sigma_core::ids::ClientId;

use crate::support::forge::claims;
use crate::support::{World, ada, text};

#[tokio::test]
async fn a_refresh_token_of_another_app_is_refused_and_revokes_nothing() {
    let world = World::new().await;
    world.add_app(|app| app.client_id = ClientId::from_text("other")).await;
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid offline_access").await;
    let first = text(&tokens, "refresh_token");
    let foreign = [("client_id", "other")];
    assert_eq!(world.refresh(first, &foreign).await.error(), "400 invalid_grant: invalid refresh token");
    let second = world.refresh(first, &[]).await.json();
    // Neither a retry nor reuse by another app reveals or ends anything.
    assert_eq!(world.refresh(first, &foreign).await.error(), "400 invalid_grant: invalid refresh token");
    world.advance(60);
    assert_eq!(world.refresh(first, &foreign).await.error(), "400 invalid_grant: invalid refresh token");
    assert_eq!(world.userinfo_status(text(&second, "access_token")).await, 200);
    assert_eq!(world.refresh(text(&second, "refresh_token"), &[]).await.status, 200);
}

#[tokio::test]
async fn a_retry_is_answered_only_while_the_successor_is_unused() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid offline_access").await;
    let first = text(&tokens, "refresh_token");
    let second = world.refresh(first, &[]).await.json();
    let retried = world.refresh(first, &[]).await.json();
    assert_eq!(second["refresh_token"], retried["refresh_token"]);
    let third = world.refresh(text(&second, "refresh_token"), &[]).await.json();
    assert_eq!(world.refresh(first, &[]).await.error(), "400 invalid_grant: invalid refresh token");
    for dead in [&tokens, &second, &retried, &third] {
        assert_eq!(world.userinfo_status(text(dead, "access_token")).await, 401);
    }
    assert_eq!(world.refresh(text(&third, "refresh_token"), &[]).await.status, 400);
}

#[tokio::test]
async fn a_refresh_may_ask_for_less_and_never_for_more() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid profile offline_access").await;
    let first = text(&tokens, "refresh_token");
    for more in ["openid email", "openid profile offline_access email", "unknown"] {
        let refused = world.refresh(first, &[("scope", more)]).await;
        assert_eq!(refused.error(), "400 invalid_scope: the scope was not granted");
    }
    let less = world.refresh(first, &[("scope", "profile")]).await.json();
    assert_eq!((less["scope"].as_str(), less.get("id_token")), (Some("profile"), None));
    assert_eq!(world.userinfo_status(text(&less, "access_token")).await, 403);
    let whole = world.refresh(text(&less, "refresh_token"), &[]).await.json();
    assert_eq!(whole["scope"], "openid profile offline_access");
}

#[tokio::test]
async fn a_refresh_token_expires() {
    let world = World::with(|settings| settings.tokens.refresh_seconds = 100).await;
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid offline_access").await;
    world.advance(99);
    let second = world.refresh(text(&tokens, "refresh_token"), &[]).await.json();
    world.advance(100);
    let lapsed = world.refresh(text(&second, "refresh_token"), &[]).await;
    assert_eq!(lapsed.error(), "400 invalid_grant: invalid refresh token");
}

#[tokio::test]
async fn one_refresh_token_used_by_many_at_once_has_one_successor_for_all() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid offline_access").await;
    let first = text(&tokens, "refresh_token");
    let answers = futures_util::future::join_all((0..32).map(|_| world.refresh(first, &[]))).await;
    let mut successors = Vec::new();
    for answer in answers {
        assert_eq!(answer.status, 200, "{}", answer.body);
        let answer = answer.json();
        assert_eq!(claims(text(&answer, "access_token"))["gid"], claims(text(&tokens, "access_token"))["gid"]);
        successors.push(text(&answer, "refresh_token").to_owned());
    }
    successors.dedup();
    assert_eq!(successors.len(), 1, "one family, one successor");
    assert_ne!(successors[0], first);
    assert_eq!(world.refresh(&successors[0], &[]).await.status, 200);
}
