use serde_json::{Value, json};

use super::*;
use crate::authorize::tests::app;
use crate::jose::{Algorithm, SigningKey};
use crate::security::{AppSecurity, SecurityProfile};

const ISSUER: &str = "https://id.example.org";
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn good() -> Value {
    json!({
        "iss": "app", "aud": ISSUER, "exp": NOW.seconds() + 60, "nbf": NOW.seconds(), "client_id": "app",
        "response_type": "code", "scope": "openid", "state": "inside", "max_age": 60,
        "claims": {"userinfo": {"email": null}}, "resource": ["https://a.example", "https://b.example"],
    })
}

fn with(changes: &Value) -> Value {
    let mut claims = good();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

fn compact(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).unwrap()))
}

fn open(key: &SigningKey, app: &App, text: &str) -> Result<Params, ObjectProblem> {
    let keys: JwkSet = [key.public().clone()].into_iter().collect();
    RequestObject::parse(text)?.verify(&keys, app, ISSUER, NOW)
}

#[test]
fn the_members_of_an_object_become_parameters() {
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    for typ in [None, Some("oauth-authz-req+jwt"), Some("JWT")] {
        let mut header = json!({"alg": "ES256"});
        if let Some(typ) = typ {
            header["typ"] = typ.into();
        }
        let params = open(&key, &app(), &compact(&key, &header, &good())).unwrap();
        assert_eq!(params.get("state"), Some("inside"));
        assert_eq!(params.get("max_age"), Some("60"));
        assert_eq!(params.get("claims"), Some(r#"{"userinfo":{"email":null}}"#));
        assert_eq!(params.resources(), ["https://a.example", "https://b.example"]);
        assert_eq!((params.get("iss"), params.get("aud"), params.get("exp")), (None, None, None));
    }
}

#[test]
fn each_rule_of_rfc_9101_is_checked() {
    use ObjectProblem as P;
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let header = json!({"alg": "ES256"});
    let later = NOW.seconds() + 3_600;
    for (changes, problem) in [
        (json!({"client_id": null}), P::ClientId),
        (json!({"client_id": "other"}), P::ClientId),
        (json!({"client_id": 1}), P::ClientId),
        (json!({"iss": "other"}), P::Issuer),
        (json!({"sub": "app"}), P::Subject),
        (json!({"aud": "https://other.example"}), P::Audience),
        (json!({"aud": []}), P::Audience),
        (json!({"aud": 1}), P::Audience),
        (json!({"exp": NOW.seconds()}), P::Expired),
        (json!({"exp": "soon"}), P::Claims),
        (json!({"nbf": later}), P::FromTheFuture),
        (json!({"iat": later}), P::FromTheFuture),
        (json!({"request": "x"}), P::Nested),
        (json!({"request_uri": "urn:x"}), P::Nested),
        (json!({"scope": ["openid"]}), P::Claims),
        (json!({"resource": [1]}), P::Claims),
        (json!({"state": "\u{0}"}), P::Claims),
    ] {
        let object = compact(&key, &header, &with(&changes));
        assert_eq!(open(&key, &app(), &object).unwrap_err(), problem, "{changes}");
    }
    for (header, problem) in [
        (json!({"alg": "none"}), P::Jws(JwsError::UnsupportedAlgorithm)),
        (json!({"alg": "HS256"}), P::Jws(JwsError::UnsupportedAlgorithm)),
        (json!({"alg": "ES256", "typ": "at+jwt"}), P::Kind),
        (json!({"alg": "ES256", "kid": "other"}), P::UnknownKey),
        (json!({"alg": "EdDSA"}), P::UnknownKey),
    ] {
        let kid_of_ours = key.public().kid().is_some();
        assert!(kid_of_ours);
        assert_eq!(open(&key, &app(), &compact(&key, &header, &good())).unwrap_err(), problem, "{header}");
    }
    let other = SigningKey::generate(Algorithm::ES256).unwrap();
    let stolen = compact(&other, &json!({"alg": "ES256"}), &good());
    assert_eq!(open(&key, &app(), &stolen).unwrap_err(), P::Signature);
    // An audience list that contains this server is fine, and so is an unknown structured extension.
    let lenient = with(&json!({"aud": ["https://other.example", ISSUER], "authorization_details": [{"type": "x"}]}));
    assert!(open(&key, &app(), &compact(&key, &header, &lenient)).is_ok());
    let bare = with(&json!({"iss": null, "aud": null, "exp": null, "nbf": null}));
    assert!(open(&key, &app(), &compact(&key, &header, &bare)).is_ok());
}

#[test]
fn an_object_under_the_fapi2_profile_lives_at_most_an_hour_and_is_never_signed_with_rs256() {
    let security = AppSecurity { profile: Some(SecurityProfile::Fapi2), ..AppSecurity::default() };
    let app = App { security, ..app() };
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let judged = |changes: &Value| open(&key, &app, &compact(&key, &json!({"alg": "ES256"}), &with(changes)));
    let now = NOW.seconds();
    assert!(judged(&json!({})).is_ok());
    assert!(judged(&json!({"nbf": now + 8})).is_ok(), "nbf 8 seconds in the future is accepted");
    assert_eq!(judged(&json!({"nbf": now + 31})).unwrap_err(), ObjectProblem::FromTheFuture);
    for changes in [
        json!({"exp": null}),
        json!({"nbf": null}),
        json!({"aud": null}),
        json!({"exp": now + 4_000}),
        json!({"nbf": now - 4_000, "exp": now + 60}),
    ] {
        assert_eq!(judged(&changes).unwrap_err(), ObjectProblem::Lifetime, "{changes}");
    }
    let rsa = SigningKey::generate(Algorithm::RS256).unwrap();
    let object = compact(&rsa, &json!({"alg": "RS256"}), &good());
    assert_eq!(open(&rsa, &app, &object).unwrap_err(), ObjectProblem::Algorithm);
}
