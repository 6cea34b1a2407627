//! What a token may do: rulings 6 to 10.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sigma_core::app::AuthMethod;
use sigma_core::jose::{Algorithm, TokenKind};

use crate::support::client::{INTROSPECT, ISSUER, REVOKE, TOKEN, USERINFO, basic};
use crate::support::forge::{claims, with};
use crate::support::{APP, Browser, Key, World};

const API: &str = "https://api.example.org/v1";
const OTHER_API: &str = "https://other.example.org/";

/// A browser in which Ada is signed in.
async fn ada(world: &World) -> Browser<'_> {
    let browser = world.browser();
    assert_eq!(browser.sign_up(&Key::named("ada")).await.status, 200);
    browser
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}"))
}

/// Tells of a request whether it was taken further than the check of the hint.
async fn hint_at_authorize(browser: &Browser<'_>, token: &str) -> String {
    let answer = browser.authorize(&[("id_token_hint", token)]).await;
    answer.param("code").map_or_else(|| answer.sent_error(), |_| "taken".to_owned())
}

#[tokio::test]
async fn each_kind_of_jwt_is_taken_only_where_it_belongs() {
    let world = World::new().await;
    world.add_confidential_app("service", AuthMethod::ClientSecretBasic, "secret").await;
    let service = basic("service", "secret");
    let browser = ada(&world).await;
    let code = browser.code(&[("client_id", "service"), ("scope", "openid profile")]).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", crate::support::REDIRECT),
        ("code_verifier", crate::support::VERIFIER),
    ];
    let tokens = world.post_form(TOKEN, &form, &[("authorization", &service)]).await.json();
    let real = text(&tokens, "access_token");
    // Every claim that any kind has: only the kind tells them apart.
    let all = with(&claims(real), &json!({"acr": "1", "amr": ["pop"], "nonce": "n", "events": {}}));
    let mut table = String::new();
    for kind in TokenKind::ALL {
        // The id token's check of `aud` is another than the access token's, so each gets what it would take.
        let for_us =
            world.forge(kind, Algorithm::ES256, &with(&all, &json!({"jti": format!("tok_{}", kind.typ())}))).await;
        let for_app = with(&all, &json!({"aud": "service"}));
        let for_app = world.forge(kind, Algorithm::RS256, &for_app).await;
        let form = [("token", for_us.as_str())];
        let introspected = world.post_form(INTROSPECT, &form, &[("authorization", &service)]).await.json();
        let by_form = world.post_form(USERINFO, &[("access_token", &for_us)], &[]).await.status.as_u16();
        let session = world.get_with_token("/api/auth/get-session", &for_us).await;
        let direct = world.get_with_token("/api/auth/token", &for_us).await;
        let other = world.browser();
        other.sign_in(&Key::named("ada")).await;
        let hint = other.authorize(&[("client_id", "service"), ("id_token_hint", &for_app)]).await;
        let hint = hint.param("code").map_or_else(|| hint.sent_error(), |_| "taken".to_owned());
        let uri = format!("/api/auth/oauth2/end-session?id_token_hint={for_app}");
        let ended = if other.get(&uri).await.header("set-cookie").contains("Max-Age=0") { "ended" } else { "asked" };
        writeln!(
            table,
            "{}: userinfo {} {by_form}, introspected {}, session {} {}, hint {hint}, end-session {ended}",
            kind.typ(),
            world.userinfo_status(&for_us).await,
            introspected["active"],
            session.body,
            direct.status.as_u16(),
        )
        .unwrap();
    }
    insta::assert_snapshot!(table);
    for kind in TokenKind::ALL {
        let forged = world.forge(kind, Algorithm::ES256, &all).await;
        assert_eq!(world.userinfo_status(real).await, 200, "before {}", kind.typ());
        if kind != TokenKind::Access {
            let revoked = world.post_form(REVOKE, &[("token", &forged)], &[("authorization", &service)]).await;
            assert_eq!((revoked.status.as_u16(), revoked.body.as_str()), (200, ""));
            assert_eq!(world.userinfo_status(real).await, 200, "after {}", kind.typ());
        }
    }
}

