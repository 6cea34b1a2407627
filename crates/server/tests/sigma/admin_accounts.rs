//! What the management API changes in an account, takes a copy of, and removes.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use sigma_core::ids::UserId;
use sigma_core::operator::OperatorRole;
use sigma_core::scope::Scopes;
use sigma_store::event::Trail;

use crate::added_keys::add;
use crate::admin_api::{add_app, call, own_token, token_of};
use crate::console::{operator, person};
use crate::support::{Answer, As, Key, World, text};

const ALL: &str = "openid sigma:admin:read sigma:admin:write";

async fn ask(world: &World, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    world.call(As::Token(token), method, &format!("/api/admin/v1/{path}"), body).await
}

fn refused(answer: &Answer) -> (u16, String, Value) {
    let problem = answer.json();
    (answer.status.as_u16(), text(&problem, "code").to_owned(), problem["field"].clone())
}

async fn created(world: &World, token: &str, email: &str) -> String {
    let added = ask(world, token, "POST", "people", &json!({"email": email, "link": "none"})).await;
    text(&added.json(), "id").to_owned()
}

/// How often each action is in the trail of a person.
async fn times(world: &World, user: &str, action: &str) -> usize {
    let events = world.trail(Trail::Concerning(UserId::from_text(user))).await;
    events.iter().filter(|event| event.action == action).count()
}

