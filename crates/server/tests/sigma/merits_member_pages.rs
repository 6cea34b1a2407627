//! Pages of a member's merits are kept as they were sent, and never outlive what they show.

use serde_json::{Value, json};
use sigma_core::actor::Actor;
use sigma_core::email::Email;
use sigma_core::ids::{MeritTemplateId, UserId};
use sigma_core::merits::Move;
use sigma_store::email::{self, EmailProof};
use sigma_store::merits::template::{self, TemplateChange};
use sigma_store::params;

use crate::support::merits::Issuer;
use crate::support::{Answer, World, text};

/// What the app of `issuer` sees of a member.
async fn page(issuer: &Issuer<'_>, member: &UserId) -> Answer {
    issuer.get(&format!("/v2/members/{}/merits", member.digits())).await
}

/// Title and values of each merit on the page.
async fn seen(issuer: &Issuer<'_>, member: &UserId) -> Vec<(String, Value)> {
    let answer = page(issuer, member).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"), "{}", answer.body);
    let merits = answer.json()["merits"].as_array().unwrap().clone();
    let of = |merit: &Value| (text(merit, "meritTemplateTitle").to_owned(), merit["fieldValues"].clone());
    merits.iter().map(of).collect()
}

async fn titles(issuer: &Issuer<'_>, member: &UserId) -> Vec<String> {
    seen(issuer, member).await.into_iter().map(|(title, _)| title).collect()
}

/// Sends a merit that the member accepts; its id.
async fn accepted(issuer: &Issuer<'_>, template: &str, member: &UserId) -> String {
    let merit = issuer.sent(template, "ada@example.org").await;
    issuer.world.answer(member, &issuer.org, &merit, Move::Accept).await.unwrap();
    merit
}

/// Gives all merits other values behind the server's back.
async fn write_values(world: &World, values: &'static str) {
    let written = world.sigma.store.write(move |tx| tx.execute("UPDATE merits SET field_values = $1", params![values]));
    written.await.unwrap();
}

/// Whether a page is sent again without asking the store. While the change feed is not read in time it is not.
async fn is_kept(issuer: &Issuer<'_>, member: &UserId) -> bool {
    for number in 0..20 {
        let before = page(issuer, member).await.body;
        let name = format!("Unreported {number}");
        let written = issuer
            .world
            .sigma
            .store
            .write(move |tx| tx.execute("UPDATE merits SET first_name = $1", params![name.as_str()]));
        written.await.unwrap();
        if page(issuer, member).await.body == before {
            return true;
        }
    }
    false
}

#[tokio::test]
async fn a_page_of_merits_follows_every_change_with_the_next_request() {
    let world = World::with_orgs().await;
    let (bakery, harbour) = (world.issuer("bakery").await, world.issuer("harbour").await);
    let ada = world.person("ada@example.org").await;
    bakery.agreed(&ada, &json!([{"permissionType": "CanViewAllStandardMerits"}])).await;
    let (baker, pilot) = (bakery.template("Baker", false).await, harbour.template("Pilot", false).await);
    let grade = bakery.field("Grade", "ShortText").await;
    let path = format!("/v2/merittemplates/{baker}/fields/{grade}");
    assert_eq!(bakery.post(&path, &json!({"newEnabled": true, "newRequired": false})).await.status, 200);
    let first = accepted(&bakery, &baker, &ada).await;
    assert_eq!(titles(&bakery, &ada).await, ["Baker"]);
    assert!(is_kept(&bakery, &ada).await, "the page is not read from the store each time");

    let second = accepted(&harbour, &pilot, &ada).await;
    assert_eq!(titles(&bakery, &ada).await, ["Pilot", "Baker"], "accepted, from another org");
    let third = accepted(&bakery, &baker, &ada).await;
    assert_eq!(titles(&bakery, &ada).await, ["Baker", "Pilot", "Baker"]);

    let edited = bakery.post(&format!("/v2/merits/{third}/fields/{grade}"), &json!({"newValue": "A"})).await;
    assert_eq!(edited.status, 200, "{}", edited.body);
    assert_eq!(seen(&bakery, &ada).await[0].1, json!([{"fieldId": grade, "value": "A"}]), "edited");

    let (org, id, now) = (harbour.org.clone(), MeritTemplateId::parse(&pilot).unwrap(), world.now());
    let change = TemplateChange { title: Some("Captain".to_owned()), ..TemplateChange::default() };
    let changed = world.sigma.store.decide(move |tx| template::change(tx, &org, &Actor::Operator, &id, &change, now));
    changed.await.unwrap();
    assert_eq!(titles(&bakery, &ada).await, ["Baker", "Captain", "Baker"], "another title");

    let revoked = harbour.post(&format!("/v2/merits/{second}/revoke"), &json!({"revocationReason": "done"})).await;
    assert_eq!(revoked.status, 200, "{}", revoked.body);
    assert_eq!(titles(&bakery, &ada).await, ["Baker", "Baker"], "revoked");
    world.answer(&ada, &bakery.org, &first, Move::Forfeit).await.unwrap();
    assert_eq!(titles(&bakery, &ada).await, ["Baker"], "forfeited");
    let to = json!({"newRecipientEmail": "eve@example.org"});
    let moved = bakery.post(&format!("/v2/merits/{third}/transfer"), &to).await;
    assert_eq!(moved.status, 200, "{}", moved.body);
    assert_eq!(titles(&bakery, &ada).await, [""; 0], "transferred");
}

