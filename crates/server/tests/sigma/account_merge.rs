//! Merging two accounts of one person: proposed by an admin, confirmed in both accounts by their owner.

use serde_json::json;
use sigma_core::operator::OperatorRole;
use sigma_core::scope::Scopes;
use sigma_store::email::EmailProof;
use sigma_store::event::Trail;

use crate::admin_api::{add_app, own_token};
use crate::console::{operator, person};
use crate::support::{APP, As, Key, World, text};

const MERGE: &str = "/account/merge";

#[tokio::test]
async fn two_accounts_become_one_once_their_owner_has_signed_in_to_both() {
    let world = World::new().await;
    add_app(&world).await;
    world.change_app(APP, |app| app.scopes = Scopes::parse("openid offline_access")).await;
    let (admin, admin_id) = operator(&world, "admin", OperatorRole::Admin).await;
    let ((browser, old), (_, new)) = (person(&world, "old").await, person(&world, "new").await);
    person(&world, "third").await;
    for (id, address) in [(&old, "old@example.org"), (&new, "new@example.org")] {
        world.db_set_email(id, address, EmailProof::Verified).await;
    }
    world.mails().await;

    // An admin proposes it. Nothing happens by that.
    let path = format!("/console/people/{old}");
    let into = async |whom: &str| admin.post_form(&format!("{path}/merge"), &[("into", whom)]).await;
    assert_eq!(into("nobody@example.org").await.status, 409);
    assert_eq!(into(old.as_str()).await.status, 409, "itself");
    assert_eq!(into(admin_id.as_str()).await.status, 409, "nobody's role in the console passes to another account");
    assert_eq!(into("new@example.org").await.location(), format!("{path}?done=merge-proposed"));
    let mut told: Vec<String> = world.mails().await.into_iter().map(|mail| mail.to).collect();
    told.sort_unstable();
    assert_eq!(told, ["new@example.org", "old@example.org"]);
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let api = format!("/api/admin/v1/people/{old}/merge");
    let again = world.call(As::Token(&token), "POST", &api, &json!({"into": new.as_str()})).await;
    assert_eq!(again.status, 202, "{}", again.body);
    let refused = world.call(As::Token(&token), "POST", &api, &json!({"into": admin_id.as_str()})).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (409, &json!("merge_refused")));
    world.mails().await;

    // Their owner confirms in the account that goes, which the browser is signed out of by that.
    let offline = browser.tokens("openid offline_access").await;
    assert!(browser.get(MERGE).await.body.contains("(new@example.org)"));
    let going = browser.post_form(MERGE, &[]).await;
    assert!(going.location().starts_with("/login?interaction="), "{}", going.body);
    assert_eq!(browser.get("/api/auth/get-session").await.body, "null");
    // Another account than the one that was proposed does not stay, nor does another browser confirm.
    browser.sign_in(&Key::named("third")).await;
    let wrong = browser.post_form("/account/merge/confirm", &[]).await;
    assert!(wrong.status == 409 && wrong.body.contains("another account stays"), "{}", wrong.body);
    let elsewhere = world.browser();
    elsewhere.sign_in(&Key::named("new")).await;
    assert_eq!(elsewhere.post_form("/account/merge/confirm", &[]).await.status, 409);
    browser.post_form("/sign-out", &[]).await;
    // An old sign-in to the account that stays is not enough.
    world.advance(60);
    browser.sign_in(&Key::named("new")).await;
    world.advance(16 * 60);
    let stale = browser.post_form("/account/merge/confirm", &[]).await;
    assert!(stale.status == 403 && stale.body.contains("Sign in again"), "{}", stale.body);
    browser.sign_in(&Key::named("new")).await;
    let page = browser.get(MERGE).await;
    assert!(page.body.contains("old@example.org") && page.body.contains("Merge the accounts"), "{}", page.body);
    let merged = browser.post_form("/account/merge/confirm", &[]).await;
    assert_eq!(merged.location(), "/account?done=merged", "{}", merged.body);
    world.tick();
    let told: Vec<String> = world.mails().await.into_iter().map(|mail| mail.to).collect();
    assert!(["old@example.org", "new@example.org"].iter().all(|to| told.iter().any(|told| told == to)), "{told:?}");

    // What the account that goes signs in with opens the one that stays; what was signed in with it has ended.
    let account = browser.get("/account?done=merged").await;
    assert!(account.body.contains("old@example.org") && account.body.contains("were merged"), "{}", account.body);
    let with_old_key = world.browser();
    with_old_key.sign_in(&Key::named("old")).await;
    assert_eq!(with_old_key.get("/api/auth/get-session").await.json()["user"]["id"], new.as_str());
    assert_eq!(world.refresh(text(&offline, "refresh_token"), &[]).await.json()["error"], "invalid_grant");
    assert_eq!(admin.get(&path).await.status, 404);
    let found = admin.get(&format!("/console/people?q={old}")).await;
    assert!(found.body.contains(&format!("/console/people/{new}\"")), "{}", found.body);
    // What happened in the account that went is theirs to see as before.
    let activity = browser.get("/account/activity").await.body;
    assert!(activity.contains("in an account that was merged into this one"), "{activity}");
    let copy = browser.post_form("/account/data", &[]).await.json();
    assert_eq!(copy["merged_accounts"][0]["id"], old.as_str(), "{copy}");
    let events = copy["events"].as_array().unwrap();
    let of_old: Vec<_> = events.iter().filter(|event| event["merged_account"] == old.as_str()).collect();
    assert!(of_old.iter().any(|event| event["action"] == "user.sign_up"), "{copy}");
    assert!(events.iter().any(|event| event["merged_account"].is_null()));
    let names: Vec<String> = world.trail(Trail::User(new)).await.into_iter().map(|event| event.action).collect();
    assert!(names.iter().any(|name| name == "user.propose_merge"), "{names:?}");
    assert!(names.iter().any(|name| name == "user.merge"), "{names:?}");
}
