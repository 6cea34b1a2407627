//! The outcome of a submitted form: a page that reports it. Success is reported after a redirect, so that reloading repeats
//! nothing; the texts are ours, whatever the address says.

use axum::response::{IntoResponse as _, Redirect, Response};
use sigma_core::merits::{AttachmentFault, MeritProblem, RequestFault};
use sigma_core::params::Params;
use sigma_platform::i18n::Language;
pub use sigma_platform::pages::PageError;
use sigma_platform::pages::not_found;

use super::view::Notice;

/// What was found; without it the page for unknown addresses.
///
/// # Errors
/// There is nothing.
pub fn known<T>(found: Option<T>) -> Result<T, PageError> {
    found.ok_or_else(|| PageError::of(not_found()))
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

            const fn name(self) -> &'static str {
                match self { $(Self::$done => $name),* }
            }

            const fn key(self) -> &'static str {
                match self { $(Self::$done => $key),* }
            }
        }
    };
}

outcomes! {
    /// It was changed.
    Saved = "saved", "merits-saved";
    /// The merit is the person's.
    Accepted = "accepted", "merits-done-accepted";
    /// They did not want it.
    Rejected = "rejected", "merits-done-rejected";
    /// They reported it.
    Reported = "reported", "merits-done-reported";
    /// They gave it up.
    Forfeited = "forfeited", "merits-done-forfeited";
    /// It has a public page.
    Shown = "shown", "merits-done-shown";
    /// It has none any more.
    Hidden = "hidden", "merits-done-hidden";
    /// An app's access ended.
    AccessEnded = "ended", "merits-done-ended";
    /// Merits were handed to another account.
    HandedOver = "handed-over", "merits-done-handed-over";
    /// They were not.
    Kept = "kept", "merits-done-kept";
    /// It changed before the form arrived.
    Gone = "gone", "merits-gone";
    /// A merit was sent.
    Sent = "sent", "merits-done-sent";
    /// A merit was proposed.
    Proposed = "proposed", "merits-done-proposed";
    /// A merit was approved.
    Approved = "approved", "merits-done-approved";
    /// A merit was revoked.
    Revoked = "revoked", "merits-done-revoked";
    /// A merit was transferred.
    Transferred = "transferred", "merits-done-transferred";
    /// A template was created.
    Created = "created", "merits-done-created";
    /// A field was added.
    FieldAdded = "field", "merits-done-field";
    /// An app was unlinked.
    Unlinked = "unlinked", "merits-done-unlinked";
    /// A domain was added.
    DomainAdded = "domain-added", "domains-done-added";
    /// A domain was proven.
    DomainProven = "domain-proven", "domains-done-proven";
    /// A domain was removed.
    DomainRemoved = "domain-removed", "domains-done-removed";
    /// A directory's connection was removed.
    Disconnected = "disconnected", "scim-done-removed";
    /// A template has a new picture.
    CoverSet = "cover", "merits-done-cover";
    /// A template has no picture any more.
    CoverRemoved = "no-cover", "merits-done-no-cover";
}

impl Done {
    /// The action that a page's address reports.
    pub fn reported_by(query: &Params, language: Language) -> Option<Notice> {
        let name = query.get("done")?;
        let done = Self::ALL.iter().copied().find(|done| done.name() == name)?;
        let words = language.text(done.key()).to_string();
        Some(if done == Self::Gone { Notice::Refused(words) } else { Notice::Done(words) })
    }

    /// Redirects to the page that reports it.
    pub fn at(self, path: &str) -> Response {
        Redirect::to(&format!("{path}?done={}", self.name())).into_response()
    }
}

/// Why something was refused, for whoever submitted the form.
pub fn refused(problem: MeritProblem, language: Language) -> Notice {
    let reason = reason(problem, language);
    Notice::Refused(language.text("merits-refused").with("reason", reason).to_string())
}

/// The same as part of a sentence.
pub fn reason(problem: MeritProblem, language: Language) -> String {
    let key = match problem {
        MeritProblem::TitleEmpty => "merits-problem-title-empty",
        MeritProblem::TitleTooLong => "merits-problem-title-long",
        MeritProblem::DescriptionEmpty => "merits-problem-description-empty",
        MeritProblem::DescriptionTooLong => "merits-problem-description-long",
        MeritProblem::FieldNameTooLong => "merits-problem-field-name-long",
        MeritProblem::FieldNameGlobal | MeritProblem::FieldNameTaken => "merits-problem-field-name-taken",
        MeritProblem::FieldEmpty => "merits-problem-field-empty",
        MeritProblem::FieldTooLong => "merits-problem-field-long",
        MeritProblem::InvalidFullName => "merits-problem-name",
        MeritProblem::TooManyFields => "merits-problem-too-many-fields",
        MeritProblem::OptionalInUse => "merits-problem-optional-in-use",
        MeritProblem::ValuesDiffer => "merits-problem-values-differ",
        MeritProblem::FieldSettingsFixed | MeritProblem::Request(RequestFault::Archived) => "merits-problem-archived",
        MeritProblem::RecipientNameStays => "merits-problem-recipient-name",
        MeritProblem::RequiredFieldStays => "merits-problem-required-stays",
        MeritProblem::InvalidStatusTransition => "merits-problem-status",
        MeritProblem::MeritNotEditable => "merits-problem-not-editable",
        MeritProblem::TemplateAlreadySent => "merits-problem-already-sent",
        MeritProblem::RateLimit(_) => "merits-problem-budget",
        MeritProblem::Request(RequestFault::Email) => "merits-problem-email",
        MeritProblem::Request(RequestFault::Value | RequestFault::ValueForAll) => "merits-problem-value",
        MeritProblem::Request(RequestFault::Text) => "merits-problem-text",
        MeritProblem::Request(RequestFault::TooMany) => "merits-problem-too-many",
        MeritProblem::Attachment(AttachmentFault::Size) => "merits-problem-file-size",
        MeritProblem::Attachment(_) => "merits-problem-file",
        MeritProblem::Forbidden | MeritProblem::AccessNotGranted => "merits-problem-forbidden",
        MeritProblem::NotFound => "merits-problem-not-found",
        _ => "merits-problem-other",
    };
    language.text(key).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_show_only_our_own_texts() {
        for done in Done::ALL {
            let query = Params::parse(&format!("done={}", done.name()));
            assert!(Done::reported_by(&query, Language::English).is_some());
        }
        assert!(Done::reported_by(&Params::parse("done=%3Cb%3E"), Language::English).is_none());
        assert!(Done::reported_by(&Params::parse(""), Language::English).is_none());
    }

    #[test]
    fn every_problem_is_told_in_every_language() {
        for (problem, _) in MeritProblem::CODES {
            for language in Language::ALL {
                assert!(!reason(*problem, language).is_empty());
            }
        }
    }
}
