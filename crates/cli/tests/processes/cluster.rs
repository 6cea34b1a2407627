//! Several real servers on one PostgreSQL, and admin commands alongside a server on SQLite: each learns of the others'
//! changes within a second, and "once" holds for all of them together.

use crate::whole::{Answer, Installation, Person, SIGN_IN, Server, text};
use serde_json::Value;
use sigma_store::testing::{Engine, engines, within_a_second};

/// Two servers on one database; `None` if only SQLite is tested.
fn pair() -> Option<(Installation, Server, Server)> {
    if !engines().contains(&Engine::Postgres) {
        return None;
    }
    let installation = Installation::on(Engine::Postgres);
    // Both at once on an empty database: one creates the keys, the other uses them.
    let (one, other) = (installation.start(), installation.start());
    let (one, other) = (one.listening(), other.listening());
    Some((installation, one, other))
}

#[test]
fn servers_that_start_at_once_share_keys_and_cookies() {
    let Some((installation, one, other)) = pair() else { return };
    assert_eq!(one.get("/api/auth/jwks", &[]).json(), other.get("/api/auth/jwks", &[]).json());
    assert_eq!(installation.admin(&["keys", "list"])["items"].as_array().unwrap().len(), 3);
    let ada = Person::named("ada");
    ada.sign_up(&one);
    assert_eq!(ada.session(&other)["user"]["pubkey"], ada.pubkey().as_str());
    let access = text(&ada.tokens(&other, "openid")["access_token"]);
    assert_eq!(one.userinfo(&access), 200);
    assert_eq!((one.stop(), other.stop()), (Some(0), Some(0)));
}

#[test]
fn a_sign_in_may_span_several_instances() {
    let Some((_installation, one, other)) = pair() else { return };
    let ada = Person::named("ada");
    ada.sign_up(&one);
    let code = ada.code(&one, &other, "openid offline_access");
    let tokens = one.redeem(&code).json();
    let refresh = text(&tokens["refresh_token"]);
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), ("client_id", "shop")];
    let refreshed = other.post_form("/token", &form, &[]);
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
    assert_eq!(
        one.post_form("/token", &form, &[]).json()["refresh_token"],
        refreshed.json()["refresh_token"],
        "a retry"
    );
    assert_eq!(other.redeem(&code).json()["error"], "invalid_grant", "a code is good once for all of them");
    let access = text(&refreshed.json()["access_token"]);
    for server in [&one, &other] {
        within_a_second("the end of what the code gave", || server.userinfo(&access) == 401);
    }
}

#[test]
fn a_signature_is_accepted_once_across_instances() {
    let Some((_installation, one, other)) = pair() else { return };
    let ada = Person::named("ada");
    ada.sign_up(&one);
    let present = |server: &Server, token: &str| server.send("POST", SIGN_IN, &[("X-Auth-Token", token)], "{}");
    let token = ada.token(SIGN_IN, "");
    assert_eq!(present(&one, &token).status, 200);
    assert_eq!(present(&other, &token).status, 401);
    let token = ada.token(SIGN_IN, "");
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let (token, present) = (&token, &present);
        let attempts: Vec<_> = (0..32)
            .map(|number| if number % 2 == 0 { &one } else { &other })
            .map(|server| scope.spawn(move || present(server, token)))
            .collect();
        attempts.into_iter().map(|attempt| attempt.join().unwrap()).collect()
    });
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!(count(200), 1);
    assert_eq!(count(401) + count(503), 31);
}

