//! Agents: apps that act for the one person who made them, on `/account/agents`.

use serde_json::json;
use sigma_core::ids::UserId;
use sigma_core::resource::{Resource, ResourceScope};
use sigma_store::event::Trail;
use sigma_store::resource;

use crate::support::client::{ISSUER, REVOKE, TOKEN, USERINFO, basic, changed};
use crate::support::forge::claims;
use crate::support::{Answer, Browser, Key, World, text};

const NOTES: &str = "https://notes.example.org/";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const USER: &str = "urn:sigma:params:oauth:token-type:user-id";
const CREATE: &str = "/account/agents/create";
const STOP: &str = "/account/agents/stop";

async fn person<'w>(world: &'w World, name: &str) -> (Browser<'w>, UserId) {
    let browser = world.browser();
    browser.sign_up(&Key::named(name)).await;
    let id = text(&browser.get("/api/auth/get-session").await.json()["user"], "id").to_owned();
    (browser, UserId::from_text(id))
}

/// What the page shows once: client id, secret and the user's id.
fn shown(page: &Answer) -> [String; 3] {
    ["client-id", "client-secret", "user-id"].map(|id| {
        let rest = page.body.split(&format!("id=\"{id}\">")).nth(1).unwrap_or_else(|| panic!("{}", page.body));
        rest.split('<').next().unwrap().to_owned()
    })
}

async fn ask(world: &World, agent: &[String; 3], change: &[(&str, &str)]) -> Answer {
    let [client_id, secret, user] = agent;
    let form = [("grant_type", GRANT), ("subject_token", user.as_str()), ("subject_token_type", USER)];
    world.post_form(TOKEN, &changed(&form, change), &[("authorization", &basic(client_id, secret))]).await
}

