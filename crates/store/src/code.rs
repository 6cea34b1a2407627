//! Authorization codes: issued in the transaction that ends their interaction, redeemed in the one that begins their
//! grant.

use std::sync::Arc;
use std::time::Duration;

use sigma_bitcoin::BapId;
use sigma_core::app::App;
use sigma_core::code::{Authorization, Code, Redeemed, Redemption, judge};
use sigma_core::digest::Digest;
use sigma_core::dpop::Thumbprint;
use sigma_core::grant::Grant;
use sigma_core::ids::{AppId, GrantId, OrgId, SessionId, UserId};
use sigma_core::pkce::CodeChallenge;
use sigma_core::resource::Targets;
use sigma_core::scope::{OFFLINE_ACCESS, Scopes};
use sigma_core::time::Timestamp;

use crate::app::{from_texts, texts};
use crate::grant::{self, NewGrant, Revocation};
use crate::interaction::{self, Ending, StoredInteraction};
use crate::refresh_token::{self, NewFamily};
use crate::replay_guard::{self, Once};
use crate::{Outage, Row, StoreError, Tx, logout, params, pushed_request, resource};

/// The outcome of answering a request with a code.
#[derive(Clone, Copy, Debug)]
pub enum Issued {
    /// The code is stored; with the end of the interaction, if there was one.
    Code(Option<Ending>),
    /// The request was answered before.
    AnsweredBefore,
}

/// Issues a code as the response to a request, and ends the interaction of the request, if it has one: an interaction that
/// had ended gets no code, nor does a pushed request that was answered elsewhere.
pub fn issue(
    tx: &mut dyn Tx,
    code: &Code,
    interaction: Option<&StoredInteraction>,
    pushed: Option<&Digest>,
    now: Timestamp,
) -> Result<Issued, StoreError> {
    let ending = interaction.map(|interaction| interaction::end(tx, interaction, now)).transpose()?;
    if ending.is_some_and(|ending| !ending.is_first) {
        return Ok(Issued::AnsweredBefore);
    }
    if let Some(pushed) = pushed
        && !pushed_request::spend(tx, pushed, now)?
    {
        return Ok(Issued::AnsweredBefore);
    }
    add(tx, code, now)?;
    note_use(tx, &code.authorization, now)?;
    Ok(Issued::Code(ending))
}

/// Notes when an app with remembered consent was last used, at most once a day.
fn note_use(tx: &mut dyn Tx, authorization: &Authorization, now: Timestamp) -> Result<(), StoreError> {
    let bap_id = authorization.bap_id.as_ref().map(BapId::as_str).unwrap_or_default();
    tx.execute(
        "UPDATE consents SET last_used_at = $4
         WHERE user_id = $1 AND app_id = $2 AND bap_id = $3 AND (last_used_at IS NULL OR last_used_at <= $5)",
        params![&authorization.user_id, &authorization.app_id, bap_id, now, now.minus(Duration::from_hours(24))],
    )?;
    Ok(())
}

/// Stores a new code.
pub fn add(tx: &mut dyn Tx, code: &Code, now: Timestamp) -> Result<(), StoreError> {
    let authorization = &code.authorization;
    tx.execute(
        "INSERT INTO codes (hash, app_id, user_id, session_id, bap_id, redirect_uri, code_challenge, nonce, scope,
            claims, id_token_claims, resources, auth_time, acr, amr, created_at, expires_at, used_at, grant_id,
            delete_after, dpop_jkt, org_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, NULL, NULL, $17, $18, $19)",
        params![
            code.hash,
            &authorization.app_id,
            &authorization.user_id,
            &authorization.session_id,
            authorization.bap_id.as_ref(),
            &code.redirect_uri,
            code.code_challenge.as_ref().map(CodeChallenge::to_text),
            authorization.nonce.as_deref(),
            authorization.scope.to_string(),
            texts(authorization.claims.iter().map(String::as_str))?,
            texts(authorization.id_token_claims.iter().map(String::as_str))?,
            texts(authorization.resources.iter().map(String::as_str))?,
            authorization.auth_time,
            &authorization.acr,
            &authorization.amr,
            now,
            code.expires_at,
            code.dpop_jkt.as_ref().map(Thumbprint::as_str),
            authorization.org_id.as_ref()
        ],
    )?;
    Ok(())
}

