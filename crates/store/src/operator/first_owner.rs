//! The link that makes whoever follows it, signed in, the first owner. It is worth something only while there is none.

use std::time::Duration;

use sigma_core::digest::Digest;
use sigma_core::ids::UserId;
use sigma_core::operator::OperatorRole;
use sigma_core::time::Timestamp;

use super::role::{self, Workspace};
use crate::{Owner, Stop, StoreError, Tx, params, user};

/// How long a link is valid.
pub const LIFE: Duration = Duration::from_hours(24);

/// Stores a link, unless there is an owner; returns whether it was stored. Every instance has one of its own.
pub fn offer(tx: &mut dyn Tx, link: &Digest, now: Timestamp) -> Result<bool, StoreError> {
    if role::has_owner(tx)? {
        return Ok(false);
    }
    tx.execute(
        "INSERT INTO first_owner_links (hash, created_at, expires_at) VALUES ($1, $2, $3)",
        params![link, now, now.plus(LIFE)],
    )?;
    Ok(true)
}

/// Whether a link may be used. Looking at it uses nothing up.
pub fn is_valid(tx: &mut dyn Tx, link: &Digest, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM first_owner_links WHERE hash = $1 AND expires_at > $2";
    Ok(tx.query_opt(sql, params![link, now])?.is_some() && !role::has_owner(tx)?)
}

/// Makes a person the first owner, and ends every link; returns whether the link was valid.
pub fn take(
    tx: &mut dyn Tx,
    link: &Digest,
    user_id: &UserId,
    workspace: &Workspace,
    now: Timestamp,
) -> Result<bool, StoreError> {
    // One person at a time: two of them become the first owner of nothing.
    tx.lock(Owner::Installation)?;
    if !is_valid(tx, link, now)? || !user::is_active(tx, user_id)? {
        return Ok(false);
    }
    role::prepare(tx, workspace, now)?;
    role::appoint(tx, user_id, OperatorRole::Owner, now).map_err(|stop| match stop {
        Stop::Refused(refusal) => StoreError::Failed(format!("the first owner: {refusal}")),
        Stop::Failed(error) => error,
    })?;
    tx.execute("DELETE FROM first_owner_links", params![])?;
    Ok(true)
}
