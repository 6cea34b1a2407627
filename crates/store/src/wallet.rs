//! Wallets that users connected by a signature of the wallet's key, by identity (`docs/spec/wallets.md`).

use sigma_bitcoin::{BapId, PublicKey};
use sigma_core::event::{Action, Target};
use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::replay_guard::{self, Once};
use crate::signed_request::{self, Rejected, SignedRequest};
use crate::{Owner, Row, Stop, StoreError, Tx, params, user};

/// Most wallets of one account, over all its identities.
pub const MOST_WALLETS: usize = 50;

/// A connected wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wallet {
    /// The identity that it is connected to; `None` is the account itself.
    pub bap_id: Option<BapId>,
    /// Its address.
    pub address: String,
    /// The key that signed.
    pub pubkey: PublicKey,
    /// What the client called it.
    pub provider: String,
    /// Whether it is the one to be used for the identity.
    pub is_primary: bool,
    /// When it was connected.
    pub connected_at: Timestamp,
    /// When its key last signed.
    pub verified_at: Timestamp,
}

/// Why a wallet is not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WalletRefusal {
    /// The identity has no such wallet.
    NotFound,
    /// The identity is not the user's.
    NotTheirs,
    /// The account has [`MOST_WALLETS`].
    TooMany,
    /// The wallet's signature was used before.
    Replayed,
    /// The signature of the request does not count.
    Rejected(Rejected),
}

impl From<Rejected> for WalletRefusal {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}

/// The wallets of an identity, or of all, the oldest first.
pub fn list(tx: &mut dyn Tx, user_id: &UserId) -> Result<Vec<Wallet>, StoreError> {
    tx.query_all(
        "SELECT bap_id, address, pubkey, provider, is_primary, connected_at, verified_at FROM wallets WHERE user_id = $1
         ORDER BY connected_at, bap_id, address LIMIT 100",
        params![user_id],
    )?
    .iter()
    .map(decode)
    .collect()
}

/// A wallet whose key signed.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The user.
    pub user_id: UserId,
    /// The identity; `None` is the account itself.
    pub bap_id: Option<BapId>,
    /// The key.
    pub pubkey: PublicKey,
    /// What the client calls the wallet.
    pub provider: String,
    /// The message that the wallet's key signed.
    pub once: Once,
    /// The signature of the request.
    pub signed: Option<SignedRequest>,
    /// The current time.
    pub now: Timestamp,
}

/// Connects a wallet; one that is connected already was verified again. The first of an identity is its primary one.
pub fn connect(tx: &mut dyn Tx, new: &Connection) -> Result<Wallet, Stop<WalletRefusal>> {
    tx.lock(Owner::User(&new.user_id))?;
    signed_request::demand(tx, &new.user_id, new.signed.as_ref())?;
    require_theirs(tx, &new.user_id, new.bap_id.as_ref())?;
    if !replay_guard::spend(tx, &new.once)? {
        return Err(Stop::Refused(WalletRefusal::Replayed));
    }
    let address = new.pubkey.address();
    let all = list(tx, &new.user_id)?;
    let known = all.iter().find(|wallet| wallet.bap_id == new.bap_id && wallet.address == address);
    if let Some(known) = known {
        tx.execute(
            "UPDATE wallets SET verified_at = $4, provider = $5 WHERE user_id = $1 AND bap_id = $2 AND address = $3",
            params![&new.user_id, key(new.bap_id.as_ref()), &address, new.now, &new.provider],
        )?;
        return Ok(Wallet { verified_at: new.now, provider: new.provider.clone(), ..known.clone() });
    }
    if all.len() >= MOST_WALLETS {
        return Err(Stop::Refused(WalletRefusal::TooMany));
    }
    let is_primary = !all.iter().any(|wallet| wallet.bap_id == new.bap_id);
    tx.execute(
        "INSERT INTO wallets (user_id, bap_id, address, pubkey, provider, is_primary, connected_at, verified_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        params![&new.user_id, key(new.bap_id.as_ref()), &address, new.pubkey, &new.provider, is_primary, new.now],
    )?;
    record(tx, Action::WalletConnect, &new.user_id, new.bap_id.as_ref(), new.now)?;
    Ok(Wallet {
        bap_id: new.bap_id.clone(),
        address,
        pubkey: new.pubkey,
        provider: new.provider.clone(),
        is_primary,
        connected_at: new.now,
        verified_at: new.now,
    })
}

