use super::*;
use crate::app::problem::ProblemKind;
use crate::jose::SigningKey;

fn build(settings: &AppSettings) -> Result<App, AppProblem> {
    settings.new_app(AppId::from_text("app_1"), OrgId::from_text("org_1"), Timestamp::from_seconds(0))
}

fn shop() -> AppSettings {
    AppSettings {
        client_id: Some("shop".to_owned()),
        client_name: Some("Shop".to_owned()),
        redirect_uris: Some(vec!["https://shop.example.org/callback".to_owned()]),
        ..AppSettings::default()
    }
}

/// The setting that is refused, and how.
fn refused(settings: &AppSettings) -> (&'static str, ProblemKind) {
    let problem = build(settings).unwrap_err();
    (problem.field, problem.reason.kind())
}

#[expect(clippy::unnecessary_wraps, reason = "settings are options")]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn a_client_id_that_cannot_be_chosen_is_malformed_and_a_reserved_one_is_refused() {
    let named = |client_id: &str| AppSettings { client_id: some(client_id), ..shop() };
    assert_eq!(build(&named("my-app-2")).unwrap().client_id, ClientId::from_text("my-app-2"));
    for (text, kind) in [
        ("app_0123456789abcdef01234567", ProblemKind::Malformed),
        ("0123456789abcdef01234567", ProblemKind::Malformed),
        ("sigma-x", ProblemKind::Refused),
    ] {
        assert_eq!(refused(&named(text)), ("client_id", kind), "{text}");
    }
}

#[test]
fn the_given_keys_imply_the_method() {
    let key = "024a038aa8d92634a3aa1f42275d3d4c975c4c7d808ec98c5f5603381454640ada";
    assert_eq!(build(&shop()).unwrap().auth_method, AuthMethod::ClientSecret);
    let bitcoin = build(&AppSettings { pubkey: some(key), ..shop() }).unwrap();
    assert_eq!((bitcoin.auth_method, bitcoin.id_token_alg), (AuthMethod::SigmaBitcoinAuth, Algorithm::ES256));
}

#[test]
fn a_setting_that_breaks_a_rule_is_named() {
    use ProblemKind::{Malformed, Refused};
    let public = AppSettings { token_endpoint_auth_method: some("none"), ..shop() };
    for (settings, field, kind) in [
        (AppSettings { client_name: None, ..shop() }, "client_name", Malformed),
        (AppSettings { client_name: some(" "), ..shop() }, "client_name", Malformed),
        (AppSettings { redirect_uris: None, ..shop() }, "redirect_uris", Malformed),
        (
            AppSettings { redirect_uris: Some(vec!["http://shop.example.org".to_owned()]), ..shop() },
            "redirect_uris",
            Refused,
        ),
        (
            AppSettings { grant_types: Some(vec!["client_credentials".to_owned()]), ..public.clone() },
            "grant_types",
            Refused,
        ),
        (AppSettings { grant_types: Some(vec!["jwt_bearer".to_owned()]), ..public }, "grant_types", Refused),
        (AppSettings { grant_types: Some(vec!["magic".to_owned()]), ..shop() }, "grant_types", Malformed),
        (AppSettings { token_endpoint_auth_method: some("sigma_bitcoin_auth"), ..shop() }, "pubkey", Malformed),
        (AppSettings { token_endpoint_auth_method: some("private_key_jwt"), ..shop() }, "jwks", Malformed),
        (AppSettings { token_endpoint_auth_method: some("word"), ..shop() }, "token_endpoint_auth_method", Malformed),
        (AppSettings { scope: some("openid admin"), ..shop() }, "scope", Malformed),
        (AppSettings { access_seconds: Some(59), ..shop() }, "access_seconds", Malformed),
        (AppSettings { client_uri: some("http://a.example"), ..shop() }, "client_uri", Malformed),
        (AppSettings { client_uri: some("https://a.example/\r\nx: y"), ..shop() }, "client_uri", Malformed),
        (AppSettings { client_uri: some(" https://a.example/"), ..shop() }, "client_uri", Malformed),
        (
            AppSettings { backchannel_logout_session_required: Some(true), ..shop() },
            "backchannel_logout_session_required",
            Malformed,
        ),
    ] {
        assert_eq!(refused(&settings), (field, kind), "{settings:?}");
    }
    let told = build(&AppSettings { scope: some("openid admin"), ..shop() }).unwrap_err().to_string();
    assert!(told.starts_with("scope: \"admin\" is unknown; known are openid, "), "{told}");
}