/// A request to redeem a code, with the ids of what it creates.
#[derive(Clone, Debug)]
pub struct Redeem {
    /// The digest of the code.
    pub hash: Digest,
    /// The app, authenticated.
    pub app: Arc<App>,
    /// The accompanying parameters.
    pub attempt: Redemption,
    /// The one-time credential that the app authenticated with, if any.
    pub once: Option<Once>,
    /// The id of the grant.
    pub grant_id: GrantId,
    /// The family of refresh tokens, if the code is for one.
    pub refresh: NewFamily,
    /// When the access token expires.
    pub access_expires_at: Timestamp,
    /// A narrower choice of audiences (RFC 8707 §2.2).
    pub resources: Vec<String>,
    /// The current time.
    pub now: Timestamp,
}

/// The outcome of redeeming a code.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A grant began; with the audiences of its first token.
    Granted(Box<Grant>, Targets),
    /// There is no such code.
    Unknown,
    /// The code was refused.
    Refused(Redeemed),
    /// Its session has ended, or the account was disabled or is to be deleted, since it was issued.
    SessionEnded,
    /// An audience was requested that the code does not cover, or that the app no longer has.
    WrongTarget,
    /// The app's credential was used before.
    Replayed,
}

/// The columns of a code, in the order of [`decode`], with the current state of its session and user.
macro_rules! columns {
    () => {
        "app_id, user_id, session_id, bap_id, redirect_uri, code_challenge, nonce, scope, claims, resources, auth_time,
         acr, amr, expires_at, used_at, grant_id, id_token_claims,
         (SELECT ended_at FROM sessions WHERE sessions.id = codes.session_id),
         (SELECT CASE WHEN EXISTS (SELECT 1 FROM account_deletions d WHERE d.user_id = users.id) THEN 1 ELSE disabled END
          FROM users WHERE users.id = codes.user_id), dpop_jkt, org_id"
    };
}

/// Redeems a code: consumes it, whatever the verdict, and begins its grant.
pub fn redeem(tx: &mut dyn Tx, request: &Redeem) -> Result<Outcome, StoreError> {
    let now = request.now;
    if !replay_guard::spend_if(tx, request.once.as_ref())? {
        return Ok(Outcome::Replayed);
    }
    // Nearly every code is valid: the statement that reads it also consumes it for the grant, and it is judged
    // afterwards.
    let Some(row) = spend(tx, request)? else { return refuse(tx, request) };
    let code = Code { used: false, redeemed_for: None, ..decode(request.hash, &row)? };
    let session_ended = row.opt_timestamp(17)?.is_some() || row.opt_int(18)? == Some(1);
    let verdict = judge(&code, &request.attempt, now);
    if verdict != Redeemed::Granted {
        spend_in_vain(tx, &code)?;
        return Ok(Outcome::Refused(verdict));
    }
    // The grant keeps all audiences; the token of this response has those requested now.
    let targets = match resource::narrow(&code.authorization.resources, &request.resources) {
        Some(uris) if !session_ended => resource::load_targets(tx, &request.app, &uris)?,
        _ => None,
    };
    let Some(targets) = targets else {
        spend_in_vain(tx, &code)?;
        return Ok(if session_ended { Outcome::SessionEnded } else { Outcome::WrongTarget });
    };
    let begun = begin_grant(tx, request, &code)?;
    Ok(Outcome::Granted(Box::new(begun), targets))
}

/// Begins the grant of a code, and its family of refresh tokens if it is an offline grant.
fn begin_grant(tx: &mut dyn Tx, request: &Redeem, code: &Code) -> Result<Grant, StoreError> {
    let (authorization, id, now) = (&code.authorization, &request.grant_id, request.now);
    let offline = authorization.scope.contains(OFFLINE_ACCESS);
    let first = offline.then(|| request.refresh.first()).transpose()?;
    let access_expires_at = request.access_expires_at;
    let expires_at = if offline { request.refresh.expires_at.max(access_expires_at) } else { access_expires_at };
    let family_key = first.as_ref().map(|first| first.sealed_family_key.as_slice());
    // The refresh tokens of other apps are bound to the app's authentication (RFC 9449 §5).
    let is_public = !request.app.auth_method.is_confidential();
    let dpop_jkt = request.attempt.jkt.as_ref().filter(|_| is_public);
    let new = NewGrant { id, authorization, family_key, code: Some(&code.hash), dpop_jkt, now, expires_at };
    grant::begin(tx, &new)?;
    if request.app.backchannel_logout.is_some() {
        logout::join(tx, &authorization.session_id, &request.app.id)?;
    }
    if let Some(first) = first {
        refresh_token::add(tx, &first.hash, id, now, request.refresh.expires_at)?;
    }
    Ok(Grant { id: id.clone(), authorization: authorization.clone(), offline, revoked_at: None, expires_at })
}

