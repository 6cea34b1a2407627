//! Authorization codes: who may redeem one, and how often (`docs/spec/tokens.md#authorization-codes`).

use std::fmt::Write as _;

use serde_json::json;
use sigma_core::ids::ClientId;

use crate::support::{Key, World, ada, text};

const API: &str = "https://api.example.org/v1";

#[tokio::test]
async fn another_app_leaves_a_code_untouched() {
    let world = World::new().await;
    world.add_app(|app| app.client_id = ClientId::from_text("other")).await;
    let browser = ada(&world).await;
    let code = browser.code(&[]).await;
    for _ in 0..3 {
        let refused = world.exchange(&code, &[("client_id", "other")]).await;
        assert_eq!(refused.error(), "400 invalid_grant: invalid client_id");
    }
    let tokens = world.exchange(&code, &[]).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    // Nor does it end what came of a used code.
    assert_eq!(world.exchange(&code, &[("client_id", "other")]).await.error(), "400 invalid_grant: invalid client_id");
    assert_eq!(world.userinfo_status(text(&tokens.json(), "access_token")).await, 200);
}

#[tokio::test]
async fn any_other_failure_invalidates_the_code() {
    let world = World::new().await;
    world.add_resource(API).await;
    let browser = ada(&world).await;
    browser.code(&[]).await;
    let mut seen = String::new();
    let wrong = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXX";
    for change in [
        ("redirect_uri", "https://app.example.org/callback/"),
        ("redirect_uri", "https://app.example.org/Callback"),
        ("redirect_uri", ""),
        ("code_verifier", wrong),
        ("code_verifier", "short"),
        ("code_verifier", ""),
        ("resource", API),
    ] {
        let code = browser.code(&[]).await;
        let refused = world.exchange(&code, &[change]).await;
        writeln!(seen, "{} {:?}: {}", change.0, change.1, refused.error()).unwrap();
        let burnt = world.exchange(&code, &[]).await;
        assert_eq!(burnt.error(), "400 invalid_grant: invalid code", "after {change:?}");
    }
    let code = browser.code(&[]).await;
    world.advance(60);
    writeln!(seen, "after 60 s: {}", world.exchange(&code, &[]).await.error()).unwrap();
    let code = browser.code(&[]).await;
    world.advance(59);
    writeln!(seen, "after 59 s: {}", world.exchange(&code, &[]).await.status).unwrap();
    writeln!(seen, "unknown: {}", world.exchange("nothing", &[]).await.error()).unwrap();
    writeln!(seen, "missing: {}", world.exchange("", &[]).await.error()).unwrap();
    insta::assert_snapshot!(seen);
}

#[tokio::test]
async fn a_code_used_again_after_weeks_ends_the_grant_and_its_refreshed_tokens() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let code = browser.code(&[("scope", "openid offline_access")]).await;
    let mut tokens = world.exchange(&code, &[]).await.json();
    for _ in 0..4 {
        world.advance(14 * 86_400);
        world.sweep().await;
        tokens = world.refresh(text(&tokens, "refresh_token"), &[]).await.json();
    }
    assert_eq!(world.userinfo_status(text(&tokens, "access_token")).await, 200);
    assert_eq!(world.exchange(&code, &[]).await.error(), "400 invalid_grant: invalid code");
    assert_eq!(world.userinfo_status(text(&tokens, "access_token")).await, 401);
    assert_eq!(world.refresh(text(&tokens, "refresh_token"), &[]).await.status, 400);
}

#[tokio::test]
async fn a_code_of_an_ended_session_is_invalid() {
    let world = World::new().await;
    let browser = ada(&world).await;
    for scope in ["openid", "openid offline_access"] {
        browser.sign_in(&Key::named("ada")).await;
        let code = browser.code(&[("scope", scope)]).await;
        assert_eq!(browser.post_json("/api/auth/sign-out", &json!({})).await.status, 200);
        let refused = world.exchange(&code, &[]).await;
        assert_eq!(refused.error(), "400 invalid_grant: session no longer exists");
        assert_eq!(world.exchange(&code, &[]).await.error(), "400 invalid_grant: invalid code");
    }
}

#[tokio::test]
async fn a_code_redeemed_concurrently_gives_one_grant_which_is_revoked() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let code = browser.code(&[("scope", "openid offline_access")]).await;
    let answers = futures_util::future::join_all((0..32).map(|_| world.exchange(&code, &[]))).await;
    let (granted, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(granted.len(), 1);
    for answer in refused {
        assert_eq!(answer.error(), "400 invalid_grant: invalid code");
    }
    let tokens = granted[0].json();
    assert_eq!(world.userinfo_status(text(&tokens, "access_token")).await, 401);
    let refused = world.refresh(text(&tokens, "refresh_token"), &[]).await;
    assert_eq!(refused.error(), "400 invalid_grant: invalid refresh token");
}

#[tokio::test]
async fn one_request_answered_by_many_at_once_gives_one_code() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let interaction = browser.authorize(&[]).await.param("interaction").unwrap();
    let form = [("interaction", interaction.as_str()), ("accept", "true")];
    let post = || browser.post_form("/api/auth/oauth2/consent", &form);
    let answers = futures_util::future::join_all((0..16).map(|_| post())).await;
    let (sent, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 303);
    assert_eq!(sent.len(), 1);
    for answer in refused {
        assert_eq!(answer.status, 400, "{}", answer.body);
    }
    assert_eq!(world.exchange(&sent[0].param("code").unwrap(), &[]).await.status, 200);
}
