use std::sync::LazyLock;

use aws_lc_rs::signature::{RSA_PSS_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::jose::{Algorithm, SigningKey};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const ISSUER: &str = "https://auth.example";
const TOKEN_ENDPOINT: &str = "https://auth.example/api/auth/oauth2/token";

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::ES256).unwrap());

fn now() -> i64 {
    NOW.seconds()
}

/// Valid claims.
fn claims() -> Value {
    json!({"iss": "app", "sub": "app", "aud": ISSUER, "exp": now() + 60, "iat": now(), "jti": "once"})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn signed(key: &SigningKey, header: &Value, claims: &str) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims));
    let signature = key.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn keys() -> JwkSet {
    [KEY.public().clone()].into_iter().collect()
}

fn verified(assertion: &str) -> Result<VerifiedAssertion, AssertionProblem> {
    ClientAssertion::parse(assertion)?.verify(&keys(), &[ISSUER, TOKEN_ENDPOINT], NOW)
}

fn checked(claims: &Value) -> Result<VerifiedAssertion, AssertionProblem> {
    verified(&signed(&KEY, &json!({"alg": "ES256"}), &claims.to_string()))
}

#[test]
fn a_valid_assertion_has_its_jti_and_expiry() {
    let expected = VerifiedAssertion { jti: "once".into(), expires_at: Timestamp::from_seconds(now() + 60) };
    assert_eq!(checked(&claims()), Ok(expected));
}

#[test]
fn each_algorithm_is_accepted() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let assertion = signed(&key, &json!({"alg": algorithm, "kid": key.kid()}), &claims().to_string());
        let keys = [key.public().clone()].into_iter().collect();
        assert!(ClientAssertion::parse(&assertion).unwrap().verify(&keys, &[ISSUER], NOW).is_ok(), "{algorithm}");
    }
}

#[test]
fn ps256_is_accepted() {
    let key = SigningKey::generate(Algorithm::RS256).unwrap();
    let pair = RsaKeyPair::from_pkcs8(&key.to_pkcs8().unwrap()).unwrap();
    let signed = [json!({"alg": "PS256"}), claims()].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
    let mut signature = vec![0; pair.public_modulus_len()];
    let random = aws_lc_rs::rand::SystemRandom::default();
    pair.sign(&RSA_PSS_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
    let assertion = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));

    let mut jwk = serde_json::to_value(key.public()).unwrap();
    jwk["alg"] = json!("PS256");
    let keys = JwkSet::parse(json!({"keys": [jwk]}).to_string().as_bytes()).unwrap();
    assert!(ClientAssertion::parse(&assertion).unwrap().verify(&keys, &[ISSUER], NOW).is_ok());
}

#[test]
fn iss_and_sub_must_both_be_the_client_id() {
    assert_eq!(checked(&with("iss", json!("other"))), Err(AssertionProblem::IssuerIsNotSubject));
    assert_eq!(checked(&with("sub", json!("other"))), Err(AssertionProblem::IssuerIsNotSubject));
}

#[test]
fn aud_must_be_exactly_the_issuer_or_the_token_endpoint() {
    let other = "https://other.example";
    for (aud, taken) in [
        (json!(ISSUER), true),
        (json!(TOKEN_ENDPOINT), true),
        (json!([ISSUER]), true),
        (json!([ISSUER, TOKEN_ENDPOINT]), true),
        (json!([ISSUER, other]), false),
        (json!([]), false),
        (json!(other), false),
        (json!(""), false),
        (json!("https://auth.example/"), false),
        (json!("HTTPS://auth.example"), false),
    ] {
        let answer = checked(&with("aud", aud.clone())).map(|_| ());
        assert_eq!(answer, if taken { Ok(()) } else { Err(AssertionProblem::Audience) }, "{aud}");
    }
}

#[test]
fn exp_is_ahead_and_at_most_10_minutes() {
    for (exp, expected) in [
        (now() - 1, Err(AssertionProblem::Expired)),
        (now(), Err(AssertionProblem::Expired)),
        (now() + 1, Ok(())),
        (now() + 600, Ok(())),
        (now() + 601, Err(AssertionProblem::LivesTooLong)),
        (i64::MAX, Err(AssertionProblem::LivesTooLong)),
        (i64::MIN, Err(AssertionProblem::Expired)),
    ] {
        assert_eq!(checked(&with("exp", json!(exp))).map(|_| ()), expected, "{exp}");
    }
}

#[test]
fn nbf_and_iat_are_at_most_30_seconds_ahead() {
    for name in ["nbf", "iat"] {
        for (ahead, expected) in
            [(-100_000, Ok(())), (0, Ok(())), (30, Ok(())), (31, Err(AssertionProblem::FromTheFuture))]
        {
            assert_eq!(checked(&with(name, json!(now() + ahead))).map(|_| ()), expected, "{name} {ahead}");
        }
        assert!(checked(&without(name)).is_ok());
    }
}

