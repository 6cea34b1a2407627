//! Authorization requests that apps pushed (RFC 9126): each is answered with one code.

use sigma_core::digest::Digest;
use sigma_core::ids::AppId;
use sigma_core::time::Timestamp;

use crate::{StoreError, Tx, params};

/// A pushed request.
#[derive(Clone, Debug)]
pub struct PushedRequest {
    /// The digest of its `request_uri`.
    pub hash: Digest,
    /// The app that sent it.
    pub app_id: AppId,
    /// Its parameters, form-encoded.
    pub query: String,
    /// When its `request_uri` expires.
    pub expires_at: Timestamp,
    /// How long it may take to be answered.
    pub delete_after: Timestamp,
}

/// Stores a request.
pub fn push(tx: &mut dyn Tx, request: &PushedRequest) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO pushed_requests (hash, app_id, query, expires_at, used_at, delete_after)
         VALUES ($1, $2, $3, $4, NULL, $5)",
        params![request.hash, &request.app_id, &request.query, request.expires_at, request.delete_after],
    )?;
    Ok(())
}

/// The parameters of the app's request, unless it expired or was answered. A person may come back to it until then: pages
/// are loaded twice, and links are previewed (RFC 9126 §4).
pub fn find(tx: &mut dyn Tx, hash: &Digest, app_id: &AppId, now: Timestamp) -> Result<Option<String>, StoreError> {
    let row = tx.query_opt(
        "SELECT query FROM pushed_requests WHERE hash = $1 AND app_id = $2 AND expires_at > $3 AND used_at IS NULL",
        params![hash, app_id, now],
    )?;
    row.map(|row| row.text(0)).transpose()
}

/// Consumes a request for its code; returns whether this was the first.
pub(crate) fn spend(tx: &mut dyn Tx, hash: &Digest, now: Timestamp) -> Result<bool, StoreError> {
    let spent =
        tx.execute("UPDATE pushed_requests SET used_at = $2 WHERE hash = $1 AND used_at IS NULL", params![hash, now])?;
    Ok(spent == 1)
}
