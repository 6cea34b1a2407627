//! The database stops growing under steady load: whatever expires is deleted.

use serde_json::json;

use crate::support::{Browser, DIRECT, Key, SIGN_IN, World};

/// The rows of a table.
async fn rows_of(world: &World, table: &str) -> i64 {
    world.rows().await.into_iter().find(|(name, _)| *name == table).unwrap().1
}

async fn sweep(world: &World) {
    let store = world.sigma.store.clone();
    tokio::task::spawn_blocking(move || store.sweep_once().unwrap()).await.unwrap();
}

/// Tables that keep people, keys and what they agreed to, of which there is no more under the same load.
const KEPT: [&str; 6] = ["users", "credentials", "identities", "identity_keys", "consents", "known_devices"];

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
    sweep(world).await;
}

#[tokio::test]
async fn the_database_stops_growing_under_steady_load() {
    let world = World::new().await;
    let people = [Key::named("ada"), Key::named("bob")];
    for key in &people {
        world.browser().sign_up(key).await;
    }
    // The refresh tokens and the sessions with tokens that live longest are gone after that.
    for _ in 0..20 {
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

#[tokio::test]
async fn an_account_has_at_most_a_hundred_live_sessions_and_the_oldest_goes_with_its_grants() {
    let world = World::new().await;
    let ada = Key::named("ada");
    let oldest = world.browser();
    oldest.sign_up(&ada).await;
    let kept = oldest.tokens("openid offline_access").await;
    let lost = oldest.tokens("openid").await;
    let status = async |tokens: &serde_json::Value| {
        world.get_with_token("/userinfo", tokens["access_token"].as_str().unwrap()).await.status.as_u16()
    };
    let begin = async |count| {
        for _ in 0..count {
            let browser = world.browser();
            assert_eq!(browser.sign_in(&ada).await.status, 200);
            browser.tokens("openid").await;
        }
    };
    let is_signed_in = async |browser: &Browser<'_>| browser.get("/api/auth/get-session").await.body != "null";
    begin(99).await;
    assert!(is_signed_in(&oldest).await);
    assert_eq!((status(&lost).await, rows_of(&world, "sessions").await), (200, 100));
    begin(1).await;
    assert!(!is_signed_in(&oldest).await);
    assert_eq!(status(&lost).await, 401, "ends with its session, as on sign-out");
    assert_eq!(status(&kept).await, 200, "outlives its session");
    begin(30).await;
    sweep(&world).await;
    assert_eq!((rows_of(&world, "sessions").await, rows_of(&world, "grants").await), (100, 101));
    assert_eq!((status(&lost).await, status(&kept).await), (401, 200));
    // Somebody else's are their own.
    let bob = world.browser();
    bob.sign_up(&Key::named("bob")).await;
    assert_eq!(rows_of(&world, "sessions").await, 101);
}

#[tokio::test]
async fn direct_sign_ins_in_a_loop_leave_a_hundred_grants() {
    let world = World::new().await;
    let ada = Key::named("ada");
    let browser = world.browser();
    browser.sign_up(&ada).await;
    let mut tokens = Vec::new();
    for round in 0..130 {
        let request = crate::support::post(DIRECT).header("x-auth-token", ada.token(DIRECT, world.now(), ""));
        // Half of them in one browser, whose session goes on, half in a session each.
        let answer = if round % 2 == 0 { browser.send(request, "{}").await } else { world.sign(&ada, DIRECT).await };
        world.tick();
        tokens.push(answer.json()["access_token"].as_str().unwrap().to_owned());
    }
    assert_eq!(rows_of(&world, "grants").await, 100);
    for (token, status) in [(&tokens[0], 401), (&tokens[29], 401), (&tokens[30], 200), (&tokens[129], 200)] {
        assert_eq!(world.get_with_token("/userinfo", token).await.status, status);
    }
}

#[tokio::test]
async fn a_session_stays_no_longer_than_itself_or_a_grant_of_it() {
    let world = World::new().await;
    let (idle, busy) = (world.browser(), world.browser());
    idle.sign_up(&Key::named("ada")).await;
    busy.sign_up(&Key::named("bob")).await;
    world.advance(29 * 86_400);
    let tokens = busy.tokens("openid").await;
    let status =
        async || world.get_with_token("/userinfo", tokens["access_token"].as_str().unwrap()).await.status.as_u16();
    world.advance(2 * 86_400);
    sweep(&world).await;
    assert_eq!(rows_of(&world, "sessions").await, 1);
    assert_eq!(busy.get("/api/auth/get-session").await.body, "null", "the browser is signed out");
    assert_eq!(status().await, 200, "the access token lives on");
    world.advance(29 * 86_400);
    sweep(&world).await;
    assert_eq!((rows_of(&world, "sessions").await, rows_of(&world, "grants").await), (0, 0));
    assert_eq!(status().await, 401);
}

#[tokio::test]
async fn an_ended_session_stays_until_its_codes_have_expired() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let code = browser.code(&[]).await;
    assert_eq!(browser.post_json("/api/auth/sign-out", &json!({})).await.status, 200);
    sweep(&world).await;
    let answer = browser.redeem(&code).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (400, &json!("invalid_grant")));
    world.advance(600);
    sweep(&world).await;
    assert_eq!(rows_of(&world, "sessions").await, 0);
}

#[tokio::test]
async fn an_account_has_at_most_a_hundred_sessions_in_workspaces() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    acme.add("ada@example.org", &acme.member).await;
    let mut tokens = Vec::new();
    for _ in 0..101 {
        let answer = world.log_in("ada@example.org", Some(&acme.org)).await;
        tokens.push(answer.json()["token"].as_str().unwrap().to_owned());
        world.tick();
    }
    let me = async |token: &String| {
        let caller = crate::support::As::Token(token);
        world.call(caller, "GET", "/api/v1/auth/me", &serde_json::Value::Null).await.status.as_u16()
    };
    assert_eq!((me(&tokens[0]).await, me(&tokens[1]).await, me(&tokens[100]).await), (401, 200, 200));
    sweep(&world).await;
    let counted = world
        .sigma
        .store
        .read(|tx| tx.query_opt("SELECT COUNT(*) FROM org_sessions", &[])?.map_or(Ok(0), |row| row.int(0)));
    assert_eq!(counted.await.unwrap(), 100);
}
