//! Orgs and apps by their ids and by the names that were chosen for them: both forms are the same org or app.

use http::StatusCode;
use serde_json::json;
use sigma_core::actor::Actor;
use sigma_core::app::{App, AuthMethod};
use sigma_core::ids::AppId;
use sigma_core::slug::Slug;
use sigma_store::app;
use sigma_store::org::{self, Change};

use crate::support::client::{INTROSPECT, ISSUER, REVOKE, TOKEN, USERINFO, app_key, basic};
use crate::support::forge::assertion;
use crate::support::{APP, As, Key, PASSWORD, TestOrg, World, ada, at, claims, query, without_interaction};

/// The forms in which an app can be named: its client id, its id, and the bare id.
async fn forms(world: &World, client_id: &str) -> [String; 3] {
    let id = world.app(client_id).await.id;
    [client_id.to_owned(), id.to_string(), id.digits().to_owned()]
}

async fn set_slug(world: &World, team: &TestOrg<'_>, slug: &str) {
    let (org, now, slug) = (team.org.clone(), world.now(), Slug::parse(slug).unwrap());
    let change = Change { slug: Some(Some(slug)), ..Change::default() };
    let changed = move |tx: &mut dyn sigma_store::Tx| org::change(tx, &org, &Actor::Operator, &change, now);
    world.sigma.store.decide(changed).await.unwrap();
}

#[tokio::test]
async fn a_user_signs_in_to_an_app_that_names_itself_by_either_form() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let forms = forms(&world, APP).await;
    let mut consents = 0;
    for (number, form) in forms.iter().enumerate() {
        let scope = ("scope", "openid profile offline_access");
        let answer = browser.authorize(&[("client_id", form), scope]).await;
        consents += usize::from(answer.location().starts_with("/consent"));
        let code = browser.agree(answer).await.param("code").unwrap();
        // Each step names it differently.
        let other = &forms[(number + 1) % 3];
        let tokens = world.exchange(&code, &[("client_id", other)]).await;
        assert_eq!(tokens.status, StatusCode::OK, "{form}: {}", tokens.body);
        let tokens = tokens.json();
        // What clients compare is always the client id that was registered.
        assert_eq!(claims(tokens["id_token"].as_str().unwrap())["aud"], APP);
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(claims(access)["client_id"], APP);
        assert_eq!(world.userinfo_status(access).await, 200);
        let refreshed = world.refresh(tokens["refresh_token"].as_str().unwrap(), &[("client_id", form)]).await;
        assert_eq!(refreshed.status, StatusCode::OK, "{form}: {}", refreshed.body);
        let form = [("token", access), ("client_id", other)];
        assert_eq!(world.post_form(REVOKE, &form, &[]).await.status, StatusCode::OK);
        assert_eq!(world.userinfo_status(access).await, 401);
    }
    assert_eq!(consents, 1, "consent is the app's, however it is named");
}

#[tokio::test]
async fn an_app_authenticates_by_either_form_and_a_mixture_is_no_disagreement() {
    let world = World::new().await;
    let service = world.add_confidential_app("service", AuthMethod::ClientSecret, "secret").await;
    world.add_confidential_app("other", AuthMethod::ClientSecret, "secret").await;
    let key = app_key();
    let asserting = world.add_asserting_app("asserting", &key).await;
    let grant = ("grant_type", "client_credentials");
    for form in forms(&world, "service").await {
        for (header, body) in [(Some(&form), None), (None, Some(&form)), (Some(&form), Some(&"service".to_owned()))] {
            let authorization = header.map(|id| basic(id, "secret"));
            let headers: Vec<_> = authorization.iter().map(|value| ("authorization", value.as_str())).collect();
            let mut sent = vec![grant];
            sent.extend(body.map(|id| ("client_id", id.as_str())));
            sent.extend(header.is_none().then_some(("client_secret", "secret")));
            let answer = world.post_form(TOKEN, &sent, &headers).await;
            assert_eq!(answer.status, StatusCode::OK, "{form}: {}", answer.body);
            let token = answer.json()["access_token"].as_str().unwrap().to_owned();
            assert_eq!((&claims(&token)["sub"], &claims(&token)["client_id"]), (&json!("service"), &json!("service")));
            let basic = basic(&form, "secret");
            let seen = world.post_form(INTROSPECT, &[("token", &token)], &[("authorization", &basic)]).await;
            assert_eq!(seen.json()["client_id"], "service", "{form}");
        }
        let mixed = [grant, ("client_id", "other")];
        let refused = world.post_form(TOKEN, &mixed, &[("authorization", &basic(&form, "secret"))]).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{form}");
    }
    // An assertion is used once, whatever it calls the app.
    let kind = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    let names = [asserting.client_id.as_str(), asserting.id.as_str()];
    for (name, status) in names.into_iter().zip([StatusCode::OK, StatusCode::UNAUTHORIZED]) {
        let exp = world.now().seconds() + 300;
        let signed = assertion(&key, &json!({"iss": name, "sub": name, "aud": ISSUER, "jti": "once", "exp": exp}));
        let answer = world.post_form(TOKEN, &[grant, kind, ("client_assertion", &signed)], &[]).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.body);
    }
    let foreign = AppId::new(world.now(), &*world.sigma.rng);
    for name in [foreign.as_str(), foreign.digits(), &service.id.as_str().to_uppercase(), "servic"] {
        let refused = world.post_form(TOKEN, &[grant], &[("authorization", &basic(name, "secret"))]).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{name}");
    }
}

