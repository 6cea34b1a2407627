//! What an org and its apps do not learn of the people they deal with, unless these agree.

use serde_json::{Value, json};
use sigma_core::email::Email;
use sigma_core::ids::UserId;
use sigma_core::merits::{Move, Standing};
use sigma_store::email::{self, EmailProof};
use sigma_store::event::Trail;

use crate::support::merits::Issuer;
use crate::support::{World, text};

fn permission(name: &str) -> Value {
    json!([{"permissionType": name}])
}

const FROM_ORG: &str = "CanViewAllStandardMeritsFromOrg";

/// A further proven address of a person.
async fn prove(world: &World, user: &UserId, address: &str) {
    let (user, address, now) = (user.clone(), Email::parse(address).unwrap(), world.now());
    let add = move |tx: &mut dyn sigma_store::Tx| email::add(tx, &user, &address, EmailProof::Verified, now);
    assert!(world.sigma.store.write(add).await.unwrap());
    world.tick();
}

async fn ask(issuer: &Issuer<'_>, recipient: Value, permissions: &Value) -> Value {
    let mut body = recipient;
    body["requestedPermissions"] = permissions.clone();
    let answer = issuer.post("/v2/merits/send_access", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

async fn list(issuer: &Issuer<'_>) -> Value {
    issuer.get(&format!("/v2/orgs/{}/merits", issuer.org.digits())).await.json()
}

#[tokio::test]
async fn the_name_of_a_member_is_seen_only_by_apps_that_may_see_the_profile() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let ada = world.person("ada@example.org").await;
    let by_id = json!({"recipientMemberId": ada.digits()});
    let nobody = json!({"firstName": "", "lastName": ""});
    bakery.agreed(&ada, &permission(FROM_ORG)).await;
    let consent = list(&bakery).await["merits"][0].clone();
    assert_eq!((&consent["name"], &consent["recipientMember"]["name"]), (&nobody, &nobody));
    let path = format!("/v2/orgs/{}/merits/{}", bakery.org.digits(), text(&consent, "id"));
    assert_eq!(bakery.get(&path).await.json()["name"], nobody);
    assert_eq!(ask(&bakery, by_id.clone(), &permission(FROM_ORG)).await["name"], nobody);
    let asked = ask(&bakery, by_id, &permission("CanViewPublicProfile")).await;
    assert_eq!((&asked["status"], &asked["name"]), (&json!("Pending"), &nobody), "nobody has agreed yet");
    world.answer(&ada, &bakery.org, text(&asked, "id"), Move::Accept).await.unwrap();
    assert_eq!(list(&bakery).await["merits"][0]["name"]["lastName"], "Lovelace");
}

#[tokio::test]
async fn the_profile_of_a_member_shows_no_address_but_the_primary_one() {
    let world = World::with_orgs().await;
    let (bakery, harbour) = (world.issuer("bakery").await, world.issuer("harbour").await);
    let ada = world.person("ada@example.org").await;
    prove(&world, &ada, "secret@example.org").await;
    let template = harbour.template("Sailor", false).await;
    for address in ["ada@example.org", "secret@example.org"] {
        let merit = harbour.sent(&template, address).await;
        world.answer(&ada, &harbour.org, &merit, Move::Accept).await.unwrap();
    }
    let all = json!([{"permissionType": "CanViewPublicProfile"}, {"permissionType": "CanViewAllStandardMerits"}]);
    let path = format!("/v2/members/{}/merits", ada.digits());
    bakery.agreed(&ada, &all).await;
    let seen = bakery.get(&path).await.json();
    assert_eq!((&seen["merits"][0]["email"], &seen["merits"][1]["email"]), (&json!(""), &json!("ada@example.org")));
    harbour.agreed(&ada, &all).await;
    assert_eq!(harbour.get(&path).await.json()["merits"][0]["email"], "secret@example.org", "the org that sent it");
}

#[tokio::test]
async fn sending_does_not_tell_whose_other_addresses_are() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let ada = world.person("ada@example.org").await;
    prove(&world, &ada, "secret@example.org").await;
    let once = bakery.template("Baker", true).await;
    let first = bakery.sent(&once, "ada@example.org").await;
    let second = bakery.sent(&once, "secret@example.org").await;
    bakery.sent(&once, "stranger@example.org").await;

    // That each gets it once is checked when they accept.
    world.answer(&ada, &bakery.org, &first, Move::Accept).await.unwrap();
    world.answer(&ada, &bakery.org, &second, Move::Accept).await.unwrap_err();
    let body = json!({"recipientMemberId": ada.digits(), "meritTemplateId": once, "recipientName": "Ada"});
    let again = bakery.post("/v2/merits/send", &body).await;
    assert_eq!(again.merits_error(), "400 merittemplate_already_sent", "who has accepted is known");

    bakery.agreed(&ada, &permission(FROM_ORG)).await;
    let by_id = ask(&bakery, json!({"recipientMemberId": ada.digits()}), &permission("CanViewPublicProfile")).await;
    for address in ["ada@example.org", "secret@example.org", "stranger@example.org"] {
        let asked = ask(&bakery, json!({"recipientEmail": address}), &permission(FROM_ORG)).await;
        assert_eq!((&asked["status"], &asked["recipientMember"]), (&json!("Pending"), &Value::Null), "{address}");
        assert_eq!(asked["name"]["firstName"], "", "{address}");
    }
    let path = format!("/v2/orgs/{}/merits/{}", bakery.org.digits(), text(&by_id, "id"));
    assert_eq!(bakery.get(&path).await.json()["status"], "Pending", "no question by address answers it");

    // The primary address is part of the profile.
    bakery.agreed(&ada, &permission("CanViewPublicProfile")).await;
    let asked = ask(&bakery, json!({"recipientEmail": "ada@example.org"}), &permission("CanViewPublicProfile")).await;
    assert_eq!(asked["status"], "Accepted");
    let asked =
        ask(&bakery, json!({"recipientEmail": "secret@example.org"}), &permission("CanViewPublicProfile")).await;
    assert_eq!(asked["status"], "Pending");
}

