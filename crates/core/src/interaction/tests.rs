use proptest::prelude::*;

use super::*;
use crate::authentication::{Method, Methods};
use crate::ids::{AppId, OrgId, SessionId, UserId, WebhookId};

fn guest<'a>(session: &'a SessionFacts, credentials: &'a [CredentialKind]) -> Guest<'a> {
    Guest { session, credentials, requires_second_factor: false }
}

fn changes(continuation: &Continuation) -> bool {
    use AccountPage::{
        AgentsChange, BackupChange, Change, DeletionRequest, DevelopersChange, FirstPassword, MergeChange, Restore,
    };
    let pages =
        [FirstPassword, Change, AgentsChange, DevelopersChange, DeletionRequest, MergeChange, BackupChange, Restore];
    let is_console = matches!(
        continuation,
        Continuation::Console {
            page: ConsolePage::PeopleChange
                | ConsolePage::PeopleTransfer
                | ConsolePage::PersonChange(_)
                | ConsolePage::AppChange(_)
                | ConsolePage::RegistrationChange
                | ConsolePage::DocumentsChange
                | ConsolePage::ResourcesChange
                | ConsolePage::OrgsChange
                | ConsolePage::OrgChange(_)
                | ConsolePage::OrgDomainsChange(_)
                | ConsolePage::OrgAccessChange(..)
                | ConsolePage::WebhooksChange(_)
                | ConsolePage::KeysChange
                | ConsolePage::MailChange
                | ConsolePage::SessionsChange
                | ConsolePage::BrandingChange(_)
                | ConsolePage::ProvidersChange
        }
    );
    let is_org = matches!(continuation, Continuation::OrgChange { .. });
    is_console || is_org || pages.map(|page| Continuation::Account { page }).contains(continuation)
}

fn needs_recent(continuation: &Continuation) -> bool {
    matches!(continuation, Continuation::Device { .. }) || changes(continuation)
}

fn session(auth_time: Timestamp, methods: &[Method]) -> SessionFacts {
    let mut all = Methods::of(methods[0]);
    for method in methods {
        all.add(*method);
    }
    SessionFacts {
        id: SessionId::from_text("ses"),
        user_id: UserId::from_text("user_1"),
        auth_time,
        methods: all,
        bap_id: None,
    }
}

