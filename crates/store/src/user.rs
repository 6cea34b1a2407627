//! Users: one row each, with the primary address.

use std::time::Duration;

use sigma_bitcoin::PublicKey;
use sigma_core::authentication::Credential;
use sigma_core::email::{self as address, Email};
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::UserId;
use sigma_core::people_search::Needle;
use sigma_core::time::Timestamp;

use crate::email::{self, EmailProof};
use crate::event::{self, NewEvent};
use crate::outbox::{self, NewMail};
use crate::rows::Rows;
use crate::value::Value;
use crate::{Owner, Row, StoreError, Tx, account_merge, cached, credential, logout, params, people_index};

/// A person's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// `sub` in tokens.
    pub id: UserId,
    /// The user's name.
    pub name: String,
    /// Their picture.
    pub image: Option<String>,
    /// Their primary address.
    pub email: Option<String>,
    /// That address is known to be theirs.
    pub email_verified: bool,
    /// The account's first key that was not retired.
    pub pubkey: Option<PublicKey>,
    /// Whether they have signed an origin-bound path.
    pub origin_bound: bool,
    /// Whether the account is disabled.
    pub disabled: bool,
    /// The language that they chose for pages and mails, as a tag.
    pub language: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl User {
    /// The primary address, if it is known to be theirs.
    pub fn proven_email(&self) -> Option<&str> {
        self.email.as_deref().filter(|_| self.email_verified)
    }
}

/// How often it is looked at whether an account depends on a single key.
const REMINDED_EVERY: Duration = Duration::from_hours(30 * 24);

/// The columns of a user `u` with their primary address, in the order of [`decode`].
macro_rules! select {
    ($from:literal, $rest:literal) => {
        concat!(
            "SELECT u.id, u.name, u.image, e.address, e.proven_at, u.pubkey, u.origin_bound, u.disabled, u.created_at,
                u.updated_at, u.language
             FROM ",
            $from,
            " LEFT JOIN emails e ON e.user_id = u.id AND e.is_primary = 1 WHERE ",
            $rest
        )
    };
}

/// The user of that id.
pub fn find(tx: &mut dyn Tx, user_id: &UserId) -> Result<Option<User>, StoreError> {
    tx.query_opt(select!("users u", "u.id = $1"), params![user_id])?.map(|row| decode(&row)).transpose()
}

