//! Resources (RFC 8707): which apps may request which, what users are told, what tokens for one contain, and who may
//! inspect them.

use serde_json::{Value, json};
use sigma_core::app::AuthMethod;
use sigma_core::ids::{ClientId, OrgId};
use sigma_core::resource::ResourceScope;

use crate::support::client::{INTROSPECT, ISSUER, REVOKE, TOKEN, basic};
use crate::support::forge::claims;
use crate::support::{APP, Answer, Browser, Key, World};

const NOTES: &str = "https://notes.example.org/";
const BANK: &str = "https://bank.example.org/";
const OPEN: &str = "https://mcp.example.org/";

fn scope(name: &str, description: &str) -> ResourceScope {
    ResourceScope { name: name.to_owned(), description: description.to_owned() }
}

/// Notes and bank are listed for `playground`, the third is open to all. Each registers `read`.
async fn world() -> World {
    let world = World::new().await;
    for (uri, name, open) in [(NOTES, "Notes", false), (BANK, "The bank", false), (OPEN, "Tools", true)] {
        let scopes = vec![scope("read", &format!("Read all of {name}")), scope("write", &format!("Change {name}"))];
        world
            .add_resource_with(uri, |resource| {
                (resource.name, resource.open, resource.scopes) = (name.to_owned(), open, scopes);
            })
            .await;
    }
    world.allow(APP, NOTES).await;
    world.allow(APP, BANK).await;
    world
}

async fn ada(world: &World) -> Browser<'_> {
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    world.advance(60);
    browser
}

/// A request for `scope` at `resources`, with `more` in the query.
fn request(scope: &str, resources: &[&str], more: &str) -> String {
    let query = Browser::request(&[("scope", &scope.replace('+', " "))]);
    resources.iter().fold(query, |query, uri| query + "&resource=" + uri) + more
}

fn leads(answer: &Answer) -> String {
    if answer.param("code").is_some() {
        return "code".to_owned();
    }
    answer.param("error").unwrap_or_else(|| answer.location().split('?').next().unwrap().to_owned())
}

/// The claims of the access token after Ada's consent, and the rest of the response.
async fn tokens(world: &World, browser: &Browser<'_>, scope: &str, resources: &[&str]) -> (Value, Value) {
    let answer = browser.agree(browser.get(&request(scope, resources, "")).await).await;
    let answer = world.exchange(&answer.param("code").unwrap(), &[]).await.json();
    (claims(answer["access_token"].as_str().unwrap()), answer)
}

#[tokio::test]
async fn an_app_gets_no_token_for_a_resource_that_it_is_not_allowed() {
    let world = world().await;
    world.add_app(|app| app.client_id = ClientId::from_text("evil")).await;
    world.add_confidential_app("evil-server", AuthMethod::ClientSecret, "secret").await;
    let browser = ada(&world).await;
    for app in ["evil", "evil-server"] {
        browser.code(&[("client_id", app), ("scope", "openid")]).await;
        for resource in [NOTES, BANK] {
            for prompt in ["none", "consent", ""] {
                let asks = [("client_id", app), ("scope", "openid"), ("resource", resource), ("prompt", prompt)];
                assert_eq!(leads(&browser.authorize(&asks).await), "invalid_target", "{app} {resource} {prompt}");
            }
        }
        // Nor at the token endpoint, where a code covers what was consented to.
        let code = browser.code(&[("client_id", app), ("scope", "openid")]).await;
        let secret = if app == "evil" { "" } else { "secret" };
        let refused =
            world.exchange(&code, &[("client_id", app), ("client_secret", secret), ("resource", NOTES)]).await;
        assert_eq!(refused.error(), "400 invalid_target: the resource was not granted");
    }
    let form = [("grant_type", "client_credentials"), ("resource", NOTES)];
    let refused = world.post_form(TOKEN, &form, &[("authorization", &basic("evil-server", "secret"))]).await;
    assert_eq!(refused.error(), "400 invalid_target: the resource was not granted");
}