#[test]
fn a_revocation_reaches_the_other_server_within_a_second() {
    let Some((installation, one, other)) = pair() else { return };
    let ada = Person::named("ada");
    ada.sign_up(&one);

    let tokens = ada.tokens(&one, "openid offline_access");
    let access = text(&tokens["access_token"]);
    assert_eq!(other.userinfo(&access), 200);
    let form = [("token", tokens["refresh_token"].as_str().unwrap()), ("client_id", "shop")];
    assert_eq!(one.post_form("/api/auth/oauth2/revoke", &form, &[]).status, 200);
    assert_eq!(one.userinfo(&access), 401, "where it was revoked at once");
    within_a_second("the revocation", || other.userinfo(&access) == 401);

    let access = text(&ada.tokens(&one, "openid")["access_token"]);
    assert_eq!(other.userinfo(&access), 200);
    assert_eq!(ada.ask(&one, "POST", "/api/auth/sign-out", &[], "").status, 200);
    within_a_second("the sign-out", || other.userinfo(&access) == 401);

    let bob = Person::named("bob");
    let user = text(&bob.sign_up(&one).json()["user"]["id"]);
    let access = text(&bob.tokens(&one, "openid")["access_token"]);
    let accepted = || [&one, &other].map(|server| server.userinfo(&access));
    assert_eq!(accepted(), [200, 200]);
    installation.admin(&["app", "set", "shop", "--disable"]);
    within_a_second("the app switched off", || accepted() == [401, 401]);
    installation.admin(&["app", "set", "shop", "--enable"]);
    within_a_second("the app switched on", || accepted() == [200, 200]);
    installation.admin(&["user", "disable", &user, "--yes"]);
    within_a_second("the account switched off", || accepted() == [401, 401]);
    within_a_second("their browser signed out", || bob.session(&other) == Value::Null);
    installation.admin(&["user", "enable", &user]);
    within_a_second("the account switched on", || accepted() == [200, 200]);
    installation.admin(&["user", "sessions", &user, "--end-all", "--yes"]);
    within_a_second("all sessions ended", || accepted() == [401, 401]);
}

#[test]
fn failures_are_counted_across_instances() {
    let Some((_installation, one, other)) = pair() else { return };
    let ada = Person::named("ada");
    ada.sign_up(&one);
    let stolen = Person::named("somebody else").token(SIGN_IN, "");
    let forged = format!("{}|{}", ada.pubkey(), stolen.split_once('|').unwrap().1);
    let fail = |server: &Server| server.send("POST", SIGN_IN, &[("X-Auth-Token", &forged)], "{}");
    assert_eq!([&one, &other, &one].map(|server| fail(server).status), [401; 3]);
    let refused = fail(&other);
    assert_eq!(refused.status, 429, "{}", refused.body);
    let wait: u32 = refused.headers("retry-after")[0].parse().unwrap();
    assert!((1..=31).contains(&wait), "{wait}");
}

#[test]
fn a_sqlite_server_sees_admin_changes_within_a_second() {
    let installation = Installation::on(Engine::Sqlite);
    let server = installation.serve();
    let ada = Person::named("ada");
    let user = text(&ada.sign_up(&server).json()["user"]["id"]);
    let access = text(&ada.tokens(&server, "openid")["access_token"]);
    assert_eq!(server.userinfo(&access), 200);
    installation.admin(&["app", "set", "shop", "--disable"]);
    within_a_second("the app switched off", || server.userinfo(&access) == 401);
    installation.admin(&["app", "set", "shop", "--enable"]);
    within_a_second("the app switched on", || server.userinfo(&access) == 200);
    let kids = |server: &Server| {
        let keys = server.get("/api/auth/jwks", &[]).json();
        keys["keys"].as_array().unwrap().iter().map(|key| text(&key["kid"])).collect::<Vec<_>>()
    };
    let before = kids(&server);
    installation.admin(&["keys", "rotate", "--now", "--alg", "ES256"]);
    within_a_second("the new key", || kids(&server).len() > before.len());
    assert!(before.iter().all(|kid| kids(&server).contains(kid)), "what the old key signed can still be checked");
    assert_eq!(server.userinfo(&access), 200);
    let fresh = text(&ada.tokens(&server, "openid")["access_token"]);
    assert_eq!(server.userinfo(&fresh), 200);
    installation.admin(&["user", "disable", &user, "--yes"]);
    within_a_second("the account switched off", || server.userinfo(&access) == 401);
    within_a_second("their browser signed out", || ada.session(&server) == Value::Null);
    let refused = server.send("POST", SIGN_IN, &[("X-Auth-Token", &ada.token(SIGN_IN, ""))], "{}");
    assert_eq!(refused.json()["code"], "USER_DISABLED");
    assert_eq!(server.stop(), Some(0));
}
