//! Apps are told of the end of sessions (OpenID Connect Back-Channel Logout 1.0, `docs/spec/oidc.md#back-channel-logout`). What
//! the modules of the official suite demand stands in tests of their names.

use serde_json::{Value, json};
use sigma_core::app::App;
use sigma_core::backchannel::{BackchannelLogout, LogoutUri};
use sigma_core::ids::{ClientId, SessionId, UserId};
use sigma_core::jose::{TokenKind, UnverifiedJws};
use sigma_core::params::Params;
use sigma_server::backchannel;
use sigma_server::jobs::delete_accounts;
use sigma_store::logout::{self, LogoutLine};
use sigma_store::{session, user};

use crate::support::forge::header;
use crate::support::receiver::{Received, Receiver as Endpoint};
use crate::support::{APP, Browser, Key, World, ada, claims, query, text};

const END_SESSION: &str = "/api/auth/oauth2/end-session";
const BYE: &str = "https://app.example.org/bye";
const NEW: &str = "a wholly new password";

impl Received {
    /// The claims of the logout token.
    fn claims(&self) -> Value {
        claims(Params::parse(&self.body).get("logout_token").unwrap_or_else(|| panic!("no token in {}", self.body)))
    }
}

impl Endpoint {
    /// The sessions that it was told of since the last call.
    fn sessions(&self) -> Vec<String> {
        let mut told: Vec<_> = self.received().iter().map(|one| text(&one.claims(), "sid").to_owned()).collect();
        told.sort_unstable();
        told
    }

    fn registered(&self) -> BackchannelLogout {
        let uri = LogoutUri::register(&format!("{}/logout?tenant=1", self.origin)).unwrap();
        BackchannelLogout { uri, session_required: true }
    }
}

/// A world that may call this machine, and the endpoint of `playground`.
async fn world() -> (World, Endpoint) {
    let world = World::with(|settings| {
        settings.outbound.allow = vec!["127.0.0.0/8".parse().unwrap()];
        settings.passwords.memory_kib = 64;
    })
    .await;
    let endpoint = Endpoint::serve().await;
    world.change_app(APP, |app| app.backchannel_logout = Some(endpoint.registered())).await;
    (world, endpoint)
}

impl World {
    /// Tells apps what is due until nothing is.
    async fn tell(&self) {
        while backchannel::deliver_due(&self.sigma).await.unwrap() > 0 {}
    }

    async fn log(&self, app: &App) -> Vec<LogoutLine> {
        let id = app.id.clone();
        self.sigma.store.read(move |tx| logout::log(tx, &id, 500)).await.unwrap()
    }
}

/// A session in which `playground` was given tokens: who, which one, and the ID token.
async fn takes_part(browser: &Browser<'_>) -> (UserId, String, String) {
    let id_token = text(&browser.tokens("openid").await, "id_token").to_owned();
    let about = claims(&id_token);
    (UserId::from_text(text(&about, "sub")), text(&about, "sid").to_owned(), id_token)
}

async fn sign_out(browser: &Browser<'_>) {
    assert_eq!(browser.post_json("/api/auth/sign-out", &json!({})).await.status, 200);
}

#[tokio::test]
async fn oidcc_backchannel_logout_discovery_endpoint_verification() {
    let world = World::new().await;
    let document = world.browser().get("/.well-known/openid-configuration").await.json();
    assert_eq!(document["backchannel_logout_supported"], true);
    assert_eq!(document["backchannel_logout_session_supported"], true);
    assert!(text(&document, "end_session_endpoint").starts_with("https://"));
    assert!(document["claims_supported"].as_array().unwrap().contains(&json!("sid")));
}