#[tokio::test]
async fn sharing_the_org_of_a_resource_allows_nothing() {
    let world = World::new().await;
    world.add_resource_with(NOTES, |resource| resource.org_id = OrgId::from_text("org_notes")).await;
    world.change_app(APP, |app| app.org_id = OrgId::from_text("org_notes")).await;
    let browser = ada(&world).await;
    assert_eq!(leads(&browser.authorize(&[("resource", NOTES)]).await), "invalid_target");
    world.allow(APP, NOTES).await;
    assert_eq!(leads(&browser.authorize(&[("resource", NOTES)]).await), "/consent");
}

#[tokio::test]
async fn a_withdrawn_resource_ends_with_the_next_token() {
    let world = world().await;
    let browser = ada(&world).await;
    let (_, answer) = tokens(&world, &browser, "openid offline_access", &[NOTES, BANK]).await;
    let code = browser.agree(browser.get(&request("openid", &[NOTES], "")).await).await.param("code").unwrap();
    world.change_app(APP, |app| app.resources.retain(|uri| uri != NOTES)).await;
    let refresh = answer["refresh_token"].as_str().unwrap();
    assert_eq!(world.refresh(refresh, &[]).await.error(), "400 invalid_target: the resource was not granted");
    let bank = world.refresh(refresh, &[("resource", BANK)]).await.json();
    assert_eq!(claims(bank["access_token"].as_str().unwrap())["aud"], json!([BANK, ISSUER]), "the token was not spent");
    assert_eq!(world.exchange(&code, &[]).await.error(), "400 invalid_target: the resource was not granted");
    assert_eq!(leads(&browser.get(&request("openid", &[NOTES], "&prompt=none")).await), "invalid_target");
}

#[tokio::test]
async fn the_consent_page_names_each_resource_and_what_is_asked_of_it() {
    let world = world().await;
    world
        .add_resource_with("https://x.example.org/", |resource| {
            resource.name = "<b>Bold</b>".to_owned();
            resource.scopes = vec![scope("x:all", "Do <i>everything</i>")];
        })
        .await;
    world.allow(APP, "https://x.example.org/").await;
    let browser = ada(&world).await;
    let scope = "openid+read+x:all";
    let answer = browser.get(&request(scope, &[NOTES, "https://x.example.org/"], "&prompt=consent")).await;
    let page = browser.get(answer.location()).await.body;
    for reported in [
        "Act for you at Notes",
        NOTES,
        "Read all of Notes",
        "Act for you at &#60;b&#62;Bold",
        "Do &#60;i&#62;everything",
    ] {
        assert!(page.contains(reported), "{reported} in {page}");
    }
    for untold in ["Change Notes", "The bank", "<b>Bold", "<i>everything"] {
        assert!(!page.contains(untold), "{untold}");
    }
}

#[tokio::test]
async fn consent_is_remembered_for_each_resource_and_each_of_its_scopes() {
    let world = world().await;
    let browser = ada(&world).await;
    browser.code(&[("scope", "openid")]).await;
    let silent =
        async |scope: &str, resources: &[&str]| leads(&browser.get(&request(scope, resources, "&prompt=none")).await);
    assert_eq!(silent("openid", &[]).await, "code");
    assert_eq!(silent("openid", &[NOTES]).await, "consent_required", "a new resource");
    assert_eq!(leads(&browser.get(&request("openid", &[NOTES], "")).await), "/consent");
    browser.agree(browser.get(&request("openid", &[NOTES], "")).await).await;
    assert_eq!(silent("openid", &[NOTES]).await, "code");
    assert_eq!(silent("openid+read", &[NOTES]).await, "consent_required", "a new scope of it");
    browser.agree(browser.get(&request("openid+read", &[NOTES], "")).await).await;
    assert_eq!(silent("openid+read", &[NOTES]).await, "code");
    assert_eq!(silent("openid+write", &[NOTES]).await, "consent_required");
    assert_eq!(silent("openid+read", &[NOTES, BANK]).await, "consent_required");
    browser.agree(browser.get(&request("openid", &[BANK], "")).await).await;
    assert_eq!(
        silent("openid+read", &[BANK]).await,
        "consent_required",
        "the same name at another API is another scope"
    );
    assert_eq!(silent("openid", &[NOTES, BANK]).await, "code");
    assert_eq!(silent("openid+read", &[NOTES]).await, "code", "what was agreed to before is kept");
    // Another user consented to nothing.
    let other = world.browser();
    other.sign_up(&Key::named("bob")).await;
    let answer = other.get(&request("openid", &[NOTES], "&prompt=none")).await;
    assert_eq!(leads(&answer), "login_required");
}

