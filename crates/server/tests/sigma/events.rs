//! The audit trail of the whole server: each action leaves one event with actor, origin and request; refusals leave
//! none; tokens are counted, not recorded; nobody sees events of others.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use sigma_core::actor::Actor;
use sigma_core::app::{AuthMethod, GrantType};
use sigma_core::event::Event;
use sigma_core::ids::{OrgId, UserId};
use sigma_core::org::KeyPermission;
use sigma_core::time::Timestamp;
use sigma_store::event::{self, Place, Trail};
use sigma_store::token_count;

use crate::support::client::{INTROSPECT, REVOKE, TOKEN, USERINFO, basic};
use crate::support::{Answer, As, Key, World};

const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0";

impl World {
    /// A trail, newest first.
    pub async fn trail(&self, trail: Trail) -> Vec<Event> {
        self.sigma.store.read(move |tx| event::list_before(tx, &trail, &Place::end(), 1_000)).await.unwrap()
    }

    /// The events after the first `before`, oldest first.
    async fn since(&self, before: &[Event]) -> Vec<Event> {
        let mut events = self.trail(Trail::All).await;
        events.retain(|event| !before.contains(event));
        events.reverse();
        events
    }

    /// Calls a workspace endpoint with a browser's `User-Agent`.
    async fn ask(&self, who: As<'_>, method: &str, path: &str, body: &Value) -> Answer {
        let mut request =
            Request::builder().method(method.parse::<Method>().unwrap()).uri(path).header("user-agent", AGENT);
        request = match who {
            As::Nobody => request,
            As::Token(token) => request.header("authorization", format!("Bearer {token}")),
            As::Key(key) => request.header("x-sigma-apikey", key),
        };
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        };
        self.send(request.body(body).unwrap()).await
    }
}

fn actions(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.action.as_str()).collect()
}

fn text(answer: &Answer, name: &str) -> String {
    answer.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {}", answer.body)).to_owned()
}

/// Whether `events` is the one event of `action` that `answer` left, complete with its initiator.
fn assert_left(events: &[Event], action: &str, answer: &Answer, org_id: &OrgId, actor: &Actor) {
    assert_eq!(actions(events), [action], "{}", answer.body);
    let event = &events[0];
    assert_eq!((&event.actor, event.org_id.as_ref()), (actor, Some(org_id)), "{action}");
    assert_eq!(event.address.as_deref(), Some("203.0.113.7"), "{action}");
    assert_eq!(event.user_agent.as_deref(), Some(AGENT), "{action}");
    assert_eq!(event.request_id.as_deref(), Some(answer.header("x-request-id")), "{action}");
    assert_eq!(event.user_id.as_ref(), actor.user(), "{action}");
}

