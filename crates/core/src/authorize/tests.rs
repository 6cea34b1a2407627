use std::time::Duration;

use super::*;
use crate::app::{App, ApplicationType, AuthMethod};
use crate::ids::{ClientId, OrgId, SessionId, UserId};
use crate::jose::Algorithm;
use crate::redirect::RegisteredRedirectUris;
use crate::time::Timestamp;

const REDIRECT: &str = "https://app.example.org/callback?tenant=1";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn app() -> App {
    App {
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
        require_pkce: false,
        id_token_alg: Algorithm::RS256,
        access_seconds: None,
        placeholder_email: false,
        dynamic: false,
        disabled: false,
        client_uri: None,
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
    let refusal = parse(&query(extra), &app()).unwrap_err();
    (refusal.error.as_str(), refusal.description)
}

fn session(auth_time: Timestamp) -> SessionFacts {
    SessionFacts {
        id: SessionId::from_text("ses"),
        user_id: UserId::from_text("user_1"),
        auth_time,
        acr: "1".to_owned(),
        amr: "pop swk".to_owned(),
        bap_id: None,
    }
}

fn step(
    extra: &[(&str, &str)],
    session: Option<&SessionFacts>,
    interaction: &Interaction,
) -> Result<NextStep, &'static str> {
    let request = parse(&query(extra), &app()).unwrap();
    let consent = Consent { scope: Scopes::parse("openid profile") };
    next_step(&request, &app(), session, interaction, None, Some(&consent), NOW)
        .map_err(|refusal| refusal.error.as_str())
}

fn started_now() -> Interaction {
    Interaction { started_at: NOW, ..Interaction::default() }
}

#[test]
fn every_refusal_names_its_error_and_what_was_wrong() {
    let cases: Vec<(&str, Vec<(&str, &str)>)> = vec![
        ("response type", vec![("response_type", "token")]),
        ("no response type", vec![("response_type", "")]),
        ("request object", vec![("request", "x")]),
        ("request uri", vec![("request_uri", "urn:x")]),
        ("plain", vec![("code_challenge_method", "plain")]),
        ("half", vec![("code_challenge_method", "")]),
        ("short challenge", vec![("code_challenge", "abc")]),
        ("none and login", vec![("prompt", "none login")]),
        ("max_age", vec![("max_age", "-1")]),
        ("claims", vec![("claims", "[]")]),
        ("response mode", vec![("response_mode", "fragment")]),
        ("provider", vec![("provider", "myspace")]),
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
    assert_eq!(parse(&Params::from_pairs(pairs.clone()), &app()).unwrap().resources.len(), 2);
    pairs.push(("scope".to_owned(), "openid".to_owned()));
    assert_eq!(parse(&Params::from_pairs(pairs), &app()).unwrap_err().error, AuthorizeError::InvalidRequest);
}

#[test]
fn public_apps_need_a_challenge() {
    let params = query(&[]).without("code_challenge").without("code_challenge_method");
    assert_eq!(parse(&params, &app()).unwrap_err().description, "pkce is required for public clients");
    let confidential = App { auth_method: AuthMethod::ClientSecretBasic, ..app() };
    assert!(parse(&params, &confidential).unwrap().code_challenge.is_none());
    let strict = App { require_pkce: true, ..confidential };
    assert_eq!(parse(&params, &strict).unwrap_err().description, "pkce is required for this client");
}

#[test]
fn unknown_parameters_and_scopes_are_ignored() {
    let request = parse(&query(&[("scope", "openid bsv:tools profile"), ("shoe_size", "42")]), &app()).unwrap();
    assert_eq!(request.scope.to_string(), "openid profile");
}

#[test]
fn an_address_that_is_not_registered_gets_no_answer() {
    for redirect_uri in ["", "https://app.example.org/callback", "https://evil.example/callback?tenant=1"] {
        let error = return_address(&query(&[("redirect_uri", redirect_uri)]), &app()).unwrap_err();
        assert_eq!(error, Untrusted::RedirectUri);
    }
}

#[test]
fn an_empty_state_is_returned_empty() {
    assert_eq!(return_address(&query(&[("state", "")]), &app()).unwrap().state.as_deref(), Some(""));
    assert_eq!(return_address(&query(&[]), &app()).unwrap().state, None);
}

#[test]
fn prompt_none_never_shows_anything() {
    assert_eq!(step(&[("prompt", "none")], None, &started_now()), Err("login_required"));
    let signed_in = session(NOW.minus(Duration::from_mins(1)));
    assert_eq!(step(&[("prompt", "none")], Some(&signed_in), &started_now()), Ok(NextStep::Issue));
    let wider = [("prompt", "none"), ("scope", "openid profile email")];
    assert_eq!(step(&wider, Some(&signed_in), &started_now()), Err("consent_required"));
    assert_eq!(step(&[("prompt", "none"), ("max_age", "59")], Some(&signed_in), &started_now()), Err("login_required"));
}

#[test]
fn prompt_login_is_met_only_by_an_authentication_after_the_start() {
    let before = session(NOW.minus(Duration::from_micros(1)));
    assert_eq!(step(&[("prompt", "login")], Some(&before), &started_now()), Ok(NextStep::SignIn));
    assert_eq!(step(&[("prompt", "login")], Some(&session(NOW)), &started_now()), Ok(NextStep::Issue));
    assert_eq!(step(&[("max_age", "0")], Some(&before), &started_now()), Ok(NextStep::SignIn));
}

#[test]
fn choices_of_another_user_in_the_same_interaction_do_not_count() {
    let signed_in = session(NOW.minus(Duration::from_mins(1)));
    let theirs = |user: &str| Interaction {
        user_id: Some(UserId::from_text(user)),
        account_chosen: true,
        consented: true,
        ..started_now()
    };
    let asks = [("prompt", "consent select_account")];
    assert_eq!(step(&asks, Some(&signed_in), &theirs("user_2")), Ok(NextStep::SelectAccount));
    assert_eq!(step(&asks, Some(&signed_in), &theirs("user_1")), Ok(NextStep::Issue));
}

#[test]
fn a_subject_or_class_that_cannot_be_met_is_an_error() {
    let signed_in = session(NOW);
    let sub = r#"{"id_token":{"sub":{"value":"user_2"}}}"#;
    assert_eq!(step(&[("claims", sub)], Some(&signed_in), &started_now()), Err("login_required"));
    let acr = r#"{"id_token":{"acr":{"essential":true,"value":"2"}}}"#;
    let unmet = Err("unmet_authentication_requirements");
    assert_eq!(step(&[("claims", acr)], Some(&signed_in), &started_now()), unmet);
}

proptest::proptest! {
    #[test]
    fn no_query_panics(text in "(([a-z_]{1,14}|response_type|claims|prompt|max_age|code_challenge)=[ -~]{0,20}&){0,8}") {
        let params = Params::parse(&text);
        let _ = return_address(&params, &app());
        let _ = parse(&params, &app());
    }
}
