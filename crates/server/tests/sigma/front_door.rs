//! The sign-in page: everybody, with whatever they sign in by, comes back to what they came for.

use http::{Request, StatusCode};
use serde_json::json;
use sigma_core::ids::UserId;
use sigma_server::settings::SignInMethod;
use sigma_store::email::EmailProof;

use crate::support::{Answer, Browser, Key, PASSWORD, World, at, claims, leads, query};

const ADA: &str = "ada@example.org";
const CONSENT: &str = "/api/auth/oauth2/consent";
const CONTINUE: &str = "/api/auth/oauth2/continue";

fn resume(interaction: &str) -> String {
    format!("/api/auth/oauth2/authorize?interaction={interaction}")
}

async fn begin(browser: &Browser<'_>, extra: &[(&str, &str)]) -> String {
    browser.authorize(extra).await.param("interaction").unwrap()
}

/// Gives a password on the sign-in page that `path` is.
async fn give(browser: &Browser<'_>, path: &str, mail: &str, password: &str) -> Answer {
    let form = path.replace("/login", "/login/password");
    browser.post_form(&form, &[("email", mail), ("password", password)]).await
}

/// Follows redirects of ours, as a browser does.
async fn follow(browser: &Browser<'_>, mut answer: Answer) -> Answer {
    for _ in 0..5 {
        if !answer.location().starts_with('/') {
            return answer;
        }
        answer = browser.get(answer.location()).await;
    }
    panic!("it leads in circles: {}", answer.location());
}

/// A page, in words: no JSON, no empty answer.
fn assert_page(answer: &Answer, status: u16, what: &str) {
    assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.body);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{what}");
    assert!(answer.body.contains("<h1>") && answer.body.contains("href="), "{what}: {}", answer.body);
}

