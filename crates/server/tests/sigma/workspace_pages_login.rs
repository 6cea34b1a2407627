//! How people get to the pages of workspaces: by a password, or by a quick login where those are on.

use axum::body::Body;
use http::{Request, StatusCode};
use sigma_core::ids::UserId;

use crate::support::{Browser, DIRECT, Key, PASSWORD, TestOrg, World, at, leads, post, without_interaction};

#[tokio::test]
async fn a_person_signs_in_by_password_and_comes_to_their_only_workspace_or_chooses() {
    let world = World::with_orgs().await;
    let (acme, zeta) = (world.org("Acme").await, world.org("Zeta").await);
    let (_, browser) = world.admin_of(&acme).await;
    assert_eq!(browser.get("/workspace").await.location(), format!("/workspace/{}", acme.org));
    assert_eq!(browser.get(&format!("/workspace/{}", acme.org)).await.location(), at(&acme.org, "people"));

    let bob = world.person("bob@example.org").await;
    acme.join(&bob, &acme.member).await;
    zeta.join(&bob, &zeta.admin).await;
    let browser = world.entered("bob@example.org").await;
    let page = browser.get("/workspace").await.body;
    for words in ["Acme", "Zeta", "Member", "Admin"] {
        assert!(page.contains(words), "{page}");
    }
    // A member who manages nothing begins at the roles, and can go over to the other workspace.
    assert_eq!(browser.get(&format!("/workspace/{}", acme.org)).await.location(), at(&acme.org, "roles"));
    assert!(browser.get(&at(&acme.org, "roles")).await.body.contains(&format!("href=\"/workspace/{}\"", zeta.org)));

    world.person("none@example.org").await;
    let browser = world.entered("none@example.org").await;
    assert!(browser.get("/workspace").await.body.contains("You haven&#39;t joined a workspace yet"));
}

#[tokio::test]
async fn a_wrong_password_does_not_reveal_the_account() {
    let world = World::with_orgs().await;
    world.person("ada@example.org").await;
    let browser = world.browser();
    let mut pages = Vec::new();
    for address in ["ada@example.org", "eve@example.org"] {
        let answer = browser.log_in(address, "wrong password").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.header("set-cookie"), "");
        pages.push(without_interaction(&answer.body).replace(address, ""));
    }
    assert_eq!(pages[0], pages[1]);
    let nothing = browser.post_form("/login/password", &[]).await;
    assert_eq!(nothing.status, StatusCode::UNAUTHORIZED);
    assert_eq!(leads(&browser.get("/workspace").await), "/login");
}

#[tokio::test]
async fn another_site_cannot_sign_anyone_in() {
    let world = lenient_world().await;
    let (acme, bob) = with_quick_logins(&world).await;
    let password = format!("email=ada%40example.org&password={}", PASSWORD.replace(' ', "+"));
    let click = format!("workspace={}&user={bob}", acme.org);
    for (path, form) in [("/login/password", password), ("/login/quick", click)] {
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", "https://evil.example")
            .header("sec-fetch-site", "cross-site")
            .body(Body::from(form));
        let answer = world.send(request.unwrap()).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (StatusCode::FORBIDDEN, ""), "{path}");
    }
}

/// A world whose server allows quick logins to its callers, with a workspace that has them on and `bob` marked.
async fn with_quick_logins(world: &World) -> (TestOrg<'_>, UserId) {
    let acme = world.org("Acme").await;
    let (_, browser) = world.admin_of(&acme).await;
    let (bob, _) = acme.add("bob@example.org", &acme.member).await;
    let person = at(&acme.org, &format!("people/{bob}"));
    browser.post_form(&person, &[("role", acme.member.as_str()), ("quick_login", "true")]).await;
    browser.post_form(&at(&acme.org, "settings"), &[("name", "Acme"), ("quick_logins", "true")]).await;
    (acme, bob)
}

async fn lenient_world() -> World {
    World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.workspaces.allow_quick_logins = vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()];
    })
    .await
}