#[tokio::test]
async fn each_workspace_change_leaves_one_event() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (ada, token) = acme.add("ada@example.org", &acme.admin).await;
    let (bob, _) = acme.add("bob@example.org", &acme.member).await;
    let (key_id, key) = acme.key(&KeyPermission::ALL).await;
    for (who, actor) in [(As::Token(&token), Actor::User(ada)), (As::Key(&key), Actor::ApiKey(key_id.clone()))] {
        let do_one = async |method: &str, path: &str, body: Value, action: &str| {
            let before = world.trail(Trail::All).await;
            let answer = world.ask(who, method, path, &body).await;
            assert!(answer.status.is_success(), "{method} {path}: {}", answer.body);
            assert_left(&world.since(&before).await, action, &answer, &acme.org, &actor);
            answer
        };
        let role = do_one("POST", "/api/v1/roles", json!({"name": "Baker"}), "role.create").await;
        let role = format!("/api/v1/roles/{}", text(&role, "id"));
        do_one("PUT", &role, json!({"name": "Chief baker"}), "role.change").await;
        do_one("DELETE", &role, Value::Null, "role.remove").await;
        let new = json!({"name": "CI", "permissions": ["read"]});
        let made = do_one("POST", "/api/v1/api-keys", new, "api_key.create").await;
        let made = format!("/api/v1/api-keys/{}", text(&made, "id"));
        do_one("POST", &format!("{made}/deactivate"), Value::Null, "api_key.deactivate").await;
        do_one("DELETE", &made, Value::Null, "api_key.remove").await;
        let newcomer = json!({"email": "new@example.org", "name": "New", "roleId": acme.member.as_str()});
        let invited = do_one("POST", "/api/v1/users", newcomer, "invitation.send").await;
        let member = format!("/api/v1/users/{}", text(&invited, "id"));
        do_one("POST", &format!("{member}/invitation"), Value::Null, "invitation.resend").await;
        do_one("DELETE", &member, Value::Null, "member.remove").await;
        let path = format!("/api/v1/users/{bob}");
        do_one("PATCH", &path, json!({"active": false}), "member.change").await;
        do_one("PATCH", &path, json!({"active": true}), "member.change").await;
        do_one("PATCH", "/api/v1/workspace", json!({"name": "Acme Ltd"}), "workspace.change").await;
        // Only users may do this.
        if matches!(who, As::Token(_)) {
            do_one("POST", "/api/v1/workspace/secret/rotate", Value::Null, "workspace.rotate_secret").await;
        }
    }
    // Refused requests changed nothing and left nothing.
    let (_, weak) = acme.key(&[KeyPermission::Read]).await;
    let before = world.trail(Trail::All).await;
    for (method, path, body) in [
        ("POST", "/api/v1/roles".to_owned(), json!({"name": "Thief"})),
        ("DELETE", format!("/api/v1/users/{bob}"), Value::Null),
        ("DELETE", format!("/api/v1/api-keys/{key_id}"), Value::Null),
        ("PATCH", "/api/v1/workspace".to_owned(), json!({"name": "Stolen"})),
    ] {
        assert_eq!(world.ask(As::Key(&weak), method, &path, &body).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(world.since(&before).await, []);
}

#[tokio::test]
async fn an_org_has_its_own_events_and_no_others() {
    let world = World::with_orgs().await;
    let (acme, other) = (world.org("Acme").await, world.org("Other").await);
    let (ada, token) = acme.add("ada@example.org", &acme.admin).await;
    let (eve, theirs) = other.add("eve@example.org", &other.admin).await;
    for token in [&token, &theirs] {
        assert_eq!(world.ask(As::Token(token), "POST", "/api/v1/roles", &json!({"name": "R"})).await.status, 201);
    }
    for (org_id, own, foreign) in [(&acme.org, &ada, &eve), (&other.org, &eve, &ada)] {
        let events = world.trail(Trail::Org(org_id.clone())).await;
        assert!(events.iter().all(|event| event.org_id.as_ref() == Some(org_id)));
        assert!(events.iter().any(|event| event.actor == Actor::User(own.clone())));
        assert!(!format!("{events:?}").contains(foreign.as_str()));
    }
}

#[tokio::test]
async fn actions_in_a_browser_appear_only_in_their_users_recent_activity() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    browser.code(&[]).await;
    let stranger = world.browser();
    stranger.sign_up(&Key::named("eve")).await;
    let page = browser.get("/account/activity").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("You allowed Playground to access your account"), "{}", page.body);
    assert!(browser.get("/").await.body.contains("href=\"/account/activity\""));
    let theirs = stranger.get("/account/activity").await;
    assert!(!theirs.body.contains("Playground"), "{}", theirs.body);
    assert_eq!(browser.post_form("/sign-out", &[]).await.status, StatusCode::SEE_OTHER);
    let signed_out = browser.get("/account/activity").await;
    assert_eq!(signed_out.status, StatusCode::SEE_OTHER);
    assert!(signed_out.location().starts_with("/login?"), "{}", signed_out.location());
    let last = world.trail(Trail::All).await.remove(0);
    assert_eq!(last.action, "session.end");
    assert_eq!(last.actor.user(), last.user_id.as_ref());
    assert_eq!(last.address.as_deref(), Some("203.0.113.7"));
}

