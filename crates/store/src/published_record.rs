//! Published records of identities (`docs/spec/keys.md#published-records`): what a resolver says, kept beside what users claim.

use sigma_bitcoin::{BapId, PublicKey};
use sigma_core::actor::Actor;
use sigma_core::authentication::CredentialKind;
use sigma_core::bap_record::BapRecord;
use sigma_core::event::{Action, Target};
use sigma_core::person::{Identity, IdentityProof};
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::{Outage, Owner, StoreError, Tx, cached, credential, identity, params};

/// What a resolver said of an identity.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The identity.
    pub bap_id: BapId,
    /// Its record; `None` if it has none.
    pub record: Option<BapRecord>,
    /// When it was asked.
    pub now: Timestamp,
}

/// Keeps what a resolver said of an identity that somebody holds, unless it was asked again since. A record that names a key which the account signed with, and has
/// not retired, proves the identity.
pub fn keep(tx: &mut dyn Tx, resolved: &Resolved) -> Result<(), StoreError> {
    let Resolved { bap_id, record, now } = resolved;
    let Some(found) = identity::find(tx, bap_id)? else { return Ok(()) };
    tx.lock(Owner::User(&found.user_id))?;
    let Some(held) = identity::find(tx, bap_id)?.filter(|held| held.user_id == found.user_id) else {
        // It passed to another account before its owner was locked.
        return Err(Outage::Contended.into());
    };
    if held.resolved_at.is_some_and(|at| at > *now) {
        return Ok(());
    }
    let is_proven_now = !held.proof.is_proven()
        && match record {
            Some(record) => keys_of(tx, &held)?.iter().any(|key| record.names(key)),
            None => false,
        };
    let proof = if is_proven_now { IdentityProof::Record } else { held.proof };
    let root_address = record.as_ref().and_then(BapRecord::root_address).or(held.root_address.as_deref());
    tx.execute(
        "UPDATE identities SET proof = $2, profile = $3, root_address = $4, current_address = $5, resolved_at = $6
         WHERE bap_id = $1",
        params![
            bap_id,
            proof.as_str(),
            record.as_ref().map(BapRecord::json),
            root_address,
            record.as_ref().and_then(BapRecord::current_address),
            *now
        ],
    )?;
    if is_proven_now {
        let proven = NewEvent::new(Action::IdentityClaim).by(Actor::System).about(&held.user_id);
        event::append(tx, proven.to(Target::Identity(bap_id.clone())).method(proof.as_str()))?;
    }
    tx.changed(cached::ACCOUNT, held.user_id.as_str())
}

/// The keys with which the holder of an identity can sign in.
fn keys_of(tx: &mut dyn Tx, held: &Identity) -> Result<Vec<PublicKey>, StoreError> {
    let stored = credential::list(tx, &held.user_id)?.into_iter();
    let keys = stored.filter(|one| one.credential.kind == CredentialKind::Key && one.retired_at.is_none());
    Ok(keys.filter_map(|one| PublicKey::parse(&one.credential.id).ok()).collect())
}
