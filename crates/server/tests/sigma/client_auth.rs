//! Client authentication (`docs/spec/clients.md#client-authentication`): each of the five methods, at the token,
//! revocation and introspection endpoints.

use std::fmt::Write as _;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PSS_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use sigma_bitcoin::Scheme;
use sigma_core::app::AuthMethod;
use sigma_core::ids::ClientId;
use sigma_core::jose::{Algorithm, SigningKey};
use sigma_core::security::SecurityProfile;

use crate::support::client::{INTROSPECT, ISSUER, REVOKE, TOKEN, app_key, basic, changed, key_set};
use crate::support::forge::{assertion, jws, with};
use crate::support::{APP, Answer, Key, World};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const SERVICE: [(&str, &str); 1] = [("grant_type", "client_credentials")];

/// The claims of a valid assertion of `id`.
fn good(world: &World, id: &str, jti: &str) -> Value {
    json!({"iss": id, "sub": id, "aud": ISSUER, "jti": jti, "exp": world.now().seconds() + 300, "iat": world.now().seconds()})
}

async fn assert_with(world: &World, text: &str, changes: &[(&str, &str)]) -> Answer {
    let form = [SERVICE[0], ("client_assertion_type", TYPE), ("client_assertion", text)];
    world.post_form(TOKEN, &changed(&form, changes), &[]).await
}

/// Status, error and challenge.
fn reported(answer: &Answer) -> String {
    let challenge = answer.header("www-authenticate");
    if challenge.is_empty() { answer.error() } else { format!("{} [{challenge}]", answer.error()) }
}

#[tokio::test]
async fn a_secret_is_accepted_only_in_its_registered_place() {
    let world = World::new().await;
    world.add_confidential_app("by-basic", AuthMethod::ClientSecretBasic, "secret").await;
    world.add_confidential_app("by-post", AuthMethod::ClientSecretPost, "secret").await;
    world.add_confidential_app("odd", AuthMethod::ClientSecretBasic, "a b&c%:+").await;
    world.add_confidential_app("off", AuthMethod::ClientSecretBasic, "secret").await;
    world.change_app("off", |app| app.disabled = true).await;
    let mut seen = String::new();
    let right = basic("by-basic", "secret");
    for (what, header, form) in [
        ("Basic", right.as_str(), &[][..]),
        ("Basic with the same client_id", right.as_str(), &[("client_id", "by-basic")][..]),
        ("scheme in capitals", &right.replace("Basic", "BASIC"), &[]),
        ("form-encoded secret", &basic("odd", "a+b%26c%25%3A%2B"), &[]),
        ("wrong secret", &basic("by-basic", "Secret"), &[]),
        ("empty secret", &basic("by-basic", ""), &[]),
        ("unknown app", &basic("nobody", "secret"), &[]),
        ("app with a NUL", &basic("by-basic%00", "secret"), &[]),
        ("app that is switched off", &basic("off", "secret"), &[]),
        ("another client_id", &right, &[("client_id", "by-post")]),
        ("two secrets", &right, &[("client_secret", "secret")]),
        ("not base64", "Basic !", &[]),
        ("no colon", "Basic YWJj", &[]),
        ("Basic of an app that posts", &basic("by-post", "secret"), &[]),
        ("secret in the body of an app of Basic", "", &[("client_id", "by-basic"), ("client_secret", "secret")]),
        ("posted", "", &[("client_id", "by-post"), ("client_secret", "secret")]),
        ("posted wrong", "", &[("client_id", "by-post"), ("client_secret", "secre")]),
        ("posted none", "", &[("client_id", "by-post")]),
        ("nobody at all", "", &[]),
        ("a Bearer token", "Bearer abc", &[("client_id", "by-basic")]),
        ("a public app with a secret", "", &[("client_id", APP), ("client_secret", "secret")]),
        ("a public app for itself", "", &[("client_id", APP)]),
        ("a public app by Basic without secret", &basic(APP, ""), &[]),
    ] {
        let headers = [("authorization", header)];
        let headers = if header.is_empty() { &[][..] } else { &headers };
        let answer = world.post_form(TOKEN, &[&SERVICE, form].concat(), headers).await;
        let reported = if answer.status == 200 { "200".to_owned() } else { reported(&answer) };
        writeln!(seen, "{what}: {reported}").unwrap();
    }
    insta::assert_snapshot!(seen);
}

