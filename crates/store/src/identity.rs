//! BAP identities of users, and who may claim one.

use sigma_bitcoin::{BapId, PublicKey};
use sigma_core::actor::Actor;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::UserId;
use sigma_core::person::{Identity, IdentityProof};
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::{Row, StoreError, Tx, cached, params};

/// The identities of a user, oldest first; at most 500.
pub fn list(tx: &mut dyn Tx, user_id: &UserId) -> Result<Vec<Identity>, StoreError> {
    tx.query_all(
        "SELECT bap_id, user_id, pubkey, name, image, proof, root_address, current_address, profile, is_primary, resolved_at
         FROM identities WHERE user_id = $1 ORDER BY created_at, bap_id LIMIT 500",
        params![user_id],
    )?
    .iter()
    .map(decode)
    .collect()
}

/// The identity that a user acts as without choosing one.
pub fn find_primary(tx: &mut dyn Tx, user_id: &UserId) -> Result<Option<BapId>, StoreError> {
    let row = tx.query_opt(
        "SELECT bap_id FROM identities WHERE user_id = $1 ORDER BY is_primary DESC, created_at, bap_id LIMIT 1",
        params![user_id],
    )?;
    row.map(|row| row.bap_id(0)).transpose()
}

/// The identity of that id, of any user.
pub fn find(tx: &mut dyn Tx, bap_id: &BapId) -> Result<Option<Identity>, StoreError> {
    tx.query_opt(
        "SELECT bap_id, user_id, pubkey, name, image, proof, root_address, current_address, profile, is_primary, resolved_at
         FROM identities WHERE bap_id = $1",
        params![bap_id],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// The outcome of claiming an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is theirs, newly or already.
    Theirs,
    /// Another user holds it with an equal or better claim.
    Taken,
    /// They hold as many as one account may.
    TooMany,
}

/// Most identities per account.
pub(crate) const MOST_IDENTITIES: usize = 100;

/// Claims `bap_id` for its `identity.user_id`: the first claim wins, and a proven one displaces an unproven one
/// (`docs/spec/keys.md#identities`).
pub fn claim(tx: &mut dyn Tx, identity: &Identity, now: Timestamp) -> Result<Claim, StoreError> {
    let proof = identity.proof;
    let Some(held) = find(tx, &identity.bap_id)? else {
        if list(tx, &identity.user_id)?.len() >= MOST_IDENTITIES {
            return Ok(Claim::TooMany);
        }
        tx.execute(
            "INSERT INTO identities (bap_id, user_id, pubkey, name, image, proof, root_address, current_address, profile,
                is_primary, created_at, updated_at)
             VALUES ($1, $2, $3, $4, NULL, $5, $6, NULL, NULL, $7, $8, $8)",
            params![
                &identity.bap_id,
                &identity.user_id,
                identity.pubkey.map(|key| key.to_hex()).unwrap_or_default(),
                &identity.name,
                proof.as_str(),
                identity.root_address.as_deref(),
                identity.is_primary,
                now
            ],
        )?;
        add_key_of(tx, identity, now)?;
        tx.changed(cached::ACCOUNT, identity.user_id.as_str())?;
        event::append(tx, recorded(identity))?;
        return Ok(Claim::Theirs);
    };
    let improves = proof.is_proven() && !held.proof.is_proven();
    let changes_hands = held.user_id != identity.user_id;
    if changes_hands && !improves {
        return Ok(Claim::Taken);
    }
    if changes_hands && list(tx, &identity.user_id)?.len() >= MOST_IDENTITIES {
        return Ok(Claim::TooMany);
    }
    if improves {
        // Nothing is kept of another user's claim; the user's own keeps its fields when proven.
        let identity = if changes_hands {
            identity.clone()
        } else {
            Identity { name: held.name.clone(), is_primary: held.is_primary, ..identity.clone() }
        };
        tx.execute(
            "UPDATE identities SET user_id = $2, pubkey = $3, name = $4, image = NULL, proof = $5,
                root_address = COALESCE(CAST($6 AS TEXT), root_address),
                is_primary = $7, updated_at = $8
             WHERE bap_id = $1",
            params![
                &identity.bap_id,
                &identity.user_id,
                identity.pubkey.map(|key| key.to_hex()).unwrap_or_default(),
                &identity.name,
                proof.as_str(),
                identity.root_address.as_deref(),
                identity.is_primary,
                now
            ],
        )?;
        if changes_hands {
            forget_of(tx, &held.bap_id, &held.user_id, now)?;
        }
        add_key_of(tx, &identity, now)?;
        tx.changed(cached::ACCOUNT, held.user_id.as_str())?;
        tx.changed(cached::ACCOUNT, identity.user_id.as_str())?;
        event::append(tx, recorded(&identity))?;
        if changes_hands {
            let details = Details { reason: Some("proven_by_another".to_owned()), ..Details::default() };
            let target = Target::Identity(identity.bap_id.clone());
            let lost = NewEvent::new(Action::IdentityLose).by(Actor::System).about(&held.user_id).to(target);
            event::append(tx, lost.with(details))?;
        }
    }
    Ok(Claim::Theirs)
}

