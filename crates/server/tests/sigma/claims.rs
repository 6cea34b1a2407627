//! What id tokens say of their person: asked for one by one (OpenID Connect Core §5.5), or all of the granted scopes for an app
//! that is set so, and a person's role in the org that owns the app.

use serde_json::{Value, json};
use sigma_core::ids::{ClientId, OrgId, UserId};
use sigma_core::scope::Scopes;
use sigma_store::cached;
use sigma_store::email::EmailProof;
use sigma_store::org::membership::State;

use crate::support::client::USERINFO;
use crate::support::forge::claims;
use crate::support::{APP, Browser, Key, TestOrg, World};

/// What the id token says beside what every one does, and what userinfo says beside `sub`.
async fn reported(world: &World, browser: &Browser<'_>, extra: &[(&str, &str)]) -> (Value, Value) {
    let app = extra.iter().find(|(name, _)| *name == "client_id").map_or(APP, |(_, id)| id);
    let tokens = world.exchange(&browser.code(extra).await, &[("client_id", app)]).await.json();
    about(world, &tokens).await
}

async fn about(world: &World, tokens: &Value) -> (Value, Value) {
    let mut id = claims(tokens["id_token"].as_str().unwrap());
    let every = ["iss", "sub", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "at_hash", "sid"];
    id.as_object_mut().unwrap().retain(|name, _| !every.contains(&name.as_str()));
    let mut userinfo = world.get_with_token(USERINFO, tokens["access_token"].as_str().unwrap()).await.json();
    userinfo.as_object_mut().unwrap().remove("sub");
    (id, userinfo)
}

/// Ada, with a verified address.
async fn ada(world: &World) -> Browser<'_> {
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let session = browser.get("/api/auth/get-session").await.json();
    let user = UserId::from_text(session["user"]["id"].as_str().unwrap());
    world.db_set_email(&user, "ada@example.org", EmailProof::Verified).await;
    browser
}

#[tokio::test]
async fn claims_of_the_id_token_are_honoured_one_by_one() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let ask = async |claims: Value| {
        reported(&world, &browser, &[("scope", "openid"), ("claims", &claims.to_string())]).await.0
    };
    assert_eq!(ask(json!({})).await, json!({}));
    assert_eq!(ask(json!({"userinfo": {"email": null}})).await, json!({}), "that is userinfo's");
    for asked in [json!(null), json!({"essential": true}), json!({"value": "x"})] {
        assert_eq!(ask(json!({"id_token": {"email": asked}})).await, json!({"email": "ada@example.org"}));
    }
    let many =
        ask(json!({"id_token": {"email_verified": null, "name": null, "pubkey": null, "bap_id": null, "x": null}}))
            .await;
    let names: Vec<&String> = many.as_object().unwrap().keys().collect();
    assert_eq!(names, ["bap_id", "email_verified", "name", "pubkey"]);
    // What has no value is left out, null too, though userinfo tells it.
    assert_eq!(ask(json!({"id_token": {"bap": null, "given_name": null, "picture": null}})).await, json!({}));
}

#[tokio::test]
async fn a_claim_of_a_scope_that_the_app_may_not_ask_for_is_left_out_everywhere() {
    let world = World::new().await;
    world
        .add_app(|app| {
            app.client_id = ClientId::from_text("narrow");
            app.scopes = Scopes::parse("openid profile");
        })
        .await;
    let browser = ada(&world).await;
    let claims =
        json!({"id_token": {"email": {"essential": true}, "name": null}, "userinfo": {"email": null}}).to_string();
    let asks = [("client_id", "narrow"), ("scope", "openid"), ("claims", claims.as_str())];
    let page = browser.authorize(&asks).await;
    let page = browser.get(page.location()).await.body;
    assert!(page.contains("See your profile") && !page.contains("See your e-mail address"), "{page}");
    let (id, userinfo) = reported(&world, &browser, &asks).await;
    assert_eq!((id.get("email"), id["name"].is_string()), (None, true));
    assert_eq!(userinfo, json!({}));
}

#[tokio::test]
async fn claims_of_the_id_token_are_shown_agreed_to_and_narrowed_as_scopes_are() {
    let world = World::new().await;
    let browser = ada(&world).await;
    browser.code(&[("scope", "openid")]).await;
    let claims = json!({"id_token": {"email": null}}).to_string();
    let asks = [("scope", "openid"), ("claims", claims.as_str())];
    let silent = [asks[0], asks[1], ("prompt", "none")];
    assert_eq!(browser.authorize(&silent).await.param("error").as_deref(), Some("consent_required"));
    let answer = browser.authorize(&asks).await;
    let page = browser.get(answer.location()).await.body;
    assert!(page.contains("See your e-mail address"), "{page}");
    let interaction = answer.param("interaction").unwrap();
    let form = [("interaction", interaction.as_str()), ("accept", "true"), ("scope", "openid")];
    let code = browser.post_form("/api/auth/oauth2/consent", &form).await.param("code").unwrap();
    let tokens = world.exchange(&code, &[]).await.json();
    assert_eq!(about(&world, &tokens).await.0, json!({}), "whoever grants less grants no more of it one by one");
    assert_eq!(reported(&world, &browser, &asks).await.0, json!({"email": "ada@example.org"}));
    assert!(browser.authorize(&silent).await.param("code").is_some(), "agreed to now");
    // A refreshed id token says it too.
    let code = browser.code(&[("scope", "openid offline_access"), ("claims", &claims)]).await;
    let tokens = world.exchange(&code, &[]).await.json();
    let again = world.refresh(tokens["refresh_token"].as_str().unwrap(), &[]).await.json();
    assert_eq!(about(&world, &again).await.0, json!({"email": "ada@example.org"}));
}