#[tokio::test]
async fn a_quick_login_opens_its_workspace_and_nothing_else_of_the_account() {
    let world = lenient_world().await;
    let (acme, bob) = with_quick_logins(&world).await;
    let zeta = world.org("Zeta").await;
    zeta.join(&bob, &zeta.admin).await;
    let browser = world.browser();
    assert!(browser.sign_in_page("/workspace/login").await.body.contains("Quick login is enabled."));
    let form = [("workspace", acme.org.as_str()), ("user", bob.as_str())];
    let answer = browser.quick_login(&form).await;
    assert_eq!(answer.location(), format!("/workspace/{}", acme.org));
    assert!(answer.header("set-cookie").contains("HttpOnly; SameSite=Lax"));

    let page = browser.get(&at(&acme.org, "roles")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains("Zeta"));
    assert_eq!(leads(&browser.get(&at(&zeta.org, "roles")).await), "/login");
    assert_eq!(browser.get("/workspace").await.location(), format!("/workspace/{}", acme.org));
    assert!(browser.get("/").await.body.contains("Create your key"), "it is no session of the account");

    // Nor one by which anything of the account is done.
    assert!(browser.authorize(&[("scope", "openid profile")]).await.param("code").is_none());
    assert_eq!(browser.get("/api/auth/get-session").await.body, "null");
    assert_eq!(browser.get("/api/auth/token").await.status, StatusCode::UNAUTHORIZED);
    assert_ne!(browser.get("/account/password").await.status, StatusCode::OK);

    let cookie = browser.cookies();
    browser.post_form("/workspace/sign-out", &[]).await;
    assert_eq!(leads(&browser.get(&at(&acme.org, "roles")).await), "/login");
    // The cookie itself is worth nothing after that.
    let request = Request::get(at(&acme.org, "roles")).header("cookie", cookie).body(Body::empty());
    assert_eq!(leads(&world.send(request.unwrap()).await), "/login");
}

#[tokio::test]
async fn a_quick_login_ends_with_the_membership_after_a_day_and_with_a_forged_cookie() {
    let world = lenient_world().await;
    let (acme, bob) = with_quick_logins(&world).await;
    let form = [("workspace", acme.org.as_str()), ("user", bob.as_str())];
    let (browser, later) = (world.browser(), world.browser());
    let (roles, person) = (at(&acme.org, "roles"), at(&acme.org, &format!("people/{bob}")));
    browser.quick_login(&form).await;
    let admin = world.entered("ada@example.org").await;
    admin.post_form(&format!("{person}/deactivate"), &[]).await;
    assert_eq!(leads(&browser.get(&roles).await), "/login");
    assert_eq!(later.quick_login(&form).await.status, StatusCode::UNAUTHORIZED);
    admin.post_form(&format!("{person}/activate"), &[]).await;
    assert_eq!(leads(&browser.get(&roles).await), "/login", "a session of before does not come back");

    later.quick_login(&form).await;
    assert_eq!(later.get(&roles).await.status, StatusCode::OK);
    let forged = later.cookies().replace('.', "x.");
    for cookie in
        [forged.as_str(), "__Host-sigma.workspace=", "__Host-sigma.workspace=a.b", "__Host-sigma.workspace=a.b.c.d"]
    {
        let request = Request::get(&roles).header("cookie", cookie).body(Body::empty()).unwrap();
        assert_eq!(leads(&world.send(request).await), "/login", "{cookie}");
    }
    world.clock.advance(std::time::Duration::from_secs(86_401));
    assert_eq!(leads(&later.get(&roles).await), "/login");
}

#[tokio::test]
async fn quick_logins_need_permission_of_server_workspace_and_member() {
    let world = lenient_world().await;
    let (acme, bob) = with_quick_logins(&world).await;
    let (carl, _) = acme.add("carl@example.org", &acme.member).await;
    let admin = world.entered("ada@example.org").await;
    let (eve, _) = acme.add("eve@example.org", &acme.admin).await;
    let marked = [("role", acme.admin.as_str()), ("quick_login", "true")];
    admin.post_form(&at(&acme.org, &format!("people/{eve}")), &marked).await;
    let list = world.browser().sign_in_page("/workspace/login").await.body;
    assert!(list.contains(bob.as_str()) && !list.contains(carl.as_str()) && !list.contains(eve.as_str()));
    for user in [&carl, &eve, &UserId::from_text("user_unknown")] {
        let form = [("workspace", acme.org.as_str()), ("user", user.as_str())];
        let answer = world.browser().quick_login(&form).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.header("set-cookie"), "");
    }
    let strict = World::with_orgs().await;
    let (acme, bob) = with_quick_logins(&strict).await;
    assert!(!strict.browser().sign_in_page("/workspace/login").await.body.contains("Quick login is enabled."));
    let form = [("workspace", acme.org.as_str()), ("user", bob.as_str())];
    assert_eq!(strict.browser().quick_login(&form).await.status, StatusCode::UNAUTHORIZED);
}

/// Whether the browser holds the cookie of a quick login.
fn holds_quick_login(browser: &Browser<'_>) -> bool {
    browser.cookies().contains("sigma.workspace=")
}