#[tokio::test]
async fn oidcc_backchannel_rp_initiated_logout() {
    let (world, endpoint) = world().await;
    let browser = ada(&world).await;
    let (_, sid, id_token) = takes_part(&browser).await;
    let hint = claims(&id_token);
    let params = [("id_token_hint", id_token.as_str()), ("post_logout_redirect_uri", BYE), ("state", "xyz")];
    let left = browser.get(&format!("{END_SESSION}?{}", query(&params))).await;
    assert_eq!(left.location(), format!("{BYE}?state=xyz"), "the state, and nothing else");
    world.tell().await;
    let received = endpoint.received();
    let [request] = &received[..] else { panic!("{} requests", received.len()) };
    assert_eq!(request.uri, "/logout?tenant=1");
    assert_eq!(request.headers["content-type"], "application/x-www-form-urlencoded");
    let form = Params::parse(&request.body);
    assert_eq!(form.pairs().iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["logout_token"]);
    let token = form.get("logout_token").unwrap();
    let signed = header(token);
    assert_eq!((&signed["alg"], &signed["typ"]), (&json!("RS256"), &json!("logout+jwt")), "as its ID tokens");
    let ring = world.sigma.keys.ring(&world.sigma.master_key).await;
    let key = ring.verifier(text(&signed, "kid")).unwrap();
    assert!(UnverifiedJws::parse(token).unwrap().verify_as(TokenKind::Logout, key).is_ok());
    let told = claims(token);
    let now = world.now().seconds();
    assert_eq!((&told["iss"], &told["aud"]), (&json!("https://id.example.org"), &json!(APP)));
    assert_eq!((&told["sub"], &told["sid"]), (&hint["sub"], &json!(sid)));
    assert_eq!((&told["iat"], &told["exp"]), (&json!(now), &json!(now + 120)));
    assert!(text(&told, "jti").len() > 16);
    assert_eq!(told["events"], json!({"http://schemas.openid.net/event/backchannel-logout": {}}));
    assert_eq!(told.get("nonce"), None);
    assert_eq!(told.as_object().unwrap().len(), 8, "{told}");
    let silent = browser.authorize(&[("prompt", "none")]).await;
    assert!(silent.sent_error().starts_with("login_required"), "{}", silent.location());
    world.tell().await;
    assert!(endpoint.received().is_empty(), "once");
}

#[tokio::test]
async fn whatever_ends_a_session_tells_the_apps_that_take_part_in_it() {
    let (world, endpoint) = world().await;
    let (key, now) = (Key::named("ada"), || world.now());
    world.browser().sign_up(&key).await;
    let begin = async || {
        let browser = world.browser();
        assert_eq!(browser.sign_in(&key).await.status, 200);
        let (user_id, sid, id_token) = takes_part(&browser).await;
        (browser, user_id, sid, id_token)
    };
    let told = async |expected: &[&str], how: &str| {
        world.tell().await;
        let mut expected: Vec<_> = expected.iter().map(|sid| (*sid).to_owned()).collect();
        expected.sort_unstable();
        assert_eq!(endpoint.sessions(), expected, "{how}");
    };
    let (browser, _, sid, _) = begin().await;
    sign_out(&browser).await;
    told(&[&sid], "by the API").await;
    let (browser, _, sid, _) = begin().await;
    assert_eq!(browser.post_form("/sign-out", &[]).await.status, 303);
    told(&[&sid], "on the front page").await;
    let (browser, _, sid, _) = begin().await;
    browser.post_form(&format!("{END_SESSION}/confirm"), &[("confirm", "true")]).await;
    told(&[&sid], "after a request without a hint").await;
    let (browser, _, here, _) = begin().await;
    let (_other, _, there, _) = begin().await;
    assert_eq!(browser.post_form("/sessions/revoke", &[("id", &there)]).await.status, 303);
    told(&[&there], "on the account page").await;
    let (_other, _, there, _) = begin().await;
    assert_eq!(browser.post_json("/api/auth/revoke-other-sessions", &json!({})).await.status, 200);
    told(&[&there], "all others").await;
    let (_other, user_id, there, _) = begin().await;
    let (owner, at) = (user_id.clone(), now());
    world.sigma.store.write(move |tx| session::end_all(tx, &owner, None, at)).await.unwrap();
    told(&[&here, &there], "by the operator").await;
    let (browser, _, sid, _) = begin().await;
    let (owner, at) = (user_id.clone(), now());
    world.sigma.store.write(move |tx| user::set_disabled(tx, &owner, true, at)).await.unwrap();
    told(&[&sid], "by disabling the account").await;
    let (owner, at) = (user_id.clone(), now());
    world.sigma.store.write(move |tx| user::set_disabled(tx, &owner, false, at)).await.unwrap();
    sign_out(&browser).await;
    told(&[], "the app took no part in what was left").await;
    let (browser, _, sid, _) = begin().await;
    let other = Key::named("bob");
    browser.sign_up(&other).await;
    told(&[&sid], "another account in the same browser").await;
    let (browser, _, here, _) = begin().await;
    let (_other, _, there, _) = begin().await;
    assert_eq!(browser.post_form("/account/delete", &[("confirm", "delete")]).await.status, 303);
    told(&[&there], "the request to delete the account").await;
    world.advance(8 * 86_400);
    delete_accounts(world.sigma.clone()).await.unwrap();
    world.tell().await;
    assert_eq!(endpoint.sessions(), Vec::<String>::from([here]), "the deletion");
}

