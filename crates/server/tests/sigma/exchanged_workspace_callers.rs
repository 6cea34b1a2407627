//! Token exchange for the callers of workspaces: members by their session token, servers by their API key.

use serde_json::{Value, json};
use sigma_core::app::AuthMethod;
use sigma_core::org::{KeyPermission, RolePermissions};
use sigma_core::resource::{ResourceScope, ResourceSettings};
use sigma_store::resource::manage;

use crate::support::client::{INTROSPECT, ISSUER, TOKEN, basic, changed};
use crate::support::forge::claims;
use crate::support::{Answer, As, TestOrg, World, text};

const NOTES: &str = "https://notes.example.org/";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const API_KEY: &str = "urn:sigma:params:oauth:token-type:api-key";

async fn exchange(world: &World, app: &str, form: &[(&str, &str)]) -> Answer {
    let form = [&[("grant_type", GRANT)][..], form].concat();
    world.post_form(TOKEN, &form, &[("authorization", &basic(app, "secret"))]).await
}

async fn is_active(world: &World, app: &str, token: &str) -> bool {
    let answer = world.post_form(INTROSPECT, &[("token", token)], &[("authorization", &basic(app, "secret"))]).await;
    answer.json()["active"] == true
}

/// `server` is an app of the workspace, with an API of the workspace.
async fn with_api(world: &World, team: &TestOrg<'_>) {
    world.add_confidential_app("server", AuthMethod::ClientSecret, "secret").await;
    let org = team.org.clone();
    world.change_app("server", |app| app.org_id = org.clone()).await;
    let scope = |name: &str| ResourceScope { name: name.to_owned(), description: "Do it".to_owned() };
    let scopes = vec![scope("notes:read"), scope("notes:update-data"), scope("notes:admin")];
    let (now, settings) = (
        world.now(),
        ResourceSettings {
            uri: Some(NOTES.to_owned()),
            org: Some(org.to_string()),
            scopes: Some(scopes),
            ..ResourceSettings::default()
        },
    );
    let added = world.sigma.store.decide(move |tx| manage::add(tx, &settings, ISSUER, now)).await;
    assert_eq!(added.unwrap().resource.org_id, team.org);
    world.allow("server", NOTES).await;
}

#[tokio::test]
async fn a_member_of_a_workspace_is_the_subject_while_their_session_lives() {
    let world = World::with_orgs().await;
    let team = world.org("Acme").await;
    with_api(&world, &team).await;
    let (bob, token) = team.add("bob@example.org", &team.admin).await;
    let form = [("subject_token", token.as_str()), ("subject_token_type", JWT), ("resource", NOTES)];
    let with = |change: &[(&'static str, &'static str)]| changed(&form, change);
    let answer = exchange(&world, "server", &with(&[("scope", "notes:read")])).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = answer.json();
    let issued = claims(text(&answer, "access_token"));
    assert_eq!((&issued["sub"], &issued["aud"], &issued["scope"]), (&json!(bob), &json!(NOTES), &json!("notes:read")));
    assert_eq!((&issued["acr"], &issued["act"]), (&json!("1"), &json!({"sub": "server"})));
    assert_eq!(issued["workspace"], json!({"org_id": team.org, "session": claims(&token)["jti"]}));
    assert!(issued["exp"].as_i64().unwrap() - issued["iat"].as_i64().unwrap() <= 3_600);
    let issued = text(&answer, "access_token");
    assert!(is_active(&world, "server", issued).await);
    assert_eq!(world.userinfo_status(issued).await, 401);
    for (change, error) in [
        (&[("scope", "notes:admin")][..], "400 invalid_scope: the subject token does not have this scope"),
        (&[("resource", "")], "400 invalid_target: the resource was not granted"),
        (&[("resource", ISSUER)], "400 invalid_target: the resource was not granted"),
        (&[("subject_token", "a.b.c")], "400 invalid_request: the subject token is not valid"),
    ] {
        assert_eq!(exchange(&world, "server", &with(change)).await.error(), error);
    }
    // An app of another org has no business with it.
    world.add_confidential_app("stranger", AuthMethod::ClientSecret, "secret").await;
    world.allow("stranger", NOTES).await;
    assert!(
        exchange(&world, "stranger", &form)
            .await
            .error()
            .starts_with("400 invalid_request: the subject token was neither")
    );
    let out = world.call(As::Token(&token), "POST", "/api/v1/auth/logout", &Value::Null).await;
    assert!(out.status.is_success(), "{}", out.body);
    assert!(!is_active(&world, "server", issued).await);
    assert_eq!(exchange(&world, "server", &form).await.error(), "400 invalid_request: the subject token is not valid");
}

