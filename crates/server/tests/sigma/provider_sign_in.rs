//! Signing in with an account at an upstream provider.

use http::StatusCode;
use serde_json::{Value, json};
use sigma_core::actor::Actor;
use sigma_core::ids::{OrgId, RoleId, UserId};
use sigma_core::org::{RoleDraft, RolePermissions};
use sigma_server::settings::{GroupRole, MembershipMapping, Provider, ProviderKind, ProviderSignUp};
use sigma_store::org::{self, membership, role};

use crate::support::upstream::{Asked, Upstream};
use crate::support::{Answer, Browser, Key, World, claims, leads};

/// A world with a provider of each kind, all played by `upstream`, where anybody may sign up.
pub async fn world_with(upstream: &Upstream, change: impl Fn(&mut Provider)) -> World {
    World::with(|settings| {
        settings.sign_up.provider = ProviderSignUp::On;
        let kinds = [("op", ProviderKind::OpenId), ("google", ProviderKind::Google), ("github", ProviderKind::GitHub)];
        settings.providers = kinds.map(|(id, kind)| upstream.settings(id, kind)).to_vec();
        settings.providers.iter_mut().for_each(change);
    })
    .await
}

pub async fn session(browser: &Browser<'_>) -> Value {
    browser.get("/api/auth/get-session").await.json()
}

pub async fn is_signed_in(browser: &Browser<'_>) -> bool {
    !session(browser).await.is_null()
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

#[tokio::test]
async fn a_user_signs_in_with_a_provider_from_an_app_and_returns_to_it() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let browser = world.browser();
    let asked = browser.authorize(&[("scope", "openid profile email")]).await;
    let page = browser.get(asked.location()).await;
    for label in ["Continue with op", "Continue with Google", "Continue with GitHub"] {
        assert!(page.body.contains(label), "{label}: {}", page.body);
    }
    let there = browser.leave_from(asked.location(), "op").await;
    assert_eq!(there.endpoint, format!("{}/authorize", upstream.origin));
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "sigma"),
        ("scope", "openid profile email"),
        ("code_challenge_method", "S256"),
        ("redirect_uri", "https://id.example.org/api/auth/callback/op"),
        ("prompt", ""),
    ] {
        assert_eq!(there.get(name), value, "{name}");
    }
    assert!(there.get("nonce").len() >= 22 && there.get("state").len() < 2_000);
    let back = browser.get(&upstream.consent(&there, &upstream.claims(&there, world.now(), "ada"))).await;
    let consent = follow(&browser, back).await;
    assert_eq!(consent.status, StatusCode::OK, "{}", consent.body);
    let code = browser.code(&[("scope", "openid profile email")]).await;
    let tokens = browser.redeem(&code).await.json();
    let id_token = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!((&id_token["amr"], &id_token["acr"]), (&json!(["fed"]), &json!("1")));
    let userinfo = world.get_with_token("/api/auth/oauth2/userinfo", tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(userinfo.json()["name"], "Ada Lovelace");
    // The provider's word proves no address here.
    assert_eq!(userinfo.json().get("email"), None);
}

#[tokio::test]
async fn the_same_account_is_the_same_user_whatever_its_address_becomes() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let first = world.browser();
    assert_eq!(leads(&upstream.round(&first, "op", world.now(), "ada").await), "/login");
    let second = world.browser();
    let asked = second.leave("op").await;
    let mut claims = upstream.claims(&asked, world.now(), "ada");
    claims["email"] = json!("married@example.org");
    second.get(&upstream.consent(&asked, &claims)).await;
    assert_eq!(session(&first).await["user"]["id"], session(&second).await["user"]["id"]);
    let other = world.browser();
    upstream.round(&other, "op", world.now(), "eve").await;
    assert_ne!(session(&first).await["user"]["id"], session(&other).await["user"]["id"]);
    let accounts = second.get("/api/auth/list-accounts").await.json();
    assert_eq!((&accounts[0]["providerId"], &accounts[0]["accountId"]), (&json!("op"), &json!("ada")));
    assert_eq!(accounts[0]["scopes"], json!(["openid", "profile", "email"]));
}

#[tokio::test]
async fn the_callback_sends_one_request_once_metadata_and_keys_are_known() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let browser = world.browser();
    let asked = browser.leave("op").await;
    assert_eq!(upstream.requests(), ["/.well-known/openid-configuration", "/jwks"]);
    browser.get(&upstream.consent(&asked, &upstream.claims(&asked, world.now(), "ada"))).await;
    assert_eq!(upstream.requests(), ["/token"]);
    upstream.round(&browser, "op", world.now(), "ada").await;
    assert_eq!(upstream.requests(), ["/token"]);
}