#[tokio::test]
async fn ps256_assertions_are_accepted_of_ordinary_apps_and_of_banks() {
    let world = World::new().await;
    let key = SigningKey::generate(Algorithm::RS256).unwrap();
    let pair = RsaKeyPair::from_pkcs8(&key.to_pkcs8().unwrap()).unwrap();
    let pss = |message: &[u8]| {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PSS_SHA256, &SystemRandom::default(), message, &mut signature).unwrap();
        signature
    };
    let mut jwk = serde_json::to_value(key.public()).unwrap();
    for (id, alg, profile) in [
        ("any-alg", Value::Null, None),
        ("ps-only", json!("PS256"), None),
        ("bank", json!("PS256"), SecurityProfile::parse("fapi2")),
    ] {
        jwk["alg"] = alg;
        let keys = json!({ "keys": [&jwk] }).to_string();
        world
            .add_app(|app| {
                app.client_id = ClientId::from_text(id);
                app.auth_method = AuthMethod::PrivateKeyJwt;
                app.jwks = Some(keys);
                app.security.profile = profile;
            })
            .await;
        let post = async |text: &str| {
            let form = [("token", "x"), ("client_assertion_type", TYPE), ("client_assertion", text)];
            world.post_form(INTROSPECT, &form, &[]).await.status.as_u16()
        };
        let claims = |jti: &str| good(&world, id, jti);
        let signed = jws(&json!({"alg": "PS256"}), &claims("1"), pss);
        assert_eq!((post(&signed).await, post(&signed).await), (200, 401), "{id}: it is good once");
        let other = jws(&json!({"alg": "PS256"}), &claims("2"), |message| pss(&[message, b"x"].concat()));
        assert_eq!(post(&other).await, 401, "{id}");
        // The same key by another algorithm.
        let plain = jws(&json!({"alg": "RS256"}), &claims("3"), |message| key.sign(message).unwrap());
        assert_eq!(post(&plain).await, if id == "any-alg" { 200 } else { 401 }, "{id}");
        let confused = jws(&json!({"alg": "PS256"}), &claims("4"), |message| key.sign(message).unwrap());
        assert_eq!(post(&confused).await, 401, "{id}");
    }
}

#[tokio::test]
async fn client_secret_apps_may_use_header_or_body() {
    let world = World::new().await;
    world.add_confidential_app("either", AuthMethod::ClientSecret, "secret").await;
    let header = basic("either", "secret");
    let in_header = [("authorization", header.as_str())];
    let in_body = [("client_id", "either"), ("client_secret", "secret")];
    for (path, form) in
        [(TOKEN, ("grant_type", "client_credentials")), (REVOKE, ("token", "x")), (INTROSPECT, ("token", "x"))]
    {
        let posted = [&[form], &in_body[..]].concat();
        assert_eq!(world.post_form(path, &[form], &in_header).await.status, 200, "{path}");
        assert_eq!(world.post_form(path, &posted, &[]).await.status, 200, "{path}");
        let both = world.post_form(path, &posted, &in_header).await;
        assert_eq!(both.error(), "400 invalid_request: use one client authentication method", "{path}");
        for wrong in ["Secret", ""] {
            let answer = world.post_form(path, &[form], &[("authorization", &basic("either", wrong))]).await;
            assert!(answer.error().starts_with("401 invalid_client: "), "{path}: {}", answer.body);
            let answer = world.post_form(path, &changed(&posted, &[("client_secret", wrong)]), &[]).await;
            assert!(answer.error().starts_with("401 invalid_client: "), "{path}: {}", answer.body);
        }
    }
    // Some libraries redeem a code one way and refresh the other way.
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let code = browser.code(&[("client_id", "either"), ("scope", "openid offline_access")]).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", crate::support::REDIRECT),
        ("code_verifier", crate::support::VERIFIER),
    ];
    let mut tokens = world.post_form(TOKEN, &form, &in_header).await.json();
    for posted in [true, false, true] {
        let refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        let answer = if posted {
            world.post_form(TOKEN, &[&form, &in_body[..]].concat(), &[]).await
        } else {
            world.post_form(TOKEN, &form, &in_header).await
        };
        assert_eq!(answer.status, 200, "{}", answer.body);
        tokens = answer.json();
    }
}

