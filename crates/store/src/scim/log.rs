//! The log of requests that an org's administrators read: the last [`MOST_REQUESTS`] of each connection, for [`KEPT`].

use std::time::Duration;

use sigma_core::ids::{OrgId, ScimConnectionId};
use sigma_core::time::Timestamp;

use crate::{Row, StoreError, Tx, params};

/// Most requests that are kept of a connection.
pub const MOST_REQUESTS: i64 = 1_000;
/// How long they are kept.
pub const KEPT: Duration = Duration::from_hours(30 * 24);

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedRequest {
    /// The org.
    pub org_id: OrgId,
    /// The connection.
    pub connection_id: ScimConnectionId,
    /// Its number among those of the connection; given when it is stored.
    pub number: i64,
    /// When it began.
    pub at: Timestamp,
    /// The HTTP method.
    pub method: String,
    /// Path and query, shortened.
    pub path: String,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The `scimType` of a refusal.
    pub scim_type: Option<String>,
    /// How long it took, in microseconds.
    pub micros: i64,
    /// The id of the request.
    pub request_id: String,
}

/// Stores requests, at most 200. Those of connections that were removed meanwhile are dropped.
pub fn record(tx: &mut dyn Tx, requests: &[LoggedRequest]) -> Result<(), StoreError> {
    for request in requests {
        let counted = tx.query_opt(
            "UPDATE scim_connections SET requests = requests + 1, last_used_at = $3 WHERE org_id = $1 AND id = $2
             RETURNING requests",
            params![&request.org_id, &request.connection_id, request.at],
        )?;
        let Some(row) = counted else { continue };
        let number = row.int(0)?;
        tx.execute(
            "INSERT INTO scim_requests (org_id, connection_id, slot, number, at, method, path, status, scim_type, micros,
                request_id, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (org_id, connection_id, slot) DO UPDATE SET number = excluded.number, at = excluded.at,
                method = excluded.method, path = excluded.path, status = excluded.status, scim_type = excluded.scim_type,
                micros = excluded.micros, request_id = excluded.request_id, expires_at = excluded.expires_at",
            params![
                &request.org_id,
                &request.connection_id,
                number.rem_euclid(MOST_REQUESTS),
                number,
                request.at,
                &request.method,
                &request.path,
                i32::from(request.status),
                request.scim_type.as_deref(),
                request.micros,
                &request.request_id,
                request.at.plus(KEPT),
            ],
        )?;
    }
    Ok(())
}

/// At most `limit` requests of a connection, newest first, before the one of that number.
pub fn list(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    id: &ScimConnectionId,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<LoggedRequest>, StoreError> {
    tx.query_all(
        "SELECT org_id, connection_id, number, at, method, path, status, scim_type, micros, request_id FROM scim_requests
         WHERE org_id = $1 AND connection_id = $2 AND number < $3 ORDER BY number DESC LIMIT $4",
        params![org_id, id, before.unwrap_or(i64::MAX), limit],
    )?
    .iter()
    .map(decode)
    .collect()
}

fn decode(row: &Row) -> Result<LoggedRequest, StoreError> {
    Ok(LoggedRequest {
        org_id: OrgId::from_text(row.text(0)?),
        connection_id: ScimConnectionId::from_text(row.text(1)?),
        number: row.int(2)?,
        at: row.timestamp(3)?,
        method: row.text(4)?,
        path: row.text(5)?,
        status: u16::try_from(row.int(6)?).unwrap_or_default(),
        scim_type: row.opt_text(7)?,
        micros: row.int(8)?,
        request_id: row.text(9)?,
    })
}