#[tokio::test]
async fn fewer_scopes_of_a_resource_may_be_agreed_to_than_were_asked_for() {
    let world = world().await;
    let browser = ada(&world).await;
    let answer = browser.get(&request("openid+read+write", &[NOTES], "")).await;
    let interaction = answer.param("interaction").unwrap();
    let form = [("interaction", interaction.as_str()), ("accept", "true"), ("scope", "openid read")];
    let code = browser.post_form("/api/auth/oauth2/consent", &form).await.param("code").unwrap();
    let answer = world.exchange(&code, &[]).await.json();
    assert_eq!(answer["scope"], "openid read");
    assert_eq!(leads(&browser.get(&request("openid+read", &[NOTES], "&prompt=none")).await), "code");
    assert_eq!(leads(&browser.get(&request("openid+write", &[NOTES], "&prompt=none")).await), "consent_required");
}

#[tokio::test]
async fn scopes_of_a_resource_are_granted_only_together_with_it() {
    let world = world().await;
    let browser = ada(&world).await;
    assert_eq!(tokens(&world, &browser, "openid+read", &[]).await.1["scope"], "openid");
    assert_eq!(tokens(&world, &browser, "openid+read", &[NOTES]).await.1["scope"], "openid read");
    assert_eq!(tokens(&world, &browser, "read", &[NOTES]).await.1["scope"], "read");
    // Scopes unknown to every requested resource are ignored, as before.
    assert_eq!(tokens(&world, &browser, "openid+read+all", &[NOTES]).await.1["scope"], "openid read");
}

#[tokio::test]
async fn a_narrowed_token_never_says_what_was_granted_of_another_resource() {
    let world = world().await;
    world
        .add_resource_with("https://x.example.org/", |resource| resource.scopes = vec![scope("x:all", "Do everything")])
        .await;
    world.allow(APP, "https://x.example.org/").await;
    let browser = ada(&world).await;
    let both = [NOTES, "https://x.example.org/"];
    let (all, answer) = tokens(&world, &browser, "openid+offline_access+read+x:all", &both).await;
    assert_eq!((&all["scope"], &answer["scope"]), (&json!("openid offline_access read x:all"), &all["scope"]));
    let mut refresh = answer["refresh_token"].as_str().unwrap().to_owned();
    for (resource, scope, reported) in [
        (NOTES, "", "openid offline_access read"),
        (NOTES, "openid read x:all", "openid read"),
        ("https://x.example.org/", "", "openid offline_access x:all"),
        ("https://x.example.org/", "read", ""),
        ("", "", "openid offline_access read x:all"),
    ] {
        let answer = world.refresh(&refresh, &[("resource", resource), ("scope", scope)]).await.json();
        let token = claims(answer["access_token"].as_str().unwrap());
        assert_eq!((&token["scope"], &answer["scope"]), (&json!(reported), &json!(reported)), "{resource} {scope}");
        refresh = answer["refresh_token"].as_str().unwrap().to_owned();
    }
    let wider = world.refresh(&refresh, &[("scope", "openid write")]).await;
    assert_eq!(wider.error(), "400 invalid_scope: the scope was not granted");
}