#[tokio::test]
async fn a_refused_method_says_what_was_sent_what_is_registered_and_how_to_change_it() {
    let world = World::new().await;
    let key = app_key();
    world.add_confidential_app("by-basic", AuthMethod::ClientSecretBasic, "secret").await;
    world.add_confidential_app("by-post", AuthMethod::ClientSecretPost, "secret").await;
    world.add_confidential_app("either", AuthMethod::ClientSecret, "secret").await;
    world.add_asserting_app("by-key", &key).await;
    let mut seen = String::new();
    for id in ["by-basic", "by-post", "either", "by-key", APP] {
        let header = basic(id, "secret");
        let text = assertion(&key, &good(&world, id, "1"));
        for (what, headers, form) in [
            ("nothing", vec![], vec![("client_id", id)]),
            ("Basic", vec![("authorization", header.as_str())], vec![]),
            ("post", vec![], vec![("client_id", id), ("client_secret", "secret")]),
            ("assertion", vec![], vec![("client_assertion_type", TYPE), ("client_assertion", text.as_str())]),
            ("signature", vec![("x-auth-token", "x")], vec![("client_id", id)]),
        ] {
            let answer = world.post_form(TOKEN, &[&SERVICE[..], &form].concat(), &headers).await;
            if answer.status == 401 {
                writeln!(seen, "{id} with {what}: {}", reported(&answer)).unwrap();
            }
        }
    }
    insta::assert_snapshot!(seen);
}

#[tokio::test]
async fn two_authorization_headers_are_two_methods() {
    let world = World::new().await;
    world.add_confidential_app("by-basic", AuthMethod::ClientSecretBasic, "secret").await;
    let (right, wrong) = (basic("by-basic", "secret"), basic("by-basic", "wrong"));
    for pair in [[&right, &wrong], [&wrong, &right], [&right, &right]] {
        let headers = pair.map(|value| ("authorization", value.as_str()));
        let answer = world.post_form(TOKEN, &SERVICE, &headers).await;
        assert_eq!(answer.error(), "400 invalid_request: use one client authentication method");
    }
}

#[tokio::test]
async fn an_assertion_authenticates_its_app_once() {
    let world = World::new().await;
    let key = app_key();
    world.add_asserting_app("by-key", &key).await;
    let text = assertion(&key, &good(&world, "by-key", "1"));
    assert_eq!(assert_with(&world, &text, &[]).await.status, 200);
    let refused = "401 invalid_client: client authentication failed";
    assert_eq!(assert_with(&world, &text, &[]).await.error(), refused);
    // Used at one endpoint, it is used up at all.
    for path in [REVOKE, INTROSPECT] {
        let form = [("token", "x"), ("client_assertion_type", TYPE), ("client_assertion", text.as_str())];
        assert_eq!(world.post_form(path, &form, &[]).await.error(), refused);
        let fresh = assertion(&key, &good(&world, "by-key", path));
        let form = [("token", "x"), ("client_assertion_type", TYPE), ("client_assertion", fresh.as_str())];
        assert_eq!(world.post_form(path, &form, &[]).await.status, 200);
        assert_eq!(world.post_form(path, &form, &[]).await.error(), refused);
    }
    // A jti is remembered for as long as the assertion is valid, sweeping or not.
    let long = assertion(&key, &with(&good(&world, "by-key", "2"), &json!({"exp": world.now().seconds() + 600})));
    assert_eq!(assert_with(&world, &long, &[]).await.status, 200);
    world.advance(599);
    world.sweep().await;
    assert_eq!(assert_with(&world, &long, &[]).await.error(), refused);
    // The same jti of another app is distinct.
    let other = app_key();
    world.add_asserting_app("other", &other).await;
    for (key, id) in [(&key, "by-key"), (&other, "other")] {
        let text = assertion(key, &good(&world, id, "shared"));
        assert_eq!(assert_with(&world, &text, &[("client_id", id)]).await.status, 200);
    }
}

