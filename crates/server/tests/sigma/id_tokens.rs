//! The signature and claims of ID tokens (`docs/spec/tokens.md#id-tokens`).

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sigma_core::digest::Digest;
use sigma_core::jose::Algorithm;

use crate::support::forge::{claims, header};
use crate::support::{APP, World, ada, redacted};

/// Verifies a signature with the published keys and none of our own code.
fn verify_independently(jwks: &Value, token: &str) -> bool {
    let head = header(token);
    let bytes = |value: &Value| URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap();
    let key = jwks["keys"].as_array().unwrap().iter().find(|key| key["kid"] == head["kid"]).unwrap();
    assert_eq!(key["alg"], head["alg"]);
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    match head["alg"].as_str().unwrap() {
        "RS256" => RsaPublicKeyComponents { n: bytes(&key["n"]), e: bytes(&key["e"]) }
            .verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature)
            .is_ok(),
        "ES256" => {
            let point = [&[4][..], &bytes(&key["x"]), &bytes(&key["y"])].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message.as_bytes(), &signature).is_ok()
        }
        "EdDSA" => UnparsedPublicKey::new(&ED25519, bytes(&key["x"])).verify(message.as_bytes(), &signature).is_ok(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn id_tokens_are_signed_as_the_app_registered_and_access_tokens_with_es256() {
    let world = World::new().await;
    let browser = ada(&world).await;
    for algorithm in Algorithm::ALL {
        world.change_app(APP, |app| app.id_token_alg = algorithm).await;
        let tokens = browser.tokens("openid profile").await;
        let (id, access) = (tokens["id_token"].as_str().unwrap(), tokens["access_token"].as_str().unwrap());
        let jwks = world.browser().get("/.well-known/jwks.json").await.json();
        for (token, alg, typ) in [(id, algorithm.as_str(), "JWT"), (access, "ES256", "at+jwt")] {
            let head = header(token);
            assert_eq!((head["alg"].as_str(), head["typ"].as_str()), (Some(alg), Some(typ)));
            assert!(verify_independently(&jwks, token), "{alg}");
            let tampered = token.replacen(".eyJ", ".eyK", 1);
            assert!(!verify_independently(&jwks, &tampered), "{alg}");
        }
        let half = |digest: &[u8]| URL_SAFE_NO_PAD.encode(&digest[..digest.len() / 2]);
        let wanted = match algorithm {
            Algorithm::EdDSA => half(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, access.as_bytes()).as_ref()),
            Algorithm::RS256 | Algorithm::ES256 => half(Digest::of(access).as_bytes()),
        };
        assert_eq!(claims(id)["at_hash"], wanted, "{algorithm}");
    }
}

#[tokio::test]
async fn an_id_token_says_when_and_how_the_person_signed_in() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let signed_in_at = world.now().seconds();
    browser.code(&[]).await;
    world.advance(1_000);
    let code = browser.code(&[("nonce", "n-0S6_WzA2Mj"), ("max_age", "2000")]).await;
    let tokens = world.exchange(&code, &[]).await.json();
    let id = claims(tokens["id_token"].as_str().unwrap());
    assert!((id["auth_time"].as_i64().unwrap() - signed_in_at).abs() <= 1);
    assert_eq!(id["iat"], world.now().seconds());
    let marks = [("/sub", "[user]"), ("/sid", "[session]"), ("/at_hash", "[hash]")];
    insta::assert_json_snapshot!(redacted(id, &marks));
}
