//! What apps see of members: exactly what was granted, for as long as it is.

use serde_json::{Value, json};
use sigma_core::merits::{Move, OrgPermission, OrgPermissions};

use crate::support::merits::Issuer;
use crate::support::{World, text};

/// The permission of that name.
fn permission(name: &str) -> Value {
    json!([{"permissionType": name}])
}

/// The titles on the page of a member's merits.
async fn titles(issuer: &Issuer<'_>, member: &str) -> Vec<String> {
    let answer = issuer.get(&format!("/v2/members/{member}/merits")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let merits = answer.json()["merits"].as_array().unwrap().clone();
    merits.iter().map(|merit| text(merit, "meritTemplateTitle").to_owned()).collect()
}

#[tokio::test]
async fn an_app_sees_what_the_member_granted_and_no_more() {
    let world = World::with_orgs().await;
    let (bakery, harbour, school) =
        (world.issuer("bakery").await, world.issuer("harbour").await, world.issuer("school").await);
    let ada = world.person("ada@example.org").await;
    for issuer in [&bakery, &harbour, &school] {
        let template = issuer.template(issuer.app.name.as_str(), false).await;
        let merit = issuer.sent(&template, "ada@example.org").await;
        world.answer(&ada, &issuer.org, &merit, Move::Accept).await.unwrap();
        // What is not accepted is not shown.
        issuer.sent(&template, "ada@example.org").await;
    }
    let member = ada.digits();
    let path = format!("/v2/members/{member}");
    for rest in ["", "/merits", "/access_merit"] {
        assert_eq!(bakery.get(&format!("{path}{rest}")).await.merits_error(), "403 access_not_granted", "{rest}");
        let nobody = format!("/v2/members/000000000000000000000009{rest}");
        assert_eq!(bakery.get(&nobody).await.merits_error(), "403 access_not_granted", "the same for unknown members");
    }

    bakery.agreed(&ada, &permission("CanViewAllStandardMeritsFromOrg")).await;
    let seen = bakery.get(&path).await.json();
    assert_eq!(seen, json!({"id": member, "name": {"firstName": "", "lastName": ""}}));
    assert_eq!(titles(&bakery, member).await, ["bakery"], "the own org is implied");
    let consent = bakery.get(&format!("{path}/access_merit")).await.json();
    assert_eq!((&consent["status"], &consent["email"]), (&json!("Accepted"), &json!("")));
    assert_eq!(consent["name"], json!({"firstName": "", "lastName": ""}), "the name is part of the profile");

    bakery.agreed(&ada, &permission("CanViewPublicProfile")).await;
    let seen = bakery.get(&path).await.json();
    assert_eq!(
        seen,
        json!({"id": member, "name": {"firstName": "Ada", "lastName": "Lovelace"}, "email": "ada@example.org"})
    );

    let named = json!([{"permissionType": "CanViewAllStandardMeritsFromOrg", "orgId": harbour.org.digits()}]);
    bakery.agreed(&ada, &named).await;
    assert_eq!(titles(&bakery, member).await, ["harbour", "bakery"]);
    let merits = bakery.get(&format!("{path}/merits")).await.json();
    assert_eq!(merits["merits"][0]["email"], "", "an address that another org knows");
    assert_eq!(merits["merits"][1]["email"], "ada@example.org");
    assert!(bakery.get(&path).await.json().get("email").is_none(), "agreeing again replaces what was agreed");

    bakery.agreed(&ada, &permission("CanViewAllStandardMerits")).await;
    assert_eq!(titles(&bakery, member).await, ["school", "harbour", "bakery"]);
    assert_eq!(harbour.get(&path).await.merits_error(), "403 access_not_granted", "another app and org");
    let second = world.merits_app(&bakery.org, "second").await;
    assert_eq!(bakery.through(&second).await.get(&path).await.merits_error(), "403 access_not_granted", "another app");
}

#[tokio::test]
async fn an_app_that_acts_for_another_org_sees_what_that_org_and_its_own_issued() {
    let world = World::with_orgs().await;
    let (bakery, harbour) = (world.issuer("bakery").await, world.issuer("harbour").await);
    let ada = world.person("ada@example.org").await;
    for issuer in [&bakery, &harbour] {
        let template = issuer.template(issuer.app.name.as_str(), false).await;
        let merit = issuer.sent(&template, "ada@example.org").await;
        world.answer(&ada, &issuer.org, &merit, Move::Accept).await.unwrap();
    }
    world.link(&bakery.app, &harbour.org, OrgPermissions::NONE.with(OrgPermission::Send)).await;
    let through = harbour.through(&bakery.app).await;
    through.agreed(&ada, &permission("CanViewAllStandardMeritsFromOrg")).await;
    assert_eq!(titles(&through, ada.digits()).await, ["harbour", "bakery"]);
    let path = format!("/v2/members/{}", ada.digits());
    assert_eq!(bakery.get(&path).await.merits_error(), "403 access_not_granted", "the consent is for the other org");
}

#[tokio::test]
async fn a_consent_withdrawn_in_mid_flight_ends_with_the_next_request() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let ada = world.person("ada@example.org").await;
    let path = format!("/v2/members/{}", ada.digits());
    let consent = async || {
        let token = bakery.agreed(&ada, &permission("CanViewPublicProfile")).await;
        let merit = bakery.get(&format!("{path}/access_merit")).await.json();
        (token, text(&merit, "id").to_owned())
    };

    let (token, merit) = consent().await;
    assert_eq!(bakery.get(&path).await.status, 200);
    world.answer(&ada, &bakery.org, &merit, Move::Forfeit).await.unwrap();
    for rest in ["", "/merits", "/access_merit"] {
        assert_eq!(bakery.get(&format!("{path}{rest}")).await.merits_error(), "403 access_not_granted", "forfeited");
    }
    let exchange = format!("/v2/member_id?member_id_token={token}");
    assert_eq!(bakery.get(&exchange).await.merits_error(), "403 access_not_granted");

    let (_, merit) = consent().await;
    let revoked = bakery.post(&format!("/v2/merits/{merit}/revoke"), &json!({"revocationReason": "done"})).await;
    assert_eq!(revoked.json()["status"], "Revoked");
    assert_eq!(bakery.get(&path).await.merits_error(), "403 access_not_granted", "revoked");

    let (_, merit) = consent().await;
    let to = json!({"newRecipientEmail": "eve@example.org"});
    let transfer = bakery.post(&format!("/v2/merits/{merit}/transfer"), &to).await;
    assert_eq!(transfer.merits_error(), "400 invalid_status_transition", "a consent is its member's own");
}