#[tokio::test]
async fn an_assertion_that_is_not_for_us_now_from_this_app_is_refused() {
    let world = World::new().await;
    let (key, stranger) = (app_key(), app_key());
    world.add_asserting_app("by-key", &key).await;
    world.add_asserting_app("other", &stranger).await;
    let now = world.now().seconds();
    let token_endpoint = format!("{ISSUER}{TOKEN}");
    let mut seen = String::new();
    for (what, change) in [
        ("as it should be", json!({})),
        ("aud the token endpoint", json!({"aud": token_endpoint})),
        ("aud both", json!({"aud": [ISSUER, token_endpoint]})),
        ("aud as a list of one", json!({"aud": [ISSUER]})),
        ("aud another server", json!({"aud": "https://other.example.org"})),
        ("aud us and another", json!({"aud": [ISSUER, "https://other.example.org"]})),
        ("aud with a slash", json!({"aud": format!("{ISSUER}/")})),
        ("aud the introspection endpoint", json!({"aud": format!("{ISSUER}{INTROSPECT}")})),
        ("no aud", json!({"aud": null})),
        ("aud of nobody", json!({"aud": []})),
        ("exp in 600 s", json!({"exp": now + 600})),
        ("exp in 601 s", json!({"exp": now + 601})),
        ("exp now", json!({"exp": now})),
        ("exp a text", json!({"exp": "tomorrow"})),
        ("no exp", json!({"exp": null})),
        ("iat in 31 s", json!({"iat": now + 31})),
        ("nbf in 31 s", json!({"nbf": now + 31})),
        ("no iat", json!({"iat": null})),
        ("no jti", json!({"jti": null})),
        ("empty jti", json!({"jti": ""})),
        ("jti with a NUL", json!({"jti": "a\u{0}b"})),
        ("iss another", json!({"iss": "other"})),
        ("sub another", json!({"sub": "other"})),
        ("both another", json!({"iss": "other", "sub": "other"})),
        ("sub nobody", json!({"iss": "nobody", "sub": "nobody"})),
    ] {
        let claims = with(&good(&world, "by-key", what), &change);
        let answer = assert_with(&world, &assertion(&key, &claims), &[]).await;
        let reported = if answer.status == 200 { "200".to_owned() } else { reported(&answer) };
        writeln!(seen, "{what}: {reported}").unwrap();
    }
    insta::assert_snapshot!(seen);
}

#[tokio::test]
async fn an_assertion_by_no_key_or_another_key_is_refused() {
    let world = World::new().await;
    let (key, stranger) = (app_key(), app_key());
    world.add_asserting_app("by-key", &key).await;
    world.add_asserting_app("other", &stranger).await;
    let claims = |jti: &str| good(&world, "by-key", jti);
    let header = |alg: &str| json!({"alg": alg, "typ": "JWT", "kid": key.kid()});
    let public = key_set(&[&key]);
    let mac =
        |message: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, public.as_bytes()), message).as_ref().to_vec();
    let signed = |message: &[u8]| key.sign(message).unwrap();
    let forged = [
        ("another app's key", assertion(&stranger, &claims("1"))),
        ("none", jws(&header("none"), &claims("2"), |_| Vec::new())),
        ("HS256 with the public key", jws(&header("HS256"), &claims("3"), mac)),
        ("ES256 said to be RS256", jws(&header("RS256"), &claims("4"), signed)),
        ("a kid of nobody", jws(&json!({"alg": "ES256", "kid": "nobody"}), &claims("5"), signed)),
        ("crit", jws(&with(&header("ES256"), &json!({"crit": ["exp"]})), &claims("6"), signed)),
        ("b64", jws(&with(&header("ES256"), &json!({"b64": false})), &claims("7"), signed)),
        ("an access token", jws(&with(&header("ES256"), &json!({"typ": "at+jwt"})), &claims("8"), signed)),
        ("a changed byte", assertion(&key, &claims("9")).replacen("eyJ", "eyK", 1)),
        ("the key in the header", {
            let header = json!({"alg": "ES256", "typ": "JWT", "jwk": stranger.public()});
            jws(&header, &claims("10"), |message| stranger.sign(message).unwrap())
        }),
        ("nothing", "..".to_owned()),
    ];
    for (what, text) in forged {
        let answer = assert_with(&world, &text, &[]).await;
        assert_eq!(answer.error(), "401 invalid_client: client authentication failed", "{what}");
    }
    // None of these used up an identifier, and an assertion without kid is tried against each key.
    let unnamed = jws(&json!({"alg": "ES256"}), &claims("1"), signed);
    assert_eq!(assert_with(&world, &unnamed, &[]).await.status, 200);
    let rsa = SigningKey::generate(Algorithm::RS256).unwrap();
    let ed = SigningKey::generate(Algorithm::EdDSA).unwrap();
    world.change_app("by-key", |app| app.jwks = Some(key_set(&[&key, &rsa, &ed]))).await;
    for key in [&key, &rsa, &ed] {
        let text = assertion(key, &claims(key.kid()));
        assert_eq!(assert_with(&world, &text, &[]).await.status, 200, "{}", key.algorithm());
    }
}

