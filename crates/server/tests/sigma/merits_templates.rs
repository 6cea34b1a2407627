//! Fields and templates, and the rules by which templates use fields.

use serde_json::{Value, json};

use crate::support::{World, text};

#[tokio::test]
async fn fields_have_unique_names_and_every_org_has_the_global_ones() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let org = bakery.org.digits();
    let field = bakery.field("Level", "ShortText").await;
    let read = bakery.get(&format!("/v2/fields/{field}")).await.json();
    let expected =
        json!({"id": field, "isGlobal": false, "fieldName": "Level", "fieldType": "ShortText", "description": ""});
    assert_eq!(read, expected);
    for (other, error) in [
        (json!({"name": "LEVEL"}), "400 field_name_in_use_by_org"),
        (json!({"name": "recipient name"}), "400 field_name_in_use_by_global_field"),
        (json!({"name": "x".repeat(36)}), "400 field_name_length_exceeded"),
        (json!({"name": " "}), "400 field_empty_error"),
        (json!({"description": "x".repeat(161)}), "400 field_max_length_exceeded"),
        (json!({"fieldType": "Colour"}), "400 invalid_request"),
        (json!({"fieldType": null}), "400 invalid_request"),
        (json!({"orgId": "x"}), "400 invalid_id"),
        (json!({"orgId": "000000000000000000000009"}), "403 Forbidden"),
    ] {
        let good = json!({"orgId": org, "name": "Another", "description": "", "fieldType": "Date"});
        let answer = bakery.post("/v2/fields", &crate::support::forge::with(&good, &other)).await;
        assert_eq!(answer.merits_error(), error, "{other}");
    }
    let fields = bakery.get(&format!("/v2/orgs/{org}/fields")).await.json();
    let names: Vec<_> = fields["fields"].as_array().unwrap().iter().map(|field| text(field, "fieldName")).collect();
    assert_eq!(names.first(), Some(&"Level"));
    assert_eq!(names.last(), Some(&"Recipient Name"));
    let harbour = world.issuer("harbour").await;
    assert_eq!(harbour.get(&format!("/v2/fields/{field}")).await.merits_error(), "404 NotFound");
    assert_eq!(harbour.get("/v2/fields/000000000000000000000001").await.json()["isGlobal"], true);
}

