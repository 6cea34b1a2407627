//! Device codes (RFC 8628): issued to a device, let in by a person elsewhere, redeemed once.

use std::sync::Arc;
use std::time::Duration;

use sigma_bitcoin::BapId;
use sigma_core::app::App;
use sigma_core::authorize::{Consent, SessionFacts};
use sigma_core::code::Authorization;
use sigma_core::digest::Digest;
use sigma_core::dpop::Thumbprint;
use sigma_core::grant::Grant;
use sigma_core::ids::{AppId, GrantId, SessionId, UserId};
use sigma_core::resource::Targets;
use sigma_core::scope::{OFFLINE_ACCESS, Scopes};
use sigma_core::time::Timestamp;

use crate::app::{from_texts, texts};
use crate::consent::{self, ConsentMemory};
use crate::grant::{self, NewGrant};
use crate::refresh_token::{self, NewFamily};
use crate::replay_guard::{self, Once};
use crate::{Owner, Row, StoreError, Tx, app_access, logout, params, resource};

/// How long a code that has expired is remembered: the device is told, and what the person did can be seen.
const REMEMBERED: Duration = Duration::from_mins(15);
/// Most devices of one app that wait at once. Beyond that the one that waits longest gives way.
pub const MOST_WAITING: i64 = 10_000;
/// For how long none gives way.
const SPARED: Duration = Duration::from_mins(1);
/// Wrong user codes that a person may type within a quarter of an hour.
pub const MOST_GUESSES: i64 = 20;
/// The window of [`MOST_GUESSES`].
const WINDOW: Duration = Duration::from_mins(15);

/// A device that asks to be let in.
#[derive(Clone, Debug)]
pub struct NewDeviceCode {
    /// The digest of the device code.
    pub hash: Digest,
    /// The keyed digest of the user code.
    pub user_code: Digest,
    /// The app.
    pub app_id: AppId,
    /// The one-time credential that the app authenticated with, if any.
    pub once: Option<Once>,
    /// The requested scopes.
    pub scope: Scopes,
    /// The requested resources, by URI.
    pub resources: Vec<String>,
    /// Where the device asks from.
    pub address: String,
    /// The `User-Agent` of its program.
    pub user_agent: String,
    /// The current time.
    pub now: Timestamp,
    /// When the codes expire.
    pub expires_at: Timestamp,
}

/// The outcome of [`add`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// The device may poll.
    Added,
    /// Another device shows the same user code.
    UserCodeTaken,
    /// [`MOST_WAITING`] devices of the app wait, all of them since a moment ago.
    TooMany,
    /// The app's credential was used before.
    Replayed,
}

/// Stores the codes of a device.
pub fn add(tx: &mut dyn Tx, new: &NewDeviceCode) -> Result<Added, StoreError> {
    let waiting = tx.query_opt(
        "SELECT count(*) FROM (SELECT 1 FROM device_codes WHERE app_id = $1 AND expires_at > $2 LIMIT $3) AS waiting",
        params![&new.app_id, new.now, MOST_WAITING],
    )?;
    if waiting.map(|row| row.int(0)).transpose()?.unwrap_or(0) >= MOST_WAITING && !forget_oldest(tx, new)? {
        return Ok(Added::TooMany);
    }
    let added = tx.execute(
        "INSERT INTO device_codes (hash, user_code, app_id, scope, resources, address, user_agent, created_at, expires_at,
            delete_after)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (user_code) DO NOTHING",
        params![
            new.hash,
            new.user_code,
            &new.app_id,
            new.scope.to_string(),
            texts(new.resources.iter().map(String::as_str))?,
            &new.address,
            &new.user_agent,
            new.now,
            new.expires_at,
            new.expires_at.plus(REMEMBERED)
        ],
    )?;
    if added == 0 {
        return Ok(Added::UserCodeTaken);
    }
    // Last: another user code is tried with the same credential.
    if !replay_guard::spend_if(tx, new.once.as_ref())? {
        tx.execute("DELETE FROM device_codes WHERE hash = $1", params![new.hash])?;
        return Ok(Added::Replayed);
    }
    Ok(Added::Added)
}

