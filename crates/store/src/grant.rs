//! Grants: what a user permitted an app. Its access and refresh tokens live as long as it does.

use sigma_core::code::Authorization;
use sigma_core::digest::Digest;
use sigma_core::dpop::Thumbprint;
use sigma_core::event::{Action, Details, Target};
use sigma_core::grant::Grant;
use sigma_core::ids::{AppId, GrantId, OrgId, SessionId, UserId};
use sigma_core::scope::Scopes;
use sigma_core::time::Timestamp;

use crate::app::{from_texts, texts};
use crate::event::{self, NewEvent};
use crate::{Owner, Row, StoreError, Tx, cached, params};

/// A new grant.
#[derive(Clone, Debug)]
pub(crate) struct NewGrant<'n> {
    /// Its id.
    pub(crate) id: &'n GrantId,
    /// What it permits.
    pub(crate) authorization: &'n Authorization,
    /// The key of its family of refresh tokens, sealed; `None` for a grant that ends with its session.
    pub(crate) family_key: Option<&'n [u8]>,
    /// The code that it began with.
    pub(crate) code: Option<&'n Digest>,
    /// The key that its refresh tokens are bound to.
    pub(crate) dpop_jkt: Option<&'n Thumbprint>,
    /// The current time.
    pub(crate) now: Timestamp,
    /// When it expires, unless it is refreshed.
    pub(crate) expires_at: Timestamp,
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
        tx.changed(cached::GRANT, oldest.as_str())?;
    }
    begin(tx, &NewGrant { id, authorization, family_key: None, code: None, dpop_jkt: None, now, expires_at })
}

/// Begins a grant that depends on no session and has no refresh tokens.
pub(crate) fn begin_alone(
    tx: &mut dyn Tx,
    id: &GrantId,
    authorization: &Authorization,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    begin(tx, &NewGrant { id, authorization, family_key: None, code: None, dpop_jkt: None, now, expires_at })?;
    tx.execute("UPDATE grants SET offline = 1, session_id = NULL WHERE id = $1", params![id])?;
    Ok(())
}

/// Begins a grant.
pub(crate) fn begin(tx: &mut dyn Tx, new: &NewGrant<'_>) -> Result<(), StoreError> {
    let NewGrant { id, authorization, family_key, code, dpop_jkt, now, expires_at } = *new;
    tx.execute(
        "INSERT INTO grants (id, app_id, user_id, session_id, bap_id, scope, claims, id_token_claims, resources,
            auth_time, acr, amr, offline, refresh_key, code_hash, created_at, revoked_at, expires_at, dpop_jkt,
            org_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, NULL, $17, $18, $19)",
        params![
            id,
            &authorization.app_id,
            &authorization.user_id,
            &authorization.session_id,
            authorization.bap_id.as_ref(),
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
            expires_at,
            dpop_jkt.map(Thumbprint::as_str),
            authorization.org_id.as_ref()
        ],
    )?;
    Ok(())
}

/// Whether an app has a live grant that began in that session.
pub fn lives_in(tx: &mut dyn Tx, session_id: &SessionId, app_id: &AppId, now: Timestamp) -> Result<bool, StoreError> {
    let sql =
        "SELECT 1 FROM grants WHERE session_id = $1 AND app_id = $2 AND revoked_at IS NULL AND expires_at > $3 LIMIT 1";
    Ok(tx.query_opt(sql, params![session_id, app_id, now])?.is_some())
}

/// The grant of that id, live or not.
pub fn find(tx: &mut dyn Tx, id: &GrantId) -> Result<Option<Grant>, StoreError> {
    tx.query_opt(
        "SELECT id, app_id, user_id, session_id, bap_id, scope, claims, resources, auth_time, acr, amr, offline,
            revoked_at, expires_at, id_token_claims, org_id
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
    tx.changed(cached::GRANT, id.as_str())
}

/// The grant in the first columns of a row, which are those of [`find`].
pub(crate) fn decode(row: &Row) -> Result<Grant, StoreError> {
    Ok(Grant {
        id: GrantId::from_text(row.text(0)?),
        authorization: Authorization {
            app_id: AppId::from_text(row.text(1)?),
            user_id: UserId::from_text(row.text(2)?),
            session_id: SessionId::from_text(row.opt_text(3)?.unwrap_or_default()),
            bap_id: row.opt_bap_id(4)?,
            org_id: row.opt_text(15)?.map(OrgId::from_text),
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
