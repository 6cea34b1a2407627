//! Browser sessions. An expired one stays while one of its grants lives, because its access tokens do; an ended one
//! takes its grants with it, except those that outlive it (`offline_access`).

use std::time::Duration;

use sigma_bitcoin::BapId;
use sigma_core::actor::Actor;
use sigma_core::authentication::{Authentication, Methods};
use sigma_core::authorize::SessionFacts;
use sigma_core::digest::Digest;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{SessionId, UserId};
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::{Outage, Owner, Row, StoreError, Tx, account_merge, cached, identity, logout, params};

/// Most live sessions per account. A browser that signs in again continues its own, so only programs reach it.
pub const MOST_LIVE: u32 = 100;

/// How long a session stays after its end at least: redeeming a code that was issued in it depends on it.
const REMEMBERED: Duration = Duration::from_mins(10);

/// A session as stored.
#[derive(Clone, Debug)]
pub struct BrowserSession {
    /// `sid` in tokens.
    pub id: SessionId,
    /// The digest of the cookie's secret.
    pub secret: Digest,
    /// The signed-in user.
    pub user_id: UserId,
    /// The identity chosen last.
    pub bap_id: Option<BapId>,
    /// The last actual authentication.
    pub auth_time: Timestamp,
    /// How the user authenticated.
    pub methods: Methods,
    /// The address at its start.
    pub address: String,
    /// The `User-Agent` at its start.
    pub user_agent: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it was ended early.
    pub ended_at: Option<Timestamp>,
}

impl BrowserSession {
    /// Whether the browser is signed in.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }

    /// The facts that an authorization request needs.
    pub fn facts(&self) -> SessionFacts {
        SessionFacts {
            id: self.id.clone(),
            user_id: self.user_id.clone(),
            auth_time: self.auth_time,
            methods: self.methods.clone(),
            bap_id: self.bap_id.clone(),
        }
    }
}

/// Where a sign-in comes from, by keyed digests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// The browser, by the mark that it sent.
    pub sent: Option<String>,
    /// The mark that it has from now on.
    pub mark: String,
    /// The kind of browser and its network, for those that keep no mark.
    pub network: String,
}

/// A new authentication of a browser, to be recorded.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The id, if it becomes a session of its own.
    pub id: SessionId,
    /// The digest of the cookie's secret.
    pub secret: Digest,
    /// The browser's current session, continued if it is the same user's.
    pub continues: Option<Digest>,
    /// From where.
    pub address: String,
    /// The user agent.
    pub user_agent: String,
    /// Whether the account signed in from there before is judged by this.
    pub device: Device,
    /// The current time.
    pub now: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// Begins a session, or continues the browser's own with a new secret, so that a cookie planted before the sign-in is
/// worthless after it. Another user's session in the same browser ends. Only for [`crate::sign_in::begin`], which holds
/// the user's lock.
pub(crate) fn begin(
    tx: &mut dyn Tx,
    authentication: &Authentication,
    bap_id: Option<&BapId>,
    new: &NewSession,
) -> Result<BrowserSession, StoreError> {
    let (user_id, auth_time) = (authentication.user_id(), authentication.auth_time());
    let methods = authentication.methods();
    let old = match &new.continues {
        Some(secret) => find_by_secret(tx, secret)?,
        None => None,
    };
    let delete_after = new.expires_at.plus(REMEMBERED);
    let old = old.filter(|old| old.is_live(new.now));
    if let Some(replaced) = old.as_ref().filter(|old| old.user_id != *user_id) {
        // Its cookie is about to be overwritten: nobody could sign out of it any more.
        let ended = end_until(tx, &replaced.user_id, &replaced.id, new.now, new.now.plus(REMEMBERED))?;
        if ended {
            let details = Details { reason: Some("replaced".to_owned()), ..Details::default() };
            let event = recorded_end(&replaced.user_id, &replaced.id).by(Actor::System).with(details);
            event::append_bounded(tx, event, &replaced.user_id, new.now)?;
        }
    }
    if let Some(old) = old.filter(|old| old.user_id == *user_id) {
        let bap_id = bap_id.cloned().or(old.bap_id.clone());
        let continued = tx.execute(
            "UPDATE sessions SET secret_hash = $2, bap_id = $3, auth_time = $4, methods = $5, updated_at = $6, expires_at = $7,
                delete_after = $8
             WHERE id = $1 AND ended_at IS NULL",
            params![
                &old.id,
                new.secret,
                bap_id.as_ref(),
                auth_time,
                methods.to_string(),
                new.now,
                new.expires_at,
                delete_after
            ],
        )?;
        if continued == 0 {
            // It was ended after it was read.
            return Err(Outage::Contended.into());
        }
        tx.changed(cached::SESSION, old.id.as_str())?;
        return Ok(BrowserSession {
            secret: new.secret,
            bap_id,
            auth_time,
            methods: methods.clone(),
            updated_at: new.now,
            expires_at: new.expires_at,
            ..old
        });
    }
    make_room(tx, user_id, new.now)?;
    let bap_id = match bap_id {
        Some(chosen) => Some(chosen.clone()),
        None => identity::find_primary(tx, user_id)?,
    };
    tx.execute(
        "INSERT INTO sessions (id, secret_hash, user_id, bap_id, auth_time, methods, address, user_agent, created_at,
            updated_at, expires_at, ended_at, delete_after)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, NULL, $11)",
        params![
            &new.id,
            new.secret,
            user_id,
            bap_id.as_ref(),
            auth_time,
            methods.to_string(),
            &new.address,
            &new.user_agent,
            new.now,
            new.expires_at,
            delete_after
        ],
    )?;
    Ok(BrowserSession {
        id: new.id.clone(),
        secret: new.secret,
        user_id: user_id.clone(),
        bap_id,
        auth_time,
        methods: methods.clone(),
        address: new.address.clone(),
        user_agent: new.user_agent.clone(),
        created_at: new.now,
        updated_at: new.now,
        expires_at: new.expires_at,
        ended_at: None,
    })
}