#[tokio::test]
async fn an_assertion_beside_another_method_or_of_another_type_is_refused() {
    let world = World::new().await;
    let key = app_key();
    world.add_asserting_app("by-key", &key).await;
    let text = assertion(&key, &good(&world, "by-key", "1"));
    let two = assert_with(&world, &text, &[("client_secret", "x")]).await;
    assert_eq!(two.error(), "400 invalid_request: use one client authentication method");
    let form = [SERVICE[0], ("client_assertion_type", TYPE), ("client_assertion", text.as_str())];
    let basic = basic("by-key", "x");
    let two = world.post_form(TOKEN, &form, &[("authorization", &basic)]).await;
    assert_eq!(two.error(), "400 invalid_request: use one client authentication method");
    let signature = Key::named("app").token(TOKEN, world.now(), "");
    let two = world.post_form(TOKEN, &form, &[("x-auth-token", &signature)]).await;
    assert_eq!(two.error(), "400 invalid_request: use one client authentication method");
    for change in [("client_assertion_type", ""), ("client_assertion_type", "urn:x"), ("client_assertion", "")] {
        let answer = assert_with(&world, &text, &[change]).await;
        assert_eq!(answer.error(), "401 invalid_client: client authentication failed", "{change:?}");
    }
    let other = assert_with(&world, &text, &[("client_id", APP)]).await;
    assert_eq!(other.error(), "401 invalid_client: the client_id values differ");
    assert_eq!(assert_with(&world, &text, &[("client_id", "by-key")]).await.status, 200);
    let without = world.post_form(TOKEN, &[SERVICE[0], ("client_id", "by-key")], &[]).await;
    assert!(
        without.error().starts_with("401 invalid_client: no client authentication was sent, but private_key_jwt is")
    );
}

