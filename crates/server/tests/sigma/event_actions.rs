//! The actions of the audit trail, each written by what people do. A list at the end fails for an action that no test
//! names.

use std::path::{Path, PathBuf};

use http::StatusCode;
use serde_json::{Value, json};
use sigma_core::app::AuthMethod;
use sigma_core::event::{Action, Event};
use sigma_core::ids::UserId;
use sigma_core::jose::Algorithm;
use sigma_store::event::Trail;

use crate::support::client::{REVOKE, TOKEN, basic};
use crate::support::{As, Authenticator, Browser, Key, PASSWORD, World};

const NEW: &str = "a wholly new password";

/// Runs `act`; the names of the events that it left, and those events, oldest first.
async fn left(world: &World, act: impl Future<Output = ()>) -> (Vec<String>, Vec<Event>) {
    let before = world.trail(Trail::All).await;
    act.await;
    world.tick();
    let mut events = world.trail(Trail::All).await;
    events.retain(|event| !before.contains(event));
    events.reverse();
    let mut names: Vec<_> = events.iter().map(|event| event.action.clone()).collect();
    names.sort_unstable();
    (names, events)
}

async fn id_of(browser: &Browser<'_>) -> UserId {
    UserId::from_text(browser.get("/api/auth/get-session").await.json()["user"]["id"].as_str().unwrap())
}

#[tokio::test]
async fn what_users_do_with_their_account_is_recorded_as_theirs() {
    let world = World::with_orgs().await;
    let (browser, key) = (world.browser(), Key::named("ada"));
    browser.sign_up(&key).await;
    let ada = id_of(&browser).await;
    let theirs = |events: &[Event]| {
        for event in events {
            assert_eq!((event.actor.user(), event.user_id.as_ref()), (Some(&ada), Some(&ada)), "{}", event.action);
            assert!(event.address.is_some() && event.request_id.is_some(), "{}", event.action);
        }
    };
    let form = async |path: &str, form: &[(&str, &str)]| {
        assert_eq!(browser.post_form(path, form).await.status, StatusCode::SEE_OTHER, "{path}");
    };
    let add = async |address: &str| {
        form("/account/emails/add", &[("email", address)]).await;
        let mail = world.mail().await;
        let is_code = |line: &&str| line.len() == 9 && line.bytes().all(|byte| byte == b' ' || byte.is_ascii_digit());
        let code = mail.text.lines().find(is_code).unwrap().to_owned();
        form("/account/emails/confirm", &[("code", &code)]).await;
        world.mails().await;
    };
    let (names, events) = left(&world, add("ada@example.org")).await;
    assert_eq!(names, ["email.add"]);
    theirs(&events);
    add("work@example.org").await;
    let primary = form("/account/emails/primary", &[("email", "work@example.org")]);
    let (names, events) = left(&world, primary).await;
    assert_eq!(names, ["email.make_primary"]);
    theirs(&events);
    let removed = form("/account/emails/remove", &[("email", "ada@example.org")]);
    let (names, events) = left(&world, removed).await;
    assert_eq!(names, ["email.remove"]);
    theirs(&events);
    assert!(!format!("{:?}", world.trail(Trail::All).await).contains("@example.org"), "addresses are not recorded");

    let set = form("/account/password", &[("password", PASSWORD), ("again", PASSWORD)]);
    let (names, events) = left(&world, set).await;
    assert_eq!(names, ["credential.add"]);
    theirs(&events);
    let other = world.entered("work@example.org").await;
    let changed = form("/account/password", &[("current", PASSWORD), ("password", NEW), ("again", NEW)]);
    let (names, events) = left(&world, changed).await;
    assert_eq!(names, ["credential.change", "session.end_all"]);
    theirs(&events);
    assert_eq!(other.get("/api/auth/get-session").await.body, "null");
    let password = [("kind", "password"), ("id", ada.as_str())];
    let retired = form("/account/credentials/retire", &password);
    let (names, events) = left(&world, retired).await;
    assert_eq!(names, ["credential.remove"]);
    assert_eq!(events[0].details.method.as_deref(), Some("password"));
    theirs(&events);
    let page = browser.get("/account/activity").await.body;
    for words in ["added an e-mail address", "changed your primary e-mail address", "removed an e-mail address"] {
        assert!(page.contains(words), "{words}: {page}");
    }

    let (names, events) = left(&world, async { drop(browser.code(&[]).await) }).await;
    assert_eq!(names, ["consent.give"]);
    assert_eq!(events[0].target, Some(("app".to_owned(), world.app("playground").await.id.to_string())));
    assert_eq!(events[0].details.scope.as_deref(), Some("openid profile"));
    theirs(&events);
}

#[tokio::test]
async fn second_factors_are_recorded_with_their_kind() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let methods = |events: &[Event], action: &str| {
        let of = events.iter().filter(|event| event.action == action);
        let mut methods: Vec<_> = of.filter_map(|event| event.details.method.clone()).collect();
        methods.sort_unstable();
        methods
    };
    let (_, added) = left(&world, async { drop(browser.add_app(&world).await) }).await;
    assert_eq!(methods(&added, "credential.add"), ["recovery", "totp"]);
    let mut authenticator = Authenticator::named("laptop");
    let (_, added) = left(&world, async { drop(browser.add_passkey(&mut authenticator).await) }).await;
    assert_eq!(methods(&added, "credential.add"), ["passkey"]);
    let form = async |path: &str, form: &[(&str, &str)]| {
        let answer = browser.post_form(path, form).await;
        assert!(answer.status.is_success() || answer.status.is_redirection(), "{path}: {}", answer.body);
    };
    let (_, renewed) = left(&world, form("/account/recovery-codes", &[])).await;
    assert_eq!(methods(&renewed, "credential.change"), ["recovery"]);
    let other = world.browser();
    let (names, entered) = left(&world, async { drop(other.use_passkey(&mut authenticator, "").await) }).await;
    assert_eq!(names, ["user.sign_in"]);
    assert!(!methods(&entered, "user.sign_in").is_empty());
    // A copy of it, which did not notice that use.
    authenticator.count -= 1;
    let copied = async { drop(world.browser().use_passkey(&mut authenticator, "").await) };
    let (names, failed) = left(&world, copied).await;
    assert_eq!(names, ["user.sign_in_failed"]);
    assert_eq!(failed[0].details.reason.as_deref(), Some("cloned_passkey"));
    let retired = [("kind", "passkey"), ("id", authenticator.id.as_str())];
    let retired = form("/account/credentials/retire", &retired);
    let (_, removed) = left(&world, retired).await;
    assert_eq!(methods(&removed, "credential.remove"), ["passkey"]);
}

