//! The transaction in which a store operation works.

use std::borrow::Cow;

use sigma_bitcoin::{BapId, PublicKey};
use sigma_core::actor::{self, Actor, Initiator};
use sigma_core::ids::{EventId, GrantId, OrgId, UserId};
use sigma_telemetry::Written;

use crate::error::StoreError;
use crate::row::Row;
use crate::stamped::Stamped;
use crate::value::Value;

/// One transaction on either engine. SQL uses `$1`, `$2`, … and only what both engines understand (`README.md`).
///
/// After a failed statement, further ones are refused and nothing of the operation is kept, even if the operation then
/// returns `Ok`.
pub trait Tx {
    /// Runs a statement that returns no rows; returns how many rows it changed.
    fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, StoreError>;

    /// The first row of the result, if any. The statement runs to its end all the same.
    fn query_opt(&mut self, sql: &'static str, params: &[Value]) -> Result<Option<Row>, StoreError>;

    /// All rows of the result, in order.
    fn query_all(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError>;

    /// Waits until no other transaction holds `owner`, and holds it until this one ends. Rows read afterwards do not
    /// change, provided that their writers lock the same owner. Locking a missing owner locks nothing. A database file
    /// has one writer, which needs no locks.
    ///
    /// Owners are locked in the order of [`Owner`], and users among each other by id; locking one again is free. Reads
    /// take no locks.
    fn lock(&mut self, owner: Owner<'_>) -> Result<(), StoreError>;

    /// Records in the change feed, in this transaction, that `key` of `kind` changed. Caches of this process drop it
    /// after the commit and before the operation returns; those of other processes within a second.
    fn changed(&mut self, kind: &'static str, key: &str) -> Result<(), StoreError>;

    /// On whose behalf this transaction runs, as [`Store::on_behalf_of`](crate::Store::on_behalf_of) was told; else the
    /// server's own.
    fn initiator(&self) -> &Initiator {
        &actor::SYSTEM
    }

    /// Inserts a row with the time of the database, under `id` or a new one; `columns` are the remaining parameters. Returns the id.
    fn insert_stamped(
        &mut self,
        insert: &'static Stamped,
        id: Option<&str>,
        columns: Vec<Value>,
    ) -> Result<String, StoreError>;
}

/// Runs `work` on behalf of `actor`, as whom the initiator of `tx` has proven to be.
pub(crate) fn acting_as<R>(tx: &mut dyn Tx, actor: Actor, work: impl FnOnce(&mut dyn Tx) -> R) -> R {
    let initiator = Initiator { actor, ..tx.initiator().clone() };
    work(&mut OnBehalfOf { tx, initiator: &initiator, written: None })
}

/// A transaction on behalf of somebody.
pub(crate) struct OnBehalfOf<'t> {
    pub(crate) tx: &'t mut dyn Tx,
    pub(crate) initiator: &'t Initiator,
    /// Where its events are noted.
    pub(crate) written: Option<&'t Written>,
}

impl Tx for OnBehalfOf<'_> {
    fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, StoreError> {
        self.tx.execute(sql, params)
    }

    fn query_opt(&mut self, sql: &'static str, params: &[Value]) -> Result<Option<Row>, StoreError> {
        self.tx.query_opt(sql, params)
    }

    fn query_all(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.tx.query_all(sql, params)
    }

    fn lock(&mut self, owner: Owner<'_>) -> Result<(), StoreError> {
        self.tx.lock(owner)
    }

    fn changed(&mut self, kind: &'static str, key: &str) -> Result<(), StoreError> {
        self.tx.changed(kind, key)
    }

    fn initiator(&self) -> &Initiator {
        self.initiator
    }

    fn insert_stamped(
        &mut self,
        insert: &'static Stamped,
        id: Option<&str>,
        columns: Vec<Value>,
    ) -> Result<String, StoreError> {
        let id = self.tx.insert_stamped(insert, id, columns)?;
        if let Some(written) = self.written.filter(|_| insert.prefix == EventId::PREFIX) {
            written.note(id.clone());
        }
        Ok(id)
    }
}

/// A row that other rows belong to: whoever decides by those, or changes them depending on their content, locks it
/// first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner<'a> {
    /// Singletons of the installation: signing keys, and the ids that are never reused.
    Installation,
    /// Of roles, memberships, API keys, secrets, resources.
    Org(&'a OrgId),
    /// Of sessions, passwords, identities, keys, consents, links.
    User(&'a UserId),
    /// The user who holds that public key.
    UserOfKey(&'a PublicKey),
    /// The user of that address, folded.
    UserOfEmail(&'a str),
    /// A BAP identity, which may pass from one user to another.
    Identity(&'a BapId),
    /// Of refresh tokens.
    Grant(&'a GrantId),
}

impl Owner<'_> {
    /// The statement that locks the row and returns its id.
    pub(crate) const fn statement(&self) -> &'static str {
        match self {
            Self::Installation => "SELECT CAST(id AS TEXT) FROM migration_lock WHERE CAST(id AS TEXT) = $1 FOR UPDATE",
            Self::Org(_) => "SELECT id FROM orgs WHERE id = $1 FOR UPDATE",
            Self::User(_) => "SELECT id FROM users WHERE id = $1 FOR UPDATE",
            Self::UserOfKey(_) => {
                "SELECT id FROM users WHERE id = (SELECT user_id FROM credentials WHERE kind = 'key' AND id = $1) FOR UPDATE"
            }
            Self::UserOfEmail(_) => {
                "SELECT id FROM users WHERE id = (SELECT user_id FROM emails WHERE folded = $1) FOR UPDATE"
            }
            Self::Identity(_) => "SELECT bap_id FROM identities WHERE bap_id = $1 FOR UPDATE",
            Self::Grant(_) => "SELECT id FROM grants WHERE id = $1 FOR UPDATE",
        }
    }

    /// Its parameter.
    pub(crate) fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Installation => "1".into(),
            Self::Org(id) => id.as_str().into(),
            Self::User(id) => id.as_str().into(),
            Self::UserOfKey(key) => key.to_hex().into(),
            Self::UserOfEmail(folded) => (*folded).into(),
            Self::Identity(id) => id.as_str().into(),
            Self::Grant(id) => id.as_str().into(),
        }
    }

    const fn rank(&self) -> Rank {
        match self {
            Self::Installation => Rank::Installation,
            Self::Org(_) => Rank::Org,
            Self::User(_) | Self::UserOfKey(_) | Self::UserOfEmail(_) => Rank::User,
            Self::Identity(_) => Rank::Identity,
            Self::Grant(_) => Rank::Grant,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Installation,
    Org,
    User,
    Identity,
    Grant,
}

/// The owners that a transaction holds.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    held: Vec<(Rank, String)>,
}

impl Locks {
    /// Whether `owner` is already held.
    ///
    /// # Panics
    /// In a debug build, if an owner that sorts earlier is locked later: two transactions could deadlock.
    pub(crate) fn holds(&self, owner: &Owner<'_>) -> bool {
        let (rank, name) = (owner.rank(), owner.name());
        if self.held.iter().any(|(held, id)| *held == rank && *id == name) {
            return true;
        }
        debug_assert!(self.held.iter().all(|(held, _)| *held <= rank), "{owner:?} is locked after {:?}", self.held);
        false
    }

    /// Records that `owner`, of that id, is held.
    pub(crate) fn took(&mut self, owner: &Owner<'_>, id: String) {
        self.held.push((owner.rank(), id));
    }
}