#[tokio::test]
async fn neither_an_id_token_nor_a_session_token_is_an_access_token() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid profile").await;
    let session = browser.get("/api/auth/token").await.json();
    assert_eq!(world.userinfo_status(text(&tokens, "access_token")).await, 200);
    for token in [text(&tokens, "id_token"), text(&session, "token")] {
        let answer = world.get_with_token(USERINFO, token).await;
        assert_eq!(answer.error(), "401 invalid_token: Invalid access token");
    }
    let refused = hint_at_authorize(&browser, text(&tokens, "access_token")).await;
    assert_eq!(refused, "invalid_request: id_token_hint is not valid");
    assert_eq!(hint_at_authorize(&browser, text(&tokens, "id_token")).await, "taken");
}

#[tokio::test]
async fn the_audience_is_what_was_asked_for_and_the_issuer_when_openid_is_granted() {
    let world = World::new().await;
    world.add_resource(API).await;
    world.add_resource(OTHER_API).await;
    let browser = ada(&world).await;
    let aud = async |scope: &str, resources: &[&str]| {
        let query = Browser::request(&[("scope", scope)]);
        let more = resources.iter().fold(String::new(), |more, uri| more + "&resource=" + uri);
        let answer = browser.agree(browser.get(&format!("{query}{more}")).await).await;
        let Some(code) = answer.param("code") else { return json!(answer.sent_error()) };
        let tokens = world.exchange(&code, &[]).await.json();
        let token = text(&tokens, "access_token").to_owned();
        json!([claims(&token)["aud"], world.userinfo_status(&token).await])
    };
    assert_eq!(aud("openid profile", &[]).await, json!([ISSUER, 200]));
    assert_eq!(aud("openid", &[API]).await, json!([[API, ISSUER], 200]));
    assert_eq!(aud("openid", &[API, OTHER_API]).await, json!([[API, OTHER_API, ISSUER], 200]));
    assert_eq!(aud("openid", &[API, API]).await, json!([[API, ISSUER], 200]), "each audience stands once");
    // Without openid the token is not meant for us.
    assert_eq!(aud("profile", &[API]).await, json!([API, 401]));
    assert_eq!(aud("profile", &[API, OTHER_API]).await, json!([[API, OTHER_API], 401]));
    for wrong in ["https://nobody.example.org/", "https://api.example.org/v1/", "https://api.example.org/V1", "urn:x"] {
        assert_eq!(
            aud("openid", &[API, wrong]).await,
            json!("invalid_target: the client may not ask for this resource")
        );
    }
    let many: Vec<String> = (0..17).map(|number| format!("https://api.example.org/{number}")).collect();
    for uri in &many {
        world.add_resource(uri).await;
    }
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(aud("openid", &many).await, json!("invalid_target: too many resources"));
    assert_eq!(aud("openid", &many[1..]).await[1], 200);
    let foreign = aud("openid", &["https://api.example.org/v1%00"]).await;
    assert_eq!(foreign, json!("invalid_request: parameters must not hold NUL"));
}

#[tokio::test]
async fn the_token_endpoint_narrows_the_audience_and_never_widens_it() {
    let world = World::new().await;
    world.add_resource(API).await;
    world.add_resource(OTHER_API).await;
    let browser = ada(&world).await;
    let scope = "openid profile offline_access";
    let code = async || {
        let query = format!("{}&resource={API}&resource={OTHER_API}", Browser::request(&[("scope", scope)]));
        browser.agree(browser.get(&query).await).await.param("code").unwrap()
    };
    let narrowed = world.exchange(&code().await, &[("resource", API)]).await.json();
    assert_eq!(claims(text(&narrowed, "access_token"))["aud"], json!([API, ISSUER]));
    // The grant still has both.
    let refresh = text(&narrowed, "refresh_token");
    let refreshed = world.refresh(refresh, &[]).await.json();
    assert_eq!(claims(text(&refreshed, "access_token"))["aud"], json!([API, OTHER_API, ISSUER]));
    let again = world.refresh(text(&refreshed, "refresh_token"), &[("resource", OTHER_API)]).await.json();
    assert_eq!(claims(text(&again, "access_token"))["aud"], json!([OTHER_API, ISSUER]));
    let wider = world.refresh(text(&again, "refresh_token"), &[("resource", ISSUER)]).await;
    assert_eq!(wider.error(), "400 invalid_target: the resource was not granted");

    let burnt = code().await;
    let refused = world.exchange(&burnt, &[("resource", "https://nobody.example.org/")]).await;
    assert_eq!(refused.error(), "400 invalid_target: the resource was not granted");
    assert_eq!(world.exchange(&burnt, &[]).await.error(), "400 invalid_grant: invalid code");
    let unasked = browser.code(&[]).await;
    let refused = world.exchange(&unasked, &[("resource", API)]).await;
    assert_eq!(refused.error(), "400 invalid_target: the resource was not granted");
}

