//! Guessing at passwords (`docs/spec/limits.md#failed-sign-ins`), and quick logins
//! (`docs/spec/workspaces.md#quick-logins`).

use std::net::IpAddr;

use axum::body::Body;
use futures_util::future::join_all;
use http::Request;
use serde_json::{Value, json};
use sigma_core::org::{RolePermissions, Switch};

use crate::support::{Answer, As, PASSWORD, TestOrg, World};

async fn limited() -> World {
    World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.limits.enabled = true;
    })
    .await
}

async fn send_from(world: &World, address: &str, path: &str, body: &Value) -> Answer {
    let request = Request::post(path).header("content-type", "application/json").body(Body::from(body.to_string()));
    world.send_from(address.parse::<IpAddr>().unwrap(), request.unwrap()).await
}

async fn log_in_from(world: &World, address: &str, email: &str, password: &str) -> Answer {
    send_from(world, address, "/api/v1/auth/login", &json!({"email": email, "password": password})).await
}

#[tokio::test]
async fn fifty_wrong_passwords_from_one_address_are_a_handful_of_guesses() {
    let world = limited().await;
    let acme = world.org("Acme").await;
    acme.add("ada@example.org", &acme.admin).await;
    let mut guesses = 0;
    for _ in 0..50 {
        let answer = log_in_from(&world, "198.51.100.7", "ada@example.org", "wrong").await;
        match answer.status.as_u16() {
            401 => guesses += 1,
            429 => {
                assert_eq!(answer.code(), "429 RATE_LIMITED", "{}", answer.body);
                assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1);
            }
            other => panic!("{other}: {}", answer.body),
        }
    }
    assert!((3..=5).contains(&guesses), "{guesses}");
    // The person gets in from elsewhere: nobody is locked out.
    assert_eq!(log_in_from(&world, "203.0.113.1", "ada@example.org", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn fifty_wrong_passwords_from_fifty_addresses_are_slowed_down_as_well() {
    let world = limited().await;
    let acme = world.org("Acme").await;
    acme.add("ada@example.org", &acme.admin).await;
    for email in ["ada@example.org", "nobody@example.org"] {
        let mut guesses = 0;
        for host in 1..=50 {
            let answer = log_in_from(&world, &format!("198.51.100.{host}"), email, "wrong").await;
            match answer.status.as_u16() {
                401 => guesses += 1,
                429 => {
                    let wait: u32 = answer.header("retry-after").parse().unwrap();
                    assert!((1..=61).contains(&wait), "never for long: {wait}");
                }
                other => panic!("{other}: {}", answer.body),
            }
        }
        assert_eq!(guesses, 20, "{email}");
    }
    world.advance(60);
    assert_eq!(log_in_from(&world, "203.0.113.1", "ada@example.org", PASSWORD).await.status, 200);
    for host in 1..=19 {
        let answer = log_in_from(&world, &format!("198.51.101.{host}"), "ada@example.org", "wrong").await;
        assert_eq!(answer.status, 401, "a success cleared the count");
    }
}

#[tokio::test]
async fn delays_begin_after_the_third_failure_and_retry_after_is_accurate() {
    let world = World::with(|settings| settings.passwords.memory_kib = 64).await;
    let acme = world.org("Acme").await;
    acme.add("ada@example.org", &acme.admin).await;
    let here = "198.51.100.7";
    for email in ["ada@example.org", "nobody@example.org"] {
        for _ in 0..3 {
            assert_eq!(log_in_from(&world, here, email, "wrong").await.status, 401);
        }
        let refused = log_in_from(&world, here, email, "wrong").await;
        assert_eq!(refused.code(), "429 RATE_LIMITED", "{email}: {}", refused.body);
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=2).contains(&wait), "{wait}");
        world.advance(wait);
        assert_eq!(log_in_from(&world, here, email, "wrong").await.status, 401, "{email}");
        assert_eq!(log_in_from(&world, here, email, PASSWORD).await.status, 429, "{email}");
        assert_eq!(log_in_from(&world, "203.0.113.1", "ada@example.org", PASSWORD).await.status, 200);
        world.advance(3_600);
    }
}

#[tokio::test]
async fn concurrent_guesses_are_counted_like_sequential_ones() {
    let world = limited().await;
    let acme = world.org("Acme").await;
    acme.add("ada@example.org", &acme.admin).await;
    let addresses: Vec<_> = (1..=50).map(|host| format!("198.51.100.{host}")).collect();
    let guess = |address| log_in_from(&world, address, "ada@example.org", "wrong");
    let answers = join_all(addresses.iter().map(|address| guess(address))).await;
    let guesses = answers.iter().filter(|answer| answer.status == 401).count();
    // Three have a turn at once: the last of them may have looked before the others were counted.
    assert!((20..=22).contains(&guesses), "{guesses}");
    assert!(answers.iter().all(|answer| [401, 429].contains(&answer.status.as_u16())));
}

