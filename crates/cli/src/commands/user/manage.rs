//! What an operator changes in an account, exports of it, and its removal.

use std::path::Path;

use sigma_core::email::Email;
use sigma_core::ids::UserId;
use sigma_core::org::text;
use sigma_store::account_data;
use sigma_store::account_deletion::{self, Deletion, Requested};
use sigma_store::credential::{self, Naming, Retirement, StoredCredential};
use sigma_store::credential_change::retire_by_operator;
use sigma_store::user::{self, Setting};

use super::{CredentialView, UserView, find};
use crate::args::SetUser;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, print, table};

/// Changes the name or the primary address of an account.
pub fn set(file: Option<&Path>, output: Output, fields: &SetUser) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let id = find(&opened, &fields.user)?.user.id;
    let email = match &fields.email {
        Some(text) => Some(Email::parse(text).map_err(|error| Failure::Usage(format!("--email: {error}")))?),
        None => None,
    };
    let name = fields.name.as_deref().map(text::name).transpose();
    let name = name.map_err(|problem| Failure::Usage(format!("--name {problem}")))?;
    if name.is_none() && email.is_none() {
        return Err(Failure::Usage("nothing to change: give --name or --email".to_owned()));
    }
    let (changed, now) = (id.clone(), opened.now());
    let outcome = opened.write(move |tx| user::set_by_operator(tx, &changed, name.as_deref(), email.as_ref(), now))?;
    match outcome {
        Setting::Done => {}
        Setting::AddressTaken => return Err(Failure::Refused("another account has that address".to_owned())),
        Setting::NotFound => return Err(Failure::NotFound(format!("there is no account {}", fields.user))),
    }
    output.answer(&UserView::with_identities(&find(&opened, id.as_str())?), UserView::text)
}

/// Removes an account at once, after confirmation.
pub fn remove(file: Option<&Path>, output: Output, user: &str, yes: bool) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let id = find(&opened, user)?.user.id;
    confirm(yes, &format!("the account {user} and everything stored about it is deleted, and cannot be restored"))?;
    let now = opened.now();
    let pseudonym = UserId::new(now, &*opened.rng);
    let new = Deletion { user_id: id.clone(), pseudonym, requested_at: now, due_at: now };
    let (deletion, requested) = opened.write(move |tx| account_deletion::request_at_once(tx, &new))?;
    match requested {
        Requested::Scheduled => {}
        Requested::NotFound => return Err(Failure::NotFound(format!("there is no account {user}"))),
        Requested::OnlyAdministrator(orgs) => {
            let names: Vec<String> = orgs.into_iter().map(|(id, name)| format!("{name} ({id})")).collect();
            let names = names.join(", ");
            return Err(Failure::Refused(format!("{user} is the only administrator of {names}")));
        }
    }
    loop {
        let due = deletion.clone();
        if opened.write(move |tx| account_deletion::delete_batch(tx, &due, now))? == 0 {
            break;
        }
    }
    opened.write(move |tx| account_deletion::finish(tx, &deletion, now))?;
    output.answer(&serde_json::json!({"id": id, "removed": true}), |_| format!("{id} is removed."))
}

/// Prints what is stored about an account, as JSON.
pub fn export(file: Option<&Path>, user: &str) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let id = find(&opened, user)?.user.id;
    let data = opened.write(move |tx| account_data::hand_to_operator(tx, &id))?;
    let data = data.ok_or_else(|| Failure::NotFound(format!("there is no account {user}")))?;
    print(&serde_json::to_string_pretty(&data).map_err(|error| Failure::Failed(error.to_string()))?)
}

/// Lists the credentials of an account; retires one of them first, after confirmation.
pub fn credentials(
    file: Option<&Path>,
    output: Output,
    user: &str,
    retire: Option<&str>,
    yes: bool,
) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let id = find(&opened, user)?.user.id;
    let stored = list(&opened, &id)?;
    if let Some(wanted) = retire {
        let one = credential::named(&stored, wanted).map_err(|naming| match naming {
            Naming::Unknown => Failure::NotFound(format!("{user} has no credential {wanted}")),
            Naming::Several => Failure::Usage(format!("{user} has several: name one by its id")),
        })?;
        confirm(
            yes,
            &format!("{user} can no longer sign in with this {}, and is signed out", one.credential.kind.as_str()),
        )?;
        let (owner, credential, now) = (id.clone(), one.credential.clone(), opened.now());
        match opened.write(move |tx| retire_by_operator(tx, &owner, &credential, now))? {
            Retirement::Retired => {}
            Retirement::NotFound => return Err(Failure::NotFound(format!("{user} has no credential {wanted}"))),
            Retirement::LastOne => {
                let words = "it is the last way to sign in to the account; see `sigma user remove`";
                return Err(Failure::Refused(words.to_owned()));
            }
        }
    }
    let views: Vec<CredentialView> = list(&opened, &id)?.iter().map(CredentialView::of).collect();
    output.answer(&views, |views| {
        let cell = |text: &Option<String>| text.clone().unwrap_or_default();
        let row = |view: &CredentialView| {
            [
                view.kind.to_owned(),
                view.created_at.clone(),
                cell(&view.last_used_at),
                cell(&view.retired_at),
                view.id.clone(),
            ]
        };
        table(["KIND", "ADDED", "LAST USED", "RETIRED", "ID"], &views.iter().map(row).collect::<Vec<_>>())
    })
}

fn list(opened: &Opened, id: &UserId) -> Result<Vec<StoredCredential>, Failure> {
    let owner = id.clone();
    opened.read(move |tx| credential::list(tx, &owner))
}
