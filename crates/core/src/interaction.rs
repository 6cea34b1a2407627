//! What a user is in the middle of on our pages: where they continue after sign-in, and whether they must sign in
//! first.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::authentication::{AccountCredentials, Acr, CredentialKind, Progress, Requirement, progress};
use crate::authorize::{AuthorizationRequest, ErrorResponse, NextStep, PromptValue, SessionFacts};
use crate::ids::{AppId, OrgId, OrgRef, UserId, WebhookId};
use crate::time::Timestamp;

/// A user's destination, where they continue after sign-in. It never holds an address: each variant names a page of
/// ours, or a request that is validated again when resumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Continuation {
    /// An app's authorization request. Its failures go to the app.
    Authorization {
        /// The parameters, form-encoded.
        query: String,
    },
    /// The pages of a workspace, or the choice among the user's workspaces.
    Workspace {
        /// The workspace, as its address named it; `None` for the choice. Whether it exists is not yet known: that is
        /// told to its members alone.
        workspace: Option<OrgRef>,
        /// The page.
        page: WorkspacePage,
    },
    /// An invitation to a workspace. It is never stored: of a link the database has only the digest.
    Invitation {
        /// The secret of the link.
        token: LinkSecret,
    },
    /// A page of the user's account.
    Account {
        /// Which one.
        page: AccountPage,
    },
    /// An app's request to sign the user in and see their merits ("Login with Sigma"). Its row is found by the digest of
    /// the token, which is never stored.
    MeritLogin {
        /// The token of its address.
        token: LinkSecret,
    },
    /// An app's request to act for an org ("Link App"). Its row is found likewise.
    LinkApp {
        /// The token of its address.
        token: LinkSecret,
    },
    /// The merits pages of an org, or the choice among the orgs that the user administers. Whether it exists is not yet
    /// known: that is told to its admins alone.
    MeritOrg {
        /// The org, as its address named it; `None` for the choice.
        org: Option<OrgRef>,
    },
    /// Changing what an org shows or gives away, on its pages: the user signs in again first. Whether it exists is not yet known.
    OrgChange {
        /// The org.
        org: OrgRef,
        /// The pages.
        section: OrgSection,
    },
    /// Becoming the first owner of the installation, by the link that the server printed. It is never stored.
    FirstOwner {
        /// The secret of the link.
        token: LinkSecret,
    },
    /// A page of the console. Whether the user may see it is not yet known.
    Console {
        /// Which one.
        page: ConsolePage,
    },
    /// Letting a device in that shows this user code (RFC 8628 §3.3).
    Device {
        /// The code, as the person typed it.
        user_code: LinkSecret,
        /// Whether the app of the device requires a second factor.
        second_factor: bool,
    },
    /// Restoring a key on a new device: the provider says who the person is, and nothing else begins.
    Restore,
    /// The front page.
    Home,
}

/// The pages of an org whose changes ask for a recent sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrgSection {
    /// Directories, whose tokens are shown once.
    Directories,
    /// Webhooks, whose secrets are shown once.
    Webhooks,
}

impl OrgSection {
    /// The last segment of its path.
    pub const fn segment(self) -> &'static str {
        match self {
            Self::Directories => "directories",
            Self::Webhooks => "webhooks",
        }
    }
}

/// The workspace pages that a user can be returned to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkspacePage {
    /// The start page.
    #[default]
    Start,
    /// Its people.
    People,
    /// Its roles.
    Roles,
    /// Its API keys.
    Keys,
    /// Its settings.
    Settings,
}

impl WorkspacePage {
    /// The page below the address of its workspace, or the section that a deeper page belongs to.
    pub fn of_segment(segment: &str) -> Self {
        [Self::People, Self::Roles, Self::Keys, Self::Settings]
            .into_iter()
            .find(|page| page.segment() == segment)
            .unwrap_or_default()
    }