#[tokio::test]
async fn a_token_of_an_app_for_itself_names_registered_audiences_alone() {
    let world = World::new().await;
    world.add_resource(API).await;
    world.add_confidential_app("service", AuthMethod::ClientSecretBasic, "secret").await;
    world.allow("service", API).await;
    let service = basic("service", "secret");
    let ask = async |body: &str| {
        let request = http::Request::post(TOKEN)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", &service);
        world.send(request.body(format!("grant_type=client_credentials{body}").into()).unwrap()).await
    };
    let bare = ask("").await.json();
    assert_eq!(claims(text(&bare, "access_token"))["aud"], ISSUER);
    let one = ask(&format!("&resource={API}&resource={API}&scope=openid+email+profile+offline_access")).await.json();
    let token = claims(text(&one, "access_token"));
    assert_eq!((&token["aud"], &one["scope"]), (&json!(API), &json!("")));
    for personal in ["gid", "sid", "name", "email", "pubkey", "auth_time"] {
        assert!(token.get(personal).is_none(), "{personal}");
    }
    assert_eq!(ask("&resource=urn:nobody").await.error(), "400 invalid_target: the resource was not granted");
    // No extractor takes it for a person.
    let token = text(&bare, "access_token");
    let refused = world.get_with_token(USERINFO, token).await;
    assert_eq!(refused.error(), "403 insufficient_scope: Missing required scope");
    assert_eq!(world.get_with_token("/api/auth/get-session", token).await.body, "null");
    assert_eq!(world.get_with_token("/api/auth/list-sessions", token).await.status, 401);
}

#[tokio::test]
async fn a_bound_token_is_never_taken_as_bearer() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid profile").await;
    let real = claims(text(&tokens, "access_token"));
    for cnf in [json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}), json!({}), json!("x")] {
        let bound = world.forge_access(&with(&real, &json!({"cnf": cnf}))).await;
        assert_eq!(world.userinfo_status(&bound).await, 401, "{cnf}");
    }
    let same = world.forge_access(&real).await;
    assert_eq!(world.userinfo_status(&same).await, 200);
}

#[tokio::test]
async fn an_app_has_a_shorter_life_of_its_tokens_and_never_a_longer() {
    let world = World::new().await;
    let browser = ada(&world).await;
    world.change_app(APP, |app| app.access_seconds = Some(600)).await;
    let tokens = browser.tokens("openid").await;
    let token = text(&tokens, "access_token").to_owned();
    let life = claims(&token);
    assert_eq!(life["exp"].as_i64().unwrap() - life["iat"].as_i64().unwrap(), 600);
    assert_eq!((&tokens["expires_in"], &tokens["expires_at"]), (&json!(600), &life["exp"]));
    world.advance(599);
    assert_eq!(world.userinfo_status(&token).await, 200);
    world.advance(1);
    assert_eq!(world.userinfo_status(&token).await, 401);
    // The keys that verify are kept for as long as the longest life that the operator set.
    world.change_app(APP, |app| app.access_seconds = Some(2_592_001)).await;
    assert_eq!(browser.tokens("openid").await["expires_in"], 2_592_000);
}