/// Consumes the app's code for a potential grant, unless it was used before. It is kept for as long as the grant, so
/// that a second use ends that.
fn spend(tx: &mut dyn Tx, request: &Redeem) -> Result<Option<Row>, StoreError> {
    tx.query_opt(
        concat!(
            "UPDATE codes SET used_at = $2, grant_id = $3,
                delete_after = CASE WHEN ' ' || scope || ' ' LIKE '% offline_access %' THEN CAST($5 AS BIGINT)
                    ELSE CAST($6 AS BIGINT) END
             WHERE hash = $1 AND app_id = $4 AND used_at IS NULL RETURNING ",
            columns!()
        ),
        params![
            request.hash,
            request.now,
            &request.grant_id,
            &request.attempt.app_id,
            request.refresh.expires_at.max(request.access_expires_at),
            request.access_expires_at
        ],
    )
}

/// The code stays consumed, without a grant.
fn spend_in_vain(tx: &mut dyn Tx, code: &Code) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE codes SET grant_id = NULL, delete_after = $2 WHERE hash = $1",
        params![code.hash, code.expires_at],
    )?;
    Ok(())
}

/// Why the code could not be consumed. A second use ends what came of the first.
fn refuse(tx: &mut dyn Tx, request: &Redeem) -> Result<Outcome, StoreError> {
    let row = tx.query_opt(concat!("SELECT ", columns!(), " FROM codes WHERE hash = $1"), params![request.hash])?;
    let Some(row) = row else { return Ok(Outcome::Unknown) };
    let code = decode(request.hash, &row)?;
    match judge(&code, &request.attempt, request.now) {
        Redeemed::WrongApp => Ok(Outcome::Refused(Redeemed::WrongApp)),
        Redeemed::UsedBefore => {
            if let Some(grant_id) = &code.redeemed_for {
                grant::revoke(tx, grant_id, Revocation::CodeReused, request.now)?;
            }
            Ok(Outcome::Refused(Redeemed::UsedBefore))
        }
        // It was not the app's unused code when it was to be consumed, yet nothing explained that a moment later.
        _ => Err(Outage::Contended.into()),
    }
}

fn decode(hash: Digest, row: &Row) -> Result<Code, StoreError> {
    Ok(Code {
        hash,
        authorization: Authorization {
            app_id: AppId::from_text(row.text(0)?),
            user_id: UserId::from_text(row.text(1)?),
            session_id: SessionId::from_text(row.text(2)?),
            bap_id: row.opt_bap_id(3)?,
            org_id: row.opt_text(20)?.map(OrgId::from_text),
            nonce: row.opt_text(6)?,
            scope: Scopes::parse(&row.text(7)?),
            claims: from_texts(row, 8)?,
            id_token_claims: from_texts(row, 16)?,
            resources: from_texts(row, 9)?,
            auth_time: row.timestamp(10)?,
            acr: row.text(11)?,
            amr: row.text(12)?,
        },
        redirect_uri: row.text(4)?,
        code_challenge: match row.opt_text(5)? {
            None => None,
            Some(_) => Some(row.parsed(5, "a code challenge", |text| CodeChallenge::parse(text).ok())?),
        },
        dpop_jkt: match row.opt_text(19)? {
            None => None,
            Some(_) => Some(row.parsed(19, "the thumbprint of a key", Thumbprint::parse)?),
        },
        expires_at: row.timestamp(13)?,
        used: row.opt_timestamp(14)?.is_some(),
        redeemed_for: row.opt_text(15)?.map(GrantId::from_text),
    })
}
