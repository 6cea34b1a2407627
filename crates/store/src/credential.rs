//! Credentials of every kind in one table. A kind that needs more, such as the hash of a password, has a table of its
//! own.

use std::time::Duration;

use sigma_core::authentication::{Authentication, Credential, CredentialKind};
use sigma_core::event::{Action, Target};
use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::email::{self, StoredEmail};
use crate::event::{self, NewEvent};
use crate::{Owner, Row, StoreError, Tx, account_merge, cached, params};

/// How old the recorded last use must be before it is updated: most sign-ins write nothing for it.
const LAST_USED_PRECISION: Duration = Duration::from_hours(24);

/// A credential as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCredential {
    /// Its kind and id.
    pub credential: Credential,
    /// Its user.
    pub user_id: UserId,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last used, to the day; `None` if never.
    pub last_used_at: Option<Timestamp>,
    /// When it was retired. The row of a key stays, so that it can never be added again.
    pub retired_at: Option<Timestamp>,
}

/// Why a text names no credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// There is none.
    Unknown,
    /// There are several of the kind: only an id names one.
    Several,
}

/// The usable credential that `text` names: by its id, or by its kind if there is only one.
///
/// # Errors
/// It names none, or several.
pub fn named<'s>(stored: &'s [StoredCredential], text: &str) -> Result<&'s StoredCredential, Naming> {
    let kind = CredentialKind::parse(text);
    let is_named = |stored: &&StoredCredential| {
        stored.retired_at.is_none() && (stored.credential.id == text || kind == Some(stored.credential.kind))
    };
    let mut named = stored.iter().filter(is_named);
    match (named.next(), named.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(Naming::Unknown),
        (Some(_), Some(_)) => Err(Naming::Several),
    }
}

/// Adds a credential to an account. The database refuses one that already exists.
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
    tx.changed(cached::ACCOUNT, user_id.as_str())
}

/// Adds the password of an account, unless it exists.
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

/// The credentials of an account, including retired ones, oldest first; at most 500.
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

/// Some of the active credentials of an account; empty if there are none.
pub(crate) fn list_usable(tx: &mut dyn Tx, user_id: &UserId) -> Result<Vec<Credential>, StoreError> {
    tx.query_all(
        "SELECT kind, id, user_id, created_at, last_used_at, retired_at FROM credentials
         WHERE user_id = $1 AND retired_at IS NULL ORDER BY kind, id LIMIT 500",
        params![user_id],
    )?
    .iter()
    .map(|row| Ok(decode(row)?.credential))
    .collect()
}

/// The kinds of active credentials of an account, each once.
pub fn kinds(tx: &mut dyn Tx, user_id: &UserId) -> Result<Vec<CredentialKind>, StoreError> {
    tx.query_all(
        "SELECT DISTINCT kind FROM credentials WHERE user_id = $1 AND retired_at IS NULL ORDER BY kind",
        params![user_id],
    )?
    .iter()
    .map(|row| row.parsed(0, "the kind of a credential", CredentialKind::parse))
    .collect()
}

/// Whether the account can be signed in to: a second factor alone does not suffice.
pub fn can_sign_in(tx: &mut dyn Tx, user_id: &UserId) -> Result<bool, StoreError> {
    Ok(kinds(tx, user_id)?.into_iter().any(CredentialKind::is_first_factor))
}

/// Whether a single key is all that the account can be signed in to with: who loses it loses the account.
pub fn depends_on_one_key(tx: &mut dyn Tx, user_id: &UserId) -> Result<bool, StoreError> {
    let mut ways_in = list(tx, user_id)?;
    ways_in.retain(|stored| stored.retired_at.is_none() && stored.credential.kind.is_first_factor());
    if ways_in.iter().any(|stored| stored.credential.kind == CredentialKind::Password) {
        // It is no way in without a verified address.
        let has_address = email::list(tx, user_id)?.iter().any(StoredEmail::is_proven);
        ways_in.retain(|stored| has_address || stored.credential.kind != CredentialKind::Password);
    }
    Ok(matches!(ways_in.as_slice(), [only] if only.credential.kind == CredentialKind::Key))
}

/// The outcome of retiring a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retirement {
    /// It can no longer be used.
    Retired,
    /// The account has no such active credential.
    NotFound,
    /// Without it, nobody could sign in to the account.
    LastOne,
}

/// Retires a credential of an account, except the last one that allows signing in.
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
    // A password signs in with a verified address only: without one it is no way in.
    let has_address = email::list(tx, user_id)?.iter().any(StoredEmail::is_proven);
    let is_way_in = |kind: CredentialKind| kind.is_first_factor() && (kind != CredentialKind::Password || has_address);
    let others = usable.iter().filter(|other| *other != credential);
    if credential.kind.is_first_factor() && !others.map(|other| other.kind).any(is_way_in) {
        return Ok(Retirement::LastOne);
    }
    end(tx, user_id, credential, now)?;
    Ok(Retirement::Retired)
}

/// Retires an active credential of an account, be it the last one.
pub(crate) fn end(
    tx: &mut dyn Tx,
    user_id: &UserId,
    credential: &Credential,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (kind, id) = (credential.kind.as_str(), &credential.id);
    match credential.kind {
        CredentialKind::Provider => unlink(tx, user_id, id)?,
        CredentialKind::Key | CredentialKind::Password => {
            let sql = "UPDATE credentials SET retired_at = $3 WHERE kind = $1 AND id = $2";
            tx.execute(sql, params![kind, id, now])?;
        }
        // Their ids are random: nobody can add one again, and nothing of them is worth keeping.
        CredentialKind::Passkey | CredentialKind::Totp | CredentialKind::Recovery => {
            tx.execute("DELETE FROM credentials WHERE kind = $1 AND id = $2", params![kind, id])?;
        }
    }
    if credential.kind == CredentialKind::Key {
        disown_key(tx, user_id, &credential.id)?;
    }
    let event = NewEvent::new(Action::CredentialRemove).about(user_id).shown_to(user_id);
    event::append(tx, event.to(Target::User(user_id.clone())).method(credential.kind.as_str()))?;
    account_merge::forget_confirmation(tx, user_id)?;
    tx.changed(cached::ACCOUNT, user_id.as_str())
}

/// Deletes an account at a provider, which its owner may link again, here or to another account.
fn unlink(tx: &mut dyn Tx, user_id: &UserId, id: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM provider_accounts WHERE id = $1 AND user_id = $2", params![id, user_id])?;
    tx.execute("DELETE FROM credentials WHERE kind = 'provider' AND id = $1 AND user_id = $2", params![id, user_id])?;
    Ok(())
}

/// Stops telling apps that a retired key is the user's: they would accept what its thief signs.
fn disown_key(tx: &mut dyn Tx, user_id: &UserId, pubkey: &str) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE users SET pubkey = (SELECT id FROM credentials WHERE user_id = $1 AND kind = 'key' AND retired_at IS NULL
            ORDER BY created_at, id LIMIT 1)
         WHERE id = $1 AND pubkey = $2",
        params![user_id, pubkey],
    )?;
    tx.execute("UPDATE identities SET pubkey = '' WHERE user_id = $1 AND pubkey = $2", params![user_id, pubkey])?;
    Ok(())
}

/// Whether the account is enabled and the credential still its own; records its use. A quick login has no credential:
/// its conditions were checked by the caller.
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
