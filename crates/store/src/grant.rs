//! Grants, and the refresh tokens of those that outlive their session.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sigma_core::app::App;
use sigma_core::code::{Authorization, Code};
use sigma_core::digest::Digest;
use sigma_core::event::{Action, Details, Target};
use sigma_core::grant::{Grant, REMEMBERED, RefreshToken, Rotation, judge};
use sigma_core::ids::{AppId, GrantId, SessionId, UserId};
use sigma_core::resource::Targets;
use sigma_core::scope::{OFFLINE_ACCESS, Scopes};
use sigma_core::time::Timestamp;

use crate::app::{from_texts, texts};
use crate::code::{Redeem, narrow};
use crate::event::{self, NewEvent};
use crate::replay_guard::{self, Once};
use crate::{Outage, Owner, Row, StoreError, Tx, params, resource};

/// The kind of a grant in the change feed; the key is its id.
pub const CHANGED: &str = "grant";

/// How much longer than needed a refreshed grant is kept, so that the next refreshes need not write it again.
const SPARE: Duration = Duration::from_hours(24);

/// The first refresh token of a family.
#[derive(Clone, Debug)]
pub struct FirstRefreshToken {
    /// The digest of the token.
    pub hash: Digest,
    /// The key from which its successors are derived, sealed.
    pub sealed_family_key: Vec<u8>,
}

/// A potential family of refresh tokens. Its first token is generated only when needed, since most codes are for none.
#[derive(Clone)]
pub struct NewFamily {
    /// When the first token expires.
    pub expires_at: Timestamp,
    make: Arc<dyn Fn() -> Result<FirstRefreshToken, StoreError> + Send + Sync>,
}

impl NewFamily {
    /// A family whose first token comes from `make`, which may be called more than once.
    pub fn new(
        expires_at: Timestamp,
        make: impl Fn() -> Result<FirstRefreshToken, StoreError> + Send + Sync + 'static,
    ) -> Self {
        Self { expires_at, make: Arc::new(make) }
    }
}

impl fmt::Debug for NewFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewFamily").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// When the grant of a code expires, unless it is refreshed.
pub(crate) fn expiry(request: &Redeem, code: &Code) -> Timestamp {
    if code.authorization.scope.contains(OFFLINE_ACCESS) {
        request.refresh.expires_at.max(request.access_expires_at)
    } else {
        request.access_expires_at
    }
}

/// Begins the grant of a redeemed code, and its family of refresh tokens if it is an offline grant.
pub(crate) fn begin(
    tx: &mut dyn Tx,
    request: &Redeem,
    code: &Code,
    expires_at: Timestamp,
) -> Result<Grant, StoreError> {
    let authorization = &code.authorization;
    let offline = authorization.scope.contains(OFFLINE_ACCESS);
    let first = offline.then(|| (request.refresh.make)()).transpose()?;
    insert(
        tx,
        &request.grant_id,
        authorization,
        first.as_ref().map(|first| first.sealed_family_key.as_slice()),
        Some(&code.hash),
        request.now,
        expires_at,
    )?;
    if let Some(first) = first {
        add_refresh_token(tx, &first.hash, &request.grant_id, request.now, request.refresh.expires_at)?;
    }
    Ok(Grant {
        id: request.grant_id.clone(),
        authorization: authorization.clone(),
        offline,
        revoked_at: None,
        expires_at,
    })
}

/// Most live direct sign-in grants per account.
pub const MOST_DIRECT: u32 = 100;

/// Begins a grant without a code, for direct sign-in (`/sigma/authorize`). Beyond [`MOST_DIRECT`] the oldest ends and
/// is deleted, so that a loop of sign-ins leaves no more rows than that.
pub fn begin_direct(
    tx: &mut dyn Tx,
    id: &GrantId,
    authorization: &Authorization,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    tx.lock(Owner::User(&authorization.user_id))?;
    let too_many = tx.query_all(
        "SELECT g.id FROM sessions s JOIN grants g ON g.session_id = s.id AND g.app_id = $2
         WHERE s.user_id = $1 AND s.ended_at IS NULL ORDER BY g.created_at DESC, g.id DESC LIMIT 10 OFFSET $3",
        params![&authorization.user_id, &authorization.app_id, i64::from(MOST_DIRECT - 1)],
    )?;
    for row in &too_many {
        let oldest = GrantId::from_text(row.text(0)?);
        tx.execute("DELETE FROM grants WHERE id = $1", params![&oldest])?;
        tx.changed(CHANGED, oldest.as_str())?;
    }
    insert(tx, id, authorization, None, None, now, expires_at)
}