fn continuation() -> impl Strategy<Value = Continuation> {
    let workspace_page = prop::sample::select(vec![
        WorkspacePage::Start,
        WorkspacePage::People,
        WorkspacePage::Roles,
        WorkspacePage::Keys,
        WorkspacePage::Settings,
    ]);
    prop_oneof![
        "\\PC{0,80}".prop_map(|query| Continuation::Authorization { query }),
        (proptest::option::of("(org_[0-9a-f]{24}|[a-z][a-z0-9-]{2,20})"), workspace_page).prop_map(|(name, page)| {
            Continuation::Workspace { workspace: name.as_deref().and_then(OrgRef::parse), page }
        }),
        "\\PC{0,50}".prop_map(|secret| Continuation::Invitation { token: LinkSecret::new(secret) }),
        prop::sample::select(vec![
            AccountPage::Password,
            AccountPage::FirstPassword,
            AccountPage::Activity,
            AccountPage::Overview,
            AccountPage::Profile,
            AccountPage::Identities,
            AccountPage::Merits,
            AccountPage::Change,
            AccountPage::Apps,
            AccountPage::Developers,
            AccountPage::DevelopersChange,
            AccountPage::Agents,
            AccountPage::AgentsChange,
            AccountPage::Deletion,
            AccountPage::DeletionRequest,
            AccountPage::Merge,
            AccountPage::MergeChange,
            AccountPage::Backup,
            AccountPage::BackupChange,
            AccountPage::Restore,
        ])
        .prop_map(|page| Continuation::Account { page }),
        "\\PC{0,50}".prop_map(|secret| Continuation::MeritLogin { token: LinkSecret::new(secret) }),
        "\\PC{0,50}".prop_map(|secret| Continuation::LinkApp { token: LinkSecret::new(secret) }),
        proptest::option::of("(org_[0-9a-f]{24}|[a-z][a-z0-9-]{2,20})")
            .prop_map(|name| Continuation::MeritOrg { org: name.as_deref().and_then(OrgRef::parse) }),
        prop::sample::select(vec![OrgSection::Directories, OrgSection::Webhooks, OrgSection::Branding])
            .prop_map(|section| Continuation::OrgChange { org: OrgRef::parse("acme").unwrap(), section }),
        "\\PC{0,50}".prop_map(|secret| Continuation::FirstOwner { token: LinkSecret::new(secret) }),
        prop::sample::select(vec![
            ConsolePage::Overview,
            ConsolePage::People,
            ConsolePage::PeopleChange,
            ConsolePage::PeopleTransfer,
            ConsolePage::Person(UserId::from_text("user_1")),
            ConsolePage::PersonChange(UserId::from_text("user_1")),
            ConsolePage::Apps,
            ConsolePage::App(AppId::from_text("app_1")),
            ConsolePage::AppChange(Some(AppId::from_text("app_1"))),
            ConsolePage::RegistrationChange,
            ConsolePage::DocumentsChange,
            ConsolePage::ResourcesChange,
            ConsolePage::Orgs(Some(OrgId::from_text("org_1"))),
            ConsolePage::OrgsChange,
            ConsolePage::OrgChange(OrgId::from_text("org_1")),
            ConsolePage::OrgDomainsChange(OrgId::from_text("org_1")),
            ConsolePage::OrgAccessChange(OrgId::from_text("org_1"), OrgAccess::Links),
            ConsolePage::Audit,
            ConsolePage::Webhooks(Some(WebhookId::from_text("wh_1"))),
            ConsolePage::WebhooksChange(None),
            ConsolePage::Keys,
            ConsolePage::KeysChange,
            ConsolePage::MailChange,
            ConsolePage::SessionsChange,
            ConsolePage::Branding(None),
            ConsolePage::BrandingChange(BrandingOf::App(AppId::from_text("app_1"))),
            ConsolePage::ProvidersChange,
        ])
        .prop_map(|page| Continuation::Console { page }),
        "\\PC{0,20}".prop_map(|code| Continuation::Device { user_code: LinkSecret::new(code), second_factor: false }),
        Just(Continuation::Restore),
        Just(Continuation::Home),
    ]
}

