//! What whoever runs the installation does to accounts: a link to get back in, the end of everything that signs in, and deletion.

use serde_json::{Value, json};
use sigma_core::email::Email;
use sigma_core::operator::OperatorRole;
use sigma_store::email::EmailProof;
use sigma_store::event::Trail;
use sigma_store::{Tx, email};

use crate::admin_api::{add_app, call, own_token};
use crate::console::{operator, person};
use crate::support::{PASSWORD, World, text};

#[tokio::test]
async fn an_admin_sends_links_ends_credentials_and_has_accounts_deleted_and_kept() {
    let world = World::new().await;
    add_app(&world).await;
    let (admin, admin_id) = operator(&world, "admin", OperatorRole::Admin).await;
    let (support, _) = operator(&world, "support", OperatorRole::Support).await;
    let (ada, ada_id) = person(&world, "ada").await;
    let path = format!("/console/people/{ada_id}");
    let to_ada = [("email", "ada@example.org")];
    assert_eq!(support.post_form(&format!("{path}/reset"), &to_ada).await.status, 409, "it is not hers");
    let (mailbox, now, whom) = (Email::parse("ada@example.org").unwrap(), world.now(), ada_id.clone());
    let intruder = Email::parse("mallory@example.org").unwrap();
    let add = move |tx: &mut dyn Tx| {
        email::add(tx, &whom, &mailbox, EmailProof::Verified, now)?;
        email::add(tx, &whom, &intruder, EmailProof::Verified, now)
    };
    world.sigma.store.write(add).await.unwrap();

    let sent = support.post_form(&format!("{path}/reset"), &to_ada).await;
    assert_eq!(sent.location(), format!("{path}?done=link-sent"), "{}", sent.body);
    let first = world.mail().await;
    assert_eq!(first.to, "ada@example.org");
    assert_ne!(ada.get("/api/auth/get-session").await.body, "null", "nothing else changes");

    // Support ends nothing; whoever may leaves the link as the only way in.
    assert_eq!(support.post_form(&format!("{path}/recover"), &to_ada).await.status, 403);
    assert_eq!(admin.post_form(&format!("/console/people/{admin_id}/recover"), &[]).await.status, 409);
    let ended = admin.post_form(&format!("{path}/recover"), &to_ada).await;
    assert_eq!(ended.location(), format!("{path}?done=credentials-ended"), "{}", ended.body);
    assert_eq!(ada.get("/api/auth/get-session").await.body, "null");
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let shown = call(&world, &token, "GET", &format!("people/{ada_id}")).await.json();
    let lives = |credential: &&Value| credential["retired_at"].is_null();
    assert_eq!(shown["credentials"].as_array().unwrap().iter().filter(lives).count(), 0, "{shown}");
    // Any address of an account gets a new password.
    let addresses: Vec<_> = shown["emails"].as_array().unwrap().iter().map(|email| text(email, "address")).collect();
    assert_eq!(addresses, ["ada@example.org"], "{shown}");
    let second = world.mail().await.link.unwrap();
    assert_eq!(ada.get(&first.link.unwrap()).await.status, 404, "earlier links are void");
    let secret = second.split_once("token=").unwrap().1;
    let form = [("token", secret), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(ada.post_form("/password/reset", &form).await.status, 303);
    world.mails().await;
    assert_ne!(ada.get("/api/auth/get-session").await.body, "null");
    assert_eq!(call(&world, &token, "POST", &format!("people/{ada_id}/reset")).await.status, 202);
    let many = call(&world, &token, "POST", &format!("people/{ada_id}/reset")).await;
    assert_eq!(many.json()["code"], "too_many", "{}", many.body);
    world.mails().await;

    let deleted = admin.post_form(&format!("{path}/delete"), &[]).await;
    assert_eq!(deleted.location(), format!("{path}?done=deletes"), "{}", deleted.body);
    assert_eq!(world.mail().await.to, "ada@example.org");
    assert_eq!(ada.get("/api/auth/get-session").await.body, "null");
    assert!(admin.get(&path).await.body.contains("Keep the account"));
    let own = admin.post_form(&format!("/console/people/{admin_id}/delete"), &[]).await;
    assert_eq!(own.status, 403, "{}", own.body);
    assert_eq!(call(&world, &token, "POST", &format!("people/{ada_id}/keep")).await.status, 200);
    let shown = call(&world, &token, "GET", &format!("people/{ada_id}")).await.json();
    assert_eq!(shown["deletes_at"], json!(null));
    // She sees what was done to her account.
    let events = world.trail(Trail::User(ada_id.clone())).await;
    for action in ["credential.reset_link", "credential.remove", "user.request_deletion", "user.cancel_deletion"] {
        let by_others = |actor: Option<&sigma_core::ids::UserId>| actor != Some(&ada_id);
        let event = events.iter().find(|event| event.action == action && by_others(event.actor.user()));
        assert!(event.is_some(), "{action}: {events:?}");
    }
}
