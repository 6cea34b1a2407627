//! Refresh tokens of the grants that outlive their session: families, whose tokens replace each other, with reuse detection.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sigma_core::app::App;
use sigma_core::digest::Digest;
use sigma_core::dpop::Thumbprint;
use sigma_core::grant::{Grant, REMEMBERED, RefreshToken, Rotation, judge};
use sigma_core::ids::{AppId, GrantId};
use sigma_core::resource::Targets;
use sigma_core::scope::Scopes;
use sigma_core::time::Timestamp;

use crate::grant::{self, Revocation};
use crate::org::membership;
use crate::replay_guard::{self, Once};
use crate::{Outage, StoreError, Tx, params, resource};

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

    /// Generates the first token.
    pub(crate) fn first(&self) -> Result<FirstRefreshToken, StoreError> {
        (self.make)()
    }
}

impl fmt::Debug for NewFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewFamily").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Adds a refresh token to a grant.
pub(crate) fn add(
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
    /// The key of the request's proof (RFC 9449 §5).
    pub jkt: Option<Thumbprint>,
    /// Fewer scopes for this access token (RFC 6749 §6).
    pub scope: Option<Scopes>,
    /// Fewer audiences for this access token (RFC 8707 §2.2).
    pub resources: Vec<String>,
    /// When the successor expires.
    pub refresh_expires_at: Timestamp,
    /// When the access token expires.
    pub access_expires_at: Timestamp,
    /// How long after its beginning a grant yields tokens at most, if the app limits that.
    pub life: Option<Duration>,
    /// Whether the token is replaced; otherwise it goes on.
    pub rotates: bool,
    /// The current time.
    pub now: Timestamp,
}

/// The outcome of a refresh.
#[derive(Clone, Debug)]
pub enum Refreshed {
    /// It was granted.
    Granted(Granted),
    /// No such token, or it has expired, its grant has ended, or it belongs to another app; nothing was revoked.
    Invalid,
    /// The token was used before: the grant was ended.
    Reuse,
    /// More scopes were requested than granted.
    WrongScope,
    /// An audience was requested that was not granted, or that the app no longer has.
    WrongTarget,
    /// The account is disabled, or was deleted.
    Disabled,
    /// The app's credential was used before.
    Replayed,
    /// The token is bound to a key of which there is no proof; nothing was revoked.
    WrongKey,
}

/// What a refresh grants.
#[derive(Clone, Debug)]
pub struct Granted {
    /// The grant, narrowed to the requested scopes.
    pub grant: Box<Grant>,
    /// The audiences of the access token.
    pub targets: Targets,
    /// Which refresh token is valid from now on.
    pub next: NextToken,
}

/// The refresh token after a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextToken {
    /// Its successor.
    Successor,
    /// The same: nobody but its holder can use it (FAPI 2.0 Security Profile §5.3.2.1).
    Same,
}