proptest! {
    #[test]
    fn continuations_round_trip(continuation in continuation()) {
        let text = serde_json::to_string(&continuation).unwrap();
        prop_assert_eq!(serde_json::from_str::<Continuation>(&text).unwrap(), continuation);
    }

    #[test]
    fn continuing_requires_a_session(continuation in continuation(), started_at in 0_i64..1_000) {
        let entrance = continuation.entrance(None, Timestamp::from_seconds(started_at));
        prop_assert_eq!(entrance, Entrance::SignIn);
    }

    #[test]
    fn a_sign_in_of_the_last_quarter_of_an_hour_is_not_asked_for_again(
        continuation in continuation(), started_at in 0_i64..1_000, difference in -900_i64..1_000,
    ) {
        let session = session(Timestamp::from_seconds(started_at + difference), &[Method::Password]);
        let entrance = continuation.entrance(Some(guest(&session, &[])), Timestamp::from_seconds(started_at));
        prop_assert_eq!(entrance, Entrance::GoOn);
    }

    #[test]
    fn an_older_session_opens_every_page_except_for_changing_credentials_and_letting_devices_in(
        continuation in continuation(), started_at in 1_i64..1_000, earlier in 901_i64..2_000,
    ) {
        let session = session(Timestamp::from_seconds(started_at - earlier), &[Method::Password]);
        let entrance = continuation.entrance(Some(guest(&session, &[])), Timestamp::from_seconds(started_at));
        prop_assert_eq!(entrance, if needs_recent(&continuation) { Entrance::Reauthenticate } else { Entrance::GoOn });
    }

    #[test]
    fn a_session_without_the_one_time_code_opens_no_page(continuation in continuation(), ago in 0_i64..900) {
        let held = [CredentialKind::Password, CredentialKind::Totp, CredentialKind::Recovery];
        let now = Timestamp::from_seconds(10_000);
        let half = session(Timestamp::from_seconds(10_000 - ago), &[Method::Password]);
        let asked = Entrance::StepUp(vec![CredentialKind::Totp, CredentialKind::Recovery]);
        prop_assert_eq!(continuation.entrance(Some(guest(&half, &held)), now), asked);
        let whole = session(Timestamp::from_seconds(10_000 - ago), &[Method::Password, Method::Totp]);
        prop_assert_eq!(continuation.entrance(Some(guest(&whole, &held)), now), Entrance::GoOn);
    }

    #[test]
    fn changing_credentials_takes_the_strongest_class_of_the_account(continuation in continuation()) {
        let held = [CredentialKind::Password, CredentialKind::Passkey];
        let now = Timestamp::from_seconds(10_000);
        let weak = session(now, &[Method::Password]);
        let asked = Entrance::StepUp(vec![CredentialKind::Passkey]);
        let expected = if changes(&continuation) { asked } else { Entrance::GoOn };
        prop_assert_eq!(continuation.entrance(Some(guest(&weak, &held)), now), expected);
        prop_assert!(!may_change_credentials(&weak, &held, now));
        let strong = session(now, &[Method::VerifiedPasskey]);
        prop_assert_eq!(continuation.entrance(Some(guest(&strong, &held)), now), Entrance::GoOn);
        prop_assert!(may_change_credentials(&strong, &held, now.plus(RECENT)));
        prop_assert!(!may_change_credentials(&strong, &held, now.plus(RECENT).plus(Duration::from_micros(1))));
    }

    #[test]
    fn a_required_second_factor_is_proven_or_added(continuation in continuation()) {
        let now = Timestamp::from_seconds(10_000);
        let session = session(now, &[Method::Password]);
        let guest = |credentials| Guest { requires_second_factor: true, ..guest(&session, credentials) };
        let none = continuation.entrance(Some(guest(&[CredentialKind::Password])), now);
        prop_assert_eq!(none, Entrance::Enrol(CredentialKind::SECOND_FACTORS.to_vec()));
        let held = [CredentialKind::Password, CredentialKind::Passkey];
        let one = continuation.entrance(Some(guest(&held)), now);
        prop_assert_eq!(one, Entrance::StepUp(vec![CredentialKind::Passkey]));
    }

    #[test]
    fn every_segment_is_a_page_of_the_workspace(segment in "\\PC{0,20}") {
        let page = WorkspacePage::of_segment(&segment);
        prop_assert!(page == WorkspacePage::Start || page.segment() == segment);
    }
}

#[test]
fn an_invalid_workspace_name_leads_to_the_choice() {
    for name in ["", "..", "a/b", "a?b", "//evil.example", "ü", "a%2fb", "org_bakery", &"a".repeat(65)] {
        assert_eq!(Continuation::workspace(name, WorkspacePage::People), Continuation::workspaces(), "{name}");
    }
    for name in ["org_0123456789abcdef01234567", "bakery"] {
        let expected = Continuation::Workspace { workspace: OrgRef::parse(name), page: WorkspacePage::People };
        assert_eq!(Continuation::workspace(name, WorkspacePage::People), expected);
        assert_ne!(expected, Continuation::workspaces());
    }
}

#[test]
fn link_secrets_are_not_printed() {
    let continuation = Continuation::Invitation { token: LinkSecret::new("abcdef") };
    assert!(!format!("{continuation:?}").contains("abcdef"));
}
