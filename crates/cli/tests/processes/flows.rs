//! Requests and proofs that are good once, at two real servers on one PostgreSQL: pushed requests, proofs of possession, codes of
//! devices.

use serde_json::{Value, json};
use sigma_core::jose::{Algorithm, SigningKey};
use sigma_store::testing::{Engine, engines};

use crate::whole::{Answer, CHALLENGE, Installation, Person, REDIRECT, Server, VERIFIER, encode, now, text};

/// Two servers with an app for devices; `None` if only SQLite is tested.
fn pair() -> Option<(Installation, Server, Server)> {
    if !engines().contains(&Engine::Postgres) {
        return None;
    }
    let installation = Installation::on(Engine::Postgres);
    let device = [
        "--client-id",
        "television",
        "--name",
        "TV",
        "--type",
        "native",
        "--auth",
        "none",
        "--grant-type",
        "device_code",
    ];
    installation.admin(&[&["app", "add"], &device[..]].concat());
    // They call themselves as one installation does behind its balancer.
    let issuer = [("SIGMA__ISSUER", "http://localhost:8080")];
    let (one, other) = (installation.start_with(&issuer), installation.start_with(&issuer));
    let (one, other) = (one.listening(), other.listening());
    Some((installation, one, other))
}

/// A proof for the token endpoint.
fn proof(key: &SigningKey, jti: &str, nonce: Option<&str>) -> String {
    let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.public()});
    let mut claims = json!({"jti": jti, "htm": "POST", "htu": "http://localhost:8080/api/auth/oauth2/token", "iat": now().seconds()});
    if let Some(nonce) = nonce {
        claims["nonce"] = json!(nonce);
    }
    let signed = [header, claims].map(|part| base64url(part.to_string().as_bytes())).join(".");
    let signature = key.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", base64url(&signature))
}

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

fn redeem(server: &Server, code: &str, proof: &str) -> Answer {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("client_id", "shop"),
        ("code_verifier", VERIFIER),
    ];
    server.post_form("/api/auth/oauth2/token", &form, &[("DPoP", proof)])
}

/// Status and error.
fn outcome(answer: &Answer) -> String {
    format!("{} {}", answer.status, answer.json()["error"].as_str().unwrap_or("ok"))
}

#[test]
fn a_proof_is_good_once_for_all_servers_and_a_nonce_of_one_is_known_to_the_other() {
    let Some((_installation, one, other)) = pair() else { return };
    let ada = Person::named("ada");
    ada.sign_up(&one);
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let code = ada.code(&one, &other, "openid");
    let first = proof(&key, "first", None);
    let tokens = redeem(&one, &code, &first);
    assert_eq!((tokens.status, tokens.json()["token_type"].as_str()), (200, Some("DPoP")), "{}", tokens.body);
    // jti twice on two nodes
    assert_eq!(outcome(&redeem(&other, "code", &first)), "400 invalid_dpop_proof");
    // At both at once, one of them takes it.
    let twice = proof(&key, "twice", None);
    let outcomes = std::thread::scope(|scope| {
        let attempts: Vec<_> = (0..8)
            .map(|number| if number % 2 == 0 { &one } else { &other })
            .map(|server| scope.spawn(|| outcome(&redeem(server, "code", &twice))))
            .collect();
        attempts.into_iter().map(|attempt| attempt.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "400 invalid_grant").count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "400 invalid_dpop_proof").count(), 7, "{outcomes:?}");
    // nonce of another node
    let refused = redeem(&one, "code", &proof(&key, "unknown nonce", Some("x")));
    assert_eq!(outcome(&refused), "400 use_dpop_nonce");
    let nonce = refused.headers("dpop-nonce")[0].to_owned();
    let with_nonce = proof(&key, "known nonce", Some(&nonce));
    let code = ada.code(&other, &one, "openid");
    assert_eq!(outcome(&redeem(&other, &code, &with_nonce)), "200 ok");
    assert_eq!(outcome(&redeem(&one, "code", &with_nonce)), "400 invalid_dpop_proof");
}

#[test]
fn a_pushed_request_is_answered_with_one_code_whichever_server_is_asked() {
    let Some((_installation, one, other)) = pair() else { return };
    let ada = Person::named("ada");
    ada.sign_up(&one);
    let pushed = |server: &Server| {
        let form = [
            ("client_id", "shop"),
            ("redirect_uri", REDIRECT),
            ("response_type", "code"),
            ("scope", "openid"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let answer = server.post_form("/api/auth/oauth2/par", &form, &[]);
        assert_eq!(answer.status, 201, "{}", answer.body);
        let uri = text(&answer.json()["request_uri"]);
        format!("/oauth2/authorize?{}", encode(&[("client_id", "shop"), ("request_uri", &uri)]))
    };
    let ask = |server: &Server, path: &str| ada.ask(server, "GET", path, &[("Accept", "text/html")], "");
    // The first time she is asked at the server that did not take the request.
    let path = pushed(&one);
    let interaction = ask(&other, &path).param("interaction").unwrap();
    let form = encode(&[("interaction", &interaction), ("accept", "true")]);
    let kind = ("Content-Type", "application/x-www-form-urlencoded");
    let answer = ada.ask(&one, "POST", "/api/auth/oauth2/consent", &[kind], &form);
    let code = answer.param("code").unwrap();
    assert_eq!(other.redeem(&code).status, 200);
    for server in [&one, &other] {
        assert_eq!(ask(server, &path).param("error").as_deref(), Some("invalid_request_uri"));
    }
    // From then on it needs no page, and both are asked at once.
    let path = pushed(&other);
    let codes: Vec<bool> = std::thread::scope(|scope| {
        let attempts: Vec<_> = (0..8)
            .map(|number| if number % 2 == 0 { &one } else { &other })
            .map(|server| scope.spawn(|| ask(server, &path).param("code").is_some()))
            .collect();
        attempts.into_iter().map(|attempt| attempt.join().unwrap()).collect()
    });
    assert_eq!(codes.iter().filter(|code| **code).count(), 1, "{codes:?}");
}

#[test]
fn a_device_polls_any_server_and_gets_its_tokens_once() {
    let Some((_installation, one, other)) = pair() else { return };
    let ada = Person::named("ada");
    ada.sign_up(&one);
    let begun: Value =
        one.post_form("/api/auth/device/code", &[("client_id", "television"), ("scope", "openid")], &[]).json();
    let code = text(&begun["device_code"]);
    let poll = |server: &Server| {
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", code.as_str()),
            ("client_id", "television"),
        ];
        server.post_form("/token", &form, &[])
    };
    assert_eq!(outcome(&poll(&other)), "400 authorization_pending");
    let body = json!({"userCode": begun["user_code"]}).to_string();
    let headers = [("Content-Type", "application/json"), ("Origin", "http://localhost:8080")];
    let approved = ada.ask(&other, "POST", "/api/auth/device/approve", &headers, &body);
    assert_eq!(approved.status, 200, "{}", approved.body);
    let outcomes = std::thread::scope(|scope| {
        let attempts: Vec<_> = [&one, &other].map(|server| scope.spawn(|| outcome(&poll(server)))).into();
        attempts.into_iter().map(|attempt| attempt.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "200 ok").count(), 1, "{outcomes:?}");
}
