//! The outbox in the console and in the management API: what waits and fails, without what it says.

use std::time::Duration;

use serde_json::json;
use sigma_core::email::Email;
use sigma_core::operator::OperatorRole;
use sigma_store::email::EmailProof;
use sigma_store::event::Trail;
use sigma_store::{Tx, email, outbox};

use crate::admin_api::{add_app, call, own_token};
use crate::console::operator;
use crate::support::{World, text};

#[tokio::test]
async fn an_operator_sees_what_fails_sends_it_again_drops_it_and_tests_the_way() {
    let world = World::new().await;
    add_app(&world).await;
    let (owner, owner_id) = operator(&world, "owner", OperatorRole::Owner).await;
    let refused = owner.post_form("/console/mail", &[("do", "test")]).await;
    assert_eq!(refused.status, 409);
    assert!(refused.body.contains("no verified e-mail address"), "{}", refused.body);
    let (email, now) = (Email::parse("owner@example.org").unwrap(), world.now());
    let add = move |tx: &mut dyn Tx| email::add(tx, &owner_id, &email, EmailProof::Verified, now);
    world.sigma.store.write(add).await.unwrap();
    let tested = owner.post_form("/console/mail", &[("do", "test")]).await;
    assert_eq!(tested.location(), "/console/mail?done=mail-tested", "{}", tested.body);
    let page = owner.get("/console/mail?done=mail-tested").await;
    assert!(
        page.body.contains("owner@example.org") && page.body.contains("Test mail of id.example.org"),
        "{}",
        page.body
    );
    assert!(page.body.contains("Waiting") && !page.body.contains("presumably"), "never what it says: {}", page.body);
    let now = world.now();
    let claimed = world.sigma.store.write(move |tx| outbox::take(tx, now, 5)).await.unwrap();
    let id = claimed[0].id.clone();
    // Nobody touches a mail that a process has for sending.
    let resend = [("do", "resend"), ("mail", id.as_str())];
    assert_eq!(owner.post_form("/console/mail", &resend).await.status, 409);
    let (failed, later) = (id.clone(), now.plus(Duration::from_hours(1)));
    let postpone = move |tx: &mut dyn Tx| outbox::postpone(tx, &failed, later, "451 try <later>");
    world.sigma.store.write(postpone).await.unwrap();
    let page = owner.get("/console/mail?state=failing").await;
    assert!(page.body.contains("451 try &#60;later&#62;") && page.body.contains("again at"), "{}", page.body);
    let sent = owner.post_form("/console/mail", &resend).await;
    assert_eq!(sent.location(), "/console/mail?done=mail-resent", "{}", sent.body);

    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let listed = call(&world, &token, "GET", "mails?state=failing").await.json();
    let item = &listed["items"][0];
    assert_eq!((&item["to"], &item["state"]), (&json!("owner@example.org"), &json!("failing")));
    assert_eq!((&item["error"], &item["attempts"]), (&json!("451 try <later>"), &json!(1)));
    assert!(!listed.to_string().contains("presumably"), "{listed}");
    assert_eq!(call(&world, &token, "POST", &format!("mails/{id}/resend")).await.status, 202);
    assert_eq!(call(&world, &token, "POST", "mails/test").await.json()["code"], "no_address");
    assert_eq!(call(&world, &token, "DELETE", &format!("mails/{id}")).await.status, 204);
    assert_eq!(call(&world, &token, "GET", "mails").await.json()["items"], json!([]));
    let dropped = [("do", "drop"), ("mail", id.as_str())];
    assert_eq!(owner.post_form("/console/mail", &dropped).await.status, 404);
    let mut actions: Vec<_> = world.trail(Trail::All).await.into_iter().map(|event| event.action).collect();
    actions.retain(|action| action.starts_with("mail."));
    actions.sort_unstable();
    assert_eq!(actions, ["mail.drop", "mail.resend", "mail.resend", "mail.test"]);
}

#[tokio::test]
async fn mails_are_shown_as_they_would_be_sent() {
    let world = World::with(|settings| settings.branding.name = "Harbour & Co".to_owned()).await;
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    let list = owner.get("/console/mail/templates").await.body;
    let names: Vec<_> =
        list.split("href=\"/console/mail/templates/").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(names.len() > 15 && names.contains(&"reset"), "{names:?}");
    for name in names {
        for language in ["en", "de"] {
            let page = owner.get(&format!("/console/mail/templates/{name}?language={language}")).await;
            assert_eq!(page.status, 200, "{}", page.body);
            let mail = owner.get(&format!("/console/mail/templates/{name}/html?language={language}")).await;
            assert!(
                mail.body.contains(&format!("lang=\"{language}\"")) && mail.body.contains("Harbour &#38; Co"),
                "{}",
                mail.body
            );
            assert!(mail.header("content-security-policy").ends_with("frame-ancestors 'none'; sandbox"));
            assert_eq!(mail.header("x-frame-options"), "DENY");
        }
    }
    assert_eq!(owner.get("/console/mail/templates/none").await.status, 404);
}