#[tokio::test]
async fn a_name_and_an_address_are_changed_once_and_no_address_is_taken_from_others() {
    let world = World::new().await;
    add_app(&world).await;
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let ada = created(&world, &token, "ada@example.org").await;
    created(&world, &token, "bob@example.org").await;
    let path = format!("people/{ada}");
    let change = json!({"name": " Ada Lovelace ", "email": "ada@example.net"});
    for _ in 0..2 {
        let changed = ask(&world, &token, "PATCH", &path, &change).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
        let person = changed.json();
        assert_eq!((&person["name"], &person["email"]), (&json!("Ada Lovelace"), &json!("ada@example.net")));
        let emails: Vec<_> = person["emails"].as_array().unwrap().iter().map(|email| &email["address"]).collect();
        assert_eq!(emails.len(), 2, "the other one is kept: {person}");
    }
    assert_eq!(times(&world, &ada, "user.change").await, 1, "what changes nothing leaves no event");
    let told: Vec<_> = world.mails().await.into_iter().filter(|mail| mail.text.contains("primary")).collect();
    assert_eq!(
        told.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(),
        ["ada@example.org"],
        "at the former one, once"
    );

    let tag = call(&world, &token, "GET", &path).await.header("etag").to_owned();
    assert_eq!(ask(&world, &token, "PATCH", &path, &json!({"email": "Ada@example.org"})).await.status, 200);
    let outdated = Request::patch(format!("/api/admin/v1/{path}")).header("authorization", format!("Bearer {token}"));
    let outdated = outdated.header("if-match", tag).header("content-type", "application/json");
    assert_eq!(world.send(outdated.body(Body::from(r#"{"name":"Eve"}"#)).unwrap()).await.status, 412);
    for (body, expected) in [
        (json!({"email": "BOB@example.org"}), (409, "address_taken", json!("email"))),
        (json!({"email": "nobody"}), (400, "invalid_setting", json!("email"))),
        (json!({"name": " "}), (400, "invalid_setting", json!("name"))),
        (json!({"nom": "Ada"}), (400, "invalid_request", Value::Null)),
    ] {
        let (status, code, field) = refused(&ask(&world, &token, "PATCH", &path, &body).await);
        assert_eq!((status, code.as_str(), field), expected, "{body}");
    }
    assert_eq!(ask(&world, &token, "PATCH", &path, &json!({})).await.status, 200);
    let nobody = "people/user_ffffffffffffffffffffffff";
    assert_eq!(ask(&world, &token, "PATCH", nobody, &change).await.status, 404);
}

#[tokio::test]
async fn of_two_people_who_get_one_address_at_once_one_has_it() {
    let world = World::new().await;
    add_app(&world).await;
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let one = format!("people/{}", created(&world, &token, "one@example.org").await);
    let other = format!("people/{}", created(&world, &token, "other@example.org").await);
    let email = json!({"email": "both@example.org"});
    let (first, second) =
        tokio::join!(ask(&world, &token, "PATCH", &one, &email), ask(&world, &token, "PATCH", &other, &email));
    let mut answers = [first.status.as_u16(), second.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [200, 409], "{} {}", first.body, second.body);
}

#[tokio::test]
async fn a_credential_is_retired_by_kind_or_id_and_the_last_one_stays() {
    let world = World::new().await;
    add_app(&world).await;
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let (browser, ada) = person(&world, "ada").await;
    let (path, key) = (format!("people/{ada}/credentials/retire"), Key::named("ada").pubkey());
    let kinds = |person: &Value| -> Vec<(String, String)> {
        let all = person["credentials"].as_array().unwrap().iter();
        all.map(|one| (text(one, "kind").to_owned(), text(one, "id").to_owned())).collect()
    };
    assert_eq!(
        kinds(&call(&world, &token, "GET", &format!("people/{ada}")).await.json()),
        [("key".to_owned(), key.clone())]
    );
    let retire = async |named: &str| ask(&world, &token, "POST", &path, &json!({ "credential": named })).await;
    let last = retire("key").await;
    assert_eq!(refused(&last), (409, "last_credential".to_owned(), json!("credential")));
    assert_eq!(retire("password").await.status, 404);
    assert_eq!(retire("nothing").await.status, 404);
    assert_eq!(ask(&world, &token, "POST", &path, &json!({})).await.status, 400);
    let second = Key::named("a second key");
    assert_eq!(add(&world, &browser, &second, false).await.status, 201);
    assert_eq!(refused(&retire("key").await), (409, "several_credentials".to_owned(), json!("credential")));
    let retired = retire(&key).await;
    assert_eq!(retired.status, 200, "{}", retired.body);
    assert!(browser.get("/api/auth/get-session").await.json()["user"].is_null(), "every session ends");
    assert_eq!(retire(&key).await.status, 404, "it is retired");
    assert_eq!(times(&world, ada.as_str(), "credential.remove").await, 1);
}

#[tokio::test]
async fn a_copy_of_what_is_stored_is_recorded_and_shown_to_the_person() {
    let world = World::new().await;
    add_app(&world).await;
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let (browser, ada) = person(&world, "ada").await;
    let copy = call(&world, &token, "GET", &format!("people/{ada}/export")).await;
    assert_eq!(copy.status, 200, "{}", copy.body);
    assert_eq!((&copy.json()["account"]["id"], copy.json()["sessions"].as_array().unwrap().len()), (&json!(ada), 1));
    assert_eq!(times(&world, ada.as_str(), "user.export").await, 1);
    let activity = browser.get("/account/activity").await.body;
    assert!(activity.contains("The operator exported everything stored about you"), "{activity}");
    assert_eq!(call(&world, &token, "GET", "people/user_ffffffffffffffffffffffff/export").await.status, 404);
    // A token for reading is that of an auditor, who sees less than what is stored.
    let reads = text(&own_token(&world, "sigma:admin:read").await, "access_token").to_owned();
    assert_eq!(call(&world, &reads, "GET", &format!("people/{ada}/export")).await.status, 403);
}

#[tokio::test]
async fn only_owners_remove_an_account_at_once_and_nobody_their_own() {
    let world = World::with_orgs().await;
    add_app(&world).await;
    let (owner, owner_id) = operator(&world, "owner", OperatorRole::Owner).await;
    let (admin, admin_id) = operator(&world, "admin", OperatorRole::Admin).await;
    let (browser, ada) = person(&world, "ada").await;
    let of_owner = token_of(&world, &owner, ALL).await;
    let of_admin = token_of(&world, &admin, ALL).await;
    let of_app = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let (path, now) = (format!("people/{ada}/delete"), json!({"now": true}));
    for token in [&of_admin, &of_app] {
        assert_eq!(refused(&ask(&world, token, "POST", &path, &now).await).1, "forbidden");
    }
    // What was requested before is due now, and cannot be taken back.
    assert_eq!(ask(&world, &of_admin, "POST", &path, &Value::Null).await.status, 202);
    let removed = ask(&world, &of_owner, "POST", &path, &now).await;
    assert_eq!(removed.status, 204, "{}", removed.body);
    assert_eq!(call(&world, &of_owner, "GET", &format!("people/{ada}")).await.status, 404);
    assert!(browser.get("/api/auth/get-session").await.json()["user"].is_null());
    assert_eq!(ask(&world, &of_owner, "POST", &path, &now).await.status, 404);
    let deleted = call(&world, &of_owner, "GET", "events?action=user.delete").await.json();
    assert_eq!(deleted["items"].as_array().unwrap().len(), 1, "{deleted}");
    assert_eq!(deleted["items"][0]["actor"], json!({"kind": "user", "id": owner_id}), "{deleted}");

    let own = ask(&world, &of_owner, "POST", &format!("people/{owner_id}/delete"), &now).await;
    assert_eq!(refused(&own).1, "own_account");
    let acme = world.org("Acme").await;
    let (boss, _) = acme.add("boss@example.org", &acme.admin).await;
    let managing = ask(&world, &of_owner, "POST", &format!("people/{boss}/delete"), &now).await;
    assert_eq!(refused(&managing).1, "only_administrator");
    assert_eq!(ask(&world, &of_owner, "POST", &path, &json!({"now": "yes"})).await.status, 400);

    // Nobody below an owner touches one, and nobody themselves.
    for (method, of, body) in [
        ("PATCH", String::new(), json!({"name": "Eve"})),
        ("POST", "/credentials/retire".to_owned(), json!({"credential": "key"})),
        ("GET", "/export".to_owned(), Value::Null),
    ] {
        let answer = ask(&world, &of_admin, method, &format!("people/{owner_id}{of}"), &body).await;
        assert_eq!(refused(&answer).1, "beyond_own_role", "{method} {of}");
        let answer = ask(&world, &of_admin, method, &format!("people/{admin_id}{of}"), &body).await;
        if method == "GET" {
            assert_eq!(answer.status, 200);
        } else {
            assert_eq!(refused(&answer).1, "own_account", "{method} {of}");
        }
    }
}

#[tokio::test]
async fn the_keys_of_somebody_who_is_disabled_are_kept_or_deactivated() {
    let world = World::with_orgs().await;
    add_app(&world).await;
    world
        .change_app("service", |app| {
            app.scopes = Scopes::parse("openid sigma:admin:write sigma:admin:people:write");
        })
        .await;
    let acme = world.org("Acme").await;
    let (boss, session) = acme.add("boss@example.org", &acme.admin).await;
    let new = json!({"name": "server", "permissions": ["read"]});
    let made = world.call(As::Token(&session), "POST", "/api/v1/api-keys", &new).await.json();
    let key = text(&made, "key");
    let check = async || {
        world.tick();
        world.call(As::Key(key), "GET", "/api/v1/auth/me", &Value::Null).await.status
    };
    assert_eq!(check().await, 200);
    let token = async |scope: &str| text(&own_token(&world, scope).await, "access_token").to_owned();
    let (whole, of_people) = (token("sigma:admin:write").await, token("sigma:admin:people:write").await);
    let disable = format!("people/{boss}/disable");
    let deactivate = json!({"keys": "deactivate"});
    assert_eq!(refused(&ask(&world, &of_people, "POST", &disable, &deactivate).await).1, "forbidden");
    assert_eq!(ask(&world, &whole, "POST", &disable, &json!({"keys": "burn"})).await.status, 400);
    assert_eq!(ask(&world, &of_people, "POST", &disable, &json!({"keys": "keep"})).await.json()["disabled"], true);
    assert_eq!(ask(&world, &of_people, "POST", &disable, &Value::Null).await.status, 200);
    assert_eq!(check().await, 200);
    for _ in 0..2 {
        assert_eq!(ask(&world, &whole, "POST", &disable, &deactivate).await.json()["disabled"], true);
    }
    let events = world.trail(Trail::Org(acme.org.clone())).await;
    assert_eq!(events.iter().filter(|event| event.action == "api_key.deactivate").count(), 1);
    assert_eq!(check().await, 401);
}

#[tokio::test]
async fn a_token_of_people_alone_gets_into_no_account_with_a_role() {
    let world = World::new().await;
    add_app(&world).await;
    world
        .change_app("service", |app| {
            app.scopes = Scopes::parse("openid sigma:admin:write sigma:admin:people:write");
        })
        .await;
    let token = async |scope: &str| text(&own_token(&world, scope).await, "access_token").to_owned();
    let (whole, of_people) = (token("sigma:admin:write").await, token("sigma:admin:people:write").await);
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    let of_owner = token_of(&world, &owner, "openid sigma:admin:people:write").await;
    let email = |name: &str| json!({"email": format!("{name}@example.net")});
    for (name, role) in
        [("admin", OperatorRole::Admin), ("support", OperatorRole::Support), ("auditor", OperatorRole::Auditor)]
    {
        let (_, id) = operator(&world, name, role).await;
        let path = format!("people/{id}");
        for token in [&of_people, &of_owner] {
            let answer = ask(&world, token, "PATCH", &path, &email(name)).await;
            assert_eq!(refused(&answer), (403, "beyond_own_token".to_owned(), Value::Null), "{name}");
            assert_eq!(ask(&world, token, "PATCH", &path, &json!({"name": "Somebody"})).await.status, 200, "{name}");
        }
        assert_eq!(times(&world, id.as_str(), "email.add").await, 0);
        assert_eq!(ask(&world, &whole, "PATCH", &path, &email(name)).await.status, 200, "{name}");
    }
    let (_, ada) = person(&world, "ada").await;
    assert_eq!(ask(&world, &of_people, "PATCH", &format!("people/{ada}"), &email("ada")).await.status, 200);
}
