//! Merging an account into another of the same person (`docs/guides/merging-accounts.md`).

use thiserror::Error;

/// Why two accounts are not merged. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum MergeRefusal {
    /// Both are the same account.
    #[error("the accounts are the same")]
    SameAccount,
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// The account that goes was not confirmed in this browser, or too long ago.
    #[error("the account that goes was not confirmed in this browser within the last 30 minutes")]
    NotConfirmed,
    /// The operator named another account that stays.
    #[error("the operator proposed another account to stay")]
    AnotherAccount,
    /// One of them is disabled.
    #[error("one of the accounts is disabled")]
    Disabled,
    /// The deletion of one of them was requested.
    #[error("the deletion of one of the accounts was requested")]
    DeletionRequested,
    /// One of them belongs to the operator's org.
    #[error("one of the accounts is a member of the operator's org")]
    Operator,
    /// The account that goes has an authenticator app, and the one that stays has none.
    #[error("the account that goes has an authenticator app: add one to the account that stays first")]
    SecondFactor,
    /// Both are members of a workspace that the account that goes alone manages.
    #[error("the account that goes alone manages a workspace of which both are members")]
    OnlyAdministrator,
    /// Both are members of a workspace, and a directory manages one of them.
    #[error("a directory manages the account that goes in a workspace of which both are members")]
    Directory,
    /// There is more than an account may have, or than is moved at once.
    #[error("together the accounts have more than one account may have, or more than is moved at once")]
    TooMuch,
}

impl MergeRefusal {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::SameAccount,
        Self::NotFound,
        Self::NotConfirmed,
        Self::AnotherAccount,
        Self::Disabled,
        Self::DeletionRequested,
        Self::Operator,
        Self::SecondFactor,
        Self::OnlyAdministrator,
        Self::Directory,
        Self::TooMuch,
    ];

    /// Its name in the API, and after `account-merge-` in catalogues with `-` for `_`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::SameAccount => "same_account",
            Self::NotFound => "not_found",
            Self::NotConfirmed => "not_confirmed",
            Self::AnotherAccount => "another_account",
            Self::Disabled => "disabled",
            Self::DeletionRequested => "deletion_requested",
            Self::Operator => "operator",
            Self::SecondFactor => "second_factor",
            Self::OnlyAdministrator => "only_administrator",
            Self::Directory => "directory",
            Self::TooMuch => "too_much",
        }
    }

    /// The key of its text.
    pub const fn key(self) -> &'static str {
        match self {
            Self::SameAccount => "account-merge-same-account",
            Self::NotFound => "account-merge-not-found",
            Self::NotConfirmed => "account-merge-not-confirmed",
            Self::AnotherAccount => "account-merge-another-account",
            Self::Disabled => "account-merge-disabled",
            Self::DeletionRequested => "account-merge-deletion-requested",
            Self::Operator => "account-merge-operator",
            Self::SecondFactor => "account-merge-second-factor",
            Self::OnlyAdministrator => "account-merge-only-administrator",
            Self::Directory => "account-merge-directory",
            Self::TooMuch => "account-merge-too-much",
        }
    }
}
