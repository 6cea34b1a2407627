//! What the pages of backups show. They carry ids and times; the backup, its password and the key stay in their scripts.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::time::Timestamp;
use sigma_store::backup::Version;

use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{PageContext, ProviderButton, moment, page};

/// `/restore`: restores a key of a signed-in user.
#[derive(Clone, Debug)]
pub struct Restore {
    /// The backups to choose from.
    pub choices: Vec<RestoreChoice>,
}

/// A backup that can be restored.
#[derive(Clone, Debug)]
pub struct RestoreChoice {
    /// The identity.
    pub bap_id: String,
    /// Its name.
    pub name: String,
    /// When the backup was stored.
    pub stored_at: Timestamp,
}

/// `/oauth-restore`: restores a key on a device where nobody is signed in.
#[derive(Clone, Debug)]
pub struct OauthRestore {
    /// The account at a provider that this browser has just proven.
    pub account: Option<ProvenAccount>,
    /// The providers to prove one at.
    pub providers: Vec<ProviderButton>,
    /// Why it failed there: a key of the catalogue.
    pub refused: Option<&'static str>,
    /// Path of this page, with what the person was in the middle of.
    pub url: String,
    /// Where they continue.
    pub continue_url: String,
    /// Path of the page that takes a backup file.
    pub use_key_url: String,
}

/// An account at a provider.
#[derive(Clone, Debug)]
pub struct ProvenAccount {
    /// `provider|subject`.
    pub oauth_id: String,
    /// Its address, to show.
    pub email: Option<String>,
}

/// `/account/backup`. Its forms post `bapId` and `version` to `/account/backup/…`.
#[derive(Clone, Debug)]
pub struct AccountBackups {
    /// The identities, with or without a backup.
    pub lines: Vec<BackupLine>,
    /// What was just done: a key of the catalogue.
    pub done: Option<&'static str>,
    /// Why the submission failed: a key of the catalogue.
    pub refused: Option<&'static str>,
    /// Path of the sign-in page, if the last sign-in is too old for anything but viewing.
    pub sign_in_url: Option<String>,
}

/// An identity and the versions of its backup.
#[derive(Clone, Debug)]
pub struct BackupLine {
    /// The identity.
    pub bap_id: String,
    /// Its name.
    pub name: String,
    /// The current version first; none without a backup.
    pub versions: Vec<VersionLine>,
}

/// A version of a backup.
#[derive(Clone, Debug)]
pub struct VersionLine {
    /// Its id.
    pub id: String,
    /// SHA-256 of its text, in hex.
    pub hash: String,
    /// When it became the current one.
    pub stored_at: Timestamp,
    /// When it was first stored.
    pub first_stored_at: Timestamp,
}

impl From<&Version> for VersionLine {
    fn from(version: &Version) -> Self {
        Self {
            id: version.id.to_string(),
            hash: version.hash.hex(),
            stored_at: version.stored_at,
            first_stored_at: version.first_stored_at,
        }
    }
}

impl VersionLine {
    fn stored(&self) -> String {
        moment::minute(self.stored_at)
    }
}

impl BackupLine {
    fn current(&self) -> Option<&VersionLine> {
        self.versions.first()
    }

    fn earlier(&self) -> &[VersionLine] {
        self.versions.get(1..).unwrap_or_default()
    }

    /// Since when there has been a backup, of the versions that are kept.
    fn since(&self) -> String {
        self.versions.iter().map(|version| version.first_stored_at).min().map(moment::day).unwrap_or_default()
    }

    fn hash(&self) -> &str {
        self.current().map_or("", |current| &current.hash)
    }
}

impl RestoreChoice {
    fn stored(&self) -> String {
        moment::minute(self.stored_at)
    }
}

impl AccountBackups {
    fn may_change(&self) -> bool {
        self.sign_in_url.is_none()
    }
}

#[derive(Template)]
#[template(path = "backup/restore.html")]
struct RestoreTemplate<'a> {
    context: &'a PageContext<'a>,
    view: &'a Restore,
}

#[derive(Template)]
#[template(path = "backup/oauth-restore.html")]
struct OauthRestoreTemplate<'a> {
    context: &'a PageContext<'a>,
    view: &'a OauthRestore,
}

#[derive(Template)]
#[template(path = "backup/account.html")]
struct AccountTemplate<'a> {
    context: &'a PageContext<'a>,
    view: &'a AccountBackups,
}

impl Restore {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &RestoreTemplate { context, view: self }, ContentSecurityPolicy::Strict)
    }
}

impl OauthRestore {
    /// The page. Its form leads to a provider.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        let policy =
            if self.account.is_some() { ContentSecurityPolicy::Strict } else { ContentSecurityPolicy::Leaving };
        page(StatusCode::OK, &OauthRestoreTemplate { context, view: self }, policy)
    }
}

impl AccountBackups {
    /// The page.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &AccountTemplate { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
