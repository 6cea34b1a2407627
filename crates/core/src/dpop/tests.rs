use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::*;
use crate::jose::{Algorithm, SigningKey};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const URL: &str = "https://id.example.org/api/auth/oauth2/token";
const REQUEST: ProvenRequest<'static> = ProvenRequest { method: "POST", url: URL, token: None };

fn claims() -> Value {
    json!({"jti": "1", "htm": "POST", "htu": URL, "iat": NOW.seconds()})
}

fn header(key: &SigningKey) -> Value {
    json!({"typ": "dpop+jwt", "alg": key.algorithm().as_str(), "jwk": key.public()})
}

fn compact(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).unwrap()))
}

fn verify(text: &str, request: &ProvenRequest<'_>) -> Result<Proof, ProofProblem> {
    let key = ProofKey::parse(Proof::header_of(text)?)?;
    let proof = Proof::verify(text, &key, request, NOW)?;
    proof.expires_at(NOW)?;
    Ok(proof)
}

/// `value` with a member changed, or removed if it is null.
fn with(mut value: Value, name: &str, member: Value) -> Value {
    if member.is_null() {
        value.as_object_mut().unwrap().remove(name);
    } else {
        value[name] = member;
    }
    value
}

#[test]
fn a_thumbprint_is_43_characters_of_canonical_base64url() {
    let text = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    assert_eq!(Thumbprint::parse(text).unwrap().as_str(), text);
    for other in ["", "short", &text[1..], &format!("{text}A"), &text.replace('-', "+"), &text.replace("4I", "4J")] {
        assert_eq!(Thumbprint::parse(other), None, "{other}");
    }
}

