//! The navigation of a user's account: one list for its pages, whichever surface serves them.

/// A page of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountSection {
    /// Where it is.
    pub path: &'static str,
    /// Its name: a key of the catalogue.
    pub title: &'static str,
}

const fn section(path: &'static str, title: &'static str) -> AccountSection {
    AccountSection { path, title }
}

/// The pages, in their order. A page includes the navigation by
/// `{% call nav::account(context, "/account/its-path") %}{% endcall %}` of `account-nav.html`.
pub const ACCOUNT_SECTIONS: [AccountSection; 11] = [
    section("/account", "account-nav-overview"),
    section("/account/profile", "profile-title"),
    section("/account/identities", "identities-title"),
    section("/account/apps", "account-apps-title"),
    section("/account/agents", "agents-title"),
    section("/account/merits", "merits-holder-title"),
    section("/account/backup", "backup-title"),
    section("/signer", "account-nav-signer"),
    section("/account/activity", "account-nav-activity"),
    section("/account/merge", "account-merge-title"),
    section("/account/delete", "account-delete-title"),
];
