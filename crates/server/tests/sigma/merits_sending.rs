//! Sending merits: to whom, with what, and who may.

use std::fmt::Write;

use serde_json::{Value, json};
use sigma_core::merits::{Move, OrgPermission, OrgPermissions};
use sigma_store::event::{self, Place, Trail};

use crate::support::{World, redacted, text};

#[tokio::test]
async fn a_merit_waits_for_whoever_proves_the_address_or_belongs_to_the_member_at_once() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let template = bakery.template("Baker", false).await;
    let sent = bakery.send(&template, "Ada@Example.org").await;
    let marks = [("/id", "[id]"), ("/orgId", "[id]"), ("/meritTemplateId", "[id]"), ("/sendDateTime", "[time]")];
    insta::assert_json_snapshot!(redacted(sent.json(), &marks), @r#"
    {
      "active": false,
      "editable": true,
      "email": "Ada@Example.org",
      "fieldValues": [],
      "id": "[id]",
      "meritTemplateId": "[id]",
      "meritTemplateTitle": "Baker",
      "name": {
        "firstName": "Ada",
        "lastName": "Lovelace"
      },
      "orgId": "[id]",
      "recipientMember": null,
      "sendDateTime": "[time]",
      "status": "Pending"
    }
    "#);
    let ada = world.person("ada@example.org").await;
    let merit = bakery.sent(&template, "ada@example.org").await;
    world.answer(&ada, &bakery.org, &merit, Move::Accept).await.unwrap();
    let path = format!("/v2/orgs/{}/merits/{merit}", bakery.org.digits());
    let read = bakery.get(&path).await.json();
    assert_eq!(read["recipientMember"]["id"], ada.digits());
    assert_eq!((&read["active"], &read["status"]), (&json!(true), &json!("Accepted")));

    let body =
        json!({"recipientMemberId": ada.digits(), "meritTemplateId": template, "recipientName": {"firstName": "Ada"}});
    let by_id = bakery.post("/v2/merits/send", &body).await.json();
    assert_eq!((&by_id["email"], &by_id["name"]["lastName"]), (&json!(""), &json!("")));
    world.answer(&ada, &bakery.org, text(&by_id, "id"), Move::Accept).await.unwrap();
    let stranger = world.person("bob@example.org").await;
    let body = json!({"recipientMemberId": stranger.digits(), "meritTemplateId": template, "recipientName": "Bob"});
    assert_eq!(bakery.post("/v2/merits/send", &body).await.merits_error(), "404 NotFound", "no oracle of member ids");
}

#[tokio::test]
async fn a_proposed_merit_is_answered_with_both_sets_of_keys_and_sent_once_approved() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let template = bakery.template("Baker", false).await;
    let body = json!({"recipientEmail": "ada@example.org", "meritTemplateId": template, "recipientName": "Ada"});
    let proposed = bakery.post("/v2/merits/propose", &body).await.json();
    assert_eq!(proposed["status"], "Unapproved");
    for name in ["email", "recipientEmail"] {
        assert_eq!(proposed[name], "ada@example.org");
    }
    assert_eq!((&proposed["name"], &proposed["recipient"]), (&proposed["recipientName"], &Value::Null));
    let path = format!("/v2/merits/{}/approve", text(&proposed, "id"));
    assert_eq!(bakery.post(&path, &Value::Null).await.json()["status"], "Pending");
    assert_eq!(bakery.post(&path, &Value::Null).await.merits_error(), "400 invalid_status_transition");
}