#[tokio::test]
async fn one_assertion_used_by_many_at_once_passes_once() {
    let world = World::new().await;
    let key = app_key();
    world.add_asserting_app("by-key", &key).await;
    let text = assertion(&key, &good(&world, "by-key", "1"));
    let answers = futures_util::future::join_all((0..16).map(|_| assert_with(&world, &text, &[]))).await;
    let (taken, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(taken.len(), 1);
    for answer in refused {
        assert_eq!(answer.error(), "401 invalid_client: client authentication failed");
    }
}

#[tokio::test]
async fn a_signature_covers_the_body_as_it_came_or_as_browsers_encode_it() {
    let world = World::new().await;
    let key = Key::named("app");
    world.add_signing_app("by-key", &key).await;
    let send = async |kind: &str, path: &str, signed_path: &str, body: &str, signed: &str, scheme: Scheme| {
        world.clock.advance(std::time::Duration::from_millis(1));
        let token = key.token_of(scheme, signed_path, &world.now().iso8601(), signed);
        let request = http::Request::post(path).header("content-type", kind).header("x-auth-token", token);
        world.send(request.body(body.to_owned().into()).unwrap()).await
    };
    let form = "grant_type=client_credentials&client_id=by-key&scope=a+b%21";
    // The same fields, as another library would encode them.
    let odd = "grant_type=client%5Fcredentials&client_id=by%2dkey&scope=a%20b!";
    let json = r#"{ "grant_type": "client_credentials", "client_id": "by-key", "scope": "a b!" }"#;
    let (forms, jsons) = ("application/x-www-form-urlencoded", "application/json");
    for scheme in [Scheme::Brc77, Scheme::Bsm] {
        for (kind, body, signed) in
            [(forms, form, form), (forms, odd, odd), (forms, odd, form), (jsons, json, json), (jsons, json, form)]
        {
            let answer = send(kind, TOKEN, TOKEN, body, signed, scheme).await;
            assert_eq!(answer.status, 200, "{body} signed as {signed}: {}", answer.body);
        }
    }
    let refused =
        "401 invalid_client: Bitcoin signature verification failed - signature expired or request body was modified";
    for signed in ["", "{}", "client_id=by-key&grant_type=client_credentials&scope=a+b%21", &form.replace('b', "c")] {
        let answer = send(forms, TOKEN, TOKEN, form, signed, Scheme::Brc77).await;
        assert_eq!(answer.error(), refused, "signed {signed}");
    }
}

#[tokio::test]
async fn a_signature_names_the_path_that_is_posted_to_or_the_older_one() {
    let world = World::new().await;
    let key = Key::named("app");
    world.add_signing_app("by-key", &key).await;
    let (mut taken, mut refused) = (Vec::new(), 0);
    let paths = [TOKEN, "/oauth2/token", "/token", "/api/oauth/token", REVOKE, INTROSPECT];
    let foreign = [&paths[..], &["/api/auth/sign-in/sigma", "", "/", "https://id.example.org/api/auth/oauth2/token"]];
    for path in paths {
        for signed in foreign.concat() {
            let form = [SERVICE[0], ("client_id", "by-key"), ("token", "x")];
            let answer = world.post_signed(&key, path, signed, &form).await;
            if answer.status == 200 {
                taken.push(format!("{path} signed as {signed}"));
            } else {
                assert_eq!(answer.status, 401, "{path} signed as {signed}: {}", answer.body);
                assert!(answer.error().contains("Bitcoin signature verification failed"), "{}", answer.body);
                refused += 1;
            }
        }
    }
    insta::assert_snapshot!(format!("{}\nand {refused} refused", taken.join("\n")));
}

#[tokio::test]
async fn signature_errors_are_explained() {
    let world = World::new().await;
    let key = Key::named("app");
    world.add_signing_app("by-key", &key).await;
    world.add_signing_app("keyless", &key).await;
    world.change_app("keyless", |app| app.pubkey = None).await;
    let form = "grant_type=client_credentials&client_id=by-key";
    let at = |seconds: i64| sigma_core::time::Timestamp::from_seconds(world.now().seconds() + seconds).iso8601();
    let signed = |seconds: i64| key.token_of(Scheme::Brc77, TOKEN, &at(seconds), form);
    let mut seen = String::new();
    for (what, headers, body) in [
        ("none", vec![], form),
        ("not a token", vec!["x".to_owned()], form),
        ("four parts", vec!["a|b|c|d".to_owned()], form),
        ("twice", vec![signed(1), signed(2)], form),
        ("five minutes old", vec![signed(-300)], form),
        ("older", vec![signed(-301)], form),
        ("five minutes ahead", vec![signed(300)], form),
        ("further ahead", vec![signed(301)], form),
        ("another key", vec![Key::named("other").token(TOKEN, world.now(), form)], form),
        ("an app without key", vec![signed(3)], "grant_type=client_credentials&client_id=keyless"),
        ("refreshing without key", vec![signed(4)], "grant_type=refresh_token&client_id=keyless"),
        ("with a secret", vec![signed(5)], "grant_type=client_credentials&client_id=by-key&client_secret=x"),
    ] {
        let mut request = http::Request::post(TOKEN).header("content-type", "application/x-www-form-urlencoded");
        for header in headers {
            request = request.header("x-auth-token", header);
        }
        let answer = world.send(request.body(body.to_owned().into()).unwrap()).await;
        let reported = if answer.status == 200 { "200".to_owned() } else { reported(&answer) };
        writeln!(seen, "{what}: {reported}").unwrap();
    }
    insta::assert_snapshot!(seen);
}

#[tokio::test]
async fn one_signature_used_by_many_at_once_passes_once() {
    let world = World::new().await;
    let key = Key::named("app");
    world.add_signing_app("by-key", &key).await;
    let form = [SERVICE[0], ("client_id", "by-key")];
    let token = key.token(TOKEN, world.now(), "grant_type=client_credentials&client_id=by-key");
    let headers = [("x-auth-token", token.as_str())];
    let answers = futures_util::future::join_all((0..16).map(|_| world.post_form(TOKEN, &form, &headers))).await;
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 15, "{statuses:?}");
}

