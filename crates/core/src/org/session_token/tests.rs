use proptest::prelude::*;

use super::*;

fn claims() -> MemberTokenClaims {
    MemberTokenClaims {
        user_id: UserId::from_text("user_a"),
        workspace_id: OrgId::from_text("org_a"),
        role_id: RoleId::from_text("role_a"),
        permissions: Vec::new(),
        iat: 1_000_000,
        exp: 1_000_000 + TOKEN_SECONDS,
        jti: "session".to_owned(),
    }
}

fn key() -> SessionKey {
    SessionKey::new("k1", &[7; 32])
}

/// A token with this header and the usual claims, signed with the right secret.
fn with_header(header: &str) -> String {
    let mut token = format!("{}.", base64url::encode(header));
    base64url::encode_onto(&mut token, serde_json::to_vec(&claims()).unwrap());
    let signature = hmac::sign(&key().key, token.as_bytes());
    format!("{token}.{}", base64url::encode(signature))
}

fn verify(token: &str) -> Result<MemberTokenClaims, SessionTokenError> {
    UnverifiedSession::parse(token)?.verify(&key())
}

#[test]
fn a_token_has_the_published_claims() {
    let token = key().sign(&claims()).unwrap();
    let part = |at| String::from_utf8(base64url::decode(token.split('.').nth(at).unwrap()).unwrap()).unwrap();
    insta::assert_snapshot!(part(0), @r#"{"alg":"HS256","kid":"k1","typ":"JWT"}"#);
    insta::assert_snapshot!(part(1), @r#"{"userId":"user_a","workspaceId":"org_a","roleId":"role_a","iat":1000000,"exp":1086400,"jti":"session"}"#);
    assert_eq!(verify(&token), Ok(claims()));
}

#[test]
fn the_algorithm_is_pinned_to_hs256() {
    for alg in ["none", "None", "RS256", "ES256", "HS384", "HS512", "hs256", ""] {
        let token = with_header(&format!(r#"{{"alg":"{alg}","kid":"k1"}}"#));
        assert_eq!(verify(&token), Err(SessionTokenError::WrongAlgorithm), "{alg}");
    }
    assert_eq!(verify(&with_header(r#"{"alg":"HS256","kid":"k1","typ":"JWT"}"#)), Ok(claims()));
}

#[test]
fn a_token_of_another_secret_or_workspace_is_refused() {
    let other = SessionKey::new("k1", &[8; 32]).sign(&claims()).unwrap();
    assert_eq!(verify(&other), Err(SessionTokenError::BadSignature));
    let renamed = SessionKey::new("k2", &[7; 32]).sign(&claims()).unwrap();
    assert_eq!(verify(&renamed), Err(SessionTokenError::BadSignature));
}

#[test]
fn a_header_that_is_ambiguous_or_extends_the_token_is_refused() {
    for header in [
        r#"{"alg":"HS256","alg":"none","kid":"k1"}"#,
        r#"{"alg":"HS256","kid":"k1","crit":["b64"]}"#,
        r#"{"alg":"HS256","kid":"k1","b64":false}"#,
        r#"{"alg":"HS256","typ":"JWT"}"#,
        r#"{"alg":"HS256","kid":"k1"}"#,
        r#"{"alg":"HS256","kid":"k1","typ":"at+jwt"}"#,
        r#"{"alg":"HS256","kid":1}"#,
        r#"["HS256"]"#,
    ] {
        assert_eq!(verify(&with_header(header)), Err(SessionTokenError::Malformed), "{header}");
    }
}

#[test]
fn a_token_is_valid_for_a_day_from_its_creation() {
    let claims = claims();
    let at = |seconds| claims.holds_at(Timestamp::from_seconds(seconds));
    assert!(at(claims.iat) && at(claims.iat - 60) && at(claims.exp - 1));
    assert!(!at(claims.exp) && !at(claims.iat - 61));
    let longer = MemberTokenClaims { exp: claims.exp + 1, ..claims.clone() };
    assert!(
        !longer.holds_at(Timestamp::from_seconds(claims.iat)),
        "whoever holds the secret cannot make one that lasts"
    );
}

proptest! {
    #[test]
    fn no_text_panics(text: String) {
        prop_assert!(verify(&text).is_err());
    }

    #[test]
    fn any_changed_letter_invalidates_a_token(at in 0usize..200, letter in "[0-9A-Za-z_.-]") {
        let token = key().sign(&claims()).unwrap();
        prop_assume!(at < token.len());
        let mut changed = token.clone();
        changed.replace_range(at..=at, &letter);
        prop_assume!(changed != token);
        prop_assert!(verify(&changed).is_err());
    }
}
