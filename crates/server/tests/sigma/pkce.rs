//! PKCE (RFC 7636, `docs/spec/clients.md#pkce`).

use std::fmt::Write as _;

use sigma_core::app::{ApplicationType, AuthMethod};
use sigma_core::digest::Digest;
use sigma_core::ids::ClientId;

use crate::support::client::{TOKEN, app_key, basic, key_set};
use crate::support::{CHALLENGE, Key, REDIRECT, VERIFIER, World, ada, leads};

#[tokio::test]
async fn pkce_is_required_for_public_clients_and_enforced_when_sent() {
    let world = World::new().await;
    let app = |id: &'static str, method, kind, require| {
        world.add_app(move |app| {
            app.client_id = ClientId::from_text(id);
            app.auth_method = method;
            app.application_type = kind;
            app.require_pkce = require;
            app.secret = Some(Digest::of("secret"));
            app.pubkey = Some(Key::named("app").0.public_key());
            app.jwks = Some(key_set(&[&app_key()]));
        })
    };
    let (web, native) = (ApplicationType::Web, ApplicationType::Native);
    app("public", AuthMethod::None, web, false).await;
    app("native", AuthMethod::ClientSecretBasic, native, false).await;
    app("bitcoin", AuthMethod::SigmaBitcoinAuth, web, false).await;
    app("basic", AuthMethod::ClientSecretBasic, web, false).await;
    app("post", AuthMethod::ClientSecretPost, web, false).await;
    app("jwt", AuthMethod::PrivateKeyJwt, web, false).await;
    app("strict", AuthMethod::ClientSecretBasic, web, true).await;
    let browser = ada(&world).await;
    let mut seen = String::new();
    for id in ["public", "native", "bitcoin", "basic", "post", "jwt", "strict"] {
        let answer =
            browser.authorize(&[("client_id", id), ("code_challenge", ""), ("code_challenge_method", "")]).await;
        writeln!(seen, "{id}: {}", leads(&answer)).unwrap();
    }
    let short = &CHALLENGE[1..];
    for (what, change) in [
        ("plain", [("code_challenge", VERIFIER), ("code_challenge_method", "plain")]),
        ("s256", [("code_challenge", CHALLENGE), ("code_challenge_method", "s256")]),
        ("no method", [("code_challenge", CHALLENGE), ("code_challenge_method", "")]),
        ("no challenge", [("code_challenge", ""), ("code_challenge_method", "S256")]),
        ("42 characters", [("code_challenge", short), ("code_challenge_method", "S256")]),
        ("padded", [("code_challenge", &format!("{short}=")), ("code_challenge_method", "S256")]),
    ] {
        let answer = browser.authorize(&change).await;
        writeln!(seen, "{what}: {}", leads(&answer)).unwrap();
    }
    let redeem = async |challenge: bool, verifier: &str| {
        let pair = [("client_id", "basic"), ("code_challenge", ""), ("code_challenge_method", "")];
        let code = browser.code(if challenge { &pair[..1] } else { &pair }).await;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", REDIRECT),
            ("code_verifier", verifier),
        ];
        let authorization = basic("basic", "secret");
        let form = if verifier.is_empty() { &form[..3] } else { &form };
        let answer = world.post_form(TOKEN, form, &[("authorization", &authorization)]).await;
        if answer.status == 200 { "200".to_owned() } else { answer.error() }
    };
    for (challenge, verifier) in
        [(true, VERIFIER), (true, ""), (true, CHALLENGE), (false, ""), (false, VERIFIER), (false, "short")]
    {
        let reported = redeem(challenge, verifier).await;
        writeln!(seen, "challenge {challenge}, verifier {verifier:?}: {reported}").unwrap();
    }
    insta::assert_snapshot!(seen);
}