#[tokio::test]
async fn send_access_never_widens_what_a_member_granted() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let ada = world.person("ada@example.org").await;
    let path = format!("/v2/members/{}", ada.digits());
    let ask = async |permissions: Value| {
        let body = json!({"recipientMemberId": ada.digits(), "requestedPermissions": permissions});
        bakery.post("/v2/merits/send_access", &body).await
    };
    assert_eq!(
        ask(permission("CanViewPublicProfile")).await.merits_error(),
        "404 NotFound",
        "a member it does not know"
    );

    bakery.agreed(&ada, &permission("CanViewAllStandardMerits")).await;
    let wider =
        ask(json!([{"permissionType": "CanViewAllStandardMerits"}, {"permissionType": "CanViewPublicProfile"}]));
    let wider = wider.await.json();
    assert_eq!(wider["status"], "Pending");
    assert!(bakery.get(&path).await.json().get("email").is_none(), "nothing more is seen before the member agrees");
    let narrower = ask(permission("CanViewAllStandardMeritsFromOrg")).await.json();
    assert_eq!(narrower["status"], "Accepted");
    let granted = bakery.get(&format!("{path}/access_merit")).await.json();
    assert_eq!(granted["permissionsGrantedToSender"], json!([]), "exactly what was asked last");

    let by_address =
        json!({"recipientEmail": "ada@example.org", "requestedPermissions": permission("CanViewPublicProfile")});
    let asked = bakery.post("/v2/merits/send_access", &by_address).await.json();
    assert_eq!(asked["status"], "Pending");
    world.answer(&ada, &bakery.org, text(&asked, "id"), Move::Accept).await.unwrap();
    assert_eq!(bakery.get(&path).await.json()["email"], "ada@example.org");

    let second = world.merits_app(&bakery.org, "second").await;
    let body = json!({"recipientMemberId": ada.digits(), "requestedPermissions": permission("CanViewPublicProfile")});
    let other = bakery.through(&second).await.post("/v2/merits/send_access", &body).await;
    assert_eq!(other.merits_error(), "404 NotFound", "another app's consent is not this app's");
    for bad in [
        json!({"requestedPermissions": permission("CanViewPublicProfile")}),
        json!({"recipientMemberId": ada.digits(), "recipientEmail": "ada@example.org", "requestedPermissions": permission("CanViewPublicProfile")}),
        json!({"recipientMemberId": ada.digits(), "requestedPermissions": []}),
        json!({"recipientMemberId": ada.digits(), "requestedPermissions": permission("CanManageOrg")}),
        json!({"recipientMemberId": ada.digits()}),
    ] {
        assert_eq!(bakery.post("/v2/merits/send_access", &bad).await.merits_error(), "400 invalid_request", "{bad}");
    }
}

