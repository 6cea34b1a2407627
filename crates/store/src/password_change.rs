//! Changing a password: by a mailed link, or with the current one. Either way every session begun with the old one
//! ends, earlier links stop working, and a mail reports it.

use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::authentication::Authentication;
use sigma_core::digest::Digest;
use sigma_core::ids::{SessionId, UserId};
use sigma_core::time::Timestamp;

use crate::email::StoredEmail;
use crate::one_time_link::{self, Purpose};
use crate::org::session as workspace_session;
use crate::outbox::{self, MailedLink, NewMail};
use crate::password::{self, PasswordProof};
use crate::session::{self, BrowserSession, NewSession};
use crate::tx::acting_as;
use crate::user::{self, User};
use crate::{Owner, StoreError, Tx, credential, email, quota, sign_in};

/// Links to one address within [`REQUEST_WINDOW`]: more would be a nuisance.
const MOST_REQUESTS: i64 = 3;
/// The time in which requests for a link are counted.
const REQUEST_WINDOW: Duration = Duration::from_hours(1);

/// A request for a reset link.
#[derive(Clone, Debug)]
pub struct ResetRequest {
    /// The address as entered, folded.
    pub email: String,
    /// See [`password::Attempt::bucket`].
    pub bucket: u16,
    /// The mail with the link, written whether or not there is an account.
    pub mail: MailedLink,
}

/// Sends a link to the user of that address, if there is one who may reset their password: with a verified address, or
/// an account without a credential. The requester is not told; the outcome is for tests.
pub fn request_reset(tx: &mut dyn Tx, request: &ResetRequest) -> Result<bool, StoreError> {
    let now = request.mail.link.now;
    tx.lock(Owner::UserOfEmail(&request.email))?;
    let user = user::find_by_email(tx, &request.email)?;
    let who = user.as_ref().map_or_else(|| format!("?{:04x}", request.bucket), |user| user.id.to_string());
    let requests = quota::tally(tx, quota::Purpose::Reset, &who, now, REQUEST_WINDOW)?;
    let Some(user) = user.filter(|user| !user.disabled && requests <= MOST_REQUESTS) else { return Ok(false) };
    let is_proven = email::find(tx, &request.email)?.is_some_and(|email| email.is_proven());
    if !is_proven && credential::can_sign_in(tx, &user.id)? {
        return Ok(false);
    }
    request.mail.send(tx, &user.id, None)?;
    Ok(true)
}

/// The user to whom a reset link was sent, if it is still valid. Viewing changes nothing.
pub fn find_reset(tx: &mut dyn Tx, link: &Digest, now: Timestamp) -> Result<Option<User>, StoreError> {
    match one_time_link::find(tx, link, now)?.filter(|link| link.purpose == Purpose::Reset) {
        Some(link) => Ok(user::find(tx, &link.user_id)?.filter(|user| !user.disabled)),
        None => Ok(None),
    }
}

/// A user sets a password by a link.
#[derive(Clone, Debug)]
pub struct Reset {
    /// The link's secret.
    pub link: Digest,
    /// The hash of the new password.
    pub hash: String,
    /// The network that they come from.
    pub network: String,
    /// The mail that reports it.
    pub notice: NewMail,
    /// The session that begins.
    pub session: NewSession,
}

/// Sets the password and ends all sessions; `None` if the link is invalid. At most 500 sessions end here: see
/// [`end_sessions`].
pub fn reset(tx: &mut dyn Tx, reset: &Reset) -> Result<Option<BrowserSession>, StoreError> {
    let now = reset.session.now;
    let Some(user) = find_reset(tx, &reset.link, now)? else { return Ok(None) };
    tx.lock(Owner::User(&user.id))?;
    let Some(link) = one_time_link::spend(tx, &reset.link, Purpose::Reset, now)? else { return Ok(None) };
    // Whoever has the link is the person.
    acting_as(tx, Actor::User(user.id.clone()), |tx| {
        replace(tx, &user.id, &reset.hash, &reset.network, now)?;
        email::prove(tx, &user.id, &link.email, now)?;
        end_sessions(tx, &user.id, None, now)?;
        outbox::add(tx, &reset.notice)?;
        sign_in::begin(tx, &Authentication::by_password(user.id.clone(), now), None, &reset.session)
    })
}

/// A signed-in user sets a password.
#[derive(Clone, Debug)]
pub struct Change {
    /// The user's id.
    pub user_id: UserId,
    /// Proof of the current password, if they have one.
    pub proof: Option<PasswordProof>,
    /// The hash of the new password.
    pub hash: String,
    /// The session that continues; all others end.
    pub kept: SessionId,
    /// The network that they come from.
    pub network: String,
    /// The mail that reports it.
    pub notice: NewMail,
}

/// Sets the password; returns whether that was allowed: the account has a verified address to sign in with, and the proof
/// still holds. At most 500 sessions end here: see [`end_sessions`].
pub fn change(tx: &mut dyn Tx, change: &Change) -> Result<bool, StoreError> {
    let now = change.notice.now;
    tx.lock(Owner::User(&change.user_id))?;
    let allowed = match &change.proof {
        Some(proof) => password::confirm(tx, proof)?,
        None => password::find(tx, &change.user_id)?.is_none(),
    };
    // Their last address may have been removed since it was looked up.
    let has_address = email::list(tx, &change.user_id)?.iter().any(StoredEmail::is_proven);
    if !allowed || !has_address {
        return Ok(false);
    }
    replace(tx, &change.user_id, &change.hash, &change.network, now)?;
    end_sessions(tx, &change.user_id, Some(&change.kept), now)?;
    outbox::add(tx, &change.notice)?;
    Ok(true)
}

/// Sets the password. Earlier links stop working, including invitations to the account's address; a user who had no
/// credential keeps the latter, which require an account that can sign in.
fn replace(tx: &mut dyn Tx, user_id: &UserId, hash: &str, network: &str, now: Timestamp) -> Result<(), StoreError> {
    if credential::can_sign_in(tx, user_id)? {
        one_time_link::void_all(tx, user_id)?;
        one_time_link::void_invitations_to_addresses_of(tx, user_id)?;
    } else {
        one_time_link::void_resets(tx, user_id)?;
    }
    password::set(tx, user_id, hash, network, now)
}

/// Ends sessions of a user, browser sessions except `kept` and workspace sessions, at most 500 of each; returns how
/// many. 0 means that none are left.
pub fn end_sessions(
    tx: &mut dyn Tx,
    user_id: &UserId,
    kept: Option<&SessionId>,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let browsers = session::end_all(tx, user_id, kept, now)?;
    Ok(browsers + workspace_session::end_all(tx, user_id, now)?)
}
