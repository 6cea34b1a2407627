//! What is counted, and how much of it is allowed.

use std::time::Duration;

use crate::settings::Limits;

/// A counted event. Each rule has its own counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Token, revocation and introspection endpoints: failures per app and address.
    Token,
    /// The same endpoints: requests per authenticated app.
    App,
    /// Authorization endpoint: requests per address.
    Authorize,
    /// Authorization endpoint: requests with an unknown app or unregistered redirect URI, per address.
    AuthorizeFailure,
    /// Failed sign-ins and sign-ups: invalid signatures per address; wrong passwords per account and address, or per
    /// known browser.
    SignIn,
    /// Wrong passwords per address, for any account.
    Password,
    /// Requested password reset links per address.
    Link,
    /// Failures at `/sigma/authorize` per address.
    Direct,
    /// Userinfo: a user.
    Userinfo,
    /// The server's own APIs, such as profile and wallets: a user, by their own means or through one app.
    OwnApi,
    /// Encrypted backups handed out: a user.
    BackupRead,
    /// Encrypted backups stored: a user.
    BackupWrite,
    /// Failed attempts to restore a backup by way of a provider, per address.
    Restore,
    /// Accounts that an address makes with a key, and sign-ups by e-mail that it begins, an hour.
    SignUp,
    /// Registrations of apps per address and hour.
    Registration,
    /// Invitations per workspace and hour.
    Invitation,
    /// All requests of a workspace, whether they succeed or not.
    Workspace,
    /// A workspace's calls of `verify` and `forward`, which are answered from memory.
    WorkspaceCheck,
    /// Failures at `verify` and `forward` per address.
    Check,
    /// Merits: requests of an app.
    MeritsApp,
    /// Merits: requests of all apps that act for an org.
    MeritsOrg,
    /// SCIM: requests of all directories of an org.
    Scim,
    /// Devices that ask for a code, per address.
    DeviceCode,
    /// User codes that do not exist, per address.
    UserCode,
    /// Credentials of other issuers that are verified, per address: each makes the server fetch documents.
    ForeignCredential,
    /// Discovery, JWKS and the OpenAPI document, per address.
    Discovery,
    /// Client metadata documents that are fetched: a user who signs in, or an app that asks for tokens; an hour.
    ClientDocument,
    /// Request objects that are fetched, per address that arrives with one's `request_uri`.
    RequestObject,
    /// The same, per host that they are fetched from.
    RequestObjectHost,
    /// Everything else, per address.
    Other,
}

impl Rule {
    /// The name in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::App => "app",
            Self::Authorize => "authorize",
            Self::AuthorizeFailure => "authorize_failure",
            Self::SignIn => "sign_in",
            Self::Password => "password",
            Self::Link => "link",
            Self::Direct => "direct",
            Self::Userinfo => "userinfo",
            Self::OwnApi => "own_api",
            Self::BackupRead => "backup_read",
            Self::BackupWrite => "backup_write",
            Self::Restore => "restore",
            Self::SignUp => "sign_up",
            Self::Registration => "registration",
            Self::Invitation => "invitation",
            Self::Workspace => "workspace",
            Self::WorkspaceCheck => "workspace_check",
            Self::Check => "check",
            Self::MeritsApp => "merits_app",
            Self::MeritsOrg => "merits_org",
            Self::Scim => "scim",
            Self::DeviceCode => "device_code",
            Self::UserCode => "user_code",
            Self::ForeignCredential => "foreign_credential",
            Self::Discovery => "discovery",
            Self::ClientDocument => "client_document",
            Self::RequestObject => "request_object",
            Self::RequestObjectHost => "request_object_host",
            Self::Other => "other",
        }
    }

    /// Whether it counts attempts to guess something: instances that share counters ask each other first.
    pub(crate) fn is_of_guesses(self) -> bool {
        matches!(self, Self::SignIn | Self::Password | Self::Direct | Self::UserCode | Self::Restore)
    }

    /// The number of requests per period; 0 means unlimited.
    pub(super) fn quota(self, limits: &Limits) -> (u32, Duration) {
        let minute = Duration::from_mins(1);
        match self {
            Self::Token => (limits.token, minute),
            Self::App => (limits.app, minute),
            Self::Authorize => (limits.authorize, minute),
            Self::AuthorizeFailure => (limits.authorize_failures, minute),
            Self::SignIn => (limits.sign_in, minute),
            Self::Password | Self::Link => (limits.passwords, minute),
            Self::Direct => (limits.direct, minute),
            Self::Userinfo => (limits.userinfo, minute),
            Self::OwnApi => (limits.own_apis, minute),
            Self::BackupRead => (limits.backup_reads, minute),
            Self::BackupWrite => (limits.backup_writes, minute),
            Self::Restore => (limits.restores, minute),
            Self::SignUp => (limits.sign_ups_per_hour, Duration::from_hours(1)),
            Self::Registration => (limits.registrations_per_hour, Duration::from_hours(1)),
            Self::Invitation => (limits.invitations_per_hour, Duration::from_hours(1)),
            Self::Workspace => (limits.workspace, minute),
            Self::WorkspaceCheck => (limits.workspace_checks, minute),
            Self::Check => (limits.checks, minute),
            Self::MeritsApp => (limits.merits_app, minute),
            Self::MeritsOrg => (limits.merits_org, minute),
            Self::Scim => (limits.scim, minute),
            Self::DeviceCode => (limits.device_codes, minute),
            Self::UserCode => (limits.user_codes, minute),
            Self::ClientDocument => (limits.client_documents_per_hour, Duration::from_hours(1)),
            Self::RequestObject => (limits.request_objects, minute),
            Self::RequestObjectHost => (limits.request_objects_per_host, minute),
            Self::ForeignCredential => (limits.foreign_credentials, minute),
            Self::Discovery | Self::Other => (limits.other, minute),
        }
    }
}
