//! What is revoked after a restore: a backup knows nothing of what was ended after it was made, so that all of that is valid again.

use serde::Serialize;
use sigma_core::time::Timestamp;

use super::TransferError;
use super::database::Target;
use crate::{lost_time, params};

/// The tables that [`revoke_since`] changes.
pub(crate) const REVOKED: [&str; 12] = [
    "account_merges",
    "api_keys",
    "app_invitations",
    "codes",
    "device_codes",
    "email_additions",
    "first_owner_links",
    "grants",
    "meta",
    "one_time_links",
    "org_sessions",
    "sessions",
];

/// How much was revoked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Revoked {
    /// Signed-in browsers.
    pub sessions: u64,
    /// Sessions of workspaces.
    pub workspace_sessions: u64,
    /// Grants of apps, with their tokens.
    pub grants: u64,
    /// API keys.
    pub api_keys: u64,
    /// Links and codes that nobody used yet.
    pub links: u64,
}

/// Ends what began at `since` or later: sessions, grants, API keys, and unused links, invitations and codes. Tokens without a row are
/// refused from now on if they were issued then.
pub(crate) fn revoke_since(
    target: &mut dyn Target,
    since: Timestamp,
    now: Timestamp,
) -> Result<Revoked, TransferError> {
    let with_now = params![since, now];
    let mut ended = |sql| target.run(sql, with_now);
    let sessions = ended("UPDATE sessions SET ended_at = $2 WHERE created_at >= $1 AND ended_at IS NULL")?;
    let workspace_sessions =
        ended("UPDATE org_sessions SET ended_at = $2 WHERE created_at >= $1 AND ended_at IS NULL")?;
    let grants = ended("UPDATE grants SET revoked_at = $2 WHERE created_at >= $1 AND revoked_at IS NULL")?;
    let mut gone = |sql| target.run(sql, params![since]);
    let api_keys = gone("UPDATE api_keys SET active = 0 WHERE created_at >= $1 AND active = 1")?;
    let links = gone("DELETE FROM one_time_links WHERE created_at >= $1 AND used_at IS NULL")?
        + gone("DELETE FROM app_invitations WHERE created_at >= $1")?
        + gone("DELETE FROM codes WHERE created_at >= $1")?
        + gone("DELETE FROM device_codes WHERE created_at >= $1")?
        + gone("DELETE FROM first_owner_links WHERE created_at >= $1")?
        + gone("DELETE FROM email_additions WHERE created_at >= $1")?
        + gone("DELETE FROM account_merges WHERE created_at >= $1")?;
    if since <= now {
        let (name, value) = lost_time::row(since, now);
        target.run(lost_time::RECORD, params![name, value])?;
    }
    Ok(Revoked { sessions, workspace_sessions, grants, api_keys, links })
}
