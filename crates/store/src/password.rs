//! Passwords: the argon2id hash of each user who has one, and what a password sign-in reads and writes.
//!
//! Hashing takes longer than a transaction may, so it happens between two: [`look_up`] reads the hash to compare with,
//! [`fail`], [`sign_in()`] or [`confirm`] writes the outcome.

use std::fmt;

use sigma_core::authentication::Authentication;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::password_cost::{self, CostCount};
use crate::password_throttle::{PasswordThrottle, Source};
use crate::session::{BrowserSession, NewSession};
use crate::user::{self, User};
use crate::{Owner, StoreError, Tx, cached, credential, one_time_link, params, sign_in};

/// A password sign-in before the password is checked.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The address as entered, folded.
    pub email: String,
    /// 16 bits of a keyed hash of the address: failures for unknown addresses are counted under them, so that they look
    /// like those for known ones and cannot fill the table.
    pub bucket: u16,
    /// The network that failures are counted by.
    pub network: String,
    /// What the browser shows of an earlier sign-in.
    pub device: Option<Device>,
    /// Whether failures are counted and cause delays.
    pub delays: bool,
}

/// A browser that sent the right password of an account before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its name, by which its failures are counted.
    pub name: String,
    /// When the password that it sent was chosen; a password reset invalidates it.
    pub chosen_at: Timestamp,
}

/// What the password is compared with.
#[derive(Clone, Debug)]
pub struct LookedUp {
    /// The account of the address.
    pub user: Option<User>,
    /// Its password, if it has one.
    pub stored: Option<Stored>,
    /// The end of a delay, until which nothing is hashed.
    pub blocked_until: Option<Timestamp>,
    /// Under a delay caused by others, this attempt does not count yet: [`fail_early`] counts it.
    pub asks_early: bool,
    /// The source of the password: the device only if it belongs to this account and this password.
    pub source: Source,
    /// The costs of existing hashes, for addresses without one.
    pub costs: Vec<CostCount>,
    throttle: Option<PasswordThrottle>,
}

/// A password as stored. `Debug` does not print its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    /// A PHC string of argon2id.
    pub hash: String,
    /// When the user chose it. Unique per user.
    pub chosen_at: Timestamp,
}

/// Proof that somebody knew a user's password a moment ago. [`confirm`] belongs in the transaction of what that
/// permits.
#[derive(Clone, Debug)]
pub struct PasswordProof {
    user_id: UserId,
    chosen_at: Timestamp,
    throttle: Option<PasswordThrottle>,
}

impl PasswordProof {
    /// When the password was chosen.
    pub fn chosen_at(&self) -> Timestamp {
        self.chosen_at
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored").field("chosen_at", &self.chosen_at).finish_non_exhaustive()
    }
}

impl LookedUp {
    /// The proof that the password matched, if there was one to match.
    pub fn proof(&self) -> Option<PasswordProof> {
        let (user, stored) = (self.user.as_ref()?, self.stored.as_ref()?);
        Some(PasswordProof { user_id: user.id.clone(), chosen_at: stored.chosen_at, throttle: self.throttle.clone() })
    }
}

/// Reads what to compare the password with, and whether the caller is delayed. Only a proven address is an account's: what
/// was merely entered may be somebody else's.
pub fn look_up(tx: &mut dyn Tx, attempt: &Attempt, now: Timestamp) -> Result<LookedUp, StoreError> {
    let user = user::find_by_proven_email(tx, &attempt.email)?;
    let stored = match &user {
        Some(user) => find(tx, &user.id)?,
        // As many statements for unknown addresses as for known ones.
        None => find(tx, &UserId::from_text(""))?,
    };
    let device = attempt
        .device
        .as_ref()
        .filter(|device| stored.as_ref().is_some_and(|stored| stored.chosen_at == device.chosen_at));
    let source = match device {
        Some(device) => Source::Device(device.name.clone()),
        None => Source::Network(attempt.network.clone()),
    };
    let user_id = user.as_ref().map(|user| &user.id);
    let throttle = attempt.delays.then(|| PasswordThrottle::of(user_id, attempt.bucket, source.clone()));
    let waits = throttle.as_ref().map(|throttle| throttle.waits(tx, now)).transpose()?.unwrap_or_default();
    let costs = password_cost::list(tx)?;
    let (blocked_until, asks_early) = (waits.until(), waits.here.is_none() && waits.anywhere.is_some());
    Ok(LookedUp { user, stored, blocked_until, asks_early, source, costs, throttle })
}

/// When the password of the account at `email`, folded, was chosen.
pub fn chosen_at(tx: &mut dyn Tx, email: &str) -> Result<Option<Timestamp>, StoreError> {
    let Some(user) = user::find_by_proven_email(tx, email)? else { return Ok(None) };
    Ok(find(tx, &user.id)?.map(|stored| stored.chosen_at))
}

/// Counts a wrong password at its source, and records the failed sign-in, without any of its input.
pub fn fail(tx: &mut dyn Tx, looked_up: &LookedUp, now: Timestamp) -> Result<(), StoreError> {
    if let Some(throttle) = &looked_up.throttle {
        throttle.fail(tx, now)?;
    }
    let reason = match (&looked_up.user, &looked_up.stored) {
        (None, _) => "unknown_account",
        (Some(user), _) if user.disabled => "disabled",
        (Some(_), None) => "no_password",
        (Some(_), Some(_)) => "wrong_password",
    };
    record_failure(tx, looked_up.user.as_ref().map(|user| &user.id), reason, now)
}

/// Counts an attempt during a delay, at its network.
pub fn fail_early(tx: &mut dyn Tx, looked_up: &LookedUp, now: Timestamp) -> Result<(), StoreError> {
    looked_up.throttle.as_ref().map_or(Ok(()), |throttle| throttle.fail_early(tx, now))
}

