//! Registers identities of an account, and the keys that they rotate to (`docs/spec/keys.md#identities`).

use std::sync::Arc;

use sigma_bitcoin::{BapId, PublicKey};
use sigma_core::authentication::{Credential, CredentialKind};
use sigma_core::bap_record::BapRecord;
use sigma_core::event::{Action, Target};
use sigma_core::ids::UserId;
use sigma_core::person::{Identity, IdentityProof};
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::identity::{self, Claim};
use crate::replay_guard::{self, Once};
use crate::signed_request::{self, Rejected, SignedRequest};
use crate::{Owner, Stop, StoreError, Tx, cached, credential, params, user};

/// Most keys of one identity, including those that it had before.
pub const MOST_KEYS: usize = 20;
/// Most keys of one account, retired ones included.
const MOST_ACCOUNT_KEYS: usize = 100;

/// A key that an identity has, or had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityKey {
    /// The identity.
    pub bap_id: BapId,
    /// The key.
    pub pubkey: PublicKey,
    /// When it was registered.
    pub added_at: Timestamp,
    /// When it was retired.
    pub retired_at: Option<Timestamp>,
}

/// The keys of all identities of a user, the latest first.
pub fn list(tx: &mut dyn Tx, user_id: &UserId) -> Result<Vec<IdentityKey>, StoreError> {
    tx.query_all(
        "SELECT k.bap_id, k.pubkey, k.added_at, c.retired_at
         FROM identity_keys k LEFT JOIN credentials c ON c.kind = 'key' AND c.id = k.pubkey
         WHERE k.user_id = $1 ORDER BY k.added_at DESC, k.bap_id, k.pubkey LIMIT 500",
        params![user_id],
    )?
    .iter()
    .map(|row| {
        Ok(IdentityKey {
            bap_id: row.bap_id(0)?,
            pubkey: row.parsed(1, "a public key", |text| PublicKey::parse(text).ok())?,
            added_at: row.timestamp(2)?,
            retired_at: row.opt_timestamp(3)?,
        })
    })
    .collect()
}

/// A verified signature of a key that is to be registered.
#[derive(Clone, Debug)]
pub struct KeyProof {
    /// The key.
    pub pubkey: PublicKey,
    /// The message, which counts once.
    pub once: Once,
}

/// Why an identity or key is not registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityRefusal {
    /// Another account holds the identity, or the key is none of the identity's.
    NotTheirs,
    /// The account holds as many identities as it may.
    TooMany,
    /// The identity or the account has as many keys as it may.
    TooManyKeys,
    /// The key is another account's, or was retired.
    KeyUnusable,
    /// A key is added only in a session that began a short time ago.
    NotFresh,
    /// A signature does not count.
    Rejected(Rejected),
}

impl From<Rejected> for IdentityRefusal {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}

/// An identity that a user registers.
#[derive(Clone, Debug)]
pub struct NewIdentity {
    /// The user.
    pub user_id: UserId,
    /// Its id.
    pub bap_id: BapId,
    /// Its display name.
    pub name: Option<String>,
    /// Whether it becomes the one that is used without a choice.
    pub is_primary: bool,
    /// The key that it is said to have.
    pub pubkey: Option<PublicKey>,
    /// A key that signed for it: its own, that of its root address, or the one that its published record names.
    pub proof: Option<KeyProof>,
    /// Its published record, if it is needed and known.
    pub record: Option<Arc<BapRecord>>,
    /// Whether the session may add a key to the account.
    pub is_fresh: bool,
    /// The signature that asks for it.
    pub signed: Option<SignedRequest>,
    /// The current time.
    pub now: Timestamp,
}

/// Registers an identity, proven by a key of the account or by one that signed, or only claimed. The key that it is said to
/// have becomes a key of the account if it signed.
pub fn register(tx: &mut dyn Tx, new: &NewIdentity) -> Result<Identity, Stop<IdentityRefusal>> {
    tx.lock(Owner::User(&new.user_id))?;
    signed_request::demand(tx, &new.user_id, new.signed.as_ref())?;
    let refused = |refusal| Err(Stop::Refused(refusal));
    let own = active_keys(tx, &new.user_id)?;
    let mut usable = own.clone();
    if let Some(KeyProof { pubkey, once }) = &new.proof {
        let is_new = require_usable(tx, &new.user_id, pubkey)?;
        // Only its own key becomes a way to sign in; that of its root address stays with its holder.
        let is_added = is_new && new.pubkey.as_ref() == Some(pubkey);
        if is_added && !new.is_fresh {
            return refused(IdentityRefusal::NotFresh);
        }
        if !replay_guard::spend(tx, once)? {
            return refused(IdentityRefusal::Rejected(Rejected::Replayed));
        }
        if is_added {
            add_key(tx, &new.user_id, pubkey, new.now)?;
        }
        usable.push(*pubkey);
    }
    let hashed = usable.iter().find(|key| BapId::of_public_key(key) == new.bap_id);
    let is_named = |record: &Arc<BapRecord>| usable.iter().any(|key| record.names(key));
    let proof = match hashed {
        Some(key) if own.contains(key) || new.pubkey.as_ref() == Some(key) => IdentityProof::Address,
        Some(_) => IdentityProof::IdentityKey,
        None if new.record.as_ref().is_some_and(is_named) => IdentityProof::Record,
        None => IdentityProof::None,
    };
    let named = new.pubkey.filter(|key| usable.contains(key));
    let user = user::find(tx, &new.user_id)?.ok_or(Stop::Refused(IdentityRefusal::NotTheirs))?;
    let is_first = identity::list(tx, &new.user_id)?.is_empty();
    let claimed = Identity {
        bap_id: new.bap_id.clone(),
        user_id: new.user_id.clone(),
        pubkey: named.or_else(|| own.first().copied()),
        name: new.name.clone().unwrap_or(user.name),
        image: None,
        proof,
        root_address: hashed.map(PublicKey::address),
        current_address: None,
        profile: None,
        resolved_at: None,
        is_primary: is_first,
    };
    match identity::claim(tx, &claimed, new.now)? {
        Claim::Theirs => {}
        Claim::Taken => return refused(IdentityRefusal::NotTheirs),
        Claim::TooMany => return refused(IdentityRefusal::TooMany),
    }
    if let Some(name) = &new.name {
        tx.execute(
            "UPDATE identities SET name = $2, updated_at = $3 WHERE bap_id = $1",
            params![&new.bap_id, name, new.now],
        )?;
    }
    if new.is_primary {
        identity::make_primary(tx, &new.user_id, &new.bap_id)?;
    }
    tx.changed(cached::ACCOUNT, new.user_id.as_str())?;
    let held = identity::find(tx, &new.bap_id)?;
    held.ok_or_else(|| StoreError::Corrupt("a claimed identity is missing".to_owned()).into())
}