fn insert(
    tx: &mut dyn Tx,
    id: &GrantId,
    authorization: &Authorization,
    family_key: Option<&[u8]>,
    code: Option<&Digest>,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO grants (id, app_id, user_id, session_id, bap_id, scope, claims, id_token_claims, resources,
            auth_time, acr, amr, offline, refresh_key, code_hash, created_at, revoked_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, NULL, $17)",
        params![
            id,
            &authorization.app_id,
            &authorization.user_id,
            &authorization.session_id,
            authorization.bap_id.as_deref(),
            authorization.scope.to_string(),
            texts(authorization.claims.iter().map(String::as_str))?,
            texts(authorization.id_token_claims.iter().map(String::as_str))?,
            texts(authorization.resources.iter().map(String::as_str))?,
            authorization.auth_time,
            &authorization.acr,
            &authorization.amr,
            family_key.is_some(),
            family_key,
            code,
            now,
            expires_at
        ],
    )?;
    Ok(())
}

fn add_refresh_token(
    tx: &mut dyn Tx,
    hash: &Digest,
    grant_id: &GrantId,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO refresh_tokens (hash, grant_id, used_at, created_at, expires_at) VALUES ($1, $2, NULL, $3, $4)",
        params![hash, grant_id, now, expires_at],
    )?;
    Ok(())
}

/// The grant of that id, live or not.
pub fn find(tx: &mut dyn Tx, id: &GrantId) -> Result<Option<Grant>, StoreError> {
    tx.query_opt(
        "SELECT id, app_id, user_id, session_id, bap_id, scope, claims, resources, auth_time, acr, amr, offline,
            revoked_at, expires_at, id_token_claims
         FROM grants WHERE id = $1",
        params![id],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// Why a grant ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// The app requested it (RFC 7009).
    Requested,
    /// Its code was reused (RFC 6749 §4.1.2).
    CodeReused,
    /// One of its refresh tokens was reused (RFC 9700 §4.14.2).
    RefreshTokenReused,
}

impl Revocation {
    /// The value in the audit trail.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::CodeReused => "code_reused",
            Self::RefreshTokenReused => "refresh_token_reused",
        }
    }
}

/// Ends a grant: its tokens become invalid here at once, everywhere within a second.
pub fn revoke(tx: &mut dyn Tx, id: &GrantId, why: Revocation, now: Timestamp) -> Result<(), StoreError> {
    let ended = tx.query_opt(
        "UPDATE grants SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING user_id, app_id",
        params![id, now],
    )?;
    if let Some(row) = ended {
        let (user_id, app) = (UserId::from_text(row.text(0)?), AppId::from_text(row.text(1)?));
        let details = Details { reason: Some(why.as_str().to_owned()), app: Some(app), ..Details::default() };
        let event = NewEvent::new(Action::GrantRevoke).about(&user_id).to(Target::Grant(id.clone())).with(details);
        event::append_bounded(tx, event, &user_id, now)?;
    }
    tx.changed(CHANGED, id.as_str())
}

/// A family of refresh tokens: what deriving a successor takes, outside the transaction.
#[derive(Clone, Debug)]
pub struct Family {
    /// The grant.
    pub grant_id: GrantId,
    /// The app it belongs to.
    pub app_id: AppId,
    /// The sealed key of the family.
    pub sealed_key: Vec<u8>,
}

/// The family of refresh tokens begun by the grant `id`, live or not.
pub fn find_family(tx: &mut dyn Tx, id: &GrantId) -> Result<Option<Family>, StoreError> {
    let row = tx.query_opt("SELECT id, app_id, refresh_key FROM grants WHERE id = $1", params![id])?;
    let Some(row) = row else { return Ok(None) };
    let Some(sealed_key) = row.opt_bytes(2)? else { return Ok(None) };
    let family =
        Family { grant_id: GrantId::from_text(row.text(0)?), app_id: AppId::from_text(row.text(1)?), sealed_key };
    Ok(Some(family))
}