/// Disconnects a wallet. The oldest that is left becomes the primary one, if it was.
pub fn disconnect(
    tx: &mut dyn Tx,
    user_id: &UserId,
    bap_id: Option<&BapId>,
    address: &str,
    now: Timestamp,
) -> Result<(), Stop<WalletRefusal>> {
    tx.lock(Owner::User(user_id))?;
    let mut wallets = list(tx, user_id)?;
    wallets.retain(|wallet| wallet.bap_id.as_ref() == bap_id);
    let held = wallets.iter().find(|wallet| wallet.address == address);
    let held = held.ok_or(Stop::Refused(WalletRefusal::NotFound))?;
    tx.execute(
        "DELETE FROM wallets WHERE user_id = $1 AND bap_id = $2 AND address = $3",
        params![user_id, key(bap_id), address],
    )?;
    if let Some(next) = wallets.iter().find(|wallet| wallet.address != address).filter(|_| held.is_primary) {
        mark_primary(tx, user_id, bap_id, &next.address)?;
    }
    Ok(record(tx, Action::WalletDisconnect, user_id, bap_id, now)?)
}

/// Makes a wallet the primary one of its identity.
pub fn make_primary(
    tx: &mut dyn Tx,
    user_id: &UserId,
    bap_id: Option<&BapId>,
    address: &str,
    signed: Option<&SignedRequest>,
) -> Result<(), Stop<WalletRefusal>> {
    tx.lock(Owner::User(user_id))?;
    signed_request::demand(tx, user_id, signed)?;
    let is_held = list(tx, user_id)?.iter().any(|held| held.bap_id.as_ref() == bap_id && held.address == address);
    if !is_held {
        return Err(Stop::Refused(WalletRefusal::NotFound));
    }
    Ok(mark_primary(tx, user_id, bap_id, address)?)
}

fn mark_primary(tx: &mut dyn Tx, user_id: &UserId, bap_id: Option<&BapId>, address: &str) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE wallets SET is_primary = CASE WHEN address = $3 THEN 1 ELSE 0 END WHERE user_id = $1 AND bap_id = $2",
        params![user_id, key(bap_id), address],
    )?;
    Ok(())
}

/// The column of an identity, which is empty for the account itself.
fn key(bap_id: Option<&BapId>) -> &str {
    bap_id.map(BapId::as_str).unwrap_or_default()
}

fn require_theirs(tx: &mut dyn Tx, user_id: &UserId, bap_id: Option<&BapId>) -> Result<(), Stop<WalletRefusal>> {
    let is_theirs = match bap_id {
        None => user::is_active(tx, user_id)?,
        Some(bap_id) => {
            let held = "SELECT 1 FROM identities WHERE bap_id = $1 AND user_id = $2";
            tx.query_opt(held, params![bap_id, user_id])?.is_some()
        }
    };
    if is_theirs { Ok(()) } else { Err(Stop::Refused(WalletRefusal::NotTheirs)) }
}

fn record(
    tx: &mut dyn Tx,
    action: Action,
    user_id: &UserId,
    bap_id: Option<&BapId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let target = bap_id.map_or_else(|| Target::User(user_id.clone()), |bap_id| Target::Identity(bap_id.clone()));
    event::append_bounded(tx, NewEvent::new(action).about(user_id).to(target), user_id, now)
}

fn decode(row: &Row) -> Result<Wallet, StoreError> {
    Ok(Wallet {
        bap_id: if row.text(0)?.is_empty() { None } else { Some(row.bap_id(0)?) },
        address: row.text(1)?,
        pubkey: row.parsed(2, "a public key", |text| PublicKey::parse(text).ok())?,
        provider: row.text(3)?,
        is_primary: row.bool(4)?,
        connected_at: row.timestamp(5)?,
        verified_at: row.timestamp(6)?,
    })
}
