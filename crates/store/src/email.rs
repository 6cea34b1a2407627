//! E-mail addresses of users: several each, of which one is the primary one. An address belongs to one user at most, and is
//! proven once its mail was read there.

use sigma_core::email::Email;
use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::{Owner, Row, StoreError, Tx, account, params};

/// An address as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEmail {
    /// Whose it is.
    pub user_id: UserId,
    /// As its person wrote it.
    pub address: String,
    /// As it is found (see [`Email::folded`]).
    pub folded: String,
    /// Since when it is known to be theirs.
    pub proven_at: Option<Timestamp>,
    /// The one that apps are told and notices are sent to.
    pub is_primary: bool,
}

impl StoredEmail {
    /// Whether it is known to be its user's.
    pub fn is_proven(&self) -> bool {
        self.proven_at.is_some()
    }
}

/// Whether an address is known to be its person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailProof {
    /// A link or code that was sent to it came back, or the operator vouched for it.
    Verified,
    /// Nobody has shown yet that they read its mail.
    Unverified,
}

/// Adds an address to a user; the first becomes the primary one. Whether it was nobody's before.
pub fn add(
    tx: &mut dyn Tx,
    user_id: &UserId,
    email: &Email,
    proof: EmailProof,
    now: Timestamp,
) -> Result<bool, StoreError> {
    tx.lock(Owner::User(user_id))?;
    let rank = if list(tx, user_id)?.is_empty() { Rank::Primary } else { Rank::Other };
    insert(tx, user_id, email, proof, rank, now)
}

/// What an address is to its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rank {
    /// The one that apps are told.
    Primary,
    /// One more.
    Other,
}

/// As [`add`], where nobody else can add one to the user: the account is being made.
pub(crate) fn insert(
    tx: &mut dyn Tx,
    user_id: &UserId,
    email: &Email,
    proof: EmailProof,
    rank: Rank,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let proven_at = (proof == EmailProof::Verified).then_some(now);
    let added = tx.query_opt(
        "INSERT INTO emails (folded, user_id, address, proven_at, is_primary, created_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING RETURNING folded",
        params![email.folded(), user_id, email.address(), proven_at, rank == Rank::Primary, now],
    )?;
    tx.changed(account::CHANGED, user_id.as_str())?;
    Ok(added.is_some())
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

/// What was sent to the address of that user, folded, came back. An address that is not theirs any more stays as it is.
pub fn prove(tx: &mut dyn Tx, user_id: &UserId, folded: &str, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE emails SET proven_at = $3 WHERE folded = $2 AND user_id = $1 AND proven_at IS NULL",
        params![user_id, folded, now],
    )?;
    tx.changed(account::CHANGED, user_id.as_str())
}

/// Makes an address of the user the primary one; whether it is theirs and proven.
pub fn make_primary(tx: &mut dyn Tx, user_id: &UserId, folded: &str) -> Result<bool, StoreError> {
    tx.lock(Owner::User(user_id))?;
    let found = find(tx, folded)?.filter(|email| email.user_id == *user_id && email.is_proven());
    if found.is_none() {
        return Ok(false);
    }
    // One after the other: an account has one at every moment, which an index sees to.
    tx.execute("UPDATE emails SET is_primary = 0 WHERE user_id = $1 AND is_primary = 1", params![user_id])?;
    tx.execute("UPDATE emails SET is_primary = 1 WHERE folded = $1", params![folded])?;
    tx.changed(account::CHANGED, user_id.as_str())?;
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