/// Counts the right password of a user who is not a member of the workspace as a wrong one, so that nobody learns that it
/// was right.
pub(crate) fn deny(tx: &mut dyn Tx, proof: &PasswordProof, now: Timestamp) -> Result<(), StoreError> {
    if let Some(throttle) = &proof.throttle {
        throttle.fail(tx, now)?;
    }
    record_failure(tx, Some(&proof.user_id), "not_a_member", now)
}

fn record_failure(tx: &mut dyn Tx, user_id: Option<&UserId>, reason: &str, now: Timestamp) -> Result<(), StoreError> {
    let details = Details { reason: Some(reason.to_owned()), ..Details::default() };
    let failed = NewEvent::new(Action::UserSignInFailed).with(details).method("password");
    let failed = match user_id {
        Some(user_id) => failed.about(user_id),
        None => failed,
    };
    event::count_repeated(tx, failed, now)
}

/// Whether the proven password is still current and the account enabled: a reset meanwhile invalidates what was begun
/// with the old one. Resets the user's failure count.
pub fn confirm(tx: &mut dyn Tx, proof: &PasswordProof) -> Result<bool, StoreError> {
    tx.lock(Owner::User(&proof.user_id))?;
    let user = user::find(tx, &proof.user_id)?;
    if !is_current(tx, proof)? || user.is_none_or(|user| user.disabled) {
        return Ok(false);
    }
    forget_failures(tx, proof)?;
    Ok(true)
}

/// Signs in the user who proved a password; `None` if it was changed meanwhile, or the account is disabled.
pub fn sign_in(tx: &mut dyn Tx, proof: &PasswordProof, new: &NewSession) -> Result<Option<BrowserSession>, StoreError> {
    let Some(authentication) = authenticate(tx, proof, new.now)? else { return Ok(None) };
    let session = sign_in::begin(tx, &authentication, None, new)?;
    if session.is_some() {
        forget_failures(tx, proof)?;
    }
    Ok(session)
}

/// The authentication that the proof amounts to, while the password is still current.
pub(crate) fn authenticate(
    tx: &mut dyn Tx,
    proof: &PasswordProof,
    now: Timestamp,
) -> Result<Option<Authentication>, StoreError> {
    tx.lock(Owner::User(&proof.user_id))?;
    let is_current = is_current(tx, proof)?;
    Ok(is_current.then(|| Authentication::by_password(proof.user_id.clone(), now)))
}

/// Resets the failure count after a sign-in.
pub(crate) fn forget_failures(tx: &mut dyn Tx, proof: &PasswordProof) -> Result<(), StoreError> {
    proof.throttle.as_ref().map_or(Ok(()), |throttle| throttle.clear(tx))
}

fn is_current(tx: &mut dyn Tx, proof: &PasswordProof) -> Result<bool, StoreError> {
    Ok(find(tx, &proof.user_id)?.is_some_and(|stored| stored.chosen_at == proof.chosen_at))
}

/// The password of a user.
pub fn find(tx: &mut dyn Tx, user_id: &UserId) -> Result<Option<Stored>, StoreError> {
    tx.query_opt("SELECT hash, updated_at FROM passwords WHERE user_id = $1", params![user_id])?
        .map(|row| Ok(Stored { hash: row.text(0)?, chosen_at: row.timestamp(1)? }))
        .transpose()
}

/// Sets a password chosen from `network`. Proofs of the previous one become invalid.
pub fn set(tx: &mut dyn Tx, user_id: &UserId, hash: &str, network: &str, now: Timestamp) -> Result<(), StoreError> {
    tx.lock(Owner::User(user_id))?;
    let before = find(tx, user_id)?;
    let after = before.as_ref().map(|stored| Timestamp::from_micros(stored.chosen_at.micros().saturating_add(1)));
    let chosen_at = after.map_or(now, |after| after.max(now));
    tx.execute(
        "INSERT INTO passwords (user_id, hash, created_at, updated_at) VALUES ($1, $2, $3, $3)
         ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, updated_at = excluded.updated_at",
        params![user_id, hash, chosen_at],
    )?;
    password_cost::replace(tx, before.as_ref().map(|stored| stored.hash.as_str()), hash)?;
    credential::add_password(tx, user_id, now)?;
    // Nobody has guessed at a new password yet: its user is not delayed on their network, nor for failures of others.
    PasswordThrottle::of(Some(user_id), 0, Source::Network(network.to_owned())).clear(tx)?;
    let action = if before.is_some() { Action::CredentialChange } else { Action::CredentialAdd };
    event::append(tx, NewEvent::new(action).about(user_id).to(Target::User(user_id.clone())).method("password"))?;
    tx.changed(cached::ACCOUNT, user_id.as_str())
}

/// Deletes the password of a user, and the links that set a new one.
pub(crate) fn remove(tx: &mut dyn Tx, user_id: &UserId) -> Result<(), StoreError> {
    let removed = tx.query_opt("DELETE FROM passwords WHERE user_id = $1 RETURNING hash", params![user_id])?;
    if let Some(row) = removed {
        password_cost::remove(tx, &row.text(0)?)?;
    }
    one_time_link::void_resets(tx, user_id)
}

/// Replaces a cheap hash by a costlier one of the same password; does nothing if the password was changed meanwhile.
pub fn rehash(tx: &mut dyn Tx, user_id: &UserId, old: &str, new: &str) -> Result<(), StoreError> {
    let sql = "UPDATE passwords SET hash = $3 WHERE user_id = $1 AND hash = $2";
    if tx.execute(sql, params![user_id, old, new])? == 1 {
        password_cost::replace(tx, Some(old), new)?;
    }
    Ok(())
}
