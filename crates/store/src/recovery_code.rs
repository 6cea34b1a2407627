//! Recovery codes: second factors of last resort, each for one use. Stored are keyed digests.

use sigma_core::authentication::Credential;
use sigma_core::digest::Digest;
use sigma_core::event::{Action, Target};
use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::outbox::{self, NewMail};
use crate::{Owner, StoreError, Tx, cached, credential, params};

/// Codes that an account gets at once.
pub const CODES: usize = 10;

/// How many codes of an account were not used yet.
pub fn count(tx: &mut dyn Tx, user_id: &UserId) -> Result<u64, StoreError> {
    let counted = tx.query_opt("SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1", params![user_id])?;
    let count = counted.map_or(Ok(0), |row| row.int(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Gives an account new codes instead of the earlier ones, and reports it.
pub fn renew(
    tx: &mut dyn Tx,
    user_id: &UserId,
    codes: &[Digest],
    notices: &[NewMail],
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.lock(Owner::User(user_id))?;
    replace(tx, user_id, codes, now)?;
    notices.iter().try_for_each(|notice| outbox::add(tx, notice))
}

/// Replaces the codes of an account, whose lock the caller holds.
pub(crate) fn replace(tx: &mut dyn Tx, user_id: &UserId, codes: &[Digest], now: Timestamp) -> Result<(), StoreError> {
    tx.execute("DELETE FROM recovery_codes WHERE user_id = $1", params![user_id])?;
    for code in codes.iter().take(CODES) {
        let sql = "INSERT INTO recovery_codes (user_id, hash) VALUES ($1, $2) ON CONFLICT (user_id, hash) DO NOTHING";
        tx.execute(sql, params![user_id, *code])?;
    }
    let credential = Credential::recovery(user_id);
    let had_some = credential::find(tx, &credential)?.is_some();
    if !had_some {
        credential::add(tx, user_id, &credential, now)?;
    }
    let action = if had_some { Action::CredentialChange } else { Action::CredentialAdd };
    let event = NewEvent::new(action).about(user_id).to(Target::User(user_id.clone())).method("recovery");
    event::append_bounded(tx, event, user_id, now)
}

/// Uses a code; returns whether the account had it unused. Of two uses at once one finds it. The credential stays
/// without codes, so that the account page says that none is left.
pub(crate) fn spend(tx: &mut dyn Tx, user_id: &UserId, code: &Digest) -> Result<bool, StoreError> {
    let sql = "DELETE FROM recovery_codes WHERE user_id = $1 AND hash = $2";
    Ok(tx.execute(sql, params![user_id, *code])? == 1)
}

/// Deletes the codes of an account, and their credential: it has no other second factor any more.
pub(crate) fn remove(tx: &mut dyn Tx, user_id: &UserId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM recovery_codes WHERE user_id = $1", params![user_id])?;
    let sql = "DELETE FROM credentials WHERE kind = 'recovery' AND id = $1";
    tx.execute(sql, params![user_id.as_str()])?;
    tx.changed(cached::ACCOUNT, user_id.as_str())
}