/// Makes an identity of the user the one that is used without a choice; returns whether it is theirs.
pub fn choose_primary(tx: &mut dyn Tx, user_id: &UserId, bap_id: &BapId) -> Result<bool, StoreError> {
    tx.lock(Owner::User(user_id))?;
    let is_theirs = identity::find(tx, bap_id)?.is_some_and(|held| held.user_id == *user_id);
    if is_theirs {
        identity::make_primary(tx, user_id, bap_id)?;
    }
    Ok(is_theirs)
}

/// A key that an identity rotates to.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// The user.
    pub user_id: UserId,
    /// The identity.
    pub bap_id: BapId,
    /// A key that the identity has, which signed.
    pub by: KeyProof,
    /// The new key, which signed too.
    pub to: KeyProof,
    /// Whether the session may add a key to the account.
    pub is_fresh: bool,
    /// The current time.
    pub now: Timestamp,
}

/// Registers the key that an identity rotates to. The former one stays a key of the account until it is retired.
pub fn rotate(tx: &mut dyn Tx, rotation: &Rotation) -> Result<(), Stop<IdentityRefusal>> {
    let Rotation { user_id, bap_id, by, to, is_fresh, now } = rotation;
    tx.lock(Owner::User(user_id))?;
    let refused = |refusal| Err(Stop::Refused(refusal));
    let held = identity::find(tx, bap_id)?.filter(|held| held.user_id == *user_id);
    let held = held.ok_or(Stop::Refused(IdentityRefusal::NotTheirs))?;
    let keys: Vec<IdentityKey> = list(tx, user_id)?.into_iter().filter(|key| key.bap_id == *bap_id).collect();
    let has = held.pubkey == Some(by.pubkey) || keys.iter().any(|key| key.pubkey == by.pubkey);
    if !has || !active_keys(tx, user_id)?.contains(&by.pubkey) {
        return refused(IdentityRefusal::NotTheirs);
    }
    if !is_fresh {
        return refused(IdentityRefusal::NotFresh);
    }
    let is_new = require_usable(tx, user_id, &to.pubkey)?;
    let is_known = keys.iter().any(|key| key.pubkey == to.pubkey);
    if !is_known && keys.len() >= MOST_KEYS {
        return refused(IdentityRefusal::TooManyKeys);
    }
    for once in [&by.once, &to.once] {
        if !replay_guard::spend(tx, once)? {
            return refused(IdentityRefusal::Rejected(Rejected::Replayed));
        }
    }
    if is_new {
        add_key(tx, user_id, &to.pubkey, *now)?;
    }
    identity::add_key(tx, bap_id, user_id, &to.pubkey, *now)?;
    tx.execute(
        "UPDATE identities SET pubkey = $2, updated_at = $3 WHERE bap_id = $1",
        params![bap_id, to.pubkey, *now],
    )?;
    tx.changed(cached::ACCOUNT, user_id.as_str())?;
    Ok(())
}

/// The keys that the account can sign in with.
fn active_keys(tx: &mut dyn Tx, user_id: &UserId) -> Result<Vec<PublicKey>, StoreError> {
    let stored = credential::list(tx, user_id)?.into_iter();
    let keys = stored.filter(|held| held.credential.kind == CredentialKind::Key && held.retired_at.is_none());
    Ok(keys.filter_map(|held| PublicKey::parse(&held.credential.id).ok()).collect())
}

/// Whether the key is new to the account; refused if another account has it, or if it was retired.
fn require_usable(tx: &mut dyn Tx, user_id: &UserId, pubkey: &PublicKey) -> Result<bool, Stop<IdentityRefusal>> {
    match credential::find(tx, &Credential::key(pubkey))? {
        None => Ok(true),
        Some(held) if held.user_id == *user_id && held.retired_at.is_none() => Ok(false),
        Some(_) => Err(Stop::Refused(IdentityRefusal::KeyUnusable)),
    }
}

fn add_key(tx: &mut dyn Tx, user_id: &UserId, pubkey: &PublicKey, now: Timestamp) -> Result<(), Stop<IdentityRefusal>> {
    let keys = credential::list(tx, user_id)?.iter().filter(|held| held.credential.kind == CredentialKind::Key).count();
    if keys >= MOST_ACCOUNT_KEYS {
        return Err(Stop::Refused(IdentityRefusal::TooManyKeys));
    }
    credential::add(tx, user_id, &Credential::key(pubkey), now)?;
    let added = NewEvent::new(Action::CredentialAdd).about(user_id).to(Target::User(user_id.clone()));
    Ok(event::append(tx, added.method("key"))?)
}