#[tokio::test]
async fn what_is_wrong_with_a_merit_has_its_code_and_nothing_is_sent() {
    let world = World::with_orgs().await;
    let (bakery, harbour) = (world.issuer("bakery").await, world.issuer("harbour").await);
    let (template, foreign) = (bakery.template("Baker", false).await, harbour.template("Sailor", false).await);
    let field = bakery.field("Level", "ShortText").await;
    let set = json!({"newEnabled": true, "newRequired": true});
    let path = format!("/v2/merittemplates/{template}/fields/{field}");
    assert_eq!(bakery.post(&path, &set).await.status, 200);
    let value = |value: Value| json!([{"fieldId": field, "value": value}]);
    let good = json!({
        "recipientEmail": "ada@example.org", "meritTemplateId": template, "recipientName": "Ada", "fieldValues": value(json!("1")),
    });
    let with = |other: Value| crate::support::forge::with(&good, &other);
    for (other, error) in [
        (json!({"recipientEmail": null}), "400 invalid_request"),
        (json!({"recipientMemberId": "000000000000000000000009"}), "400 invalid_request"),
        (json!({"recipientEmail": "not an address"}), "400 invalid_request"),
        (json!({"recipientEmail": 5}), "400 invalid_request"),
        (json!({"meritTemplateId": "x"}), "400 invalid_id"),
        (json!({"meritTemplateId": "0123456789ABCDEF01234567"}), "400 invalid_id"),
        (json!({"meritTemplateId": "000000000000000000000009"}), "404 NotFound"),
        (json!({"meritTemplateId": foreign}), "404 NotFound"),
        (json!({"recipientName": ""}), "400 invalid_fullname_value"),
        (json!({"recipientName": null}), "400 invalid_fullname_value"),
        (json!({"recipientName": 7}), "400 invalid_fullname_value"),
        (json!({"recipientName": "x".repeat(61)}), "400 invalid_fullname_value"),
        (json!({"fieldValues": []}), "400 field_empty_error"),
        (json!({"fieldValues": value(json!("  "))}), "400 field_empty_error"),
        (json!({"fieldValues": value(json!("x".repeat(256)))}), "400 field_max_length_exceeded"),
        (json!({"fieldValues": value(json!(["a"]))}), "400 invalid_request"),
        (json!({"fieldValues": [{"fieldId": "x", "value": "1"}]}), "400 invalid_id"),
        (json!({"fieldValues": [{"fieldId": "000000000000000000000009", "value": "1"}]}), "400 invalid_request"),
        (json!({"fieldValues": "x"}), "400 invalid_request"),
    ] {
        let answer = bakery.post("/v2/merits/send", &with(other.clone())).await;
        assert_eq!(answer.merits_error(), error, "{other}");
    }
    let raw = async |content_type: &str, body: &str| {
        let request = http::Request::post("/v2/merits/send")
            .header("authorization", format!("Bearer {}", bakery.token))
            .header("content-type", content_type);
        world.send(request.body(axum::body::Body::from(body.to_owned())).unwrap()).await
    };
    assert_eq!(raw("text/plain", "{}").await.merits_error(), "415 invalid_request");
    for body in ["[]", "{", "{\"a\":1,\"a\":2}", "{\"a\":\"\\u0000\"}", "\"x\""] {
        assert_eq!(raw("application/json", body).await.merits_error(), "400 invalid_request", "{body}");
    }
    let list = bakery.get(&format!("/v2/orgs/{}/merits", bakery.org.digits())).await.json();
    assert_eq!(list["merits"], json!([]));
    // HTML is a text like any other.
    let script = "<script>alert(1)</script>";
    let answer = bakery.post("/v2/merits/send", &with(json!({"fieldValues": value(json!(script))}))).await.json();
    assert_eq!(answer["fieldValues"][0]["value"], script);
}

#[tokio::test]
async fn a_template_that_is_sent_once_is_sent_once_however_many_send_at_the_same_time() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let template = bakery.template("Baker", true).await;
    let sends = (0..8).map(|_| bakery.send(&template, "ada@example.org"));
    let answers = futures_util::future::join_all(sends).await;
    let won = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(won, 1);
    for lost in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(lost.merits_error(), "400 merittemplate_already_sent");
    }
    assert_eq!(bakery.send(&template, "ADA@example.org").await.merits_error(), "400 merittemplate_already_sent");
    let list = bakery.get(&format!("/v2/orgs/{}/merits", bakery.org.digits())).await.json();
    let merit = text(&list["merits"][0], "id").to_owned();
    assert_eq!(bakery.post(&format!("/v2/merits/{merit}/revoke"), &json!({})).await.status, 200);
    assert_eq!(bakery.send(&template, "ada@example.org").await.status, 200, "a revoked one does not count");
}

#[tokio::test]
async fn merits_written_together_are_answered_refused_and_counted_one_by_one() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let (one, other) = (bakery.template("Baker", true).await, bakery.template("Confectioner", false).await);
    // Each address twice: of a template that is sent once, the second is refused.
    let addresses: Vec<String> = (0..20).map(|number| format!("recipient-{}@example.org", number / 2)).collect();
    let sends = addresses.iter().flat_map(|to| [bakery.send(&one, to), bakery.send(&other, to)]);
    let answers = futures_util::future::join_all(sends).await;
    let mut refused = 0;
    for (answer, (to, title)) in
        answers.iter().zip(addresses.iter().flat_map(|to| [(to, "Baker"), (to, "Confectioner")]))
    {
        if answer.status == 200 {
            let sent = answer.json();
            assert_eq!((text(&sent, "email"), text(&sent, "meritTemplateTitle")), (to.as_str(), title));
        } else {
            assert_eq!((answer.merits_error(), title), ("400 merittemplate_already_sent".to_owned(), "Baker"));
            refused += 1;
        }
    }
    assert_eq!(refused, 10);
    let trail = Trail::Org(bakery.org.clone());
    let read = world.sigma.store.read(move |tx| event::list_before(tx, &trail, &Place::end(), 100));
    let events = read.await.unwrap();
    let counted = events.iter().filter(|event| event.action == "merit.send").map(|event| event.count).sum::<u64>();
    assert_eq!(counted, 30);
}