    /// Its path segment; empty for the start page.
    pub const fn segment(self) -> &'static str {
        match self {
            Self::Start => "",
            Self::People => "people",
            Self::Roles => "roles",
            Self::Keys => "keys",
            Self::Settings => "settings",
        }
    }
}

/// The account pages that a user can be returned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountPage {
    /// Change the password.
    Password,
    /// Setting a first password: a new credential, so the user signs in again first.
    FirstPassword,
    /// Recent activity.
    Activity,
    /// Addresses and credentials.
    Overview,
    /// What the user says about themselves.
    Profile,
    /// Identities and their keys.
    Identities,
    /// Merits, and the apps that see them.
    Merits,
    /// Changing one of them: the user signs in again first.
    Change,
    /// Apps with access.
    Apps,
    /// Apps that the user made.
    Developers,
    /// Another secret for one of them: the user signs in again first.
    DevelopersChange,
    /// Who acts for the user.
    Agents,
    /// Making an agent, which gets a credential: the user signs in again first.
    AgentsChange,
    /// The deletion of the account.
    Deletion,
    /// Requesting it: the user signs in again first.
    DeletionRequest,
    /// Merging the account with another.
    Merge,
    /// Confirming that: the user signs in again first.
    MergeChange,
    /// Encrypted backups.
    Backup,
    /// Retrieving or changing one of them: the user signs in again first.
    BackupChange,
    /// Restoring a key from one of them on this device: the user signs in again first.
    Restore,
}

/// The console pages that a user can be returned to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsolePage {
    /// The overview.
    Overview,
    /// People.
    People,
    /// One person.
    Person(UserId),
    /// Changing one: the user signs in again first.
    PersonChange(UserId),
    /// Apps.
    Apps,
    /// One of them.
    App(AppId),
    /// Changing one, or a new one: the user signs in again first.
    AppChange(Option<AppId>),
    /// APIs that tokens are for.
    Resources,
    /// Changing them: the user signs in again first.
    ResourcesChange,
    /// Orgs; or one of them.
    Orgs(Option<OrgId>),
    /// Changing one: the user signs in again first.
    OrgChange(OrgId),
    /// The audit trail.
    Audit,
    /// Webhooks; or one of them.
    Webhooks(Option<WebhookId>),
    /// Changing them: the user signs in again first.
    WebhooksChange(Option<WebhookId>),
    /// Signing keys.
    Keys,
    /// Changing them: the user signs in again first.
    KeysChange,
    /// Mails.
    Mail,
    /// Sending and dropping them: the user signs in again first.
    MailChange,
    /// Sessions.
    Sessions,
    /// Ending them: the user signs in again first.
    SessionsChange,
    /// The settings in force.
    Settings,
    /// What is wrong with the installation.
    Doctor,
    /// How the server, orgs and apps look; or one of them.
    Branding(Option<BrandingOf>),
    /// Changing how one of them looks: the user signs in again first.
    BrandingChange(BrandingOf),
    /// Upstream providers.
    Providers,
    /// Testing them: the user signs in again first.
    ProvidersChange,
}

/// Whose look a page of the console shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrandingOf {
    /// An org.
    Org(OrgId),
    /// An app.
    App(AppId),
}

/// The secret of a mailed link. `Debug` does not print it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LinkSecret(String);

impl LinkSecret {
    /// The secret as the link holds it.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret, for the page that accepts it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkSecret(…)")
    }
}

/// What the sign-in page has to do for a visitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entrance {
    /// Nothing: they continue.
    GoOn,
    /// Sign in, as any account.
    SignIn,
    /// Re-authenticate: they are signed in and must prove it again.
    Reauthenticate,
    /// Prove one of these as well: they are signed in, and lack a factor.
    StepUp(Vec<CredentialKind>),
    /// Add one of these: they are signed in, and have no second factor, which is required.
    Enrol(Vec<CredentialKind>),
}

/// How recent the last authentication must be for changing a credential, an address or a second factor: an abandoned or
/// stolen session does not suffice.
pub const RECENT: Duration = Duration::from_mins(15);