#[tokio::test]
async fn merits_that_a_grant_does_not_cover_are_absent_from_pages_and_cursors() {
    let world = World::with_orgs().await;
    let (bakery, harbour) = (world.issuer("bakery").await, world.issuer("harbour").await);
    let ada = world.person("ada@example.org").await;
    let (own, others) = (bakery.template("own", false).await, harbour.template("other", false).await);
    for _ in 0..3 {
        for (issuer, template) in [(&bakery, &own), (&harbour, &others)] {
            let merit = issuer.sent(template, "ada@example.org").await;
            world.answer(&ada, &issuer.org, &merit, Move::Accept).await.unwrap();
        }
    }
    bakery.agreed(&ada, &permission("CanViewAllStandardMeritsFromOrg")).await;
    let path = format!("/v2/members/{}/merits", ada.digits());
    let (mut seen, mut after, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = bakery.get(&format!("{path}?limit=2&starting_after={after}")).await.json();
        seen.extend(
            page["merits"].as_array().unwrap().iter().map(|merit| text(merit, "meritTemplateTitle").to_owned()),
        );
        pages += 1;
        if page["paging"]["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
        text(&page["paging"]["cursors"], "after").clone_into(&mut after);
    }
    assert_eq!((seen, pages), (vec!["own".to_owned(); 3], 2));
    let page = bakery.get(&format!("{path}?merittemplate_id={others}")).await.json();
    assert_eq!(page["merits"], json!([]));
    assert_eq!(page["paging"], json!({"cursors": {}, "pageInfo": {"hasNextPage": false, "hasPreviousPage": false}}));

    // A cursor of the same entries in other lists is none of this list.
    let of_org = bakery.get(&format!("/v2/orgs/{}/merits?limit=1", bakery.org.digits())).await.json();
    let of_org = text(&of_org["paging"]["cursors"], "after").to_owned();
    harbour.agreed(&ada, &permission("CanViewAllStandardMerits")).await;
    let of_other = harbour.get(&format!("{path}?limit=1")).await.json();
    let of_other = text(&of_other["paging"]["cursors"], "after").to_owned();
    for foreign in [of_org.as_str(), &of_other, "x", &"A".repeat(100)] {
        for name in ["starting_after", "ending_before"] {
            let answer = bakery.get(&format!("{path}?{name}={foreign}")).await;
            assert_eq!(answer.merits_error(), "400 invalid_request", "{name}={foreign}");
        }
    }
    for bad in ["limit=0", "limit=-1", "limit=x", "limit=1.5", "limit=1&limit=2", "merittemplate_id=x"] {
        let answer = bakery.get(&format!("{path}?{bad}")).await;
        assert_eq!(answer.status, 400, "{bad}: {}", answer.body);
    }
    assert_eq!(bakery.get(&format!("{path}?limit=100000000000")).await.status, 200, "more than the most is the most");
}

#[tokio::test]
async fn a_disabled_account_is_seen_by_nobody() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let ada = world.person("ada@example.org").await;
    bakery.agreed(&ada, &permission("CanViewPublicProfile")).await;
    let path = format!("/v2/members/{}", ada.digits());
    assert_eq!(bakery.get(&path).await.status, 200);
    let (id, now) = (ada.clone(), world.now());
    let disable = move |tx: &mut dyn sigma_store::Tx| {
        tx.execute("UPDATE users SET disabled = 1, updated_at = $2 WHERE id = $1", sigma_store::params![&id, now])?;
        tx.changed(sigma_store::cached::ACCOUNT, id.as_str())
    };
    world.sigma.store.write(disable).await.unwrap();
    assert_eq!(bakery.get(&path).await.merits_error(), "403 access_not_granted");
}