#[tokio::test]
async fn both_forms_of_an_app_share_its_rate_limits() {
    let world = World::with(|settings| settings.limits.enabled = true).await;
    world.add_confidential_app("service", AuthMethod::ClientSecret, "secret").await;
    let forms = forms(&world, "service").await;
    let ask = async |number: usize, secret: &str| {
        let authorization = basic(&forms[number % 3], secret);
        let form = [("grant_type", "client_credentials")];
        world.post_form(TOKEN, &form, &[("authorization", &authorization)]).await.status.as_u16()
    };
    for number in 0..12 {
        assert_eq!(ask(number, "wrong").await, if number < 10 { 401 } else { 429 }, "failure {number}");
    }
    for number in 0..601 {
        assert_eq!(ask(number, "secret").await, if number < 600 { 200 } else { 429 }, "request {number}");
    }
}

#[tokio::test]
async fn a_change_of_an_app_shows_in_both_forms_and_a_removed_name_is_not_taken_again() {
    let world = World::new().await;
    let service = world.add_confidential_app("service", AuthMethod::ClientSecret, "secret").await;
    let forms = forms(&world, "service").await;
    let statuses = async || {
        let mut statuses = Vec::new();
        for form in &forms {
            let authorization = basic(form, "secret");
            let asked = [("grant_type", "client_credentials")];
            statuses.push(world.post_form(TOKEN, &asked, &[("authorization", &authorization)]).await.status.as_u16());
        }
        statuses
    };
    assert_eq!(statuses().await, [200, 200, 200]);
    world.change_app(&forms[2], |app| app.disabled = true).await;
    assert_eq!(statuses().await, [401, 401, 401]);
    world.change_app("service", |app| app.disabled = false).await;
    assert_eq!(statuses().await, [200, 200, 200]);
    let (id, now) = (service.id.clone(), world.now());
    assert!(world.sigma.store.write(move |tx| app::remove(tx, &id, now)).await.unwrap());
    assert_eq!(statuses().await, [401, 401, 401]);
    let another = App { id: AppId::new(world.now(), &*world.sigma.rng), ..service };
    let added = world.sigma.store.write(move |tx| app::add(tx, &another)).await.unwrap();
    assert_eq!(added, app::Added::ClientIdTaken);
}

#[tokio::test]
async fn a_user_signs_out_of_an_app_that_names_itself_by_either_form() {
    let world = World::new().await;
    for form in forms(&world, APP).await {
        let browser = world.browser();
        browser.sign_up(&Key::named(&form)).await;
        let hint = browser.tokens("openid").await["id_token"].as_str().unwrap().to_owned();
        let query = query(&[
            ("id_token_hint", &hint),
            ("client_id", &form),
            ("post_logout_redirect_uri", "https://app.example.org/bye"),
        ]);
        let answer = browser.get(&format!("/api/auth/oauth2/end-session?{query}")).await;
        assert_eq!(answer.location(), "https://app.example.org/bye", "{form}");
        let request = [("client_id", form.as_str()), ("id_token_hint", &hint), ("prompt", "none")];
        assert_eq!(browser.authorize(&request).await.param("error").unwrap(), "login_required", "{form}");
    }
}

