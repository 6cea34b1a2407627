//! Directories provision the people of an org (`docs/spec/scim.md`).

use serde_json::{Value, json};
use sigma_core::ids::ScimConnectionId;
use sigma_server::directories;
use sigma_store::event::Trail;

use crate::admin_api::{add_app, own_token};
use crate::support::directory::{Directory, GROUP, PATCH_OP, USER};
use crate::support::{Answer, As, PASSWORD, World, text};

/// Accepts the invitation that was mailed last, with [`PASSWORD`].
async fn accept(world: &World) {
    let link = world.mail().await.link.unwrap();
    let token = link.split_once('=').unwrap().1.to_owned();
    let form = [("token", token.as_str()), ("name", "Ada"), ("password", PASSWORD), ("again", PASSWORD)];
    let joined = world.browser().post_form("/invitation", &form).await;
    assert_eq!(joined.status, 303, "{}", joined.body);
    world.tick();
}

async fn is_logged_in(world: &World, token: &str) -> bool {
    world.call(As::Token(token), "GET", "/api/v1/auth/me", &Value::Null).await.status == 200
}

#[tokio::test]
async fn a_provisioned_person_accepts_and_loses_everything_when_deactivated() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let directory = acme.connect(&world).await;
    let ada = directory.provision("ada@example.org").await;
    let path = format!("/Users/{}", text(&ada, "id"));
    assert_eq!((&ada["active"], &ada["userName"]), (&json!(true), &json!("ada@example.org")));
    assert_eq!(ada["meta"]["location"], json!(format!("https://id.example.org/scim/v2{path}")));
    // Nobody is a member before they accepted.
    assert_eq!(world.log_in("ada@example.org", Some(&acme.org)).await.status, 401);
    accept(&world).await;
    let token = acme.token("ada@example.org").await;
    assert!(is_logged_in(&world, &token).await);

    let found = directory.get("/Users?filter=userName%20eq%20%22ADA@example.org%22").await.json();
    assert_eq!((&found["totalResults"], &found["Resources"][0]["id"]), (&json!(1), &ada["id"]));

    let patched = directory.patch(&path, json!([{"op": "replace", "value": {"active": false}}])).await;
    assert_eq!((patched.status.as_u16(), &patched.json()["active"]), (200, &json!(false)), "{}", patched.body);
    assert!(!is_logged_in(&world, &token).await);
    assert_eq!(world.log_in("ada@example.org", Some(&acme.org)).await.status, 401);

    // Their account is their own: another org is not affected, and reactivation needs no new invitation.
    let beta = world.org("Beta").await;
    let patched = directory.patch(&path, json!([{"op": "Replace", "path": "active", "value": "True"}])).await;
    assert_eq!(patched.json()["active"], json!(true));
    assert!(world.mails().await.is_empty());
    assert!(!is_logged_in(&world, &token).await);
    assert_eq!(world.log_in("ada@example.org", Some(&acme.org)).await.status, 200);
    assert_eq!(world.log_in("ada@example.org", Some(&beta.org)).await.status, 401);

    let token = acme.token("ada@example.org").await;
    assert_eq!(directory.call("DELETE", &path, &Value::Null).await.status, 204);
    assert!(!is_logged_in(&world, &token).await);
    assert_eq!(directory.get(&path).await.status, 404);
    let names: Vec<_> = world.trail(Trail::All).await.into_iter().map(|event| event.action).collect();
    for wanted in ["scim_connection.create", "scim_user.provision", "scim_user.change", "scim_user.deprovision"] {
        assert!(names.iter().any(|name| name == wanted), "{wanted}: {names:?}");
    }
}

/// Status and `scimType` of a refusal.
fn refusal(answer: &Answer) -> String {
    let body = answer.json();
    assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]), "{body}");
    assert_eq!(body["status"], json!(answer.status.as_str()), "{body}");
    assert!(answer.header("content-type").starts_with("application/scim+json"));
    format!("{} {}", answer.status.as_u16(), body["scimType"].as_str().unwrap_or("-"))
}

