mod steps;

use super::*;
use crate::app::{App, ApplicationType, AuthMethod};
use crate::client_metadata::ClientMetadata;
use crate::ids::{AppId, ClientId, OrgId, OrgRef};
use crate::jose::Algorithm;
use crate::redirect::RegisteredRedirectUris;
use crate::resource::ResourceScope;
use crate::security::AppSecurity;
use crate::time::Timestamp;

const REDIRECT: &str = "https://app.example.org/callback?tenant=1";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

pub(super) fn app() -> App {
    App {
        id: AppId::from_text("app_1"),
        client_id: ClientId::from_text("app"),
        org_id: OrgId::from_text("org"),
        name: "App".to_owned(),
        application_type: ApplicationType::Web,
        auth_method: AuthMethod::None,
        secret: None,
        pubkey: None,
        jwks: None,
        jwks_uri: None,
        redirect_uris: RegisteredRedirectUris::from_stored([REDIRECT.to_owned()]),
        post_logout_redirect_uris: RegisteredRedirectUris::default(),
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        scopes: Scopes::parse("openid profile email offline_access"),
        resources: vec!["https://a.example".to_owned(), "https://b.example".to_owned()],
        require_pkce: false,
        id_token_alg: Algorithm::RS256,
        access_seconds: None,
        placeholder_email: false,
        require_second_factor: false,
        id_token_claims: false,
        security: AppSecurity::default(),
        dynamic: false,
        disabled: false,
        client_uri: None,
        site_url: None,
        metadata: ClientMetadata::default(),
        former_secret: None,
        backchannel_logout: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn query(extra: &[(&str, &str)]) -> Params {
    let mut pairs = vec![
        ("client_id", "app"),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("scope", "openid profile"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in extra {
        pairs.retain(|(known, _)| known != name);
        pairs.push((name, value));
    }
    Params::from_pairs(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

fn refusal(extra: &[(&str, &str)]) -> (&'static str, String) {
    let refusal = parse(&query(extra), &app(), &[]).unwrap_err();
    (refusal.error.as_str(), refusal.description)
}

fn resource(uri: &str, scopes: &[&str]) -> Resource {
    Resource {
        uri: uri.to_owned(),
        org_id: OrgId::from_text("org"),
        name: "API".to_owned(),
        scopes: scopes.iter().map(|name| ResourceScope::register(name, "Do it").unwrap()).collect(),
        open: false,
        servers: Vec::new(),
        created_at: NOW,
    }
}

#[test]
fn every_refusal_names_its_error_and_what_was_wrong() {
    let cases: Vec<(&str, Vec<(&str, &str)>)> = vec![
        ("response type", vec![("response_type", "token")]),
        ("no response type", vec![("response_type", "")]),
        ("plain", vec![("code_challenge_method", "plain")]),
        ("half", vec![("code_challenge_method", "")]),
        ("short challenge", vec![("code_challenge", "abc")]),
        ("none and login", vec![("prompt", "none login")]),
        ("max_age", vec![("max_age", "-1")]),
        ("claims", vec![("claims", "[]")]),
        ("response mode", vec![("response_mode", "fragment")]),
        ("nul", vec![("nonce", "a\0b")]),
    ];
    let answers: Vec<_> = cases.iter().map(|(name, extra)| (*name, refusal(extra))).collect();
    insta::assert_debug_snapshot!(answers);
}

#[test]
fn a_repeated_parameter_is_refused_but_resource_may_repeat() {
    let mut pairs = query(&[]).pairs().to_vec();
    pairs.push(("resource".to_owned(), "https://a.example".to_owned()));
    pairs.push(("resource".to_owned(), "https://b.example".to_owned()));
    let registered = [resource("https://a.example", &[]), resource("https://b.example", &[])];
    assert_eq!(parse(&Params::from_pairs(pairs.clone()), &app(), &registered).unwrap().resources.len(), 2);
    pairs.push(("scope".to_owned(), "openid".to_owned()));
    assert_eq!(
        parse(&Params::from_pairs(pairs), &app(), &registered).unwrap_err().error,
        AuthorizeError::InvalidRequest
    );
}

#[test]
fn public_apps_need_a_challenge() {
    let params = query(&[]).without("code_challenge").without("code_challenge_method");
    assert_eq!(parse(&params, &app(), &[]).unwrap_err().description, "pkce is required for public clients");
    let confidential = App { auth_method: AuthMethod::ClientSecretBasic, ..app() };
    assert!(parse(&params, &confidential, &[]).unwrap().code_challenge.is_none());
    let strict = App { require_pkce: true, ..confidential };
    assert_eq!(parse(&params, &strict, &[]).unwrap_err().description, "pkce is required for this client");
}

#[test]
fn unknown_parameters_and_scopes_are_ignored() {
    let request = parse(&query(&[("scope", "openid bsv:tools profile"), ("shoe_size", "42")]), &app(), &[]).unwrap();
    assert_eq!(request.scope.to_string(), "openid profile");
}

#[test]
fn an_unregistered_redirect_uri_gets_no_response() {
    for (redirect_uri, error) in [
        ("", Untrusted::NoRedirectUri),
        ("https://app.example.org/callback", Untrusted::RedirectUri),
        ("https://evil.example/callback?tenant=1", Untrusted::RedirectUri),
    ] {
        assert_eq!(return_address(&query(&[("redirect_uri", redirect_uri)]), &app()).unwrap_err(), error);
    }
}

#[test]
fn an_empty_state_is_returned_empty() {
    assert_eq!(return_address(&query(&[("state", "")]), &app()).unwrap().state.as_deref(), Some(""));
    assert_eq!(return_address(&query(&[]), &app()).unwrap().state, None);
}

#[test]
fn an_app_asks_only_for_resources_that_it_is_allowed() {
    let ask = |uri: &str, registered: &[Resource]| parse(&query(&[("resource", uri)]), &app(), registered);
    let listed = resource("https://a.example", &[]);
    let open = Resource { open: true, ..resource("https://open.example", &[]) };
    let other = resource("https://other.example", &[]);
    assert!(ask("https://a.example", std::slice::from_ref(&listed)).is_ok());
    assert!(ask("https://open.example", std::slice::from_ref(&open)).is_ok());
    for (uri, registered) in [
        ("https://other.example", vec![other]),
        ("https://a.example", vec![]),
        ("https://a.example/", vec![listed.clone()]),
        ("https://open.example/x", vec![open]),
    ] {
        let refusal = ask(uri, &registered).unwrap_err();
        assert_eq!(refusal.error, AuthorizeError::InvalidTarget, "{uri}");
        assert_eq!(refusal.description, "the client may not ask for this resource");
    }
}

#[test]
fn scopes_of_a_resource_are_asked_only_together_with_it() {
    let registered = [resource("https://a.example", &["read", "write"])];
    let scope = [("scope", "openid read")];
    assert_eq!(parse(&query(&scope), &app(), &registered).unwrap().scope.to_string(), "openid");
    let both = [scope[0], ("resource", "https://a.example")];
    let request = parse(&query(&both), &app(), &registered).unwrap();
    assert_eq!(request.scope.to_string(), "openid read");
    assert_eq!(request.resources, registered.map(|resource| resource.asked(&Scopes::parse("read"))));
    let wanted = request.wanted(None);
    assert_eq!(wanted.scope.to_string(), "openid");
    assert_eq!(wanted.resources["https://a.example"].to_string(), "read");
}

#[test]
fn claims_that_the_app_may_not_ask_for_are_left_out() {
    let text = r#"{"userinfo":{"email":null,"name":null},"id_token":{"email":null,"name":null,"roles":null}}"#;
    let asked = |app: &App| parse(&query(&[("scope", "openid"), ("claims", text)]), app, &[]).unwrap().claims;
    let narrow = App { scopes: Scopes::parse("openid profile"), ..app() };
    assert_eq!(asked(&narrow).id_token, ["name"]);
    assert_eq!(asked(&narrow).userinfo, ["name"]);
    let wide = App { scopes: Scopes::parse("openid profile email roles"), ..app() };
    assert_eq!(asked(&wide).id_token, ["email", "name", "roles"]);
    assert_eq!(asked(&App { dynamic: true, ..wide }).id_token, ["email", "name"], "nobody vouches for it");
}

#[test]
fn a_refusal_of_a_request_object_travels_as_the_object_asks() {
    let object = |claims: &str| {
        use base64::Engine as _;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
        format!("{}.{}.", B64.encode(r#"{"alg":"none"}"#), B64.encode(claims))
    };
    let address = |extra: &[(&str, &str)]| {
        let address = return_address(&query(extra), &app()).unwrap();
        (address.response_mode, address.state)
    };
    let inside = object(r#"{"response_mode":"form_post","state":"in","redirect_uri":"https://evil.example/"}"#);
    let both = (ResponseMode::FormPost, Some("in".to_owned()));
    assert_eq!(address(&[("request", &inside)]), both);
    let outside = [("request", inside.as_str()), ("state", "out"), ("response_mode", "query")];
    assert_eq!(address(&outside), (ResponseMode::Query, Some("out".to_owned())), "the query comes first");
    let odd = [
        object("[]"),
        object(r#"{"state":1,"response_mode":"form_post"}"#),
        object(r#"{"state":"a\u0000"}"#),
        object("{"),
        "x".to_owned(),
        "..".to_owned(),
        format!("a.{}.b", "A".repeat(20_000)),
    ];
    for object in odd {
        assert_eq!(address(&[("request", &object)]), (ResponseMode::Query, None), "{object}");
    }
}

#[test]
fn naming_an_org_asks_for_its_scope_which_the_app_must_have() {
    let may = App { scopes: Scopes::parse("openid org"), ..app() };
    for name in ["org", "organization"] {
        let asks = query(&[("scope", "openid"), (name, "bakery")]);
        let request = parse(&asks, &may, &[]).unwrap();
        assert_eq!(request.scope.to_string(), "openid org");
        assert_eq!(request.org, Some(AskedOrg::Named(OrgRef::parse("bakery"))));
        assert_eq!(parse(&asks, &app(), &[]).unwrap_err().error, AuthorizeError::UnauthorizedClient);
        let dynamic = App { dynamic: true, ..may.clone() };
        assert_eq!(parse(&asks, &dynamic, &[]).unwrap_err().error, AuthorizeError::UnauthorizedClient);
    }
    let both = query(&[("org", "bakery"), ("organization", "rival")]);
    assert_eq!(parse(&both, &may, &[]).unwrap_err().error, AuthorizeError::InvalidRequest);
    let device = App { grant_types: vec![GrantType::DeviceCode], ..may };
    let asked = parse_device(&query(&[("scope", "openid org")]), &device, &[]).unwrap();
    assert_eq!(asked.scope.to_string(), "openid", "nobody could choose");
}

proptest::proptest! {
    #[test]
    fn no_query_panics(text in "(([a-z_]{1,14}|response_type|claims|prompt|max_age|code_challenge)=[ -~]{0,20}&){0,8}") {
        let params = Params::parse(&text);
        let _ = return_address(&params, &app());
        let _ = parse(&params, &app(), &[]);
    }
}