#[tokio::test]
async fn id_token_claims_can_be_enabled_per_app() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let ask = async |scope: &str| reported(&world, &browser, &[("scope", scope)]).await;
    assert_eq!(ask("openid profile email").await.0, json!({}), "off unless it is set");
    world.change_app(APP, |app| app.id_token_claims = true).await;
    assert_eq!(ask("openid").await.0, json!({}));
    assert_eq!(ask("openid email").await.0, json!({"email": "ada@example.org", "email_verified": true}));
    let (id, mut userinfo) = ask("openid profile email").await;
    // The empty record is told at userinfo alone.
    assert_eq!(userinfo.as_object_mut().unwrap().remove("bap"), Some(Value::Null));
    assert_eq!(id, userinfo);
}

/// A workspace that owns `playground`, which may ask for roles.
async fn owned(world: &World) -> TestOrg<'_> {
    let team = world.org("Bakery").await;
    let org = team.org.clone();
    world
        .change_app(APP, |app| {
            app.org_id = org;
            app.scopes = Scopes::parse("openid profile email roles");
        })
        .await;
    team
}

async fn user_id(browser: &Browser<'_>) -> sigma_core::ids::UserId {
    let session = browser.get("/api/auth/get-session").await.json();
    sigma_core::ids::UserId::from_text(session["user"]["id"].as_str().unwrap())
}

#[tokio::test]
async fn apps_see_roles_only_in_their_own_org() {
    let world = World::with_orgs().await;
    let team = owned(&world).await;
    let other = world.org("Library").await;
    let browser = ada(&world).await;
    let user = user_id(&browser).await;
    other.join(&user, &other.admin).await;
    let ask = async || reported(&world, &browser, &[("scope", "openid roles")]).await;
    assert_eq!(ask().await, (json!({}), json!({})), "no member of this org");
    team.join(&user, &team.member).await;
    let wanted = json!({"org_id": team.org.as_str(), "roles": ["Member"]});
    assert_eq!(ask().await, (json!({}), wanted.clone()));
    let claims = json!({"id_token": {"roles": null}}).to_string();
    let (id, _) = reported(&world, &browser, &[("scope", "openid"), ("claims", &claims)]).await;
    assert_eq!(id, json!({"roles": ["Member"]}));
    world.change_app(APP, |app| app.id_token_claims = true).await;
    assert_eq!(ask().await, (wanted.clone(), wanted));
    assert_eq!(reported(&world, &browser, &[("scope", "openid")]).await.1, json!({}), "only with the scope");
}

#[tokio::test]
async fn only_active_members_have_roles_and_self_registered_apps_see_none() {
    let world = World::with_orgs().await;
    let team = owned(&world).await;
    let browser = ada(&world).await;
    let user = user_id(&browser).await;
    team.join(&user, &team.admin).await;
    let tokens = world.exchange(&browser.code(&[("scope", "openid roles")]).await, &[]).await.json();
    assert_eq!(about(&world, &tokens).await.1["roles"], json!(["Admin"]));
    // The page says it in plain words.
    let page = browser.authorize(&[("scope", "openid roles"), ("prompt", "consent")]).await;
    assert!(browser.get(page.location()).await.body.contains("See your role"));
    // It is dynamic: nobody vouches for it.
    world.change_app(APP, |app| app.dynamic = true).await;
    assert_eq!(about(&world, &tokens).await.1, json!({}), "the token of before tells it no more");
    let answer = browser.agree(browser.authorize(&[("scope", "openid roles")]).await).await;
    let again = world.exchange(&answer.param("code").unwrap(), &[]).await.json();
    assert_eq!(again["scope"], "openid");
    world.change_app(APP, |app| app.dynamic = false).await;
    let (org, now) = (team.org.clone(), world.now());
    let off = move |tx: &mut dyn sigma_store::Tx| {
        let sql = "UPDATE memberships SET state = $3, updated_at = $4 WHERE org_id = $1 AND user_id = $2";
        let state = State::Inactive.as_str();
        assert_eq!(tx.execute(sql, sigma_store::params![&org, &user, state, now])?, 1);
        tx.changed(cached::MEMBERSHIP, &sigma_store::cached::key_in(&org, user.as_str()))
    };
    world.sigma.store.write(off).await.unwrap();
    assert_eq!(about(&world, &tokens).await.1, json!({}));
    // An app of nobody's workspace learns nothing either.
    world.change_app(APP, |app| app.org_id = OrgId::operator()).await;
    assert_eq!(about(&world, &tokens).await.1, json!({}));
}

#[tokio::test]
async fn withdrawn_scopes_stop_returning_claims() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let asked = json!({"id_token": {"name": null}, "userinfo": {"name": null}}).to_string();
    let code = browser.code(&[("scope", "openid email offline_access"), ("claims", &asked)]).await;
    let tokens = world.exchange(&code, &[]).await.json();
    let (id, userinfo) = about(&world, &tokens).await;
    assert!(id["name"].is_string() && userinfo["name"].is_string() && userinfo["email"].is_string());

    world.change_app(APP, |app| app.scopes = Scopes::parse("openid offline_access")).await;
    assert_eq!(about(&world, &tokens).await.1, json!({}), "by the token that is out");
    let refreshed = world.refresh(tokens["refresh_token"].as_str().unwrap(), &[]).await;
    let refreshed = refreshed.json();
    assert_eq!(refreshed["scope"], "openid offline_access");
    assert_eq!(about(&world, &refreshed).await, (json!({}), json!({})));

    world.change_app(APP, |app| app.scopes = Scopes::parse("openid")).await;
    let refused = world.refresh(refreshed["refresh_token"].as_str().unwrap(), &[]).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["error"]), (400, &json!("invalid_grant")));
}
