use std::time::Duration;

use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn ada() -> UserId {
    UserId::from_text("user_ada")
}

fn by(methods: &[Method]) -> Authentication {
    let mut all = Methods::of(methods[0]);
    methods[1..].iter().for_each(|method| all.add(*method));
    Authentication::stored(ada(), all, NOW)
}

#[test]
fn class_and_methods_follow_from_the_proven_factors() {
    use Method as M;
    for (methods, acr, amr) in [
        (vec![M::Key], "1", "pop swk"),
        (vec![M::Password], "1", "pwd"),
        (vec![M::Provider], "1", "fed"),
        (vec![M::Passkey], "1", "pop hwk"),
        (vec![M::VerifiedPasskey], "2", "pop hwk user"),
        (vec![M::Password, M::Totp], "2", "pwd otp"),
        (vec![M::Password, M::RecoveryCode], "2", "pwd otp"),
        (vec![M::Password, M::Passkey], "2", "pwd pop hwk"),
        (vec![M::Passkey, M::Password], "2", "pop hwk pwd"),
        (vec![M::Passkey, M::Totp], "2", "pop hwk otp"),
        (vec![M::Totp, M::RecoveryCode], "0", "otp"),
        (vec![M::Key, M::VerifiedPasskey], "2", "pop swk hwk user"),
        // Two first factors do not make a second one.
        (vec![M::Password, M::Key], "1", "pwd pop swk"),
        (vec![M::Totp], "0", "otp"),
        (vec![M::QuickLogin], "0", ""),
    ] {
        let authentication = by(&methods);
        assert_eq!((authentication.acr().as_str(), authentication.amr().as_str()), (acr, amr), "{methods:?}");
    }
}

#[test]
fn stored_methods_round_trip_and_unknown_ones_are_refused() {
    for method in Method::ALL {
        for other in Method::ALL {
            let methods = by(&[method, other]).methods().clone();
            assert_eq!(Methods::parse(&methods.to_string()), Some(methods));
        }
    }
    for text in ["", "key ", "telepathy", "key telepathy", "Key"] {
        assert_eq!(Methods::parse(text), None, "{text}");
    }
    for kind in CredentialKind::ALL {
        assert_eq!(CredentialKind::parse(kind.as_str()), Some(kind));
    }
}

#[test]
fn a_second_factor_keeps_the_time_of_the_first() {
    let totp = Credential { kind: CredentialKind::Totp, id: "a".to_owned() };
    let raised = Authentication::by_password(ada(), NOW).and(Method::Totp, totp.clone());
    assert_eq!((raised.acr(), raised.auth_time(), raised.credential()), (Acr::Two, NOW, Some(&totp)));
}

#[test]
fn each_policy_requests_the_missing_factor() {
    use CredentialKind as K;
    let password = by(&[Method::Password]);
    let both = by(&[Method::Password, Method::Totp]);
    let later = NOW.plus(Duration::from_secs(1));
    let required = |required| Requirement { required, ..Requirement::ONE_FACTOR };
    let wanted = |wanted| Requirement { wanted, ..Requirement::ONE_FACTOR };
    let since = |since, requirement| Requirement { since: Some(since), ..requirement };
    let plain = [K::Password];
    let strong = [K::Key, K::Password, K::Totp];
    for (name, authentication, held, enrollable, requirement, expected) in [
        (
            "nobody",
            None,
            &strong[..],
            &[][..],
            Requirement::ONE_FACTOR,
            Progress::NeedsFactor(vec![K::Key, K::Password]),
        ),
        ("no credential", None, &[], &[K::Totp], Requirement::ONE_FACTOR, Progress::OutOfReach),
        ("one factor", Some(&password), &plain, &[], Requirement::ONE_FACTOR, Progress::Done),
        (
            "too long ago",
            Some(&password),
            &plain,
            &[],
            since(later, Requirement::ONE_FACTOR),
            Progress::NeedsFactor(vec![K::Password]),
        ),
        ("just now", Some(&password), &plain, &[], since(NOW, Requirement::ONE_FACTOR), Progress::Done),
        ("second factor", Some(&password), &strong, &[], required(Acr::Two), Progress::NeedsFactor(vec![K::Totp])),
        ("both", Some(&both), &strong, &[], required(Acr::Two), Progress::Done),
        (
            "both too long ago",
            Some(&both),
            &strong,
            &[],
            since(later, required(Acr::Two)),
            Progress::NeedsFactor(vec![K::Key, K::Password]),
        ),
        ("none to show", Some(&password), &plain, &[], required(Acr::Two), Progress::OutOfReach),
        (
            "one to add",
            Some(&password),
            &plain,
            &[K::Totp, K::Password],
            required(Acr::Two),
            Progress::NeedsEnrolment(vec![K::Totp]),
        ),
        ("wanted, reachable", Some(&password), &strong, &[], wanted(Acr::Two), Progress::NeedsFactor(vec![K::Totp])),
        ("wanted, not reachable", Some(&password), &plain, &[K::Totp], wanted(Acr::Two), Progress::Done),
    ] {
        let credentials = AccountCredentials { held, enrollable };
        assert_eq!(progress(authentication, credentials, requirement), expected, "{name}");
    }
}

fn kinds() -> impl Strategy<Value = Vec<CredentialKind>> {
    prop::sample::subsequence(CredentialKind::ALL.to_vec(), 0..=6)
}

fn class() -> impl Strategy<Value = Acr> {
    prop::sample::select(Acr::ALL.to_vec())
}

