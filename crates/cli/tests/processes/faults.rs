//! Faults around a real server: power cuts, a database that is down or from the future, and its own end.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::whole::{Installation, Person, Proxy, SIGN_IN, Server, text, timed};
use serde_json::Value;
use sigma_store::testing::{Engine, engines, eventually};

#[test]
fn a_server_killed_among_sign_ins_loses_nothing_that_it_acknowledged() {
    for engine in engines() {
        let installation = Installation::on(engine);
        let server = installation.serve();
        let acknowledged: Mutex<Vec<(Person, String)>> = Mutex::default();
        let dead = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let (server, acknowledged, dead) = (&server, &acknowledged, &dead);
            for worker in 0..8 {
                scope.spawn(move || {
                    for number in 0.. {
                        let person = Person::named(&format!("{worker} {number}"));
                        match person.try_sign_up(server) {
                            Some(answer) if answer.status == 200 => {
                                let token = person.token(SIGN_IN, "");
                                let signed_in = server.try_send("POST", SIGN_IN, &[("X-Auth-Token", &token)], "{}");
                                if signed_in.is_some_and(|answer| answer.status == 200) {
                                    acknowledged.lock().unwrap().push((person, token));
                                }
                            }
                            Some(answer) => assert_eq!(answer.status, 503, "{}", answer.body),
                            None => {
                                assert!(dead.load(Ordering::SeqCst), "{}", server.log());
                                return;
                            }
                        }
                    }
                });
            }
            while acknowledged.lock().unwrap().len() < 100 {
                std::thread::sleep(Duration::from_millis(5));
            }
            dead.store(true, Ordering::SeqCst);
            server.signal("KILL");
        });
        drop(server);
        let server = installation.serve();
        let acknowledged = acknowledged.into_inner().unwrap();
        for (person, token) in &acknowledged {
            assert_eq!(person.session(&server)["user"]["pubkey"], person.pubkey().as_str(), "{engine:?}");
            let replayed = server.send("POST", SIGN_IN, &[("X-Auth-Token", token)], "{}");
            assert_eq!(replayed.status, 401, "{engine:?}: a restart forgets no used signature: {}", replayed.body);
            // Many failures from one address: each account has its own delay.
        }
        assert_eq!(server.stop(), Some(0));
    }
}

/// A request: method, path, headers, body.
type Sent<'a> = (&'a str, &'a str, Vec<(&'a str, &'a str)>, &'a str);

/// An authorization request.
const AUTHORIZE: &str = "/oauth2/authorize?client_id=shop&redirect_uri=https%3A%2F%2Fapp.example.org%2Fcallback\
                         &response_type=code&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
                         &code_challenge_method=S256&scope=openid";

