//! The HS256 secrets of workspaces, sealed. A retired one verifies until the last token signed with it has expired.

use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::event::{Action, Target};
use sigma_core::ids::OrgId;
use sigma_core::org::{Reason, Refusal, Right};
use sigma_core::random::{Rng, alphanumeric, bytes};
use sigma_core::time::Timestamp;
use zeroize::Zeroizing;

use crate::event::{self, NewEvent};
use crate::org::authority;
use crate::org::decision::Decision;
use crate::{MasterKey, SealError, StoreError, Tx, cached, params};

/// How long a retired secret verifies: the day of a token, plus an hour for clock skew.
const VERIFIES: Duration = Duration::from_hours(25);
/// Length of a secret's name.
const KID_LENGTH: usize = 16;
/// Most secrets that verify at once.
const MOST: usize = 25;

/// A secret as stored.
#[derive(Clone, Debug)]
pub struct StoredSecret {
    /// Its `kid` in the header of tokens.
    pub kid: String,
    /// The secret, sealed under [`seal_context`].
    pub sealed: Vec<u8>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was replaced; `None` for the current one.
    pub retired_at: Option<Timestamp>,
}

/// The context under which a workspace's secret is sealed: a copy in another workspace does not open.
pub fn seal_context(org_id: &OrgId, kid: &str) -> String {
    format!("workspace-secret/{org_id}/{kid}")
}

/// A new secret of 256 bits for a workspace: its name, and the sealed secret.
///
/// # Errors
/// Sealing fails.
pub fn make(org_id: &OrgId, master_key: &MasterKey, rng: &dyn Rng) -> Result<(String, Vec<u8>), SealError> {
    let kid = alphanumeric(rng, KID_LENGTH);
    let secret = Zeroizing::new(bytes::<32>(rng));
    let sealed = master_key.seal(&seal_context(org_id, &kid), secret.as_slice(), rng)?;
    Ok((kid, sealed))
}

/// The secrets that verify at `now`, the current one first.
pub fn list(tx: &mut dyn Tx, org_id: &OrgId, now: Timestamp) -> Result<Vec<StoredSecret>, StoreError> {
    tx.query_all(
        "SELECT kid, secret, created_at, retired_at FROM org_secrets
         WHERE org_id = $1 AND (delete_after IS NULL OR delete_after > $2)
         ORDER BY CASE WHEN retired_at IS NULL THEN 0 ELSE 1 END, created_at DESC",
        params![org_id, now],
    )?
    .iter()
    .map(|row| {
        Ok(StoredSecret {
            kid: row.text(0)?,
            sealed: row.bytes(1)?,
            created_at: row.timestamp(2)?,
            retired_at: row.opt_timestamp(3)?,
        })
    })
    .collect()
}

/// Replaces the current secret. Nobody is logged out: the old one still verifies.
pub fn rotate(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    kid: &str,
    sealed: &[u8],
    now: Timestamp,
) -> Decision<()> {
    let authority = authority::lock(tx, org_id, actor, now)?;
    authority.require(Right::Workspace)?;
    if list(tx, org_id, now)?.len() >= MOST {
        return Err(Refusal::Conflict(Reason::Rotated).into());
    }
    tx.execute(
        "UPDATE org_secrets SET retired_at = $2, delete_after = $3 WHERE org_id = $1 AND retired_at IS NULL",
        params![org_id, now, now.plus(VERIFIES)],
    )?;
    insert(tx, org_id, kid, sealed, now)?;
    tx.changed(cached::ORG, org_id.as_str())?;
    let rotated = NewEvent::new(Action::WorkspaceRotateSecret).within(org_id).to(Target::Workspace(org_id.clone()));
    event::append(tx, rotated.by(actor.clone()))?;
    Ok(())
}

pub(crate) fn insert(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    kid: &str,
    sealed: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO org_secrets (org_id, kid, secret, created_at, retired_at, delete_after)
         VALUES ($1, $2, $3, $4, NULL, NULL)",
        params![org_id, kid, sealed, now],
    )?;
    Ok(())
}
