//! The org that a user acts for at an app (`docs/spec/oidc.md#organisations`).

use serde_json::{Value, json};
use sigma_core::actor::Actor;
use sigma_core::ids::UserId;
use sigma_core::scope::Scopes;
use sigma_store::email::EmailProof;
use sigma_store::org::api_key::MadeKeys;
use sigma_store::org::membership;

use crate::support::client::USERINFO;
use crate::support::directory::GROUP;
use crate::support::forge::claims;
use crate::support::{APP, Answer, Browser, TestOrg, World, ada, leads};

const CONTINUE: &str = "/api/auth/oauth2/continue";
const CONSENT: &str = "/api/auth/oauth2/consent";
const SCOPE: &str = "openid org roles offline_access";

/// A world in which the app may ask for orgs, and Ada.
async fn world() -> World {
    let world = World::with_orgs().await;
    world.change_app(APP, |app| app.scopes = Scopes::parse("openid profile org roles offline_access")).await;
    world
}

async fn user_id(browser: &Browser<'_>) -> UserId {
    let session = browser.get("/api/auth/get-session").await.json();
    UserId::from_text(session["user"]["id"].as_str().unwrap())
}

fn error(answer: &Answer) -> String {
    answer.param("error").unwrap_or_default()
}

async fn leave(world: &World, team: &TestOrg<'_>, user: &UserId) {
    let (org, user, now) = (team.org.clone(), user.clone(), world.now());
    let left = move |tx: &mut dyn sigma_store::Tx| {
        membership::remove(tx, &org, &Actor::Operator, &user, MadeKeys::default(), now)
    };
    world.sigma.store.decide(left).await.unwrap();
}

/// What each token, userinfo and introspection say of the org.
async fn told(world: &World, tokens: &Value) -> [Value; 3] {
    let access = tokens["access_token"].as_str().unwrap();
    let userinfo = world.get_with_token(USERINFO, access).await.json();
    [claims(tokens["id_token"].as_str().unwrap()), claims(access), userinfo].map(|about| about["org_id"].clone())
}

#[tokio::test]
async fn a_named_org_is_shown_agreed_to_told_and_kept_until_the_membership_ends() {
    let world = world().await;
    let (team, library) = (world.org("Bakery").await, world.org("Library").await);
    let browser = ada(&world).await;
    let user = user_id(&browser).await;
    team.join(&user, &team.member).await;
    library.join(&user, &library.admin).await;
    browser.code(&[("scope", "openid")]).await;

    let asks = [("scope", SCOPE), ("org", team.org.as_str())];
    let silent = [asks[0], asks[1], ("prompt", "none")];
    assert_eq!(error(&browser.authorize(&silent).await), "consent_required");
    let page = browser.get(browser.authorize(&asks).await.location()).await.body;
    assert!(page.contains("See that you act for Bakery"), "{page}");
    let tokens = world.exchange(&browser.code(&asks).await, &[]).await.json();
    assert_eq!(told(&world, &tokens).await, [(); 3].map(|()| json!(team.org.as_str())));
    let userinfo = world.get_with_token(USERINFO, tokens["access_token"].as_str().unwrap()).await.json();
    assert_eq!(userinfo["roles"], json!(["Member"]), "of the org that they act for, not of the app's");
    // Remembered, for this org alone.
    assert_eq!(leads(&browser.authorize(&silent).await), "code");
    let other = [asks[0], ("organization", library.org.as_str()), ("prompt", "none")];
    assert_eq!(error(&browser.authorize(&other).await), "consent_required");
    let apps = browser.get("/account/apps").await.body;
    assert!(apps.contains("See that you act for Bakery"), "{apps}");

    let refreshed = world.refresh(tokens["refresh_token"].as_str().unwrap(), &[]).await.json();
    assert_eq!(told(&world, &refreshed).await, [(); 3].map(|()| json!(team.org.as_str())));
    leave(&world, &team, &user).await;
    let userinfo = world.get_with_token(USERINFO, refreshed["access_token"].as_str().unwrap()).await;
    assert_eq!(userinfo.status, 401, "ended with the membership");
    let refused = world.refresh(refreshed["refresh_token"].as_str().unwrap(), &[]).await;
    assert_eq!(refused.json()["error"], "invalid_grant");
    team.join(&user, &team.member).await;
    let refused = world.refresh(refreshed["refresh_token"].as_str().unwrap(), &[]).await;
    assert_eq!(refused.json()["error"], "invalid_grant", "a new membership does not bring back what ended");
}

