//! The pages of ours that a user can be returned to. Each is named, never addressed, so that none leads elsewhere.

use serde::{Deserialize, Serialize};

use crate::ids::{AppId, OrgId, UserId, WebhookId};

/// The pages of an org whose changes ask for a recent sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrgSection {
    /// Directories, whose tokens are shown once.
    Directories,
    /// Webhooks, whose secrets are shown once.
    Webhooks,
    /// How pages look.
    Branding,
}

impl OrgSection {
    /// The last segment of its path.
    pub const fn segment(self) -> &'static str {
        match self {
            Self::Directories => "directories",
            Self::Webhooks => "webhooks",
            Self::Branding => "branding",
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
    /// A new person: the user signs in again first.
    PeopleChange,
    /// Moving people here and away: the user signs in again first.
    PeopleTransfer,
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
    /// Who may register apps: the user signs in again first.
    RegistrationChange,
    /// Documents that describe apps, and blocks of them: the user signs in again first.
    DocumentsChange,
    /// APIs that tokens are for.
    Resources,
    /// Changing them: the user signs in again first.
    ResourcesChange,
    /// Orgs; or one of them.
    Orgs(Option<OrgId>),
    /// A new one: the user signs in again first.
    OrgsChange,
    /// Changing one: the user signs in again first.
    OrgChange(OrgId),
    /// Changing the domains of one: the user signs in again first.
    OrgDomainsChange(OrgId),
    /// Changing what gives others access to one: the user signs in again first.
    OrgAccessChange(OrgId, OrgAccess),
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

/// What gives others access to an org, each with a page of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrgAccess {
    /// API keys.
    ApiKeys,
    /// Apps that act for it.
    Links,
    /// Directories that provision its people.
    Directories,
    /// People who act as others.
    Impersonators,
}

impl OrgAccess {
    /// All of them, in the order of pages.
    pub const ALL: [Self; 4] = [Self::ApiKeys, Self::Links, Self::Directories, Self::Impersonators];

    /// The part of the address of its page.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiKeys => "api-keys",
            Self::Links => "links",
            Self::Directories => "directories",
            Self::Impersonators => "impersonators",
        }
    }
}

/// Whose look a page of the console shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrandingOf {
    /// The server itself.
    Server,
    /// An org.
    Org(OrgId),
    /// An app.
    App(AppId),
}
