//! Encrypted backups of keys: by user and identity, in versions (`docs/spec/backups.md`).
//!
//! Every operation is scoped by the user, so that another account's backups are not found: if an identity passes to
//! somebody else, the backups that its former holder stored stay with that holder.

use std::time::Duration;

use sigma_bitcoin::BapId;
use sigma_core::backup::{Stored, superseded};
use sigma_core::digest::Digest;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{BackupId, UserId};
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::outbox::{self, NewMail};
use crate::replay_guard::{self, Once};
use crate::signed_request::{self, Rejected, SignedRequest};
use crate::{Owner, Row, StoreError, Tx, cached, identity, params};

/// Most characters of all backups of an account: a few of the longest, with all their versions.
pub const MOST_PER_ACCOUNT: i64 = 8 * 1024 * 1024;

/// Most identities of an account that have a backup: with all their versions they are one short list.
pub const MOST_IDENTITIES: i64 = 80;

/// Within this long, retrievals from one address are announced by one mail.
const ANNOUNCED: Duration = Duration::from_mins(10);

/// The context under which a version is sealed.
pub fn seal_context(id: &BackupId) -> String {
    format!("backup:{id}")
}

/// A version of a backup, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its id.
    pub id: BackupId,
    /// The identity.
    pub bap_id: BapId,
    /// SHA-256 of its text.
    pub hash: Digest,
    /// Characters of its text.
    pub size: i64,
    /// When it was first stored.
    pub first_stored_at: Timestamp,
    /// When it last became the current one.
    pub stored_at: Timestamp,
}

/// A backup to be stored.
#[derive(Clone, Debug)]
pub struct NewBackup {
    /// The id of the version, unless it was stored before.
    pub id: BackupId,
    /// Whose.
    pub user_id: UserId,
    /// The identity.
    pub bap_id: BapId,
    /// SHA-256 of its text.
    pub hash: Digest,
    /// Characters of its text.
    pub size: i64,
    /// The backup, sealed under [`seal_context`].
    pub sealed: Vec<u8>,
    /// The signature that sends it, if one does.
    pub signed: Option<SignedRequest>,
    /// The current time.
    pub now: Timestamp,
}

/// The outcome of storing a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storing {
    /// It is the current version, newly or already.
    Stored,
    /// The identity is not the user's.
    NotTheirs,
    /// The signature does not count.
    Rejected(Rejected),
    /// The account has as much as [`MOST_PER_ACCOUNT`] or [`MOST_IDENTITIES`] allow.
    TooMuch,
}

/// Stores a backup as the current version, and deletes versions that are no longer kept.
pub fn store(tx: &mut dyn Tx, new: &NewBackup) -> Result<Storing, StoreError> {
    let (user_id, bap_id) = (&new.user_id, &new.bap_id);
    tx.lock(Owner::User(user_id))?;
    if identity::find(tx, bap_id)?.is_none_or(|identity| identity.user_id != *user_id) {
        return Ok(Storing::NotTheirs);
    }
    let Plan { is_current, is_known, at, gone, fits } = plan(tx, new)?;
    if !fits {
        return Ok(Storing::TooMuch);
    }
    if let Err(rejected) = signed_request::accept(tx, user_id, new.signed.as_ref())? {
        return Ok(Storing::Rejected(rejected));
    }
    if is_current {
        return Ok(Storing::Stored);
    }
    tx.changed(cached::BACKUPS, user_id.as_str())?;
    if is_known {
        raise(tx, user_id, bap_id, &new.hash, at)?;
    } else {
        tx.execute(
            "INSERT INTO backups (user_id, bap_id, hash, id, sealed, size, first_stored_at, stored_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
            params![user_id, bap_id, new.hash, &new.id, &new.sealed, new.size, at],
        )?;
        for version in gone {
            let sql = "DELETE FROM backups WHERE user_id = $1 AND bap_id = $2 AND hash = $3";
            tx.execute(sql, params![user_id, bap_id, version.hash])?;
        }
    }
    let event = NewEvent::new(Action::BackupStore).about(user_id).to(Target::Identity(bap_id.clone()));
    event::append_bounded(tx, event, user_id, new.now)?;
    Ok(Storing::Stored)
}

/// Whether the account has room for the backup.
pub(crate) fn fits(tx: &mut dyn Tx, new: &NewBackup) -> Result<bool, StoreError> {
    Ok(plan(tx, new)?.fits)
}

/// What storing a backup means for the versions of its identity.
struct Plan {
    is_current: bool,
    is_known: bool,
    at: Timestamp,
    gone: Vec<Version>,
    fits: bool,
}