/// Forgets the app's device that waits longest, if nobody has decided about it for long enough; returns whether there was one. So
/// nobody who asks for codes without end keeps the app's devices out.
fn forget_oldest(tx: &mut dyn Tx, new: &NewDeviceCode) -> Result<bool, StoreError> {
    let forgotten = tx.execute(
        "DELETE FROM device_codes WHERE hash IN (
            SELECT hash FROM device_codes
            WHERE app_id = $1 AND expires_at > $2 AND decision IS NULL AND created_at <= $3 ORDER BY expires_at LIMIT 1)",
        params![&new.app_id, new.now, new.now.minus(SPARED)],
    )?;
    Ok(forgotten == 1)
}

/// What a person decided about a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is let in.
    Approved,
    /// It is not.
    Denied,
}

impl Decision {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Denied => "denied",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Approved, Self::Denied].into_iter().find(|decision| decision.as_str() == text)
    }
}

/// A device, as a person sees it who typed its user code.
#[derive(Clone, Debug)]
pub struct Device {
    /// The digest of its device code.
    pub hash: Digest,
    /// The app.
    pub app_id: AppId,
    /// The requested scopes.
    pub scope: Scopes,
    /// The requested resources, by URI.
    pub resources: Vec<String>,
    /// Where it asked from.
    pub address: String,
    /// The `User-Agent` of its program.
    pub user_agent: String,
    /// When it asked.
    pub created_at: Timestamp,
    /// What was decided, and by whom.
    pub decision: Option<(Decision, UserId)>,
}

/// The device that shows a user code, unless the code has expired.
pub fn find(tx: &mut dyn Tx, user_code: &Digest, now: Timestamp) -> Result<Option<Device>, StoreError> {
    tx.query_opt(
        "SELECT hash, app_id, scope, resources, address, user_agent, created_at, decision, user_id
         FROM device_codes WHERE user_code = $1 AND expires_at > $2",
        params![user_code, now],
    )?
    .map(|row| {
        let decision = match row.opt_text(7)? {
            None => None,
            Some(_) => Some((row.parsed(7, "a decision", Decision::parse)?, UserId::from_text(row.text(8)?))),
        };
        Ok(Device {
            hash: row.digest(0)?,
            app_id: AppId::from_text(row.text(1)?),
            scope: Scopes::parse(&row.text(2)?),
            resources: from_texts(&row, 3)?,
            address: row.text(4)?,
            user_agent: row.text(5)?,
            created_at: row.timestamp(6)?,
            decision,
        })
    })
    .transpose()
}

/// Until when a person may look up no user code, having typed too many wrong ones.
pub fn blocked_until(tx: &mut dyn Tx, user_id: &UserId, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT expires_at FROM user_code_guesses WHERE user_id = $1 AND expires_at > $2 AND count >= $3";
    tx.query_opt(sql, params![user_id, now, MOST_GUESSES])?.map(|row| row.timestamp(0)).transpose()
}

/// Counts a wrong user code of a person.
pub fn count_guess(tx: &mut dyn Tx, user_id: &UserId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO user_code_guesses (user_id, count, expires_at) VALUES ($1, 1, $3)
         ON CONFLICT (user_id) DO UPDATE SET
            count = CASE WHEN user_code_guesses.expires_at <= $2 THEN 1
                WHEN user_code_guesses.count < 1000 THEN user_code_guesses.count + 1
                ELSE user_code_guesses.count END,
            expires_at = CASE WHEN user_code_guesses.expires_at <= $2 THEN excluded.expires_at
                ELSE user_code_guesses.expires_at END",
        params![user_id, now, now.plus(WINDOW)],
    )?;
    Ok(())
}

/// A person's approval of a device.
#[derive(Clone, Debug)]
pub struct Approval {
    /// The digest of the device code.
    pub hash: Digest,
    /// The app.
    pub app_id: AppId,
    /// The session in which they approve.
    pub session: SessionFacts,
    /// What they agree to.
    pub agreed: Consent,
    /// The scopes of the grant: at most those that were asked for.
    pub scope: Scopes,
    /// The identity that the app will see.
    pub bap_id: Option<BapId>,
    /// Whether the consent counts for later requests of the app.
    pub memory: ConsentMemory,
    /// The current time.
    pub now: Timestamp,
}

