use std::sync::LazyLock;

use aws_lc_rs::hmac;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::jose::Algorithm;

static RSA: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::RS256).unwrap());
static P256: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::ES256).unwrap());
static ED25519: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::EdDSA).unwrap());

fn keys() -> [&'static SigningKey; 3] {
    [&RSA, &P256, &ED25519]
}

/// A token with any header, signed properly by `key`.
fn signed_with_header(key: &SigningKey, header: &str) -> String {
    let signed = format!("{}.{}", base64url::encode(header), base64url::encode("{}"));
    let signature = key.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", base64url::encode(signature))
}

fn verified(token: &str, key: &PublicJwk) -> Result<Vec<u8>, JwsError> {
    UnverifiedJws::parse(token)?.verify(key).map(<[u8]>::to_vec)
}

const RFC_7515_PAYLOAD: &str = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";

#[test]
fn the_rs256_example_of_rfc_7515_a_2_verifies() {
    let key = PublicJwk::parse(
        r#"{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#,
    )
    .unwrap();
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    assert_eq!(verified(token, &key).unwrap(), RFC_7515_PAYLOAD.as_bytes());
}

const RFC_7515_A_3_KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
const RFC_7515_A_3: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

#[test]
fn the_es256_example_of_rfc_7515_a_3_verifies() {
    let key = PublicJwk::parse(RFC_7515_A_3_KEY).unwrap();
    assert_eq!(verified(RFC_7515_A_3, &key).unwrap(), RFC_7515_PAYLOAD.as_bytes());
}

