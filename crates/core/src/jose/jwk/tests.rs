use aws_lc_rs::signature::{RSA_PSS_SHA256, RsaKeyPair};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::jose::SigningKey;

const RSA_2048: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
const ED: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

fn parse(jwk: &Value) -> Result<PublicJwk, JwkError> {
    PublicJwk::parse(&jwk.to_string())
}

#[test]
fn the_thumbprint_example_of_rfc_7638_is_right() {
    let key = parse(&json!({"kty": "RSA", "n": RSA_2048, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"})).unwrap();
    assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

#[test]
fn the_thumbprint_example_of_rfc_8037_a_3_is_right() {
    let key = parse(&json!({"kty": "OKP", "crv": "Ed25519", "x": ED})).unwrap();
    assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn our_keys_are_published_with_kid_alg_and_use_and_no_private_member() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let jwk = serde_json::to_value(key.public()).unwrap();
        let (kty, numbers): (_, &[&str]) = match algorithm {
            Algorithm::RS256 => ("RSA", &["e", "n"]),
            Algorithm::ES256 => ("EC", &["crv", "x", "y"]),
            Algorithm::EdDSA => ("OKP", &["crv", "x"]),
        };
        let mut expected = vec!["alg", "kid", "kty", "use"];
        expected.extend(numbers);
        expected.sort_unstable();
        let mut names: Vec<_> = jwk.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, expected);
        assert_eq!((&jwk["kty"], &jwk["alg"], &jwk["use"]), (&json!(kty), &json!(algorithm), &json!("sig")));
        assert_eq!(jwk["kid"].as_str().unwrap(), &key.public().thumbprint()[..16]);
    }
}

#[test]
fn a_public_key_survives_being_written_and_read() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let read = PublicJwk::parse(&serde_json::to_string(key.public()).unwrap()).unwrap();
        assert_eq!(&read, key.public());
        let signature = key.sign(b"message").unwrap();
        assert_eq!(read.verify(algorithm.into(), b"message", &signature), Ok(()));
        assert_eq!(read.verify(algorithm.into(), b"massage", &signature), Err(JwsError::BadSignature));
    }
}

#[test]
fn a_private_key_survives_being_stored_and_signs_for_its_algorithm_alone() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let stored = key.to_pkcs8().unwrap();
        let loaded = SigningKey::from_pkcs8(algorithm, &stored).unwrap();
        assert_eq!((loaded.kid(), loaded.public()), (key.kid(), key.public()));
        for other in Algorithm::ALL.into_iter().filter(|other| *other != algorithm) {
            assert!(SigningKey::from_pkcs8(other, &stored).is_err(), "{algorithm} as {other}");
        }
    }
}

#[test]
fn an_apps_rsa_key_without_alg_verifies_rs256_and_ps256() {
    let key = SigningKey::generate(Algorithm::RS256).unwrap();
    let pair = RsaKeyPair::from_pkcs8(&key.to_pkcs8().unwrap()).unwrap();
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PSS_SHA256, &aws_lc_rs::rand::SystemRandom::default(), b"message", &mut signature).unwrap();

    let mut jwk = serde_json::to_value(key.public()).unwrap();
    jwk.as_object_mut().unwrap().remove("alg");
    let any = parse(&jwk).unwrap();
    assert_eq!(any.verify(VerificationAlgorithm::PS256, b"message", &signature), Ok(()));
    assert_eq!(any.verify(VerificationAlgorithm::RS256, b"message", &signature), Err(JwsError::BadSignature));
    assert_eq!(any.verify(VerificationAlgorithm::ES256, b"message", &signature), Err(JwsError::WrongAlgorithm));
    jwk["alg"] = json!("RS256");
    let bound = parse(&jwk).unwrap();
    assert_eq!(bound.verify(VerificationAlgorithm::PS256, b"message", &signature), Err(JwsError::WrongAlgorithm));
}

