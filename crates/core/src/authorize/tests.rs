use std::time::Duration;

use super::*;
use crate::app::{App, ApplicationType, AuthMethod};
use crate::authentication::{CredentialKind, Method, Methods};
use crate::client_metadata::ClientMetadata;
use crate::ids::{AppId, ClientId, OrgId, OrgRef, SessionId, UserId};
use crate::interaction::Entrance;
use crate::jose::Algorithm;
use crate::person::{Identity, IdentityProof};
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

fn session(auth_time: Timestamp) -> SessionFacts {
    SessionFacts {
        id: SessionId::from_text("ses"),
        user_id: UserId::from_text("user_1"),
        auth_time,
        methods: Methods::of(Method::Key),
        bap_id: None,
    }
}

fn step(
    extra: &[(&str, &str)],
    session: Option<&SessionFacts>,
    interaction: &Interaction,
) -> Result<NextStep, &'static str> {
    step_with(extra, session, interaction, &agreed("openid profile"))
}

fn step_with(
    extra: &[(&str, &str)],
    session: Option<&SessionFacts>,
    interaction: &Interaction,
    consents: &Consents,
) -> Result<NextStep, &'static str> {
    let request = parse(&query(extra), &app(), &[resource("https://a.example", &["read", "write"])]).unwrap();
    let credentials = &[CredentialKind::Key];
    let visitor =
        session.map(|session| Visitor { session, credentials, consents, bap_id: None, org: &OrgStanding::NotAsked });
    next_step(&request, &app(), visitor.as_ref(), interaction, None, NOW).map_err(|refusal| refusal.error.as_str())
}

