//! `/account`: the e-mail addresses of a user, and the credentials that they sign in with.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::time::Timestamp;

use crate::i18n::Language;
use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{PageContext, ProviderButton, moment, page};
use crate::settings::Languages;

/// The page. Its forms post `email` to `/account/emails/…`, `code` to `/account/emails/confirm`, and `kind` and `id` to
/// `/account/credentials/retire`.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each shows or hides a part of the page")]
pub struct OwnAccount {
    /// The addresses, the primary one first.
    pub emails: Vec<EmailLine>,
    /// The address that waits for its code.
    pub waiting: Option<WaitingAddress>,
    /// The credentials, oldest first.
    pub credentials: Vec<CredentialLine>,
    /// Whether one of them is a password.
    pub has_password: bool,
    /// The providers at which accounts can be linked.
    pub providers: Vec<ProviderButton>,
    /// The address that was entered, if it was refused.
    pub entered: String,
    /// What was just done.
    pub done: Option<String>,
    /// Why the submission failed.
    pub refusal: Option<String>,
    /// Path of the sign-in page, if the last sign-in does not suffice for changes.
    pub sign_in_url: Option<String>,
    /// For the script that adds passkeys; `None` where browsers have none.
    pub passkeys: Option<OwnPasskeys>,
    /// Whether the account has an authenticator app.
    pub has_totp: bool,
    /// Whether the account has a second factor, which recovery codes can replace.
    pub has_second_factor: bool,
    /// Whether somebody acts as the user.
    pub is_acted_as: bool,
    /// What the user is warned of: title and text, keys of the catalogue.
    pub warning: Option<[&'static str; 2]>,
    /// The languages to choose from; none where there is one.
    pub language: Vec<LanguageChoice>,
}

/// A language that the user may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LanguageChoice {
    /// It.
    pub language: Language,
    /// Whether it is the user's.
    pub is_chosen: bool,
}

impl LanguageChoice {
    /// Those that are offered, if there are several.
    pub fn of(languages: &Languages, chosen: Option<&str>) -> Vec<Self> {
        if languages.offered.len() < 2 {
            return Vec::new();
        }
        let choice = |language: &Language| Self { language: *language, is_chosen: chosen == Some(language.tag()) };
        languages.offered.iter().map(choice).collect()
    }
}

/// What the script of the page is told about the account's passkeys.
#[derive(Clone, Debug)]
pub struct OwnPasskeys {
    /// The relying party's id.
    pub rp_id: String,
    /// The id by which authenticators know the account.
    pub user_handle: Option<String>,
    /// The credential ids, space-separated.
    pub accepted: String,
    /// Whether the password manager may create one without asking.
    pub is_offered: bool,
}

/// An e-mail address of the user.
#[derive(Clone, Debug)]
pub struct EmailLine {
    /// The address.
    pub address: String,
    /// It is known to be theirs.
    pub proven: bool,
    /// Apps are told this one.
    pub primary: bool,
    /// Whether it can be removed now.
    pub removable: bool,
}

/// An address that waits for its code.
#[derive(Clone, Debug)]
pub struct WaitingAddress {
    /// The address.
    pub address: String,
    /// Whether codes are still accepted.
    pub takes_codes: bool,
    /// How long the code works.
    pub life: String,
}

/// A credential of the user.
#[derive(Clone, Debug)]
pub struct CredentialLine {
    /// Its kind, as people call it: a key of the catalogue.
    pub kind: &'static str,
    /// Its kind, as stored.
    pub stored_kind: &'static str,
    /// Its id.
    pub id: String,
    /// What tells it from others of its kind.
    pub label: Option<String>,
    /// Whether it is a passkey, which can be renamed.
    pub is_passkey: bool,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// Whether it can be retired: not the last one.
    pub removable: bool,
}

impl CredentialLine {
    fn since(&self) -> String {
        moment::day(self.created_at)
    }

    fn used(&self) -> String {
        self.last_used_at.map(moment::day).unwrap_or_default()
    }
}

#[derive(Template)]
#[template(path = "account.html")]
struct OwnAccountPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a OwnAccount,
}

impl OwnAccount {
    fn may_change(&self) -> bool {
        self.sign_in_url.is_none()
    }

    /// The page.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        // The form that links an account leads to its provider.
        let policy =
            if self.providers.is_empty() { ContentSecurityPolicy::Strict } else { ContentSecurityPolicy::Leaving };
        page(status, &OwnAccountPage { context, view: self }, policy)
    }
}