/// Ends the user's oldest live sessions, to make room for one more.
fn make_room(tx: &mut dyn Tx, user_id: &UserId, now: Timestamp) -> Result<(), StoreError> {
    let too_many = tx.query_all(
        "SELECT id FROM sessions WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2
         ORDER BY auth_time DESC, id DESC LIMIT 10 OFFSET $3",
        params![user_id, now, i64::from(MOST_LIVE - 1)],
    )?;
    for row in &too_many {
        let id = SessionId::from_text(row.text(0)?);
        // A loop of sign-ins leaves no rows behind.
        if end_until(tx, user_id, &id, now, now)? {
            let details = Details { reason: Some("room".to_owned()), ..Details::default() };
            let event = recorded_end(user_id, &id).by(Actor::System).with(details);
            event::append_bounded(tx, event, user_id, now)?;
        }
    }
    Ok(())
}

/// The session whose cookie holds that secret, live or not.
pub fn find_by_secret(tx: &mut dyn Tx, secret: &Digest) -> Result<Option<BrowserSession>, StoreError> {
    tx.query_opt(
        "SELECT id, user_id, bap_id, auth_time, methods, address, user_agent, created_at, updated_at, expires_at, ended_at,
            secret_hash
         FROM sessions WHERE secret_hash = $1",
        params![secret],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// The session of that id, live or not.
pub fn find(tx: &mut dyn Tx, id: &SessionId) -> Result<Option<BrowserSession>, StoreError> {
    tx.query_opt(
        "SELECT id, user_id, bap_id, auth_time, methods, address, user_agent, created_at, updated_at, expires_at, ended_at,
            secret_hash
         FROM sessions WHERE id = $1",
        params![id],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// The live sessions of a user, newest first.
pub fn list_live(tx: &mut dyn Tx, user_id: &UserId, now: Timestamp) -> Result<Vec<BrowserSession>, StoreError> {
    tx.query_all(
        "SELECT id, user_id, bap_id, auth_time, methods, address, user_agent, created_at, updated_at, expires_at, ended_at,
            secret_hash
         FROM sessions WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2 ORDER BY created_at DESC LIMIT 500",
        params![user_id, now],
    )?
    .iter()
    .map(decode)
    .collect()
}

/// Chooses the identity that the session acts as.
pub fn choose_identity(tx: &mut dyn Tx, id: &SessionId, bap_id: &BapId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute("UPDATE sessions SET bap_id = $2, updated_at = $3 WHERE id = $1", params![id, bap_id, now])?;
    tx.changed(cached::SESSION, id.as_str())
}

/// Ends a session of `user_id`, along with every grant bound to it; returns whether it was theirs and live.
pub fn end(tx: &mut dyn Tx, user_id: &UserId, id: &SessionId, now: Timestamp) -> Result<bool, StoreError> {
    let ended = end_until(tx, user_id, id, now, now.plus(REMEMBERED))?;
    if ended {
        event::append_bounded(tx, recorded_end(user_id, id), user_id, now)?;
    }
    Ok(ended)
}

/// [`end`] by whoever runs the server, which the user is shown.
pub(crate) fn end_by_operator(
    tx: &mut dyn Tx,
    user_id: &UserId,
    id: &SessionId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let ended = end_until(tx, user_id, id, now, now.plus(REMEMBERED))?;
    if ended {
        event::append_bounded(tx, recorded_end(user_id, id).shown_to(user_id), user_id, now)?;
    }
    Ok(ended)
}

/// [`end`] for the session whose cookie holds that secret.
pub fn end_by_secret(tx: &mut dyn Tx, user_id: &UserId, secret: &Digest, now: Timestamp) -> Result<bool, StoreError> {
    match find_by_secret(tx, secret)? {
        Some(session) => end(tx, user_id, &session.id, now),
        None => Ok(false),
    }
}

fn recorded_end(user_id: &UserId, id: &SessionId) -> NewEvent {
    NewEvent::new(Action::SessionEnd).about(user_id).to(Target::Session(id.clone()))
}

/// Ends a session, whose row stays until `delete_after`.
fn end_until(
    tx: &mut dyn Tx,
    user_id: &UserId,
    id: &SessionId,
    now: Timestamp,
    delete_after: Timestamp,
) -> Result<bool, StoreError> {
    let ended = tx.execute(
        "UPDATE sessions SET ended_at = $3, updated_at = $3, delete_after = $4
         WHERE id = $1 AND user_id = $2 AND ended_at IS NULL",
        params![id, user_id, now, delete_after],
    )?;
    if ended == 1 {
        tx.changed(cached::SESSION, id.as_str())?;
        logout::announce(tx, user_id, id, now)?;
    }
    Ok(ended == 1)
}

/// Ends live sessions of a user except `kept`, at most 500; returns how many. 0 means that none are left.
pub fn end_all(
    tx: &mut dyn Tx,
    user_id: &UserId,
    kept: Option<&SessionId>,
    now: Timestamp,
) -> Result<usize, StoreError> {
    tx.lock(Owner::User(user_id))?;
    account_merge::forget_confirmation(tx, user_id)?;
    let sessions = list_live(tx, user_id, now)?;
    let others: Vec<&BrowserSession> = sessions.iter().filter(|session| Some(&session.id) != kept).collect();
    for session in &others {
        end_until(tx, user_id, &session.id, now, now.plus(REMEMBERED))?;
    }
    if !others.is_empty() {
        let details = Details { sessions: u64::try_from(others.len()).ok(), ..Details::default() };
        let target = Target::User(user_id.clone());
        let event = NewEvent::new(Action::SessionEndAll).about(user_id).shown_to(user_id).to(target).with(details);
        event::append_bounded(tx, event, user_id, now)?;
    }
    Ok(others.len())
}

/// Deletes a batch of expired rows, in this order: the grants of ended sessions that do not outlive them, the apps that took
/// part in sessions, then the sessions. An expired session with a live grant is postponed until that expires.
pub(crate) const SWEEP: [&str; 4] = [
    "DELETE FROM grants WHERE id IN (
        SELECT g.id FROM sessions s JOIN grants g ON g.session_id = s.id
        WHERE s.delete_after <= $1 AND s.ended_at IS NOT NULL AND g.offline = 0 LIMIT 500)",
    "UPDATE sessions SET delete_after = (
        SELECT MAX(g.expires_at) FROM grants g
        WHERE g.session_id = sessions.id AND g.offline = 0 AND g.revoked_at IS NULL)
     WHERE id IN (
        SELECT s.id FROM sessions s WHERE s.delete_after <= $1 AND s.ended_at IS NULL AND EXISTS (
            SELECT 1 FROM grants g
            WHERE g.session_id = s.id AND g.offline = 0 AND g.revoked_at IS NULL AND g.expires_at > $1)
        LIMIT 500)",
    "DELETE FROM session_apps WHERE (session_id, app_id) IN (
        SELECT a.session_id, a.app_id FROM sessions s JOIN session_apps a ON a.session_id = s.id
        WHERE s.delete_after <= $1 LIMIT 500)",
    "DELETE FROM sessions WHERE id IN (
        SELECT s.id FROM sessions s WHERE s.delete_after <= $1 AND (s.ended_at IS NOT NULL OR NOT EXISTS (
            SELECT 1 FROM grants g
            WHERE g.session_id = s.id AND g.offline = 0 AND g.revoked_at IS NULL AND g.expires_at > $1))
        ORDER BY s.delete_after LIMIT 500)",
];

fn decode(row: &Row) -> Result<BrowserSession, StoreError> {
    Ok(BrowserSession {
        id: SessionId::from_text(row.text(0)?),
        user_id: UserId::from_text(row.text(1)?),
        bap_id: row.opt_bap_id(2)?,
        auth_time: row.timestamp(3)?,
        methods: row.parsed(4, "the methods of a session", Methods::parse)?,
        address: row.text(5)?,
        user_agent: row.text(6)?,
        created_at: row.timestamp(7)?,
        updated_at: row.timestamp(8)?,
        expires_at: row.timestamp(9)?,
        ended_at: row.opt_timestamp(10)?,
        secret: row.digest(11)?,
    })
}