#[tokio::test]
async fn delays_do_not_reveal_a_right_password() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    acme.add("ada@example.org", &acme.admin).await;
    // No member of anything: the right password is worth as much as a wrong one.
    world.person("eve@example.org").await;
    for email in ["eve@example.org", "nobody@example.org"] {
        let mut statuses = Vec::new();
        for password in ["wrong", "wrong", PASSWORD, PASSWORD] {
            statuses.push(log_in_from(&world, "198.51.100.7", email, password).await.status.as_u16());
        }
        assert_eq!(statuses, [401, 401, 401, 429], "{email}");
    }
}

/// A workspace with quick logins on, in which Kim is a clerk and marked for it.
async fn kiosk(world: &World) -> (TestOrg<'_>, String, String) {
    let acme = world.org("Acme").await;
    let (_, admin) = acme.add("ada@example.org", &acme.admin).await;
    let (kim, _) = acme.add("kim@example.org", &acme.member).await;
    let on = world.call(As::Token(&admin), "PATCH", "/api/v1/workspace", &json!({"quickLogins": true})).await;
    assert_eq!(on.status, 200);
    let path = format!("/api/v1/users/{kim}");
    assert_eq!(world.call(As::Token(&admin), "PATCH", &path, &json!({"quickLogin": true})).await.status, 200);
    (acme, admin, kim.to_string())
}

async fn list_from(world: &World, address: &str) -> Value {
    let request = Request::get("/api/v1/auth/quick-logins").body(Body::empty()).unwrap();
    world.send_from(address.parse::<IpAddr>().unwrap(), request).await.json()
}

async fn click_from(world: &World, address: &str, org: &str, user: &str) -> Answer {
    send_from(world, address, "/api/v1/auth/quick-login", &json!({"workspaceId": org, "userId": user})).await
}

#[tokio::test]
async fn quick_logins_are_off_by_default() {
    let world = World::with_orgs().await;
    let (acme, _, kim) = kiosk(&world).await;
    assert_eq!(list_from(&world, "127.0.0.1").await, json!([]));
    let refused = click_from(&world, "127.0.0.1", acme.org.as_str(), &kim).await;
    assert_eq!(refused.code(), "401 UNAUTHORIZED");
}

#[tokio::test]
async fn quick_logins_need_a_marked_member_without_management_rights_in_a_trusted_network() {
    let world = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.workspaces.allow_quick_logins = vec!["10.0.0.0/8".parse().unwrap()];
    })
    .await;
    let (acme, admin, kim) = kiosk(&world).await;
    let quiet = world.org("Quiet").await;
    let (other, _) = quiet.add("zoe@example.org", &quiet.member).await;
    let switches = [Switch::ManageSchemas].into_iter().collect();
    let modeller = acme.role("Modeller", RolePermissions { switches, ..Default::default() }).await;
    let (max, _) = acme.add("max@example.org", &modeller).await;
    let (unmarked, _) = acme.add("una@example.org", &acme.member).await;
    let mark = format!("/api/v1/users/{max}");
    assert_eq!(world.call(As::Token(&admin), "PATCH", &mark, &json!({"quickLogin": true})).await.status, 200);

    let listed = json!([{
        "workspaceId": acme.org.as_str(), "name": "Acme",
        "users": [{"id": kim, "email": "kim@example.org", "name": "kim", "roleId": acme.member.as_str()}],
    }]);
    assert_eq!(list_from(&world, "10.1.2.3").await, listed);
    assert_eq!(list_from(&world, "203.0.113.7").await, json!([]));
    let entered = click_from(&world, "10.1.2.3", acme.org.as_str(), &kim).await;
    assert_eq!(entered.status, 200, "{}", entered.body);
    assert_eq!(entered.json()["user"]["workspaceId"], acme.org.as_str());
    let token = entered.json()["token"].as_str().unwrap().to_owned();
    let me = Request::get("/api/v1/auth/me").header("authorization", format!("Bearer {token}")).body(Body::empty());
    let me = world.send_from("10.1.2.3".parse::<IpAddr>().unwrap(), me.unwrap()).await;
    assert_eq!(me.json()["user"]["id"], kim);

    let refused = "401 UNAUTHORIZED";
    let nobody = [
        ("203.0.113.7", acme.org.as_str(), kim.as_str()),
        ("10.1.2.3", acme.org.as_str(), max.as_str()),
        ("10.1.2.3", acme.org.as_str(), unmarked.as_str()),
        ("10.1.2.3", quiet.org.as_str(), other.as_str()),
        ("10.1.2.3", quiet.org.as_str(), kim.as_str()),
        ("10.1.2.3", "org_nowhere", kim.as_str()),
        ("10.1.2.3", acme.org.as_str(), "a\u{1}b"),
    ];
    for (address, org, user) in nobody {
        assert_eq!(click_from(&world, address, org, user).await.code(), refused, "{address} {org} {user}");
    }
    let off = format!("/api/v1/users/{kim}");
    assert_eq!(world.call(As::Token(&admin), "PATCH", &off, &json!({"active": false})).await.status, 200);
    assert_eq!(click_from(&world, "10.1.2.3", acme.org.as_str(), &kim).await.code(), refused);
    assert_eq!(list_from(&world, "10.1.2.3").await, json!([]));
}

