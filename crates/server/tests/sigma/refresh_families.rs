//! Families of refresh tokens: how many rows they take, and what is known of tokens that are no longer stored.

use sigma_core::app::AuthMethod;

use crate::support::client::{INTROSPECT, REVOKE, TOKEN};
use crate::support::{Answer, Browser, Key, World};

async fn refresh_as(world: &World, client_id: &str, token: &str) -> Answer {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", client_id)];
    world.post_form(TOKEN, &form, &[]).await
}

/// The successor of `token`, `seconds` later.
async fn refresh_after(world: &World, seconds: u64, token: &str) -> String {
    world.advance(seconds);
    let answer = refresh_as(world, "playground", token).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["refresh_token"].as_str().unwrap().to_owned()
}

async fn stored(world: &World) -> i64 {
    world.sweep().await;
    world.rows().await.into_iter().find(|(table, _)| *table == "refresh_tokens").unwrap().1
}

/// The first and the newest token of a family whose first is no longer stored.
async fn worn(world: &World, browser: &Browser<'_>) -> (String, String) {
    let first = browser.tokens("openid offline_access").await["refresh_token"].as_str().unwrap().to_owned();
    let mut newest = first.clone();
    for _ in 0..4 {
        newest = refresh_after(world, 30_000, &newest).await;
    }
    world.advance(86_400);
    world.sweep().await;
    (first, newest)
}

#[tokio::test]
async fn a_family_takes_the_rows_of_a_day_however_long_it_lives() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let mut token = browser.tokens("openid offline_access").await["refresh_token"].as_str().unwrap().to_owned();
    for hours in 1..=3 {
        for _ in 0..100 {
            token = refresh_after(&world, 1_200, &token).await;
        }
        let rows = stored(&world).await;
        assert!(rows <= 24 * 3 + 2, "{rows} rows after {} hours", hours * 100 / 3);
    }
    world.advance(86_401);
    assert_eq!(stored(&world).await, 1, "the newest alone, which lives as long as ever");
    refresh_after(&world, 60 * 86_400, &token).await;
}

#[tokio::test]
async fn a_token_that_is_not_stored_any_more_ends_its_family_when_it_is_used_again() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let (first, newest) = worn(&world, &browser).await;
    let refused = "400 invalid_grant: invalid refresh token";
    assert_eq!(refresh_as(&world, "playground", &first).await.error(), refused);
    assert_eq!(refresh_as(&world, "playground", &newest).await.error(), refused, "its family has ended");
    assert_eq!(refresh_as(&world, "playground", &first).await.error(), refused);
}

#[tokio::test]
async fn a_token_that_is_not_stored_any_more_is_revoked_with_its_family() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let (first, newest) = worn(&world, &browser).await;
    let revoked = world.post_form(REVOKE, &[("token", &first), ("client_id", "playground")], &[]).await;
    assert_eq!(revoked.status, 200);
    assert_eq!(refresh_as(&world, "playground", &newest).await.status, 400);
}

#[tokio::test]
async fn nobody_else_ends_a_family_by_a_token_that_is_not_stored_any_more() {
    let world = World::new().await;
    world.add_app(|app| app.client_id = sigma_core::ids::ClientId::from_text("other")).await;
    world.add_confidential_app("reader", AuthMethod::ClientSecretPost, "a secret of the reader's").await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let (first, newest) = worn(&world, &browser).await;
    let (named, proof) = first.rsplit_once('.').unwrap();
    let (secret, grant_id) = named.split_once('.').unwrap();
    let proof_of_newest = newest.rsplit_once('.').unwrap().1;
    let forged = [
        format!("{named}.{}", proof.chars().rev().collect::<String>()),
        format!("{named}.{proof_of_newest}"),
        format!("x{secret}.{grant_id}.{proof}"),
        format!("{secret}.{grant_id}"),
        format!("{secret}.{grant_id}."),
        format!("..{grant_id}..{proof}"),
        format!("{secret}.gr_unknown.{proof}"),
    ];
    for token in &forged {
        assert_eq!(refresh_as(&world, "playground", token).await.status, 400, "{token}");
        let revoked = world.post_form(REVOKE, &[("token", token), ("client_id", "playground")], &[]).await;
        assert_eq!(revoked.status, 200, "{token}");
    }
    assert_eq!(refresh_as(&world, "other", &first).await.status, 400);
    assert_eq!(world.post_form(REVOKE, &[("token", &first), ("client_id", "other")], &[]).await.status, 200);
    let asked = [("token", first.as_str()), ("client_id", "reader"), ("client_secret", "a secret of the reader's")];
    assert_eq!(world.post_form(INTROSPECT, &asked, &[]).await.json()["active"], false);
    refresh_after(&world, 1, &newest).await;
}
