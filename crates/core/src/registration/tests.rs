use std::fmt::Write as _;

use serde_json::json;

use super::*;
use crate::random::SeededRng;

const SET: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

fn allowed() -> Allowed {
    Allowed {
        scopes: Scopes::parse("openid profile email offline_access"),
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::ClientCredentials],
    }
}

fn parse(metadata: &Value) -> Result<Registration, RegistrationProblem> {
    Registration::parse(&members(metadata.to_string().as_bytes())?, &allowed())
}

/// What an app is told that registers a redirect URI and `more`.
fn told(more: &Value) -> Map {
    let registration = parse(&with(more)).unwrap();
    let now = Timestamp::from_seconds(1_800_000_000);
    let id = AppId::new(now, &SeededRng::new(1));
    information(&registration.into_app(id.clone(), ClientId::of(&id), now))
}

type Map = serde_json::Map<String, Value>;

fn with(more: &Value) -> Value {
    let mut metadata = json!({"redirect_uris": ["https://app.example.org/callback"]});
    for (name, value) in more.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    metadata
}

#[test]
fn each_member_is_refused_as_its_specification_says() {
    let many: Vec<_> = (0..1_000).map(|number| format!("https://app.example.org/{number}")).collect();
    let long = format!("https://app.example.org/{}", "a".repeat(2_000));
    let private: Value = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}]});
    let set: Value = serde_json::from_str(SET).unwrap();
    let mut seen = String::new();
    for case in [
        json!({"redirect_uris": []}),
        json!({"redirect_uris": null}),
        json!({"redirect_uris": "https://app.example.org/callback"}),
        json!({"redirect_uris": [1]}),
        json!({"redirect_uris": many}),
        json!({"redirect_uris": ["javascript:alert(1)"]}),
        json!({"redirect_uris": ["data:text/html,x"]}),
        json!({"redirect_uris": ["http://app.example.org/callback"]}),
        json!({"redirect_uris": ["https://app.example.org/callback#here"]}),
        json!({"redirect_uris": ["https://ada@app.example.org/callback"]}),
        json!({"redirect_uris": ["/callback"]}),
        json!({"redirect_uris": ["https://app.example.org/callback", "http://localhost/callback"]}),
        json!({"redirect_uris": ["https://localhost/callback"]}),
        json!({"application_type": "web", "redirect_uris": ["http://localhost/callback"]}),
        json!({"application_type": "native", "redirect_uris": ["http://192.0.2.1/callback"]}),
        json!({"application_type": "native", "redirect_uris": ["shop:/callback"]}),
        json!({"application_type": "desktop"}),
        json!({"post_logout_redirect_uris": ["javascript:alert(1)"]}),
        json!({"post_logout_redirect_uris": "https://app.example.org/"}),
        json!({"response_types": ["token"]}),
        json!({"response_types": "code"}),
        json!({"grant_types": ["implicit"]}),
        json!({"grant_types": ["refresh_token"]}),
        json!({"grant_types": "authorization_code"}),
        json!({"grant_types": ["client_credentials"], "response_types": ["code"]}),
        json!({"grant_types": ["client_credentials"], "token_endpoint_auth_method": "none"}),
        json!({"token_endpoint_auth_method": "client_secret_jwt"}),
        json!({"token_endpoint_auth_method": "sigma_bitcoin_auth"}),
        json!({"token_endpoint_auth_method": ["none"]}),
        json!({"token_endpoint_auth_method": "private_key_jwt"}),
        json!({"token_endpoint_auth_signing_alg": "none"}),
        json!({"client_name": 7}),
        json!({"client_name": "a".repeat(101)}),
        json!({"client_name": "Shop\nBank"}),
        json!({"client_name": "Shop\u{202E}knaB"}),
        json!({"client_name": "Ban\u{200B}k"}),
        json!({"client_name": "\u{2800}"}),
        json!({"client_uri": "javascript:alert(1)"}),
        json!({"client_uri": "http://app.example.org"}),
        json!({"client_uri": long}),
        json!({"logo_uri": "data:image/png;base64,AAAA"}),
        json!({"policy_uri": "https://ada:secret@app.example.org/"}),
        json!({"tos_uri": "mailto:ada@example.org"}),
        json!({"initiate_login_uri": "http://app.example.org/login"}),
        json!({"contacts": "ada@example.org"}),
        json!({"contacts": vec!["ada@example.org"; 11]}),
        json!({"contacts": ["a".repeat(101)]}),
        json!({"scope": ["openid"]}),
        json!({"scope": "openid \"profile\""}),
        json!({"jwks": SET}),
        json!({"jwks": {"keys": []}}),
        json!({"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}}),
        json!({"jwks": private}),
        json!({"jwks": set, "jwks_uri": "https://app.example.org/jwks"}),
        json!({"jwks_uri": "http://app.example.org/jwks"}),
        json!({"jwks": {"keys": [], "more": "a".repeat(LONGEST_JWKS)}}),
        json!({"subject_type": "pairwise"}),
        json!({"id_token_signed_response_alg": "none"}),
        json!({"id_token_signed_response_alg": "HS256"}),
        json!({"id_token_encrypted_response_alg": "RSA-OAEP"}),
        json!({"userinfo_signed_response_alg": "HS256"}),
        json!({"userinfo_encrypted_response_alg": "RSA-OAEP"}),
        json!({"request_object_signing_alg": "none"}),
        json!({"request_object_encryption_alg": "RSA-OAEP"}),
        json!({"request_uris": ["http://app.example.org/request"]}),
        json!({"request_uris": many}),
        json!({"default_max_age": -1}),
        json!({"default_max_age": "600"}),
        json!({"default_max_age": 4_294_967_296_u64}),
        json!({"default_acr_values": "2"}),
        json!({"require_auth_time": "true"}),
        json!({"software_id": "a\u{7}"}),
    ] {
        let mut case = case;
        let problem = parse(&with(&case)).expect_err(&case.to_string());
        for value in case.as_object_mut().unwrap().values_mut() {
            if value.to_string().len() > 120 {
                *value = json!("…");
            }
        }
        writeln!(seen, "{case}\n  {}: {}", problem.error.as_str(), problem.description).unwrap();
    }
    insta::assert_snapshot!(seen);
}

#[test]
fn a_logout_address_is_refused_unless_it_can_be_called() {
    for uri in ["http://app.example.org/logout", "https://app.example.org/logout#x", "javascript:alert(1)", "/logout"] {
        let problem = parse(&with(&json!({"backchannel_logout_uri": uri}))).unwrap_err();
        assert_eq!(problem.error, RegistrationError::Metadata, "{uri}");
    }
    assert!(parse(&with(&json!({"backchannel_logout_uri": ["https://app.example.org/"]}))).is_err());
    assert!(!told(&json!({"backchannel_logout_session_required": true})).contains_key("backchannel_logout_uri"));
}

#[test]
fn a_body_that_is_no_object_is_refused() {
    let deep = format!(r#"{{"redirect_uris":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    for body in ["", "[]", "\"a\"", "{", r#"{"scope":"a","scope":"b"}"#, r#"{"scope":"a\u0000"}"#, &deep] {
        assert_eq!(members(body.as_bytes()).unwrap_err().error, RegistrationError::Metadata, "{body:.40}");
    }
}

#[test]
fn what_was_registered_is_told_as_it_is_kept() {
    let metadata = json!({
        "client_name": "Shop", "client_uri": "https://app.example.org", "logo_uri": "https://app.example.org/logo.png",
        "policy_uri": "https://app.example.org/privacy", "tos_uri": "https://app.example.org/terms",
        "contacts": ["ada@example.org"], "software_id": "shop", "software_version": "1.2",
        "application_type": "web", "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "PS256", "jwks": serde_json::from_str::<Value>(SET).unwrap(),
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"], "subject_type": "public",
        "scope": "openid email", "id_token_signed_response_alg": "EdDSA", "userinfo_signed_response_alg": "RS256",
        "request_object_signing_alg": "ES256", "request_uris": ["https://app.example.org/request#hash"],
        "default_max_age": 600, "default_acr_values": ["2"], "require_auth_time": true,
        "require_pushed_authorization_requests": true, "dpop_bound_access_tokens": true,
        "initiate_login_uri": "https://app.example.org/login",
        "post_logout_redirect_uris": ["https://app.example.org/bye"],
        "backchannel_logout_uri": "https://app.example.org/logout", "backchannel_logout_session_required": true,
    });
    let told = told(&metadata);
    for (member, sent) in metadata.as_object().unwrap() {
        assert_eq!(told.get(member), Some(sent), "{member}");
    }
}

#[test]
fn what_is_left_out_has_its_default() {
    let told = told(&json!({"client_name": null, "scope": "", "logo_uri": "", "unknown": {"deep": [1]}}));
    for (member, expected) in [
        ("client_name", json!("app.example.org")),
        ("token_endpoint_auth_method", json!("client_secret_basic")),
        ("grant_types", json!(["authorization_code"])),
        ("response_types", json!(["code"])),
        ("application_type", json!("web")),
        ("scope", json!("openid profile email")),
        ("id_token_signed_response_alg", json!("RS256")),
    ] {
        assert_eq!(told.get(member), Some(&expected), "{member}");
    }
    for absent in ["logo_uri", "unknown", "require_auth_time", "contacts", "jwks"] {
        assert!(!told.contains_key(absent), "{absent}");
    }
}

#[test]
fn what_is_not_allowed_is_left_out_and_told() {
    let told = told(&json!({
        "scope": "openid sigma:backup roles unknown",
        "grant_types": ["authorization_code", "implicit", "urn:example:grant"],
        "response_types": ["code", "id_token token"],
    }));
    assert_eq!(told["scope"], "openid");
    assert_eq!(told["grant_types"], json!(["authorization_code"]));
    assert_eq!(told["response_types"], json!(["code"]));
}

#[test]
fn an_app_on_the_users_own_device_is_native_unless_it_says_otherwise() {
    for uri in ["http://127.0.0.1:8085/callback", "http://localhost/callback", "org.example.app:/callback"] {
        for method in ["none", "client_secret_post"] {
            let metadata = json!({"redirect_uris": [uri], "token_endpoint_auth_method": method});
            assert_eq!(told(&metadata)["application_type"], "native", "{uri}");
        }
    }
}