#[tokio::test]
async fn a_public_app_may_send_a_signature() {
    let world = World::new().await;
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let code = browser.code(&[]).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", crate::support::REDIRECT),
        ("client_id", APP),
        ("code_verifier", crate::support::VERIFIER),
    ];
    let answer = world.post_form(TOKEN, &form, &[("x-auth-token", "not even a token")]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    // The PKCE verifier is required nonetheless.
    let code = browser.code(&[]).await;
    let form = changed(&form, &[("code", &code), ("code_verifier", "")]);
    let token = Key::named("app").token(TOKEN, world.now(), "");
    let answer = world.post_form(TOKEN, &form, &[("x-auth-token", &token)]).await;
    assert_eq!(answer.error(), "400 invalid_request: Either code_verifier or client_secret is required");
}

#[tokio::test]
async fn revocation_and_introspection_take_the_same_methods() {
    let world = World::new().await;
    let (key, signing) = (app_key(), Key::named("app"));
    world.add_confidential_app("by-basic", AuthMethod::ClientSecretBasic, "secret").await;
    world.add_confidential_app("by-post", AuthMethod::ClientSecretPost, "secret").await;
    world.add_asserting_app("by-jwt", &key).await;
    world.add_signing_app("by-key", &signing).await;
    world.add_app(|app| app.client_id = ClientId::from_text("public")).await;
    let by_basic = basic("by-basic", "secret");
    for path in [REVOKE, INTROSPECT] {
        let text = assertion(&key, &good(&world, "by-jwt", path));
        let reported = [
            world.post_form(path, &[("token", "x")], &[("authorization", &by_basic)]).await,
            world.post_form(path, &[("token", "x"), ("client_id", "by-post"), ("client_secret", "secret")], &[]).await,
            world
                .post_form(
                    path,
                    &[("token", "x"), ("client_assertion_type", TYPE), ("client_assertion", text.as_str())],
                    &[],
                )
                .await,
            world.post_signed(&signing, path, path, &[("token", "x"), ("client_id", "by-key")]).await,
        ];
        for answer in reported {
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        }
        let public = world.post_form(path, &[("token", "x"), ("client_id", "public")], &[]).await;
        let wanted = if path == REVOKE { 200 } else { 400 };
        assert_eq!(public.status, wanted, "{path}: {}", public.body);
        let nobody = world.post_form(path, &[("token", "x")], &[]).await;
        assert_eq!(nobody.error(), "400 invalid_request: Missing client_id in request body");
        let wrong = basic("by-basic", "wrong");
        let wrong = world.post_form(path, &[("token", "x")], &[("authorization", &wrong)]).await;
        assert!(wrong.status == 401 && wrong.header("www-authenticate").starts_with("Basic "), "{path}");
        for id in ["by-basic", "by-post", "by-jwt", "by-key"] {
            let answer = world.post_form(path, &[("token", "x"), ("client_id", id)], &[]).await;
            assert_eq!(answer.status, 401, "{path} {id}: {}", answer.body);
        }
        let empty = world.post_form(path, &[], &[("authorization", &by_basic)]).await;
        assert_eq!(empty.error(), "400 invalid_request: token is required");
    }
}
