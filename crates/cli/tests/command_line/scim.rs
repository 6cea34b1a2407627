//! `sigma scim`, as an operator types it.

use serde_json::{Value, json};

use crate::support::Installation;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value}"))
}

#[test]
fn a_directory_is_connected_rotated_and_disconnected() {
    let sigma = Installation::new();
    sigma.json(&["workspace", "add", "--slug", "bakery", "--name", "Bakery"]);
    let add = ["scim", "add", "--workspace", "bakery", "--name", "Entra"];
    let made = sigma.json(&add);
    let (id, token) = (text(&made["id"]).to_owned(), text(&made["token"]).to_owned());
    assert!(id.starts_with("scim_") && token.starts_with("sigma_scim_"), "{made}");
    assert_eq!((&made["path"], &made["groups_give_roles"]), (&json!("/scim/v2"), &json!(false)));
    let listed = sigma.json(&["scim", "list", "--workspace", "bakery"]);
    assert_eq!((&listed["items"][0]["name"], &listed["items"][0]["token"]), (&json!("Entra"), &Value::Null));
    let rotated = sigma.json(&["scim", "rotate", &id, "--workspace", "bakery"]);
    assert_ne!(text(&rotated["token"]), token);
    let mapped = sigma.json(&[add.as_slice(), &["--role", "admin", "--groups-give-roles"]].concat());
    assert_eq!(mapped["groups_give_roles"], json!(true));
    sigma.json(&["scim", "remove", &id, "--workspace", "bakery", "--yes"]);
    assert_eq!(sigma.json(&["scim", "list", "--workspace", "bakery"])["items"].as_array().unwrap().len(), 1);
    for (arguments, code) in [
        (vec!["scim", "remove", &id, "--workspace", "bakery", "--yes"], 3),
        (vec!["scim", "rotate", &id, "--workspace", "bakery"], 3),
        (vec!["scim", "list", "--workspace", "florist"], 3),
        (vec!["scim", "add", "--workspace", "bakery", "--name", "x", "--role", "Baker"], 3),
        (vec!["scim", "add", "--workspace", "bakery", "--name", " "], 2),
    ] {
        assert_eq!(sigma.run(&arguments).code, code, "{arguments:?}");
    }
}