#[tokio::test]
async fn a_password_reset_tells_the_apps() {
    let (world, endpoint) = world().await;
    world.person("ada@example.org").await;
    let browser = world.entered("ada@example.org").await;
    let (_, sid, _) = takes_part(&browser).await;
    let forgot = world.browser().post_form("/password/forgot", &[("email", "ada@example.org")]).await;
    assert_eq!(forgot.status, 303);
    let link = world.mail().await.link.unwrap();
    let form = [("token", link.split_once('=').unwrap().1), ("password", NEW), ("again", NEW)];
    assert_eq!(world.browser().post_form("/password/reset", &form).await.status, 303);
    world.tell().await;
    assert_eq!(endpoint.sessions(), [sid]);
}

#[tokio::test]
async fn only_apps_that_were_given_a_token_in_the_session_are_told() {
    let (world, endpoint) = world().await;
    let other = Endpoint::serve().await;
    for (id, registered) in [("other", Some(other.registered())), ("silent", None), ("away", Some(other.registered()))]
    {
        world.add_app(|app| (app.client_id, app.backchannel_logout) = (ClientId::from_text(id), registered)).await;
    }
    let browser = ada(&world).await;
    let (_, sid, _) = takes_part(&browser).await;
    // A second grant of the same app, one of another app, and a code that nobody redeemed.
    takes_part(&browser).await;
    for id in ["other", "silent"] {
        let code = browser.code(&[("client_id", id)]).await;
        assert_eq!(world.exchange(&code, &[("client_id", id)]).await.status, 200);
    }
    browser.code(&[("client_id", "away")]).await;
    sign_out(&browser).await;
    world.tell().await;
    assert_eq!(endpoint.sessions(), [sid.as_str()], "once per app and session");
    let received = other.received();
    assert_eq!(received.len(), 1);
    assert_eq!((&received[0].claims()["aud"], &received[0].claims()["sid"]), (&json!("other"), &json!(sid)));
    // An app that was disabled or removed, or wants to be told no more, is not.
    for change in ["disabled", "unset", "removed"] {
        browser.sign_in(&Key::named("ada")).await;
        let code = browser.code(&[("client_id", "other")]).await;
        assert_eq!(world.exchange(&code, &[("client_id", "other")]).await.status, 200);
        sign_out(&browser).await;
        let app = world.app("other").await;
        match change {
            "disabled" => world.change_app("other", |app| app.disabled = true).await,
            "unset" => world.change_app("other", |app| app.backchannel_logout = None).await,
            _ => {
                let (id, now) = (app.id.clone(), world.now());
                assert!(world.sigma.store.write(move |tx| sigma_store::app::remove(tx, &id, now)).await.unwrap());
            }
        }
        world.tell().await;
        assert!(other.received().is_empty(), "{change}");
        if change != "removed" {
            assert!(world.log(&app).await[0].ended_at.is_some());
            world
                .change_app("other", |app| (app.disabled, app.backchannel_logout) = (false, Some(other.registered())))
                .await;
        }
    }
}

#[tokio::test]
async fn a_refresh_token_without_offline_access_does_not_outlive_the_session_and_one_with_it_does() {
    let (world, endpoint) = world().await;
    let browser = ada(&world).await;
    let offline = browser.tokens("openid offline_access").await;
    let bound = browser.tokens("openid").await;
    sign_out(&browser).await;
    world.tell().await;
    assert_eq!(endpoint.received().len(), 1);
    assert_eq!(bound.get("refresh_token"), None);
    assert_eq!(world.userinfo_status(text(&bound, "access_token")).await, 401);
    assert_eq!(world.refresh(text(&offline, "refresh_token"), &[]).await.status, 200);
}

#[tokio::test]
async fn an_endpoint_that_fails_is_tried_again_later_each_time_with_another_token() {
    let (world, endpoint) = world().await;
    let browser = ada(&world).await;
    takes_part(&browser).await;
    endpoint.answer(Some(503));
    sign_out(&browser).await;
    let mut tokens = Vec::new();
    for wait in [0, 10, 30, 90] {
        if wait > 0 {
            world.advance(wait - 1);
            world.tell().await;
            assert!(endpoint.received().is_empty(), "{wait}");
        }
        world.advance(1);
        world.tell().await;
        let received = endpoint.received();
        assert_eq!(received.len(), 1, "{wait}");
        tokens.push(text(&received[0].claims(), "jti").to_owned());
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 4);
    let app = world.app(APP).await;
    let [line] = &world.log(&app).await[..] else { panic!("one line") };
    assert_eq!((line.attempts, line.status, line.ended_at), (4, Some(503), None));
    endpoint.answer(Some(204));
    world.advance(270);
    world.tell().await;
    let [line] = &world.log(&app).await[..] else { panic!("one line") };
    assert_eq!((line.attempts, line.status, line.error.as_deref()), (5, Some(204), None));
    assert_eq!(line.ended_at, Some(world.now()));
    world.advance(3_600);
    endpoint.received();
    world.tell().await;
    assert!(endpoint.received().is_empty());
}

