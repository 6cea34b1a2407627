//! Sessions that began by a click: they serve one workspace, for a day, and only while everything that a click needs is
//! still there.

use std::net::IpAddr;

use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};
use sigma_core::ids::UserId;
use sigma_core::org::KeyPermission;
use sigma_core::time::Timestamp;
use sigma_store::event::Trail;

use crate::support::forge::claims;
use crate::support::{Answer, As, TestOrg, World, at, leads};

const HERE: &str = "10.1.2.3";
const ELSEWHERE: &str = "203.0.113.7";

/// A workspace with an admin, and Kim, who got in by a click.
struct Kiosk<'w> {
    world: &'w World,
    acme: TestOrg<'w>,
    admin: String,
    kim: UserId,
    token: String,
    cookie: String,
    /// Of a server that asks about tokens.
    key: String,
}

async fn world() -> World {
    World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.workspaces.allow_quick_logins = vec!["10.0.0.0/8".parse().unwrap()];
    })
    .await
}

async fn send(world: &World, address: &str, request: http::request::Builder, body: Body) -> Answer {
    world.send_from(address.parse::<IpAddr>().unwrap(), request.body(body).unwrap()).await
}

async fn call(world: &World, address: &str, method: Method, path: &str, token: &str, body: &Value) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.header("content-type", "application/json");
    let body = if body.is_null() { "{}".to_owned() } else { body.to_string() };
    send(world, address, request, Body::from(body)).await
}

impl<'w> Kiosk<'w> {
    async fn open(world: &'w World) -> Self {
        let acme = world.org("Acme").await;
        let (_, admin) = acme.add("ada@example.org", &acme.admin).await;
        let (kim, _) = acme.add("kim@example.org", &acme.member).await;
        let key = acme.key(&[KeyPermission::Read]).await.1;
        let mut kiosk = Self { world, acme, admin, kim, token: String::new(), cookie: String::new(), key };
        kiosk.change("/api/v1/workspace", json!({"quickLogins": true})).await;
        kiosk.change_kim(json!({"quickLogin": true})).await;
        let click = json!({"workspaceId": kiosk.acme.org.as_str(), "userId": kiosk.kim.as_str()});
        let entered = call(world, HERE, Method::POST, "/api/v1/auth/quick-login", "", &click).await;
        assert_eq!(entered.status, 200, "{}", entered.body);
        let until = Timestamp::from_seconds(world.now().seconds() + 86_400).iso8601();
        assert_eq!(entered.json()["expiresAt"], until);
        entered.json()["token"].as_str().unwrap().clone_into(&mut kiosk.token);
        let form = format!("workspace={}&user={}", kiosk.acme.org, kiosk.kim);
        let asked = send(world, HERE, Request::get("/workspace/login"), Body::empty()).await;
        let began = asked.header("set-cookie").split(';').next().unwrap().to_owned();
        let request = Request::post(asked.location().replace("/login?", "/login/quick?"))
            .header("cookie", began)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", "https://id.example.org");
        let entered = send(world, HERE, request, Body::from(form)).await;
        assert_eq!(entered.status, 303, "{}", entered.body);
        entered.header("set-cookie").split(';').next().unwrap().clone_into(&mut kiosk.cookie);
        kiosk
    }

    async fn change(&self, path: &str, body: Value) {
        let changed = self.world.call(As::Token(&self.admin), "PATCH", path, &body).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
    }

    async fn change_kim(&self, body: Value) {
        self.change(&format!("/api/v1/users/{}", self.kim), body).await;
    }

    /// Puts a text in the place of the role that Kim has.
    async fn edit_role(&self, body: Value) {
        let path = format!("/api/v1/roles/{}", self.acme.member);
        let changed = self.world.call(As::Token(&self.admin), "PUT", &path, &body).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
    }

    /// Whether the session counts: at the API, for another token, at a proxy and on the pages; and what a server is told that
    /// was sent the token.
    async fn counts(&self, world: &World, address: &str) -> ([bool; 4], bool) {
        let (get, post) = (Method::GET, Method::POST);
        let me = call(world, address, get.clone(), "/api/v1/auth/me", &self.token, &Value::Null).await;
        let refresh = json!({"token": self.token});
        let refresh = call(world, address, post, "/api/v1/auth/refresh", "", &refresh).await;
        let forward = call(world, address, get, "/api/v1/auth/forward", &self.token, &Value::Null).await;
        for refused in [&me, &refresh, &forward] {
            assert!([200, 401].contains(&refused.status.as_u16()), "{}", refused.body);
        }
        let request = Request::get(at(&self.acme.org, "roles")).header("cookie", &self.cookie);
        let page = send(world, address, request, Body::empty()).await;
        if page.status != 200 {
            assert_eq!(leads(&page), "/login");
        }
        let verified = json!({"token": self.token});
        let verified = world.call(As::Key(&self.key), "POST", "/api/v1/auth/verify", &verified).await.json();
        let counts = [me, refresh, forward, page].map(|answer| answer.status == 200);
        (counts, verified["valid"] == true)
    }
}

