//! Requests of "Login with Sigma" and "Link App": what an app asks for, until the person answers. Known by the digest of a
//! token that is used once; one that has expired is remembered for a day, so that the person is sent back.

use std::time::Duration;

use sigma_core::digest::Digest;
use sigma_core::ids::{AppId, OrgId};
use sigma_core::merits::{MemberPermissions, MeritProblem, OrgPermissions, ReturnUrl};
use sigma_core::time::Timestamp;

use super::decision::Decision;
use crate::{Row, StoreError, Tx, params, quota};

/// How long a request waits for its answer.
pub const LIFETIME: Duration = Duration::from_mins(10);
/// How long an expired one is remembered.
const REMEMBERED: Duration = Duration::from_hours(24);
/// Requests of one app within an hour.
const MOST_PER_HOUR: i64 = 36_000;
/// The longest `state`, in bytes.
pub const LONGEST_STATE: usize = 4_096;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// "Login with Sigma": a member lets the app see merits, on behalf of the org.
    Login(OrgId, MemberPermissions),
    /// "Link App": an admin lets the app act for an org.
    Link(OrgPermissions),
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The app.
    pub app_id: AppId,
    /// What it asks for.
    pub asked: Asked,
    /// Where the person goes who agrees.
    pub success_url: ReturnUrl,
    /// Where the person goes otherwise.
    pub failure_url: ReturnUrl,
    /// What the app gets back.
    pub state: Option<String>,
}

/// A request as it is found by its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The request.
    pub request: Request,
    /// Whether it can be answered.
    pub validity: Validity,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// Whether a request can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// It waits for its answer.
    Open,
    /// It was answered.
    Used,
    /// Nobody answered in time.
    Expired,
}

impl Request {
    /// What an app wants to do for an org.
    pub(super) fn org_permissions(&self) -> Result<OrgPermissions, MeritProblem> {
        if let Asked::Link(permissions) = &self.asked { Ok(*permissions) } else { Err(MeritProblem::NotFound) }
    }

    /// What an app wants to see, and on behalf of which org.
    pub(super) fn member_permissions(&self) -> Result<(&OrgId, &MemberPermissions), MeritProblem> {
        if let Asked::Login(org, permissions) = &self.asked {
            Ok((org, permissions))
        } else {
            Err(MeritProblem::NotFound)
        }
    }
}

/// Stores a request under the digest of its token; returns when it expires.
pub fn begin(tx: &mut dyn Tx, hash: &Digest, request: &Request, now: Timestamp) -> Decision<Timestamp> {
    let app = (quota::Purpose::MeritRequestsOfApp, request.app_id.as_str());
    if let Err(until) = quota::take(tx, app, (1, MOST_PER_HOUR), now, Duration::from_hours(1))? {
        return Err(super::send::rate_limit(until, now).into());
    }
    let (kind, org_id, permissions) = match &request.asked {
        Asked::Login(org_id, permissions) => ("login", Some(org_id), permissions.to_stored()),
        Asked::Link(permissions) => ("link", None, permissions.bits().to_string()),
    };
    let expires_at = now.plus(LIFETIME);
    tx.execute(
        "INSERT INTO merit_requests (hash, kind, app_id, org_id, permissions, success_url, failure_url, state, expires_at,
            delete_after)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            hash,
            kind,
            &request.app_id,
            org_id,
            permissions,
            request.success_url.as_str(),
            request.failure_url.as_str(),
            request.state.as_deref(),
            expires_at,
            expires_at.plus(REMEMBERED)
        ],
    )?;
    Ok(expires_at)
}

/// The request of that token, for a day after it expired.
pub fn find(tx: &mut dyn Tx, hash: &Digest, now: Timestamp) -> Result<Option<Found>, StoreError> {
    let row = tx.query_opt(
        "SELECT kind, app_id, org_id, permissions, success_url, failure_url, state, used_at, expires_at
         FROM merit_requests WHERE hash = $1 AND delete_after > $2",
        params![hash, now],
    )?;
    let Some(row) = row else { return Ok(None) };
    let expires_at = row.timestamp(8)?;
    let validity = match row.opt_timestamp(7)? {
        Some(_) => Validity::Used,
        None if expires_at <= now => Validity::Expired,
        None => Validity::Open,
    };
    Ok(Some(Found { request: decode(&row)?, validity, expires_at }))
}

/// Uses a request up, whatever the answer; `None` if it was answered or has expired.
pub fn consume(tx: &mut dyn Tx, hash: &Digest, now: Timestamp) -> Result<Option<Request>, StoreError> {
    tx.query_opt(
        "UPDATE merit_requests SET used_at = $2 WHERE hash = $1 AND used_at IS NULL AND expires_at > $2
         RETURNING kind, app_id, org_id, permissions, success_url, failure_url, state",
        params![hash, now],
    )?
    .map(|row| decode(&row))
    .transpose()
}

fn decode(row: &Row) -> Result<Request, StoreError> {
    let damaged = || StoreError::Corrupt("a request of an app".to_owned());
    let asked = match row.opt_text(2)? {
        Some(org_id) => {
            Asked::Login(OrgId::from_text(org_id), row.parsed(3, "permissions", MemberPermissions::from_stored)?)
        }
        None => Asked::Link(row.text(3)?.parse().ok().and_then(OrgPermissions::from_bits).ok_or_else(damaged)?),
    };
    Ok(Request {
        app_id: AppId::from_text(row.text(1)?),
        asked,
        success_url: row.parsed(4, "a URL", ReturnUrl::from_stored)?,
        failure_url: row.parsed(5, "a URL", ReturnUrl::from_stored)?,
        state: row.opt_text(6)?,
    })
}
