//! The texts of mails, as plain text and as HTML without any remote content.

use std::time::Duration;

use askama::Template;
use serde::{Deserialize, Serialize};
use sigma_core::branding::{Accent, Shade};
use sigma_core::email::Email;
use sigma_core::time::Timestamp;
use zeroize::Zeroizing;

use crate::branding::Look;
use crate::i18n::{Language, Phrase};

mod about;
pub(super) mod samples;

pub use about::{AccountChange, DirectoryNotice, MeritNotice, WebhookNotice};

/// The name of a server that has none of its own.
const PRODUCT: &str = "Sigma";

/// A mail, written.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The recipient.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// The plain-text body.
    pub text: String,
    /// The HTML version.
    pub html: String,
    /// Where the recipient ends further mails like it, by one request (RFC 8058).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsubscribe_url: Option<String>,
}

impl Message {
    /// The serialized form, to be sealed.
    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(serde_json::to_vec(self).unwrap_or_default())
    }

    /// What was sealed.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// A mail before it is rendered, in one language: the same parts as text and as HTML.
pub(super) struct Draft {
    language: Language,
    subject: String,
    title: String,
    greeting: String,
    parts: Vec<Part>,
    footer: String,
    /// What the footer links to.
    links: Vec<(String, String)>,
    accent: Shade,
    unsubscribe_url: Option<String>,
}

/// A part of a mail.
enum Part {
    /// A paragraph.
    Text(String),
    /// A paragraph in small print.
    Small(String),
    /// A code to type.
    Code(String),
    /// The link that the mail is about.
    Button {
        /// What it does.
        label: String,
        /// Where it leads.
        url: String,
    },
    /// Another link.
    Link {
        /// What it does.
        label: String,
        /// Where it leads.
        url: String,
    },
}

#[derive(Template)]
#[template(path = "mail.txt")]
struct PlainText<'a> {
    mail: &'a Draft,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Html<'a> {
    mail: &'a Draft,
}

impl Draft {
    /// Its subject.
    pub(super) fn subject(&self) -> &str {
        &self.subject
    }

    /// The mail for `to`; `None` if a template is broken.
    pub(super) fn message(&self, to: &str) -> Option<Message> {
        let to = Email::parse(to).map_or_else(|_| to.to_owned(), |email| email.mailbox().to_owned());
        let (text, html) = (PlainText { mail: self }.render().ok()?, Html { mail: self }.render().ok()?);
        let unsubscribe_url = self.unsubscribe_url.clone();
        Some(Message { to, subject: self.subject.clone(), text, html, unsubscribe_url })
    }
}

/// Writes the mails of one server in one language.
pub(super) struct Writer<'a> {
    /// The language.
    pub language: Language,
    /// The issuer, with which links start.
    pub issuer: &'a str,
    /// The name, accent and links of the server.
    pub look: &'a Look,
}