const YES: ([bool; 4], bool) = ([true; 4], true);
const NO: ([bool; 4], bool) = ([false; 4], false);

#[tokio::test]
async fn a_quick_session_is_valid_only_while_all_its_conditions_hold() {
    let world = world().await;
    let kiosk = Kiosk::open(&world).await;
    let member = json!({"name": "Member"});
    let switches = [
        "canManageSchemas",
        "canManageRoles",
        "canManageDimensions",
        "canManageOptionLists",
        "canManageUsers",
        "canManageApiKeys",
    ];
    // Twice, so that what is remembered of the caller is asked as well.
    for _ in 0..2 {
        assert_eq!(kiosk.counts(&world, HERE).await, YES);
        kiosk.change("/api/v1/workspace", json!({"quickLogins": false})).await;
        assert_eq!(kiosk.counts(&world, HERE).await, NO, "the workspace switched them off");
        kiosk.change("/api/v1/workspace", json!({"quickLogins": true})).await;
        assert_eq!(kiosk.counts(&world, HERE).await, YES);
        kiosk.change_kim(json!({"quickLogin": false})).await;
        assert_eq!(kiosk.counts(&world, HERE).await, NO, "the person is no longer marked");
        kiosk.change_kim(json!({"quickLogin": true})).await;
        assert_eq!(kiosk.counts(&world, HERE).await, YES);
        kiosk.change_kim(json!({"roleId": kiosk.acme.admin.as_str()})).await;
        assert_eq!(kiosk.counts(&world, HERE).await, NO, "the person was promoted");
        kiosk.change_kim(json!({"roleId": kiosk.acme.member.as_str()})).await;
        assert_eq!(kiosk.counts(&world, HERE).await, YES);
        for switch in switches {
            let mut more = member.clone();
            more[switch] = json!(true);
            kiosk.edit_role(more).await;
            assert_eq!(kiosk.counts(&world, HERE).await, NO, "the role manages something: {switch}");
        }
        kiosk.edit_role(json!({"name": "Member", "canExport": true, "canImport": true})).await;
        assert_eq!(kiosk.counts(&world, HERE).await, YES, "these manage nothing");
        kiosk.edit_role(member.clone()).await;
        // Who asks by `verify` is a server: where the person is, it alone knows.
        assert_eq!(kiosk.counts(&world, ELSEWHERE).await, ([false; 4], true), "another network");
    }
    let strict = world.beside_with(|settings| settings.workspaces.allow_quick_logins.clear()).await;
    assert_eq!(kiosk.counts(&strict, HERE).await, NO, "the server knows no quick logins any more");
    let moved = world
        .beside_with(|settings| settings.workspaces.allow_quick_logins = vec!["192.0.2.0/24".parse().unwrap()])
        .await;
    assert_eq!(kiosk.counts(&moved, HERE).await, ([false; 4], true));
    assert_eq!(kiosk.counts(&moved, "192.0.2.1").await, YES);
}

#[tokio::test]
async fn promotion_ends_a_quick_session() {
    let world = world().await;
    let kiosk = Kiosk::open(&world).await;
    kiosk.change_kim(json!({"roleId": kiosk.acme.admin.as_str()})).await;
    let new_key = json!({"name": "mine", "permissions": ["read"]});
    for (method, path, body) in [
        (Method::GET, "/api/v1/users", Value::Null),
        (Method::POST, "/api/v1/api-keys", new_key),
        (Method::PATCH, "/api/v1/workspace", json!({"name": "Taken over"})),
        (Method::POST, "/api/v1/workspace/secret/rotate", Value::Null),
    ] {
        let refused = call(&world, HERE, method, path, &kiosk.token, &body).await;
        assert_eq!(refused.code(), "401 UNAUTHORIZED", "{path}");
    }
    for page in ["people", "keys", "settings"] {
        let request = Request::get(at(&kiosk.acme.org, page)).header("cookie", &kiosk.cookie);
        let answer = send(&world, HERE, request, Body::empty()).await;
        assert_eq!((answer.status.as_u16(), leads(&answer).as_str()), (303, "/login"), "{page}");
    }
    // By their password they are the admin that they are.
    let token = kiosk.acme.token("kim@example.org").await;
    assert_eq!(world.call(As::Token(&token), "GET", "/api/v1/users", &Value::Null).await.status, 200);
    let browser = world.entered("ada@example.org").await;
    let page = browser.get(&at(&kiosk.acme.org, &format!("people/{}", kiosk.kim))).await;
    assert!(page.body.contains("Has no effect with this role, and ends existing quick logins"), "{}", page.body);
}