/// A request to refresh.
#[derive(Clone, Debug)]
pub struct Refresh {
    /// The digest of the token, which is known to be of `family`.
    pub token: Digest,
    /// The grant that began its family.
    pub family: GrantId,
    /// The digest of its successor.
    pub successor: Digest,
    /// The app, authenticated.
    pub app: Arc<App>,
    /// The one-time credential that the app authenticated with, if any.
    pub once: Option<Once>,
    /// Fewer scopes for this access token (RFC 6749 §6).
    pub scope: Option<Scopes>,
    /// Fewer audiences for this access token (RFC 8707 §2.2).
    pub resources: Vec<String>,
    /// When the successor expires.
    pub refresh_expires_at: Timestamp,
    /// When the access token expires.
    pub access_expires_at: Timestamp,
    /// The current time.
    pub now: Timestamp,
}

/// The outcome of a refresh.
#[derive(Clone, Debug)]
pub enum Refreshed {
    /// The successor is valid; with the grant, narrowed to the requested scopes, and the audiences of the token.
    Granted(Box<Grant>, Targets),
    /// No such token, or it has expired, its grant has ended, or it belongs to another app; nothing was revoked.
    Invalid,
    /// The token was used before: the grant was ended.
    Reuse,
    /// More scopes were requested than granted.
    WrongScope,
    /// An audience was requested that was not granted, or that the app no longer has.
    WrongTarget,
    /// The account is disabled.
    Disabled,
    /// The app's credential was used before.
    Replayed,
}

/// Replaces a refresh token by its successor.
pub fn refresh(tx: &mut dyn Tx, request: &Refresh) -> Result<Refreshed, StoreError> {
    let now = request.now;
    if !replay_guard::spend_if(tx, request.once.as_ref())? {
        return Ok(Refreshed::Replayed);
    }
    let row = tx.query_opt(
        "SELECT g.id, g.app_id, g.user_id, g.session_id, g.bap_id, g.scope, g.claims, g.resources, g.auth_time, g.acr,
            g.amr, g.offline, g.revoked_at, g.expires_at, g.id_token_claims, r.expires_at, r.used_at, n.used_at,
            g.code_hash, u.disabled
         FROM refresh_tokens r JOIN grants g ON g.id = r.grant_id
            LEFT JOIN refresh_tokens n ON n.hash = $2 LEFT JOIN users u ON u.id = g.user_id
         WHERE r.hash = $1",
        params![request.token, request.successor],
    )?;
    let Some(row) = row else { return forgotten(tx, request) };
    let mut grant = decode(&row)?;
    if grant.authorization.app_id != request.app.id {
        return Ok(Refreshed::Invalid);
    }
    let token = RefreshToken {
        expires_at: row.timestamp(15)?,
        used_at: row.opt_timestamp(16)?,
        successor_used: row.opt_timestamp(17)?.is_some(),
    };
    let rotation = judge(&token, grant.revoked_at.is_none(), now);
    match rotation {
        Rotation::Dead => return Ok(Refreshed::Invalid),
        Rotation::Reuse => {
            revoke(tx, &grant.id, Revocation::RefreshTokenReused, now)?;
            return Ok(Refreshed::Reuse);
        }
        Rotation::Rotate | Rotation::Retry if row.opt_int(19)? == Some(1) => return Ok(Refreshed::Disabled),
        Rotation::Rotate | Rotation::Retry => {}
    }
    if let Some(scope) = &request.scope {
        if !grant.authorization.scope.covers(scope) {
            return Ok(Refreshed::WrongScope);
        }
        grant.authorization.scope = scope.clone();
    }
    let targets = match narrow(&grant.authorization.resources, &request.resources) {
        Some(uris) => resource::load_targets(tx, &request.app, &uris)?,
        None => None,
    };
    let Some(targets) = targets else { return Ok(Refreshed::WrongTarget) };
    if rotation == Rotation::Rotate {
        // Its proof shows a later use.
        let forget_at = token.expires_at.min(now.plus(REMEMBERED));
        let rotated = tx.execute(
            "UPDATE refresh_tokens SET used_at = $2, expires_at = $3 WHERE hash = $1 AND used_at IS NULL",
            params![request.token, now, forget_at],
        )?;
        if rotated == 0 {
            // Another transaction rotated it after it was read: it is judged anew.
            return Err(Outage::Contended.into());
        }
        add_refresh_token(tx, &request.successor, &grant.id, now, request.refresh_expires_at)?;
    }
    let needed = request.refresh_expires_at.max(request.access_expires_at);
    if needed > grant.expires_at {
        let expires_at = needed.plus(SPARE);
        tx.execute(
            "UPDATE grants SET expires_at = $2 WHERE id = $1 AND expires_at < $2",
            params![&grant.id, expires_at],
        )?;
        // A second use of the code is recognized for as long as anything that came of it lives.
        if let Some(code) = row.opt_digest(18)? {
            tx.execute(
                "UPDATE codes SET delete_after = $2 WHERE hash = $1 AND delete_after < $2",
                params![code, expires_at],
            )?;
        }
        grant.expires_at = expires_at;
    }
    Ok(Refreshed::Granted(Box::new(grant), targets))
}