#[tokio::test]
async fn a_kept_page_is_shown_only_to_whom_the_member_lets_see_it() {
    let world = World::with_orgs().await;
    let (bakery, harbour) = (world.issuer("bakery").await, world.issuer("harbour").await);
    let ada = world.person("ada@example.org").await;
    let (baker, pilot) = (bakery.template("Baker", false).await, harbour.template("Pilot", false).await);
    accepted(&bakery, &baker, &ada).await;
    accepted(&harbour, &pilot, &ada).await;
    let all = json!([{"permissionType": "CanViewAllStandardMerits"}]);
    bakery.agreed(&ada, &all).await;
    assert_eq!(titles(&bakery, &ada).await, ["Pilot", "Baker"]);
    assert!(is_kept(&bakery, &ada).await);
    assert_eq!(page(&harbour, &ada).await.merits_error(), "403 access_not_granted", "another app and org");
    harbour.agreed(&ada, &json!([{"permissionType": "CanViewAllStandardMeritsFromOrg"}])).await;
    assert_eq!(titles(&harbour, &ada).await, ["Pilot"]);
    assert_eq!(titles(&bakery, &ada).await, ["Pilot", "Baker"]);

    // What was kept for one query is not the answer to another.
    let path = format!("/v2/members/{}/merits", ada.digits());
    for (query, expected) in [
        ("?limit=1", "200"),
        ("?limit=0", "400 invalid_request"),
        ("?limit=1&limit=2", "400 invalid_request"),
        ("?starting_after=x", "400 invalid_request"),
    ] {
        for _ in 0..2 {
            let answer = bakery.get(&format!("{path}{query}")).await;
            let got = if answer.status == 200 { "200".to_owned() } else { answer.merits_error() };
            assert_eq!(got, expected, "{query}");
        }
    }
    let one = bakery.get(&format!("{path}?merittemplate_id={pilot}")).await.json();
    assert_eq!(one["merits"].as_array().unwrap().len(), 1);

    bakery.agreed(&ada, &json!([{"permissionType": "CanViewAllStandardMeritsFromOrg"}])).await;
    assert_eq!(titles(&bakery, &ada).await, ["Baker"], "agreed to less");
    let consent = bakery.get(&format!("/v2/members/{}/access_merit", ada.digits())).await.json();
    world.answer(&ada, &bakery.org, text(&consent, "id"), Move::Forfeit).await.unwrap();
    assert_eq!(page(&bakery, &ada).await.merits_error(), "403 access_not_granted", "withdrawn");
}

#[tokio::test]
async fn a_kept_page_hides_an_address_that_is_no_longer_the_members_primary_one() {
    let world = World::with_orgs().await;
    let (bakery, harbour) = (world.issuer("bakery").await, world.issuer("harbour").await);
    let ada = world.person("ada@example.org").await;
    let pilot = harbour.template("Pilot", false).await;
    accepted(&harbour, &pilot, &ada).await;
    let wanted = json!([{"permissionType": "CanViewAllStandardMerits"}, {"permissionType": "CanViewPublicProfile"}]);
    bakery.agreed(&ada, &wanted).await;
    let address = async || page(&bakery, &ada).await.json()["merits"][0]["email"].clone();
    assert_eq!(address().await, "ada@example.org");
    assert!(is_kept(&bakery, &ada).await);
    let (user, now) = (ada.clone(), world.now());
    let changed = world.sigma.store.write(move |tx| {
        email::add(tx, &user, &Email::parse("work@example.org").unwrap(), EmailProof::Verified, now)?;
        email::make_primary(tx, &user, "work@example.org")
    });
    assert!(changed.await.unwrap());
    assert_eq!(address().await, "");
}

#[tokio::test]
async fn a_kept_page_never_sends_addresses_of_attachments_that_are_about_to_expire() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let ada = world.person("ada@example.org").await;
    bakery.agreed(&ada, &json!([{"permissionType": "CanViewAllStandardMerits"}])).await;
    let template = bakery.template("Baker", false).await;
    accepted(&bakery, &template, &ada).await;
    write_values(&world, r#"{"fld_000000000000000000000001":["000000000000000000000002"]}"#).await;
    let address = async || {
        let shown = seen(&bakery, &ada).await;
        text(&shown[0].1[0]["attachments"][0], "url").to_owned()
    };
    let first = address().await;
    assert!(is_kept(&bakery, &ada).await);
    for _ in 0..10 {
        let before = address().await;
        world.advance(60);
        assert_ne!(address().await, before);
    }
    assert_ne!(address().await, first);
}
