//! The database stops growing under steady load: whatever expires is deleted.

use serde_json::json;

use crate::support::{DIRECT, Key, SIGN_IN, World};

/// Tables that keep people, keys and what they agreed to, of which there is no more under the same load.
const KEPT: [&str; 4] = ["users", "pubkeys", "identities", "consents"];

/// What the same two people do in ten days.
async fn ten_days(world: &World, people: &[Key; 2]) {
    for key in people {
        let browser = world.browser();
        assert_eq!(browser.sign_in(key).await.status, 200);
        browser.authorize(&[("prompt", "login")]).await;
        let tokens = browser.tokens("openid profile offline_access").await;
        let refresh = tokens["refresh_token"].as_str().unwrap();
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("client_id", "playground")];
        assert_eq!(world.post_form("/token", &form, &[]).await.status, 200);
        browser.tokens("openid").await;
        browser.code(&[]).await;
        assert_eq!(world.sign(key, DIRECT).await.status, 200);
        let stolen = Key::named("somebody else").token(SIGN_IN, world.now(), "");
        let forged = format!("{}|{}", key.pubkey(), stolen.split_once('|').unwrap().1);
        assert_eq!(world.present(SIGN_IN, &forged, "{}").await.status, 401);
        world.tick();
        if key.pubkey() == people[0].pubkey() {
            assert_eq!(browser.post_json("/api/auth/sign-out", &json!({})).await.status, 200);
        }
    }
    world.advance(864_000);
    let store = world.sigma.store.clone();
    tokio::task::spawn_blocking(move || store.sweep_once().unwrap()).await.unwrap();
}

#[tokio::test]
async fn the_database_stops_growing_under_steady_load() {
    let world = World::new().await;
    let people = [Key::named("ada"), Key::named("bob")];
    for key in &people {
        world.browser().sign_up(key).await;
    }
    // Sessions are remembered longest: 30 days, and 400 more for the tokens that were issued in them.
    for _ in 0..46 {
        ten_days(&world, &people).await;
    }
    // What this process itself changed is deleted by the time of the database, not by this clock.
    let counted = async || world.rows().await.into_iter().filter(|(table, _)| *table != "changes").collect::<Vec<_>>();
    let before = counted().await;
    for _ in 0..10 {
        ten_days(&world, &people).await;
    }
    assert_eq!(counted().await, before);
    for _ in 0..50 {
        world.advance(864_000);
    }
    let store = world.sigma.store.clone();
    tokio::task::spawn_blocking(move || store.sweep_once().unwrap()).await.unwrap();
    for (table, rows) in counted().await {
        assert_eq!(rows == 0, !KEPT.contains(&table), "{table} after everybody is gone: {rows}");
    }
}