#[test]
fn a_fraction_of_a_second_is_dropped() {
    let exp = Value::Number(serde_json::from_str(&format!("{}.75", now() + 60)).unwrap());
    assert_eq!(checked(&with("exp", exp)).unwrap().expires_at, Timestamp::from_seconds(now() + 60));
}

#[test]
fn a_claim_that_is_missing_or_of_the_wrong_type_is_refused() {
    for name in ["iss", "sub", "aud", "exp", "jti"] {
        assert_eq!(checked(&without(name)), Err(AssertionProblem::Claims), "no {name}");
        for value in [json!(null), json!({}), json!(true), json!([1])] {
            assert_eq!(checked(&with(name, value.clone())), Err(AssertionProblem::Claims), "{name} {value}");
        }
    }
    for value in [json!("1800000060"), json!(1e300), json!(u64::MAX)] {
        assert_eq!(checked(&with("exp", value.clone())), Err(AssertionProblem::Claims), "{value}");
    }
}

#[test]
fn a_jti_or_sub_that_is_empty_long_or_holds_a_nul_is_refused() {
    for text in [String::new(), "a\0b".into(), "a\nb".into(), "x".repeat(513)] {
        assert_eq!(checked(&with("jti", json!(text))), Err(AssertionProblem::Claims), "{text:?}");
        let mut claims = with("sub", json!(text));
        claims["iss"] = json!(text);
        assert_eq!(checked(&claims), Err(AssertionProblem::Claims), "{text:?}");
    }
    assert!(checked(&with("jti", json!("x".repeat(512)))).is_ok());
}

#[test]
fn a_repeated_claim_is_refused() {
    let repeated = claims().to_string().replacen('{', r#"{"sub":"victim","#, 1);
    assert_eq!(verified(&signed(&KEY, &json!({"alg": "ES256"}), &repeated)), Err(AssertionProblem::Claims));
}

#[test]
fn tokens_of_other_kinds_are_not_assertions() {
    for (typ, taken) in [
        (json!("JWT"), true),
        (json!("jwt"), true),
        (json!("client-authentication+jwt"), true),
        (json!("at+jwt"), false),
        (json!("dpop+jwt"), false),
        (json!("logout+jwt"), false),
        (json!(""), false),
    ] {
        let assertion = signed(&KEY, &json!({"alg": "ES256", "typ": typ}), &claims().to_string());
        assert_eq!(verified(&assertion).map(|_| ()), if taken { Ok(()) } else { Err(AssertionProblem::Kind) }, "{typ}");
    }
}

#[test]
fn a_key_that_is_not_the_apps_is_refused() {
    let other = SigningKey::generate(Algorithm::ES256).unwrap();
    let claims = claims().to_string();
    let unnamed = signed(&other, &json!({"alg": "ES256"}), &claims);
    assert_eq!(verified(&unnamed), Err(AssertionProblem::Signature));
    let named = signed(&other, &json!({"alg": "ES256", "kid": other.kid()}), &claims);
    assert_eq!(verified(&named), Err(AssertionProblem::UnknownKey), "its keys may be fetched again");
    let pretended = signed(&other, &json!({"alg": "ES256", "kid": KEY.kid(), "jwk": other.public()}), &claims);
    assert_eq!(verified(&pretended), Err(AssertionProblem::Signature));
}

#[test]
fn an_algorithm_without_a_key_of_the_app_is_refused() {
    let assertion = signed(&KEY, &json!({"alg": "RS256"}), &claims().to_string());
    assert_eq!(verified(&assertion), Err(AssertionProblem::UnknownKey));
    for alg in ["none", "HS256"] {
        let assertion = signed(&KEY, &json!({"alg": alg}), &claims().to_string());
        assert_eq!(verified(&assertion), Err(AssertionProblem::Jws(JwsError::UnsupportedAlgorithm)));
    }
}

#[test]
fn the_app_is_named_before_its_keys_are_known() {
    let assertion = signed(&KEY, &json!({"alg": "ES256"}), &claims().to_string());
    assert_eq!(ClientAssertion::parse(&assertion).unwrap().client_id(), "app");
}

proptest! {
    #[test]
    fn no_claims_panic(payload in "\\PC{0,200}") {
        let _ = verified(&signed(&KEY, &json!({"alg": "ES256"}), &payload));
    }

    #[test]
    fn no_number_panics(exp in any::<f64>(), iat in any::<i64>(), nbf in any::<u64>()) {
        let mut claims = with("exp", json!(exp));
        claims["iat"] = json!(iat);
        claims["nbf"] = json!(nbf);
        let _ = checked(&claims);
    }
}