fn plan(tx: &mut dyn Tx, new: &NewBackup) -> Result<Plan, StoreError> {
    let (user_id, bap_id) = (&new.user_id, &new.bap_id);
    let mut versions = list_versions(tx, user_id, bap_id)?;
    let is_current = versions.first().is_some_and(|current| current.hash == new.hash);
    let is_known = versions.iter().any(|version| version.hash == new.hash);
    let at = after_all(&versions, new.now);
    if is_known {
        return Ok(Plan { is_current, is_known, at, gone: Vec::new(), fits: true });
    }
    versions.insert(0, new.version(at));
    let stored: Vec<_> = versions.iter().map(Version::stored).collect();
    let gone: Vec<_> = superseded(&stored, at).into_iter().filter_map(|index| versions.get(index).cloned()).collect();
    let freed: i64 = gone.iter().map(|version| version.size).sum();
    let (size, identities) = extent(tx, user_id)?;
    let is_first = versions.len() == 1;
    let fits = size.saturating_add(new.size).saturating_sub(freed) <= MOST_PER_ACCOUNT
        && !(is_first && identities >= MOST_IDENTITIES);
    Ok(Plan { is_current, is_known, at, gone, fits })
}

/// Makes an earlier version the current one again; returns whether the user has it.
pub fn restore_version(
    tx: &mut dyn Tx,
    user_id: &UserId,
    id: &BackupId,
    notices: &[NewMail],
    now: Timestamp,
) -> Result<bool, StoreError> {
    tx.lock(Owner::User(user_id))?;
    let Some(wanted) = find_version(tx, user_id, id)? else { return Ok(false) };
    let versions = list_versions(tx, user_id, &wanted.bap_id)?;
    if versions.first().is_some_and(|current| current.id == *id) {
        return Ok(true);
    }
    raise(tx, user_id, &wanted.bap_id, &wanted.hash, after_all(&versions, now))?;
    tx.changed(cached::BACKUPS, user_id.as_str())?;
    let details = Details { reason: Some("restored".to_owned()), ..Details::default() };
    let event = NewEvent::new(Action::BackupStore).about(user_id).to(Target::Identity(wanted.bap_id)).with(details);
    event::append_bounded(tx, event, user_id, now)?;
    notices.iter().try_for_each(|notice| outbox::add(tx, notice))?;
    Ok(true)
}

/// Removes the backup of an identity with all its versions; returns whether there was one.
pub fn remove(tx: &mut dyn Tx, user_id: &UserId, bap_id: &BapId, notices: &[NewMail]) -> Result<bool, StoreError> {
    tx.lock(Owner::User(user_id))?;
    let removed = tx.execute("DELETE FROM backups WHERE user_id = $1 AND bap_id = $2", params![user_id, bap_id])?;
    if removed == 0 {
        return Ok(false);
    }
    tx.changed(cached::BACKUPS, user_id.as_str())?;
    event::append(tx, NewEvent::new(Action::BackupRemove).about(user_id).to(Target::Identity(bap_id.clone())))?;
    notices.iter().try_for_each(|notice| outbox::add(tx, notice))?;
    Ok(true)
}

/// A retrieval of a backup.
#[derive(Clone, Debug)]
pub struct Retrieval {
    /// Whose.
    pub user_id: UserId,
    /// Which.
    pub wanted: Wanted,
    /// How its caller proved to be entitled: `session`, `key` or `provider`.
    pub method: &'static str,
    /// What entitles to one retrieval only, if that does.
    pub once: Option<Once>,
    /// The mails that report it.
    pub notices: Vec<NewMail>,
    /// The current time.
    pub now: Timestamp,
}

/// The backup that a caller wants.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// The current version of an identity's.
    Current(BapId),
    /// A version of an identity's.
    Version(BapId, BackupId),
    /// The one stored last, of any identity.
    Latest,
}

/// The outcome of a retrieval.
#[derive(Clone, Debug)]
pub enum Retrieved {
    /// A version, and its content as sealed.
    Backup(Version, Vec<u8>),
    /// The user has no such backup.
    NotFound,
    /// What entitled to it was used before.
    Used,
}

/// Hands out a backup: an event, and a mail unless one just reported the same from the same address.
pub fn retrieve(tx: &mut dyn Tx, retrieval: &Retrieval) -> Result<Retrieved, StoreError> {
    let user_id = &retrieval.user_id;
    tx.lock(Owner::User(user_id))?;
    let row = match &retrieval.wanted {
        Wanted::Current(bap_id) => tx.query_opt(
            "SELECT id, bap_id, hash, size, first_stored_at, stored_at, sealed FROM backups
             WHERE user_id = $1 AND bap_id = $2 ORDER BY stored_at DESC LIMIT 1",
            params![user_id, bap_id],
        ),
        Wanted::Version(bap_id, id) => tx.query_opt(
            "SELECT id, bap_id, hash, size, first_stored_at, stored_at, sealed FROM backups
             WHERE user_id = $1 AND bap_id = $2 AND id = $3",
            params![user_id, bap_id, id],
        ),
        Wanted::Latest => tx.query_opt(
            "SELECT id, bap_id, hash, size, first_stored_at, stored_at, sealed FROM backups
             WHERE user_id = $1 ORDER BY stored_at DESC LIMIT 1",
            params![user_id],
        ),
    }?;
    let Some(row) = row else { return Ok(Retrieved::NotFound) };
    if !replay_guard::spend_if(tx, retrieval.once.as_ref())? {
        return Ok(Retrieved::Used);
    }
    let version = decode(&row)?;
    let announced = was_announced(tx, user_id, retrieval.now)?;
    let event = NewEvent::new(Action::BackupRetrieve).about(user_id).to(Target::Identity(version.bap_id.clone()));
    event::append_bounded(tx, event.method(retrieval.method), user_id, retrieval.now)?;
    if !announced {
        retrieval.notices.iter().try_for_each(|notice| outbox::add(tx, notice))?;
    }
    Ok(Retrieved::Backup(version, row.bytes(6)?))
}