/// The use of a token of the family that is no longer stored: it was used before, or expired as the last of its family.
fn forgotten(tx: &mut dyn Tx, request: &Refresh) -> Result<Refreshed, StoreError> {
    match find(tx, &request.family)? {
        Some(grant) if grant.authorization.app_id == request.app.id && grant.revoked_at.is_none() => {
            revoke(tx, &grant.id, Revocation::RefreshTokenReused, request.now)?;
            Ok(Refreshed::Reuse)
        }
        _ => Ok(Refreshed::Invalid),
    }
}

/// A refresh token and its grant, for introspection: whether both live, and the token's expiry.
pub fn find_refresh_token(
    tx: &mut dyn Tx,
    token: &Digest,
    now: Timestamp,
) -> Result<Option<(Grant, Timestamp)>, StoreError> {
    let row = tx.query_opt(
        "SELECT g.id, g.app_id, g.user_id, g.session_id, g.bap_id, g.scope, g.claims, g.resources, g.auth_time, g.acr,
            g.amr, g.offline, g.revoked_at, g.expires_at, g.id_token_claims, r.expires_at
         FROM refresh_tokens r JOIN grants g ON g.id = r.grant_id
         WHERE r.hash = $1 AND r.used_at IS NULL AND r.expires_at > $2 AND g.revoked_at IS NULL",
        params![token, now],
    )?;
    row.map(|row| Ok((decode(&row)?, row.timestamp(15)?))).transpose()
}

/// Revokes one access token that has no grant (client credentials).
pub fn revoke_token(tx: &mut dyn Tx, jti: &str, expires_at: Timestamp) -> Result<(), StoreError> {
    let revoked = tx.execute(
        "INSERT INTO revoked_tokens (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
        params![jti, expires_at],
    )?;
    if revoked == 1 {
        event::append(tx, NewEvent::new(Action::TokenRevoke).to(Target::Token(jti.to_owned())))?;
    }
    tx.changed(TOKEN_CHANGED, jti)
}

/// The kind of a single access token in the change feed; the key is its `jti`.
pub const TOKEN_CHANGED: &str = "token";

/// Whether an access token without a grant was revoked.
pub fn is_token_revoked(tx: &mut dyn Tx, jti: &str) -> Result<bool, StoreError> {
    Ok(tx.query_opt("SELECT id FROM revoked_tokens WHERE id = $1", params![jti])?.is_some())
}

fn decode(row: &Row) -> Result<Grant, StoreError> {
    Ok(Grant {
        id: GrantId::from_text(row.text(0)?),
        authorization: Authorization {
            app_id: AppId::from_text(row.text(1)?),
            user_id: UserId::from_text(row.text(2)?),
            session_id: SessionId::from_text(row.opt_text(3)?.unwrap_or_default()),
            bap_id: row.opt_text(4)?,
            scope: Scopes::parse(&row.text(5)?),
            claims: from_texts(row, 6)?,
            id_token_claims: from_texts(row, 14)?,
            resources: from_texts(row, 7)?,
            auth_time: row.timestamp(8)?,
            acr: row.text(9)?,
            amr: row.text(10)?,
            // An ID token from a refresh has no nonce (OpenID Connect Core §12.2).
            nonce: None,
        },
        offline: row.bool(11)?,
        revoked_at: row.opt_timestamp(12)?,
        expires_at: row.timestamp(13)?,
    })
}