#[tokio::test]
async fn an_account_at_github_is_known_by_its_number_and_tells_its_verified_primary_address() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |provider| provider.trusted_email_domains = vec!["example.org".to_owned()]).await;
    let browser = world.browser();
    let asked = browser.leave("github").await;
    assert_eq!(asked.endpoint, format!("{}/login/oauth/authorize", upstream.origin));
    assert_eq!((asked.get("scope"), asked.get("code_challenge_method")), ("user:email", "S256"));
    let emails = json!([
        {"email": "other@example.org", "primary": false, "verified": true},
        {"email": "ada@example.org", "primary": true, "verified": true},
    ]);
    let back = browser.get(&upstream.consent_github(&asked, &json!(583_231), &emails)).await;
    assert_eq!(leads(&back), "/login", "{}", back.location());
    let user = session(&browser).await["user"].clone();
    assert_eq!((&user["name"], &user["email"]), (&json!("Ada"), &json!("ada@example.org")));
    let accounts = browser.get("/api/auth/list-accounts").await.json();
    assert_eq!(accounts[0]["id"], "github|583231");
}

#[tokio::test]
async fn an_address_is_taken_over_only_from_a_trusted_domain_and_verified() {
    let upstream = Upstream::serve().await;
    let trust = |provider: &mut Provider| provider.trusted_email_domains = vec!["example.org".to_owned()];
    let world = world_with(&upstream, trust).await;
    for (subject, email, verified, taken) in [
        ("a", "a@example.org", true, true),
        ("b", "b@example.org", false, false),
        ("c", "c@example.com", true, false),
        ("d", "d@sub.example.org", true, false),
    ] {
        let browser = world.browser();
        let asked = browser.leave("op").await;
        let mut claims = upstream.claims(&asked, world.now(), subject);
        (claims["email"], claims["email_verified"]) = (json!(email), json!(verified));
        browser.get(&upstream.consent(&asked, &claims)).await;
        let user = session(&browser).await["user"].clone();
        assert_eq!(user["emailVerified"] == json!(true), taken, "{email}: {user}");
    }
}

#[tokio::test]
async fn who_nobody_has_linked_gets_in_as_the_policy_says() {
    let upstream = Upstream::serve().await;
    let off = World::with(|settings| settings.providers = vec![upstream.settings("op", ProviderKind::OpenId)]).await;
    let browser = off.browser();
    let refused = upstream.round(&browser, "op", off.now(), "ada").await;
    assert_eq!(
        (leads(&refused).as_str(), refused.param("error").as_deref()),
        ("signup_disabled: ", Some("signup_disabled"))
    );
    assert!(!is_signed_in(&browser).await);
    let page = browser.get(refused.location()).await;
    assert!(page.notice().contains("not linked with any account here"), "{}", page.body);

    // An allowed domain is a reason to let its people in.
    let domains = |settings: &mut sigma_server::settings::Settings| {
        let mut provider = upstream.settings("op", ProviderKind::OpenId);
        provider.allowed_domains = vec!["example.org".to_owned()];
        settings.providers = vec![provider];
    };
    let on = World::with(domains).await;
    let browser = on.browser();
    upstream.round(&browser, "op", on.now(), "ada").await;
    assert!(is_signed_in(&browser).await);
    for (change, code) in [
        (json!({"email": "ada@evil.example"}), "email_does_not_match"),
        (json!({"email_verified": false}), "email_not_verified"),
        (json!({"email": "nonsense"}), "email_not_found"),
    ] {
        let browser = on.browser();
        let asked = browser.leave("op").await;
        let mut claims = upstream.claims(&asked, on.now(), "bob");
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let back = browser.get(&upstream.consent(&asked, &claims)).await;
        assert_eq!(back.param("error").as_deref(), Some(code));
        assert!(!is_signed_in(&browser).await);
    }
}