/// Whether a session may change credentials, addresses and second factors of its account, which has these credentials: it
/// was authenticated a short time ago, at the strongest class that the account can reach.
pub fn may_change_credentials(session: &SessionFacts, credentials: &[CredentialKind], now: Timestamp) -> bool {
    now.since(session.auth_time) <= RECENT && is_strongest(session, credentials)
}

/// Whether the session reached the strongest class that its account can reach.
pub fn is_strongest(session: &SessionFacts, credentials: &[CredentialKind]) -> bool {
    session.methods.acr() >= Acr::strongest_of(credentials)
}

/// A signed-in browser, before the sign-in page.
#[derive(Clone, Copy, Debug)]
pub struct Guest<'a> {
    /// The session.
    pub session: &'a SessionFacts,
    /// The kinds of credentials that the account has.
    pub credentials: &'a [CredentialKind],
    /// Whether the destination requires a second factor of everybody.
    pub requires_second_factor: bool,
}

impl Continuation {
    /// A page of the workspace that an address calls `name`; the choice among workspaces if that is no name of one.
    pub fn workspace(name: &str, page: WorkspacePage) -> Self {
        match OrgRef::parse(name) {
            Some(workspace) => Self::Workspace { workspace: Some(workspace), page },
            None => Self::workspaces(),
        }
    }

    /// The choice among the user's workspaces.
    pub const fn workspaces() -> Self {
        Self::Workspace { workspace: None, page: WorkspacePage::Start }
    }

    /// Whether a browser that it is not bound to may restart it. Anybody may begin an app's request, so nothing is lost
    /// by that; everything else belongs to the browser in which it began.
    pub const fn restarts_in_any_browser(&self) -> bool {
        matches!(self, Self::Authorization { .. })
    }

    /// Whether it requires a recent sign-in, even of signed-in users: what it gives away cannot be seen from this browser
    /// any more.
    const fn needs_recent_sign_in(&self) -> bool {
        matches!(self, Self::Device { .. }) || self.changes_credentials()
    }

    /// Whether it requires a recent sign-in by the strongest means, even of signed-in users.
    const fn changes_credentials(&self) -> bool {
        use AccountPage::{
            AgentsChange, BackupChange, Change, DeletionRequest, DevelopersChange, FirstPassword, MergeChange, Restore,
        };
        matches!(
            self,
            Self::OrgChange { .. }
                | Self::Account {
                    page: FirstPassword
                        | Change
                        | AgentsChange
                        | DevelopersChange
                        | DeletionRequest
                        | MergeChange
                        | BackupChange
                        | Restore
                }
                | Self::Console {
                    page: ConsolePage::PersonChange(_)
                        | ConsolePage::AppChange(_)
                        | ConsolePage::ResourcesChange
                        | ConsolePage::OrgChange(_)
                        | ConsolePage::WebhooksChange(_)
                        | ConsolePage::KeysChange
                        | ConsolePage::MailChange
                        | ConsolePage::SessionsChange
                        | ConsolePage::BrandingChange(_)
                        | ConsolePage::ProvidersChange
                }
        )
    }

    /// What the sign-in page has to do before a page of ours, opened at `started_at`. An authorization request has
    /// further requirements: see [`Entrance::before`].
    pub fn entrance(&self, guest: Option<Guest<'_>>, started_at: Timestamp) -> Entrance {
        let Some(Guest { session, credentials, requires_second_factor }) = guest else { return Entrance::SignIn };
        let requires_second_factor = requires_second_factor || matches!(self, Self::Device { second_factor: true, .. });
        let mut requirement = Requirement { required: Acr::demanded_by(credentials), ..Requirement::ONE_FACTOR };
        if self.needs_recent_sign_in() {
            requirement.since = Some(started_at.minus(RECENT));
        }
        if self.changes_credentials() {
            requirement.wanted = Acr::strongest_of(credentials);
        }
        let mut enrollable: &[CredentialKind] = &[];
        if requires_second_factor {
            (requirement.required, enrollable) = (Acr::Two, &CredentialKind::SECOND_FACTORS);
        }
        let authentication = session.authentication();
        if !requirement.accepts_time_of(&authentication) {
            return Entrance::Reauthenticate;
        }
        match progress(Some(&authentication), AccountCredentials { held: credentials, enrollable }, requirement) {
            Progress::Done => Entrance::GoOn,
            Progress::NeedsFactor(factors) => Entrance::StepUp(factors),
            Progress::NeedsEnrolment(kinds) => Entrance::Enrol(kinds),
            // Nothing was proven: a session of a quick login is none of these pages'.
            Progress::OutOfReach => Entrance::Reauthenticate,
        }
    }
}

