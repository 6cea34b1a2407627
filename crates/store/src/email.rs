//! E-mail addresses of users: any number each, one of them primary. An address belongs to at most one user, and is
//! verified once mail sent to it was read.

use sigma_core::email::Email;
use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::merits::waiting;
use crate::rows::Rows;
use crate::value::Value;
use crate::{Owner, Row, StoreError, Tx, cached, params, people_index};

/// An address as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEmail {
    /// Its user.
    pub user_id: UserId,
    /// As the user wrote it.
    pub address: String,
    /// The form for lookups (see [`Email::folded`]).
    pub folded: String,
    /// When it was verified.
    pub proven_at: Option<Timestamp>,
    /// Whether it is the primary one, which apps are told and notices are sent to.
    pub is_primary: bool,
}

impl StoredEmail {
    /// Whether it is verified.
    pub fn is_proven(&self) -> bool {
        self.proven_at.is_some()
    }
}

/// Whether an address is known to be its user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailProof {
    /// A link or code sent to it came back, or the operator vouched for it.
    Verified,
    /// Nobody has proven to read its mail.
    Unverified,
}

/// Adds an address to a user, as the primary one if they have none. Returns whether it was free.
pub fn add(
    tx: &mut dyn Tx,
    user_id: &UserId,
    email: &Email,
    proof: EmailProof,
    now: Timestamp,
) -> Result<bool, StoreError> {
    tx.lock(Owner::User(user_id))?;
    let has_primary = list(tx, user_id)?.iter().any(|email| email.is_primary);
    let rank = if has_primary { Rank::Other } else { Rank::Primary };
    tx.changed(cached::ACCOUNT, user_id.as_str())?;
    people_index::added(tx, user_id.as_str())?;
    insert(tx, user_id, email, proof, rank, now)
}

/// The rank of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rank {
    /// The one that apps are told.
    Primary,
    /// One more.
    Other,
}

/// Addresses of accounts that are being created, of which some may be taken.
pub(crate) static NEW: Rows = Rows::new(
    "INSERT INTO emails (folded, user_id, address, proven_at, is_primary, created_at) VALUES ",
    "($, $, $, $, $, $)",
    " ON CONFLICT DO NOTHING",
);

/// A row of [`NEW`].
pub(crate) fn row(user_id: &UserId, email: &Email, proof: EmailProof, rank: Rank, now: Timestamp) -> Vec<Value> {
    let proven_at = (proof == EmailProof::Verified).then_some(now);
    params![email.folded(), user_id, email.address(), proven_at, rank == Rank::Primary, now].to_vec()
}

/// Like [`add`], while the account is being created: nobody else can add one, and nothing has cached the account.
pub(crate) fn insert(
    tx: &mut dyn Tx,
    user_id: &UserId,
    email: &Email,
    proof: EmailProof,
    rank: Rank,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let added = NEW.add_one(tx, &row(user_id, email, proof, rank, now))?;
    if added == 1 && proof == EmailProof::Verified {
        waiting::address_proven(tx, user_id, email.folded(), now)?;
    }
    Ok(added == 1)
}

/// The address, folded, and whose it is.
pub fn find(tx: &mut dyn Tx, folded: &str) -> Result<Option<StoredEmail>, StoreError> {
    tx.query_opt(
        "SELECT user_id, address, folded, proven_at, is_primary FROM emails WHERE folded = $1",
        params![folded],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// The account that has verified an address (folded).
pub(crate) fn find_holder(tx: &mut dyn Tx, folded: &str) -> Result<Option<UserId>, StoreError> {
    Ok(find(tx, folded)?.filter(StoredEmail::is_proven).map(|held| held.user_id))
}

/// The address as its user wrote it; `None` if it is nobody's. Two spellings that fold to one address may be two
/// mailboxes: mail goes to the account's.
pub fn find_spelling(tx: &mut dyn Tx, folded: &str) -> Result<Option<String>, StoreError> {
    Ok(find(tx, folded)?.map(|own| own.address))
}

/// The addresses of a user, the primary one first; at most 500.
pub fn list(tx: &mut dyn Tx, user_id: &UserId) -> Result<Vec<StoredEmail>, StoreError> {
    tx.query_all(
        "SELECT user_id, address, folded, proven_at, is_primary FROM emails WHERE user_id = $1
         ORDER BY is_primary DESC, created_at, folded LIMIT 500",
        params![user_id],
    )?
    .iter()
    .map(decode)
    .collect()
}

/// Marks the user's address (folded) as verified. An address that is no longer theirs is left alone.
pub fn prove(tx: &mut dyn Tx, user_id: &UserId, folded: &str, now: Timestamp) -> Result<(), StoreError> {
    let proven = tx.execute(
        "UPDATE emails SET proven_at = $3 WHERE folded = $2 AND user_id = $1 AND proven_at IS NULL",
        params![user_id, folded, now],
    )?;
    if proven > 0 {
        waiting::address_proven(tx, user_id, folded, now)?;
    }
    tx.changed(cached::ACCOUNT, user_id.as_str())
}

/// Takes an unverified address (folded) from its user, so that whoever verifies it can have it.
pub(crate) fn release_unproven(tx: &mut dyn Tx, folded: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM emails WHERE folded = $1 AND proven_at IS NULL RETURNING user_id";
    match tx.query_opt(sql, params![folded])? {
        Some(row) => {
            let user_id = row.text(0)?;
            people_index::removed(tx, &user_id)?;
            tx.changed(cached::ACCOUNT, &user_id)
        }
        None => Ok(()),
    }
}

/// Deletes an address (folded) of the user.
pub(crate) fn delete(tx: &mut dyn Tx, user_id: &UserId, folded: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM emails WHERE folded = $2 AND user_id = $1", params![user_id, folded])?;
    people_index::removed(tx, user_id.as_str())?;
    tx.changed(cached::ACCOUNT, user_id.as_str())
}

/// Makes a verified address of the user primary; returns whether it is theirs and verified.
pub fn make_primary(tx: &mut dyn Tx, user_id: &UserId, folded: &str) -> Result<bool, StoreError> {
    tx.lock(Owner::User(user_id))?;
    let found = find(tx, folded)?.filter(|email| email.user_id == *user_id && email.is_proven());
    if found.is_none() {
        return Ok(false);
    }
    // In this order: an index enforces at most one primary address at any moment.
    tx.execute("UPDATE emails SET is_primary = 0 WHERE user_id = $1 AND is_primary = 1", params![user_id])?;
    tx.execute("UPDATE emails SET is_primary = 1 WHERE folded = $1", params![folded])?;
    tx.changed(cached::ACCOUNT, user_id.as_str())?;
    Ok(true)
}

fn decode(row: &Row) -> Result<StoredEmail, StoreError> {
    Ok(StoredEmail {
        user_id: UserId::from_text(row.text(0)?),
        address: row.text(1)?,
        folded: row.text(2)?,
        proven_at: row.opt_timestamp(3)?,
        is_primary: row.bool(4)?,
    })
}