#[tokio::test]
async fn a_member_logs_in_to_a_workspace_by_slug_or_id_and_a_foreign_slug_finds_nothing() {
    let world = World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.limits.delays = false;
    })
    .await;
    let (acme, zeta) = (world.org("Acme").await, world.org("Zeta").await);
    set_slug(&world, &acme, "acme").await;
    set_slug(&world, &zeta, "zeta").await;
    acme.add("ada@example.org", &acme.admin).await;
    let log_in = async |workspace: &str| {
        let body = json!({"email": "ada@example.org", "password": PASSWORD, "workspaceId": workspace});
        let answer = world.call(As::Nobody, "POST", "/api/v1/auth/login", &body).await;
        world.tick();
        answer
    };
    for name in ["acme", acme.org.as_str(), acme.org.digits()] {
        let answer = log_in(name).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}: {}", answer.body);
        assert_eq!(answer.json()["user"]["workspaceId"], acme.org.as_str());
        assert_eq!(claims(answer.json()["token"].as_str().unwrap())["workspaceId"], acme.org.as_str());
    }
    let foreign = log_in("zeta").await;
    assert_eq!(foreign.status, StatusCode::UNAUTHORIZED);
    for nobody in ["nowhere", zeta.org.as_str(), "", "ACME", "'; --"] {
        assert_eq!(log_in(nobody).await.body, foreign.body, "{nobody}");
    }
    set_slug(&world, &acme, "apex").await;
    assert_eq!(log_in("acme").await.body, foreign.body, "its slug is another now");
    assert_eq!(log_in("apex").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_pages_of_a_workspace_are_found_by_slug_and_tell_strangers_nothing() {
    let world = World::with_orgs().await;
    let (acme, zeta) = (world.org("Acme").await, world.org("Zeta").await);
    set_slug(&world, &acme, "acme").await;
    set_slug(&world, &zeta, "zeta").await;
    let (_, admin) = world.admin_of(&acme).await;
    assert_eq!(admin.get("/workspace/acme").await.location(), at(&acme.org, "people"));
    for name in ["acme", acme.org.digits()] {
        let page = admin.get(&format!("/workspace/{name}/people")).await;
        assert_eq!(page.status, StatusCode::OK, "{name}");
    }
    let foreign = admin.get("/workspace/zeta/people").await;
    let unknown = admin.get("/workspace/nowhere/people").await;
    assert_eq!((foreign.status, unknown.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
    let (foreign, unknown) = (without_interaction(&foreign.body), without_interaction(&unknown.body));
    assert_eq!(foreign, unknown);
    assert!(foreign.contains("You have no access to this workspace"), "{foreign}");
    // Before sign-in neither is told: both lead to the sign-in page, and from there to where they were asked for.
    for name in ["acme", "nowhere"] {
        let browser = world.browser();
        let asked = browser.get(&format!("/workspace/{name}/people")).await;
        assert!(asked.location().starts_with("/login?interaction="), "{name}: {}", asked.location());
        let form = asked.location().replace("/login?", "/login/password?");
        let entered = browser.post_form(&form, &[("email", "ada@example.org"), ("password", PASSWORD)]).await;
        assert_eq!(entered.location(), format!("/workspace/{name}/people"));
        world.tick();
    }
}

#[tokio::test]
async fn the_ids_of_the_operator_and_of_sigma_are_ids_like_all_others() {
    let world = World::new().await;
    let key = Key::named("ada");
    world.browser().sign_up(&key).await;
    let direct = world.sign(&key, "/sigma/authorize").await.json();
    let token = direct["access_token"].as_str().unwrap();
    assert_eq!(claims(token)["client_id"], "sigma");
    assert_eq!(world.get_with_token(USERINFO, token).await.status, StatusCode::OK);
    let owner = "SELECT COUNT(*) FROM grants WHERE app_id = 'app_000000000000000000000001'";
    let rows = world.sigma.store.read(move |tx| tx.query_opt(owner, &[])?.unwrap().int(0)).await.unwrap();
    assert_eq!(rows, 1);
}