impl Writer<'_> {
    /// An invitation to a workspace.
    pub(super) fn invitation(
        &self,
        workspace: &str,
        inviter: Option<&str>,
        app: Option<&str>,
        url: &str,
        life: Duration,
    ) -> Draft {
        let workspace = no_link(workspace);
        let sentence = match inviter {
            Some(inviter) => self.text("mail-invitation-by").with("inviter", no_link(inviter)),
            None => self.text("mail-invitation"),
        };
        let subject = self.text("mail-invitation-subject").with("workspace", workspace.as_str()).to_string();
        let to_app = app.map(|app| Part::Text(self.text("mail-invitation-app").with("app", no_link(app)).to_string()));
        let parts = [Part::Text(sentence.with("workspace", workspace.as_str()).to_string())].into_iter();
        let rest = [
            self.button("mail-invitation-open", url),
            self.within("mail-invitation-life", life),
            self.small("mail-invitation-ignore"),
        ];
        self.draft(subject.clone(), subject, parts.chain(to_app).chain(rest).collect())
    }

    /// A merit, or a request for access, that waits for its recipient.
    pub(super) fn merit_sent(&self, about: &MeritNotice<'_>) -> Draft {
        let org = no_link(about.org);
        let text = |key| self.text(key).with("org", org.as_str());
        let (subject, title, sentence) = match about.title {
            Some(title) => {
                let title = no_link(title);
                let subject = text("mail-merit-subject").with("title", title.as_str()).to_string();
                (subject, "mail-merit-title", text("mail-merit").with("title", title.as_str()).to_string())
            }
            None => (text("mail-access-subject").to_string(), "mail-access-title", text("mail-access").to_string()),
        };
        let mut draft = self.draft(
            subject,
            self.line(title),
            vec![
                Part::Text(sentence),
                self.button("mail-merit-open", &format!("{}/account/merits", self.issuer)),
                Part::Small(text("mail-merit-from").to_string()),
                Part::Link { label: text("mail-merit-unsubscribe").to_string(), url: about.unsubscribe_url.clone() },
            ],
        );
        draft.unsubscribe_url = Some(about.unsubscribe_url.clone());
        draft
    }

    /// Notice that a webhook was switched off.
    pub(super) fn webhook_disabled(&self, about: &WebhookNotice<'_>, at: Timestamp) -> Draft {
        let key = if about.is_gone { "mail-webhook-gone" } else { "mail-webhook-failed" };
        let sentence = self.text(key).with("org", no_link(about.org)).with("at", self.language.moment(at));
        self.draft(
            self.text("mail-webhook-subject").with("org", no_link(about.org)).to_string(),
            self.line("mail-webhook-title"),
            vec![
                Part::Text(sentence.to_string()),
                Part::Text(self.line("mail-webhook-next")),
                self.button("mail-webhook-open", &format!("{}{}", self.issuer, about.path)),
            ],
        )
    }

    /// Notice that whoever connected a directory does not administer its org any more.
    pub(super) fn directory_left(&self, about: &DirectoryNotice<'_>) -> Draft {
        let somebody = self.line("mail-directory-somebody");
        let maker = if about.maker.is_empty() { somebody } else { no_link(about.maker) };
        let sentence = self.text("mail-directory").with("maker", maker).with("org", no_link(about.org));
        self.draft(
            self.text("mail-directory-subject").with("org", no_link(about.org)).to_string(),
            self.line("mail-directory-title"),
            vec![
                Part::Text(sentence.with("directory", no_link(about.directory)).to_string()),
                Part::Text(self.line("mail-directory-next")),
                self.button("mail-directory-open", &format!("{}{}", self.issuer, about.path)),
            ],
        )
    }

    /// A requested password reset.
    pub(super) fn reset(&self, url: &str, life: Duration) -> Draft {
        self.draft(
            self.line("mail-reset-subject"),
            self.line("mail-reset-title"),
            vec![
                Part::Text(self.line("mail-reset")),
                self.button("mail-reset-open", url),
                self.within("mail-reset-life", life),
                self.small("mail-reset-ignore"),
            ],
        )
    }

    /// An account that the operator created, whose password is still to be set.
    pub(super) fn created(&self, url: &str, life: Duration) -> Draft {
        self.draft(
            self.line("mail-created-subject"),
            self.line("mail-created-title"),
            vec![
                Part::Text(self.line("mail-created")),
                self.button("mail-created-open", url),
                self.within("mail-created-life", life),
                self.small("mail-created-ignore"),
            ],
        )
    }

    /// Link and code that confirm the address of a new account.
    pub(super) fn confirm_address(&self, url: &str, code: &str, life: Duration) -> Draft {
        self.draft(
            self.line("mail-confirm-subject"),
            self.line("mail-confirm-title"),
            vec![
                Part::Text(self.line("mail-confirm")),
                Part::Code(code.to_owned()),
                Part::Text(self.line("mail-confirm-link")),
                self.button("mail-confirm-open", url),
                self.within("mail-confirm-life", life),
                self.small("mail-confirm-ignore"),
            ],
        )
    }

    /// Notice that the address of a sign-up already has an account.
    pub(super) fn account_exists(&self) -> Draft {
        self.draft(
            self.line("mail-exists-subject"),
            self.line("mail-exists-title"),
            vec![
                Part::Text(self.line("mail-exists")),
                self.button("mail-exists-sign-in", &format!("{}/login", self.issuer)),
                self.small("mail-exists-forgot"),
                self.link("mail-exists-reset", format!("{}/password/forgot", self.issuer)),
                self.small("mail-exists-ignore"),
            ],
        )
    }

    /// Notice of a changed password.
    pub(super) fn password_changed(&self, at: Timestamp) -> Draft {
        let changed = self.text("mail-changed").with("at", self.language.moment(at));
        self.draft(
            self.line("mail-changed-subject"),
            self.line("mail-changed-title"),
            vec![
                Part::Text(changed.to_string()),
                Part::Text(self.line("mail-changed-fine")),
                Part::Text(self.line("mail-changed-forgot")),
                self.link("mail-changed-reset", format!("{}/password/forgot", self.issuer)),
            ],
        )
    }

    /// The code that adds an address to an account.
    pub(super) fn confirm_new_address(&self, code: &str, life: Duration) -> Draft {
        self.draft(
            self.line("mail-confirm-subject"),
            self.line("mail-confirm-title"),
            vec![
                Part::Text(self.line("mail-confirm-new")),
                Part::Code(code.to_owned()),
                self.within("mail-confirm-new-life", life),
                self.small("mail-confirm-new-ignore"),
            ],
        )
    }

    /// Notice that somebody tried to add the address of an account to theirs.
    pub(super) fn address_taken(&self) -> Draft {
        self.draft(
            self.line("mail-taken-subject"),
            self.line("mail-taken-title"),
            vec![
                Part::Text(self.line("mail-taken")),
                Part::Text(self.line("mail-taken-remove")),
                self.link("mail-account", format!("{}/account", self.issuer)),
                self.small("mail-taken-ignore"),
            ],
        )
    }

    /// Notice of a changed account.
    pub(super) fn account_changed(&self, change: AccountChange, at: Timestamp) -> Draft {
        let changed = self.text(match change {
            AccountChange::AddressAdded => "mail-account-address-added",
            AccountChange::AddressRemoved => "mail-account-address-removed",
            AccountChange::PrimaryChanged => "mail-account-primary-changed",
            AccountChange::PasswordRemoved => "mail-account-password-removed",
            AccountChange::BackupRetrieved => "mail-account-backup-retrieved",
            AccountChange::BackupRestored => "mail-account-backup-restored",
            AccountChange::BackupRemoved => "mail-account-backup-removed",
            AccountChange::BackupLinked => "mail-account-backup-linked",
            AccountChange::DeletionRequested => "mail-account-deletion-requested",
            AccountChange::Merged => "mail-account-merged",
            AccountChange::MergeProposed => "mail-account-merge-proposed",
            AccountChange::ProviderLinked => "mail-account-provider-linked",
            AccountChange::ProviderUnlinked => "mail-account-provider-unlinked",
            AccountChange::KeyAdded => "mail-account-key-added",
            AccountChange::KeyRemoved => "mail-account-key-removed",
            AccountChange::PasskeyAdded => "mail-account-passkey-added",
            AccountChange::PasskeyRemoved => "mail-account-passkey-removed",
            AccountChange::TotpAdded => "mail-account-totp-added",
            AccountChange::TotpRemoved => "mail-account-totp-removed",
            AccountChange::RecoveryCodesRenewed => "mail-account-recovery-renewed",
            AccountChange::RecoveryCodesRemoved => "mail-account-recovery-removed",
            AccountChange::RecoveryCodeUsed => "mail-account-recovery-used",
        });
        let changed = changed.with("at", self.language.moment(at));
        self.draft(
            self.line("mail-account-subject"),
            self.line("mail-account-title"),
            vec![
                Part::Text(changed.to_string()),
                Part::Text(self.line("mail-changed-fine")),
                Part::Text(self.line("mail-account-check")),
                self.link("mail-account", format!("{}/account", self.issuer)),
            ],
        )
    }

    /// Notice of a sign-in from a device that was not used before.
    pub(super) fn new_device(&self, device: &str, address: &str, at: Timestamp) -> Draft {
        let signed_in = self.text("mail-device").with("at", self.language.moment(at));
        let signed_in = signed_in.with("device", device).with("address", address);
        self.draft(
            self.line("mail-device-subject"),
            self.line("mail-device-title"),
            vec![
                Part::Text(signed_in.to_string()),
                Part::Text(self.line("mail-changed-fine")),
                Part::Text(self.line("mail-device-check")),
                self.link("mail-account", format!("{}/account", self.issuer)),
            ],
        )
    }

    /// Reminder that the account depends on a single key.
    pub(super) fn single_key(&self) -> Draft {
        self.draft(
            self.line("mail-single-key-subject"),
            self.line("mail-single-key-title"),
            vec![
                Part::Text(self.line("mail-single-key")),
                Part::Text(self.line("mail-single-key-add")),
                self.button("mail-single-key-open", &format!("{}/account", self.issuer)),
                self.small("mail-single-key-again"),
            ],
        )
    }

    /// A mail that shows that mails arrive.
    pub(super) fn test(&self, at: Timestamp) -> Draft {
        let sentence = self.text("mail-test").with("at", self.language.moment(at)).to_string();
        self.draft(self.line("mail-test-subject"), self.line("mail-test-title"), vec![Part::Text(sentence)])
    }

    fn draft(&self, subject: String, title: String, parts: Vec<Part>) -> Draft {
        let footer = match self.look.name.as_str() {
            "" | PRODUCT => self.line("mail-sent-by"),
            name => self.text("mail-sent-by-name").with("name", name).to_string(),
        };
        let links = [
            ("layout-terms", &self.look.terms_url),
            ("layout-privacy", &self.look.privacy_url),
            ("layout-support", &self.look.support_url),
        ];
        let link =
            |(key, url): (&'static str, &Option<String>)| Some((self.language.text(key).to_string(), url.clone()?));
        Draft {
            language: self.language,
            subject,
            title,
            greeting: self.line("mail-hello"),
            parts,
            footer,
            links: links.into_iter().filter_map(link).collect(),
            accent: self.look.accent.unwrap_or(Accent::DEFAULT).light(),
            unsubscribe_url: None,
        }
    }

    /// Every text may name the server.
    fn text(&self, key: &'static str) -> Phrase<'_> {
        self.language.text(key).with("server", host(self.issuer))
    }

    fn line(&self, key: &'static str) -> String {
        self.text(key).to_string()
    }

    fn small(&self, key: &'static str) -> Part {
        Part::Small(self.line(key))
    }

    /// How long a link works.
    fn within(&self, key: &'static str, life: Duration) -> Part {
        Part::Small(self.text(key).with("life", self.language.duration(life)).to_string())
    }

    fn button(&self, key: &'static str, url: &str) -> Part {
        Part::Button { label: self.line(key), url: url.to_owned() }
    }

    fn link(&self, key: &'static str, url: String) -> Part {
        Part::Link { label: self.line(key), url }
    }
}

/// The issuer as people read it.
fn host(issuer: &str) -> &str {
    issuer.split_once("://").map_or(issuer, |(_, host)| host)
}

/// A name chosen by a tenant, made inert: mail programs turn whatever looks like an address into a link, and an
/// invitation must contain no link but its own. An invisible word joiner before each character that addresses need
/// prevents that.
fn no_link(name: &str) -> String {
    let mut shown = String::with_capacity(name.len());
    for letter in name.chars().take(100) {
        match letter {
            letter if letter.is_control() => shown.push(' '),
            '.' | ':' | '/' | '@' => shown.extend(['\u{2060}', letter]),
            letter => shown.push(letter),
        }
    }
    shown
}

#[cfg(test)]
mod tests;