#[tokio::test]
async fn with_a_key_first_the_account_is_linked_to_the_one_that_the_key_made() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |provider| provider.sign_up = Some(ProviderSignUp::WithKey)).await;
    let browser = world.browser();
    let back = upstream.round(&browser, "op", world.now(), "ada").await;
    assert_eq!(leads(&back), "/signup");
    assert!(!is_signed_in(&browser).await);
    let page = browser.get(back.location()).await;
    assert!(page.body.contains("/signup/provider?interaction="), "{}", page.body);
    // Without a session there is nothing to link to.
    let finish = back.location().replace("/signup?", "/signup/provider?");
    assert_ne!(browser.post_form(&finish, &[]).await.status, StatusCode::OK);
    browser.sign_up(&Key::named("ada")).await;
    let question = browser.get(&finish).await;
    assert!(question.body.contains("ada@example.org"), "{}", question.body);
    assert_eq!(browser.get("/api/auth/list-accounts").await.json(), json!([]));
    // It waits in this browser alone.
    let eve = world.browser();
    eve.sign_up(&Key::named("eve")).await;
    eve.post_form(&finish, &[]).await;
    assert_eq!(eve.get("/api/auth/list-accounts").await.json(), json!([]));
    browser.post_form(&finish, &[]).await;
    let again = world.browser();
    upstream.round(&again, "op", world.now(), "ada").await;
    assert_eq!(session(&again).await["user"]["id"], session(&browser).await["user"]["id"]);
}

#[tokio::test]
async fn provider_at_authorize_goes_there_at_once_and_an_unknown_one_is_invalid() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let browser = world.browser();
    let page = browser.authorize(&[("provider", "op")]).await;
    let there = browser.get(page.location()).await;
    assert_eq!(there.status, StatusCode::SEE_OTHER, "{} {}", page.location(), there.body);
    let asked = Asked::of(there.location());
    assert_eq!(asked.endpoint, format!("{}/authorize", upstream.origin));
    // After a failure the user chooses: the page does not send them back there.
    let denied = browser.get(&asked.callback(&[("error", "access_denied"), ("state", asked.get("state"))])).await;
    assert_eq!(denied.param("error").as_deref(), Some("access_denied"));
    let page = browser.get(denied.location()).await;
    assert_eq!((page.status, page.notice()), (StatusCode::OK, "The sign-in was cancelled at the provider."));
    for unknown in ["facebook", "apple", "../op", "OP"] {
        let refused = browser.authorize(&[("provider", unknown)]).await;
        assert!(leads(&refused).starts_with("invalid_request"), "{unknown}: {}", refused.location());
    }
    assert_eq!(leads(&browser.authorize(&[("provider", "sigma")]).await), "/login");
    assert!(leads(&browser.authorize(&[("provider", "op"), ("prompt", "none")]).await).starts_with("login_required"));
}

#[tokio::test]
async fn prompt_login_makes_the_provider_ask_again_and_an_older_sign_in_there_does_not_count() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let browser = world.browser();
    upstream.round(&browser, "op", world.now(), "ada").await;
    browser.code(&[]).await;
    world.advance(600);
    let asked = browser.authorize(&[("prompt", "login")]).await;
    assert_eq!(leads(&asked), "/login");
    let there = browser.leave_from(asked.location(), "op").await;
    assert_eq!((there.get("prompt"), there.get("max_age")), ("login", "0"));
    let mut claims = upstream.claims(&there, world.now(), "ada");
    claims["auth_time"] = json!(world.now().seconds() - 600);
    let back = browser.get(&upstream.consent(&there, &claims)).await;
    assert_eq!(back.param("error").as_deref(), Some("not_fresh"));
    let there = browser.leave_from(asked.location(), "op").await;
    claims["nonce"] = json!(there.get("nonce"));
    claims["auth_time"] = json!(world.now().seconds());
    let back = browser.get(&upstream.consent(&there, &claims)).await;
    assert_eq!(leads(&follow(&browser, back).await), "code");
}

