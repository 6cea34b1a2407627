//! What replaces a page, and what a page says about the form that led to it. The texts are ours, whatever the address says.

use axum::response::{IntoResponse as _, Redirect, Response};
use sigma_core::operator::OperatorRefusal;
use sigma_core::params::Params;
use sigma_platform::i18n::Language;
pub use sigma_platform::pages::PageError;

/// What a page says about an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// It is done.
    Done(String),
    /// It failed, with the reason.
    Refused(String),
}

/// A completed action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// The account is disabled.
    Disabled,
    /// It is enabled again.
    Enabled,
    /// Everything that the person was signed in with has ended.
    SignedOut,
    /// The person is the first owner.
    Owner,
    /// New signing keys were made.
    Rotated,
    /// A signing key was deleted.
    Revoked,
    /// A test mail is queued.
    MailTested,
    /// A mail is sent again.
    MailResent,
    /// A mail was deleted unsent.
    MailDropped,
    /// A session has ended.
    SessionEnded,
    /// A link to set a new password is on its way.
    LinkSent,
    /// What the person signed in with has ended, and the link is on its way.
    EndedCredentials,
    /// The account is going to be deleted.
    Deletes,
    /// It is not.
    Kept,
    /// The person was told of the merge.
    MergeProposed,
    /// What was entered is saved.
    Saved,
    /// The person administers the org.
    AdminGiven,
    /// They do so no more.
    AdminTaken,
    /// An app is registered.
    AppAdded,
    /// An app is removed.
    AppRemoved,
    /// An app has a new secret.
    SecretRenewed,
    /// The secret that was replaced has ended.
    SecretEnded,
    /// An API is registered.
    ResourceAdded,
    /// An API is removed.
    ResourceRemoved,
    /// An org is made.
    OrgAdded,
    /// An org is removed.
    OrgRemoved,
    /// A directory has ended.
    DirectoryEnded,
}

impl Done {
    const ALL: [Self; 27] = [
        Self::Disabled,
        Self::Enabled,
        Self::SignedOut,
        Self::Owner,
        Self::Rotated,
        Self::Revoked,
        Self::MailTested,
        Self::MailResent,
        Self::MailDropped,
        Self::SessionEnded,
        Self::LinkSent,
        Self::EndedCredentials,
        Self::Deletes,
        Self::Kept,
        Self::MergeProposed,
        Self::Saved,
        Self::AdminGiven,
        Self::AdminTaken,
        Self::AppAdded,
        Self::AppRemoved,
        Self::SecretRenewed,
        Self::SecretEnded,
        Self::ResourceAdded,
        Self::ResourceRemoved,
        Self::OrgAdded,
        Self::OrgRemoved,
        Self::DirectoryEnded,
    ];

    /// Its name in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Enabled => "enabled",
            Self::SignedOut => "signed-out",
            Self::Owner => "owner",
            Self::Rotated => "rotated",
            Self::Revoked => "revoked",
            Self::MailTested => "mail-tested",
            Self::MailResent => "mail-resent",
            Self::MailDropped => "mail-dropped",
            Self::SessionEnded => "session-ended",
            Self::LinkSent => "link-sent",
            Self::EndedCredentials => "credentials-ended",
            Self::Deletes => "deletes",
            Self::Kept => "kept",
            Self::MergeProposed => "merge-proposed",
            Self::Saved => "saved",
            Self::AdminGiven => "admin-given",
            Self::AdminTaken => "admin-taken",
            Self::AppAdded => "app-added",
            Self::AppRemoved => "app-removed",
            Self::SecretRenewed => "secret-renewed",
            Self::SecretEnded => "secret-ended",
            Self::ResourceAdded => "resource-added",
            Self::ResourceRemoved => "resource-removed",
            Self::OrgAdded => "org-added",
            Self::OrgRemoved => "org-removed",
            Self::DirectoryEnded => "directory-ended",
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Disabled => "console-done-disabled",
            Self::Enabled => "console-done-enabled",
            Self::SignedOut => "console-done-signed-out",
            Self::Owner => "console-done-owner",
            Self::Rotated => "console-done-rotated",
            Self::Revoked => "console-done-revoked",
            Self::MailTested => "console-done-mail-tested",
            Self::MailResent => "console-done-mail-resent",
            Self::MailDropped => "console-done-mail-dropped",
            Self::SessionEnded => "console-done-session-ended",
            Self::LinkSent => "console-done-link-sent",
            Self::EndedCredentials => "console-done-credentials-ended",
            Self::Deletes => "console-done-deletes",
            Self::Kept => "console-done-kept",
            Self::MergeProposed => "console-done-merge-proposed",
            Self::Saved => "console-done-saved",
            Self::AdminGiven => "console-done-admin-given",
            Self::AdminTaken => "console-done-admin-taken",
            Self::AppAdded => "console-done-app-added",
            Self::AppRemoved => "console-done-app-removed",
            Self::SecretRenewed => "console-done-secret-renewed",
            Self::SecretEnded => "console-done-secret-ended",
            Self::ResourceAdded => "console-done-resource-added",
            Self::ResourceRemoved => "console-done-resource-removed",
            Self::OrgAdded => "console-done-org-added",
            Self::OrgRemoved => "console-done-org-removed",
            Self::DirectoryEnded => "console-done-directory-ended",
        }
    }

    /// What a page says about it.
    pub fn notice(self, language: Language) -> Notice {
        Notice::Done(language.text(self.key()).to_string())
    }

    /// The action that a page's address reports.
    pub fn reported_by(query: &Params, language: Language) -> Option<Notice> {
        let name = query.get("done")?;
        let done = Self::ALL.into_iter().find(|done| done.name() == name)?;
        Some(done.notice(language))
    }

    /// Redirects to the page that reports it, so that reloading repeats nothing.
    pub fn at(self, path: &str) -> Response {
        Redirect::to(&format!("{path}?done={}", self.name())).into_response()
    }
}

/// Whether the page with the form says why it was refused; else another page replaces it.
pub const fn is_explained(refusal: OperatorRefusal) -> bool {
    !matches!(
        refusal,
        OperatorRefusal::Denied | OperatorRefusal::BeyondToken | OperatorRefusal::Stranger | OperatorRefusal::NotFound
    )
}

/// Why an action was refused.
pub fn refused(refusal: OperatorRefusal, language: Language) -> Notice {
    let key = match refusal {
        OperatorRefusal::Oneself => "console-refused-oneself",
        OperatorRefusal::BeyondOwn => "console-refused-beyond",
        OperatorRefusal::OwnOrg => "console-refused-own-org",
        OperatorRefusal::LastAdmin => "console-refused-last-admin",
        OperatorRefusal::NoRole => "console-refused-no-role",
        OperatorRefusal::Invited => "console-refused-invited",
        OperatorRefusal::ManyMembers => "console-refused-many-members",
        OperatorRefusal::SlugTaken => "console-refused-slug",
        OperatorRefusal::OwnsApps => "console-refused-owns-apps",
        OperatorRefusal::TooManyKeys => "console-refused-many-keys",
        OperatorRefusal::Outdated => "form-outdated",
        OperatorRefusal::Denied
        | OperatorRefusal::BeyondToken
        | OperatorRefusal::Stranger
        | OperatorRefusal::NotFound => "console-forbidden-about",
    };
    Notice::Refused(language.text(key).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_report_only_our_own_texts() {
        for done in Done::ALL {
            let query = Params::parse(&format!("done={}", done.name()));
            assert!(Done::reported_by(&query, Language::English).is_some());
        }
        assert!(Done::reported_by(&Params::parse("done=%3Cb%3E"), Language::English).is_none());
    }
}