/// Requests to every endpoint that uses the store, with what it needs to get that far.
fn everything(
    server: &Server,
    ada: &Person,
    access: &str,
    key: &str,
    interaction: &str,
) -> Vec<(String, u16, Option<String>, String)> {
    let cookie = ada.cookie();
    let bearer = format!("Bearer {access}");
    let token = ada.token(SIGN_IN, "");
    let direct = ada.token("/sigma/authorize", "");
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let json = ("Content-Type", "application/json");
    let signed_in = ("Cookie", cookie.as_str());
    let own = ("Sec-Fetch-Site", "same-origin");
    let by_key = ("X-Sigma-ApiKey", key);
    let verified = serde_json::json!({ "apiKey": key }).to_string();
    let [login, sign_up, consent, select] =
        ["login", "signup", "consent", "select-account"].map(|page| format!("/{page}?interaction={interaction}"));
    let agreed = format!("interaction={interaction}&accept=true");
    let requests: Vec<Sent<'_>> = vec![
        ("GET", "/", vec![signed_in], ""),
        ("GET", "/healthz", vec![], ""),
        ("GET", "/health", vec![], ""),
        ("GET", AUTHORIZE, vec![signed_in], ""),
        ("POST", "/oauth2/authorize", vec![form], AUTHORIZE.split_once('?').unwrap().1),
        ("GET", &login, vec![signed_in], ""),
        ("GET", &sign_up, vec![signed_in], ""),
        ("GET", &consent, vec![signed_in], ""),
        ("GET", &select, vec![signed_in], ""),
        ("POST", "/sign-out", vec![signed_in, own], ""),
        ("POST", "/sessions/revoke", vec![signed_in, own, form], "id=x"),
        ("POST", "/api/auth/oauth2/consent", vec![signed_in, form], &agreed),
        (
            "POST",
            "/token",
            vec![form],
            "grant_type=authorization_code&client_id=unseen&code=x&redirect_uri=y&code_verifier=z",
        ),
        ("POST", "/token", vec![form], "grant_type=refresh_token&client_id=shop&refresh_token=x"),
        ("POST", "/api/auth/oauth2/revoke", vec![form], "client_id=shop&token=x"),
        ("POST", "/api/auth/oauth2/introspect", vec![form], "client_id=shop&token=x"),
        ("GET", "/userinfo", vec![("Authorization", bearer.as_str())], ""),
        ("GET", "/api/auth/oauth2/end-session?client_id=unseen", vec![signed_in], ""),
        ("GET", "/api/auth/get-session", vec![signed_in], ""),
        ("GET", "/api/auth/list-sessions", vec![signed_in], ""),
        ("POST", "/api/auth/revoke-session", vec![signed_in, json], r#"{"token":"x"}"#),
        ("POST", "/api/auth/revoke-sessions", vec![signed_in], ""),
        ("POST", "/api/auth/revoke-other-sessions", vec![signed_in], ""),
        ("POST", "/api/auth/sign-out", vec![signed_in], ""),
        ("GET", "/api/auth/token", vec![signed_in], ""),
        ("GET", "/api/auth/organization/list", vec![signed_in], ""),
        ("POST", "/api/auth/organization/set-active", vec![signed_in, json], r#"{"organizationId":"x"}"#),
        ("POST", SIGN_IN, vec![("X-Auth-Token", token.as_str())], "{}"),
        ("POST", SIGN_IN, vec![("X-Auth-Token", "malformed")], "{}"),
        ("POST", "/sigma/authorize", vec![("X-Auth-Token", direct.as_str())], ""),
        ("GET", "/api/v1/auth/forward", vec![by_key], ""),
        ("GET", "/api/v1/auth/me", vec![by_key], ""),
        ("POST", "/api/v1/auth/verify", vec![by_key, json], &verified),
        ("GET", "/api/v1/auth/quick-logins", vec![], ""),
        ("POST", "/api/v1/auth/quick-login", vec![json], r#"{"workspaceId":"bakery","userId":"x"}"#),
        ("POST", "/api/v1/auth/login", vec![json], r#"{"email":"ada@example.org","password":"correct horse"}"#),
        ("GET", "/api/v1/api-keys", vec![by_key], ""),
        ("POST", "/api/v1/api-keys", vec![by_key, json], r#"{"name":"x","permissions":["read"]}"#),
        ("GET", "/api/v1/roles", vec![by_key], ""),
        ("DELETE", "/api/v1/roles/x", vec![by_key], ""),
        ("GET", "/api/v1/users", vec![by_key], ""),
        ("PATCH", "/api/v1/workspace", vec![by_key, json], r#"{"name":"x"}"#),
        ("GET", "/.well-known/openid-configuration", vec![], ""),
        ("GET", "/api/auth/jwks", vec![], ""),
        ("GET", "/login", vec![], ""),
        ("GET", "/error", vec![], ""),
    ];
    let ask = |(method, path, headers, body): Sent<'_>| {
        let answer = server.send(method, path, &headers, body);
        let retry = answer.headers("retry-after").first().map(|value| (*value).to_owned());
        (format!("{method} {path}"), answer.status, retry, answer.body)
    };
    std::thread::scope(|scope| {
        let asked: Vec<_> = requests.into_iter().map(|request| scope.spawn(move || ask(request))).collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    })
}

#[test]
fn an_unavailable_store_is_reported_and_recovers() {
    if !engines().contains(&Engine::Postgres) {
        return;
    }
    let installation = Installation::on(Engine::Postgres);
    let proxy = Proxy::to(&installation.url());
    installation.reach_by(&proxy.url);
    let server = installation.serve();
    let ada = Person::named("ada");
    ada.sign_up(&server);
    let access = text(&ada.tokens(&server, "openid")["access_token"]);
    let interaction = ada.ask(&server, "GET", &format!("{AUTHORIZE}&prompt=consent"), &[], "").param("interaction");
    let interaction = interaction.unwrap();
    installation.admin(&["workspace", "add", "--slug", "bakery", "--name", "Bakery"]);
    let key = installation.admin(&["api-key", "add", "--workspace", "bakery", "--name", "Office", "--admin"]);
    let key = text(&key["key"]);
    let forward = || server.get("/api/v1/auth/forward", &[("X-Sigma-ApiKey", &key)]).status;
    assert_eq!(forward(), 200);
    let without_store = ["GET /.well-known/openid-configuration", "GET /api/auth/jwks", "GET /login", "GET /error"];
    for silent in [false, true] {
        if silent {
            proxy.silence();
        } else {
            proxy.cut();
        }
        // Caches may be used for two more seconds; then the store is asked.
        std::thread::sleep(Duration::from_millis(2_500));
        let (answers, took) = timed(|| everything(&server, &ada, &access, &key, &interaction));
        assert!(took < Duration::from_secs(15), "{took:?}");
        for (what, status, retry, body) in answers {
            if without_store.contains(&what.as_str()) || body.contains("Invalid auth token format") {
                assert!([200, 400].contains(&status), "{what}: {status}");
                continue;
            }
            assert_eq!(status, 503, "silent {silent}: {what}: {body}");
            assert!(retry.is_some(), "{what}");
            assert!(!body.contains("connection") && !body.contains("postgres"), "{what}: {body}");
            if what.contains(" /api/v1/") {
                let body: Value = serde_json::from_str(&body).unwrap();
                let reported = body.as_object().unwrap();
                assert!(
                    reported.len() == 2 && reported["error"].is_string() && reported["message"].is_string(),
                    "{what}: {body}"
                );
            }
        }
        proxy.mend();
        eventually(|| server.get("/healthz", &[]).status == 200 && server.userinfo(&access) == 200 && forward() == 200);
        assert_ne!(ada.session(&server), Value::Null, "nothing was ended by what failed");
    }
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_missing_database_ends_the_start_with_a_clear_error() {
    if !engines().contains(&Engine::Postgres) {
        return;
    }
    let installation = Installation::on(Engine::Postgres);
    let proxy = Proxy::to(&installation.url());
    proxy.cut();
    installation.reach_by(&proxy.url);
    let output = installation.command(&["serve"]).env("SIGMA__STORE__WAIT", "0").output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("store cannot be opened") && !said.contains("panicked"), "{said}");
}

#[test]
fn requests_in_flight_are_finished_when_the_server_is_told_to_stop() {
    let installation = Installation::on(Engine::Sqlite);
    let server = installation.serve();
    let ada = Person::named("ada");
    ada.sign_up(&server);
    let token = ada.token(SIGN_IN, "");
    let mut slow = TcpStream::connect(&server.address).unwrap();
    let head = format!(
        "POST {SIGN_IN} HTTP/1.1\r\nHost: localhost:8080\r\nX-Auth-Token: {token}\r\nContent-Length: 2\r\n\
         Expect: 100-continue\r\n\r\n"
    );
    slow.write_all(head.as_bytes()).unwrap();
    // The server says so once it waits for the body: from then on the request is in flight.
    let mut go_on = [0; 25];
    slow.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    slow.write_all(b"{").unwrap();
    let idle = TcpStream::connect(&server.address).unwrap();
    server.signal("TERM");
    eventually(|| TcpStream::connect(&server.address).is_err());
    slow.write_all(b"}").unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop(idle);
    let (code, took) = timed(|| server.stop_signalled());
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(20), "it does not wait for the deadline once all is done: {took:?}");
    let server = installation.serve();
    let secret = answer.split("\"token\":\"").nth(1).unwrap().split('"').next().unwrap();
    let session = server.get("/api/auth/get-session", &[("Authorization", &format!("Bearer {secret}"))]);
    assert_eq!(session.json()["user"]["pubkey"], ada.pubkey().as_str());
}

#[test]
fn a_used_signature_is_remembered_across_a_restart() {
    let installation = Installation::on(Engine::Sqlite);
    let server = installation.serve();
    let ada = Person::named("ada");
    ada.sign_up(&server);
    let token = ada.token(SIGN_IN, "");
    let present = |server: &Server| server.send("POST", SIGN_IN, &[("X-Auth-Token", &token)], "{}").status;
    assert_eq!(present(&server), 200);
    assert_eq!(server.stop(), Some(0));
    let server = installation.serve();
    assert_eq!(present(&server), 401);
    assert_ne!(ada.session(&server), Value::Null, "and so is the session");
}

#[test]
fn a_newer_database_is_refused_with_a_clear_error() {
    for engine in engines() {
        let installation = Installation::on(engine);
        let store = installation.open();
        let sql = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
                   VALUES (4711, 'later', '2030-01-01T00:00:00Z', '1')";
        store.write_blocking(move |tx| tx.execute(sql, &[])).unwrap();
        store.close();
        for command in [["serve"].as_slice(), &["app", "list"], &["user", "list"]] {
            let output = installation.command(command).output().unwrap();
            assert!(!output.status.success());
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(said.contains("newer than this program") && !said.contains("panicked"), "{command:?}: {said}");
        }
    }
}

#[test]
fn another_master_key_is_refused_with_a_clear_error() {
    let installation = Installation::on(Engine::Sqlite);
    assert_eq!(installation.serve().stop(), Some(0));
    let mut command = installation.command(&["serve"]);
    let output =
        command.env("SIGMA__MASTER_KEY__VALUE", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=").output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("sealed under another master key"), "{said}");
    assert!(!said.contains("MDEyMzQ1"), "{said}");
}