#[tokio::test]
async fn an_api_key_is_exchanged_for_no_more_than_it_permits() {
    let world = World::with_orgs().await;
    let team = world.org("Acme").await;
    with_api(&world, &team).await;
    let (id, key) = team.key(&[KeyPermission::Read]).await;
    let form = [("subject_token", key.as_str()), ("subject_token_type", API_KEY), ("resource", NOTES)];
    let answer = exchange(&world, "server", &changed(&form, &[("scope", "notes:read")])).await.json();
    let token = text(&answer, "access_token");
    let issued = claims(token);
    assert_eq!((&issued["sub"], &issued["workspace"]), (&json!(id), &json!({"org_id": team.org, "api_key": id})));
    assert!(is_active(&world, "server", token).await);
    let more = exchange(&world, "server", &changed(&form, &[("scope", "notes:update-data")])).await;
    assert_eq!(more.error(), "400 invalid_scope: the subject token does not have this scope");
    let admin = team.admin_key().await;
    let path = format!("/api/v1/api-keys/{id}");
    let removed = world.call(As::Key(&admin), "DELETE", &path, &Value::Null).await;
    assert!(removed.status.is_success(), "{}", removed.body);
    assert!(!is_active(&world, "server", token).await);
}

#[tokio::test]
async fn a_token_ends_when_the_member_loses_a_permission_that_it_stands_for() {
    let world = World::with_orgs().await;
    let team = world.org("Acme").await;
    with_api(&world, &team).await;
    let (_, admin) = team.add("ada@example.org", &team.admin).await;
    let (bob, token) = team.add("bob@example.org", &team.admin).await;
    let form = [("subject_token", token.as_str()), ("subject_token_type", JWT), ("resource", NOTES)];
    let answer = exchange(&world, "server", &changed(&form, &[("scope", "notes:update-data")])).await.json();
    let issued = text(&answer, "access_token");
    assert!(is_active(&world, "server", issued).await);
    let guest = team.role("Guest", RolePermissions::default()).await;
    let path = format!("/api/v1/users/{bob}");
    assert_eq!(world.call(As::Token(&admin), "PATCH", &path, &json!({"roleId": guest})).await.status, 200);
    assert!(!is_active(&world, "server", issued).await);
    let more = exchange(&world, "server", &changed(&form, &[("scope", "notes:update-data")])).await;
    assert_eq!(more.error(), "400 invalid_scope: the subject token does not have this scope");
}

#[tokio::test]
async fn the_session_of_a_quick_login_is_not_exchanged() {
    let world = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.workspaces.allow_quick_logins = vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()];
    })
    .await;
    let team = world.org("Acme").await;
    with_api(&world, &team).await;
    let (_, admin) = team.add("ada@example.org", &team.admin).await;
    let (kim, proven) = team.add("kim@example.org", &team.member).await;
    let on = json!({"quickLogins": true});
    assert_eq!(world.call(As::Token(&admin), "PATCH", "/api/v1/workspace", &on).await.status, 200);
    let path = format!("/api/v1/users/{kim}");
    assert_eq!(world.call(As::Token(&admin), "PATCH", &path, &json!({"quickLogin": true})).await.status, 200);
    let click = json!({"workspaceId": team.org, "userId": kim});
    let quick = world.call(As::Nobody, "POST", "/api/v1/auth/quick-login", &click).await;
    assert_eq!(quick.status, 200, "{}", quick.body);
    let quick = quick.json();
    assert_eq!(world.call(As::Token(text(&quick, "token")), "GET", "/api/v1/auth/me", &Value::Null).await.status, 200);
    for (token, status) in [(text(&quick, "token"), 400), (proven.as_str(), 200)] {
        let form = [("subject_token", token), ("subject_token_type", JWT), ("resource", NOTES)];
        assert_eq!(exchange(&world, "server", &form).await.status, status);
    }
}
