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

macro_rules! outcomes {
    ($($(#[$doc:meta])* $done:ident = $name:literal, $key:literal;)*) => {
        /// A completed action.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Done {
            $($(#[$doc])* $done,)*
        }

        impl Done {
            const ALL: &[Self] = &[$(Self::$done),*];

            /// Its name in addresses.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$done => $name),* }
            }

            /// What a page says of it: a key of the catalogue.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$done => $key),* }
            }
        }
    };
}

outcomes! {
    /// The account is disabled.
    Disabled = "disabled", "console-done-disabled";
    /// It is enabled again.
    Enabled = "enabled", "console-done-enabled";
    /// Everything that the person was signed in with has ended.
    SignedOut = "signed-out", "console-done-signed-out";
    /// The person is the first owner.
    Owner = "owner", "console-done-owner";
    /// New signing keys were made.
    Rotated = "rotated", "console-done-rotated";
    /// A signing key was deleted.
    Revoked = "revoked", "console-done-revoked";
    /// A test mail is queued.
    MailTested = "mail-tested", "console-done-mail-tested";
    /// A mail is sent again.
    MailResent = "mail-resent", "console-done-mail-resent";
    /// A mail was deleted unsent.
    MailDropped = "mail-dropped", "console-done-mail-dropped";
    /// A session has ended.
    SessionEnded = "session-ended", "console-done-session-ended";
    /// A link to set a new password is on its way.
    LinkSent = "link-sent", "console-done-link-sent";
    /// What the person signed in with has ended, and the link is on its way.
    EndedCredentials = "credentials-ended", "console-done-credentials-ended";
    /// The account is going to be deleted.
    Deletes = "deletes", "console-done-deletes";
    /// It is not.
    Kept = "kept", "console-done-kept";
    /// The person was told of the merge.
    MergeProposed = "merge-proposed", "console-done-merge-proposed";
    /// What was entered is saved.
    Saved = "saved", "console-done-saved";
    /// The person administers the org.
    AdminGiven = "admin-given", "console-done-admin-given";
    /// They do so no more.
    AdminTaken = "admin-taken", "console-done-admin-taken";
    /// An app is registered.
    AppAdded = "app-added", "console-done-app-added";
    /// An app is removed.
    AppRemoved = "app-removed", "console-done-app-removed";
    /// An app has a new secret.
    SecretRenewed = "secret-renewed", "console-done-secret-renewed";
    /// The secret that was replaced has ended.
    SecretEnded = "secret-ended", "console-done-secret-ended";
    /// An initial access token is revoked.
    TokenRevoked = "token-revoked", "console-done-token-revoked";
    /// A provider is declared.
    ProviderAdded = "provider-added", "console-done-provider-added";
    /// It is no more.
    ProviderRemoved = "provider-removed", "console-done-provider-removed";
    /// An API is registered.
    ResourceAdded = "resource-added", "console-done-resource-added";
    /// An API is removed.
    ResourceRemoved = "resource-removed", "console-done-resource-removed";
    /// A person has an account.
    PersonAdded = "person-added", "console-done-person-added";
    /// An org is made.
    OrgAdded = "org-added", "console-done-org-added";
    /// An org is removed.
    OrgRemoved = "org-removed", "console-done-org-removed";
    /// An API key is deactivated.
    ApiKeyDeactivated = "api-key-deactivated", "console-done-api-key-deactivated";
    /// An API key is removed.
    ApiKeyRemoved = "api-key-removed", "console-done-api-key-removed";
    /// An app may act for an org.
    AppLinked = "app-linked", "console-done-app-linked";
    /// It may no more.
    AppUnlinked = "app-unlinked", "console-done-app-unlinked";
    /// Somebody may act as others.
    ImpersonatorAllowed = "impersonator-allowed", "console-done-impersonator-allowed";
    /// They may no more.
    ImpersonatorDenied = "impersonator-denied", "console-done-impersonator-denied";
    /// A host or a document is blocked.
    DocumentsBlocked = "documents-blocked", "console-done-documents-blocked";
    /// It is no more.
    DocumentsUnblocked = "documents-unblocked", "console-done-documents-unblocked";
    /// A directory has another token, and its former one works for a while.
    TokenRotated = "token-rotated", "scim-token-rotated";
    /// A directory has another token, and its former one has ended.
    TokenReplaced = "token-replaced", "scim-token-ended";
    /// A directory has ended.
    DirectoryEnded = "directory-ended", "console-done-directory-ended";
    /// A domain was added.
    DomainAdded = "domain-added", "domains-done-added";
    /// A domain was proven.
    DomainProven = "domain-proven", "domains-done-proven";
    /// A domain was removed.
    DomainRemoved = "domain-removed", "domains-done-removed";
}

impl Done {
    /// What a page says about it.
    pub fn notice(self, language: Language) -> Notice {
        Notice::Done(language.text(self.key()).to_string())
    }

    /// The action that a page's address reports.
    pub fn reported_by(query: &Params, language: Language) -> Option<Notice> {
        let name = query.get("done")?;
        let done = Self::ALL.iter().copied().find(|done| done.name() == name)?;
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
        OperatorRefusal::LastOwner => "console-refused-last-owner",
        OperatorRefusal::AddressTaken => "console-refused-address-taken",
        OperatorRefusal::NoOrg => "console-refused-no-org",
        OperatorRefusal::NoRole => "console-refused-no-role",
        OperatorRefusal::Invited => "console-refused-invited",
        OperatorRefusal::ManyMembers => "console-refused-many-members",
        OperatorRefusal::SlugTaken => "console-refused-slug",
        OperatorRefusal::ManyDomains => "domains-refused",
        OperatorRefusal::DomainTaken => "domains-check-taken",
        OperatorRefusal::DomainUnproven => "domains-check-failed",
        OperatorRefusal::OwnsApps => "console-refused-owns-apps",
        OperatorRefusal::TooManyKeys => "console-refused-many-keys",
        OperatorRefusal::ManyApiKeys => "console-refused-many-api-keys",
        OperatorRefusal::ManyLinks => "console-refused-many-links",
        OperatorRefusal::ManyDirectories => "console-refused-many-directories",
        OperatorRefusal::ManyImpersonators => "console-refused-many-impersonators",
        OperatorRefusal::OwnApp => "console-refused-own-app",
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
        for done in Done::ALL.iter().copied() {
            let query = Params::parse(&format!("done={}", done.name()));
            assert!(Done::reported_by(&query, Language::English).is_some());
        }
        assert!(Done::reported_by(&Params::parse("done=%3Cb%3E"), Language::English).is_none());
    }
}
