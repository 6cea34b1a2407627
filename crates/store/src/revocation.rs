//! Revocation of tokens by the app that holds them (RFC 7009).

use sigma_core::event::{Action, Target};
use sigma_core::ids::GrantId;
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::grant::{self, Revocation};
use crate::replay_guard::{self, Once};
use crate::{StoreError, Tx, cached, params};

/// A token that its app revokes.
#[derive(Clone, Debug)]
pub enum RevokedToken {
    /// An access or refresh token: its grant ends.
    OfGrant(GrantId),
    /// An access token without a grant, by its `jti`, until it expires.
    Single(String, Timestamp),
    /// Not a token of the app's: nothing ends.
    Unknown,
}

/// Revokes a token at its app's request; returns whether the app's one-time credential was new. Otherwise nothing ends.
pub fn revoke_for_app(
    tx: &mut dyn Tx,
    token: &RevokedToken,
    once: Option<&Once>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if !replay_guard::spend_if(tx, once)? {
        return Ok(false);
    }
    match token {
        RevokedToken::OfGrant(id) => grant::revoke(tx, id, Revocation::Requested, now)?,
        RevokedToken::Single(jti, expires_at) => revoke_single(tx, jti, *expires_at)?,
        RevokedToken::Unknown => {}
    }
    Ok(true)
}

/// Revokes one access token that has no grant (client credentials).
fn revoke_single(tx: &mut dyn Tx, jti: &str, expires_at: Timestamp) -> Result<(), StoreError> {
    let revoked = tx.execute(
        "INSERT INTO revoked_tokens (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
        params![jti, expires_at],
    )?;
    if revoked == 1 {
        event::append(tx, NewEvent::new(Action::TokenRevoke).to(Target::Token(jti.to_owned())))?;
    }
    tx.changed(cached::TOKEN, jti)
}

/// Whether an access token without a grant was revoked.
pub fn is_revoked(tx: &mut dyn Tx, jti: &str) -> Result<bool, StoreError> {
    Ok(tx.query_opt("SELECT id FROM revoked_tokens WHERE id = $1", params![jti])?.is_some())
}