#[tokio::test]
async fn a_merit_that_cannot_be_written_fails_none_of_those_that_are_written_with_it() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let template = bakery.template("Baker", false).await;
    // What the database refuses, for whatever reason: here, a second merit for one address.
    let refuse = "CREATE UNIQUE INDEX merits_refused ON merits (org_id, email_folded)";
    world.sigma.store.write(move |tx| tx.execute(refuse, &[])).await.unwrap();
    let send = |to: &'static str| bakery.send(&template, to);
    let (one, ben, other, cleo) = tokio::join!(
        send("ada@example.org"),
        send("ben@example.org"),
        send("ada@example.org"),
        send("cleo@example.org")
    );
    let mut statuses = [one, ben, other, cleo].map(|answer| answer.status.as_u16());
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 500]);
}

#[tokio::test]
async fn two_who_revoke_and_transfer_at_once_make_one_move() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let template = bakery.template("Baker", false).await;
    for _ in 0..5 {
        let merit = bakery.sent(&template, "ada@example.org").await;
        let (revoke, transfer) = (format!("/v2/merits/{merit}/revoke"), format!("/v2/merits/{merit}/transfer"));
        let (reason, to) = (json!({"revocationReason": "x"}), json!({"newRecipientEmail": "bob@example.org"}));
        let (revoked, transferred) = tokio::join!(bakery.post(&revoke, &reason), bakery.post(&transfer, &to));
        let mut statuses = [revoked.status.as_u16(), transferred.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400], "{} {}", revoked.body, transferred.body);
    }
}

/// What each permission of a link allows.
#[tokio::test]
async fn every_call_checks_the_permissions_of_the_link() {
    let world = World::with_orgs().await;
    let (bakery, harbour) = (world.issuer("bakery").await, world.issuer("harbour").await);
    let (template, org) = (harbour.template("Sailor", false).await, harbour.org.digits());
    let mut table = String::new();
    for permission in OrgPermission::ALL {
        world.link(&bakery.app, &harbour.org, OrgPermissions::NONE.with(permission)).await;
        let through = harbour.through(&bakery.app).await;
        let merit = harbour.sent(&template, "ada@example.org").await;
        let body = json!({"recipientEmail": "ada@example.org", "meritTemplateId": template, "recipientName": "Ada"});
        let proposed = text(&harbour.post("/v2/merits/propose", &body).await.json(), "id").to_owned();
        let upload = json!({"attachmentType": "Photos", "contentType": "image/png", "fileSize": 20});
        let access = json!({"recipientEmail": "ada@example.org", "requestedPermissions": [{"permissionType": "CanViewPublicProfile"}]});
        let field = json!({"orgId": org, "name": permission.as_str(), "fieldType": "Date"});
        let ask = json!({"requestedPermissions": [{"permissionType": "CanViewPublicProfile"}], "successUrl": "/", "failureUrl": "/", "state": "s"});
        let mut allowed = Vec::new();
        for (name, method, path, body) in [
            ("org", "GET", format!("/v2/orgs/{org}"), Value::Null),
            ("templates", "GET", format!("/v2/orgs/{org}/merittemplates"), Value::Null),
            ("merits", "GET", format!("/v2/orgs/{org}/merits"), Value::Null),
            ("merit", "GET", format!("/v2/orgs/{org}/merits/{merit}"), Value::Null),
            ("edits", "GET", format!("/v2/orgs/{org}/meritedits"), Value::Null),
            ("page", "POST", format!("/v2/uuidTranslation/merit/{merit}/email/ada@example.org"), Value::Null),
            ("field", "POST", "/v2/fields".to_owned(), field),
            (
                "template",
                "POST",
                "/v2/merittemplates".to_owned(),
                json!({"orgId": org, "title": "T", "description": "D"}),
            ),
            ("upload", "POST", "/v2/request_upload_url".to_owned(), upload),
            ("propose", "POST", "/v2/merits/propose".to_owned(), body.clone()),
            ("approve", "POST", format!("/v2/merits/{proposed}/approve"), Value::Null),
            ("send", "POST", "/v2/merits/send".to_owned(), body.clone()),
            ("send_access", "POST", "/v2/merits/send_access".to_owned(), access),
            ("ask", "POST", format!("/v2/orgs/{org}/request_loginwithsigma_url"), ask),
            ("edit", "POST", format!("/v2/merits/{merit}"), json!({"fieldValues": []})),
            ("revoke", "POST", format!("/v2/merits/{merit}/revoke"), json!({})),
        ] {
            let answer = through.call(method, &path, &body).await;
            if answer.status == 200 {
                allowed.push(name);
            } else {
                assert_eq!(answer.merits_error(), "403 Forbidden", "{} {name}", permission.as_str());
            }
        }
        writeln!(table, "{}: {}", permission.as_str(), allowed.join(" ")).unwrap();
    }
    insta::assert_snapshot!(table, @r"
    CanManageOrg: org templates merits merit edits page field template upload propose approve send send_access ask edit revoke
    CanEditOrg: org templates
    CanManageAllMeritTemplates: org templates field template
    CanSendAllMeritTemplates: org templates merits merit edits page upload propose approve send send_access ask edit revoke
    CanProposeAllMeritTemplates: org templates upload propose
    ");
}

#[tokio::test]
async fn the_public_page_of_a_merit_is_found_by_its_address_as_clients_write_it() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let template = bakery.template("Baker", false).await;
    let merit = bakery.sent(&template, "ada+x@example.org").await;
    for address in ["ada+x@example.org", "ADA%2Bx%40example.org"] {
        let answer = bakery.post(&format!("/v2/uuidTranslation/merit/{merit}/email/{address}"), &Value::Null).await;
        let url = answer.json()["translationUrl"].as_str().unwrap().to_owned();
        assert!(url.starts_with("https://id.example.org/") && url.contains(&merit), "{url}");
    }
    let other = bakery.post(&format!("/v2/uuidTranslation/merit/{merit}/email/bob@example.org"), &Value::Null).await;
    assert_eq!(other.merits_error(), "404 NotFound");
}

