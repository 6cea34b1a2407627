//! The HS256 secrets of workspaces, sealed. A retired one verifies until the last token signed with it has expired.

use std::time::Duration;

use sigma_core::ids::OrgId;
use sigma_core::random::{Rng, alphanumeric, bytes};
use sigma_core::time::Timestamp;
use sigma_core::workspace::{Actor, Refusal, Right};
use zeroize::Zeroizing;

use crate::workspace::{Decision, authority, granted, tenant};
use crate::{MasterKey, SealError, StoreError, Tx, params};

/// How long a retired secret verifies: a token's day, and an hour for clocks.
const VERIFIES: Duration = Duration::from_hours(25);
/// Letters and digits of a secret's name.
const KID_LENGTH: usize = 16;
/// Most secrets that verify at once.
const MOST: usize = 25;

/// A secret as it is stored.
#[derive(Clone, Debug)]
pub struct StoredSecret {
    /// Its name in the header of tokens.
    pub kid: String,
    /// The secret, sealed under [`seal_context`].
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When another took its place; the one without signs.
    pub retired_at: Option<Timestamp>,
}

/// The context that a workspace's secret is sealed under: one that was copied to another workspace does not open.
pub fn seal_context(org_id: &OrgId, kid: &str) -> String {
    format!("workspace-secret/{org_id}/{kid}")
}

/// A new secret of 256 bits for a workspace: its name, and itself, sealed.
///
/// # Errors
/// It cannot be sealed.
pub fn make(org_id: &OrgId, master_key: &MasterKey, rng: &dyn Rng) -> Result<(String, Vec<u8>), SealError> {
    let kid = alphanumeric(rng, KID_LENGTH);
    let secret = Zeroizing::new(bytes::<32>(rng));
    let sealed = master_key.seal(&seal_context(org_id, &kid), secret.as_slice(), rng)?;
    Ok((kid, sealed))
}

/// The secrets that verify at `now`, the one that signs first.
pub fn list(tx: &mut dyn Tx, org_id: &OrgId, now: Timestamp) -> Result<Vec<StoredSecret>, StoreError> {
    tx.query_all(
        "SELECT kid, secret, created_at, retired_at FROM workspace_secrets
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

/// Puts a new secret in the place of the one that signs. Nobody is logged out: the old one goes on verifying.
pub fn rotate(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    kid: &str,
    sealed: &[u8],
    now: Timestamp,
) -> Decision<()> {
    let authority = granted!(authority::lock(tx, org_id, actor, now)?);
    granted!(authority.require(Right::Workspace));
    if list(tx, org_id, now)?.len() >= MOST {
        return Ok(Err(Refusal::Conflict("The secret has been rotated too often today")));
    }
    tx.execute(
        "UPDATE workspace_secrets SET retired_at = $2, delete_after = $3 WHERE org_id = $1 AND retired_at IS NULL",
        params![org_id, now, now.plus(VERIFIES)],
    )?;
    insert(tx, org_id, kid, sealed, now)?;
    tx.changed(tenant::CHANGED, org_id.as_str())?;
    Ok(Ok(()))
}

pub(super) fn insert(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    kid: &str,
    sealed: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO workspace_secrets (org_id, kid, secret, created_at, retired_at, delete_after)
         VALUES ($1, $2, $3, $4, NULL, NULL)",
        params![org_id, kid, sealed, now],
    )?;
    Ok(())
}