#[tokio::test]
async fn an_open_resource_needs_a_person_and_its_tokens_are_for_nobody_else() {
    let world = world().await;
    world.add_app(|app| app.client_id = ClientId::from_text("anybody")).await;
    world.add_confidential_app("job", AuthMethod::ClientSecret, "secret").await;
    let browser = ada(&world).await;
    let asks = [("client_id", "anybody"), ("scope", "openid read"), ("resource", OPEN)];
    assert_eq!(leads(&browser.authorize(&asks).await), "/consent");
    let answer = world.exchange(&browser.code(&asks).await, &[("client_id", "anybody")]).await.json();
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(claims(token)["aud"], OPEN, "without the issuer, though openid was granted");
    assert!(answer["id_token"].is_string());
    assert_eq!(world.userinfo_status(token).await, 401);
    let (both, _) = tokens(&world, &browser, "openid", &[NOTES, OPEN]).await;
    assert_eq!(both["aud"], json!([NOTES, OPEN]));
    for listed in [false, true] {
        let form = [("grant_type", "client_credentials"), ("resource", OPEN)];
        let refused = world.post_form(TOKEN, &form, &[("authorization", &basic("job", "secret"))]).await;
        assert_eq!(refused.error(), "400 invalid_target: the resource was not granted", "listed: {listed}");
        world.allow("job", OPEN).await;
    }
}

#[tokio::test]
async fn an_app_takes_for_itself_what_it_is_listed_for_with_the_scopes_of_that() {
    let world = world().await;
    world.add_confidential_app("job", AuthMethod::ClientSecret, "secret").await;
    world.allow("job", NOTES).await;
    let ask = async |more: &[(&str, &str)]| {
        let form = [&[("grant_type", "client_credentials")], more].concat();
        world.post_form(TOKEN, &form, &[("authorization", &basic("job", "secret"))]).await
    };
    let answer = ask(&[("resource", NOTES), ("scope", "openid profile roles sigma:backup read all")]).await.json();
    let token = claims(answer["access_token"].as_str().unwrap());
    assert_eq!((&token["aud"], &token["scope"], &answer["scope"]), (&json!(NOTES), &json!("read"), &json!("read")));
    let bare = ask(&[("scope", "read")]).await.json();
    assert_eq!((&bare["scope"], &claims(bare["access_token"].as_str().unwrap())["aud"]), (&json!(""), &json!(ISSUER)));
    assert_eq!(ask(&[("resource", BANK)]).await.error(), "400 invalid_target: the resource was not granted");
}

#[tokio::test]
async fn a_token_is_introspected_by_its_own_app_and_by_those_that_serve_its_resource() {
    const DEAD: &str = r#"{"active":false}"#;
    let world = world().await;
    for app in ["holder", "notes-api", "bank-api", "other"] {
        world.add_confidential_app(app, AuthMethod::ClientSecret, "secret").await;
    }
    world.allow("holder", NOTES).await;
    for (uri, server) in [(NOTES, "notes-api"), (BANK, "bank-api")] {
        let server = world.app(server).await.id;
        let change = move |tx: &mut dyn sigma_store::Tx| {
            let mut resource = sigma_store::resource::find(tx, uri)?.unwrap();
            resource.servers = vec![server.clone()];
            sigma_store::resource::update(tx, &resource)
        };
        assert!(world.sigma.store.write(change).await.unwrap());
    }
    let ask = async |resource: &[(&str, &str)]| {
        let form = [&[("grant_type", "client_credentials")], resource].concat();
        let answer = world.post_form(TOKEN, &form, &[("authorization", &basic("holder", "secret"))]).await;
        answer.json()["access_token"].as_str().unwrap().to_owned()
    };
    let (for_notes, for_us) = (ask(&[("resource", NOTES)]).await, ask(&[]).await);
    let introspect = async |app: &str, token: &str| {
        let form = [("token", token)];
        world.post_form(INTROSPECT, &form, &[("authorization", &basic(app, "secret"))]).await.body
    };
    assert_ne!(introspect("holder", &for_notes).await, DEAD);
    assert_ne!(introspect("notes-api", &for_notes).await, DEAD);
    for app in ["bank-api", "other"] {
        assert_eq!(introspect(app, &for_notes).await, DEAD, "of the same org, but another's: {app}");
    }
    for app in ["notes-api", "bank-api", "other"] {
        assert_eq!(introspect(app, &for_us).await, DEAD);
    }
    // It may introspect, and nothing else.
    let form = [("token", for_notes.as_str())];
    let server = basic("notes-api", "secret");
    assert_eq!(world.post_form(REVOKE, &form, &[("authorization", &server)]).await.status, 200);
    assert_ne!(introspect("holder", &for_notes).await, DEAD);
}
