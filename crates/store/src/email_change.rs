//! Changes to the e-mail addresses of an account, by its signed-in user. A new address waits for a mailed code and belongs
//! to nobody before, so nobody can occupy another person's. Every change is recorded, and reported by mail.

use std::time::Duration;

use sigma_core::authentication::CredentialKind;
use sigma_core::digest::Digest;
use sigma_core::email::Email;
use sigma_core::event::{Action, Target};
use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::email::{self, EmailProof};
use crate::event::{self, NewEvent};
use crate::outbox::{self, NewMail};
use crate::{Owner, Row, StoreError, Tx, credential, one_time_link, params, quota, user};

/// Most addresses per account.
pub const MOST_ADDRESSES: usize = 10;
/// Attempts at one code.
pub const MOST_GUESSES: i64 = 5;
/// Codes that one user can cause within [`WINDOW`], whatever the addresses.
const MOST_CODES: i64 = 5;
/// Mails to one address within [`WINDOW`], whoever causes them.
const MOST_MAILS: i64 = 10;
/// The time in which they are counted.
const WINDOW: Duration = Duration::from_hours(1);

/// An address that a user wants to add.
#[derive(Clone, Debug)]
pub struct NewAddition {
    /// The user.
    pub user_id: UserId,
    /// The address.
    pub email: Email,
    /// The keyed digest of the mailed code.
    pub code: Digest,
    /// A digest that no code has, for an address that is not mailed one.
    pub no_code: Digest,
    /// Pseudonym of the address for counting mails.
    pub counted_as: String,
    /// The mail with the code.
    pub confirmation: NewMail,
    /// The mail for an address that is another account's.
    pub known: NewMail,
    /// The current time.
    pub now: Timestamp,
    /// When the code expires.
    pub expires_at: Timestamp,
}

/// An address that waits for its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// The address as entered.
    pub address: String,
    /// Wrong codes so far.
    pub guesses: i64,
    code: Digest,
}

/// The outcome of asking for an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It waits for its code. That looks the same for an address of another account.
    Waiting {
        /// Whether a mail was queued, for the mailer.
        mailed: bool,
    },
    /// It is the user's already.
    Own,
    /// The account has [`MOST_ADDRESSES`].
    TooMany,
}

/// Asks for an address; replaces an earlier one that still waits.
pub fn begin(tx: &mut dyn Tx, new: &NewAddition) -> Result<Begun, StoreError> {
    tx.lock(Owner::User(&new.user_id))?;
    let own = email::list(tx, &new.user_id)?;
    if own.iter().any(|email| email.is_proven() && email.folded == new.email.folded()) {
        return Ok(Begun::Own);
    }
    if own.len() >= MOST_ADDRESSES {
        return Ok(Begun::TooMany);
    }
    let may_mail = may_mail(tx, new)?;
    let known = user::find_by_proven_email(tx, new.email.folded())?;
    let mail = match &known {
        _ if !may_mail => None,
        Some(user) if user.disabled => None,
        Some(_) => Some(&new.known),
        None => Some(&new.confirmation),
    };
    if let Some(mail) = mail {
        outbox::add(tx, mail)?;
    }
    let code = if may_mail && known.is_none() { new.code } else { new.no_code };
    tx.execute(
        "INSERT INTO email_additions (user_id, address, code_hash, guesses, created_at, expires_at)
         VALUES ($1, $2, $3, 0, $4, $5)
         ON CONFLICT (user_id) DO UPDATE SET address = excluded.address, code_hash = excluded.code_hash, guesses = 0,
            created_at = excluded.created_at, expires_at = excluded.expires_at",
        params![&new.user_id, new.email.address(), code, new.now, new.expires_at],
    )?;
    Ok(Begun::Waiting { mailed: mail.is_some() })
}

/// Counts one more code; what exceeds the user's own limit does not count against the address.
fn may_mail(tx: &mut dyn Tx, new: &NewAddition) -> Result<bool, StoreError> {
    if quota::tally(tx, quota::Purpose::NewEmailOfUser, new.user_id.as_str(), new.now, WINDOW)? > MOST_CODES {
        return Ok(false);
    }
    Ok(quota::tally(tx, quota::Purpose::NewEmail, &new.counted_as, new.now, WINDOW)? <= MOST_MAILS)
}

/// The address that waits for its code.
pub fn find_addition(tx: &mut dyn Tx, user_id: &UserId, now: Timestamp) -> Result<Option<Addition>, StoreError> {
    let sql = "SELECT address, guesses, code_hash FROM email_additions WHERE user_id = $1 AND expires_at > $2";
    tx.query_opt(sql, params![user_id, now])?.map(|row| decode(&row)).transpose()
}

/// Gives up the address that waits for its code.
pub fn cancel_addition(tx: &mut dyn Tx, user_id: &UserId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM email_additions WHERE user_id = $1", params![user_id])?;
    Ok(())
}