/// Lets a device in; returns whether it was still waiting, and the session live.
pub fn approve(tx: &mut dyn Tx, approval: &Approval) -> Result<bool, StoreError> {
    let Approval { session, now, .. } = approval;
    let user_id = &session.user_id;
    tx.lock(Owner::User(user_id))?;
    if !app_access::may_be_given(tx, user_id, &session.id, *now)? {
        return Ok(false);
    }
    let authorization = Authorization::by(session, approval.app_id.clone());
    let approved = tx.execute(
        "UPDATE device_codes SET decision = 'approved', scope = $2, user_id = $3, session_id = $4, bap_id = $5,
            auth_time = $6, acr = $7, amr = $8
         WHERE hash = $1 AND decision IS NULL AND expires_at > $9",
        params![
            approval.hash,
            approval.scope.to_string(),
            user_id,
            &session.id,
            approval.bap_id.as_ref(),
            authorization.auth_time,
            &authorization.acr,
            &authorization.amr,
            *now
        ],
    )?;
    if approved == 0 {
        return Ok(false);
    }
    consent::give(tx, user_id, &approval.app_id, &approval.agreed, &approval.memory, *now)?;
    Ok(true)
}

/// Turns a device away; returns whether it was still waiting.
pub fn deny(tx: &mut dyn Tx, hash: &Digest, user_id: &UserId, now: Timestamp) -> Result<bool, StoreError> {
    let denied = tx.execute(
        "UPDATE device_codes SET decision = 'denied', user_id = $2
         WHERE hash = $1 AND decision IS NULL AND expires_at > $3",
        params![hash, user_id, now],
    )?;
    Ok(denied == 1)
}

/// Turns away the devices that a person let in and that have not fetched their tokens yet, of one app or of all; returns how many.
pub(crate) fn withdraw(
    tx: &mut dyn Tx,
    user_id: &UserId,
    app_id: Option<&AppId>,
    now: Timestamp,
) -> Result<u64, StoreError> {
    match app_id {
        Some(app_id) => tx.execute(
            "UPDATE device_codes SET decision = 'denied'
             WHERE app_id = $3 AND expires_at > $2 AND user_id = $1 AND decision = 'approved' AND used_at IS NULL",
            params![user_id, now, app_id],
        ),
        None => tx.execute(
            "UPDATE device_codes SET decision = 'denied'
             WHERE delete_after > $2 AND user_id = $1 AND decision = 'approved' AND used_at IS NULL",
            params![user_id, now],
        ),
    }
}

/// What a polling device is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polled {
    /// There is no such code, it is another app's, or it was redeemed.
    Unknown,
    /// Nobody has decided yet.
    Pending,
    /// It was turned away.
    Denied,
    /// Nobody decided in time.
    Expired,
    /// It was let in: the code can be redeemed.
    Approved,
}

/// The state of an app's device code. It writes nothing: devices poll every few seconds.
pub fn poll(tx: &mut dyn Tx, hash: &Digest, app_id: &AppId, now: Timestamp) -> Result<Polled, StoreError> {
    let row = tx.query_opt(
        "SELECT decision, expires_at, used_at FROM device_codes WHERE hash = $1 AND app_id = $2",
        params![hash, app_id],
    )?;
    let Some(row) = row else { return Ok(Polled::Unknown) };
    let decision = match row.opt_text(0)? {
        None => None,
        Some(_) => Some(row.parsed(0, "a decision", Decision::parse)?),
    };
    Ok(match decision {
        _ if row.opt_timestamp(2)?.is_some() => Polled::Unknown,
        Some(Decision::Denied) => Polled::Denied,
        _ if row.timestamp(1)? <= now => Polled::Expired,
        Some(Decision::Approved) => Polled::Approved,
        None => Polled::Pending,
    })
}

/// A request to redeem a device code, with the ids of what it creates.
#[derive(Clone, Debug)]
pub struct Redeem {
    /// The digest of the device code.
    pub hash: Digest,
    /// The app, authenticated.
    pub app: Arc<App>,
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
    /// The key of the request's proof (RFC 9449 §5).
    pub jkt: Option<Thumbprint>,
    /// The current time.
    pub now: Timestamp,
}