/// The user who signed with that key before, unless it was retired since.
pub fn find_by_pubkey(tx: &mut dyn Tx, pubkey: &PublicKey) -> Result<Option<User>, StoreError> {
    tx.query_opt(
        select!(
            "credentials c JOIN users u ON u.id = c.user_id",
            "c.kind = 'key' AND c.id = $1 AND c.retired_at IS NULL"
        ),
        params![pubkey],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// The user of that address, folded (see [`Email::folded`]), proven or not, primary or not.
pub fn find_by_email(tx: &mut dyn Tx, folded: &str) -> Result<Option<User>, StoreError> {
    tx.query_opt(select!("emails f JOIN users u ON u.id = f.user_id", "f.folded = $1"), params![folded])?
        .map(|row| decode(&row))
        .transpose()
}

/// The user of that address, folded, if it is proven.
pub fn find_by_proven_email(tx: &mut dyn Tx, folded: &str) -> Result<Option<User>, StoreError> {
    tx.query_opt(
        select!("emails f JOIN users u ON u.id = f.user_id", "f.folded = $1 AND f.proven_at IS NOT NULL"),
        params![folded],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// At most `limit` users, ordered by id, after the one called `after`.
pub fn list(tx: &mut dyn Tx, after: &str, limit: u32) -> Result<Vec<User>, StoreError> {
    tx.query_all(select!("users u", "u.id > $1 ORDER BY u.id LIMIT $2"), params![after, limit])?
        .iter()
        .map(decode)
        .collect()
}

/// At most `limit` users, newest first, before the one called `before`; from the newest without one.
pub(crate) fn list_newest(tx: &mut dyn Tx, before: Option<&str>, limit: u32) -> Result<Vec<User>, StoreError> {
    let rows = match before {
        Some(before) => {
            tx.query_all(select!("users u", "u.id < $1 ORDER BY u.id DESC LIMIT $2"), params![before, limit])?
        }
        None => tx.query_all(select!("users u", "u.id >= '' ORDER BY u.id DESC LIMIT $1"), params![limit])?,
    };
    rows.iter().map(decode).collect()
}

/// At most `limit` users with that text in their name or an address, newest first, before the one called `before`.
pub(crate) fn list_found(
    tx: &mut dyn Tx,
    needle: &Needle,
    before: Option<&UserId>,
    limit: u32,
) -> Result<Vec<User>, StoreError> {
    let mut users = Vec::new();
    for id in people_index::find(tx, needle, before, limit)? {
        users.extend(find(tx, &id)?);
    }
    Ok(users)
}

/// Creates an account for the user who just signed with `pubkey`, named after its address.
pub fn add_with_pubkey(
    tx: &mut dyn Tx,
    id: &UserId,
    pubkey: &PublicKey,
    name: &str,
    now: Timestamp,
) -> Result<User, StoreError> {
    add(tx, id, name, Some(pubkey), now)?;
    credential::add(tx, id, &Credential::key(pubkey), now)?;
    Ok(User {
        id: id.clone(),
        name: name.to_owned(),
        image: None,
        email: None,
        email_verified: false,
        pubkey: Some(*pubkey),
        origin_bound: false,
        disabled: false,
        language: None,
        created_at: now,
        updated_at: now,
    })
}

/// Creates an account for that address, with no credential yet; `None` if another account has the address.
pub fn add_with_email(
    tx: &mut dyn Tx,
    id: &UserId,
    email: &Email,
    proof: EmailProof,
    name: &str,
    now: Timestamp,
) -> Result<Option<User>, StoreError> {
    if !email::insert(tx, id, email, proof, email::Rank::Primary, now)? {
        return Ok(None);
    }
    add(tx, id, name, None, now)?;
    Ok(Some(User {
        id: id.clone(),
        name: name.to_owned(),
        image: None,
        email: Some(email.address().to_owned()),
        email_verified: proof == EmailProof::Verified,
        pubkey: None,
        origin_bound: false,
        disabled: false,
        language: None,
        created_at: now,
        updated_at: now,
    }))
}

/// Creates an account without address and credential, both of which the caller may add.
pub(crate) fn add_without_credential(
    tx: &mut dyn Tx,
    id: &UserId,
    name: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    add(tx, id, name, None, now)
}

/// New accounts.
pub(crate) static NEW: Rows = Rows::new(
    "INSERT INTO users (id, name, image, pubkey, origin_bound, disabled, created_at, updated_at, remind_at) VALUES ",
    "($, $, NULL, $, 0, $, $, $, $)",
    "",
);

/// A row of [`NEW`].
pub(crate) fn row(id: &UserId, name: &str, pubkey: Option<&PublicKey>, disabled: bool, now: Timestamp) -> Vec<Value> {
    params![id, name, pubkey, disabled, now, now, now.plus(REMINDED_EVERY)].to_vec()
}

fn add(tx: &mut dyn Tx, id: &UserId, name: &str, pubkey: Option<&PublicKey>, now: Timestamp) -> Result<(), StoreError> {
    NEW.add_one(tx, &row(id, name, pubkey, false, now))?;
    people_index::added(tx, id.as_str())?;
    // No change is reported: nobody knew the id, and absence is not cached.
    Ok(())
}

/// Sets the user's name.
pub fn rename(tx: &mut dyn Tx, user_id: &UserId, name: &str, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE users SET name = $2, updated_at = $3 WHERE id = $1 AND name <> $2";
    if tx.execute(sql, params![user_id, name, now])? == 0 {
        return Ok(());
    }
    people_index::added(tx, user_id.as_str())?;
    people_index::removed(tx, user_id.as_str())?;
    tx.changed(cached::ACCOUNT, user_id.as_str())
}

/// Whether the account exists and is not disabled: its deletion may have begun since its user was recognized.
pub(crate) fn is_active(tx: &mut dyn Tx, user_id: &UserId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM users WHERE id = $1 AND disabled = 0";
    Ok(tx.query_opt(sql, params![user_id])?.is_some())
}

/// Sets the language of the user's pages and mails; `None` is the browser's.
pub fn set_language(
    tx: &mut dyn Tx,
    user_id: &UserId,
    language: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute("UPDATE users SET language = $2, updated_at = $3 WHERE id = $1", params![user_id, language, now])?;
    tx.changed(cached::ACCOUNT, user_id.as_str())
}

/// Users of whom it is to be looked at whether they depend on a single key, at most `limit`, with the time at which it was due.
pub fn list_to_remind(tx: &mut dyn Tx, now: Timestamp, limit: u32) -> Result<Vec<(UserId, Timestamp)>, StoreError> {
    let sql = "SELECT id, remind_at FROM users WHERE remind_at <= $1 ORDER BY remind_at, id LIMIT $2";
    let row = |row: &Row| Ok((UserId::from_text(row.text(0)?), row.timestamp(1)?));
    tx.query_all(sql, params![now, limit])?.iter().map(row).collect()
}

/// Queues a reminder, if there is one, and looks again in a month; `due` is when this was due, so that two processes remind
/// nobody twice.
pub fn remind(
    tx: &mut dyn Tx,
    user_id: &UserId,
    due: Timestamp,
    reminder: Option<&NewMail>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE users SET remind_at = $3 WHERE id = $1 AND remind_at = $2";
    if tx.execute(sql, params![user_id, due, now.plus(REMINDED_EVERY)])? == 1
        && let Some(reminder) = reminder
    {
        outbox::add(tx, reminder)?;
    }
    Ok(())
}

/// The outcome of changing an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// It was changed.
    Done,
    /// Another account has the address.
    AddressTaken,
    /// There is no such account.
    NotFound,
}

/// Changes the name of an account, or its primary address, which the operator vouches for. What is so already is no change.
pub fn set_by_operator(
    tx: &mut dyn Tx,
    user_id: &UserId,
    name: Option<&str>,
    email: Option<&Email>,
    now: Timestamp,
) -> Result<Setting, StoreError> {
    tx.lock(Owner::User(user_id))?;
    let Some(before) = find(tx, user_id)? else { return Ok(Setting::NotFound) };
    let name = name.filter(|name| *name != before.name);
    let email = email.filter(|email| before.proven_email().is_none_or(|now| address::fold(now) != email.folded()));
    if let Some(email) = email {
        match email::find(tx, email.folded())? {
            Some(held) if held.user_id != *user_id && held.is_proven() => return Ok(Setting::AddressTaken),
            Some(held) if held.user_id == *user_id => email::prove(tx, user_id, email.folded(), now)?,
            _ => {
                email::release_unproven(tx, email.folded())?;
                if !email::add(tx, user_id, email, EmailProof::Verified, now)? {
                    return Ok(Setting::AddressTaken);
                }
            }
        }
        email::make_primary(tx, user_id, email.folded())?;
    }
    if let Some(name) = name {
        rename(tx, user_id, name, now)?;
    }
    if name.is_some() || email.is_some() {
        let details = Details::changed([("name", name.is_some()), ("email", email.is_some())]);
        let event = NewEvent::new(Action::UserChange).about(user_id).to(Target::User(user_id.clone()));
        event::append(tx, event.with(details))?;
    }
    Ok(Setting::Done)
}

/// Requires origin-bound tokens of this user from now on (`docs/spec/keys.md#origin-binding`).
pub fn require_origin_bound(tx: &mut dyn Tx, user_id: &UserId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute("UPDATE users SET origin_bound = 1, updated_at = $2 WHERE id = $1", params![user_id, now])?;
    tx.changed(cached::ACCOUNT, user_id.as_str())
}

/// Disables or enables an account; returns whether it exists. Nothing issued to it works while it is disabled.
pub fn set_disabled(tx: &mut dyn Tx, user_id: &UserId, disabled: bool, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE users SET disabled = $2, updated_at = $3 WHERE id = $1 AND disabled <> $2";
    if tx.execute(sql, params![user_id, disabled, now])? == 0 {
        return Ok(find(tx, user_id)?.is_some());
    }
    tx.changed(cached::ACCOUNT, user_id.as_str())?;
    if disabled {
        // The sessions count for nothing until the account is enabled again, and apps must not go on until then.
        logout::announce_all(tx, user_id, now)?;
        account_merge::forget_confirmation(tx, user_id)?;
    }
    let action = if disabled { Action::UserDisable } else { Action::UserEnable };
    event::append(tx, NewEvent::new(action).shown_to(user_id).to(Target::User(user_id.clone())))?;
    Ok(true)
}

fn decode(row: &Row) -> Result<User, StoreError> {
    Ok(User {
        id: UserId::from_text(row.text(0)?),
        name: row.text(1)?,
        image: row.opt_text(2)?,
        email: row.opt_text(3)?,
        email_verified: row.opt_timestamp(4)?.is_some(),
        pubkey: row.opt_public_key(5)?,
        origin_bound: row.bool(6)?,
        disabled: row.bool(7)?,
        created_at: row.timestamp(8)?,
        updated_at: row.timestamp(9)?,
        language: row.opt_text(10)?,
    })
}