#[test]
fn a_private_or_symmetric_key_is_refused() {
    let private =
        json!({"kty": "EC", "crv": "P-256", "x": X, "y": Y, "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"});
    assert_eq!(parse(&private), Err(JwkError::Private));
    let symmetric = json!({"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"});
    assert_eq!(parse(&symmetric), Err(JwkError::Malformed));
    for key in [private, symmetric] {
        let set = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": ED}, key]}).to_string();
        assert_eq!(JwkSet::parse(set.as_bytes()), Err(JwkError::Private));
    }
}

#[test]
fn a_short_rsa_key_is_refused() {
    let with_modulus = |bytes: &[u8]| parse(&json!({"kty": "RSA", "n": base64url::encode(bytes), "e": "AQAB"}));
    let modulus = base64url::decode(RSA_2048).unwrap();
    assert!(with_modulus(&modulus).is_ok());
    assert_eq!(with_modulus(&modulus[..128]), Err(JwkError::Value), "1024 bits");
    assert_eq!(with_modulus(&modulus[..255]), Err(JwkError::Value), "2040 bits");
    let mut short = modulus.clone();
    short[0] = 0x7F;
    assert_eq!(with_modulus(&short), Err(JwkError::Value), "2047 bits");
    assert_eq!(with_modulus(&modulus.repeat(5)), Err(JwkError::Value), "10240 bits");
}

#[test]
fn a_point_that_is_not_on_the_curve_is_refused() {
    assert!(parse(&json!({"kty": "EC", "crv": "P-256", "x": X, "y": Y})).is_ok());
    assert_eq!(parse(&json!({"kty": "EC", "crv": "P-256", "x": Y, "y": X})), Err(JwkError::Value));
    let zero = base64url::encode([0; 32]);
    assert_eq!(parse(&json!({"kty": "EC", "crv": "P-256", "x": zero, "y": zero})), Err(JwkError::Value));
}

#[test]
fn numbers_have_one_form() {
    let padded_modulus = base64url::encode([&[0][..], &base64url::decode(RSA_2048).unwrap()].concat());
    for jwk in [
        json!({"kty": "RSA", "n": padded_modulus, "e": "AQAB"}),
        json!({"kty": "RSA", "n": RSA_2048, "e": "AAEAAQ"}),
        json!({"kty": "RSA", "n": RSA_2048, "e": ""}),
        json!({"kty": "RSA", "n": RSA_2048, "e": "AQAB="}),
        json!({"kty": "EC", "crv": "P-256", "x": format!("{X}="), "y": Y}),
        json!({"kty": "EC", "crv": "P-256", "x": &X[..42], "y": Y}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}),
    ] {
        assert_eq!(parse(&jwk), Err(JwkError::Value), "{jwk}");
    }
}

#[test]
fn an_rsa_exponent_that_is_even_or_one_or_huge_is_refused() {
    for exponent in [&[1][..], &[2], &[1, 0, 0], &[0xFF; 64]] {
        let jwk = json!({"kty": "RSA", "n": RSA_2048, "e": base64url::encode(exponent)});
        let refused = parse(&jwk)
            .and_then(|key| key.verify(VerificationAlgorithm::RS256, b"", &[0; 256]).map_err(|_| JwkError::Value));
        assert_eq!(refused, Err(JwkError::Value), "{exponent:?}");
    }
}

#[test]
fn a_key_for_something_else_is_refused() {
    let with = |name: &str, value: Value| {
        let mut jwk = json!({"kty": "EC", "crv": "P-256", "x": X, "y": Y});
        jwk[name] = value;
        parse(&jwk).map(|_| ())
    };
    assert_eq!(with("use", json!("sig")), Ok(()));
    assert_eq!(with("use", json!("enc")), Err(JwkError::NotForSignatures));
    assert_eq!(with("key_ops", json!(["verify"])), Ok(()));
    assert_eq!(with("key_ops", json!(["encrypt"])), Err(JwkError::NotForSignatures));
    assert_eq!(with("alg", json!("ES256")), Ok(()));
    for alg in ["none", "HS256", "ES384", "RS256", "EdDSA", "ECDH-ES"] {
        assert_eq!(with("alg", json!(alg)), Err(JwkError::Algorithm), "{alg}");
    }
    for crv in ["P-384", "secp256k1", "Ed25519", ""] {
        assert_eq!(with("crv", json!(crv)), Err(JwkError::Malformed), "{crv}");
    }
}