#[test]
fn the_eddsa_example_of_rfc_8037_a_4_verifies() {
    let key = PublicJwk::parse(r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#);
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_eq!(verified(token, &key.unwrap()).unwrap(), b"Example of Ed25519 signing");
}

#[test]
fn what_each_key_signs_names_its_kind_and_key_and_verifies() {
    for key in keys() {
        let claims = json!({"sub": "user_1"});
        let token = sign(key, TokenKind::Access, &claims).unwrap();
        let jws = UnverifiedJws::parse(&token).unwrap();
        assert_eq!(
            *jws.header(),
            Header { alg: key.algorithm().into(), typ: Some("at+jwt".into()), kid: Some(key.kid().into()) }
        );
        assert_eq!(jws.verify_as(TokenKind::Access, key.public()).unwrap(), claims.to_string().as_bytes());
    }
}

#[test]
fn token_kinds_are_not_interchangeable() {
    for made in TokenKind::ALL {
        let token = sign(&P256, made, &json!({})).unwrap();
        let jws = UnverifiedJws::parse(&token).unwrap();
        for wanted in TokenKind::ALL {
            let expected = if made == wanted { Ok(&b"{}"[..]) } else { Err(JwsError::WrongKind) };
            assert_eq!(jws.verify_as(wanted, P256.public()), expected, "{made:?} as {wanted:?}");
        }
    }
}

#[test]
fn typ_is_compared_exactly() {
    for header in
        [r#"{"alg":"ES256"}"#, r#"{"alg":"ES256","typ":"AT+JWT"}"#, r#"{"alg":"ES256","typ":"application/at+jwt"}"#]
    {
        let token = signed_with_header(&P256, header);
        let verified = UnverifiedJws::parse(&token).unwrap();
        assert_eq!(verified.verify_as(TokenKind::Access, P256.public()), Err(JwsError::WrongKind), "{header}");
    }
}

#[test]
fn a_token_signed_none_is_refused() {
    for name in ["none", "None", "NONE", "nOnE", ""] {
        let header = base64url::encode(json!({"alg": name, "typ": "at+jwt"}).to_string());
        for token in [format!("{header}.e30."), format!("{header}.e30.AAAA")] {
            assert_eq!(UnverifiedJws::parse(&token).unwrap_err(), JwsError::UnsupportedAlgorithm, "{name}");
        }
    }
}

#[test]
fn hs256_with_the_public_key_as_secret_is_refused() {
    for key in keys() {
        let header = json!({"alg": "HS256", "typ": "at+jwt", "kid": key.kid()}).to_string();
        let signed = format!("{}.{}", base64url::encode(header), base64url::encode("{}"));
        let secret = hmac::Key::new(hmac::HMAC_SHA256, serde_json::to_string(key.public()).unwrap().as_bytes());
        let token = format!("{signed}.{}", base64url::encode(hmac::sign(&secret, signed.as_bytes())));
        assert_eq!(UnverifiedJws::parse(&token).unwrap_err(), JwsError::UnsupportedAlgorithm);
    }
}

#[test]
fn an_algorithm_that_is_not_the_keys_own_is_refused() {
    for alg in VerificationAlgorithm::ALL {
        for key in keys() {
            let token = signed_with_header(key, &json!({"alg": alg.as_str()}).to_string());
            let expected =
                if alg == key.algorithm().into() { Ok(b"{}".to_vec()) } else { Err(JwsError::WrongAlgorithm) };
            assert_eq!(verified(&token, key.public()), expected, "{alg} with a key for {}", key.algorithm());
        }
    }
}

#[test]
fn a_token_of_another_key_is_refused() {
    for key in keys() {
        let other = SigningKey::generate(key.algorithm()).unwrap();
        let token = sign(key, TokenKind::Id, &json!({"sub": "user_1"})).unwrap();
        assert_eq!(verified(&token, other.public()), Err(JwsError::BadSignature));
    }
}

#[test]
fn a_header_with_crit_is_rejected() {
    for header in [
        r#"{"alg":"ES256","crit":["exp"],"exp":1}"#,
        r#"{"alg":"ES256","crit":[]}"#,
        r#"{"alg":"ES256","b64":false,"crit":["b64"]}"#,
        r#"{"alg":"ES256","b64":true}"#,
    ] {
        assert_eq!(
            UnverifiedJws::parse(&signed_with_header(&P256, header)).unwrap_err(),
            JwsError::Extension,
            "{header}"
        );
    }
}

#[test]
fn a_key_in_the_header_is_not_used() {
    let attacker = SigningKey::generate(Algorithm::ES256).unwrap();
    let header = json!({
        "alg": "ES256", "typ": "at+jwt", "kid": P256.kid(), "jwk": attacker.public(),
        "jku": "https://evil.example/jwks.json", "x5u": "https://evil.example/cert.pem", "x5c": ["AAAA"],
    });
    let token = signed_with_header(&attacker, &header.to_string());
    assert_eq!(verified(&token, P256.public()), Err(JwsError::BadSignature));
    let token = signed_with_header(&P256, &header.to_string());
    assert_eq!(verified(&token, P256.public()), Ok(b"{}".to_vec()), "ignored, not refused");
}

#[test]
fn a_repeated_header_member_is_refused() {
    for header in [
        r#"{"alg":"ES256","alg":"ES256"}"#,
        r#"{"alg":"none","alg":"ES256"}"#,
        r#"{"alg":"ES256","\u0061lg":"none"}"#,
        r#"{"alg":"ES256","typ":"JWT","typ":"at+jwt"}"#,
        r#"{"alg":"ES256","other":1,"other":1}"#,
    ] {
        assert_eq!(
            UnverifiedJws::parse(&signed_with_header(&P256, header)).unwrap_err(),
            JwsError::Malformed,
            "{header}"
        );
    }
}

#[test]
fn a_header_that_is_no_object_of_proper_types_is_refused() {
    for header in [
        "",
        "null",
        "[]",
        "\"ES256\"",
        "{}",
        r#"{"typ":"JWT"}"#,
        r#"{"alg":1}"#,
        r#"{"alg":null}"#,
        r#"{"alg":["ES256"]}"#,
        r#"{"alg":"ES256","kid":1}"#,
        r#"{"alg":"ES256","typ":null}"#,
        r#"{"alg":"ES256"}{}"#,
        r#"{"alg":"ES256"} x"#,
    ] {
        assert_eq!(
            UnverifiedJws::parse(&signed_with_header(&P256, header)).unwrap_err(),
            JwsError::Malformed,
            "{header}"
        );
    }
    let deep = format!(r#"{{"alg":"ES256","x":{}}}"#, "[".repeat(4000));
    assert_eq!(UnverifiedJws::parse(&signed_with_header(&P256, &deep)).unwrap_err(), JwsError::Malformed);
}

#[test]
fn only_three_parts_in_canonical_base64url_are_a_token() {
    let [header, payload, signature] = RFC_7515_A_3.split('.').collect::<Vec<_>>().try_into().unwrap();
    let trailing_bits = signature.replace("NU1Q", "NU1R");
    for token in [
        String::new(),
        ".".into(),
        "..".into(),
        header.into(),
        format!("{header}.{payload}"),
        format!("{header}.{payload}.{signature}."),
        format!(".{header}.{payload}.{signature}"),
        format!("{header}.{payload}.{signature}.{signature}"),
        format!("{header}.{payload}.{signature}=="),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}.{trailing_bits}"),
        format!("{header}.{payload}.{}", signature.replace('-', "+")),
        format!(" {RFC_7515_A_3}"),
        format!("{RFC_7515_A_3}\n"),
        format!("{header}.{payload}\0.{signature}"),
        format!("{header}.{payload}é.{signature}"),
    ] {
        assert_eq!(UnverifiedJws::parse(&token).unwrap_err(), JwsError::Malformed, "{token:?}");
    }
}

#[test]
fn a_signature_of_another_length_or_form_is_refused() {
    let token = sign(&P256, TokenKind::Id, &json!({})).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = base64url::decode(signature).unwrap();
    let with = |bytes: &[u8]| verified(&format!("{signed}.{}", base64url::encode(bytes)), P256.public());
    assert!(with(&signature).is_ok());
    for wrong in [&[][..], &[0; 64], &signature[..63], &[&signature[..], &[0]].concat()] {
        assert_eq!(with(wrong), Err(JwsError::BadSignature), "{} bytes", wrong.len());
    }
}

#[test]
fn a_token_over_16_kib_is_neither_made_nor_read() {
    let fits = sign(&P256, TokenKind::Access, &json!({"bap": "x".repeat(12_000)})).unwrap();
    assert!(verified(&fits, P256.public()).is_ok());
    let claims = json!({"bap": "x".repeat(MAX_JWS_BYTES)});
    assert_eq!(sign(&P256, TokenKind::Access, &claims), Err(JwsError::TooLong));
    assert_eq!(UnverifiedJws::parse(&"a".repeat(MAX_JWS_BYTES + 1)).unwrap_err(), JwsError::TooLong);
}

#[test]
fn a_private_key_is_not_shown_in_debug_output() {
    assert_eq!(format!("{:?}", *P256), format!("SigningKey(ES256 {})", P256.kid()));
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,300}") {
        let _ = verified(&text, P256.public());
    }

    #[test]
    fn no_header_and_no_payload_panics(header in any::<Vec<u8>>(), payload in any::<Vec<u8>>(), signature in any::<Vec<u8>>()) {
        let token = [header, payload, signature].map(base64url::encode).join(".");
        let _ = verified(&token, P256.public());
    }

    #[test]
    fn no_json_header_panics(header in r#"\{("(alg|typ|kid|crit|b64|x)":("ES256"|"none"|1|null|\[\]|\{\}),?){0,4}\}"#) {
        let _ = verified(&signed_with_header(&P256, &header), P256.public());
    }

    #[test]
    fn what_we_sign_verifies_and_any_changed_byte_fails(
        which in 0..3usize, subject in "\\PC{0,40}", at in any::<prop::sample::Index>(), new in "[A-Za-z0-9_.-]",
    ) {
        let key = keys()[which];
        let claims = json!({"sub": subject});
        let token = sign(key, TokenKind::Access, &claims).unwrap();
        prop_assert_eq!(verified(&token, key.public()).unwrap(), claims.to_string().into_bytes());
        let at = at.index(token.len());
        let mut changed = token.clone();
        changed.replace_range(at..=at, &new);
        if changed != token {
            prop_assert!(verified(&changed, key.public()).is_err(), "{changed}");
        }
    }

    #[test]
    fn a_token_with_a_byte_more_or_less_fails(which in 0..3usize, at in any::<prop::sample::Index>(), new in "[A-Za-z0-9_.=-]") {
        let key = keys()[which];
        let token = sign(key, TokenKind::Access, &json!({"sub": "user_1"})).unwrap();
        let at = at.index(token.len());
        let (mut longer, mut shorter) = (token.clone(), token);
        longer.insert_str(at, &new);
        shorter.remove(at);
        prop_assert!(verified(&longer, key.public()).is_err(), "{longer}");
        prop_assert!(verified(&shorter, key.public()).is_err(), "{shorter}");
    }
}