impl Entrance {
    /// What the sign-in page has to do for `request`, whose next step is `step`. Anything unrelated to signing in,
    /// refusals included, is left to the request itself.
    pub fn before(
        request: &AuthorizationRequest,
        step: &Result<NextStep, ErrorResponse>,
        session: Option<&SessionFacts>,
    ) -> Self {
        let asks_again = request.prompt.asks(PromptValue::Login) || request.max_age.is_some();
        match step {
            Ok(NextStep::SignIn) if session.is_some() && asks_again => Self::Reauthenticate,
            Ok(NextStep::SignIn | NextStep::SignUp) => Self::SignIn,
            Ok(NextStep::StepUp(factors)) => Self::StepUp(factors.clone()),
            Ok(NextStep::Enrol(kinds)) => Self::Enrol(kinds.clone()),
            _ => Self::GoOn,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::authentication::{Method, Methods};
    use crate::ids::{SessionId, UserId};

    fn guest<'a>(session: &'a SessionFacts, credentials: &'a [CredentialKind]) -> Guest<'a> {
        Guest { session, credentials, requires_second_factor: false }
    }

    fn changes(continuation: &Continuation) -> bool {
        use AccountPage::{
            AgentsChange, BackupChange, Change, DeletionRequest, DevelopersChange, FirstPassword, MergeChange, Restore,
        };
        let pages = [
            FirstPassword,
            Change,
            AgentsChange,
            DevelopersChange,
            DeletionRequest,
            MergeChange,
            BackupChange,
            Restore,
        ];
        let is_console = matches!(
            continuation,
            Continuation::Console {
                page: ConsolePage::PersonChange(_)
                    | ConsolePage::AppChange(_)
                    | ConsolePage::ResourcesChange
                    | ConsolePage::OrgChange(_)
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
            (proptest::option::of("(org_[0-9a-f]{24}|[a-z][a-z0-9-]{2,20})"), workspace_page).prop_map(
                |(name, page)| { Continuation::Workspace { workspace: name.as_deref().and_then(OrgRef::parse), page } }
            ),
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
            prop::sample::select(vec![OrgSection::Directories, OrgSection::Webhooks])
                .prop_map(|section| Continuation::OrgChange { org: OrgRef::parse("acme").unwrap(), section }),
            "\\PC{0,50}".prop_map(|secret| Continuation::FirstOwner { token: LinkSecret::new(secret) }),
            prop::sample::select(vec![
                ConsolePage::Overview,
                ConsolePage::People,
                ConsolePage::Person(UserId::from_text("user_1")),
                ConsolePage::PersonChange(UserId::from_text("user_1")),
                ConsolePage::Apps,
                ConsolePage::App(AppId::from_text("app_1")),
                ConsolePage::AppChange(Some(AppId::from_text("app_1"))),
                ConsolePage::ResourcesChange,
                ConsolePage::Orgs(Some(OrgId::from_text("org_1"))),
                ConsolePage::OrgChange(OrgId::from_text("org_1")),
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
            "\\PC{0,20}"
                .prop_map(|code| Continuation::Device { user_code: LinkSecret::new(code), second_factor: false }),
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
}