#[tokio::test]
async fn recent_activity_is_paged() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let user = UserId::from_text(browser.get("/api/auth/get-session").await.json()["user"]["id"].as_str().unwrap());
    for number in 0..60 {
        let actor = Actor::User(user.clone());
        let detail = format!("method-{number}");
        let appended = move |tx: &mut dyn sigma_store::Tx| {
            let event = event::NewEvent::new(sigma_core::event::Action::IdentityClaim);
            event::append(tx, event.by(actor.clone()).method(&detail))
        };
        world.sigma.store.write(appended).await.unwrap();
        world.tick();
    }
    let total = world.trail(Trail::User(user)).await.len();
    let (mut path, mut shown, mut pages) = ("/account/activity".to_owned(), 0, 0);
    loop {
        let page = browser.get(&path).await;
        shown += page.body.matches("session-words").count();
        pages += 1;
        let Some(older) = page.body.split("href=\"").find(|rest| rest.starts_with("/account/activity?before=")) else {
            break;
        };
        path = older.split('"').next().unwrap().to_owned();
    }
    assert_eq!((shown, pages), (total, total.div_ceil(25)));
    for bad in [
        "x",
        "1-2",
        "1-evt_'",
        "%00",
        "-evt_000000000000000000000000",
        "9999999999999999999999-evt_000000000000000000000000",
    ] {
        let page = browser.get(&format!("/account/activity?before={bad}")).await;
        assert_eq!(page.status, StatusCode::OK, "{bad}");
        assert_eq!(page.body.matches("session-words").count(), 25, "{bad}");
    }
}

#[tokio::test]
async fn recent_activity_hides_where_other_actors_are() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let user = UserId::from_text(browser.get("/api/auth/get-session").await.json()["user"]["id"].as_str().unwrap());
    let operator = sigma_core::actor::Initiator {
        address: Some("198.51.100.99".to_owned()),
        ..sigma_core::actor::Initiator::new(Actor::Operator)
    };
    let appended = move |tx: &mut dyn sigma_store::Tx| {
        event::append(tx, event::NewEvent::new(sigma_core::event::Action::UserEnable).about(&user))
    };
    world.sigma.store.on_behalf_of(operator).write(appended).await.unwrap();
    let page = browser.get("/account/activity").await.body;
    assert!(page.contains("The operator enabled your account"), "{page}");
    assert!(!page.contains("198.51.100.99"), "{page}");
}

#[tokio::test]
async fn tokens_leave_no_event_and_are_counted_by_app_and_minute() {
    let world = World::new().await;
    world.add_confidential_app("service", AuthMethod::ClientSecretBasic, "secret").await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let code = browser.code(&[("scope", "openid offline_access")]).await;
    let before = world.trail(Trail::All).await;
    let tokens = browser.redeem(&code).await.json();
    let refreshed = world.refresh(tokens["refresh_token"].as_str().unwrap(), &[]).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
    let access = refreshed.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(world.get_with_token(USERINFO, &access).await.status, 200);
    let basic = basic("service", "secret");
    let authorization = [("authorization", basic.as_str())];
    assert_eq!(world.post_form(INTROSPECT, &[("token", &access)], &authorization).await.status, 200);
    for _ in 0..3 {
        let own = world.post_form(TOKEN, &[("grant_type", "client_credentials")], &authorization).await;
        assert_eq!(own.status, 200, "{}", own.body);
    }
    let refused =
        world.post_form(TOKEN, &[("grant_type", "refresh_token"), ("refresh_token", "x")], &authorization).await;
    assert_eq!(refused.status, 400);
    assert_eq!(world.since(&before).await, []);
    world.sigma.write_token_counts().await.unwrap();
    let totals = async |app: &str| {
        let app = world.app(app).await.id;
        world.sigma.store.read(move |tx| token_count::totals(tx, &app, Timestamp::from_micros(0))).await.unwrap()
    };
    assert_eq!(totals("playground").await, [(GrantType::AuthorizationCode, 1), (GrantType::RefreshToken, 1)]);
    assert_eq!(totals("service").await, [(GrantType::ClientCredentials, 3)]);
}