#[test]
fn a_back_channel_logout_uri_can_be_set_kept_and_removed() {
    let at = |uri: &str| AppSettings { backchannel_logout_uri: some(uri), ..AppSettings::default() };
    let first = AppSettings {
        backchannel_logout_uri: some("https://a.example/x"),
        backchannel_logout_session_required: Some(true),
        ..shop()
    };
    let app = build(&first).unwrap();
    let logout = app.backchannel_logout.clone().unwrap();
    assert_eq!((logout.uri.as_str(), logout.session_required), ("https://a.example/x", true));
    let now = Timestamp::from_seconds(1);
    let moved = at("https://a.example/y").applied_to(app.clone(), now).unwrap().backchannel_logout.unwrap();
    assert_eq!((moved.uri.as_str(), moved.session_required), ("https://a.example/y", true));
    assert_eq!(at("").applied_to(app.clone(), now).unwrap().backchannel_logout, None);
    assert_eq!(at("http://a.example/x").applied_to(app, now).unwrap_err().field, "backchannel_logout_uri");
}

#[test]
fn an_app_with_the_fapi2_profile_signs_with_no_rs256_and_needs_a_key_and_https() {
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let bank = AppSettings {
        jwks: Some(serde_json::json!({ "keys": [key.public()] })),
        security_profile: some("fapi2"),
        ..shop()
    };
    let app = build(&bank).unwrap();
    assert_eq!((app.id_token_alg, app.auth_method), (Algorithm::ES256, AuthMethod::PrivateKeyJwt));
    assert!(app.needs_pkce() && app.security.must_push() && app.security.must_bind());
    let grants = vec!["authorization_code".to_owned(), "device_code".to_owned()];
    for (settings, field) in [
        (AppSettings { id_token_signed_response_alg: some("RS256"), ..bank.clone() }, "id_token_signed_response_alg"),
        (
            AppSettings { token_endpoint_auth_method: some("client_secret"), jwks: None, ..bank.clone() },
            "token_endpoint_auth_method",
        ),
        (AppSettings { grant_types: Some(grants), ..bank }, "grant_types"),
    ] {
        assert_eq!(refused(&settings), (field, ProblemKind::Refused));
    }
}

#[test]
fn what_is_left_out_stays_and_what_is_empty_ends() {
    let full = AppSettings {
        client_uri: some("https://shop.example.org"),
        refresh_life: Some(600),
        resources: Some(vec!["https://api.example.org".to_owned(), String::new()]),
        org_claims: Some(OrgClaimsSettings { roles: some("groups_of"), ..OrgClaimsSettings::default() }),
        userinfo_signed_response_alg: some("ES256"),
        ..shop()
    };
    let app = build(&full).unwrap();
    let same = AppSettings::default().applied_to(app.clone(), app.updated_at).unwrap();
    assert_eq!(format!("{same:?}"), format!("{app:?}"));
    let ended = AppSettings {
        client_uri: some(""),
        refresh_life: Some(0),
        resources: Some(Vec::new()),
        org_claims: Some(OrgClaimsSettings { roles: some(""), ..OrgClaimsSettings::default() }),
        userinfo_signed_response_alg: some(""),
        ..AppSettings::default()
    };
    let app = ended.applied_to(app, Timestamp::from_seconds(1)).unwrap();
    assert_eq!((app.client_uri, app.resources), (None, Vec::<String>::new()));
    assert_eq!(app.metadata, ClientMetadata::default());
}