#[tokio::test]
async fn an_agent_acts_for_its_owner_within_its_own_consent_until_it_is_stopped() {
    let world = World::new().await;
    let ((ada, ada_id), (eve, eve_id)) = (person(&world, "ada").await, person(&world, "eve").await);
    for bad in ["", "  ", &"x".repeat(61), "a\u{7}b"] {
        assert_eq!(ada.post_form(CREATE, &[("name", bad)]).await.status, 400, "{bad:?}");
    }
    let form = [("name", "Helper <b>"), ("scope", "profile"), ("scope", "sigma:backup"), ("scope", "offline_access")];
    let page = ada.post_form(CREATE, &form).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let agent = shown(&page);
    assert_eq!(agent[2], ada_id.as_str());
    let later = ada.get("/account/agents").await.body;
    assert!(later.contains("Helper &#60;b&#62;") && !later.contains(&agent[1]), "{later}");
    assert!(!ada.get("/account/apps").await.body.contains("Helper"), "it has a page of its own");
    let answer = ask(&world, &agent, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = answer.json();
    assert!(answer.get("refresh_token").is_none() && answer.get("id_token").is_none(), "{answer}");
    let token = text(&answer, "access_token");
    let issued = claims(token);
    assert_eq!((&issued["sub"], &issued["act"]), (&json!(ada_id), &json!({"sub": agent[0]})));
    assert_eq!((&issued["scope"], issued.get("impersonation")), (&json!("openid profile"), None));
    assert!(issued["exp"].as_i64().unwrap() - issued["iat"].as_i64().unwrap() <= 3_600);
    assert_eq!(world.get_with_token(USERINFO, token).await.json()["sub"], json!(ada_id));
    let invalid = "400 invalid_request: the subject token is not valid";
    for (change, error) in [
        (&[("scope", "openid email")][..], "400 invalid_scope: the subject token does not have this scope"),
        (&[("scope", "sigma:backup")], "400 invalid_scope: the subject token does not have this scope"),
        (&[("resource", NOTES)], "400 invalid_target: the subject token is not for this resource"),
        (&[("subject_token", eve_id.as_str())], invalid),
        (&[("actor_token", token), ("actor_token_type", "urn:ietf:params:oauth:token-type:access_token")], invalid),
    ] {
        assert_eq!(ask(&world, &agent, change).await.error(), error, "{change:?}");
    }
    // A token is revoked by itself; the agent goes on.
    let headers = basic(&agent[0], &agent[1]);
    let revoked = world.post_form(REVOKE, &[("token", token)], &[("authorization", &headers)]).await;
    assert_eq!(revoked.status, 200);
    assert_eq!(world.userinfo_status(token).await, 401);
    let next = ask(&world, &agent, &[]).await.json();
    let next = text(&next, "access_token");
    assert_eq!(world.userinfo_status(next).await, 200);
    // It outlives the session of its owner, who alone stops it.
    ada.post_json("/api/auth/sign-out", &json!({})).await;
    ada.sign_in(&Key::named("ada")).await;
    assert_eq!(world.userinfo_status(next).await, 200);
    let id = world.app(&agent[0]).await.id;
    assert_eq!(eve.post_form(STOP, &[("app", id.as_str())]).await.status, 409);
    assert_eq!(ada.post_form(STOP, &[("app", id.as_str())]).await.status, 303);
    assert_eq!(ada.post_form(STOP, &[("app", id.as_str())]).await.status, 409);
    assert_eq!(world.userinfo_status(next).await, 401);
    assert_eq!(ask(&world, &agent, &[]).await.status, 401);
    world.tick();
    let events = world.trail(Trail::All).await;
    for action in ["agent.create", "agent.stop"] {
        let event = events.iter().find(|event| event.action == action).unwrap();
        assert_eq!((event.actor.user(), event.user_id.as_ref()), (Some(&ada_id), Some(&ada_id)), "{}", event.action);
    }
}

#[tokio::test]
async fn making_an_agent_needs_a_recent_sign_in_and_stopping_one_does_not() {
    let world = World::new().await;
    let (ada, _) = person(&world, "ada").await;
    let agent = shown(&ada.post_form(CREATE, &[("name", "Helper")]).await);
    world.advance(3_600);
    assert_eq!(ada.post_form(CREATE, &[("name", "Another")]).await.status, 403);
    let page = ada.get("/account/agents").await.body;
    assert!(page.contains("/login?interaction=") && !page.contains(CREATE), "{page}");
    let id = world.app(&agent[0]).await.id;
    assert_eq!(ada.post_form(STOP, &[("app", id.as_str())]).await.status, 303);
}

#[tokio::test]
async fn a_user_has_ten_agents_and_removes_those_that_ended() {
    let world = World::new().await;
    let (ada, _) = person(&world, "ada").await;
    let mut last = None;
    for _ in 0..10 {
        let page = ada.post_form(CREATE, &[("name", "One")]).await;
        assert_eq!(page.status, 200);
        last = Some(shown(&page));
    }
    assert_eq!(ada.post_form(CREATE, &[("name", "One too many")]).await.status, 409);
    let agent = last.unwrap();
    let token = ask(&world, &agent, &[]).await.json();
    let token = text(&token, "access_token");
    // 90 days later.
    world.advance(7_776_000);
    assert_eq!(world.userinfo_status(token).await, 401);
    assert_eq!(ask(&world, &agent, &[]).await.error(), "400 invalid_request: the subject token is not valid");
    world.sweep().await;
    ada.sign_in(&Key::named("ada")).await;
    let page = ada.get("/account/agents").await.body;
    assert!(page.contains("Its access has ended."), "{page}");
    let id = world.app(&agent[0]).await.id;
    assert_eq!(ada.post_form(STOP, &[("app", id.as_str())]).await.status, 303);
    assert_eq!(ada.post_form(CREATE, &[("name", "Eleventh")]).await.status, 200);
}

#[tokio::test]
async fn an_agent_ends_with_the_account_of_its_owner() {
    let world = World::new().await;
    let (ada, ada_id) = person(&world, "ada").await;
    let agent = shown(&ada.post_form(CREATE, &[("name", "Helper")]).await);
    let token = ask(&world, &agent, &[]).await.json();
    let token = text(&token, "access_token");
    assert_eq!(world.userinfo_status(token).await, 200);
    let now = world.now();
    world.sigma.store.write(move |tx| sigma_store::user::set_disabled(tx, &ada_id, true, now)).await.unwrap();
    assert_eq!(world.userinfo_status(token).await, 401);
    assert_eq!(ask(&world, &agent, &[]).await.error(), "400 invalid_request: the subject token is not valid");
}

#[tokio::test]
async fn an_agent_ends_when_its_owner_requests_the_deletion_of_the_account_and_no_other_is_made() {
    let world = World::new().await;
    let (ada, _) = person(&world, "ada").await;
    let agent = shown(&ada.post_form(CREATE, &[("name", "Helper")]).await);
    let token = ask(&world, &agent, &[]).await.json();
    let token = text(&token, "access_token");
    assert_eq!(world.userinfo_status(token).await, 200);
    assert_eq!(ada.post_form("/account/delete", &[("confirm", "delete")]).await.status, 303);
    assert_eq!(world.userinfo_status(token).await, 401);
    assert_eq!(ask(&world, &agent, &[]).await.error(), "400 invalid_request: the subject token is not valid");
    assert_eq!(ada.post_form(CREATE, &[("name", "Another")]).await.location(), "/account/delete");
    // Keeping the account gives it nothing back.
    assert_eq!(ada.post_form("/account/delete/cancel", &[]).await.location(), "/account?done=kept");
    assert_eq!(ask(&world, &agent, &[]).await.status, 400);
    assert!(ada.get("/account/agents").await.body.contains("Its access has ended."));
}

#[tokio::test]
async fn an_agent_uses_the_apis_that_its_owner_chose_among_those_that_any_app_may_request() {
    const BANK: &str = "https://bank.example.org/";
    const SECRET: &str = "https://secret.example.org/";
    let world = World::new().await;
    let scopes = |names: &[&str]| {
        names.iter().map(|name| ResourceScope::register(name, "Do something there").unwrap()).collect::<Vec<_>>()
    };
    for (uri, names, open) in
        [(NOTES, &["notes:read", "notes:write"][..], true), (BANK, &["pay"], true), (SECRET, &["peek"], false)]
    {
        world.add_resource_with(uri, |resource| (resource.scopes, resource.open) = (scopes(names), open)).await;
    }
    let (ada, ada_id) = person(&world, "ada").await;
    let page = ada.get("/account/agents").await.body;
    assert!(page.contains("https://notes.example.org/ notes:read") && !page.contains(SECRET), "{page}");
    let (read, peek) = (format!("{NOTES} notes:read"), format!("{SECRET} peek"));
    let form = [("name", "Helper"), ("scope", "profile"), ("api", read.as_str()), ("api", peek.as_str())];
    let page = ada.post_form(CREATE, &form).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("Do something there"), "{}", page.body);
    let agent = shown(&page);
    let issued = async |change: &[(&str, &str)]| {
        let answer = ask(&world, &agent, change).await;
        assert_eq!(answer.status, 200, "{change:?} {}", answer.body);
        claims(text(&answer.json(), "access_token"))
    };
    // As the consent of any other app: a token for an open API is for nothing else.
    let token = issued(&[]).await;
    assert_eq!((&token["aud"], &token["scope"]), (&json!(NOTES), &json!("openid profile notes:read")));
    assert_eq!((&token["sub"], &token["act"]), (&json!(ada_id), &json!({"sub": agent[0]})));
    let token = issued(&[("resource", NOTES), ("scope", "notes:read")]).await;
    assert_eq!((&token["aud"], &token["scope"]), (&json!(NOTES), &json!("notes:read")));
    let token = issued(&[("resource", ISSUER)]).await;
    assert_eq!((&token["aud"], &token["scope"]), (&json!(ISSUER), &json!("openid profile")));
    let scope = "400 invalid_scope: the subject token does not have this scope";
    let target = "400 invalid_target: the subject token is not for this resource";
    for (change, error) in [
        (&[("scope", "notes:write")][..], scope),
        (&[("resource", NOTES), ("scope", "notes:read peek")], scope),
        (&[("resource", BANK)], target),
        (&[("resource", SECRET)], target),
    ] {
        assert_eq!(ask(&world, &agent, change).await.error(), error, "{change:?}");
    }
    // The operator closes the API.
    let notes = world.sigma.store.read(|tx| resource::find(tx, NOTES)).await.unwrap().unwrap();
    let closed = Resource { open: false, ..notes };
    assert!(world.sigma.store.write(move |tx| resource::update(tx, &closed)).await.unwrap());
    assert_eq!(ask(&world, &agent, &[("resource", NOTES)]).await.error(), target);
}
