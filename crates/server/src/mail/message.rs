//! The texts of mails, as plain text and as HTML without any remote content.

use std::time::Duration;

use askama::Template;
use serde::{Deserialize, Serialize};
use sigma_core::email::Email;
use sigma_core::time::Timestamp;
use zeroize::Zeroizing;

use crate::pages::view::duration;

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

/// The texts of one kind of mail.
pub(super) trait MessageTemplate {
    /// The subject.
    fn subject(&self) -> String;
    /// Text and HTML; `None` if a template is broken.
    fn bodies(&self) -> Option<(String, String)>;

    /// The mail for `to`.
    fn message(&self, to: &str) -> Option<Message> {
        let (text, html) = self.bodies()?;
        let to = Email::parse(to).map_or_else(|_| to.to_owned(), |email| email.mailbox().to_owned());
        Some(Message { to, subject: self.subject(), text, html })
    }
}

macro_rules! bodies {
    ($name:ident, $text:literal, $html:literal) => {
        #[derive(Template)]
        #[template(path = $text)]
        struct Text<'a> {
            mail: &'a $name,
        }

        #[derive(Template)]
        #[template(path = $html)]
        struct Html<'a> {
            mail: &'a $name,
        }

        fn bodies(mail: &$name) -> Option<(String, String)> {
            Some((Text { mail }.render().ok()?, Html { mail }.render().ok()?))
        }
    };
}

/// An invitation to a workspace.
pub(super) struct Invited {
    host: String,
    workspace: String,
    inviter: Option<String>,
    url: String,
    life: String,
}

impl Invited {
    pub(super) fn new(issuer: &str, workspace: &str, inviter: Option<&str>, url: &str, life: Duration) -> Self {
        let (workspace, inviter) = (no_link(workspace), inviter.map(no_link));
        Self { host: host(issuer), workspace, inviter, url: url.to_owned(), life: duration(life) }
    }
}

impl MessageTemplate for Invited {
    fn subject(&self) -> String {
        format!("Invitation to {}", self.workspace)
    }

    fn bodies(&self) -> Option<(String, String)> {
        bodies!(Invited, "mail/invitation.txt", "mail/invitation.html");
        bodies(self)
    }
}

/// A requested password reset.
pub(super) struct Reset {
    host: String,
    url: String,
    life: String,
}

impl Reset {
    pub(super) fn new(issuer: &str, url: &str, life: Duration) -> Self {
        Self { host: host(issuer), url: url.to_owned(), life: duration(life) }
    }
}

impl MessageTemplate for Reset {
    fn subject(&self) -> String {
        format!("Set a new password for {}", self.host)
    }

    fn bodies(&self) -> Option<(String, String)> {
        bodies!(Reset, "mail/reset.txt", "mail/reset.html");
        bodies(self)
    }
}

/// Link and code that confirm the address of a new account.
pub(super) struct ConfirmAddress {
    host: String,
    url: String,
    code: String,
    life: String,
}

impl ConfirmAddress {
    pub(super) fn new(issuer: &str, url: &str, code: &str, life: Duration) -> Self {
        Self { host: host(issuer), url: url.to_owned(), code: code.to_owned(), life: duration(life) }
    }
}

impl MessageTemplate for ConfirmAddress {
    fn subject(&self) -> String {
        format!("Confirm your e-mail address for {}", self.host)
    }

    fn bodies(&self) -> Option<(String, String)> {
        bodies!(ConfirmAddress, "mail/confirm-address.txt", "mail/confirm-address.html");
        bodies(self)
    }
}

/// Notice that the address of a sign-up already has an account.
pub(super) struct AccountExists {
    host: String,
    sign_in_url: String,
    forgot_url: String,
}

impl AccountExists {
    pub(super) fn new(issuer: &str) -> Self {
        Self {
            host: host(issuer),
            sign_in_url: format!("{issuer}/login"),
            forgot_url: format!("{issuer}/password/forgot"),
        }
    }
}

impl MessageTemplate for AccountExists {
    fn subject(&self) -> String {
        format!("You already have an account on {}", self.host)
    }

    fn bodies(&self) -> Option<(String, String)> {
        bodies!(AccountExists, "mail/account-exists.txt", "mail/account-exists.html");
        bodies(self)
    }
}

/// Notice of a changed password.
pub(super) struct Changed {
    host: String,
    at: String,
    forgot_url: String,
}

impl Changed {
    pub(super) fn new(issuer: &str, at: Timestamp) -> Self {
        Self { host: host(issuer), at: minute(at), forgot_url: format!("{issuer}/password/forgot") }
    }
}

impl MessageTemplate for Changed {
    fn subject(&self) -> String {
        format!("Your password for {} was changed", self.host)
    }

    fn bodies(&self) -> Option<(String, String)> {
        bodies!(Changed, "mail/password-changed.txt", "mail/password-changed.html");
        bodies(self)
    }
}

/// The code that adds an address to an account.
pub(super) struct ConfirmNewAddress {
    host: String,
    code: String,
    life: String,
}