#[test]
fn a_confirmation_by_another_means_is_unreadable() {
    let of = |value: Value| serde_json::from_value::<Confirmation>(value).is_ok();
    assert!(of(json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"})));
    for other in [
        json!({}),
        json!("x"),
        json!({"jkt": "x"}),
        json!({"x5t#S256": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}),
        json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", "kid": "x"}),
    ] {
        assert!(!of(other.clone()), "{other}");
    }
}

#[test]
fn the_thumbprint_of_the_key_in_rfc_9449_is_the_one_of_its_examples() {
    let jwk = r#"{"kty":"EC","crv":"P-256","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"}"#;
    assert_eq!(PublicJwk::parse(jwk).unwrap().thumbprint(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

#[test]
fn proofs_of_every_algorithm_but_rs256_are_accepted() {
    for algorithm in [Algorithm::ES256, Algorithm::EdDSA] {
        let key = SigningKey::generate(algorithm).unwrap();
        let proof = verify(&compact(&key, &header(&key), &claims()), &REQUEST).unwrap();
        assert_eq!((proof.nonce.as_deref(), proof.made_at()), (None, NOW));
    }
    let rsa = SigningKey::generate(Algorithm::RS256).unwrap();
    assert_eq!(verify(&compact(&rsa, &header(&rsa), &claims()), &REQUEST).unwrap_err(), ProofProblem::Algorithm);
}

#[test]
fn each_check_of_rfc_9449_section_4_3_refuses() {
    use ProofProblem as P;
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let private = json!({"kty": "EC", "crv": "P-256", "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs", "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA", "d": "AA"});
    for (name, value, problem) in [
        ("typ", json!(null), P::Kind),
        ("typ", json!("JWT"), P::Kind),
        ("typ", json!("DPOP+JWT"), P::Kind),
        ("alg", json!(null), P::Algorithm),
        ("alg", json!("none"), P::Algorithm),
        ("alg", json!("HS256"), P::Algorithm),
        ("alg", json!("EdDSA"), P::Signature),
        ("jwk", json!(null), P::Key(JwkError::Malformed)),
        ("jwk", json!({"kty": "oct", "k": "AA"}), P::Key(JwkError::Malformed)),
        ("jwk", private, P::Key(JwkError::Private)),
        ("crit", json!(["exp"]), P::Malformed),
    ] {
        let changed = with(header(&key), name, value.clone());
        assert_eq!(verify(&compact(&key, &changed, &claims()), &REQUEST).unwrap_err(), problem, "{name}={value}");
    }
    let now = NOW.seconds();
    for (name, value, problem) in [
        ("jti", json!(null), P::Claims),
        ("jti", json!(""), P::Claims),
        ("jti", json!("x".repeat(257)), P::Claims),
        ("jti", json!(1), P::Claims),
        ("htm", json!(null), P::Claims),
        ("htm", json!("PUT"), P::Method),
        ("htm", json!("post"), P::Method),
        ("htu", json!(null), P::Claims),
        ("htu", json!("https://id.example.org/api/auth/oauth2/par"), P::Url),
        ("htu", json!("https://other.example/api/auth/oauth2/token"), P::Url),
        ("htu", json!("http://id.example.org/api/auth/oauth2/token"), P::Url),
        ("htu", json!("https://id.example.org:8443/api/auth/oauth2/token"), P::Url),
        ("htu", json!("https://u@id.example.org/api/auth/oauth2/token"), P::Url),
        ("iat", json!(null), P::Claims),
        ("iat", json!("now"), P::Claims),
        ("iat", json!(now - 60), P::Time),
        ("iat", json!(now - 3_600), P::Time),
        ("iat", json!(now + 31), P::Time),
        ("iat", json!(now + 3_600), P::Time),
        ("iat", json!(-1), P::Claims),
        ("iat", json!(9e30), P::Claims),
        ("exp", json!(now - 31), P::Time),
        ("nbf", json!(now + 31), P::Time),
    ] {
        let changed = with(claims(), name, value.clone());
        assert_eq!(verify(&compact(&key, &header(&key), &changed), &REQUEST).unwrap_err(), problem, "{name}={value}");
    }
    let good = compact(&key, &header(&key), &claims());
    let other = SigningKey::generate(Algorithm::ES256).unwrap();
    let stolen = compact(&other, &header(&key), &claims());
    assert_eq!(verify(&stolen, &REQUEST).unwrap_err(), P::Signature);
    for text in ["", ".", "..", "a.b", &good[..good.len() - 1], &good.replace('.', ""), &"x".repeat(5_000)] {
        assert!(verify(text, &REQUEST).is_err(), "{text}");
    }
}

#[test]
fn harmless_differences_are_ignored() {
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let now = NOW.seconds();
    for (name, value) in [
        ("htu", json!(format!("{URL}?a=b#c"))),
        ("htu", json!("HTTPS://ID.EXAMPLE.ORG/api/auth/oauth2/token")),
        ("htu", json!("https://id.example.org:443/api/auth/oauth2/token")),
        ("iat", json!(now - 10)),
        ("iat", json!(now + 10)),
        ("iat", json!(1_800_000_000.5)),
        ("nbf", json!(now)),
        ("exp", json!(now + 300)),
        ("extra", json!({"any": "thing"})),
    ] {
        let changed = with(claims(), name, value.clone());
        assert!(verify(&compact(&key, &header(&key), &changed), &REQUEST).is_ok(), "{name}={value}");
    }
    let extra = with(header(&key), "kid", json!("any"));
    assert!(verify(&compact(&key, &extra, &claims()), &REQUEST).is_ok());
}

#[test]
fn a_proof_for_an_access_token_names_its_digest() {
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let request = ProvenRequest { token: Some("token"), ..REQUEST };
    let ath = |token: &str| json!(Digest::of(token).base64url());
    let judged = |ath: Value| verify(&compact(&key, &header(&key), &with(claims(), "ath", ath)), &request);
    assert!(judged(ath("token")).is_ok());
    for other in [json!(null), ath("other"), json!(""), json!("token")] {
        assert_eq!(judged(other.clone()).unwrap_err(), ProofProblem::Token, "{other}");
    }
}