#[tokio::test]
async fn signing_out_ends_grants_of_the_session_but_not_offline_ones() {
    let world = World::new().await;
    world.add_confidential_app("service", AuthMethod::ClientSecretBasic, "secret").await;
    let browser = ada(&world).await;
    let online = browser.tokens("openid profile").await;
    let code = browser.code(&[("scope", "openid profile offline_access"), ("nonce", "n")]).await;
    let offline = world.exchange(&code, &[]).await.json();
    assert!(online.get("refresh_token").is_none());
    assert_eq!(claims(text(&online, "access_token"))["sid"], claims(text(&offline, "access_token"))["sid"]);
    assert_ne!(claims(text(&online, "access_token"))["gid"], claims(text(&offline, "access_token"))["gid"]);
    assert_eq!(browser.post_json("/api/auth/sign-out", &json!({})).await.status, 200);
    assert_eq!(world.userinfo_status(text(&online, "access_token")).await, 401);
    assert_eq!(world.userinfo_status(text(&offline, "access_token")).await, 200);
    world.advance(29 * 86_400);
    let refreshed = world.refresh(text(&offline, "refresh_token"), &[]).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
    let refreshed = refreshed.json();
    // A refresh is no authentication (ruling 19).
    let (before, after) = (claims(text(&offline, "id_token")), claims(text(&refreshed, "id_token")));
    for same in ["sub", "sid", "auth_time", "acr", "amr", "aud"] {
        assert_eq!(before[same], after[same], "{same}");
    }
    assert_eq!((&before["nonce"], after.get("nonce")), (&json!("n"), None), "it answers no request of a browser");
    assert_eq!(world.userinfo_status(text(&refreshed, "access_token")).await, 200);
}

#[tokio::test]
async fn signing_in_as_another_person_signs_the_first_one_out() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let online = browser.tokens("openid profile").await;
    let offline = browser.tokens("openid profile offline_access").await;
    let elsewhere = world.browser();
    elsewhere.sign_in(&Key::named("ada")).await;
    let of_elsewhere = elsewhere.tokens("openid profile").await;
    assert_eq!(browser.sign_up(&Key::named("bob")).await.status, 200);
    assert_eq!(world.userinfo_status(text(&online, "access_token")).await, 401);
    assert_eq!(world.userinfo_status(text(&offline, "access_token")).await, 200);
    assert_eq!(world.userinfo_status(text(&of_elsewhere, "access_token")).await, 200, "in this browser alone");
    // The same person again is the same session.
    let of_bob = browser.tokens("openid profile").await;
    browser.sign_in(&Key::named("bob")).await;
    assert_eq!(world.userinfo_status(text(&of_bob, "access_token")).await, 200);
}

#[tokio::test]
async fn a_dead_grant_is_invalid_grant() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid offline_access").await;
    let form = [("token", text(&tokens, "access_token")), ("client_id", APP)];
    assert_eq!(world.post_form(REVOKE, &form, &[]).await.status, 200);
    let refused = world.refresh(text(&tokens, "refresh_token"), &[]).await;
    assert_eq!(refused.error(), "400 invalid_grant: invalid refresh token");
    for unknown in ["x", "", "a\u{0}b"] {
        let refused = world.refresh(unknown, &[]).await;
        assert_eq!(refused.status, 400, "{}", refused.body);
    }
}

#[tokio::test]
async fn a_refresh_token_of_another_app_is_refused_and_revokes_nothing() {
    let world = World::new().await;
    world.add_app(|app| app.client_id = sigma_core::ids::ClientId::from_text("other")).await;
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid offline_access").await;
    let first = text(&tokens, "refresh_token");
    let foreign = [("client_id", "other")];
    assert_eq!(world.refresh(first, &foreign).await.error(), "400 invalid_grant: invalid refresh token");
    let second = world.refresh(first, &[]).await.json();
    // Neither a retry nor reuse by another app says or ends anything.
    assert_eq!(world.refresh(first, &foreign).await.error(), "400 invalid_grant: invalid refresh token");
    world.advance(60);
    assert_eq!(world.refresh(first, &foreign).await.error(), "400 invalid_grant: invalid refresh token");
    assert_eq!(world.userinfo_status(text(&second, "access_token")).await, 200);
    assert_eq!(world.refresh(text(&second, "refresh_token"), &[]).await.status, 200);
}

#[tokio::test]
async fn a_retry_is_answered_only_while_the_successor_is_unused() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid offline_access").await;
    let first = text(&tokens, "refresh_token");
    let second = world.refresh(first, &[]).await.json();
    let retried = world.refresh(first, &[]).await.json();
    assert_eq!(second["refresh_token"], retried["refresh_token"]);
    let third = world.refresh(text(&second, "refresh_token"), &[]).await.json();
    assert_eq!(world.refresh(first, &[]).await.error(), "400 invalid_grant: invalid refresh token");
    for dead in [&tokens, &second, &retried, &third] {
        assert_eq!(world.userinfo_status(text(dead, "access_token")).await, 401);
    }
    assert_eq!(world.refresh(text(&third, "refresh_token"), &[]).await.status, 400);
}