#[test]
fn a_set_passes_over_keys_it_cannot_use() {
    let set = json!({"keys": [
        {"kty": "EC", "crv": "P-256", "x": X, "y": Y, "kid": "a"},
        {"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA", "kid": "b"},
        {"kty": "quantum"},
        7,
        {"kty": "OKP", "crv": "Ed25519", "x": ED, "kid": "c", "use": "sig", "x5u": "https://evil.example", "note": 1},
        {"kty": "OKP", "crv": "Ed25519", "x": ED},
    ]});
    let set = JwkSet::parse(set.to_string().as_bytes()).unwrap();
    let kids = |keys: &mut dyn Iterator<Item = &PublicJwk>| -> Vec<_> {
        keys.map(|key| key.kid().map(str::to_owned)).collect()
    };
    assert_eq!(kids(&mut set.keys().iter()), [Some("a".into()), Some("c".into()), None]);
    assert_eq!(kids(&mut set.candidates(VerificationAlgorithm::EdDSA, Some("c"))), [Some("c".into()), None]);
    assert_eq!(kids(&mut set.candidates(VerificationAlgorithm::EdDSA, None)), [Some("c".into()), None]);
    assert_eq!(kids(&mut set.candidates(VerificationAlgorithm::ES256, Some("c"))), []);
}

#[test]
fn a_signature_is_tried_with_few_keys_and_with_the_named_one_first() {
    let key = |kid: Option<&str>| match kid {
        Some(kid) => json!({"kty": "OKP", "crv": "Ed25519", "x": ED, "kid": kid}),
        None => json!({"kty": "OKP", "crv": "Ed25519", "x": ED}),
    };
    let mut keys = vec![key(None); 30];
    keys.push(key(Some("named")));
    let set = JwkSet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
    for kid in [None, Some("named"), Some("other")] {
        assert_eq!(set.candidates(VerificationAlgorithm::EdDSA, kid).count(), JwkSet::MOST_TRIED, "{kid:?}");
    }
    let first = set.candidates(VerificationAlgorithm::EdDSA, Some("named")).next();
    assert_eq!(first.and_then(PublicJwk::kid), Some("named"));
}

#[test]
fn a_set_with_any_private_member_is_refused() {
    for name in ["d", "k", "p", "q", "dp", "dq", "qi", "oth"] {
        let mut jwk = json!({"kty": "EC", "crv": "P-256", "x": X, "y": Y});
        jwk[name] = json!("AQ");
        let set = json!({ "keys": [jwk] }).to_string();
        assert_eq!(JwkSet::parse(set.as_bytes()), Err(JwkError::Private), "{name}");
    }
}

#[test]
fn a_set_over_64_kib_or_32_keys_is_refused() {
    let set = format!(r#"{{"keys":[]{}}}"#, " ".repeat(JwkSet::MAX_BYTES));
    assert_eq!(JwkSet::parse(set.as_bytes()), Err(JwkError::TooLarge));
    let of = |count| json!({"keys": vec![json!({"kty": "OKP", "crv": "Ed25519", "x": ED}); count]}).to_string();
    assert_eq!(JwkSet::parse(of(32).as_bytes()).unwrap().keys().len(), 32);
    assert_eq!(JwkSet::parse(of(33).as_bytes()), Err(JwkError::TooLarge));
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        let _ = (PublicJwk::parse(&text).is_ok(), JwkSet::parse(text.as_bytes()).is_ok());
    }

    #[test]
    fn no_numbers_panic(kty in "RSA|EC|OKP", crv in "P-256|Ed25519", n in any::<Vec<u8>>(), x in any::<Vec<u8>>(), y in any::<[u8; 32]>()) {
        let [n, x, y] = [&n[..], &x, &y].map(base64url::encode);
        let _ = parse(&json!({"kty": kty, "crv": crv, "n": n, "e": x, "x": x, "y": y})).is_ok();
    }
}
