//! What comes next for a request, given who is there and what they agreed to before.

use std::time::Duration;

use super::*;
use crate::authentication::{CredentialKind, Method, Methods};
use crate::ids::{SessionId, UserId};
use crate::interaction::Entrance;
use crate::person::{Identity, IdentityProof};

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

fn started_now() -> Interaction {
    Interaction { started_at: NOW, ..Interaction::default() }
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