fn encoded(filter: &str) -> String {
    crate::support::query(&[("filter", filter)])
}

#[tokio::test]
async fn an_account_is_invited_and_not_taken_over() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let directory = acme.connect(&world).await;
    let bob = world.person("bob@example.org").await;
    let provisioned = directory.provision("bob@example.org").await;
    // The answer is that of an address without an account.
    assert_eq!((&provisioned["active"], &provisioned["groups"]), (&json!(true), &Value::Null));
    assert_eq!(world.log_in("bob@example.org", Some(&acme.org)).await.status, 401);
    let link = world.mail().await.link.unwrap();
    // Deactivated before they accept: the link is void.
    let path = format!("/Users/{}", text(&provisioned, "id"));
    directory.patch(&path, json!([{"op": "replace", "value": {"active": false}}])).await;
    let token = link.split_once('=').unwrap().1;
    let gone = world.browser().post_form("/invitation", &[("token", token)]).await;
    assert_ne!(gone.status, 303, "{}", gone.body);
    assert_eq!(world.log_in("bob@example.org", Some(&acme.org)).await.status, 401);
    // Active again: another invitation.
    let again = directory.patch(&path, json!([{"op": "replace", "value": {"active": true}}])).await;
    assert_eq!(again.json()["active"], json!(true), "{}", again.body);
    let link = world.mail().await.link.unwrap();
    let token = link.split_once('=').unwrap().1;
    let browser = world.browser();
    browser.log_in("bob@example.org", PASSWORD).await;
    assert_eq!(browser.post_form("/invitation", &[("token", token)]).await.status, 303);
    world.tick();
    assert_eq!(world.log_in("bob@example.org", Some(&acme.org)).await.status, 200);
    assert_eq!(directory.get(&path).await.json()["id"], provisioned["id"]);
    // Their account is theirs, whatever becomes of them here.
    assert_eq!(directory.call("DELETE", &path, &Value::Null).await.status, 204);
    let disabled = world.sigma.store.read(move |tx| sigma_store::user::find(tx, &bob)).await.unwrap().unwrap().disabled;
    assert!(!disabled);
}

#[tokio::test]
async fn a_member_becomes_the_user_of_their_verified_address_and_keeps_the_last_say() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let directory = acme.connect(&world).await;
    let (_, ada) = acme.add("ada@example.org", &acme.admin).await;
    let (bob, token) = acme.add("bob@example.org", &acme.member).await;
    let user = directory.provision("bob@example.org").await;
    assert!(world.mails().await.is_empty());
    assert!(is_logged_in(&world, &token).await);
    let path = format!("/Users/{}", text(&user, "id"));
    let same_address = json!({"schemas": [USER], "userName": "other", "emails": [{"value": "BOB@example.org"}]});
    assert_eq!(refusal(&directory.call("POST", "/Users", &same_address).await), "409 uniqueness");

    // An administrator deactivates them: the directory sees it, and repeating what it wants changes nothing.
    let change = json!({"active": false});
    let changed = world.call(As::Token(&ada), "PATCH", &format!("/api/v1/users/{bob}"), &change).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(directory.get(&path).await.json()["active"], json!(false));
    let repeated = directory.patch(&path, json!([{"op": "replace", "value": {"active": true}}])).await;
    assert_eq!(repeated.json()["active"], json!(false), "{}", repeated.body);

    // The last administrator stays.
    let admin = directory.provision("ada@example.org").await;
    let path = format!("/Users/{}", text(&admin, "id"));
    let refused = directory.patch(&path, json!([{"op": "replace", "value": {"active": false}}])).await;
    assert_eq!(refusal(&refused), "409 -");
    assert_eq!(refusal(&directory.call("DELETE", &path, &Value::Null).await), "409 -");
    assert_eq!(directory.get(&path).await.json()["active"], json!(true));
    assert!(is_logged_in(&world, &ada).await);
}