#[tokio::test]
async fn better_auths_client_signs_in_with_a_callback_url_of_ours_or_a_trusted_origin() {
    let upstream = Upstream::serve().await;
    let world = World::with(|settings| {
        settings.sign_up.provider = ProviderSignUp::On;
        settings.providers = vec![upstream.settings("op", ProviderKind::OpenId)];
        settings.sign_in.trusted_origins = vec!["https://app.example.org".to_owned()];
    })
    .await;
    for (callback, to) in [
        ("/account?tab=1", "/account?tab=1"),
        ("https://id.example.org/account", "/account"),
        ("https://app.example.org/done", "https://app.example.org/done"),
    ] {
        let browser = world.browser();
        let body = json!({"provider": "op", "callbackURL": callback, "errorCallbackURL": "/oops?a=b"});
        let begun = browser.post_json("/api/auth/sign-in/social", &body).await;
        assert_eq!((begun.status, &begun.json()["redirect"]), (StatusCode::OK, &json!(true)));
        let asked = Asked::of(begun.json()["url"].as_str().unwrap());
        let back = browser.get(&upstream.consent(&asked, &upstream.claims(&asked, world.now(), "ada"))).await;
        assert_eq!(back.location(), to);
        assert!(is_signed_in(&browser).await);
        let begun = browser.post_json("/api/auth/sign-in/social", &body).await.json();
        let asked = Asked::of(begun["url"].as_str().unwrap());
        let denied = browser.get(&asked.callback(&[("error", "access_denied"), ("state", asked.get("state"))])).await;
        assert_eq!(denied.location(), "/oops?a=b&error=access_denied");
    }
    for elsewhere in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "https://app.example.org@evil.example/",
        "https://id.example.org.evil.example",
        "\t//evil.example",
        "data:,x",
    ] {
        let body = json!({"provider": "op", "callbackURL": elsewhere});
        let refused = world.browser().post_json("/api/auth/sign-in/social", &body).await;
        assert_eq!(
            (refused.status, &refused.json()["code"]),
            (StatusCode::FORBIDDEN, &json!("INVALID_CALLBACK_URL")),
            "{elsewhere}"
        );
    }
    for (body, status) in
        [(json!({"provider": "no"}), 404), (json!({}), 400), (json!([]), 400), (json!({"provider": 7}), 400)]
    {
        assert_eq!(world.browser().post_json("/api/auth/sign-in/social", &body).await.status, status, "{body}");
    }
}

#[tokio::test]
async fn a_callback_by_form_continues_by_get_with_the_cookies() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let browser = world.browser();
    let asked = browser.leave("op").await;
    let code = upstream.code_with(&asked, &upstream.key, &upstream.claims(&asked, world.now(), "ada"));
    let form = [("code", code.as_str()), ("state", asked.get("state")), ("user", "{\"name\":\"x\"}")];
    // Another site's page posts it, so the browser sends no cookie.
    let moved = world.post_form("/api/auth/callback/op", &form, &[("origin", "https://op.example.org")]).await;
    assert_eq!(moved.status, StatusCode::SEE_OTHER);
    assert!(moved.location().starts_with("/api/auth/callback/op?code="), "{}", moved.location());
    browser.get(moved.location()).await;
    assert!(is_signed_in(&browser).await);
}

#[tokio::test]
async fn groups_at_the_provider_are_roles_here_and_are_lost_with_them() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |provider| {
        let pair = |group: &str, role: &str| GroupRole { group: group.to_owned(), role: role.to_owned() };
        let roles = vec![pair("chefs", "Baker"), pair("staff", "waiter"), pair("x", "Absent")];
        provider.membership = Some(MembershipMapping { org: None, roles });
    })
    .await;
    for name in ["Baker", "Waiter", "Owner"] {
        let (now, role_id) = (world.now(), RoleId::new(world.now(), &*world.sigma.rng));
        let draft = RoleDraft::new(name, "", RolePermissions::default()).unwrap();
        let made = move |tx: &mut dyn sigma_store::Tx| {
            let org_id = org::load_operator(tx, now)?;
            role::add(tx, &org_id, &Actor::Operator, &role_id, &draft, now)
        };
        world.sigma.store.decide(made).await.unwrap();
    }
    let browser = world.browser();
    for (groups, role) in [
        (json!(["staff", "chefs"]), Some("Baker")),
        (json!("staff"), Some("Waiter")),
        (json!(["x"]), None),
        (json!(["chefs"]), Some("Baker")),
        (json!(["Chefs", "CHEFS"]), None),
        (json!(null), None),
    ] {
        let asked = browser.leave("op").await;
        let mut claims = upstream.claims(&asked, world.now(), "ada");
        claims["groups"] = groups.clone();
        browser.get(&upstream.consent(&asked, &claims)).await;
        let user_id = UserId::from_text(session(&browser).await["user"]["id"].as_str().unwrap());
        let held = world.sigma.store.read(move |tx| {
            let member = membership::find(tx, &OrgId::operator(), &user_id)?;
            member.map_or(Ok(None), |member| role::find_name(tx, &OrgId::operator(), &member.role_id))
        });
        assert_eq!(held.await.unwrap().as_deref(), role, "{groups}");
    }
}