/// The outcome of entering a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// The address is the user's.
    Added,
    /// The code is wrong; with the remaining attempts.
    WrongCode(i64),
    /// Nothing waits: it was confirmed, has expired, had too many attempts, or the address got another account.
    Gone,
}

/// Adds the address whose code was entered. Every attempt counts. `notice` goes out if the account had an address before.
pub fn confirm(
    tx: &mut dyn Tx,
    user_id: &UserId,
    code: &Digest,
    notices: &[NewMail],
    now: Timestamp,
) -> Result<Confirmed, StoreError> {
    tx.lock(Owner::User(user_id))?;
    let counted = tx.query_opt(
        "UPDATE email_additions SET guesses = guesses + 1 WHERE user_id = $1 AND expires_at > $2 AND guesses < $3
         RETURNING address, guesses, code_hash",
        params![user_id, now, MOST_GUESSES],
    )?;
    let Some(addition) = counted.map(|row| decode(&row)).transpose()? else { return Ok(Confirmed::Gone) };
    if addition.code != *code {
        return Ok(Confirmed::WrongCode(MOST_GUESSES - addition.guesses));
    }
    cancel_addition(tx, user_id)?;
    let parsed = Email::parse(&addition.address);
    let email = parsed.map_err(|_| StoreError::Corrupt("an address that waits for its code".to_owned()))?;
    email::release_unproven(tx, email.folded())?;
    if !email::add(tx, user_id, &email, EmailProof::Verified, now)? {
        return Ok(Confirmed::Gone);
    }
    record(tx, Action::EmailAdd, user_id)?;
    notify(tx, notices)?;
    Ok(Confirmed::Added)
}

/// Makes a proven address (folded) of the user the primary one; returns whether it is theirs and proven.
pub fn make_primary(tx: &mut dyn Tx, user_id: &UserId, folded: &str, notices: &[NewMail]) -> Result<bool, StoreError> {
    tx.lock(Owner::User(user_id))?;
    if email::list(tx, user_id)?.iter().any(|email| email.is_primary && email.is_proven() && email.folded == folded) {
        return Ok(true);
    }
    if !email::make_primary(tx, user_id, folded)? {
        return Ok(false);
    }
    record(tx, Action::EmailMakePrimary, user_id)?;
    notify(tx, notices)?;
    Ok(true)
}

/// The outcome of removing an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It is nobody's.
    Removed,
    /// The user has no such address.
    NotFound,
    /// It is the primary one, and there are others: one of them has to become primary first.
    Primary,
    /// The user signs in with their password and this address alone.
    NeededForPassword,
}

/// Removes an address (folded) of the user. Links that were mailed to it stop working.
pub fn remove(tx: &mut dyn Tx, user_id: &UserId, folded: &str, notices: &[NewMail]) -> Result<Removal, StoreError> {
    tx.lock(Owner::User(user_id))?;
    let own = email::list(tx, user_id)?;
    let Some(wanted) = own.iter().find(|email| email.folded == folded) else { return Ok(Removal::NotFound) };
    let others = || own.iter().filter(|email| email.folded != folded);
    let is_last = wanted.is_proven() && !others().any(email::StoredEmail::is_proven);
    if is_last && credential::kinds(tx, user_id)?.contains(&CredentialKind::Password) {
        return Ok(Removal::NeededForPassword);
    }
    if wanted.is_primary && others().any(email::StoredEmail::is_proven) {
        return Ok(Removal::Primary);
    }
    email::delete(tx, user_id, folded)?;
    one_time_link::void_sent_to(tx, user_id, folded)?;
    record(tx, Action::EmailRemove, user_id)?;
    notify(tx, notices)?;
    Ok(Removal::Removed)
}

/// Takes every other address off an account, with the one that was about to be added, and makes this one (folded) primary. A new
/// password may be requested by any address of an account.
pub(crate) fn keep_only(tx: &mut dyn Tx, user_id: &UserId, folded: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM email_additions WHERE user_id = $1", params![user_id])?;
    email::make_primary(tx, user_id, folded)?;
    for other in email::list(tx, user_id)?.into_iter().filter(|email| email.folded != folded) {
        email::delete(tx, user_id, &other.folded)?;
        record(tx, Action::EmailRemove, user_id)?;
    }
    Ok(())
}

fn record(tx: &mut dyn Tx, action: Action, user_id: &UserId) -> Result<(), StoreError> {
    event::append(tx, NewEvent::new(action).about(user_id).to(Target::User(user_id.clone())))
}

fn notify(tx: &mut dyn Tx, notices: &[NewMail]) -> Result<(), StoreError> {
    notices.iter().try_for_each(|notice| outbox::add(tx, notice))
}

fn decode(row: &Row) -> Result<Addition, StoreError> {
    Ok(Addition { address: row.text(0)?, guesses: row.int(1)?, code: row.digest(2)? })
}
