//! What mails tell about.

/// A change of an account that its user is notified of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountChange {
    /// An address was added.
    AddressAdded,
    /// An address was removed.
    AddressRemoved,
    /// Another address became primary.
    PrimaryChanged,
    /// The password was removed.
    PasswordRemoved,
    /// An encrypted backup was handed out.
    BackupRetrieved,
    /// An earlier version of an encrypted backup became the current one.
    BackupRestored,
    /// An encrypted backup was removed.
    BackupRemoved,
    /// A provider account was linked to an encrypted backup.
    BackupLinked,
    /// The deletion of the account was requested.
    DeletionRequested,
    /// Another account was merged into this one.
    Merged,
    /// The operator proposed to merge the account with another one of its owner.
    MergeProposed,
    /// An account at a provider was linked.
    ProviderLinked,
    /// An account at a provider was unlinked.
    ProviderUnlinked,
    /// A key was added.
    KeyAdded,
    /// A key was removed.
    KeyRemoved,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
    /// An authenticator app was added.
    TotpAdded,
    /// The authenticator app was removed.
    TotpRemoved,
    /// New recovery codes replaced the earlier ones.
    RecoveryCodesRenewed,
    /// The recovery codes were removed.
    RecoveryCodesRemoved,
    /// A recovery code was used.
    RecoveryCodeUsed,
}

/// A merit, or a request for access, that waits for its recipient.
#[derive(Clone, Debug)]
pub struct MeritNotice<'a> {
    /// The name of the org that sent it.
    pub org: &'a str,
    /// The title of its template; `None` is a request for access.
    pub title: Option<&'a str>,
    /// Where the recipient ends mails about merits of that org.
    pub unsubscribe_url: String,
}

/// What a mail about a directory says.
#[derive(Clone, Copy, Debug)]
pub struct DirectoryNotice<'a> {
    /// The name of the org.
    pub org: &'a str,
    /// The name of the connection.
    pub directory: &'a str,
    /// The name of whoever made it; empty if the account is gone.
    pub maker: &'a str,
    /// The path of the connection's page.
    pub path: &'a str,
}

/// A webhook that was switched off.
#[derive(Clone, Copy, Debug)]
pub struct WebhookNotice<'a> {
    /// The name of its org.
    pub org: &'a str,
    /// The page of the webhook.
    pub path: &'a str,
    /// Whether the receiver said that it wants nothing any more.
    pub is_gone: bool,
}
