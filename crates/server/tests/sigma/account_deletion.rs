//! Deleting an account: the request, the grace period, and the end.

use http::StatusCode;
use sigma_core::ids::UserId;
use sigma_core::scope::Scopes;
use sigma_server::jobs::delete_accounts;
use sigma_store::account_deletion;
use sigma_store::email::EmailProof;
use sigma_store::event::Trail;
use sigma_store::user;

use crate::support::{APP, Browser, Key, World};

const DELETE: &str = "/account/delete";
const DAY: u64 = 24 * 60 * 60;

async fn ada(world: &World) -> (Browser<'_>, UserId) {
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let id = browser.get("/api/auth/get-session").await.json()["user"]["id"].as_str().unwrap().to_owned();
    (browser, UserId::from_text(id))
}

async fn request(browser: &Browser<'_>) {
    let requested = browser.post_form(DELETE, &[("confirm", "delete")]).await;
    assert_eq!((requested.status, requested.location()), (StatusCode::SEE_OTHER, DELETE), "{}", requested.body);
}

async fn run_job(world: &World) {
    delete_accounts(world.sigma.clone()).await.unwrap();
    world.tick();
}

async fn exists(world: &World, id: &UserId) -> bool {
    let id = id.clone();
    world.sigma.store.read(move |tx| user::find(tx, &id)).await.unwrap().is_some()
}

#[tokio::test]
async fn an_account_is_deleted_after_the_grace_period_and_not_before() {
    let world = World::with_orgs().await;
    world.change_app(APP, |app| app.scopes = Scopes::parse("openid offline_access")).await;
    let (browser, id) = ada(&world).await;
    world.db_set_email(&id, "ada@example.org", EmailProof::Verified).await;
    let other = world.browser();
    other.sign_in(&Key::named("ada")).await;
    let tokens = browser.tokens("openid offline_access").await;
    world.mails().await;
    request(&browser).await;
    world.tick();
    assert_eq!(world.mail().await.to, "ada@example.org");
    assert!(browser.get(DELETE).await.body.contains("is going to be deleted"));
    assert_eq!(other.get("/api/auth/get-session").await.body, "null", "other browsers are signed out");
    assert_eq!(world.userinfo_status(tokens["access_token"].as_str().unwrap()).await, 401);
    let refused = world.refresh(tokens["refresh_token"].as_str().unwrap(), &[]).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]),
        (StatusCode::BAD_REQUEST, &serde_json::json!("invalid_grant"))
    );

    world.advance(7 * DAY - 60);
    run_job(&world).await;
    assert!(exists(&world, &id).await);
    world.advance(120);
    run_job(&world).await;
    assert!(!exists(&world, &id).await);
    let refused = world.refresh(tokens["refresh_token"].as_str().unwrap(), &[]).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]),
        (StatusCode::BAD_REQUEST, &serde_json::json!("invalid_grant"))
    );
    assert_eq!(world.browser().sign_in(&Key::named("ada")).await.status, StatusCode::FORBIDDEN, "no such account");
    let trail = world.trail(Trail::All).await;
    assert!(!format!("{trail:?}").contains(id.as_str()), "a pseudonym replaces the user");
    let names: Vec<&str> = trail.iter().map(|event| event.action.as_str()).collect();
    assert!(names.contains(&"user.request_deletion") && names.contains(&"user.delete"), "{names:?}");
    let rows = world.rows().await;
    let left: Vec<_> = rows.iter().filter(|(table, rows)| *rows > 0 && !table.ends_with("events")).collect();
    for table in ["users", "emails", "credentials", "identities", "consents", "account_deletions"] {
        assert!(!left.iter().any(|(name, _)| *name == table), "{table}: {left:?}");
    }
}

#[tokio::test]
async fn within_the_grace_period_the_user_signs_in_only_to_keep_the_account() {
    let world = World::new().await;
    let (browser, id) = ada(&world).await;
    browser.tokens("openid").await;
    request(&browser).await;
    world.tick();
    let again = world.browser();
    assert_eq!(again.sign_in(&Key::named("ada")).await.status, StatusCode::OK);
    assert_eq!(again.authorize(&[]).await.location(), DELETE, "no app gets access");
    let silent = again.authorize(&[("prompt", "none"), ("scope", "openid")]).await;
    assert_eq!(silent.param("error").as_deref(), Some("login_required"), "{}", silent.location());
    assert_eq!(again.post_form("/account/delete/cancel", &[]).await.location(), "/account?done=kept");
    world.tick();
    assert!(again.get("/account?done=kept").await.body.contains("is kept"));
    assert!(again.authorize(&[("scope", "openid")]).await.location().contains("code="), "consent was not forgotten");
    world.advance(8 * DAY);
    run_job(&world).await;
    assert!(exists(&world, &id).await);
    let names: Vec<String> = world.trail(Trail::User(id)).await.into_iter().map(|event| event.action).collect();
    assert!(names.contains(&"user.cancel_deletion".to_owned()), "{names:?}");
}