#[tokio::test]
async fn an_unverified_address_makes_nobody_the_user() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let directory = acme.connect(&world).await;
    let (eve, _) = acme.add("eve@example.org", &acme.member).await;
    world.db_set_email(&eve, "boss@example.org", sigma_store::email::EmailProof::Unverified).await;
    let body = json!({"schemas": [USER], "userName": "boss@example.org"});
    assert_eq!(refusal(&directory.call("POST", "/Users", &body).await), "409 -");
    assert_eq!(directory.get("/Users").await.json()["totalResults"], json!(0));
}

#[tokio::test]
async fn nothing_of_another_org_is_found_or_changed() {
    let world = World::with_orgs().await;
    let (acme, beta) = (world.org("Acme").await, world.org("Beta").await);
    let (ours, theirs) = (acme.connect(&world).await, beta.connect(&world).await);
    let ada = ours.provision("ada@example.org").await;
    let group = json!({"schemas": [GROUP], "displayName": "Staff", "members": [{"value": ada["id"]}]});
    let staff = ours.call("POST", "/Groups", &group).await.json();
    let user = format!("/Users/{}", text(&ada, "id"));
    let group_path = format!("/Groups/{}", text(&staff, "id"));
    let change = json!({"schemas": [PATCH_OP], "Operations": [{"op": "replace", "value": {"displayName": "x"}}]});
    for path in [&user, &group_path] {
        let body = if path.starts_with("/Users") {
            json!({"schemas": [USER], "userName": "x"})
        } else {
            json!({"schemas": [GROUP], "displayName": "x"})
        };
        assert_eq!(refusal(&theirs.get(path).await), "404 -");
        assert_eq!(refusal(&theirs.call("PUT", path, &body).await), "404 -");
        assert_eq!(refusal(&theirs.call("PATCH", path, &change).await), "404 -");
        assert_eq!(refusal(&theirs.call("DELETE", path, &Value::Null).await), "404 -");
    }
    for path in ["/Users", "/Groups"] {
        assert_eq!(theirs.get(path).await.json()["totalResults"], json!(0));
        assert_eq!(ours.get(path).await.json()["totalResults"], json!(1));
    }
    let foreign = json!({"schemas": [GROUP], "displayName": "Staff", "members": [{"value": ada["id"]}]});
    assert_eq!(refusal(&theirs.call("POST", "/Groups", &foreign).await), "400 invalidValue");
    // The same names are free there.
    theirs.provision("ada@example.org").await;
    for token in ["", "sigma_scim_", &"x".repeat(54), &ours.token[1..]] {
        let stranger = Directory { token: token.to_owned(), world: &world, id: ours.id.clone() };
        let refused = stranger.get("/Users").await;
        assert_eq!((refusal(&refused), refused.header("www-authenticate")), ("401 -".to_owned(), "Bearer"));
    }
}

#[tokio::test]
async fn groups_give_roles_where_the_connection_says_so() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, ada) = acme.add("ada@example.org", &acme.admin).await;
    let (bob, _) = acme.add("bob@example.org", &acme.member).await;
    let plain = acme.connect(&world).await;
    let directory = acme.connect_as(&world, &acme.member, true).await;
    let user = directory.provision("bob@example.org").await;
    let role = async || {
        let path = format!("/api/v1/users/{bob}");
        text(&world.call(As::Token(&ada), "GET", &path, &Value::Null).await.json(), "roleId").to_owned()
    };
    let members = json!([{"value": user["id"]}]);
    let group = json!({"schemas": [GROUP], "displayName": "ADMIN", "members": members});
    let made = directory.call("POST", "/Groups", &group).await;
    assert_eq!((made.status.as_u16(), &made.json()["members"][0]["value"]), (201, &user["id"]), "{}", made.body);
    assert_eq!(role().await, acme.admin.as_str());
    let shown = directory.get(&format!("/Users/{}", text(&user, "id"))).await.json();
    assert_eq!((&shown["groups"][0]["display"], &shown["groups"][0]["type"]), (&json!("ADMIN"), &json!("direct")));

    let path = format!("/Groups/{}", text(&made.json(), "id"));
    let selected = format!("members[value eq \"{}\"]", text(&user, "id"));
    directory.patch(&path, json!([{"op": "remove", "path": selected}])).await;
    assert_eq!(role().await, acme.member.as_str());
    directory.patch(&path, json!([{"op": "add", "path": "members", "value": members}])).await;
    assert_eq!(role().await, acme.admin.as_str());
    directory.patch(&path, json!([{"op": "replace", "path": "displayName", "value": "Staff"}])).await;
    assert_eq!(role().await, acme.member.as_str());
    // A connection that was made without that right gives none.
    plain.patch(&path, json!([{"op": "replace", "path": "displayName", "value": "Admin"}])).await;
    assert_eq!(role().await, acme.member.as_str());
    assert_eq!(directory.call("DELETE", &path, &Value::Null).await.status, 204);
    let names: Vec<_> = world.trail(Trail::All).await.into_iter().map(|event| event.action).collect();
    for wanted in ["scim_group.create", "scim_group.change", "scim_group.remove"] {
        assert!(names.iter().any(|name| name == wanted), "{wanted}: {names:?}");
    }
}