/// Whether a backup of the user was just handed out to the same address.
fn was_announced(tx: &mut dyn Tx, user_id: &UserId, now: Timestamp) -> Result<bool, StoreError> {
    let Some(address) = tx.initiator().address.clone() else { return Ok(false) };
    let sql = "SELECT 1 FROM events WHERE user_id = $1 AND at > $2 AND action = $3 AND address = $4 LIMIT 1";
    let action = Action::BackupRetrieve.as_str();
    Ok(tx.query_opt(sql, params![user_id, now.minus(ANNOUNCED), action, &address])?.is_some())
}

/// The versions of an identity's backup, the current one first.
pub fn list_versions(tx: &mut dyn Tx, user_id: &UserId, bap_id: &BapId) -> Result<Vec<Version>, StoreError> {
    tx.query_all(
        "SELECT id, bap_id, hash, size, first_stored_at, stored_at FROM backups
         WHERE user_id = $1 AND bap_id = $2 ORDER BY stored_at DESC LIMIT 50",
        params![user_id, bap_id],
    )?
    .iter()
    .map(decode)
    .collect()
}

/// The versions of all backups of an account, by identity, current ones first; at most 500.
pub fn list(tx: &mut dyn Tx, user_id: &UserId) -> Result<Vec<Version>, StoreError> {
    tx.query_all(
        "SELECT id, bap_id, hash, size, first_stored_at, stored_at FROM backups
         WHERE user_id = $1 ORDER BY bap_id, stored_at DESC LIMIT 500",
        params![user_id],
    )?
    .iter()
    .map(decode)
    .collect()
}

/// Deletes at most 500 versions that were last stored before `before`, of accounts that nobody signed in to since then;
/// returns how many.
pub fn delete_abandoned(tx: &mut dyn Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute(
        "DELETE FROM backups WHERE (user_id, bap_id, hash) IN (
            SELECT b.user_id, b.bap_id, b.hash FROM backups b WHERE b.stored_at < $1 AND NOT EXISTS (
                SELECT 1 FROM credentials c WHERE c.user_id = b.user_id AND COALESCE(c.last_used_at, c.created_at) >= $1
            ) ORDER BY b.stored_at LIMIT 500)",
        params![before],
    )
}

fn find_version(tx: &mut dyn Tx, user_id: &UserId, id: &BackupId) -> Result<Option<Version>, StoreError> {
    let row = tx.query_opt(
        "SELECT id, bap_id, hash, size, first_stored_at, stored_at FROM backups WHERE user_id = $1 AND id = $2",
        params![user_id, id],
    )?;
    row.map(|row| decode(&row)).transpose()
}

/// Characters of all backups of an account, and of how many identities they are.
fn extent(tx: &mut dyn Tx, user_id: &UserId) -> Result<(i64, i64), StoreError> {
    let sql = "SELECT CAST(COALESCE(sum(size), 0) AS BIGINT), count(DISTINCT bap_id) FROM backups WHERE user_id = $1";
    tx.query_opt(sql, params![user_id])?.map_or(Ok((0, 0)), |row| Ok((row.int(0)?, row.int(1)?)))
}

/// Makes a known version the current one.
fn raise(tx: &mut dyn Tx, user_id: &UserId, bap_id: &BapId, hash: &Digest, at: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE backups SET stored_at = $4 WHERE user_id = $1 AND bap_id = $2 AND hash = $3";
    tx.execute(sql, params![user_id, bap_id, hash, at])?;
    Ok(())
}

/// `now`, but later than every version: their order is that of storing, even by a clock that stands still.
fn after_all(versions: &[Version], now: Timestamp) -> Timestamp {
    let latest = versions.iter().map(|version| version.stored_at.plus(Duration::from_micros(1))).max();
    latest.map_or(now, |latest| latest.max(now))
}

impl NewBackup {
    fn version(&self, at: Timestamp) -> Version {
        Version {
            id: self.id.clone(),
            bap_id: self.bap_id.clone(),
            hash: self.hash,
            size: self.size,
            first_stored_at: at,
            stored_at: at,
        }
    }
}

impl Version {
    const fn stored(&self) -> Stored {
        Stored { first: self.first_stored_at, last: self.stored_at }
    }
}

fn decode(row: &Row) -> Result<Version, StoreError> {
    Ok(Version {
        id: BackupId::from_text(row.text(0)?),
        bap_id: row.bap_id(1)?,
        hash: row.digest(2)?,
        size: row.int(3)?,
        first_stored_at: row.timestamp(4)?,
        stored_at: row.timestamp(5)?,
    })
}