#[tokio::test]
async fn a_question_for_access_is_recorded_alike_for_everybody_and_as_given_only_when_it_is() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let ada = world.person("ada@example.org").await;
    let recorded = async || {
        let events = world.trail(Trail::Org(bakery.org.clone())).await;
        let count = |action: &str| -> u64 {
            events.iter().filter(|event| event.action == action).map(|event| event.count).sum()
        };
        (count("merit.send"), count("merit.access_give"))
    };
    let mut asked = Value::Null;
    for (count, address) in [(1, "stranger@example.org"), (2, "ada@example.org")] {
        asked = ask(&bakery, json!({"recipientEmail": address}), &permission(FROM_ORG)).await;
        assert_eq!(recorded().await, (count, 0), "{address}");
    }
    let own = world.trail(Trail::User(ada.clone())).await;
    assert!(own.iter().all(|event| event.action != "merit.access_give"), "she let nobody see anything: {own:?}");
    world.answer(&ada, &bakery.org, text(&asked, "id"), Move::Accept).await.unwrap();
    assert_eq!(recorded().await, (2, 1));
}

#[tokio::test]
async fn an_org_that_is_not_verified_gets_no_access_to_anybody() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let ada = world.person("ada@example.org").await;
    let asked = ask(&bakery, json!({"recipientEmail": "ada@example.org"}), &permission("CanViewPublicProfile")).await;
    let template = bakery.template("Baker", false).await;
    let merit = bakery.sent(&template, "ada@example.org").await;
    let token = bakery.request_login(&permission("CanViewPublicProfile")).await;
    world.person("eve@example.org").await;
    let eve = world.entered("eve@example.org").await;
    let page = eve.get(&format!("/login-with-sigma?token={token}")).await;
    assert_eq!(page.status, 200);

    bakery.stand(Standing::Unverified).await;
    for waiting in [text(&asked, "id"), merit.as_str()] {
        world.answer(&ada, &bakery.org, waiting, Move::Accept).await.unwrap_err();
    }
    let shown_to = page.body.split("name=\"shown_to\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let form = [("token", token.as_str()), ("shown_to", shown_to), ("accept", "true")];
    let agreed = eve.post_form("/login-with-sigma", &form).await;
    assert!(agreed.location().starts_with("https://bakery.example/failed?error=server_error"), "{}", agreed.location());
    let body = json!({"recipientEmail": "ben@example.org", "requestedPermissions": permission("CanViewPublicProfile")});
    assert_eq!(bakery.post("/v2/merits/send_access", &body).await.merits_error(), "403 Forbidden");
    let path = format!("/v2/orgs/{}/request_loginwithsigma_url", bakery.org.digits());
    let body =
        json!({"requestedPermissions": permission("CanViewPublicProfile"), "successUrl": "/", "failureUrl": "/"});
    assert_eq!(bakery.post(&path, &body).await.merits_error(), "403 Forbidden");

    bakery.stand(Standing::Verified).await;
    world.answer(&ada, &bakery.org, &merit, Move::Accept).await.unwrap();
}