/// What Entra ID sends, by its documentation of provisioning: operations with capitals, truth values as texts, members that
/// are removed by value, the manager as a text.
#[tokio::test]
async fn requests_of_entra_are_understood() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let directory = acme.connect(&world).await;
    // "Test Connection" asks for somebody who does not exist.
    let probe =
        directory.get(&format!("/Users?{}", encoded(r#"userName eq "6f0fa0f2-0f6c-4c0c-9d3f-0d1f5a1e2b3c""#))).await;
    assert_eq!((probe.status.as_u16(), probe.json()["totalResults"].clone()), (200, json!(0)));
    let body = json!({
        "schemas": [USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "externalId": "58342554-38d6-4ec8-948c-50044d0a33fd",
        "userName": "grace@example.org",
        "active": true,
        "displayName": "Grace",
        "emails": [{"primary": true, "type": "work", "value": "grace@example.org"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Grace Hopper", "familyName": "Hopper", "givenName": "Grace"},
        "title": "Admiral",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Navy"},
    });
    let made = directory.call("POST", "/Users", &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let grace = made.json();
    let id = text(&grace, "id").to_owned();
    let path = format!("/Users/{id}");
    for filter in [
        r#"externalId eq "58342554-38d6-4ec8-948c-50044d0a33fd""#.to_owned(),
        r#"emails[type eq "work"].value eq "x""#.to_owned(),
        format!(r#"id eq "{id}" and manager eq "x""#),
        r#"userName eq "grace@example.org""#.to_owned(),
    ] {
        let found = directory.get(&format!("/Users?{}", encoded(&filter))).await;
        assert_eq!(found.status, 200, "{filter}: {}", found.body);
    }
    let patched = directory
        .patch(
            &path,
            json!([
                {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "hopper@example.org"},
                {"op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+1 555 0100"},
                {"op": "Replace", "path": "name.familyName", "value": "Murray"},
                {"op": "Add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager", "value": id},
                {"op": "Replace", "path": "active", "value": "False"},
            ]),
        )
        .await;
    assert_eq!(patched.status, 200, "{}", patched.body);
    let patched = patched.json();
    assert_eq!(
        (&patched["active"], &patched["name"]["familyName"], &patched["phoneNumbers"][0]["type"]),
        (&json!(false), &json!("Murray"), &json!("mobile"))
    );
    let found = directory.get(&format!("/Users?{}", encoded(&format!(r#"id eq "{id}" and manager eq "{id}""#)))).await;
    assert_eq!(found.json()["totalResults"], json!(1));

    let group = json!({
        "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": "Programmers",
        "meta": {"resourceType": "Group"},
    });
    let made = directory.call("POST", "/Groups", &group).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let group_path = format!("/Groups/{}", text(&made.json(), "id"));
    let added = json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": id}]}]);
    assert_eq!(directory.patch(&group_path, added).await.json()["members"][0]["value"], json!(id));
    let shown = directory.get(&format!("{group_path}?excludedAttributes=members")).await.json();
    assert_eq!((&shown["displayName"], &shown["members"]), (&json!("Programmers"), &Value::Null));
    let filter = format!(r#"displayName eq "programmers" and members eq "{id}""#);
    let found = directory.get(&format!("/Groups?excludedAttributes=members&{}", encoded(&filter))).await.json();
    assert_eq!((&found["totalResults"], &found["Resources"][0]["members"]), (&json!(1), &Value::Null));
    let removed = json!([{"op": "Remove", "path": "members", "value": [{"value": id}]}]);
    assert_eq!(directory.patch(&group_path, removed).await.json()["members"], Value::Null);
}

/// What Okta sends, by its reference of SCIM: pages from 1, whole resources by PUT, deactivation without a path, groups whose
/// `id` is repeated.
#[tokio::test]
async fn requests_of_okta_are_understood() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let directory = acme.connect(&world).await;
    for path in ["/Users?startIndex=1&count=2", "/Groups?startIndex=1&count=100"] {
        let listed = directory.get(path).await;
        assert_eq!((listed.status.as_u16(), listed.json()["totalResults"].clone()), (200, json!(0)));
    }
    let query = encoded(r#"userName eq "test.user@okta.example""#);
    assert_eq!(directory.get(&format!("/Users?{query}&startIndex=1&count=100")).await.json()["Resources"], json!([]));
    let body = json!({
        "schemas": [USER],
        "userName": "test.user@okta.example",
        "name": {"givenName": "Test", "familyName": "User"},
        "emails": [{"primary": true, "value": "test.user@okta.example", "type": "work"}],
        "displayName": "Test User",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": true,
    });
    let made = directory.call("POST", "/Users", &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = text(&made.json(), "id").to_owned();
    assert!(!made.body.contains("1mz050nq"));
    let path = format!("/Users/{id}");
    let mut whole = made.json();
    whole["name"]["familyName"] = json!("Other");
    let replaced = directory.call("PUT", &path, &whole).await;
    assert_eq!((replaced.status.as_u16(), &replaced.json()["name"]["familyName"]), (200, &json!("Other")));
    let off = directory.patch(&path, json!([{"op": "replace", "value": {"active": false}}])).await;
    assert_eq!(off.json()["active"], json!(false));

    let group = json!({"schemas": [GROUP], "displayName": "Test SCIMv2", "members": []});
    let made = directory.call("POST", "/Groups", &group).await.json();
    let group_path = format!("/Groups/{}", text(&made, "id"));
    let renamed = json!([{"op": "replace", "value": {"id": made["id"], "displayName": "Test SCIMv3"}}]);
    assert_eq!(directory.patch(&group_path, renamed).await.json()["displayName"], json!("Test SCIMv3"));
    let members = json!([
        {"op": "remove", "path": format!("members[value eq \"{id}\"]")},
        {"op": "add", "path": "members", "value": [{"value": id, "display": "test.user@okta.example"}]},
    ]);
    assert_eq!(directory.patch(&group_path, members).await.json()["members"][0]["value"], json!(id));
    let all = json!([{"op": "replace", "path": "members", "value": []}]);
    assert_eq!(directory.patch(&group_path, all).await.json()["members"], Value::Null);
}

#[tokio::test]
async fn lists_are_paged_sorted_and_bounded() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let directory = acme.connect(&world).await;
    for name in ["carol", "Bob", "ada"] {
        let body = json!({"schemas": [USER], "userName": name, "title": name.len().to_string()});
        assert_eq!(directory.call("POST", "/Users", &body).await.status, 201);
    }
    let names = async |query: &str| {
        let listed = directory.get(&format!("/Users?{query}")).await;
        assert_eq!(listed.status, 200, "{}", listed.body);
        let listed = listed.json();
        let all: Vec<_> =
            listed["Resources"].as_array().unwrap().iter().map(|one| text(one, "userName").to_owned()).collect();
        format!("{} of {}: {}", listed["startIndex"], listed["totalResults"], all.join(" "))
    };
    assert_eq!(names("").await, "1 of 3: carol Bob ada");
    assert_eq!(names("startIndex=2&count=1").await, "2 of 3: Bob");
    assert_eq!(names("startIndex=0&count=-5").await, "1 of 3: ");
    assert_eq!(names("startIndex=9").await, "9 of 3: ");
    assert_eq!(names("sortBy=userName").await, "1 of 3: ada Bob carol");
    assert_eq!(names("sortBy=userName&sortOrder=descending&startIndex=2").await, "2 of 3: Bob ada");
    assert_eq!(names(&format!("{}&count=1", encoded(r#"title eq "3""#))).await, "1 of 2: Bob");
    let found = directory.get("/Users?attributes=userName&count=1").await.json();
    let mut first = found["Resources"][0].clone();
    first["id"].take();
    assert_eq!(first, json!({"schemas": [USER], "id": null, "userName": "carol"}));

    for (path, expected) in [
        ("/Users?filter=userName", "400 invalidFilter"),
        ("/Users?startIndex=x", "400 invalidValue"),
        ("/Users?sortBy=nothing", "400 invalidPath"),
        ("/Users?attributes=userName&excludedAttributes=title", "400 invalidValue"),
        ("/Users/scu_0", "404 -"),
        ("/Users/x%00y", "404 -"),
        ("/Devices", "404 -"),
        ("/Me", "501 -"),
        ("/Schemas?filter=id%20pr", "403 -"),
        ("/Schemas/urn:x", "404 -"),
    ] {
        assert_eq!(refusal(&directory.get(path).await), expected, "{path}");
    }
    let search =
        |filter: &str| json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": filter});
    let large = vec!["title pr"; 10_000].join(" or ");
    let refused = directory.call("POST", "/Users/.search", &search(&large)).await;
    assert!(["400 invalidFilter", "413 -"].contains(&refusal(&refused).as_str()), "{}", refused.body);
    let bounded = vec!["title pr"; 101].join(" or ");
    assert_eq!(refusal(&directory.call("POST", "/Users/.search", &search(&bounded)).await), "400 invalidFilter");
    let found = directory.call("POST", "/.search", &search(r#"userName sw "a""#)).await;
    assert_eq!((found.status.as_u16(), &found.json()["totalResults"]), (200, &json!(1)), "{}", found.body);
    for discovery in
        ["/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/User", "/Schemas", &format!("/Schemas/{USER}")]
    {
        assert_eq!(directory.get(discovery).await.status, 200, "{discovery}");
    }
}

#[tokio::test]
async fn versions_guard_changes_and_spare_answers() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let directory = acme.connect(&world).await;
    let ada = directory.provision("ada@example.org").await;
    let path = format!("/Users/{}", text(&ada, "id"));
    let shown = directory.get(&path).await;
    let etag = shown.header("etag").to_owned();
    assert_eq!(json!(etag), shown.json()["meta"]["version"]);
    let known = directory.call_with("GET", &path, &Value::Null, &[("if-none-match", &etag)]).await;
    assert_eq!((known.status.as_u16(), known.body.as_str()), (304, ""));
    let change =
        json!({"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "title", "value": "Countess"}]});
    let changed = directory.call_with("PATCH", &path, &change, &[("if-match", &etag)]).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_ne!(changed.header("etag"), etag);
    for (method, body) in [("PATCH", &change), ("DELETE", &Value::Null)] {
        let stale = directory.call_with(method, &path, body, &[("if-match", &etag)]).await;
        assert_eq!(refusal(&stale), "412 -");
    }
    // Nothing changed: nothing is recorded.
    let before = world.trail(Trail::All).await.len();
    directory.call("PATCH", &path, &change).await;
    assert_eq!(world.trail(Trail::All).await.len(), before);
}

#[tokio::test]
async fn a_bulk_request_refers_to_what_it_creates() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let directory = acme.connect(&world).await;
    let operation = |method: &str, path: &str, id: &str, data: Value| json!({"method": method, "path": path, "bulkId": id, "data": data});
    let bulk = |operations: Vec<Value>| json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations});
    let group = json!({"schemas": [GROUP], "displayName": "Staff", "members": [{"value": "bulkId:ada"}]});
    let ada = json!({"schemas": [USER], "userName": "ada"});
    let nobody = json!({"schemas": [GROUP], "displayName": "Others", "members": [{"value": "bulkId:nobody"}]});
    let request = bulk(vec![
        operation("POST", "/Groups", "staff", group),
        operation("POST", "/Users", "ada", ada.clone()),
        operation("POST", "/Users", "twin", ada.clone()),
        operation("POST", "/Groups", "others", nobody),
        operation(
            "PATCH",
            "/Users/bulkId:ada",
            "",
            json!({"schemas": [PATCH_OP], "Operations": [{"op": "add", "path": "title", "value": "x"}]}),
        ),
    ]);
    let answer = directory.call("POST", "/Bulk", &request).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = answer.json();
    let statuses: Vec<_> =
        answer["Operations"].as_array().unwrap().iter().map(|one| text(one, "status").to_owned()).collect();
    assert_eq!(statuses, ["201", "201", "409", "409", "200"], "{answer}");
    assert_eq!(answer["Operations"][2]["response"]["scimType"], json!("uniqueness"));
    let staff = directory.get("/Groups").await.json()["Resources"][0].clone();
    assert_eq!(staff["members"].as_array().unwrap().len(), 1);

    let two = vec![
        operation("POST", "/Users", "a", ada.clone()),
        operation("POST", "/Users", "b", json!({"schemas": [USER], "userName": "b"})),
    ];
    let mut strict = bulk(two);
    strict["failOnErrors"] = json!(1);
    let answer = directory.call("POST", "/Bulk", &strict).await.json();
    assert_eq!(answer["Operations"].as_array().unwrap().len(), 1);
    let many = bulk((0..101).map(|n| operation("DELETE", "/Users/x", &n.to_string(), Value::Null)).collect());
    assert_eq!(refusal(&directory.call("POST", "/Bulk", &many).await), "413 -");
}

#[tokio::test]
async fn an_administrator_connects_a_directory_reads_its_requests_and_disconnects_it() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    acme.add("ada@example.org", &acme.admin).await;
    acme.add("bob@example.org", &acme.member).await;
    let ada = world.entered("ada@example.org").await;
    let path = format!("/org/{}/directories", acme.org);
    assert_eq!(ada.get(&path).await.status, 200);
    assert_eq!(world.entered("bob@example.org").await.get(&path).await.status, 404);

    let form = [("name", "Entra"), ("role", acme.member.as_str()), ("maps_roles", "true")];
    let made = ada.post_form(&path, &form).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let token_in = |page: &str| {
        let start = page.find("sigma_scim_").unwrap();
        page[start..].chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect::<String>()
    };
    assert!(made.body.contains("https://id.example.org/scim/v2"));
    let token = token_in(&made.body);
    let id = {
        let page = ada.get(&path).await.body;
        assert!(!page.contains(&token));
        let start = page.find("/directories/scim_").unwrap() + "/directories/".len();
        page[start..].split('"').next().unwrap().to_owned()
    };
    let directory = Directory { world: &world, id: ScimConnectionId::from_text(id.as_str()), token };
    directory.provision("carol@example.org").await;
    directory.get("/Users?filter=oops").await;
    let page = ada.get(&format!("{path}/{id}")).await.body;
    for words in ["POST /scim/v2/Users", "GET /scim/v2/Users?filter=oops", "201", "400", "invalidFilter"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    world.tick();
    let rotated = ada.post_form(&format!("{path}/{id}/rotate"), &[]).await;
    let renewed = Directory { token: token_in(&rotated.body), world: &world, id: directory.id.clone() };
    for connection in [&directory, &renewed] {
        assert_eq!(connection.get("/Users").await.status, 200);
    }
    world.advance(25 * 60 * 60);
    assert_eq!(
        (directory.get("/Users").await.status.as_u16(), renewed.get("/Users").await.status.as_u16()),
        (401, 200)
    );
    // A session that was left open gets no token, and no secret of a webhook either.
    for (path, form) in [
        (path.clone(), &form[..]),
        (format!("{path}/{id}/rotate"), &[]),
        (format!("/org/{}/webhooks", acme.org), &[("url", "https://hooks.example.org/"), ("events", "")]),
    ] {
        let asked = ada.post_form(&path, form).await;
        assert!(asked.location().starts_with("/login?interaction="), "{path}: {} {}", asked.status, asked.body);
    }
    // Whoever knows a token may leave: the others are told, and end it.
    acme.add("zoe@example.org", &acme.admin).await;
    let zoe = world.entered("zoe@example.org").await;
    let ada_is = async |state: &'static str| {
        let set = move |tx: &mut dyn sigma_store::Tx| {
            let sql = "UPDATE memberships SET state = $1
                WHERE user_id = (SELECT user_id FROM emails WHERE folded = 'ada@example.org')";
            tx.execute(sql, sigma_store::params![state])
        };
        world.sigma.store.write(set).await.unwrap();
        for _ in 0..2 {
            directories::tell_of_makers(world.sigma.clone()).await.unwrap();
        }
        let mails = world.mails().await.into_iter();
        mails.filter(|mail| mail.text.contains("does not administer")).collect::<Vec<_>>()
    };
    let told = ada_is("inactive").await;
    assert_eq!(told.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["zoe@example.org"]);
    // Again, once they returned and left once more.
    assert_eq!(ada_is("active").await.len(), 0);
    assert_eq!(ada_is("inactive").await.len(), 1);
    assert!(told[0].text.contains(&format!("{path}/{id}")), "{}", told[0].text);
    assert!(zoe.get(&path).await.body.contains("Token of somebody who left"));
    // The operator sees that too.
    add_app(&world).await;
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let api = format!("/api/admin/v1/orgs/{}/directories", acme.org);
    let seen = world.call(As::Token(&token), "GET", &api, &Value::Null).await.json();
    assert_eq!((&seen["items"][0]["id"], &seen["items"][0]["maker_left"]), (&json!(id), &json!(true)), "{seen}");
    let page = zoe.get(&format!("{path}/{id}")).await.body;
    assert!(page.contains("may have kept its token") && page.contains("name=\"end\" value=\"true\" checked"), "{page}");
    let ended = zoe.post_form(&format!("{path}/{id}/rotate"), &[("end", "true")]).await;
    assert_eq!(renewed.get("/Users").await.status, 401);
    let renewed = Directory { token: token_in(&ended.body), world: &world, id: directory.id.clone() };
    assert_eq!(renewed.get("/Users").await.status, 200);
    assert!(!zoe.get(&path).await.body.contains("Token of somebody who left"));
    // And ends one that nobody of the org ends.
    let other = acme.connect(&world).await;
    let api = format!("{api}/{}", other.id);
    assert_eq!(world.call(As::Token(&token), "GET", &api, &Value::Null).await.json()["maker_left"], false);
    assert_eq!(world.call(As::Token(&token), "DELETE", &api, &Value::Null).await.status, 204);
    assert_eq!(other.get("/Users").await.status, 401);
    assert_eq!(world.call(As::Token(&token), "DELETE", &api, &Value::Null).await.status, 404);
    let removed = zoe.post_form(&format!("{path}/{id}/remove"), &[]).await;
    assert_eq!(removed.status, 303, "{}", removed.body);
    assert_eq!(renewed.get("/Users").await.status, 401);
    let names: Vec<_> = world.trail(Trail::All).await.into_iter().map(|event| event.action).collect();
    for wanted in ["scim_connection.create", "scim_connection.rotate", "scim_connection.remove"] {
        assert!(names.iter().any(|name| name == wanted), "{wanted}: {names:?}");
    }
}
