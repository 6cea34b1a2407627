//! `sigma user`: people's accounts.

mod add;
mod impersonation;
mod manage;
mod secret;

use std::path::Path;

use serde::Serialize;
use sigma_bitcoin::PublicKey;
use sigma_core::email;
use sigma_core::ids::{SessionId, UserId};
use sigma_core::person::Identity;
use sigma_store::account::{self, Account};
use sigma_store::credential::{self, StoredCredential};
use sigma_store::email::{self as emails, StoredEmail};
use sigma_store::org::api_key::{self, MadeKeys};
use sigma_store::session::{self, BrowserSession};
use sigma_store::user::{self, User};

use super::{Listed, one_more};
use crate::args::Page;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, fields, table};
pub use add::{add, reset};
pub use impersonation::{Permission, impersonation, said};
pub use manage::{credentials, export, remove, set};
pub use secret::hash;

/// An account as printed.
#[derive(Debug, Serialize)]
struct UserView {
    id: String,
    name: String,
    email: Option<String>,
    email_verified: bool,
    pubkey: Option<String>,
    disabled: bool,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    identities: Option<Vec<IdentityView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    emails: Option<Vec<EmailView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials: Option<Vec<CredentialView>>,
}

/// An e-mail address of an account.
#[derive(Debug, Serialize)]
struct EmailView {
    address: String,
    verified: bool,
    primary: bool,
}

/// A credential of an account.
#[derive(Debug, Serialize)]
struct CredentialView {
    kind: &'static str,
    id: String,
    created_at: String,
    last_used_at: Option<String>,
    retired_at: Option<String>,
}

impl EmailView {
    fn of(email: &StoredEmail) -> Self {
        Self { address: email.address.clone(), verified: email.is_proven(), primary: email.is_primary }
    }

    fn text(&self) -> String {
        let verified = if self.verified { "" } else { " (not verified)" };
        format!("{}{verified}{}", self.address, if self.primary { ", primary" } else { "" })
    }
}

impl CredentialView {
    fn of(stored: &StoredCredential) -> Self {
        Self {
            kind: stored.credential.kind.as_str(),
            id: stored.credential.id.clone(),
            created_at: stored.created_at.to_string(),
            last_used_at: stored.last_used_at.map(|at| at.to_string()),
            retired_at: stored.retired_at.map(|at| at.to_string()),
        }
    }

    fn text(&self) -> String {
        let used = self.last_used_at.as_ref().map_or_else(|| "never used".to_owned(), |at| format!("last used {at}"));
        let retired = self.retired_at.as_ref().map(|at| format!(", retired {at}")).unwrap_or_default();
        format!("{} (added {}, {used}{retired})", self.kind, self.created_at)
    }
}

/// An identity of an account.
#[derive(Debug, Serialize)]
struct IdentityView {
    bap_id: String,
    name: String,
    pubkey: String,
    proof: &'static str,
    primary: bool,
}

impl UserView {
    fn of(user: &User) -> Self {
        Self {
            id: user.id.to_string(),
            name: user.name.clone(),
            email: user.email.clone(),
            email_verified: user.email_verified,
            pubkey: user.pubkey.map(|key| key.to_hex()),
            disabled: user.disabled,
            created_at: user.created_at.to_string(),
            identities: None,
            emails: None,
            credentials: None,
        }
    }

    fn with_identities(account: &Account) -> Self {
        let view = |identity: &Identity| IdentityView {
            bap_id: identity.bap_id.to_string(),
            name: identity.name.clone(),
            pubkey: identity.pubkey.map(|key| key.to_hex()).unwrap_or_default(),
            proof: identity.proof.as_str(),
            primary: identity.is_primary,
        };
        Self { identities: Some(account.identities.iter().map(view).collect()), ..Self::of(&account.user) }
    }

    fn text(&self) -> String {
        let identity = |identity: &IdentityView| {
            let primary = if identity.primary { ", primary" } else { "" };
            format!("{} {} (proof: {}{primary})", identity.bap_id, identity.name, identity.proof)
        };
        let identities: Vec<String> = self.identities.iter().flatten().map(identity).collect();
        let verified = if self.email_verified { "" } else { " (not verified)" };
        fields(&[
            ("id", self.id.clone()),
            ("name", self.name.clone()),
            ("address", self.email.as_ref().map(|email| format!("{email}{verified}")).unwrap_or_default()),
            ("public key", self.pubkey.clone().unwrap_or_default()),
            ("identities", identities.join("\n")),
            ("addresses", self.emails.iter().flatten().map(EmailView::text).collect::<Vec<_>>().join("\n")),
            ("credentials", self.credentials.iter().flatten().map(CredentialView::text).collect::<Vec<_>>().join("\n")),
            ("disabled", if self.disabled { "yes".to_owned() } else { String::new() }),
            ("created", self.created_at.clone()),
        ])
    }
}

/// A session as printed.
#[derive(Debug, Serialize)]
struct SessionView {
    id: String,
    created_at: String,
    auth_time: String,
    expires_at: String,
    address: String,
    user_agent: String,
    bap_id: Option<String>,
}

impl SessionView {
    fn of(session: &BrowserSession) -> Self {
        Self {
            id: session.id.to_string(),
            created_at: session.created_at.to_string(),
            auth_time: session.auth_time.to_string(),
            expires_at: session.expires_at.to_string(),
            address: session.address.clone(),
            user_agent: session.user_agent.clone(),
            bap_id: session.bap_id.as_ref().map(ToString::to_string),
        }
    }
}