#[tokio::test]
async fn an_identity_that_its_key_proves_is_lost_by_whoever_claimed_it() {
    let world = World::new().await;
    let (eve, victim) = (Key::named("eve"), Key::named("victim"));
    let squatter = world.browser();
    squatter.sign_up_as(&eve, &victim.bap_id()).await;
    let eve = id_of(&squatter).await;
    let (names, events) = left(&world, async { drop(world.browser().sign_up(&victim).await) }).await;
    assert_eq!(names, ["credential.add", "identity.claim", "identity.lose", "user.sign_in", "user.sign_up"]);
    let lost = events.iter().find(|event| event.action == "identity.lose").unwrap();
    assert_eq!((lost.user_id.as_ref(), lost.actor.kind()), (Some(&eve), "system"));
    assert_eq!(lost.target, Some(("identity".to_owned(), victim.bap_id())));
}

#[tokio::test]
async fn an_app_that_revokes_its_own_token_is_recorded() {
    let world = World::new().await;
    let app = world.add_confidential_app("service", AuthMethod::ClientSecretBasic, "secret").await;
    let (name, basic) = ("authorization", basic("service", "secret"));
    let own = world.post_form(TOKEN, &[("grant_type", "client_credentials")], &[(name, &basic)]).await;
    let token = own.json()["access_token"].as_str().unwrap().to_owned();
    let revoke = async {
        for _ in 0..2 {
            assert_eq!(world.post_form(REVOKE, &[("token", &token)], &[(name, &basic)]).await.status, 200);
        }
    };
    let (names, events) = left(&world, revoke).await;
    assert_eq!(names, ["token.revoke"]);
    assert_eq!(events[0].actor.id(), Some(app.id.as_str()));
}

#[tokio::test]
async fn joining_and_leaving_a_workspace_is_recorded_there() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (names, events) = left(&world, async { drop(acme.add("ada@example.org", &acme.admin).await) }).await;
    assert_eq!(names, ["credential.add", "member.add", "workspace.sign_in"]);
    let added = events.iter().find(|event| event.action == "member.add").unwrap();
    assert_eq!((added.org_id.as_ref(), added.details.role.as_ref()), (Some(&acme.org), Some(&acme.admin)));
    let token = acme.token("ada@example.org").await;
    let log_out = async {
        let answer = world.call(As::Token(&token), "POST", "/api/v1/auth/logout", &Value::Null).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
    };
    let (names, events) = left(&world, log_out).await;
    assert_eq!(names, ["workspace.sign_out"]);
    assert_eq!(events[0].org_id.as_ref(), Some(&acme.org));

    let token = acme.token("ada@example.org").await;
    let newcomer = json!({"email": "bob@example.org", "name": "Bob", "roleId": acme.member.as_str()});
    assert_eq!(world.call(As::Token(&token), "POST", "/api/v1/users", &newcomer).await.status, 201);
    let link = world.mail().await.link.unwrap();
    let secret = link.split_once('=').unwrap().1;
    let accept = async {
        let form = [("token", secret), ("name", "Bob"), ("password", NEW), ("again", NEW)];
        assert_eq!(world.browser().post_form("/invitation", &form).await.status, StatusCode::SEE_OTHER);
    };
    let (names, events) = left(&world, accept).await;
    assert_eq!(names, ["credential.add", "invitation.accept", "user.sign_in", "user.sign_up"]);
    let accepted = events.iter().find(|event| event.action == "invitation.accept").unwrap();
    assert_eq!((accepted.org_id.as_ref(), accepted.actor.kind()), (Some(&acme.org), "user"));
    let (names, events) = left(&world, acme.remove()).await;
    assert_eq!(names, ["workspace.remove"]);
    assert_eq!(events[0].org_id.as_ref(), Some(&acme.org));
}

#[tokio::test]
async fn a_rotation_records_the_new_key_and_the_retired_one() {
    let world = World::new().await;
    let (names, events) = left(&world, world.rotate_now(Algorithm::ES256)).await;
    assert_eq!(names, ["signing_key.create", "signing_key.retire"]);
    assert!(events.iter().all(|event| event.target.as_ref().is_some_and(|(kind, _)| kind == "signing_key")));
}

/// The Rust files below `folder`.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_action_is_named_by_a_test() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for member in std::fs::read_dir(crates).unwrap() {
        let tests = member.unwrap().path().join("tests");
        if tests.is_dir() {
            sources(&tests, &mut files);
        }
    }
    assert!(files.len() > 20, "{files:?}");
    let texts: Vec<_> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let named = |action: &Action| texts.iter().any(|text| text.contains(&format!("\"{}\"", action.as_str())));
    let missing: Vec<_> = Action::ALL.iter().filter(|action| !named(action)).map(|action| action.as_str()).collect();
    assert!(missing.is_empty(), "no test writes these actions: {missing:?}");
}