fn authentication() -> impl Strategy<Value = Option<Authentication>> {
    let methods = prop::collection::vec(prop::sample::select(Method::ALL.to_vec()), 1..4);
    let made = (methods, 0..200_u64).prop_map(|(methods, ago)| {
        let all = by(&methods).methods().clone();
        Authentication::stored(ada(), all, NOW.minus(Duration::from_secs(ago)))
    });
    prop::option::of(made)
}

fn requirement() -> impl Strategy<Value = Requirement> {
    let since = prop::option::of((0..200_u64).prop_map(|ago| NOW.minus(Duration::from_secs(ago))));
    (since, class(), class()).prop_map(|(since, required, wanted)| Requirement { since, required, wanted })
}

/// The strongest method for a credential of that kind.
fn method(kind: CredentialKind) -> Method {
    match kind {
        CredentialKind::Key => Method::Key,
        CredentialKind::Password => Method::Password,
        CredentialKind::Passkey => Method::VerifiedPasskey,
        CredentialKind::Provider => Method::Provider,
        CredentialKind::Totp => Method::Totp,
        CredentialKind::Recovery => Method::RecoveryCode,
    }
}

#[test]
fn one_time_codes_are_demanded_at_every_sign_in_and_a_passkey_only_where_asked() {
    use CredentialKind as K;
    for (credentials, demanded, strongest) in [
        (vec![], Acr::One, Acr::One),
        (vec![K::Password, K::Key, K::Provider], Acr::One, Acr::One),
        (vec![K::Password, K::Passkey], Acr::One, Acr::Two),
        (vec![K::Password, K::Totp], Acr::Two, Acr::Two),
        (vec![K::Password, K::Recovery], Acr::One, Acr::One),
    ] {
        let classes = (Acr::demanded_by(&credentials), Acr::strongest_of(&credentials));
        assert_eq!(classes, (demanded, strongest), "{credentials:?}");
    }
}

proptest! {
    /// Following the steps completes a sign-in, in at most three steps and one enrolment, whichever credential is
    /// picked.
    #[test]
    fn following_the_steps_completes_a_sign_in(
        begun in authentication(), held in kinds(), enrollable in kinds(), requirement in requirement(), picks in any::<[prop::sample::Index; 6]>(),
    ) {
        let (mut begun, mut held, mut steps, mut enrolments) = (begun, held, 0, 0);
        for pick in picks {
            match progress(begun.as_ref(), AccountCredentials { held: &held, enrollable: &enrollable }, requirement) {
                Progress::Done | Progress::OutOfReach => break,
                Progress::NeedsFactor(kinds) => {
                    let kind = *pick.get(&kinds);
                    let credential = Credential { kind, id: "id".to_owned() };
                    let counts = begun.clone().filter(|begun| requirement.accepts_time_of(begun) && begun.acr() > Acr::Zero);
                    begun = Some(match counts {
                        Some(begun) => begun.and(method(kind), credential),
                        None => Authentication::new(ada(), method(kind), Some(credential), NOW),
                    });
                    steps += 1;
                }
                Progress::NeedsEnrolment(kinds) => {
                    held.push(*pick.get(&kinds));
                    enrolments += 1;
                }
            }
        }
        let end = progress(begun.as_ref(), AccountCredentials { held: &held, enrollable: &enrollable }, requirement);
        prop_assert!(matches!(end, Progress::Done | Progress::OutOfReach), "{end:?}");
        prop_assert!(steps <= 3 && enrolments <= 1, "{steps} steps, {enrolments} enrolments");
        if enrolments == 1 {
            prop_assert_eq!(end, Progress::Done);
        }
    }

    /// A sign-in never completes with less than required, or with a proof that is too old.
    #[test]
    fn a_completed_sign_in_is_recent_and_strong_enough(
        begun in authentication(), held in kinds(), enrollable in kinds(), requirement in requirement(),
    ) {
        if progress(begun.as_ref(), AccountCredentials { held: &held, enrollable: &enrollable }, requirement) == Progress::Done {
            let begun = begun.unwrap();
            prop_assert!(requirement.since.is_none_or(|since| begun.auth_time() >= since));
            prop_assert!(begun.acr() >= requirement.required);
        }
    }

    /// Only existing credentials are asked for, and credentials are added only right after proving one.
    #[test]
    fn only_existing_credentials_are_requested_and_enrolment_takes_a_proof(
        begun in authentication(), held in kinds(), enrollable in kinds(), requirement in requirement(),
    ) {
        match progress(begun.as_ref(), AccountCredentials { held: &held, enrollable: &enrollable }, requirement) {
            Progress::NeedsFactor(kinds) => {
                prop_assert!(!kinds.is_empty() && kinds.iter().all(|kind| held.contains(kind)));
            }
            Progress::NeedsEnrolment(kinds) => {
                prop_assert!(!kinds.is_empty() && kinds.iter().all(|kind| enrollable.contains(kind)));
                prop_assert!(begun.is_some_and(|begun| requirement.accepts_time_of(&begun) && begun.acr() >= Acr::One));
            }
            Progress::Done | Progress::OutOfReach => {}
        }
    }

    /// A voluntary class never blocks a user who meets the requirements.
    #[test]
    fn a_voluntary_class_never_blocks_a_user(
        begun in authentication(), held in kinds(), enrollable in kinds(), requirement in requirement(),
    ) {
        let credentials = AccountCredentials { held: &held, enrollable: &enrollable };
        let plain = progress(begun.as_ref(), credentials, Requirement { wanted: Acr::Zero, ..requirement });
        let asked = progress(begun.as_ref(), credentials, requirement);
        if plain == Progress::Done {
            prop_assert!(matches!(asked, Progress::Done | Progress::NeedsFactor(_)), "{asked:?}");
        }
    }
}