#[tokio::test]
async fn a_password_only_user_signs_in_from_an_app_consents_and_returns_to_it() {
    let world = World::with_orgs().await;
    world.person(ADA).await;
    let browser = world.browser();
    let asked = browser.authorize(&[("login_hint", ADA)]).await;
    assert_eq!(leads(&asked), "/login");
    let page = browser.get(asked.location()).await;
    assert!(page.body.contains("Sign in to Playground") && page.body.contains(&format!("value=\"{ADA}\"")));
    let (password, key) = (page.body.find("name=\"password\""), page.body.find("id=\"wallet\""));
    assert!(password < key, "the app expects an address: {}", page.body);
    let wrong = give(&browser, asked.location(), ADA, "not the password").await;
    assert_page(&wrong, 401, "wrong password");
    let answer = give(&browser, asked.location(), ADA, PASSWORD).await;
    let consent = browser.get(answer.location()).await;
    assert_eq!(leads(&consent), "/consent");
    assert_eq!(consent.param("interaction"), asked.param("interaction"));
    let answer = browser.agree(consent).await;
    assert_eq!((leads(&answer).as_str(), answer.param("state").as_deref()), ("code", Some("xyz")));
    assert_eq!(browser.redeem(&answer.param("code").unwrap()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_password_satisfies_prompt_login_and_max_age_for_users_without_a_key() {
    let world = World::with_orgs().await;
    world.person(ADA).await;
    let browser = world.browser();
    browser.log_in(ADA, PASSWORD).await;
    browser.code(&[]).await;
    world.advance(120);
    for demand in [("prompt", "login"), ("max_age", "60"), ("max_age", "0")] {
        let asked = browser.authorize(&[demand]).await;
        assert_eq!(leads(&asked), "/login", "{demand:?}");
        let page = browser.get(asked.location()).await;
        assert!(page.body.contains("Confirm that it is you") && page.body.contains(ADA), "{}", page.body);
        assert!(!page.body.contains("id=\"wallet\""), "the account has no key: {}", page.body);
        // Nothing is met by loading the page, or by a password that is wrong.
        assert_eq!(leads(&browser.get(&resume(&asked.param("interaction").unwrap())).await), "/login");
        assert_page(&give(&browser, asked.location(), ADA, "wrong").await, 401, "wrong password");
        let answer = give(&browser, asked.location(), ADA, PASSWORD).await;
        assert_eq!(leads(&follow(&browser, answer).await), "code", "{demand:?}");
        world.advance(120);
    }
    // The class of one factor is what the account has; another cannot be reached, which the app is told.
    let met = [("claims", r#"{"id_token":{"acr":{"essential":true,"values":["1"]}}}"#)];
    assert_eq!(leads(&browser.authorize(&met).await), "code");
    let unmet = [("claims", r#"{"id_token":{"acr":{"essential":true,"values":["2"]}}}"#)];
    assert!(leads(&browser.authorize(&unmet).await).starts_with("unmet_authentication_requirements"));
}

#[tokio::test]
async fn a_session_that_must_sign_in_again_gives_no_consent_and_chooses_no_account() {
    let world = World::with_orgs().await;
    world.person(ADA).await;
    let browser = world.browser();
    browser.log_in(ADA, PASSWORD).await;
    world.advance(60);
    let asked = browser.authorize(&[("prompt", "login consent")]).await;
    assert_eq!(leads(&asked), "/login");
    let name = asked.param("interaction").unwrap();
    let early = browser.post_form(CONSENT, &[("interaction", &name), ("accept", "true")]).await;
    assert_eq!(early.location(), resume(&name));
    let answer = give(&browser, asked.location(), ADA, PASSWORD).await;
    let consent = follow(&browser, answer).await;
    assert!(consent.status == StatusCode::OK && consent.body.contains("name=\"accept\""), "{}", consent.body);
    let agreed = browser.post_form(CONSENT, &[("interaction", &name), ("accept", "true")]).await;
    assert_eq!(leads(&agreed), "code");

    // The same for pages that were opened while the session was fresh enough.
    for (prompt, page) in [("consent", "/consent"), ("select_account", "/select-account")] {
        world.advance(60);
        let asked = browser.authorize(&[("prompt", "login")]).await;
        give(&browser, asked.location(), ADA, PASSWORD).await;
        world.advance(30);
        let asked = browser.authorize(&[("prompt", prompt), ("max_age", "60")]).await;
        assert_eq!(leads(&asked), page);
        assert_eq!(browser.get(asked.location()).await.status, StatusCode::OK);
        world.advance(60);
        let name = asked.param("interaction").unwrap();
        assert_eq!(browser.get(asked.location()).await.location(), resume(&name));
        let (form, answered) = match page {
            "/consent" => (CONSENT, ("accept", "true")),
            _ => (CONTINUE, ("account", "current")),
        };
        assert_eq!(browser.post_form(form, &[("interaction", &name), answered]).await.location(), resume(&name));
        assert_eq!(leads(&browser.get(&resume(&name)).await), "/login");
    }
}

#[tokio::test]
async fn a_session_that_must_sign_in_again_may_still_decline() {
    let world = World::with_orgs().await;
    world.person(ADA).await;
    let browser = world.browser();
    browser.log_in(ADA, PASSWORD).await;
    world.advance(60);
    let name = begin(&browser, &[("prompt", "login consent")]).await;
    let declined = browser.post_form(CONSENT, &[("interaction", &name), ("accept", "false")]).await;
    assert_eq!(declined.param("error").as_deref(), Some("access_denied"));
}

#[tokio::test]
async fn a_key_only_user_is_asked_for_the_key_again() {
    let world = World::with_orgs().await;
    let (browser, key) = (world.browser(), Key::named("ada"));
    browser.sign_up(&key).await;
    browser.code(&[]).await;
    world.advance(60);
    let asked = browser.authorize(&[("prompt", "login")]).await;
    let page = browser.get(asked.location()).await.body;
    assert!(page.contains("id=\"wallet\"") && !page.contains("name=\"password\""), "{page}");
    // Whoever is somebody else gets every way in.
    let switch = browser.get(&format!("{}&switch=1", asked.location())).await.body;
    assert!(switch.contains("id=\"wallet\"") && switch.contains("name=\"password\""), "{switch}");
}

#[tokio::test]
async fn re_authentication_allows_switching_accounts() {
    let world = World::with_orgs().await;
    world.person(ADA).await;
    let bob = world.person("bob@example.org").await;
    let browser = world.browser();
    browser.log_in(ADA, PASSWORD).await;
    let name = begin(&browser, &[("prompt", "select_account")]).await;
    let form = [("interaction", name.as_str()), ("account", "other")];
    let switch = browser.post_form(CONTINUE, &form).await;
    assert_eq!(browser.get(switch.location()).await.status, StatusCode::OK, "although somebody is signed in");
    let answer = give(&browser, switch.location(), "bob@example.org", PASSWORD).await;
    let code = browser.agree(follow_to_consent(&browser, answer).await).await.param("code").unwrap();
    let tokens = browser.redeem(&code).await.json();
    let reported = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(reported["sub"], bob.as_str());
}

async fn follow_to_consent(browser: &Browser<'_>, mut answer: Answer) -> Answer {
    while answer.location().starts_with('/') && !answer.location().starts_with("/consent") {
        answer = browser.get(answer.location()).await;
    }
    answer
}

#[tokio::test]
async fn a_session_from_another_tab_is_noticed_on_reload() {
    let world = World::with_orgs().await;
    world.person(ADA).await;
    let browser = world.browser();
    let (first, second) = (browser.authorize(&[]).await, browser.authorize(&[]).await);
    let workspace = browser.get("/workspace").await;
    give(&browser, first.location(), ADA, PASSWORD).await;
    for page in ["/login", "/signin", "/auth", "/signup"] {
        let reloaded = browser.get(&second.location().replace("/login", page)).await;
        assert_eq!(reloaded.location(), resume(&second.param("interaction").unwrap()), "{page}");
    }
    assert_eq!(browser.get(workspace.location()).await.location(), "/workspace");
    assert_eq!(browser.get("/login").await.location(), "/");
    // A tab that asks for more than a session stays where it is.
    world.advance(5);
    let again = browser.authorize(&[("prompt", "login")]).await;
    assert_eq!(browser.get(again.location()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn submitting_consent_after_the_session_ended_leads_to_sign_in_and_the_same_request() {
    let world = World::with_orgs().await;
    world.person(ADA).await;
    for (prompt, path, answer) in [
        ("consent", CONSENT, ("accept", "true")),
        ("consent", CONSENT, ("accept", "false")),
        ("select_account", CONTINUE, ("account", "current")),
    ] {
        let browser = world.browser();
        browser.log_in(ADA, PASSWORD).await;
        world.advance(5);
        let name = begin(&browser, &[("prompt", prompt)]).await;
        browser.post_form("/sign-out", &[]).await;
        let form = [("interaction", name.as_str()), answer];
        let reported = browser.post_form(path, &form).await;
        assert_eq!(reported.location(), resume(&name), "{path}");
        let sign_in = browser.get(reported.location()).await;
        assert_eq!((leads(&sign_in).as_str(), sign_in.param("interaction")), ("/login", Some(name.clone())));
        let answer = give(&browser, sign_in.location(), ADA, PASSWORD).await;
        let consent = browser.get(answer.location()).await;
        assert_eq!(leads(&browser.agree(consent).await), "code", "{path}");
        // A script is told by a status.
        let request = Request::post(path)
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .header("origin", world.sigma.issuer());
        let body = json!({"accept": true, "oauth_query": format!("interaction={name}")}).to_string();
        let reported = world.browser().send(request, body).await;
        assert_eq!((reported.status.as_u16(), reported.json()["code"].as_str()), (401, Some("UNAUTHORIZED")));
    }
}

#[tokio::test]
async fn a_second_submission_gets_a_page_that_restarts_the_request() {
    let world = World::with_orgs().await;
    world.change_app("playground", |app| app.client_uri = Some("https://app.example.org/".to_owned())).await;
    world.person(ADA).await;
    let browser = world.browser();
    browser.log_in(ADA, PASSWORD).await;
    let name = begin(&browser, &[]).await;
    let form = [("interaction", name.as_str()), ("accept", "true")];
    assert_eq!(leads(&browser.post_form(CONSENT, &form).await), "code");
    let second = browser.post_form(CONSENT, &form).await;
    assert_page(&second, 400, "second click");
    assert!(second.body.contains("href=\"https://app.example.org/\""), "{}", second.body);
    let link = second.body.split("href=\"/oauth2/authorize?").nth(1).unwrap().split('"').next().unwrap();
    let link = format!("/oauth2/authorize?{}", link.replace("&#38;", "&").replace("&amp;", "&"));
    let answer = browser.get(&link).await;
    assert_eq!((leads(&answer).as_str(), answer.param("state").as_deref()), ("code", Some("xyz")));
}

#[tokio::test]
async fn a_dead_end_links_to_the_home_page_of_a_vetted_app() {
    let world = World::with_orgs().await;
    let home = "https://app.example.org/home";
    world.change_app("playground", |app| app.client_uri = Some(home.to_owned())).await;
    let browser = world.browser();
    let name = begin(&browser, &[]).await;
    let nowhere = browser.authorize(&[("redirect_uri", "https://app.example.org/other")]).await;
    let names_home = |page: &Answer| page.body.contains(&format!("href=\"{home}\""));
    assert!(names_home(&browser.get(nowhere.location()).await));
    world.advance(3_600);
    let lapsed = browser.get(&format!("/login?interaction={name}")).await;
    assert_page(&lapsed, 400, "lapsed");
    assert!(names_home(&lapsed) && lapsed.body.contains("/oauth2/authorize?"), "{}", lapsed.body);
    // Nobody has checked where an app leads that registered itself, or that was switched off.
    world.change_app("playground", |app| app.dynamic = true).await;
    assert!(!names_home(&browser.get(nowhere.location()).await));
    assert!(!names_home(&browser.get("/error?error=invalid_redirect&client_id=nobody").await));
}

#[tokio::test]
async fn forms_survive_a_server_restart() {
    let world = World::with_orgs().await;
    world.person(ADA).await;
    let browser = world.browser();
    let asked = browser.authorize(&[]).await;
    let restarted = world.beside().await;
    let form = asked.location().replace("/login", "/login/password");
    let request = Request::post(form)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", world.sigma.issuer())
        .header("cookie", browser.cookies());
    let body = query(&[("email", ADA), ("password", PASSWORD)]);
    let answer = restarted.send(request.body(body.into()).unwrap()).await;
    assert_eq!(answer.location(), resume(&asked.param("interaction").unwrap()), "{}", answer.body);
}

#[tokio::test]
async fn browsers_get_a_page_for_every_error() {
    let world = World::with_orgs().await;
    world.person(ADA).await;
    let browser = world.browser();
    browser.log_in(ADA, PASSWORD).await;
    let name = begin(&browser, &[]).await;
    let named = format!("{CONSENT}?interaction={name}");
    let form = "application/x-www-form-urlencoded";
    let cases = [
        ("POST", CONSENT, form, "accept=true".to_owned(), 400),
        ("POST", CONSENT, form, "interaction=nonsense&accept=true".to_owned(), 400),
        ("POST", named.as_str(), form, format!("interaction={name}&accept=true&bap_id=foreign"), 400),
        ("POST", named.as_str(), "multipart/form-data; boundary=x", String::new(), 415),
        ("POST", CONTINUE, "text/plain", String::new(), 415),
        ("POST", "/oauth2/authorize", "multipart/form-data; boundary=x", String::new(), 415),
        ("GET", CONSENT, form, String::new(), 405),
        ("GET", "/sign-out", form, String::new(), 405),
        ("PUT", "/login", form, String::new(), 405),
        ("GET", "/nothing", form, String::new(), 404),
        ("POST", "/nothing", form, String::new(), 404),
        ("POST", "/login/password", form, "x".repeat(70_000), 413),
        ("POST", named.as_str(), form, "x".repeat(70_000), 413),
    ];
    for (method, path, kind, body, status) in cases {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", kind)
            .header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
            .header("origin", world.sigma.issuer());
        let answer = browser.send(request, body).await;
        assert_page(&answer, status, &format!("{method} {path}"));
        if path == named {
            assert!(answer.body.contains(&format!("/login?interaction={name}")), "{path}: {}", answer.body);
        }
    }
    let foreign = Request::post(named)
        .header("content-type", form)
        .header("accept", "text/html")
        .header("origin", "https://evil.example");
    assert_page(&browser.send(foreign, format!("interaction={name}&accept=true")).await, 403, "foreign page");
    // What the page leads to is where they were.
    assert_eq!(leads(&browser.get(&format!("/login?interaction={name}")).await), "/api/auth/oauth2/authorize");
    assert_eq!(leads(&browser.get(&resume(&name)).await), "/consent");
}

#[tokio::test]
async fn an_interaction_of_one_kind_is_not_resumed_as_another() {
    let world = World::with_orgs().await;
    world.person(ADA).await;
    let browser = world.browser();
    let kinds = [
        browser.get("/workspace").await.param("interaction").unwrap(),
        browser.get("/workspace/org_ffffffffffffffffffffffff/people").await.param("interaction").unwrap(),
        browser.get("/account/password").await.param("interaction").unwrap(),
    ];
    browser.log_in(ADA, PASSWORD).await;
    let rows = world.rows().await;
    for name in &kinds {
        for page in ["/consent", "/select-account", "/api/auth/oauth2/authorize"] {
            let answer = browser.get(&format!("{page}?interaction={name}")).await;
            assert_page(&answer, 400, page);
        }
        for (path, answer) in [(CONSENT, ("accept", "true")), (CONTINUE, ("account", "current"))] {
            let answer = browser.post_form(path, &[("interaction", name), answer]).await;
            assert_page(&answer, 400, path);
        }
    }
    assert_eq!(world.rows().await, rows, "nothing was chosen");
    // An app's request is none of a workspace.
    let name = begin(&browser, &[]).await;
    let form = [("workspace", "org_ffffffffffffffffffffffff"), ("user", "user_x")];
    let answer = browser.post_form(&format!("/login/quick?interaction={name}"), &form).await;
    assert_page(&answer, 401, "quick login");
}

#[tokio::test]
async fn page_interactions_continue_only_in_their_browser() {
    let world = World::with_orgs().await;
    world.person(ADA).await;
    let (one, other) = (world.browser(), world.browser());
    let workspace = one.get("/workspace/org_ffffffffffffffffffffffff/people").await;
    let account = one.get("/account/password").await;
    other.get("/workspace").await;
    for (begun, again) in
        [(&workspace, "/workspace/org_ffffffffffffffffffffffff/people"), (&account, "/account/password")]
    {
        let page = other.get(begun.location()).await;
        assert_page(&page, 400, again);
        assert!(page.body.contains(&format!("href=\"{again}\"")), "{}", page.body);
        assert_page(&give(&other, begun.location(), ADA, PASSWORD).await, 400, again);
        assert!(!other.cookies().contains("session_token"));
        // In its own it goes on.
        assert_eq!(give(&one, begun.location(), ADA, PASSWORD).await.location(), again);
    }
}

#[tokio::test]
async fn addresses_in_parameters_are_never_followed() {
    let world = World::with_orgs().await;
    world.person(ADA).await;
    for next in ["https://evil.example/", "//evil.example", "/workspace", "/\\evil.example", "javascript:alert(1)"] {
        let browser = world.browser();
        let path = format!("/login?{}", query(&[("next", next), ("continue_url", next), ("return_to", next)]));
        assert!(!browser.get(&path).await.body.contains("evil.example"));
        assert_eq!(give(&browser, &path, ADA, PASSWORD).await.location(), "/", "{next}");
    }
    for workspace in ["..", "%2e%2e%2flogin", "%2F%2Fevil.example", "a%3Fb", &"a".repeat(5_000)] {
        let browser = world.browser();
        let asked = browser.get(&format!("/workspace/{workspace}/people")).await;
        if asked.location().starts_with("/login?") {
            assert_eq!(give(&browser, asked.location(), ADA, PASSWORD).await.location(), "/workspace", "{workspace}");
        }
    }
}

#[tokio::test]
async fn sign_in_returns_to_the_requested_workspace_page() {
    let world = World::with_orgs().await;
    let (acme, zeta) = (world.org("Acme").await, world.org("Zeta").await);
    let (ada, _) = acme.add(ADA, &acme.admin).await;
    zeta.join(&ada, &zeta.member).await;
    for (asked, back) in [
        (at(&acme.org, "people"), at(&acme.org, "people")),
        (at(&zeta.org, "roles/role_x"), at(&zeta.org, "roles")),
        (format!("/workspace/{}", zeta.org), format!("/workspace/{}", zeta.org)),
        ("/workspace".to_owned(), "/workspace".to_owned()),
        // Of somebody else, or of nobody: after sign-in there is no such page, as before.
        ("/workspace/unknown-bakery/people".to_owned(), "/workspace/unknown-bakery/people".to_owned()),
    ] {
        let browser = world.browser();
        let sent = browser.get(&asked).await;
        assert_eq!(leads(&sent), "/login", "{asked}");
        assert_eq!(give(&browser, sent.location(), ADA, PASSWORD).await.location(), back, "{asked}");
    }
}

#[tokio::test]
async fn a_quick_login_of_one_workspace_does_not_open_another() {
    let world = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.workspaces.allow_quick_logins = vec!["0.0.0.0/0".parse().unwrap()];
    })
    .await;
    let (acme, zeta) = (world.org("Acme").await, world.org("Zeta").await);
    let (_, admin) = world.admin_of(&acme).await;
    let (bob, _) = acme.add("bob@example.org", &acme.member).await;
    zeta.join(&bob, &zeta.admin).await;
    let quick = [("role", acme.member.as_str()), ("quick_login", "true")];
    admin.post_form(&at(&acme.org, &format!("people/{bob}")), &quick).await;
    admin.post_form(&at(&acme.org, "settings"), &[("name", "Acme"), ("quick_logins", "true")]).await;

    let browser = world.browser();
    let form = [("workspace", acme.org.as_str()), ("user", bob.as_str())];
    // The page of the other workspace has none, and takes none.
    let to_zeta = browser.get(&at(&zeta.org, "people")).await;
    assert!(!browser.get(to_zeta.location()).await.body.contains("Quick login is enabled"));
    let refused = browser.post_form(&to_zeta.location().replace("/login", "/login/quick"), &form).await;
    assert_page(&refused, 401, "for the other workspace");
    // Nor is one a way into an app, or the account.
    for came_for in [browser.authorize(&[]).await.location().to_owned(), "/login".to_owned()] {
        assert!(!browser.get(&came_for).await.body.contains("Quick login is enabled"), "{came_for}");
        let refused = browser.post_form(&came_for.replace("/login", "/login/quick"), &form).await;
        assert_page(&refused, 401, &came_for);
    }
    let to_acme = browser.get(&at(&acme.org, "roles")).await;
    assert!(browser.get(to_acme.location()).await.body.contains("Quick login is enabled"));
    let entered = browser.post_form(&to_acme.location().replace("/login", "/login/quick"), &form).await;
    assert_eq!(entered.location(), at(&acme.org, "roles"));
    assert_eq!(browser.get(entered.location()).await.status, StatusCode::OK);
    // A tab that waited for it goes on; the one for the other workspace waits on.
    assert_eq!(browser.get(to_acme.location()).await.location(), at(&acme.org, "roles"));
    assert_eq!(browser.get(to_zeta.location()).await.status, StatusCode::OK);
    assert_eq!(leads(&browser.get(&at(&zeta.org, "people")).await), "/login");
}

#[tokio::test]
async fn setting_a_first_password_requires_a_new_sign_in() {
    let world = World::with_orgs().await;
    let (browser, key) = (world.browser(), Key::named("ada"));
    browser.sign_up(&key).await;
    let user = browser.get("/api/auth/get-session").await.json()["user"]["id"].as_str().unwrap().to_owned();
    world.db_set_email(&UserId::from_text(user), "ada@example.org", EmailProof::Verified).await;
    world.advance(901);
    let page = browser.get("/account/password").await;
    let Some(link) = page.body.split("href=\"/login?").nth(1) else { panic!("{}", page.body) };
    let sign_in = format!("/login?{}", link.split('"').next().unwrap());
    let shown = browser.get(&sign_in).await;
    assert!(shown.body.contains("Confirm that it is you"), "{}", shown.body);
    browser.sign_in(&key).await;
    assert_eq!(browser.get(&sign_in).await.location(), "/account/password");
    assert!(browser.get("/account/password").await.body.contains("Set password"));
}

#[tokio::test]
async fn ten_thousand_interactions_leave_no_row_and_one_cookie() {
    let world = World::new().await;
    let browser = world.browser();
    let rows = world.rows().await;
    for number in 0..5_000 {
        let path = if number % 2 == 0 { "/workspace/org_ffffffffffffffffffffffff/people" } else { "/account/password" };
        assert_eq!(leads(&browser.get(path).await), "/login");
        assert_eq!(leads(&browser.authorize(&[]).await), "/login");
    }
    assert_eq!(world.rows().await, rows);
    assert_eq!(browser.cookies().matches('=').count(), 1, "{}", browser.cookies());
}

#[tokio::test]
async fn methods_appear_in_configured_order_until_one_worked() {
    let place = |page: &str, what: &str| page.find(what).unwrap_or_else(|| panic!("no {what} in {page}"));
    for (methods, first, second) in [
        (vec![SignInMethod::Key, SignInMethod::Password], "id=\"wallet\"", "name=\"password\""),
        (vec![SignInMethod::Password, SignInMethod::Key], "name=\"password\"", "id=\"wallet\""),
    ] {
        let world = World::with(|settings| {
            settings.passwords.memory_kib = 64;
            settings.sign_in.methods = methods;
        })
        .await;
        world.person(ADA).await;
        let browser = world.browser();
        let page = browser.get("/login").await.body;
        assert!(place(&page, first) < place(&page, second), "{page}");
        give(&browser, "/login", ADA, PASSWORD).await;
        browser.post_form("/sign-out", &[]).await;
        assert!(browser.cookies().contains("sigma.method=password") && !browser.cookies().contains(ADA));
        let page = browser.get("/login").await.body;
        assert!(place(&page, "name=\"password\"") < place(&page, "id=\"wallet\""), "{page}");
        // What somebody else wrote into the cookie is no way in.
        let forged = Request::get("/login").header("cookie", "sigma.method=<script>").header("accept", "text/html");
        let page = world.browser().send(forged, "").await.body;
        assert!(place(&page, first) < place(&page, second) && !page.contains("<script>"), "{page}");
    }
    let keys_alone = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.sign_in.methods = vec![SignInMethod::Key];
    })
    .await;
    keys_alone.person(ADA).await;
    let browser = keys_alone.browser();
    assert!(!browser.get("/login").await.body.contains("name=\"password\""));
    assert_page(&give(&browser, "/login", ADA, PASSWORD).await, 404, "a way that is switched off");
    assert!(!browser.cookies().contains("session_token"));
}
