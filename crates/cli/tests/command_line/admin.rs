//! `sigma admin`: who may use the console, and the link that makes the first owner.

use serde_json::{Value, json};

use crate::support::{Installation, Running, get};

/// An installation with two people.
fn with_people() -> Installation {
    let sigma = Installation::new();
    for (address, name) in [("ada@example.org", "Ada"), ("bob@example.org", "Bob")] {
        sigma.json(&["user", "add", "--email", address, "--name", name]);
    }
    sigma
}

/// The addresses of those with a role, and their roles.
fn roles(sigma: &Installation) -> Vec<(String, String)> {
    let listed = sigma.json(&["admin", "list"]);
    let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    listed["items"].as_array().unwrap().iter().map(|item| (text(item, "email"), text(item, "role"))).collect()
}

#[test]
fn roles_are_given_changed_listed_and_taken_away() {
    let sigma = with_people();
    let nobody = sigma.run(&["admin", "list"]);
    assert!(nobody.code == 0 && nobody.stdout.contains("Nobody may use the console yet"), "{nobody:?}");
    let added = sigma.run(&["admin", "add", "ada@example.org", "--role", "owner"]);
    assert_eq!(added.stdout, "Ada may use the console as owner: http://localhost:8080/console\n");
    assert_eq!(sigma.json(&["admin", "add", "bob@example.org", "--role", "support"])["role"], "support");
    sigma.json(&["admin", "add", "bob@example.org", "--role", "auditor"]);
    let mut found = roles(&sigma);
    found.sort();
    let wanted = [("ada@example.org", "owner"), ("bob@example.org", "auditor")];
    assert_eq!(found, wanted.map(|(address, role)| (address.to_owned(), role.to_owned())));
    let unsure = sigma.run(&["admin", "remove", "bob@example.org"]);
    assert!(unsure.code == 4 && unsure.stderr.contains("confirm with --yes"), "{unsure:?}");
    assert_eq!(roles(&sigma).len(), 2, "nothing was done");
    sigma.json(&["admin", "remove", "bob@example.org", "--yes"]);
    assert_eq!(roles(&sigma), [("ada@example.org".to_owned(), "owner".to_owned())]);
    let again = sigma.run(&["admin", "remove", "bob@example.org", "--yes"]);
    assert!(again.code == 3 && again.stderr.contains("may not use the console"), "{again:?}");
}

#[test]
fn somebody_unknown_and_a_role_that_does_not_exist_are_refused() {
    let sigma = with_people();
    assert_eq!(sigma.run(&["admin", "add", "eve@example.org", "--role", "owner"]).code, 3);
    assert_eq!(sigma.run(&["admin", "add", "ada@example.org", "--role", "king"]).code, 2);
    assert_eq!(sigma.json(&["admin", "list"]), json!({"items": []}));
}

#[test]
fn the_role_of_a_disabled_account_is_shown_as_void() {
    let sigma = with_people();
    for (address, role) in [("ada@example.org", "owner"), ("bob@example.org", "admin")] {
        sigma.json(&["admin", "add", address, "--role", role]);
    }
    sigma.json(&["user", "disable", "bob@example.org", "--yes"]);
    let listed = sigma.json(&["admin", "list"]);
    let active = |address: &str| {
        let of_one = listed["items"].as_array().unwrap().iter().find(|item| item["email"] == address);
        of_one.unwrap()["active"].clone()
    };
    assert_eq!((active("ada@example.org"), active("bob@example.org")), (json!(true), json!(false)));
}

#[test]
fn a_server_prints_a_link_for_the_first_owner_until_there_is_one() {
    let sigma = Installation::alone("listen = '127.0.0.1:0'\n");
    let mut server = Running::start(&sigma, &["serve", "--json"]);
    let started = server.json();
    let (address, link) = (started["listen"].as_str().unwrap(), started["first_owner"].as_str().unwrap());
    let path = link.strip_prefix("http://localhost:8080").unwrap();
    let (head, page) = get(address, "localhost:8080", path);
    assert!(head.starts_with("HTTP/1.1 200") || head.starts_with("HTTP/1.1 303"), "{head}\n{page}");
    assert_eq!(server.stop(), Some(0));
    sigma.json(&["user", "add", "--email", "ada@example.org", "--name", "Ada"]);
    sigma.json(&["admin", "add", "ada@example.org", "--role", "owner"]);
    let mut server = Running::start(&sigma, &["serve", "--json"]);
    assert_eq!(server.json()["first_owner"], Value::Null);
    assert_eq!(server.stop(), Some(0));
}