#[tokio::test]
async fn templates_follow_their_rules() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let org = bakery.org.digits();
    for (other, error) in [
        (json!({"title": ""}), "400 merittemplate_title_cannot_be_empty"),
        (json!({"title": null}), "400 invalid_request"),
        (json!({"title": "x".repeat(61)}), "400 merittemplate_title_length_exceeded"),
        (json!({"description": ""}), "400 merittemplate_description_cannot_be_empty"),
        (json!({"description": "x".repeat(161)}), "400 merittemplate_description_length_exceeded"),
        (json!({"orgId": "000000000000000000000009"}), "403 Forbidden"),
        (json!({"canOnlyBeSentOnce": "yes"}), "400 invalid_request"),
    ] {
        let mut body = json!({"orgId": org, "title": "Baker", "description": "D", "canOnlyBeSentOnce": false});
        for (name, value) in other.as_object().unwrap() {
            body[name] = value.clone();
        }
        assert_eq!(bakery.post("/v2/merittemplates", &body).await.merits_error(), error, "{other}");
    }
    let (template, field) = (bakery.template("Baker", true).await, bakery.field("Level", "ShortText").await);
    let read = bakery.get(&format!("/v2/merittemplates/{template}")).await.json();
    assert_eq!(
        (&read["canOnlyBeSentOnce"], &read["archived"], &read["editable"]),
        (&json!(true), &json!(false), &json!(true))
    );
    assert_eq!(read["enabledFieldSettings"].as_array().unwrap().len(), 1, "the recipient's name");

    let set = async |field: &str, body: Value| {
        bakery.post(&format!("/v2/merittemplates/{template}/fields/{field}"), &body).await
    };
    let name = "000000000000000000000001";
    let off = json!({"newEnabled": false, "newRequired": false});
    assert_eq!(set(name, off.clone()).await.merits_error(), "400 cannot_remove_recipient_name_field");
    assert_eq!(set("x", off.clone()).await.merits_error(), "400 invalid_id");
    assert_eq!(set("000000000000000000000009", off.clone()).await.merits_error(), "404 NotFound");
    let optional = json!({"newEnabled": true, "newRequired": false});
    let setting = set(&field, optional.clone()).await.json();
    assert_eq!(setting, json!({"fieldId": field, "enabled": true, "inUse": false, "required": false}));

    let send = async |address: &str, value: Value| {
        let mut body = json!({"recipientEmail": address, "meritTemplateId": template, "recipientName": "Ada"});
        if !value.is_null() {
            body["fieldValues"] = json!([{"fieldId": field, "value": value}]);
        }
        let answer = bakery.post("/v2/merits/send", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    };
    send("ada@example.org", json!("Master")).await;
    let required = json!({"newEnabled": true, "newRequired": true});
    assert_eq!(set(&field, required).await.merits_error(), "400 cannot_make_optional_field_required");
    send("bob@example.org", json!("Apprentice")).await;
    let all = json!({"newEnabled": true, "newRequired": false, "newValueForAllMerits": "Master"});
    assert_eq!(set(&field, all).await.merits_error(), "400 cannot_use_field_value_for_all_merits");
    let read = bakery.get(&format!("/v2/merittemplates/{template}")).await.json();
    assert_eq!(read["enabledFieldSettings"][1]["inUse"], true);

    let kept = bakery.field("Kept", "Date").await;
    assert_eq!(set(&kept, json!({"newEnabled": true, "newRequired": true})).await.status, 200);
    let body = json!({
        "recipientEmail": "eve@example.org", "meritTemplateId": template, "recipientName": "Eve",
        "fieldValues": [{"fieldId": kept, "value": "2026-03-01"}],
    });
    assert_eq!(bakery.post("/v2/merits/send", &body).await.status, 200);
    assert_eq!(set(&kept, off).await.merits_error(), "400 cannot_remove_required_field");

    let other = bakery.template("Full", false).await;
    for number in 0..36 {
        let field = bakery.field(&format!("Field {number}"), "Checkbox").await;
        let answer = bakery.post(&format!("/v2/merittemplates/{other}/fields/{field}"), &optional).await;
        if number < 35 {
            assert_eq!(answer.status, 200, "{}", answer.body);
        } else {
            assert_eq!(answer.merits_error(), "400 max_number_of_fields_exceeded");
        }
    }
    let harbour = world.issuer("harbour").await;
    assert_eq!(harbour.get(&format!("/v2/merittemplates/{template}")).await.merits_error(), "404 NotFound");
    let list = bakery.get(&format!("/v2/orgs/{org}/merittemplates?limit=1")).await.json();
    assert_eq!(list["merittemplates"][0]["title"], "Full");
    assert_eq!(list["paging"]["pageInfo"]["hasNextPage"], true);
}

#[tokio::test]
async fn the_template_of_access_merits_is_not_edited_or_sent() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let ada = world.person("ada@example.org").await;
    bakery.agreed(&ada, &json!([{"permissionType": "CanViewPublicProfile"}])).await;
    let consent = bakery.get(&format!("/v2/members/{}/access_merit", ada.digits())).await.json();
    let template = text(&consent, "meritTemplateId").to_owned();
    let field = bakery.field("Level", "ShortText").await;
    let path = format!("/v2/merittemplates/{template}/fields/{field}");
    let refused = bakery.post(&path, &json!({"newEnabled": true, "newRequired": false})).await;
    assert_eq!(refused.merits_error(), "400 cannot_edit_access_merittemplate");
    assert_eq!(bakery.send(&template, "bob@example.org").await.merits_error(), "400 invalid_request");
    let edit = bakery.post(&format!("/v2/merits/{}", text(&consent, "id")), &json!({"fieldValues": []})).await;
    assert_eq!(edit.merits_error(), "400 merit_not_editable");
}

#[tokio::test]
async fn verified_orgs_are_found_by_name_and_shown_to_every_app() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let other = world.unverified_issuer("bakery-two").await;
    let search = async |text: &str| bakery.get(&format!("/v2/orgs/search?search_string={text}")).await;
    let found = search("BAKE").await.json();
    assert_eq!(found["results"].as_array().unwrap().len(), 1);
    assert_eq!(found["results"][0]["title"], "bakery");
    for short in ["", "ba", "%20ba%20"] {
        assert_eq!(search(short).await.merits_error(), "400 invalid_request", "{short}");
    }
    assert_eq!(search("%25%25%25").await.json()["results"], json!([]), "no wildcard");
    let shown = bakery.get(&format!("/v2/orgs/{}", other.org.digits())).await;
    assert_eq!(shown.merits_error(), "404 NotFound");
    assert_eq!(other.get(&format!("/v2/orgs/{}", other.org.digits())).await.json()["title"], "bakery-two");
    assert_eq!(other.get(&format!("/v2/orgs/{}", bakery.org.digits())).await.json()["title"], "bakery");
}
