//! Credentials: what a user proves to be one with, of every kind in one table. What a kind needs besides stands in a table
//! of its own: the hash of a password, for one.

use std::time::Duration;

use sigma_core::authentication::{Authentication, Credential, CredentialKind};
use sigma_core::event::{Action, Target};
use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::{Owner, Row, StoreError, Tx, account, params};

/// The last use is written down when the one before is this long ago: most sign-ins write nothing for it.
const LAST_USED_PRECISION: Duration = Duration::from_hours(24);

/// A credential as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCredential {
    /// Its kind and id.
    pub credential: Credential,
    /// Whose it is.
    pub user_id: UserId,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was used last, to the day; `None` if never.
    pub last_used_at: Option<Timestamp>,
    /// Since when it signs nobody in any more. The row stays, so that it is never added again.
    pub retired_at: Option<Timestamp>,
}

/// Adds a credential to an account. Whoever adds one that is there already is refused by the database.
pub(crate) fn add(
    tx: &mut dyn Tx,
    user_id: &UserId,
    credential: &Credential,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO credentials (kind, id, user_id, created_at, last_used_at, retired_at)
         VALUES ($1, $2, $3, $4, NULL, NULL)",
        params![credential.kind.as_str(), &credential.id, user_id, now],
    )?;
    tx.changed(account::CHANGED, user_id.as_str())
}

/// Adds the password of an account, unless it is there.
pub(crate) fn add_password(tx: &mut dyn Tx, user_id: &UserId, now: Timestamp) -> Result<(), StoreError> {
    let password = Credential::password(user_id);
    tx.execute(
        "INSERT INTO credentials (kind, id, user_id, created_at, last_used_at, retired_at)
         VALUES ('password', $1, $2, $3, NULL, NULL)
         ON CONFLICT (kind, id) DO UPDATE SET retired_at = NULL",
        params![&password.id, user_id, now],
    )?;
    Ok(())
}

/// The credential, retired or not.
pub fn find(tx: &mut dyn Tx, credential: &Credential) -> Result<Option<StoredCredential>, StoreError> {
    tx.query_opt(
        "SELECT kind, id, user_id, created_at, last_used_at, retired_at FROM credentials WHERE kind = $1 AND id = $2",
        params![credential.kind.as_str(), &credential.id],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// The credentials of an account, retired ones too, the oldest first; at most 500.
pub fn list(tx: &mut dyn Tx, user_id: &UserId) -> Result<Vec<StoredCredential>, StoreError> {
    tx.query_all(
        "SELECT kind, id, user_id, created_at, last_used_at, retired_at FROM credentials WHERE user_id = $1
         ORDER BY created_at, kind, id LIMIT 500",
        params![user_id],
    )?
    .iter()
    .map(decode)
    .collect()
}

/// The kinds of credentials that an account can use, each once.
pub fn kinds(tx: &mut dyn Tx, user_id: &UserId) -> Result<Vec<CredentialKind>, StoreError> {
    tx.query_all(
        "SELECT DISTINCT kind FROM credentials WHERE user_id = $1 AND retired_at IS NULL ORDER BY kind",
        params![user_id],
    )?
    .iter()
    .map(|row| row.parsed(0, "the kind of a credential", CredentialKind::parse))
    .collect()
}

/// Whether somebody can sign in to the account: a second factor alone does not do.
pub fn can_sign_in(tx: &mut dyn Tx, user_id: &UserId) -> Result<bool, StoreError> {
    Ok(kinds(tx, user_id)?.into_iter().any(CredentialKind::is_first_factor))
}

/// What retiring a credential comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retirement {
    /// It signs nobody in any more.
    Retired,
    /// The account has no such credential, or it was retired before.
    NotFound,
    /// Nobody could sign in to the account without it.
    LastOne,
}

/// Retires a credential of an account, but not the last one that it can be signed in to with.
pub fn retire(
    tx: &mut dyn Tx,
    user_id: &UserId,
    credential: &Credential,
    now: Timestamp,
) -> Result<Retirement, StoreError> {
    tx.lock(Owner::User(user_id))?;
    let usable: Vec<Credential> = list(tx, user_id)?
        .into_iter()
        .filter(|stored| stored.retired_at.is_none())
        .map(|stored| stored.credential)
        .collect();
    if !usable.contains(credential) {
        return Ok(Retirement::NotFound);
    }
    let others = usable.iter().filter(|other| *other != credential);
    if credential.kind.is_first_factor() && !others.map(|other| other.kind).any(CredentialKind::is_first_factor) {
        return Ok(Retirement::LastOne);
    }
    tx.execute(
        "UPDATE credentials SET retired_at = $3 WHERE kind = $1 AND id = $2",
        params![credential.kind.as_str(), &credential.id, now],
    )?;
    let event = NewEvent::new(Action::CredentialRemove).about(user_id).to(Target::User(user_id.clone()));
    event::append(tx, event.method(credential.kind.as_str()))?;
    tx.changed(account::CHANGED, user_id.as_str())?;
    Ok(Retirement::Retired)
}

/// Whether the account is on and the credential still its own; its use is written down. A quick login has none: what it takes
/// besides was checked where people are let in by it.
pub(crate) fn accept(tx: &mut dyn Tx, authentication: &Authentication, now: Timestamp) -> Result<bool, StoreError> {
    let Some(used) = authentication.credential() else {
        let sql = "SELECT 1 FROM users WHERE id = $1 AND disabled = 0";
        return Ok(tx.query_opt(sql, params![authentication.user_id()])?.is_some());
    };
    let found = tx.query_opt(
        "SELECT c.last_used_at FROM credentials c JOIN users u ON u.id = c.user_id
         WHERE c.kind = $1 AND c.id = $2 AND c.user_id = $3 AND c.retired_at IS NULL AND u.disabled = 0",
        params![used.kind.as_str(), &used.id, authentication.user_id()],
    )?;
    let Some(row) = found else { return Ok(false) };
    if row.opt_timestamp(0)?.is_none_or(|last| now.since(last) >= LAST_USED_PRECISION) {
        tx.execute(
            "UPDATE credentials SET last_used_at = $3 WHERE kind = $1 AND id = $2",
            params![used.kind.as_str(), &used.id, now],
        )?;
    }
    Ok(true)
}

fn decode(row: &Row) -> Result<StoredCredential, StoreError> {
    let kind = row.parsed(0, "the kind of a credential", CredentialKind::parse)?;
    Ok(StoredCredential {
        credential: Credential { kind, id: row.text(1)? },
        user_id: UserId::from_text(row.text(2)?),
        created_at: row.timestamp(3)?,
        last_used_at: row.opt_timestamp(4)?,
        retired_at: row.opt_timestamp(5)?,
    })
}