#[tokio::test]
async fn revocations_and_reuse_are_recorded_with_the_app_and_its_address() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let revoked = browser.tokens("openid offline_access").await;
    let before = world.trail(Trail::All).await;
    let form = [("token", revoked["refresh_token"].as_str().unwrap()), ("client_id", "playground")];
    for _ in 0..2 {
        assert_eq!(world.post_form(REVOKE, &form, &[]).await.status, 200);
    }
    let code = browser.code(&[]).await;
    assert_eq!(browser.redeem(&code).await.status, 200);
    assert_eq!(browser.redeem(&code).await.status, 400);
    let reused = browser.tokens("openid offline_access").await;
    let token = reused["refresh_token"].as_str().unwrap();
    let next = world.refresh(token, &[]).await.json();
    assert_eq!(world.refresh(next["refresh_token"].as_str().unwrap(), &[]).await.status, 200);
    world.advance(60);
    assert_eq!(world.refresh(token, &[]).await.status, 400);
    let ended: Vec<_> = world.since(&before).await.into_iter().filter(|event| event.action == "grant.revoke").collect();
    let mut reasons: Vec<_> = ended.iter().map(|event| event.details.reason.as_deref().unwrap()).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["code_reused", "refresh_token_reused", "requested"]);
    let app = world.app("playground").await.id;
    for event in ended {
        assert_eq!(event.actor, Actor::App(app.clone()));
        assert_eq!(event.address.as_deref(), Some("203.0.113.7"));
        assert!(event.user_id.is_some() && event.request_id.is_some());
    }
}

#[tokio::test]
async fn events_contain_no_user_input() {
    let world = World::with_orgs().await;
    let acme = world.org("TypedWorkspace").await;
    let (_, token) = acme.add("typed@example.org", &acme.admin).await;
    let ada = As::Token(&token);
    world.ask(ada, "POST", "/api/v1/roles", &json!({"name": "TypedRole"})).await;
    world.ask(ada, "POST", "/api/v1/api-keys", &json!({"name": "TypedKey", "permissions": ["read"]})).await;
    let newcomer = json!({"email": "typed2@example.org", "name": "TypedName", "roleId": acme.member.as_str()});
    world.ask(ada, "POST", "/api/v1/users", &newcomer).await;
    let wrong = json!({"email": "typed@example.org", "password": "TypedPassword"});
    world.ask(As::Nobody, "POST", "/api/v1/auth/login", &wrong).await;
    let unknown = json!({"email": "typed3@example.org", "password": "TypedPassword"});
    world.ask(As::Nobody, "POST", "/api/v1/auth/login", &unknown).await;
    let events = format!("{:?}", world.trail(Trail::All).await).to_lowercase();
    assert!(!events.contains("typed"), "{events}");
}

#[tokio::test]
async fn signing_up_and_in_with_a_key_is_recorded_once_each() {
    let world = World::new().await;
    let (browser, ada) = (world.browser(), Key::named("ada"));
    let before = world.trail(Trail::All).await;
    let answer = browser.sign_up(&ada).await;
    let events = world.since(&before).await;
    let mut names = actions(&events);
    names.sort_unstable();
    assert_eq!(names, ["credential.add", "identity.claim", "user.sign_in", "user.sign_up"]);
    for event in &events {
        assert_eq!(event.actor.user(), event.user_id.as_ref());
        assert!(event.user_id.is_some());
        assert_eq!(event.address.as_deref(), Some("203.0.113.7"));
        assert_eq!(event.request_id.as_deref(), Some(answer.header("x-request-id")));
    }
    let before = world.trail(Trail::All).await;
    assert_eq!(browser.sign_in(&ada).await.status, 200);
    let events = world.since(&before).await;
    assert_eq!(actions(&events), ["user.sign_in"]);
    assert_eq!(events[0].details.method.as_deref(), Some("key"));
    assert_eq!(events[0].target.as_ref().map(|(kind, _)| kind.as_str()), Some("session"));
}

#[tokio::test]
async fn a_refused_key_is_a_failure_and_leaves_nothing_else() {
    let world = World::new().await;
    let (browser, ada) = (world.browser(), Key::named("ada"));
    browser.sign_up(&ada).await;
    let before = world.trail(Trail::All).await;
    assert_eq!(browser.sign_in(&Key::named("stranger")).await.status, 403);
    let stolen = Key::named("thief").token(crate::support::SIGN_IN, world.now(), "");
    let forged = format!("{}|{}", ada.pubkey(), stolen.split_once('|').unwrap().1);
    assert_eq!(world.present(crate::support::SIGN_IN, &forged, "{}").await.status, 401);
    let token = ada.token(crate::support::SIGN_IN, world.now(), "");
    assert_eq!(world.present(crate::support::SIGN_IN, &token, "{}").await.status, 200);
    assert_eq!(world.present(crate::support::SIGN_IN, &token, "{}").await.status, 401);
    let failed: Vec<_> =
        world.since(&before).await.into_iter().filter(|event| event.action == "user.sign_in_failed").collect();
    let mut seen: Vec<_> =
        failed.iter().map(|event| (event.details.reason.as_deref().unwrap(), event.user_id.is_some())).collect();
    seen.sort_unstable();
    assert_eq!(seen, [("bad_signature", false), ("replayed", true), ("unknown_key", false)]);
    assert!(failed.iter().all(|event| event.actor == Actor::Anonymous && event.request_id.is_some()));
}