/// Lists a page of accounts, oldest first.
pub fn list(file: Option<&Path>, output: Output, page: &Page) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let (after, limit) = (page.after.clone(), one_more(page.limit));
    let users = opened.read(move |tx| user::list(tx, &after, limit))?;
    let views = users.iter().map(UserView::of).collect();
    Listed::new(views, page.limit, |view: &UserView| view.id.clone()).print(
        output,
        "sigma user list",
        "There are no accounts yet.",
        |views| {
            let off = |view: &UserView| if view.disabled { "disabled".to_owned() } else { String::new() };
            let row = |view: &UserView| [view.id.clone(), view.name.clone(), view.created_at.clone(), off(view)];
            table(["ID", "NAME", "SINCE", ""], &views.iter().map(row).collect::<Vec<_>>())
        },
    )
}

/// Shows an account with its identities.
pub fn show(file: Option<&Path>, output: Output, user: &str) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let account = find(&opened, user)?;
    let id = account.user.id.clone();
    let (addresses, credentials) = opened.read(move |tx| Ok((emails::list(tx, &id)?, credential::list(tx, &id)?)))?;
    let view = UserView {
        emails: Some(addresses.iter().map(EmailView::of).collect()),
        credentials: Some(credentials.iter().map(CredentialView::of).collect()),
        ..UserView::with_identities(&account)
    };
    output.answer(&view, UserView::text)
}

/// Disables an account after confirmation, and deactivates the API keys that it created unless they are kept.
pub fn disable(file: Option<&Path>, output: Output, user: &str, keys: MadeKeys, yes: bool) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let id = find(&opened, user)?.user.id;
    let more =
        if keys == MadeKeys::Deactivate { ", and the API keys that they created stop working permanently" } else { "" };
    confirm(yes, &format!("everything issued to {user} stops working, and they can no longer sign in{more}"))?;
    // Disable the account first, so that it cannot create more keys.
    let (off, now) = (id.clone(), opened.now());
    opened.write(move |tx| user::set_disabled(tx, &off, true, now))?;
    let deactivate_some = || {
        let maker = id.clone();
        opened.write(move |tx| api_key::deactivate_made_by(tx, &maker))
    };
    while keys == MadeKeys::Deactivate && deactivate_some()? {}
    switch(&opened, output, user, Switch::Off)
}

/// Enables an account again.
pub fn enable(file: Option<&Path>, output: Output, user: &str) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    switch(&opened, output, user, Switch::On)
}

/// Ends the named session or all of them, after confirmation, and lists the live ones.
pub fn sessions(
    file: Option<&Path>,
    output: Output,
    user: &str,
    end: Option<&str>,
    end_all: bool,
    yes: bool,
) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let id = find(&opened, user)?.user.id;
    let now = opened.now();
    if let Some(session) = end {
        let (owner, ended) = (id.clone(), SessionId::from_text(session));
        let live = opened.read(move |tx| session::list_live(tx, &owner, now))?;
        if live.iter().any(|session| session.id == ended) {
            confirm(yes, &format!("{user} is signed out of {session}, with the tokens that were issued in it"))?;
        }
        let owner = id.clone();
        if !opened.write(move |tx| session::end(tx, &owner, &ended, now))? {
            return Err(Failure::NotFound(format!("{user} has no live session {session}")));
        }
    }
    if end_all {
        confirm(yes, &format!("all browsers of {user} are signed out"))?;
        let end_some = || {
            let owner = id.clone();
            opened.write(move |tx| session::end_all(tx, &owner, None, now))
        };
        while end_some()? > 0 {}
    }
    let live = opened.read(move |tx| session::list_live(tx, &id, now))?;
    let views: Vec<SessionView> = live.iter().map(SessionView::of).collect();
    let limit = u32::try_from(views.len()).unwrap_or(u32::MAX);
    Listed::new(views, limit, |view: &SessionView| view.id.clone()).print(
        output,
        "sigma user sessions",
        "No browser is signed in.",
        |views| {
            let row = |view: &SessionView| {
                [view.id.clone(), view.auth_time.clone(), view.address.clone(), view.user_agent.clone()]
            };
            table(["SESSION", "SIGNED IN", "FROM", "WITH"], &views.iter().map(row).collect::<Vec<_>>())
        },
    )
}

/// Whether an account is enabled or disabled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Switch {
    On,
    Off,
}

fn switch(opened: &Opened, output: Output, user: &str, to: Switch) -> Result<(), Failure> {
    let id = find(opened, user)?.user.id;
    let now = opened.now();
    let changed = id.clone();
    opened.write(move |tx| user::set_disabled(tx, &changed, to == Switch::Off, now))?;
    output.answer(&UserView::with_identities(&find(opened, id.as_str())?), |view| {
        format!("{} is {}.", view.id, if view.disabled { "disabled" } else { "enabled" })
    })
}

/// Finds the account by id, e-mail address or public key.
pub fn find(opened: &Opened, user: &str) -> Result<Account, Failure> {
    let wanted = user.to_owned();
    let account = opened.read(move |tx| {
        let id = UserId::parse(&wanted).unwrap_or_else(|| UserId::from_text(&wanted));
        if let Some(account) = account::find(tx, &id)? {
            return Ok(Some(account));
        }
        let owner = match user::find_by_email(tx, &email::fold(&wanted))? {
            Some(owner) => Some(owner),
            None => match PublicKey::parse(&wanted) {
                Ok(key) => user::find_by_pubkey(tx, &key)?,
                Err(_) => None,
            },
        };
        match owner {
            Some(owner) => account::find(tx, &owner.id),
            None => Ok(None),
        }
    })?;
    account.ok_or_else(|| Failure::NotFound(format!("there is no account {user}; see `sigma user list`")))
}