/// Makes an identity of the user the one that is used without a choice.
pub(crate) fn make_primary(tx: &mut dyn Tx, user_id: &UserId, bap_id: &BapId) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE identities SET is_primary = CASE WHEN bap_id = $2 THEN 1 ELSE 0 END WHERE user_id = $1",
        params![user_id, bap_id],
    )?;
    tx.changed(cached::ACCOUNT, user_id.as_str())
}

/// Records a key of an identity.
pub(crate) fn add_key(
    tx: &mut dyn Tx,
    bap_id: &BapId,
    user_id: &UserId,
    pubkey: &PublicKey,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO identity_keys (bap_id, pubkey, user_id, added_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (bap_id, pubkey) DO NOTHING",
        params![bap_id, pubkey, user_id, now],
    )?;
    Ok(())
}

fn add_key_of(tx: &mut dyn Tx, identity: &Identity, now: Timestamp) -> Result<(), StoreError> {
    match &identity.pubkey {
        Some(pubkey) => add_key(tx, &identity.bap_id, &identity.user_id, pubkey, now),
        None => Ok(()),
    }
}

/// Deletes what its former user filled in for an identity, and the wallets that they connected to it.
fn forget_of(tx: &mut dyn Tx, bap_id: &BapId, user_id: &UserId, now: Timestamp) -> Result<(), StoreError> {
    let of_it = params![bap_id, user_id];
    tx.execute(
        "UPDATE pictures SET delete_after = $3 WHERE user_id = $2 AND id IN
            (SELECT picture FROM profiles WHERE bap_id = $1 AND user_id = $2 AND picture IS NOT NULL)",
        params![bap_id, user_id, now],
    )?;
    tx.execute("DELETE FROM profiles WHERE bap_id = $1 AND user_id = $2", of_it)?;
    tx.execute("DELETE FROM wallets WHERE bap_id = $1 AND user_id = $2", of_it)?;
    tx.execute("DELETE FROM identity_keys WHERE bap_id = $1 AND user_id = $2", of_it)?;
    Ok(())
}

fn recorded(identity: &Identity) -> NewEvent {
    let event = NewEvent::new(Action::IdentityClaim).by(Actor::User(identity.user_id.clone()));
    event.to(Target::Identity(identity.bap_id.clone())).method(identity.proof.as_str())
}

fn decode(row: &Row) -> Result<Identity, StoreError> {
    Ok(Identity {
        bap_id: row.bap_id(0)?,
        user_id: UserId::from_text(row.text(1)?),
        pubkey: row.opt_public_key(2)?,
        name: row.text(3)?,
        image: row.opt_text(4)?,
        proof: IdentityProof::parse(&row.text(5)?),
        root_address: row.opt_text(6)?,
        current_address: row.opt_text(7)?,
        profile: row.opt_text(8)?,
        is_primary: row.bool(9)?,
        resolved_at: row.opt_timestamp(10)?,
    })
}