#[tokio::test]
async fn a_refresh_may_ask_for_less_and_never_for_more() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid profile offline_access").await;
    let first = text(&tokens, "refresh_token");
    for more in ["openid email", "openid profile offline_access email", "unknown"] {
        let refused = world.refresh(first, &[("scope", more)]).await;
        assert_eq!(refused.error(), "400 invalid_scope: the scope was not granted");
    }
    let less = world.refresh(first, &[("scope", "profile")]).await.json();
    assert_eq!((less["scope"].as_str(), less.get("id_token")), (Some("profile"), None));
    assert_eq!(world.userinfo_status(text(&less, "access_token")).await, 403);
    let whole = world.refresh(text(&less, "refresh_token"), &[]).await.json();
    assert_eq!(whole["scope"], "openid profile offline_access");
}

#[tokio::test]
async fn a_refresh_token_lapses() {
    let world = World::with(|settings| settings.tokens.refresh_seconds = 100).await;
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid offline_access").await;
    world.advance(99);
    let second = world.refresh(text(&tokens, "refresh_token"), &[]).await.json();
    world.advance(100);
    let lapsed = world.refresh(text(&second, "refresh_token"), &[]).await;
    assert_eq!(lapsed.error(), "400 invalid_grant: invalid refresh token");
}

#[tokio::test]
async fn another_app_leaves_a_code_untouched() {
    let world = World::new().await;
    world.add_app(|app| app.client_id = sigma_core::ids::ClientId::from_text("other")).await;
    let browser = ada(&world).await;
    let code = browser.code(&[]).await;
    for _ in 0..3 {
        let refused = world.exchange(&code, &[("client_id", "other")]).await;
        assert_eq!(refused.error(), "400 invalid_grant: invalid client_id");
    }
    let tokens = world.exchange(&code, &[]).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    // Nor does it end what came of a code that was used.
    assert_eq!(world.exchange(&code, &[("client_id", "other")]).await.error(), "400 invalid_grant: invalid client_id");
    assert_eq!(world.userinfo_status(text(&tokens.json(), "access_token")).await, 200);
}

#[tokio::test]
async fn any_other_failure_burns_the_code() {
    let world = World::new().await;
    world.add_resource(API).await;
    let browser = ada(&world).await;
    browser.code(&[]).await;
    let mut seen = String::new();
    let wrong = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXX";
    for change in [
        ("redirect_uri", "https://app.example.org/callback/"),
        ("redirect_uri", "https://app.example.org/Callback"),
        ("redirect_uri", ""),
        ("code_verifier", wrong),
        ("code_verifier", "short"),
        ("code_verifier", ""),
        ("resource", API),
    ] {
        let code = browser.code(&[]).await;
        let refused = world.exchange(&code, &[change]).await;
        writeln!(seen, "{} {:?}: {}", change.0, change.1, refused.error()).unwrap();
        let burnt = world.exchange(&code, &[]).await;
        assert_eq!(burnt.error(), "400 invalid_grant: invalid code", "after {change:?}");
    }
    let code = browser.code(&[]).await;
    world.advance(60);
    writeln!(seen, "after 60 s: {}", world.exchange(&code, &[]).await.error()).unwrap();
    let code = browser.code(&[]).await;
    world.advance(59);
    writeln!(seen, "after 59 s: {}", world.exchange(&code, &[]).await.status).unwrap();
    writeln!(seen, "unknown: {}", world.exchange("nothing", &[]).await.error()).unwrap();
    writeln!(seen, "missing: {}", world.exchange("", &[]).await.error()).unwrap();
    insta::assert_snapshot!(seen);
}