#[tokio::test]
async fn a_quick_session_lasts_a_day_despite_refreshes() {
    let world = world().await;
    let mut kiosk = Kiosk::open(&world).await;
    let end = claims(&kiosk.token)["exp"].as_i64().unwrap();
    assert_eq!(end, world.now().seconds() + 86_400);
    for hours in [6, 6, 6, 5] {
        world.advance(hours * 3_600);
        let refresh = json!({"token": kiosk.token});
        let next = call(&world, HERE, Method::POST, "/api/v1/auth/refresh", "", &refresh).await;
        assert_eq!(next.status, 200, "{}", next.body);
        assert_eq!(next.json()["expiresAt"], Timestamp::from_seconds(end).iso8601());
        next.json()["token"].as_str().unwrap().clone_into(&mut kiosk.token);
        assert_eq!(claims(&kiosk.token)["exp"], end);
    }
    assert_eq!(kiosk.counts(&world, HERE).await, YES);
    world.advance(3_600);
    assert_eq!(kiosk.counts(&world, HERE).await, NO);
    world.advance(3_600);
    assert_eq!(kiosk.counts(&world, HERE).await, NO, "25 hours");
}

#[tokio::test]
async fn the_demo_allows_quick_logins_of_admins() {
    let world = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.workspaces.demo = true;
    })
    .await;
    let kiosk = Kiosk::open(&world).await;
    kiosk.change_kim(json!({"roleId": kiosk.acme.admin.as_str()})).await;
    assert_eq!(kiosk.counts(&world, ELSEWHERE).await, YES);
    world.advance(86_400);
    assert_eq!(kiosk.counts(&world, ELSEWHERE).await, NO, "a day");
}

#[tokio::test]
async fn sibling_hosts_cannot_plant_a_quick_session_cookie() {
    let secure = world().await;
    let kiosk = Kiosk::open(&secure).await;
    let (name, value) = kiosk.cookie.split_once('=').unwrap();
    assert_eq!(name, "__Host-sigma.workspace");
    let planted = format!("sigma.workspace={value}");
    let request = Request::get(at(&kiosk.acme.org, "roles")).header("cookie", planted);
    assert_eq!(leads(&send(&secure, HERE, request, Body::empty()).await), "/login");
}

#[tokio::test]
async fn quick_logins_do_not_evict_other_sessions() {
    let world = world().await;
    let kiosk = Kiosk::open(&world).await;
    let proven = kiosk.acme.token("kim@example.org").await;
    world.advance(1);
    let click = json!({"workspaceId": kiosk.acme.org.as_str(), "userId": kiosk.kim.as_str()});
    for _ in 0..101 {
        let entered = call(&world, HERE, Method::POST, "/api/v1/auth/quick-login", "", &click).await;
        assert_eq!(entered.status, 200, "{}", entered.body);
    }
    let me = async |token: &str| call(&world, HERE, Method::GET, "/api/v1/auth/me", token, &json!(null)).await.status;
    assert_eq!(me(&proven).await, 200);
    // Those of clicks make room among themselves.
    assert_eq!(me(&kiosk.token).await, 401);
}

#[tokio::test]
async fn quick_logins_in_a_loop_are_counted_and_limited() {
    let world = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.workspaces.allow_quick_logins = vec!["10.0.0.0/8".parse().unwrap()];
        settings.limits.enabled = true;
        settings.limits.other = 40;
    })
    .await;
    let kiosk = Kiosk::open(&world).await;
    world.advance(600);
    let before = world.trail(Trail::User(kiosk.kim.clone())).await;
    let click = json!({"workspaceId": kiosk.acme.org.as_str(), "userId": kiosk.kim.as_str()});
    for _ in 0..40 {
        let entered = call(&world, HERE, Method::POST, "/api/v1/auth/quick-login", "", &click).await;
        assert_eq!(entered.status, 200, "{}", entered.body);
    }
    let refused = call(&world, HERE, Method::POST, "/api/v1/auth/quick-login", "", &click).await;
    assert_eq!(refused.status, 429, "{}", refused.body);
    let mut events = world.trail(Trail::User(kiosk.kim.clone())).await;
    events.retain(|event| !before.contains(event) && event.action == "workspace.sign_in");
    assert_eq!(events.len(), 21);
    assert_eq!(events.iter().map(|event| event.count).sum::<u64>(), 40);
    assert!(events.iter().all(|event| event.details.method.as_deref() == Some("quick-login")));
}