#[tokio::test]
async fn every_other_sign_in_replaces_a_quick_login() {
    let world = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.sign_up.email = true;
        settings.workspaces.allow_quick_logins = vec!["0.0.0.0/0".parse().unwrap()];
    })
    .await;
    let (acme, bob) = with_quick_logins(&world).await;
    let clicked = async || {
        let browser = world.browser();
        browser.quick_login(&[("workspace", acme.org.as_str()), ("user", bob.as_str())]).await;
        assert!(holds_quick_login(&browser));
        browser
    };
    let carl = Key::named("carl");
    let (by_sign_up, by_key, directly) = (clicked().await, clicked().await, clicked().await);
    assert_eq!(by_sign_up.sign_up(&carl).await.status, StatusCode::OK);
    assert_eq!(by_key.sign_in(&carl).await.status, StatusCode::OK);
    let request = post(DIRECT).header("x-auth-token", carl.token(DIRECT, world.now(), ""));
    assert_eq!(directly.send(request, "").await.status, StatusCode::OK);

    let by_password = clicked().await;
    by_password.log_in("bob@example.org", PASSWORD).await;

    world.mails().await;
    let by_reset = clicked().await;
    by_reset.post_form("/password/forgot", &[("email", "ada@example.org")]).await;
    let link = world.mail().await.link.unwrap();
    let form = [("token", link.split_once('=').unwrap().1), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(by_reset.post_form("/password/reset", &form).await.status, StatusCode::SEE_OTHER);

    world.mails().await;
    let by_mail = clicked().await;
    let form = [("name", "Dora"), ("email", "dora@example.org"), ("password", PASSWORD), ("again", PASSWORD)];
    by_mail.post_form("/signup/email", &form).await;
    let link = world.mail().await.link.unwrap();
    let confirmed = by_mail.post_form("/signup/email/confirm", &[("token", link.split_once('=').unwrap().1)]).await;
    assert_eq!(confirmed.status, StatusCode::SEE_OTHER);

    for browser in [by_sign_up, by_key, directly, by_password, by_reset, by_mail] {
        assert!(!holds_quick_login(&browser), "{}", browser.cookies());
        assert_ne!(browser.get("/api/auth/get-session").await.body, "null");
    }
}

#[tokio::test]
async fn every_sign_out_ends_both_a_quick_login_and_the_session() {
    let world = lenient_world().await;
    let (acme, bob) = with_quick_logins(&world).await;
    let carl = Key::named("carl");
    world.browser().sign_up(&carl).await;
    let end_session = "/api/auth/oauth2/end-session";
    let roles = at(&acme.org, "roles");
    for path in ["/sign-out", "/api/auth/sign-out", "/workspace/sign-out", end_session] {
        let browser = world.browser();
        browser.sign_in(&carl).await;
        browser.quick_login(&[("workspace", acme.org.as_str()), ("user", bob.as_str())]).await;
        assert_eq!(browser.get(&roles).await.status, StatusCode::OK);
        let cookies = browser.cookies();
        if path == end_session {
            assert!(browser.get(path).await.body.contains("Sign out?"));
            browser.post_form(&format!("{path}/confirm"), &[("confirm", "true")]).await;
        } else {
            browser.post_form(path, &[]).await;
        }
        assert!(!holds_quick_login(&browser), "{path}");
        // The cookies themselves are worth nothing after that.
        let send = async |path: &str| {
            let request = Request::get(path).header("accept", "text/html").header("cookie", &cookies);
            world.send(request.body(Body::empty()).unwrap()).await
        };
        assert_eq!(leads(&send(&roles).await), "/login", "{path}");
        assert_eq!(send("/api/auth/get-session").await.body, "null", "{path}");
    }
}

#[tokio::test]
async fn an_app_that_signs_out_a_quick_login_has_the_user_asked() {
    let world = lenient_world().await;
    let (acme, bob) = with_quick_logins(&world).await;
    let browser = world.browser();
    browser.quick_login(&[("workspace", acme.org.as_str()), ("user", bob.as_str())]).await;
    assert!(browser.get("/api/auth/oauth2/end-session").await.body.contains("Sign out?"));
    assert_eq!(browser.get(&at(&acme.org, "roles")).await.status, StatusCode::OK);
    browser.post_form("/api/auth/oauth2/end-session/confirm", &[("confirm", "true")]).await;
    assert_eq!(leads(&browser.get(&at(&acme.org, "roles")).await), "/login");
}