#[tokio::test]
async fn the_merits_of_an_org_are_listed_by_pages_and_filters() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let (one, two) = (bakery.template("One", false).await, bakery.template("Two", false).await);
    for number in 0..6 {
        let (template, address) = if number % 2 == 0 { (&one, "ada@example.org") } else { (&two, "bob@example.org") };
        bakery.sent(template, address).await;
    }
    let first = bakery.sent(&one, "eve@example.org").await;
    bakery.post(&format!("/v2/merits/{first}/revoke"), &json!({})).await;
    let path = format!("/v2/orgs/{}/merits", bakery.org.digits());
    let count = async |query: &str| {
        let answer = bakery.get(&format!("{path}?{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.body);
        answer.json()["merits"].as_array().unwrap().len()
    };
    assert_eq!(count("").await, 7);
    assert_eq!(count(&format!("merittemplate_id={one}")).await, 4);
    assert_eq!(count("merit_status=Revoked").await, 1);
    assert_eq!(count(&format!("merittemplate_id={one}&merit_status=Pending")).await, 3);
    assert_eq!(count("recipient_email=ada@example.org").await, 3);
    assert_eq!(count("recipient_email=ada%40example.org&recipient_email=BOB@example.org").await, 6);
    assert_eq!(count("limit=2").await, 2);

    let page = bakery.get(&format!("{path}?limit=3")).await.json();
    let after = text(&page["paging"]["cursors"], "after").to_owned();
    let next = bakery.get(&format!("{path}?limit=3&starting_after={after}")).await.json();
    assert_eq!(next["paging"]["pageInfo"], json!({"hasNextPage": true, "hasPreviousPage": true}));
    let before = text(&next["paging"]["cursors"], "before").to_owned();
    let back = bakery.get(&format!("{path}?limit=3&ending_before={before}")).await.json();
    assert_eq!(back["merits"], page["merits"]);
    let foreign = bakery.get(&format!("{path}?limit=3&merit_status=Pending&starting_after={after}")).await;
    assert_eq!(foreign.merits_error(), "400 invalid_request", "a cursor belongs to its filters");
    for bad in
        ["merit_status=Lost", "merittemplate_id=x", "recipient_email=x", "merit_status=Pending&merit_status=Revoked"]
    {
        assert_eq!(bakery.get(&format!("{path}?{bad}")).await.status, 400, "{bad}");
    }
    let harbour = world.issuer("harbour").await;
    assert_eq!(harbour.get(&path).await.merits_error(), "403 Forbidden");
    let foreign = format!("/v2/orgs/{}/merits/{first}", harbour.org.digits());
    assert_eq!(harbour.get(&foreign).await.merits_error(), "404 NotFound");
}