#[tokio::test]
async fn a_code_used_again_after_weeks_ends_the_grant_and_its_refreshed_tokens() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let code = browser.code(&[("scope", "openid offline_access")]).await;
    let mut tokens = world.exchange(&code, &[]).await.json();
    for _ in 0..4 {
        world.advance(14 * 86_400);
        world.sweep().await;
        tokens = world.refresh(text(&tokens, "refresh_token"), &[]).await.json();
    }
    assert_eq!(world.userinfo_status(text(&tokens, "access_token")).await, 200);
    assert_eq!(world.exchange(&code, &[]).await.error(), "400 invalid_grant: invalid code");
    assert_eq!(world.userinfo_status(text(&tokens, "access_token")).await, 401);
    assert_eq!(world.refresh(text(&tokens, "refresh_token"), &[]).await.status, 400);
}

#[tokio::test]
async fn a_code_of_a_session_that_ended_meanwhile_is_worth_nothing() {
    let world = World::new().await;
    let browser = ada(&world).await;
    for scope in ["openid", "openid offline_access"] {
        browser.sign_in(&Key::named("ada")).await;
        let code = browser.code(&[("scope", scope)]).await;
        assert_eq!(browser.post_json("/api/auth/sign-out", &json!({})).await.status, 200);
        let refused = world.exchange(&code, &[]).await;
        assert_eq!(refused.error(), "400 invalid_grant: session no longer exists");
        assert_eq!(world.exchange(&code, &[]).await.error(), "400 invalid_grant: invalid code");
    }
}

#[tokio::test]
async fn a_person_who_is_switched_off_has_no_tokens() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid offline_access").await;
    let code = browser.code(&[("scope", "openid offline_access")]).await;
    let user = sigma_core::ids::UserId::from_text(text(&claims(text(&tokens, "id_token")), "sub"));
    let now = world.now();
    let disable = move |tx: &mut dyn sigma_store::Tx| sigma_store::account::set_disabled(tx, &user, true, now);
    assert!(world.sigma.store.write(disable).await.unwrap());
    assert_eq!(world.userinfo_status(text(&tokens, "access_token")).await, 401);
    assert_eq!(
        world.refresh(text(&tokens, "refresh_token"), &[]).await.error().split(':').next(),
        Some("400 invalid_grant")
    );
    assert_eq!(world.exchange(&code, &[]).await.error(), "400 invalid_grant: session no longer exists");
}

#[tokio::test]
async fn one_code_redeemed_by_many_at_once_gives_one_grant_which_ends_as_stolen() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let code = browser.code(&[("scope", "openid offline_access")]).await;
    let answers = futures_util::future::join_all((0..32).map(|_| world.exchange(&code, &[]))).await;
    let (granted, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(granted.len(), 1);
    for answer in refused {
        assert_eq!(answer.error(), "400 invalid_grant: invalid code");
    }
    let tokens = granted[0].json();
    assert_eq!(world.userinfo_status(text(&tokens, "access_token")).await, 401);
    let refused = world.refresh(text(&tokens, "refresh_token"), &[]).await;
    assert_eq!(refused.error(), "400 invalid_grant: invalid refresh token");
}

#[tokio::test]
async fn one_request_answered_by_many_at_once_gives_one_code() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let interaction = browser.authorize(&[]).await.param("interaction").unwrap();
    let form = [("interaction", interaction.as_str()), ("accept", "true")];
    let post = || browser.post_form("/api/auth/oauth2/consent", &form);
    let answers = futures_util::future::join_all((0..16).map(|_| post())).await;
    let (sent, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 303);
    assert_eq!(sent.len(), 1);
    for answer in refused {
        assert_eq!(answer.status, 400, "{}", answer.body);
    }
    assert_eq!(world.exchange(&sent[0].param("code").unwrap(), &[]).await.status, 200);
}

#[tokio::test]
async fn one_refresh_token_used_by_many_at_once_has_one_successor_for_all() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid offline_access").await;
    let first = text(&tokens, "refresh_token");
    let answers = futures_util::future::join_all((0..32).map(|_| world.refresh(first, &[]))).await;
    let mut successors = Vec::new();
    for answer in answers {
        assert_eq!(answer.status, 200, "{}", answer.body);
        let answer = answer.json();
        assert_eq!(claims(text(&answer, "access_token"))["gid"], claims(text(&tokens, "access_token"))["gid"]);
        successors.push(text(&answer, "refresh_token").to_owned());
    }
    successors.dedup();
    assert_eq!(successors.len(), 1, "one family, one successor");
    assert_ne!(successors[0], first);
    assert_eq!(world.refresh(&successors[0], &[]).await.status, 200);
}