#[tokio::test]
async fn another_site_cannot_use_quick_logins() {
    let world = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.workspaces.allow_quick_logins = vec!["10.0.0.0/8".parse().unwrap()];
        settings.sign_in.trusted_origins = vec!["https://app.example.com".to_owned()];
    })
    .await;
    let (acme, _, kim) = kiosk(&world).await;
    let body = json!({"workspaceId": acme.org.as_str(), "userId": kim}).to_string();
    let here = "10.1.2.3".parse::<IpAddr>().unwrap();
    let click = async |headers: &[(&str, &str)]| {
        let mut request = Request::post("/api/v1/auth/quick-login").header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        world.send_from(here, request.body(Body::from(body.clone())).unwrap()).await
    };
    let list = async |headers: &[(&str, &str)]| {
        let mut request = Request::get("/api/v1/auth/quick-logins");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        world.send_from(here, request.body(Body::empty()).unwrap()).await
    };
    let own = [("origin", "https://id.example.org"), ("sec-fetch-site", "same-origin"), ("host", "id.example.org")];
    assert_eq!((click(&own).await.status.as_u16(), list(&own).await.json()[0]["name"].clone()), (200, json!("Acme")));
    let trusted = [("origin", "https://app.example.com"), ("sec-fetch-site", "cross-site")];
    assert_eq!(click(&trusted).await.header("access-control-allow-origin"), "https://app.example.com");
    for origin in ["https://evil.example", "null"] {
        let foreign = [("origin", origin), ("sec-fetch-site", "cross-site")];
        let refused = click(&foreign).await;
        assert_eq!(refused.code(), "403 PERMISSION_DENIED", "{}", refused.body);
        assert_eq!(refused.header("access-control-allow-origin"), "");
        assert_eq!(list(&foreign).await.header("access-control-allow-origin"), "", "the page cannot read it");
        let preflight = Request::options("/api/v1/auth/quick-login")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .body(Body::empty());
        let preflight = world.send_from(here, preflight.unwrap()).await;
        assert_eq!(preflight.header("access-control-allow-origin"), "");
    }
    // A name of the page's own that leads here: to the browser it is one origin.
    let rebound = [("host", "evil.example"), ("sec-fetch-site", "same-origin")];
    assert_eq!(list(&rebound).await.json(), json!([]));
    assert_eq!(click(&rebound).await.status, 401);
    // A proxy that nobody declared stands in the network, and everybody behind it.
    for name in ["x-forwarded-for", "forwarded"] {
        let proxied = [(name, "for=198.51.100.4")];
        assert_eq!(list(&proxied).await.json(), json!([]), "{name}");
        assert_eq!(click(&proxied).await.status, 401, "{name}");
    }
}

#[tokio::test]
async fn the_demo_allows_all_quick_logins() {
    let world = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.workspaces.demo = true;
    })
    .await;
    let (acme, admin, _) = kiosk(&world).await;
    let me = world.call(As::Token(&admin), "GET", "/api/v1/auth/me", &Value::Null).await.json();
    let ada = me["user"]["id"].as_str().unwrap();
    let path = format!("/api/v1/users/{ada}");
    assert_eq!(world.call(As::Token(&admin), "PATCH", &path, &json!({"quickLogin": true})).await.status, 200);
    assert_eq!(list_from(&world, "203.0.113.7").await[0]["users"].as_array().unwrap().len(), 2);
    assert_eq!(click_from(&world, "203.0.113.7", acme.org.as_str(), ada).await.status, 200);
}