impl ConfirmNewAddress {
    pub(super) fn new(issuer: &str, code: &str, life: Duration) -> Self {
        Self { host: host(issuer), code: code.to_owned(), life: duration(life) }
    }
}

impl MessageTemplate for ConfirmNewAddress {
    fn subject(&self) -> String {
        format!("Confirm your e-mail address for {}", self.host)
    }

    fn bodies(&self) -> Option<(String, String)> {
        bodies!(ConfirmNewAddress, "mail/confirm-new-address.txt", "mail/confirm-new-address.html");
        bodies(self)
    }
}

/// Notice that somebody tried to add the address of an account to theirs.
pub(super) struct AddressTaken {
    host: String,
    account_url: String,
}

impl AddressTaken {
    pub(super) fn new(issuer: &str) -> Self {
        Self { host: host(issuer), account_url: format!("{issuer}/account") }
    }
}

impl MessageTemplate for AddressTaken {
    fn subject(&self) -> String {
        format!("Your e-mail address on {}", self.host)
    }

    fn bodies(&self) -> Option<(String, String)> {
        bodies!(AddressTaken, "mail/address-taken.txt", "mail/address-taken.html");
        bodies(self)
    }
}

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
    /// Another credential was removed.
    CredentialRemoved,
}

/// Notice of a changed account.
pub(super) struct AccountChanged {
    host: String,
    what: &'static str,
    at: String,
    account_url: String,
}

impl AccountChanged {
    pub(super) fn new(issuer: &str, change: AccountChange, at: Timestamp) -> Self {
        let what = match change {
            AccountChange::AddressAdded => "An e-mail address was added to",
            AccountChange::AddressRemoved => "An e-mail address was removed from",
            AccountChange::PrimaryChanged => "Another e-mail address was made the primary one of",
            AccountChange::PasswordRemoved => "The password was removed from",
            AccountChange::CredentialRemoved => "A key was removed from",
        };
        Self { host: host(issuer), what, at: minute(at), account_url: format!("{issuer}/account") }
    }
}

impl MessageTemplate for AccountChanged {
    fn subject(&self) -> String {
        format!("Your account on {} was changed", self.host)
    }

    fn bodies(&self) -> Option<(String, String)> {
        bodies!(AccountChanged, "mail/account-changed.txt", "mail/account-changed.html");
        bodies(self)
    }
}

/// `2026-11-22 at 06:14 UTC`.
fn minute(at: Timestamp) -> String {
    let at = at.iso8601();
    let minute = at.get(..16).unwrap_or(&at).replace('T', " at ");
    format!("{minute} UTC")
}

/// The issuer as people read it.
fn host(issuer: &str) -> String {
    issuer.split_once("://").map_or(issuer, |(_, host)| host).to_owned()
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
mod tests {
    use super::*;

    #[test]
    fn org_chosen_names_become_neither_links_nor_markup() {
        let invited = Invited::new(
            "https://id.example.org",
            "Win a prize at https://evil.example/x\r\nBcc: all@example.org",
            Some("<a href='//evil.example'>"),
            "https://id.example.org/invitation?token=abc",
            Duration::from_hours(1),
        );
        let message = invited.message("ada@example.org").unwrap();
        for part in [&message.subject, &message.text, &message.html] {
            assert!(!part.contains("evil.example"), "{part}");
            assert!(!part.contains("https://evil"), "{part}");
            assert!(!part.contains("all@example"), "{part}");
        }
        assert!(!message.subject.contains(['\r', '\n']));
        assert!(!message.html.contains("<a href='"), "{}", message.html);
        assert!(message.text.contains("https://id.example.org/invitation?token=abc"));
        assert!(message.html.contains("href=\"https://id.example.org/invitation?token=abc\""), "{}", message.html);
    }

    #[test]
    fn the_words_of_each_mail() {
        let url = "https://id.example.org/invitation?token=abc";
        let issuer = "https://id.example.org";
        let (week, hour) = (Duration::from_hours(7 * 24), Duration::from_hours(1));
        let at = Timestamp::from_seconds(1_772_366_400);
        let mails: [(&str, Box<dyn MessageTemplate>); 9] = [
            ("invitation", Box::new(Invited::new(issuer, "Acme", Some("Grace"), url, week))),
            ("invitation_by_a_key", Box::new(Invited::new(issuer, "Acme", None, url, week))),
            ("reset", Box::new(Reset::new(issuer, url, hour))),
            ("confirm_address", Box::new(ConfirmAddress::new(issuer, url, "1234 5678", hour))),
            ("account_exists", Box::new(AccountExists::new(issuer))),
            ("changed", Box::new(Changed::new(issuer, at))),
            ("confirm_new_address", Box::new(ConfirmNewAddress::new(issuer, "1234 5678", hour))),
            ("address_taken", Box::new(AddressTaken::new(issuer))),
            ("account_changed", Box::new(AccountChanged::new(issuer, AccountChange::PasswordRemoved, at))),
        ];
        for (name, words) in mails {
            let message = words.message("ada@example.org").unwrap();
            insta::assert_snapshot!(name, format!("{}\n\n{}\n{}", message.subject, message.text, message.html));
        }
    }
}
