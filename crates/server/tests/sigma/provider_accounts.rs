//! Linking and unlinking accounts at upstream providers.

use http::StatusCode;
use serde_json::{Value, json};
use sigma_core::event::Event;
use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;
use sigma_server::settings::Provider;
use sigma_store::email::EmailProof;
use sigma_store::event::{self, Place};
use sigma_store::provider_account;

use crate::provider_sign_in::{is_signed_in, session, world_with};
use crate::support::upstream::{Asked, Upstream};
use crate::support::{Answer, Browser, Key, PASSWORD, World, ada, leads};

const LINK: &str = "/account/providers/link";
const UNLINK: &str = "/api/auth/unlink-account";

/// Links the account `subject` on the account page.
async fn link(world: &World, upstream: &Upstream, browser: &Browser<'_>, subject: &str) -> Answer {
    let begun = browser.post_form(LINK, &[("provider", "op")]).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.body);
    let asked = Asked::of(begun.location());
    browser.get(&upstream.consent(&asked, &upstream.claims(&asked, world.now(), subject))).await
}

async fn accounts(browser: &Browser<'_>) -> Value {
    browser.get("/api/auth/list-accounts").await.json()
}

async fn id_of(browser: &Browser<'_>) -> UserId {
    UserId::from_text(session(browser).await["user"]["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_linked_account_signs_in_to_the_account_that_linked_it() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let browser = ada(&world).await;
    let id = id_of(&browser).await;
    world.db_set_email(&id, "ada@example.org", EmailProof::Verified).await;
    let page = browser.get("/account").await;
    assert!(page.body.contains("Link Google") && page.body.contains("Link GitHub"), "{}", page.body);
    assert_eq!(link(&world, &upstream, &browser, "ada-at-op").await.location(), "/account?done=linked");
    let page = browser.get("/account?done=linked").await;
    assert!(page.body.contains("The account was linked.") && page.body.contains("ada-at-op@example.org"));
    let mail = world.mail().await;
    assert!(mail.to == "ada@example.org" && mail.text.contains("linked"), "{mail:?}");
    let elsewhere = world.browser();
    upstream.round(&elsewhere, "op", world.now(), "ada-at-op").await;
    assert_eq!(id_of(&elsewhere).await, id);
    // Once more is the same.
    assert_eq!(link(&world, &upstream, &browser, "ada-at-op").await.location(), "/account?done=linked");
    assert_eq!(accounts(&browser).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_account_stays_with_whoever_linked_it_first() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let (first, second) = (ada(&world).await, world.browser());
    second.sign_up(&Key::named("eve")).await;
    link(&world, &upstream, &first, "shared").await;
    let refused = link(&world, &upstream, &second, "shared").await;
    assert_eq!(refused.location(), "/account?error=account_already_linked_to_different_user");
    let page = second.get(refused.location()).await;
    assert!(page.notice().contains("already linked with another account"), "{}", page.body);
    assert_eq!(accounts(&second).await, json!([]));
    assert_eq!(accounts(&first).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn linking_needs_a_recent_sign_in_and_the_session_that_asked() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let browser = ada(&world).await;
    let begin =
        async |browser: &Browser<'_>| browser.post_json("/api/auth/link-social", &json!({"provider": "op"})).await;
    let answer = begin(&browser).await.json();
    let asked = Asked::of(answer["url"].as_str().unwrap());
    let callback = upstream.consent(&asked, &upstream.claims(&asked, world.now(), "x"));
    // Somebody else signed in meanwhile: the account would become theirs.
    browser.sign_up(&Key::named("eve")).await;
    assert_eq!(browser.get(&callback).await.location(), "/account?error=unable_to_link_account");
    assert_eq!(accounts(&browser).await, json!([]));
    // The sign-in is too old by the time that the browser comes back, or before it leaves.
    let answer = begin(&browser).await.json();
    let asked = Asked::of(answer["url"].as_str().unwrap());
    world.advance(901);
    let callback = upstream.consent(&asked, &upstream.claims(&asked, world.now(), "x"));
    assert_eq!(browser.get(&callback).await.location(), "/account?error=unable_to_link_account");
    let refused = begin(&browser).await;
    assert_eq!((refused.status, &refused.json()["code"]), (StatusCode::FORBIDDEN, &json!("SESSION_NOT_FRESH")));
    let refused = browser.post_form(LINK, &[("provider", "op")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(accounts(&browser).await, json!([]));
    let nobody = world.browser();
    assert_eq!(begin(&nobody).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(leads(&nobody.post_form(LINK, &[("provider", "op")]).await), "/login");
    assert_eq!(browser.get("/account?error=%3Cscript%3E").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_unknown_provider_is_linked_with_nobody() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let browser = ada(&world).await;
    assert_eq!(browser.post_form(LINK, &[("provider", "facebook")]).await.status, StatusCode::BAD_REQUEST);
    let refused = browser.post_json("/api/auth/link-social", &json!({"provider": "facebook"})).await;
    assert_eq!((refused.status, &refused.json()["code"]), (StatusCode::NOT_FOUND, &json!("PROVIDER_NOT_FOUND")));
}

#[tokio::test]
async fn an_unlinked_account_signs_nobody_in_and_can_be_linked_again() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let browser = ada(&world).await;
    link(&world, &upstream, &browser, "x").await;
    let elsewhere = world.browser();
    upstream.round(&elsewhere, "op", world.now(), "x").await;
    let unlinked = browser.post_json(UNLINK, &json!({"providerId": "op"})).await;
    assert_eq!((unlinked.status, unlinked.json()), (StatusCode::OK, json!({"status": true})));
    assert!(!is_signed_in(&elsewhere).await, "its session went with it");
    assert!(is_signed_in(&browser).await);
    let stranger = world.browser();
    upstream.round(&stranger, "op", world.now(), "x").await;
    assert_ne!(id_of(&stranger).await, id_of(&browser).await);
    assert_eq!(accounts(&browser).await, json!([]));

    link(&world, &upstream, &browser, "y").await;
    let form = [("kind", "provider"), ("id", "op|y")];
    assert_eq!(browser.post_form("/account/credentials/retire", &form).await.location(), "/account?done=retired");
    link(&world, &upstream, &browser, "y").await;
    assert_eq!(accounts(&browser).await[0]["accountId"], "y");
}

#[tokio::test]
async fn the_last_way_in_cannot_be_unlinked_nor_what_is_somebody_elses() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let browser = world.browser();
    upstream.round(&browser, "op", world.now(), "only").await;
    let refused = browser.post_json(UNLINK, &json!({"providerId": "op", "accountId": "only"})).await;
    let code = json!("FAILED_TO_UNLINK_LAST_ACCOUNT");
    assert_eq!((refused.status, &refused.json()["code"]), (StatusCode::BAD_REQUEST, &code));
    let form = [("kind", "provider"), ("id", "op|only")];
    assert_eq!(browser.post_form("/account/credentials/retire", &form).await.status, StatusCode::CONFLICT);

    let eve = world.browser();
    eve.sign_up(&Key::named("eve")).await;
    for body in
        [json!({"providerId": "op", "accountId": "only"}), json!({"providerId": "op"}), json!({"providerId": "x"})]
    {
        let refused = eve.post_json(UNLINK, &body).await;
        assert_eq!((refused.status, &refused.json()["code"]), (StatusCode::BAD_REQUEST, &json!("ACCOUNT_NOT_FOUND")));
    }
    assert_eq!(eve.post_form("/account/credentials/retire", &form).await.status, StatusCode::CONFLICT);
    assert_eq!(eve.post_json(UNLINK, &json!({"providerId": 7})).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(accounts(&browser).await.as_array().unwrap().len(), 1);
    world.advance(901);
    let refused = browser.post_json(UNLINK, &json!({"providerId": "op"})).await;
    assert_eq!((refused.status, &refused.json()["code"]), (StatusCode::FORBIDDEN, &json!("SESSION_NOT_FRESH")));
}

#[tokio::test]
async fn a_user_links_a_bounded_number_of_accounts() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let browser = ada(&world).await;
    for number in 0..provider_account::MOST {
        assert_eq!(link(&world, &upstream, &browser, &number.to_string()).await.location(), "/account?done=linked");
    }
    let refused = link(&world, &upstream, &browser, "one more").await;
    assert_eq!(refused.location(), "/account?error=too_many_accounts");
}

async fn events(world: &World) -> Vec<Event> {
    world.sigma.store.read(|tx| event::list_after(tx, &Place::at(Timestamp::default()), 500)).await.unwrap()
}

#[tokio::test]
async fn the_audit_trail_names_the_provider() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let browser = ada(&world).await;
    link(&world, &upstream, &browser, "x").await;
    browser.post_json(UNLINK, &json!({"providerId": "op"})).await;
    let guest = world.browser();
    let asked = guest.leave("op").await;
    guest.get(&asked.callback(&[("error", "access_denied"), ("state", asked.get("state"))])).await;
    let trail = events(&world).await;
    let about = |action: &str| {
        let of_provider = |event: &&Event| event.details.method.as_deref() == Some("provider");
        trail.iter().filter(of_provider).find(|event| event.action == action).cloned()
    };
    assert_eq!(about("credential.add").unwrap().details.provider.as_deref(), Some("op"));
    assert!(about("credential.remove").is_some());
    let failed = about("user.sign_in_failed").unwrap();
    assert_eq!(
        (failed.details.provider.as_deref(), failed.details.reason.as_deref()),
        (Some("op"), Some("access_denied"))
    );
}

#[tokio::test]
async fn a_providers_word_alone_sets_no_first_password() {
    let upstream = Upstream::serve().await;
    let trust = |provider: &mut Provider| provider.trusted_email_domains = vec!["example.org".to_owned()];
    let world = world_with(&upstream, trust).await;
    let browser = world.browser();
    upstream.round(&browser, "op", world.now(), "ada").await;
    let page = browser.get("/account/password").await;
    assert!(page.body.contains("/password/forgot"), "{}", page.body);
    let form = [("password", PASSWORD), ("again", PASSWORD)];
    let refused = browser.post_form("/account/password", &form).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let accounts = browser.get("/account").await;
    assert!(!accounts.body.contains("value=\"password\""), "{}", accounts.body);
}
