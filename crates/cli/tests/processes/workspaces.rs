//! Several real servers on one PostgreSQL, and a workspace: what one of them ends, the others refuse within a second.

use serde_json::{Value, json};
use sigma_core::actor::Actor;
use sigma_core::email::Email;
use sigma_core::ids::{OrgRef, UserId};
use sigma_core::org::Refusal;
use sigma_store::email::EmailProof;
use sigma_store::org;
use sigma_store::org::membership::{self, NewMember, State};
use sigma_store::org::role;
use sigma_store::testing::{Engine, engines, within_a_second};
use sigma_store::user;

use crate::whole::{Answer, Installation, Server, now, text};

const BAKERY: &str = "bakery";

/// Two servers, a workspace, and a key that may do everything there; nothing where only SQLite is tested.
fn bakery() -> Option<(Installation, Server, Server, String)> {
    if !engines().contains(&Engine::Postgres) {
        return None;
    }
    let installation = Installation::on(Engine::Postgres);
    let (one, other) = (installation.serve(), installation.serve());
    installation.admin(&["workspace", "add", "--slug", BAKERY, "--name", "Bakery"]);
    let key = installation.admin(&["api-key", "add", "--workspace", BAKERY, "--name", "Office", "--admin"]);
    Some((installation, one, other, text(&key["key"])))
}

fn post(server: &Server, path: &str, credential: (&str, &str), body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    server.send("POST", &format!("/api/v1{path}"), &[credential, ("Content-Type", "application/json")], &body)
}

/// What a proxy before the product is told of a call with this credential.
fn forward(server: &Server, credential: (&str, &str)) -> u16 {
    server.get("/api/v1/auth/forward", &[credential]).status
}

fn make_key(server: &Server, maker: &str, permissions: &[&str]) -> (String, String) {
    let body = json!({"name": "Importer", "permissions": permissions});
    let made = post(server, "/api-keys", ("X-Sigma-ApiKey", maker), &body);
    assert_eq!(made.status, 201, "{}", made.body);
    (text(&made.json()["id"]), text(&made.json()["key"]))
}

#[test]
fn a_key_that_was_made_on_one_server_works_on_the_other_until_it_is_deactivated() {
    let Some((_installation, one, other, office)) = bakery() else { return };
    let (id, key) = make_key(&one, &office, &["read", "update-data", "delete-data", "update-model", "delete-model"]);
    let (_, made_by_it) = make_key(&other, &key, &["read"]);
    let keys = [key.as_str(), &made_by_it];
    let on = |server: &Server| keys.map(|key| forward(server, ("X-Sigma-ApiKey", key)));
    // Twice: what is remembered from the first time must be forgotten as well.
    for _ in 0..2 {
        assert_eq!([on(&one), on(&other)], [[200, 200]; 2]);
    }
    let verified = post(&other, "/auth/verify", ("X-Sigma-ApiKey", &office), &json!({"apiKey": key}));
    assert_eq!(verified.json()["valid"], true, "{}", verified.body);

    let path = format!("/api-keys/{id}/deactivate");
    assert_eq!(post(&one, &path, ("X-Sigma-ApiKey", &office), &Value::Null).status, 200);
    assert_eq!(on(&one), [401, 401], "where it was deactivated at once, with the key that it made");
    within_a_second("the deactivation", || on(&other) == [401, 401]);
    let verified = post(&other, "/auth/verify", ("X-Sigma-ApiKey", &office), &json!({"apiKey": key}));
    assert_eq!(verified.json()["valid"], false, "{}", verified.body);
    assert_eq!(forward(&other, ("X-Sigma-ApiKey", &office)), 200, "the key that made it goes on working");
    assert_eq!((one.stop(), other.stop()), (Some(0), Some(0)));
}

#[test]
fn a_person_who_logs_out_on_one_server_is_logged_out_on_the_other() {
    let Some((installation, one, other, office)) = bakery() else { return };
    let store = installation.open();
    let person = UserId::from_text("user_ada");
    let now = now();
    let joined = store.decide_blocking::<_, Refusal>(move |tx| {
        let org_id = org::resolve(tx, &OrgRef::parse(BAKERY).unwrap())?.unwrap();
        let email = Email::parse("ada@example.org").unwrap();
        user::add_with_email(tx, &person, &email, EmailProof::Verified, "Ada", now)?;
        let role = role::find_by_name(tx, &org_id, "Member")?.unwrap();
        let member = NewMember { user_id: person.clone(), role_id: role.id, state: State::Active, quick_login: true };
        membership::add(tx, &org_id, &Actor::Operator, &member, now)
    });
    joined.unwrap();
    store.close();
    installation.admin(&["workspace", "set", BAKERY, "--quick-logins"]);
    let log_in = || {
        let body = json!({"workspaceId": BAKERY, "userId": "user_ada"});
        let answer = post(&one, "/auth/quick-login", ("Accept", "application/json"), &body);
        if answer.status == 200 { Some(format!("Bearer {}", text(&answer.json()["token"]))) } else { None }
    };
    within_a_second("quick logins", || log_in().is_some());

    let token = log_in().unwrap();
    let bearer = ("Authorization", token.as_str());
    for _ in 0..2 {
        assert_eq!([&one, &other].map(|server| forward(server, bearer)), [200; 2]);
    }
    assert_eq!(post(&one, "/auth/logout", bearer, &Value::Null).status, 204);
    assert_eq!(forward(&one, bearer), 401, "where they logged out at once");
    within_a_second("the logout", || forward(&other, bearer) == 401);

    let token = log_in().unwrap();
    let bearer = ("Authorization", token.as_str());
    assert_eq!([&one, &other].map(|server| forward(server, bearer)), [200; 2]);
    let path = "/api/v1/users/user_ada";
    let headers = [("X-Sigma-ApiKey", office.as_str()), ("Content-Type", "application/json")];
    assert_eq!(one.send("PATCH", path, &headers, r#"{"active":false}"#).status, 200);
    within_a_second("the end of the membership", || forward(&other, bearer) == 401);
    assert_eq!(one.send("PATCH", path, &headers, r#"{"active":true}"#).status, 200);
    within_a_second("the return", || log_in().is_some());
    assert_eq!(forward(&other, bearer), 401, "who comes back logs in again");

    let token = log_in().unwrap();
    let bearer = ("Authorization", token.as_str());
    within_a_second("news of the return", || [&one, &other].map(|server| forward(server, bearer)) == [200; 2]);
    installation.admin(&["workspace", "remove", BAKERY, "--yes"]);
    within_a_second("the end of the workspace", || {
        [&one, &other].map(|server| (forward(server, bearer), forward(server, ("X-Sigma-ApiKey", &office))))
            == [(401, 401); 2]
    });
    assert_eq!((one.stop(), other.stop()), (Some(0), Some(0)));
}