#[tokio::test]
async fn wrong_passwords_are_counted_and_shown_to_whom_they_concern() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (ada, _) = acme.add("ada@example.org", &acme.member).await;
    let before = world.trail(Trail::All).await;
    let log_in = async |address: &str, password: &str| {
        let body = json!({"email": address, "password": password});
        world.ask(As::Nobody, "POST", "/api/v1/auth/login", &body).await.status.as_u16()
    };
    for _ in 0..2 {
        assert_eq!(log_in("ada@example.org", "wrong").await, 401);
        assert_eq!(log_in("nobody@example.org", "wrong").await, 401);
    }
    assert_eq!(log_in("ada@example.org", crate::support::PASSWORD).await, 200);
    let events = world.since(&before).await;
    let mut seen: Vec<_> =
        events.iter().map(|event| (event.action.as_str(), event.count, event.user_id.as_ref() == Some(&ada))).collect();
    seen.sort_unstable();
    assert_eq!(
        seen,
        [("user.sign_in_failed", 2, false), ("user.sign_in_failed", 2, true), ("workspace.sign_in", 1, true)]
    );
    let signed_in = events.iter().find(|event| event.action == "workspace.sign_in").unwrap();
    assert_eq!((signed_in.org_id.as_ref(), signed_in.details.method.as_deref()), (Some(&acme.org), Some("password")));
    let browser = world.entered("ada@example.org").await;
    let page = browser.get("/account/activity").await.body;
    assert!(page.contains("Failed sign-in to your account"), "{page}");
    assert!(page.contains("2 times") && page.contains("You signed in with your password"), "{page}");
}

#[tokio::test]
async fn what_an_admin_does_to_a_member_is_no_action_of_the_member() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, admin) = acme.add("ada@example.org", &acme.admin).await;
    let (bob, _) = acme.add("bob@example.org", &acme.member).await;
    let (_, key) = acme.key(&KeyPermission::ALL).await;
    let path = format!("/api/v1/users/{bob}");
    for (who, active) in [(As::Token(&admin), false), (As::Key(&key), true)] {
        world.tick();
        assert_eq!(world.ask(who, "PATCH", &path, &json!({"active": active})).await.status, 200);
    }
    let events = world.trail(Trail::Concerning(bob.clone())).await;
    let changed = events.iter().filter(|event| event.action == "member.change");
    assert_eq!(changed.filter(|event| event.actor.user() != Some(&bob)).count(), 2);
    let page = world.entered("bob@example.org").await.get("/account/activity").await.body;
    assert!(page.contains("You signed in") && !page.contains("You changed a member"), "{page}");
}

#[tokio::test]
async fn a_user_agent_is_recorded_without_control_characters() {
    let world = World::with_orgs().await;
    let agents: [&[u8]; 3] = [b"Browser\t1", b"Browser\xc2\x9b2J", b"Browser\x9b2J"];
    for agent in agents {
        world.advance(60);
        let request = Request::post("/api/v1/auth/login")
            .header("content-type", "application/json")
            .header("user-agent", http::HeaderValue::from_bytes(agent).unwrap());
        let body = json!({"email": format!("{}@example.org", agent.len()), "password": "wrong"}).to_string();
        let answer = world.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        let last = world.trail(Trail::All).await.remove(0);
        assert_eq!(last.action, "user.sign_in_failed");
        let stored = last.user_agent.unwrap_or_default();
        assert!(!stored.chars().any(char::is_control), "{stored:?}");
    }
    for bad in [b"\x1b[2J".as_slice(), b"a\r\nb", b"a\0", b"a\x7f"] {
        assert!(http::HeaderValue::from_bytes(bad).is_err(), "{bad:?}");
    }
}