#[tokio::test]
async fn an_end_is_worth_telling_for_a_day() {
    let (world, endpoint) = world().await;
    let browser = ada(&world).await;
    takes_part(&browser).await;
    endpoint.answer(Some(500));
    sign_out(&browser).await;
    for _ in 0..40 {
        world.tell().await;
        world.advance(3_600);
    }
    let attempts = endpoint.received().len();
    assert!((24..=32).contains(&attempts), "{attempts}");
    let app = world.app(APP).await;
    assert!(world.log(&app).await[0].ended_at.is_some());
    world.advance(8 * 86_400);
    let store = world.sigma.store.clone();
    tokio::task::spawn_blocking(move || store.sweep_once().unwrap()).await.unwrap();
    assert!(world.log(&app).await.is_empty(), "the log is kept for a week");
}

#[tokio::test]
async fn a_token_that_an_app_refuses_holds_up_no_others() {
    let (world, endpoint) = world().await;
    let (first, second) = (world.browser(), world.browser());
    first.sign_up(&Key::named("ada")).await;
    second.sign_up(&Key::named("bob")).await;
    let (_, one, _) = takes_part(&first).await;
    let (_, two, _) = takes_part(&second).await;
    endpoint.answer(Some(400));
    sign_out(&first).await;
    sign_out(&second).await;
    world.tell().await;
    let mut both = [one, two];
    both.sort_unstable();
    assert_eq!(endpoint.sessions(), both, "both were tried");
    endpoint.answer(Some(200));
    let third = world.browser();
    third.sign_up(&Key::named("eve")).await;
    let (_, sid, _) = takes_part(&third).await;
    sign_out(&third).await;
    world.tell().await;
    assert_eq!(endpoint.sessions(), [sid], "at once, although the others wait");
    endpoint.answer(Some(400));
    for _ in 0..6 {
        world.advance(3_600);
        world.tell().await;
    }
    assert_eq!(endpoint.received().len(), 8, "and given up after five refusals each");
}

#[tokio::test]
async fn an_endpoint_that_hangs_hurts_nobody_else() {
    let (world, endpoint) = world().await;
    let hanging = Endpoint::serve().await;
    hanging.answer(None);
    world
        .add_app(|app| {
            (app.client_id, app.backchannel_logout) = (ClientId::from_text("slow"), Some(hanging.registered()));
        })
        .await;
    let mut sessions = Vec::new();
    for person in ["ada", "bob", "eve"] {
        let browser = world.browser();
        browser.sign_up(&Key::named(person)).await;
        sessions.push(takes_part(&browser).await.1);
        let code = browser.code(&[("client_id", "slow")]).await;
        assert_eq!(world.exchange(&code, &[("client_id", "slow")]).await.status, 200);
        // Nobody tells anybody meanwhile, so whoever signs out does not wait.
        sign_out(&browser).await;
    }
    world.tell().await;
    sessions.sort_unstable();
    assert_eq!(endpoint.sessions(), sessions);
    assert_eq!(hanging.received().len(), 1, "the others of its queue wait with it");
    let slow = world.app("slow").await;
    let log = world.log(&slow).await;
    assert_eq!(log.iter().filter(|line| line.error.as_deref() == Some("the server took too long")).count(), 1);
    hanging.answer(Some(200));
    world.advance(10);
    world.tell().await;
    assert_eq!(hanging.sessions(), sessions);
}