fn agreed(scope: &str) -> Consents {
    let mut consents = Consents::default();
    consents.add(None, &Consent { scope: Scopes::parse(scope), ..Consent::default() });
    consents
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

fn started_now() -> Interaction {
    Interaction { started_at: NOW, ..Interaction::default() }
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

#[test]
fn a_class_is_requested_if_the_account_can_reach_it() {
    let (signed_in, consents) = (session(NOW), agreed("openid profile"));
    let essential = |values: &str| format!(r#"{{"id_token":{{"acr":{{"essential":true,"values":[{values}]}}}}}}"#);
    let (two, either, zero) = (essential(r#""2""#), essential(r#""9","2","1""#), essential(r#""0""#));
    let unmet = Err("unmet_authentication_requirements");
    let (key, passkey) = (vec![CredentialKind::Key], vec![CredentialKind::Key, CredentialKind::Passkey]);
    for (parameter, value, held, expected) in [
        ("acr_values", "2 1", &key, Ok(NextStep::Issue)),
        ("acr_values", "2 1", &passkey, Ok(NextStep::StepUp(vec![CredentialKind::Passkey]))),
        ("acr_values", "1 2", &passkey, Ok(NextStep::Issue)),
        ("acr_values", "urn:example:gold", &passkey, Ok(NextStep::Issue)),
        ("claims", &two, &key, unmet.clone()),
        ("claims", &two, &passkey, Ok(NextStep::StepUp(vec![CredentialKind::Passkey]))),
        ("claims", &either, &passkey, Ok(NextStep::Issue)),
        ("claims", &zero, &passkey, unmet),
    ] {
        let request = parse(&query(&[(parameter, value)]), &app(), &[]).unwrap();
        let visitor = Visitor {
            session: &signed_in,
            credentials: held,
            consents: &consents,
            bap_id: None,
            org: &OrgStanding::NotAsked,
        };
        let step = next_step(&request, &app(), Some(&visitor), &started_now(), None, NOW);
        assert_eq!(step.map_err(|refusal| refusal.error.as_str()), expected, "{parameter}={value} {held:?}");
    }
}

#[test]
fn an_app_that_requires_a_second_factor_gets_one_proven_or_added() {
    let consents = agreed("openid profile");
    let strict = App { require_second_factor: true, ..app() };
    let weak = session(NOW);
    let strong = SessionFacts { methods: Methods::of(Method::VerifiedPasskey), ..session(NOW) };
    let (key, totp) = ([CredentialKind::Key], [CredentialKind::Key, CredentialKind::Totp]);
    let enrol = || NextStep::Enrol(CredentialKind::SECOND_FACTORS.to_vec());
    let step_up = || NextStep::StepUp(vec![CredentialKind::Totp]);
    for (prompt, session, credentials, expected) in [
        ("", &weak, &key[..], Ok(enrol())),
        ("", &weak, &totp[..], Ok(step_up())),
        ("", &strong, &key[..], Ok(NextStep::Issue)),
        ("none", &weak, &key[..], Err("interaction_required")),
        ("none", &weak, &totp[..], Err("login_required")),
    ] {
        let request = parse(&query(&[("prompt", prompt)]), &strict, &[]).unwrap();
        let visitor = Visitor { session, credentials, consents: &consents, bap_id: None, org: &OrgStanding::NotAsked };
        let step = next_step(&request, &strict, Some(&visitor), &started_now(), None, NOW);
        assert_eq!(step.map_err(|refusal| refusal.error.as_str()), expected, "{prompt} {credentials:?}");
    }
}

#[test]
fn no_app_gets_a_code_for_an_account_whose_one_time_code_was_not_asked() {
    let consents = agreed("openid profile");
    let weak = session(NOW);
    let credentials = &[CredentialKind::Password, CredentialKind::Totp];
    let visitor =
        Visitor { session: &weak, credentials, consents: &consents, bap_id: None, org: &OrgStanding::NotAsked };
    for (prompt, expected) in [("", Ok(NextStep::StepUp(vec![CredentialKind::Totp]))), ("none", Err("login_required"))]
    {
        let request = parse(&query(&[("prompt", prompt), ("acr_values", "1")]), &app(), &[]).unwrap();
        let step = next_step(&request, &app(), Some(&visitor), &started_now(), None, NOW);
        assert_eq!(step.map_err(|refusal| refusal.error.as_str()), expected, "{prompt}");
    }
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
fn a_new_resource_or_a_new_scope_of_one_asks_again() {
    let signed_in = session(NOW.minus(Duration::from_mins(1)));
    let step = |scope: &str, consents: &Consents| {
        let asks = [("scope", scope), ("resource", "https://a.example")];
        step_with(&asks, Some(&signed_in), &started_now(), consents)
    };
    let mut consents = agreed("openid");
    assert_eq!(step("openid", &consents), Ok(NextStep::Consent));
    let of = |scopes: &str| Consent {
        scope: Scopes::default(),
        resources: [("https://a.example".to_owned(), Scopes::parse(scopes))].into(),
        ..Consent::default()
    };
    consents.add(None, &of(""));
    assert_eq!(step("openid", &consents), Ok(NextStep::Issue));
    assert_eq!(step("openid read", &consents), Ok(NextStep::Consent));
    consents.add(None, &of("read"));
    assert_eq!(step("openid read", &consents), Ok(NextStep::Issue));
    assert_eq!(step("openid read write", &consents), Ok(NextStep::Consent));
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
fn a_hinted_identity_that_was_not_agreed_to_counts_as_not_theirs_in_silence() {
    let [a, b, c] = ["A", "B", "C"].map(BapId::of_address);
    let identity = |bap_id: &BapId, is_primary: bool| Identity {
        bap_id: bap_id.clone(),
        user_id: UserId::from_text("user_1"),
        pubkey: None,
        name: "Ada".to_owned(),
        image: None,
        proof: IdentityProof::None,
        root_address: None,
        current_address: None,
        profile: None,
        resolved_at: None,
        is_primary,
    };
    let identities = [identity(&a, true), identity(&b, false)];
    let mut consents = Consents::default();
    consents.add(Some(a.clone()), &Consent { scope: Scopes::parse("openid profile"), ..Consent::default() });
    let signed_in = session(NOW.minus(Duration::from_mins(1)));
    let answer = |hint: &str, prompt: &str, consents: &Consents| {
        let request = parse(&query(&[("bap_id", hint), ("prompt", prompt)]), &app(), &[]).unwrap();
        let chosen = choose_identity(&identities, &started_now(), &request, &signed_in, consents).unwrap();
        let credentials = &[CredentialKind::Key];
        let visitor = Visitor {
            session: &signed_in,
            credentials,
            consents,
            bap_id: Some(&chosen.bap_id),
            org: &OrgStanding::NotAsked,
        };
        let step = next_step(&request, &app(), Some(&visitor), &started_now(), None, NOW);
        (chosen.bap_id.clone(), step.map_err(|refusal| refusal.error.as_str()))
    };
    for hint in [b.as_str(), c.as_str(), "", "B"] {
        assert_eq!(answer(hint, "none", &consents), (a.clone(), Ok(NextStep::Issue)), "{hint}");
    }
    assert_eq!(
        answer(b.as_str(), "", &consents),
        (b.clone(), Ok(NextStep::Consent)),
        "where the person sees it, they choose"
    );
    consents.add(Some(b.clone()), &Consent { scope: Scopes::parse("openid profile"), ..Consent::default() });
    assert_eq!(answer(b.as_str(), "none", &consents), (b.clone(), Ok(NextStep::Issue)));
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

/// Every way in which a request may probe its visitor.
fn probes() -> impl proptest::strategy::Strategy<Value = Vec<(&'static str, String)>> {
    use proptest::prelude::*;
    let users = prop::sample::select(vec!["user_1", "user_2", "user_3"]);
    let sub = users.prop_map(|user| ("claims", format!(r#"{{"id_token":{{"sub":{{"value":"{user}"}}}}}}"#)));
    let acr = prop::sample::select(vec!["1", "2"]).prop_map(|acr| {
        (
            "claims",
            format!(r#"{{"id_token":{{"acr":{{"essential":true,"value":"{acr}"}}}},"userinfo":{{"email":null}}}}"#),
        )
    });
    let max_age = (0..120_u32).prop_map(|age| ("max_age", age.to_string()));
    let bap_id =
        prop::sample::select(vec!["A", "B", "C"]).prop_map(|name| ("bap_id", BapId::of_address(name).to_string()));
    let login_hint = prop::sample::select(vec!["A", "user_1"]).prop_map(|hint| ("login_hint", hint.to_owned()));
    let scope = prop::sample::select(vec!["openid", "openid email", "profile"]).prop_map(|s| ("scope", s.to_owned()));
    let resource = Just(("resource", "https://a.example".to_owned()));
    prop::collection::vec(prop_oneof![sub, acr, max_age, bap_id, login_hint, scope, resource], 0..5)
}

/// The credentials that an account may have.
fn held() -> impl proptest::strategy::Strategy<Value = Vec<CredentialKind>> {
    proptest::sample::subsequence(CredentialKind::ALL.to_vec(), 1..=CredentialKind::ALL.len())
}

proptest::proptest! {
    /// Signed out, or signed in as anyone in any way: an app without consent cannot tell the difference.
    #[test]
    fn a_silent_app_without_consent_cannot_tell_visitors_apart(
        probes in probes(),
        user in 1..4_u8,
        ago in 0..200_u64,
        strong in proptest::bool::ANY,
        held in held(),
        identity in proptest::option::of(proptest::sample::select(["A", "B", "C"].map(BapId::of_address).to_vec())),
        hint in proptest::option::of(1..4_u8),
        account_chosen in proptest::bool::ANY,
        always_asks in proptest::bool::ANY,
    ) {
        let mut extra: Vec<(&str, &str)> = probes.iter().map(|(name, value)| (*name, value.as_str())).collect();
        extra.push(("prompt", "none"));
        let app = App { dynamic: always_asks, ..app() };
        let request = parse(&query(&extra), &app, &[resource("https://a.example", &[])]).unwrap();
        let signed_in = SessionFacts {
            user_id: UserId::from_text(format!("user_{user}")),
            methods: Methods::of(if strong { Method::VerifiedPasskey } else { Method::Key }),
            bap_id: identity.clone(),
            ..session(NOW.minus(Duration::from_secs(ago)))
        };
        let interaction = Interaction {
            started_at: NOW,
            user_id: account_chosen.then(|| signed_in.user_id.clone()),
            account_chosen,
            ..Interaction::default()
        };
        let hint = hint.map(|user| format!("user_{user}"));
        let consents = Consents::default();
        let visitor = Visitor { session: &signed_in, credentials: &held, consents: &consents, bap_id: identity.as_ref(), org: &OrgStanding::NotAsked };
        let answer = |visitor| {
            let refusal = next_step(&request, &app, visitor, &interaction, hint.as_deref(), NOW).unwrap_err();
            (refusal.error, refusal.description)
        };
        proptest::prop_assert_eq!(answer(None), answer(Some(&visitor)));
        proptest::prop_assert_eq!(answer(None).0, AuthorizeError::LoginRequired);
    }

    /// Nor does an interactive request reveal it: it always shows a page of ours first.
    #[test]
    fn a_request_without_consent_is_never_answered_before_the_person_did_something(
        probes in probes(),
        prompt in proptest::sample::select(vec!["", "login", "consent", "select_account", "create", "login consent"]),
        user in 1..4_u8,
        ago in 1..200_u64,
        hint in proptest::option::of(1..4_u8),
        held in held(),
    ) {
        let mut extra: Vec<(&str, &str)> = probes.iter().map(|(name, value)| (*name, value.as_str())).collect();
        extra.push(("prompt", prompt));
        let request = parse(&query(&extra), &app(), &[resource("https://a.example", &[])]).unwrap();
        let signed_in = SessionFacts {
            user_id: UserId::from_text(format!("user_{user}")),
            ..session(NOW.minus(Duration::from_secs(ago)))
        };
        let consents = Consents::default();
        let visitor = Visitor { session: &signed_in, credentials: &held, consents: &consents, bap_id: None, org: &OrgStanding::NotAsked };
        let hint = hint.map(|user| format!("user_{user}"));
        for visitor in [None, Some(&visitor)] {
            let step = next_step(&request, &app(), visitor, &started_now(), hint.as_deref(), NOW);
            proptest::prop_assert!(step.is_ok_and(|step| step != NextStep::Issue));
        }
    }

    #[test]
    fn no_query_panics(text in "(([a-z_]{1,14}|response_type|claims|prompt|max_age|code_challenge)=[ -~]{0,20}&){0,8}") {
        let params = Params::parse(&text);
        let _ = return_address(&params, &app());
        let _ = parse(&params, &app(), &[]);
    }
}

proptest::proptest! {
    /// The sign-in page and the request it is for ask the core the same question, so neither sends the browser back.
    #[test]
    fn a_fresh_sign_in_leaves_nothing_to_do_at_the_sign_in_page(
        prompts in proptest::sample::subsequence(vec!["login", "consent", "select_account", "create"], 0..=4),
        max_age in proptest::option::of(0..1_000_u32),
        silent in proptest::bool::ANY,
        knows_app in proptest::bool::ANY,
        hint in proptest::option::of(1..3_u8),
        earlier in 1..2_000_u64,
        later in 0..2_000_u64,
    ) {
        let max_age = max_age.map(|max_age| max_age.to_string());
        let prompt = if silent { "none".to_owned() } else { prompts.join(" ") };
        let mut extra = vec![("prompt", prompt.as_str())];
        extra.extend(max_age.as_ref().map(|max_age| ("max_age", max_age.as_str())));
        let request = parse(&query(&extra), &app(), &[]).unwrap();
        let interaction = Interaction { started_at: NOW.minus(Duration::from_secs(later)), ..Interaction::default() };
        let consents = if knows_app { agreed("openid profile") } else { Consents::default() };
        let hint = hint.map(|number| format!("user_{number}"));
        let entrance = |session: Option<&SessionFacts>| {
            let credentials = &[CredentialKind::Key];
            let visitor = session.map(|session| Visitor { session, credentials, consents: &consents, bap_id: None, org: &OrgStanding::NotAsked });
            let step = next_step(&request, &app(), visitor.as_ref(), &interaction, hint.as_deref(), NOW);
            Entrance::before(&request, &step, session)
        };
        let fresh = session(interaction.started_at);
        proptest::prop_assert_eq!(entrance(Some(&fresh)), Entrance::GoOn);
        // Without a session a person signs in; a silent request is answered without them.
        proptest::prop_assert_eq!(entrance(None), if silent { Entrance::GoOn } else { Entrance::SignIn });
        // An older one is asked again only by a request that demands it.
        let old = session(interaction.started_at.minus(Duration::from_secs(earlier)));
        let demands = prompts.contains(&"login") || max_age.is_some();
        proptest::prop_assert!(demands || entrance(Some(&old)) != Entrance::Reauthenticate);
        if prompts.contains(&"login") && !prompts.contains(&"create") && !silent {
            proptest::prop_assert_eq!(entrance(Some(&old)), Entrance::Reauthenticate);
        }
    }
}

fn orgs(names: &[&str]) -> Vec<OrgId> {
    names.iter().map(|name| OrgId::from_text(*name)).collect()
}

#[test]
fn an_org_is_acted_for_once_it_is_certain_which() {
    let may = App { scopes: Scopes::parse("openid org"), ..app() };
    let standing = |extra: &[(&str, &str)], mine: &[&str], chosen: Option<&str>, seen: &[&str]| {
        let request = parse(&query(extra), &may, &[]).unwrap();
        let user = UserId::from_text("user_1");
        let (user_id, org_id) = (Some(user.clone()), chosen.map(OrgId::from_text));
        let interaction = Interaction { user_id, org_id, ..started_now() };
        let mut consents = Consents::default();
        consents.add(None, &Consent { orgs: orgs(seen).into_iter().collect(), ..Consent::default() });
        choose_org(&orgs(mine), &interaction, &request, &user, &consents)
    };
    let acts = |name: &str| OrgStanding::Acts(OrgId::from_text(name));
    let any = [("scope", "openid org")];
    let silent = [any[0], ("prompt", "none")];
    assert_eq!(standing(&[], &["org_1"], None, &[]), OrgStanding::NotAsked);
    assert_eq!(standing(&any, &[], None, &[]), OrgStanding::NoMember);
    assert_eq!(standing(&any, &["org_1"], None, &[]), acts("org_1"));
    assert_eq!(standing(&any, &["org_1", "org_2"], None, &["org_2"]), OrgStanding::Open);
    assert_eq!(standing(&any, &["org_1", "org_2"], Some("org_2"), &[]), acts("org_2"));
    assert_eq!(standing(&any, &["org_1", "org_2"], Some("org_3"), &[]), OrgStanding::Open, "they left it");
    assert_eq!(standing(&silent, &["org_1", "org_2"], None, &["org_2", "org_3"]), acts("org_2"));
    assert_eq!(standing(&silent, &["org_1", "org_2"], None, &["org_1", "org_2"]), OrgStanding::Open);
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
    let device = App { grant_types: vec![GrantType::DeviceCode], ..may };
    let asked = parse_device(&query(&[("scope", "openid org")]), &device, &[]).unwrap();
    assert_eq!(asked.scope.to_string(), "openid", "nobody could choose");
}