/// Replaces a refresh token by its successor, unless it is bound to its holder.
pub fn refresh(tx: &mut dyn Tx, request: &Refresh) -> Result<Refreshed, StoreError> {
    let now = request.now;
    if !replay_guard::spend_if(tx, request.once.as_ref())? {
        return Ok(Refreshed::Replayed);
    }
    let row = tx.query_opt(
        "SELECT g.id, g.app_id, g.user_id, g.session_id, g.bap_id, g.scope, g.claims, g.resources, g.auth_time, g.acr,
            g.amr, g.offline, g.revoked_at, g.expires_at, g.id_token_claims, g.org_id, r.expires_at, r.used_at, n.used_at,
            g.code_hash, u.disabled, g.dpop_jkt, g.created_at
         FROM refresh_tokens r JOIN grants g ON g.id = r.grant_id
            LEFT JOIN refresh_tokens n ON n.hash = $2 LEFT JOIN users u ON u.id = g.user_id
         WHERE r.hash = $1",
        params![request.token, request.successor],
    )?;
    let Some(row) = row else { return forgotten(tx, request) };
    let mut grant = grant::decode(&row)?;
    if grant.authorization.app_id != request.app.id {
        return Ok(Refreshed::Invalid);
    }
    let token = RefreshToken {
        expires_at: row.timestamp(16)?,
        used_at: row.opt_timestamp(17)?,
        successor_used: row.opt_timestamp(18)?.is_some(),
    };
    let bound_to = row.opt_text(21)?;
    if bound_to.is_some() && bound_to.as_deref() != request.jkt.as_ref().map(Thumbprint::as_str) {
        return Ok(Refreshed::WrongKey);
    }
    let keeps = bound_to.is_some() || request.app.security.is_fapi2() || !request.rotates;
    let next = if keeps { NextToken::Same } else { NextToken::Successor };
    let rotation = judge(&token, grant.revoked_at.is_none(), now);
    match rotation {
        Rotation::Dead => return Ok(Refreshed::Invalid),
        Rotation::Reuse => {
            grant::revoke(tx, &grant.id, Revocation::RefreshTokenReused, now)?;
            return Ok(Refreshed::Reuse);
        }
        // A deleted account has no row.
        Rotation::Rotate | Rotation::Retry if row.opt_int(20)? != Some(0) => return Ok(Refreshed::Disabled),
        Rotation::Rotate | Rotation::Retry => {}
    }
    if let Some(org_id) = &grant.authorization.org_id
        && membership::of_person_in(tx, &grant.authorization.user_id, org_id)?.is_none()
    {
        return Ok(Refreshed::Invalid);
    }
    if let Some(scope) = &request.scope {
        if !grant.authorization.scope.covers(scope) {
            return Ok(Refreshed::WrongScope);
        }
        grant.authorization.scope = scope.clone();
    }
    let targets = match resource::narrow(&grant.authorization.resources, &request.resources) {
        Some(uris) => resource::load_targets(tx, &request.app, &uris)?,
        None => None,
    };
    let Some(targets) = targets else { return Ok(Refreshed::WrongTarget) };
    let refresh_expires_at = match request.life {
        Some(life) => request.refresh_expires_at.min(row.timestamp(22)?.plus(life)),
        None => request.refresh_expires_at,
    };
    if rotation == Rotation::Rotate && next == NextToken::Same {
        let spare = SPARE.min(request.refresh_expires_at.since(now) / 10);
        if refresh_expires_at > token.expires_at.plus(spare) {
            tx.execute(
                "UPDATE refresh_tokens SET expires_at = $2 WHERE hash = $1 AND used_at IS NULL AND expires_at < $2",
                params![request.token, refresh_expires_at],
            )?;
        }
    } else if rotation == Rotation::Rotate {
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
        add(tx, &request.successor, &grant.id, now, refresh_expires_at)?;
    }
    let needed = refresh_expires_at.max(request.access_expires_at);
    if needed > grant.expires_at {
        let expires_at = needed.plus(SPARE);
        tx.execute(
            "UPDATE grants SET expires_at = $2, last_used_at = $3 WHERE id = $1 AND expires_at < $2",
            params![&grant.id, expires_at, now],
        )?;
        // A second use of the code is recognized for as long as anything that came of it lives.
        if let Some(code) = row.opt_digest(19)? {
            tx.execute(
                "UPDATE codes SET delete_after = $2 WHERE hash = $1 AND delete_after < $2",
                params![code, expires_at],
            )?;
        }
        grant.expires_at = expires_at;
    }
    Ok(Refreshed::Granted(Granted { grant: Box::new(grant), targets, next }))
}

/// The use of a token of the family that is no longer stored: it was used before, or expired as the last of its family.
fn forgotten(tx: &mut dyn Tx, request: &Refresh) -> Result<Refreshed, StoreError> {
    match grant::find(tx, &request.family)? {
        Some(grant) if grant.authorization.app_id == request.app.id && grant.revoked_at.is_none() => {
            grant::revoke(tx, &grant.id, Revocation::RefreshTokenReused, request.now)?;
            Ok(Refreshed::Reuse)
        }
        _ => Ok(Refreshed::Invalid),
    }
}

/// A live refresh token.
#[derive(Clone, Debug)]
pub struct LiveRefreshToken {
    /// Its grant.
    pub grant: Grant,
    /// When it expires.
    pub expires_at: Timestamp,
    /// The key that it is bound to.
    pub jkt: Option<Thumbprint>,
}

/// A refresh token for introspection, if it and its grant live.
pub fn find(tx: &mut dyn Tx, token: &Digest, now: Timestamp) -> Result<Option<LiveRefreshToken>, StoreError> {
    let row = tx.query_opt(
        "SELECT g.id, g.app_id, g.user_id, g.session_id, g.bap_id, g.scope, g.claims, g.resources, g.auth_time, g.acr,
            g.amr, g.offline, g.revoked_at, g.expires_at, g.id_token_claims, g.org_id, r.expires_at, g.dpop_jkt
         FROM refresh_tokens r JOIN grants g ON g.id = r.grant_id
         WHERE r.hash = $1 AND r.used_at IS NULL AND r.expires_at > $2 AND g.revoked_at IS NULL",
        params![token, now],
    )?;
    row.map(|row| {
        let jkt = row.opt_text(17)?.and_then(|text| Thumbprint::parse(&text));
        Ok(LiveRefreshToken { grant: grant::decode(&row)?, expires_at: row.timestamp(16)?, jkt })
    })
    .transpose()
}