#[tokio::test]
async fn apps_take_turns_however_much_waits_for_each() {
    let (world, endpoint) = world().await;
    let names: Vec<String> = (0..9).map(|number| format!("app-{number}")).collect();
    for name in &names {
        let registered = Some(endpoint.registered());
        world.add_app(|app| (app.client_id, app.backchannel_logout) = (ClientId::from_text(name), registered)).await;
    }
    let browser = ada(&world).await;
    for _ in 0..6 {
        for name in &names {
            let code = browser.code(&[("client_id", name)]).await;
            assert_eq!(world.exchange(&code, &[("client_id", name)]).await.status, 200);
        }
        sign_out(&browser).await;
        browser.sign_in(&Key::named("ada")).await;
    }
    let mut told = Vec::new();
    for _ in 0..2 {
        assert!(backchannel::deliver_due(&world.sigma).await.unwrap() > 0);
        told.extend(endpoint.received().iter().map(|one| text(&one.claims(), "aud").to_owned()));
        world.advance(1);
    }
    // Eight at once, in the order of their ids, with more left for each: then the ninth comes before any of them comes again.
    assert!(told.contains(&names[8]), "{told:?}");
    world.tell().await;
    told.extend(endpoint.received().iter().map(|one| text(&one.claims(), "aud").to_owned()));
    assert_eq!(told.len(), 54);
}

#[tokio::test]
async fn an_address_that_is_not_public_is_not_called_unless_the_operator_allows_its_network() {
    let world = World::new().await;
    let endpoint = Endpoint::serve().await;
    world.change_app(APP, |app| app.backchannel_logout = Some(endpoint.registered())).await;
    let browser = ada(&world).await;
    takes_part(&browser).await;
    sign_out(&browser).await;
    world.tell().await;
    assert!(endpoint.received().is_empty());
    let app = world.app(APP).await;
    assert_eq!(world.log(&app).await[0].error.as_deref(), Some("the address is not an https URL"));
    let private = LogoutUri::register("https://10.0.0.1/logout").unwrap();
    world
        .change_app(APP, |app| {
            app.backchannel_logout = Some(BackchannelLogout { uri: private, session_required: false });
        })
        .await;
    world.advance(10);
    world.tell().await;
    assert_eq!(world.log(&app).await[0].error.as_deref(), Some("the address is not public"));
    // Apps that registered themselves have networks of their own.
    let (world, endpoint) = self::world().await;
    world.change_app(APP, |app| app.dynamic = true).await;
    let browser = ada(&world).await;
    takes_part(&browser).await;
    sign_out(&browser).await;
    world.tell().await;
    assert!(endpoint.received().is_empty());
}

#[tokio::test]
async fn two_processes_tell_an_app_once() {
    let (one, endpoint) = world().await;
    let other = one.beside().await;
    let mut sessions = Vec::new();
    for round in 0..5 {
        let browser = one.browser();
        browser.sign_up(&Key::named(&format!("person {round}"))).await;
        sessions.push(takes_part(&browser).await.1);
        sign_out(&browser).await;
    }
    futures_util::future::join(one.tell(), other.tell()).await;
    sessions.sort_unstable();
    assert_eq!(endpoint.sessions(), sessions);
    let app = one.app(APP).await;
    assert!(one.log(&app).await.iter().all(|line| line.ended_at.is_some() && line.attempts == 1));
}

#[tokio::test]
async fn the_queue_of_a_process_that_died_is_taken_over() {
    let (world, endpoint) = world().await;
    let browser = ada(&world).await;
    let (_, sid, _) = takes_part(&browser).await;
    sign_out(&browser).await;
    let now = world.now();
    let taken = world.sigma.store.write(move |tx| logout::take(tx, now, 10)).await.unwrap();
    assert_eq!(taken.len(), 1, "by a process that does no more");
    world.tell().await;
    assert!(endpoint.received().is_empty());
    world.advance(logout::LEASE.as_secs());
    world.tell().await;
    assert_eq!(endpoint.sessions(), [sid]);
}

#[tokio::test]
async fn what_an_app_is_told_leaves_a_bounded_log() {
    let (world, endpoint) = world().await;
    let app = world.app(APP).await;
    let (id, now) = (app.id.clone(), world.now());
    let fill = world.sigma.store.write(move |tx| {
        for number in 0..300_i64 {
            tx.execute(
                "INSERT INTO logouts (app_id, session_id, user_id, created_at, next_at, attempts, ended_at, status,
                    delete_after)
                 VALUES ($1, $2, 'user_x', $3, 0, 1, $3, 200, $4)",
                sigma_store::params![&id, format!("ses_{number}"), now, now.plus(std::time::Duration::from_hours(24))],
            )?;
        }
        Ok(())
    });
    fill.await.unwrap();
    let browser = ada(&world).await;
    let (_, sid, _) = takes_part(&browser).await;
    sign_out(&browser).await;
    world.tell().await;
    let log = world.log(&app).await;
    assert_eq!((log.len(), &log[0].session_id), (200, &SessionId::from_text(&*sid)));
    assert_eq!(endpoint.received().len(), 1);
}
