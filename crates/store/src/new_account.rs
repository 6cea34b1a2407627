//! Accounts that the operator creates: with an address that they vouch for.

use sigma_core::email::Email;
use sigma_core::event::{Action, Target};
use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::email::EmailProof;
use crate::event::{self, NewEvent};
use crate::one_time_link::{self, NewLink};
use crate::outbox::MailedLink;
use crate::user::{self, User};
use crate::{StoreError, Tx, password};

/// How the person of a new account gets their password.
#[derive(Clone, Debug)]
pub enum FirstPassword {
    /// Not at all: they sign in otherwise.
    Never,
    /// It is known, by its hash.
    Hash(String),
    /// By a link, which is shown to whoever creates the account.
    Link(NewLink),
    /// By a link, which is mailed to them.
    Mail(MailedLink),
}

/// An account to create.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its id.
    pub id: UserId,
    /// Its address, which counts as verified.
    pub email: Email,
    /// The name of the person.
    pub name: String,
    /// Their password.
    pub password: FirstPassword,
}

/// Creates an account; `None` if another one has the address, and nothing was written.
pub fn add(tx: &mut dyn Tx, new: &NewAccount, now: Timestamp) -> Result<Option<User>, StoreError> {
    let Some(user) = user::add_with_email(tx, &new.id, &new.email, EmailProof::Verified, &new.name, now)? else {
        return Ok(None);
    };
    event::append(tx, NewEvent::new(Action::UserCreate).about(&user.id).to(Target::User(user.id.clone())))?;
    match &new.password {
        FirstPassword::Never => {}
        FirstPassword::Hash(hash) => password::set(tx, &user.id, hash, "", now)?,
        FirstPassword::Link(link) => one_time_link::add(tx, link, &user.id, None)?,
        FirstPassword::Mail(mail) => mail.send(tx, &user.id, None)?,
    }
    Ok(Some(user))
}