#[tokio::test]
async fn whoever_has_several_orgs_chooses_one_of_them() {
    let world = world().await;
    let (team, library, third) = (world.org("Bakery").await, world.org("Library").await, world.org("Third").await);
    let browser = ada(&world).await;
    let user = user_id(&browser).await;
    team.join(&user, &team.member).await;
    let asks = [("scope", "openid org")];
    let tokens = world.exchange(&browser.code(&asks).await, &[]).await.json();
    assert_eq!(told(&world, &tokens).await[0], team.org.as_str(), "the only one needs no choice");
    library.join(&user, &library.admin).await;
    world.tick();

    let asked = browser.authorize(&[asks[0], ("ui_locales", "de")]).await;
    assert_eq!(leads(&asked), "/select-org");
    let page = browser.get(asked.location()).await.body;
    assert!(page.contains("Bakery") && page.contains("Library") && !page.contains("Third"), "{page}");
    let interaction = asked.param("interaction").unwrap();
    let choose =
        async |org: &str| browser.post_form(CONTINUE, &[("interaction", interaction.as_str()), ("org", org)]).await;
    assert_eq!(choose(third.org.as_str()).await.status, 400);
    let chosen = choose(library.org.as_str()).await;
    let consent = browser.get(chosen.location()).await;
    assert_eq!(leads(&consent), "/consent");
    let page = browser.get(consent.location()).await.body;
    assert!(page.contains("See that you act for Library"), "{page}");
    // A form that shows another org than was chosen meanwhile agrees to nothing.
    let form = [("interaction", interaction.as_str()), ("accept", "true"), ("org", team.org.as_str())];
    assert!(browser.post_form(CONSENT, &form).await.location().starts_with("/api/auth/oauth2/authorize?interaction="));
    let form = [("interaction", interaction.as_str()), ("accept", "true"), ("org", library.org.as_str())];
    let code = browser.post_form(CONSENT, &form).await.param("code").unwrap();
    let tokens = world.exchange(&code, &[]).await.json();
    assert_eq!(told(&world, &tokens).await, [(); 3].map(|()| json!(library.org.as_str())));
    // Two orgs were agreed to: nobody can be asked which.
    let silent = [asks[0], ("prompt", "none")];
    assert_eq!(error(&browser.authorize(&silent).await), "interaction_required");
    leave(&world, &team, &user).await;
    assert_eq!(leads(&browser.authorize(&silent).await), "code");
}

#[tokio::test]
async fn an_org_of_others_tells_the_app_nothing_until_the_user_goes_back() {
    let world = world().await;
    let team = world.org("Bakery").await;
    let browser = ada(&world).await;
    browser.code(&[("scope", "openid")]).await;
    for org in [team.org.as_str(), "no-such-org", "not an org"] {
        let asks = [("scope", "openid"), ("org", org)];
        let silent = browser.authorize(&[asks[0], asks[1], ("prompt", "none")]).await;
        assert_eq!(error(&silent), "consent_required", "as for an org of theirs that the app has not seen");
        let asked = browser.authorize(&asks).await;
        assert_eq!(leads(&asked), "/select-org");
        let page = browser.get(asked.location()).await.body;
        assert!(page.contains("Not one of your organizations") && !page.contains("Bakery"), "{page}");
        let interaction = asked.param("interaction").unwrap();
        let accept = [("interaction", interaction.as_str()), ("accept", "true")];
        let accepted = browser.post_form(CONSENT, &accept).await;
        assert!(accepted.location().starts_with("/api/auth/oauth2/authorize?interaction="), "{}", accepted.location());
        let back = browser.post_form(CONSENT, &[("interaction", interaction.as_str()), ("accept", "false")]).await;
        assert_eq!(error(&back), "access_denied");
    }
    // The app may not ask at all.
    world.change_app(APP, |app| app.scopes = Scopes::parse("openid profile")).await;
    let refused = browser.authorize(&[("org", team.org.as_str())]).await;
    assert_eq!(error(&refused), "unauthorized_client");
    assert!(browser.authorize(&[("scope", "openid org")]).await.param("code").is_some(), "an unknown scope is ignored");
}

#[tokio::test]
async fn apps_are_told_groups_and_roles_by_the_names_that_they_expect() {
    let world = world().await;
    let team = world.org("Bakery").await;
    let org = team.org.clone();
    world
        .change_app(APP, |app| {
            app.org_id = org;
            app.scopes = Scopes::parse("openid roles groups org");
        })
        .await;
    let browser = ada(&world).await;
    let user = user_id(&browser).await;
    world.db_set_email(&user, "ada@example.org", EmailProof::Verified).await;
    team.join(&user, &team.member).await;
    let directory = team.connect(&world).await;
    let person = directory.provision("ada@example.org").await;
    for name in ["Ovens", "Board", "Tills"] {
        let members = if name == "Tills" { json!([]) } else { json!([{"value": person["id"]}]) };
        let group = json!({"schemas": [GROUP], "displayName": name, "members": members});
        assert_eq!(directory.call("POST", "/Groups", &group).await.status, 201);
    }
    let ask = async |scope: &str| {
        let tokens = world.exchange(&browser.code(&[("scope", scope)]).await, &[]).await.json();
        let access = tokens["access_token"].as_str().unwrap().to_owned();
        let mut userinfo = world.get_with_token(USERINFO, &access).await.json();
        userinfo.as_object_mut().unwrap().remove("sub");
        (userinfo, claims(&access))
    };
    let org_id = team.org.as_str();
    let (userinfo, access) = ask("openid roles").await;
    assert_eq!(userinfo, json!({"org_id": org_id, "roles": ["Member"], "groups": ["Board", "Ovens"]}));
    assert_eq!((access.get("roles"), access.get("groups")), (None, None), "only where the app is set so");
    assert_eq!(ask("openid groups").await.0, json!({"org_id": org_id, "groups": ["Board", "Ovens"]}));
    world
        .change_app(APP, |app| {
            let told = &mut app.metadata.org_claims;
            told.groups = Some("https://shop.example/teams".to_owned());
            told.group_names = [("Ovens".to_owned(), "bakers".to_owned())].into();
            told.role_names = [("Admin".to_owned(), "root".to_owned())].into();
            told.in_access_token = true;
        })
        .await;
    let (userinfo, access) = ask("openid roles").await;
    assert_eq!(userinfo, json!({"org_id": org_id, "https://shop.example/teams": ["bakers"]}));
    assert_eq!(access["https://shop.example/teams"], json!(["bakers"]));
    assert_eq!(access.get("roles"), None, "no role that it named");
    let tokens = world.exchange(&browser.code(&[("scope", "openid roles")]).await, &[]).await.json();
    leave(&world, &team, &user).await;
    let userinfo = world.get_with_token(USERINFO, tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(userinfo.status, 401, "an access token that tells roles ends with the membership");
}