#[tokio::test]
async fn deletion_needs_the_word_and_a_recent_sign_in() {
    let world = World::new().await;
    let (browser, id) = ada(&world).await;
    for typed in ["", "yes", "Ada"] {
        assert_eq!(browser.post_form(DELETE, &[("confirm", typed)]).await.status, StatusCode::BAD_REQUEST, "{typed}");
    }
    assert_eq!(world.browser().get(DELETE).await.status, StatusCode::SEE_OTHER, "signed out");
    world.advance(16 * 60);
    let late = browser.post_form(DELETE, &[("confirm", "delete")]).await;
    assert_eq!(late.status, StatusCode::FORBIDDEN);
    assert!(browser.get(DELETE).await.body.contains("/login?interaction="));
    world.advance(8 * DAY);
    run_job(&world).await;
    assert!(exists(&world, &id).await);
}

#[tokio::test]
async fn the_only_administrator_of_a_workspace_is_told_and_stays() {
    let world = World::with_orgs().await;
    let acme = world.org("acme").await;
    let (admin, browser) = world.admin_of(&acme).await;
    let refused = browser.post_form(DELETE, &[("confirm", "delete")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
    assert!(refused.body.contains("only administrator"));
    assert!(exists(&world, &admin).await);
    let second = world.person("second@example.org").await;
    acme.join(&second, &acme.admin).await;
    request(&browser).await;
    world.advance(8 * DAY);
    run_job(&world).await;
    assert!(!exists(&world, &admin).await && exists(&world, &second).await);
}

#[tokio::test]
async fn administrators_who_are_going_to_be_deleted_do_not_leave_a_workspace_to_each_other() {
    let world = World::with_orgs().await;
    let acme = world.org("acme").await;
    let (first, browser) = world.admin_of(&acme).await;
    let second = world.person("second@example.org").await;
    acme.join(&second, &acme.admin).await;
    request(&browser).await;
    world.tick();
    let other = world.entered("second@example.org").await;
    let refused = other.post_form(DELETE, &[("confirm", "delete")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
    assert_eq!(browser.post_form("/account/delete/cancel", &[]).await.location(), "/account?done=kept");
    world.tick();
    request(&other).await;
    world.advance(8 * DAY);
    run_job(&world).await;
    assert!(exists(&world, &first).await && !exists(&world, &second).await);
}

#[tokio::test]
async fn a_deletion_that_is_due_is_neither_cancelled_nor_postponed_and_one_that_is_not_is_never_finished() {
    let world = World::new().await;
    let (browser, id) = ada(&world).await;
    request(&browser).await;
    world.advance(7 * DAY - 60);
    let again = world.browser();
    assert_eq!(again.sign_in(&Key::named("ada")).await.status, StatusCode::OK);
    let wanted = id.clone();
    let found = world.sigma.store.read(move |tx| account_deletion::find(tx, &wanted)).await.unwrap().unwrap();
    // Whoever carries it out may be ahead of the others.
    let (early, now) = (found.clone(), world.now());
    world.sigma.store.write(move |tx| account_deletion::finish(tx, &early, now)).await.unwrap();
    world.tick();
    assert!(exists(&world, &id).await);
    world.advance(120);
    assert_eq!(again.post_form("/account/delete/cancel", &[]).await.location(), DELETE, "too late");
    request(&again).await;
    run_job(&world).await;
    assert!(!exists(&world, &id).await, "not postponed either");
    let deleted = async || world.trail(Trail::All).await.iter().filter(|event| event.action == "user.delete").count();
    assert_eq!(deleted().await, 1);
    let now = world.now();
    world.sigma.store.write(move |tx| account_deletion::finish(tx, &found, now)).await.unwrap();
    assert_eq!(deleted().await, 1, "finished once");
}

#[tokio::test]
async fn whoever_wants_their_account_to_be_deleted_is_reminded_of_nothing() {
    let world = World::new().await;
    let (_, id) = ada(&world).await;
    world.db_set_email(&id, "ada@example.org", EmailProof::Verified).await;
    world.advance(29 * DAY);
    let browser = world.browser();
    browser.sign_in(&Key::named("ada")).await;
    request(&browser).await;
    world.mails().await;
    world.advance(3 * DAY);
    world.run_job("key_reminders").await;
    assert!(world.mails().await.is_empty());
    let browser = world.browser();
    browser.sign_in(&Key::named("ada")).await;
    browser.post_form("/account/delete/cancel", &[]).await;
    world.mails().await;
    world.advance(31 * DAY);
    world.run_job("key_reminders").await;
    assert_eq!(world.mails().await.len(), 1, "they stay after all");
}

#[tokio::test]
async fn an_administrator_who_is_going_to_be_deleted_can_be_disabled_and_is_deleted_all_the_same() {
    let world = World::with_orgs().await;
    let org = world.org("Bakery").await;
    let (browser, id) = ada(&world).await;
    org.join(&id, &org.admin).await;
    let second = world.person("second@example.org").await;
    org.join(&second, &org.admin).await;
    request(&browser).await;
    for disabled in [true, false, true] {
        let (user, now) = (id.clone(), world.now());
        let set = move |tx: &mut dyn sigma_store::Tx| user::set_disabled(tx, &user, disabled, now);
        assert!(world.sigma.store.write(set).await.unwrap());
        world.tick();
        assert_eq!(browser.get(DELETE).await.status == StatusCode::OK, !disabled);
    }
    world.advance(7 * DAY + 60);
    run_job(&world).await;
    assert!(!exists(&world, &id).await && exists(&world, &second).await);
}