/// The outcome of redeeming a device code.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A grant began; with the audiences of its first token.
    Granted(Box<Grant>, Targets),
    /// It cannot be redeemed (any more).
    Invalid,
    /// The session in which the device was let in has ended since, or the account was disabled or is to be deleted.
    SessionEnded,
    /// An audience was requested that the code does not cover, or that the app no longer has.
    WrongTarget,
    /// The app's credential was used before.
    Replayed,
}

/// Redeems a device code that was approved, and begins its grant.
pub fn redeem(tx: &mut dyn Tx, request: &Redeem) -> Result<Outcome, StoreError> {
    let now = request.now;
    if !replay_guard::spend_if(tx, request.once.as_ref())? {
        return Ok(Outcome::Replayed);
    }
    let row = tx.query_opt(
        "UPDATE device_codes SET used_at = $3
         WHERE hash = $1 AND app_id = $2 AND decision = 'approved' AND used_at IS NULL AND expires_at > $3
         RETURNING user_id, session_id, bap_id, scope, resources, auth_time, acr, amr,
            (SELECT ended_at FROM sessions WHERE sessions.id = device_codes.session_id),
            (SELECT CASE WHEN EXISTS (SELECT 1 FROM account_deletions d WHERE d.user_id = users.id) THEN 1 ELSE disabled END
             FROM users WHERE users.id = device_codes.user_id)",
        params![request.hash, &request.app.id, now],
    )?;
    let Some(row) = row else { return Ok(Outcome::Invalid) };
    if row.opt_timestamp(8)?.is_some() || row.opt_int(9)? != Some(0) {
        return Ok(Outcome::SessionEnded);
    }
    let authorization = decode(&request.app, &row)?;
    // The grant keeps all audiences; the token of this response has those requested now.
    let targets = match resource::narrow(&authorization.resources, &request.resources) {
        Some(uris) => resource::load_targets(tx, &request.app, &uris)?,
        None => None,
    };
    let Some(targets) = targets else { return Ok(Outcome::WrongTarget) };
    let offline = authorization.scope.contains(OFFLINE_ACCESS);
    let first = offline.then(|| request.refresh.first()).transpose()?;
    let access_expires_at = request.access_expires_at;
    let expires_at = if offline { request.refresh.expires_at.max(access_expires_at) } else { access_expires_at };
    let (id, family_key) = (&request.grant_id, first.as_ref().map(|first| first.sealed_family_key.as_slice()));
    let is_public = !request.app.auth_method.is_confidential();
    let dpop_jkt = request.jkt.as_ref().filter(|_| is_public);
    let new = NewGrant { id, authorization: &authorization, family_key, code: None, dpop_jkt, now, expires_at };
    grant::begin(tx, &new)?;
    if request.app.backchannel_logout.is_some() {
        logout::join(tx, &authorization.session_id, &request.app.id)?;
    }
    if let Some(first) = first {
        refresh_token::add(tx, &first.hash, id, now, request.refresh.expires_at)?;
    }
    let granted = Grant { id: id.clone(), authorization, offline, revoked_at: None, expires_at };
    Ok(Outcome::Granted(Box::new(granted), targets))
}

fn decode(app: &App, row: &Row) -> Result<Authorization, StoreError> {
    let damaged = || StoreError::Corrupt("an approval of a device".to_owned());
    Ok(Authorization {
        app_id: app.id.clone(),
        user_id: UserId::from_text(row.opt_text(0)?.ok_or_else(damaged)?),
        session_id: SessionId::from_text(row.opt_text(1)?.ok_or_else(damaged)?),
        bap_id: row.opt_bap_id(2)?,
        org_id: None,
        scope: Scopes::parse(&row.text(3)?),
        claims: Vec::new(),
        id_token_claims: Vec::new(),
        resources: from_texts(row, 4)?,
        nonce: None,
        auth_time: row.opt_timestamp(5)?.ok_or_else(damaged)?,
        acr: row.opt_text(6)?.ok_or_else(damaged)?,
        amr: row.opt_text(7)?.ok_or_else(damaged)?,
    })
}
