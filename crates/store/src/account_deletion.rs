//! Deletion of accounts: requested, undone within a grace period, and carried out in batches.

use sigma_core::actor::Actor;
use sigma_core::event::{Action, Target};
use sigma_core::ids::{OrgId, SessionId, UserId};
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::merits::erasure;
use crate::outbox::{self, NewMail};
use crate::{
    Owner, StoreError, Tx, app_access, cached, merged_account, org, params, password, people_index, picture, session,
};

/// A requested deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// The user.
    pub user_id: UserId,
    /// Who they become in the audit trail.
    pub pseudonym: UserId,
    /// When it was requested.
    pub requested_at: Timestamp,
    /// When it is carried out.
    pub due_at: Timestamp,
}

/// The outcome of requesting a deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requested {
    /// The account is going to be deleted.
    Scheduled,
    /// There is no such account.
    NotFound,
    /// Nobody else manages these workspaces, by id and name.
    OnlyAdministrator(Vec<(OrgId, String)>),
}

/// Requests the deletion of an account, or changes when one is due, unless it is due already. Grants and sessions end, but for
/// the session `kept`: at most a batch of each, [`end_access`] ends the rest.
pub fn request(
    tx: &mut dyn Tx,
    new: &Deletion,
    kept: Option<&SessionId>,
    notices: &[NewMail],
) -> Result<Requested, StoreError> {
    let user_id = &new.user_id;
    let managed = org::managed_alone(tx, user_id)?;
    if !managed.is_empty() {
        return Ok(Requested::OnlyAdministrator(managed));
    }
    tx.lock(Owner::User(user_id))?;
    if tx.query_opt("SELECT 1 FROM users WHERE id = $1", params![user_id])?.is_none() {
        return Ok(Requested::NotFound);
    }
    tx.execute(
        "INSERT INTO account_deletions (user_id, pseudonym, requested_at, due_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (user_id) DO UPDATE SET due_at = excluded.due_at WHERE account_deletions.due_at > excluded.requested_at",
        params![user_id, &new.pseudonym, new.requested_at, new.due_at],
    )?;
    tx.changed(cached::ACCOUNT, user_id.as_str())?;
    let event = NewEvent::new(Action::UserRequestDeletion).about(user_id).shown_to(user_id);
    event::append(tx, event.to(Target::User(user_id.clone())))?;
    end_access(tx, user_id, kept, new.requested_at)?;
    notices.iter().try_for_each(|notice| outbox::add(tx, notice))?;
    Ok(Requested::Scheduled)
}

/// Requests a deletion that is due, so that nobody can keep the account; returns it as it is kept, since one that was requested before
/// has its pseudonym.
pub fn request_at_once(tx: &mut dyn Tx, new: &Deletion) -> Result<(Deletion, Requested), StoreError> {
    let requested = request(tx, new, None, &[])?;
    Ok((find(tx, &new.user_id)?.unwrap_or_else(|| new.clone()), requested))
}

/// Ends a batch of the sessions and grants of a user, but for the session `kept`; returns how many. 0 means that none are left.
pub fn end_access(
    tx: &mut dyn Tx,
    user_id: &UserId,
    kept: Option<&SessionId>,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let grants = app_access::end_all_grants(tx, user_id, now)?;
    let sessions = session::end_all(tx, user_id, kept, now)? + org::session::end_all(tx, user_id, now)?;
    Ok(grants + u64::try_from(sessions).unwrap_or(u64::MAX))
}

/// Keeps an account that was going to be deleted; returns whether it is kept: not if the deletion is due, and may have begun.
pub fn cancel(tx: &mut dyn Tx, user_id: &UserId, now: Timestamp) -> Result<bool, StoreError> {
    tx.lock(Owner::User(user_id))?;
    let sql = "DELETE FROM account_deletions WHERE user_id = $1 AND due_at > $2";
    if tx.execute(sql, params![user_id, now])? == 0 {
        return Ok(find(tx, user_id)?.is_none());
    }
    tx.changed(cached::ACCOUNT, user_id.as_str())?;
    let event = NewEvent::new(Action::UserCancelDeletion).about(user_id).shown_to(user_id);
    event::append(tx, event.to(Target::User(user_id.clone())))?;
    Ok(true)
}

/// The requested deletion of an account.
pub fn find(tx: &mut dyn Tx, user_id: &UserId) -> Result<Option<Deletion>, StoreError> {
    tx.query_opt(
        "SELECT user_id, pseudonym, requested_at, due_at FROM account_deletions WHERE user_id = $1",
        params![user_id],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// Some deletion that is due.
pub fn find_due(tx: &mut dyn Tx, now: Timestamp) -> Result<Option<Deletion>, StoreError> {
    tx.query_opt(
        "SELECT user_id, pseudonym, requested_at, due_at FROM account_deletions WHERE due_at <= $1
         ORDER BY due_at, user_id LIMIT 1",
        params![now],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// Deletes at most 500 rows of `$table` that belong to the user, by its key.
macro_rules! delete {
    ($table:literal, $key:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE user_id = $1 AND ",
            $key,
            " IN (SELECT ",
            $key,
            " FROM ",
            $table,
            " WHERE user_id = $1 LIMIT 500)"
        )
    };
}

/// What is deleted, in this order. Ended sessions and their grants, used codes and tokens are not found by their user: they are
/// swept within a day or with the lives of their tokens, and hold no more than ids then. What stores more about users adds
/// its table here; a test looks for tables that are missing.
const DELETIONS: [&str; 26] = [
    "DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE user_id = $1 AND offline = 1 LIMIT 500)",
    "DELETE FROM apps WHERE id IN (SELECT app_id FROM agents WHERE user_id = $1 LIMIT 500)",
    delete!("agents", "app_id"),
    delete!("impersonators", "org_id"),
    delete!("impersonations", "grant_id"),
    delete!("user_handles", "user_id"),
    delete!("passkeys", "id"),
    delete!("totp_secrets", "user_id"),
    delete!("recovery_codes", "hash"),
    delete!("wallets", "address"),
    delete!("identity_keys", "pubkey"),
    delete!("profiles", "bap_id"),
    delete!("org_sessions", "jti"),
    delete!("credentials", "id"),
    delete!("one_time_links", "hash"),
    delete!("provider_accounts", "id"),
    delete!("backups", "id"),
    delete!("identities", "bap_id"),
    delete!("email_additions", "user_id"),
    delete!("emails", "folded"),
    delete!("people_unindexed", "user_id"),
    delete!("interactions", "id"),
    delete!("consents", "app_id"),
    delete!("device_throttle", "device"),
    delete!("known_devices", "name"),
    // Apps that the operator approved stay; the others are removed by the job that removes unused ones.
    "UPDATE registrations SET made_by = NULL, made_as = NULL,
        expires_at = CASE WHEN app_id IN (SELECT id FROM apps WHERE dynamic = 1) THEN 0 ELSE expires_at END
     WHERE made_by = $1",
];

/// Deletes a batch of an account whose deletion is due; returns how many rows. 0 means that all is gone, but for the last event
/// of the audit trail, which [`finish`] writes.
pub fn delete_batch(tx: &mut dyn Tx, deletion: &Deletion, now: Timestamp) -> Result<u64, StoreError> {
    let user_id = &deletion.user_id;
    let due = "SELECT 1 FROM account_deletions WHERE user_id = $1 AND due_at <= $2";
    if tx.query_opt(due, params![user_id, now])?.is_none() {
        return Ok(0);
    }
    if let Some(left) = org::leave_one(tx, user_id)? {
        return Ok(left);
    }
    tx.lock(Owner::User(user_id))?;
    // They are swept a day after they end.
    let nameless = "UPDATE sessions SET address = '', user_agent = '' WHERE user_id = $1 AND ended_at IS NULL";
    tx.execute(nameless, params![user_id])?;
    let disable = "UPDATE users SET disabled = 1 WHERE id = $1 AND disabled = 0";
    let disabled = tx.execute(disable, params![user_id])?;
    tx.changed(cached::ACCOUNT, user_id.as_str())?;
    if disabled > 0 {
        return Ok(disabled);
    }
    let ended = end_access(tx, user_id, None, now)?;
    if ended > 0 {
        return Ok(ended);
    }
    let merits = erasure::erase(tx, user_id, now)?;
    if merits > 0 {
        return Ok(merits);
    }
    password::remove(tx, user_id)?;
    for sql in DELETIONS {
        let deleted = tx.execute(sql, params![user_id])?;
        if deleted > 0 {
            return Ok(deleted);
        }
    }
    // Their objects are deleted by a job of their own.
    picture::give_up_all(tx, user_id, now)?;
    let events = event::pseudonymise(tx, user_id, &deletion.pseudonym)?;
    if events > 0 {
        return Ok(events);
    }
    // What happened in accounts that were merged into this one is theirs too.
    let Some(merged) = merged_account::find_predecessor(tx, user_id)? else { return Ok(0) };
    let events = event::pseudonymise(tx, &merged, &deletion.pseudonym)?;
    if events == 0 {
        merged_account::forget(tx, &merged)?;
    }
    Ok(events.max(1))
}

/// Deletes the account's own row once nothing else is left. Does nothing if the deletion is not due, or was finished: it may have
/// been postponed or cancelled since it was found, and [`delete_batch`] deleted nothing for that reason.
pub fn finish(tx: &mut dyn Tx, deletion: &Deletion, now: Timestamp) -> Result<(), StoreError> {
    let user_id = &deletion.user_id;
    tx.lock(Owner::User(user_id))?;
    let due = "DELETE FROM account_deletions WHERE user_id = $1 AND due_at <= $2";
    if tx.execute(due, params![user_id, now])? == 0 {
        return Ok(());
    }
    tx.execute("DELETE FROM users WHERE id = $1", params![user_id])?;
    people_index::removed(tx, user_id.as_str())?;
    tx.changed(cached::ACCOUNT, user_id.as_str())?;
    tx.changed(cached::BACKUPS, user_id.as_str())?;
    let event = NewEvent::new(Action::UserDelete).about(&deletion.pseudonym);
    // Nothing names the user any more.
    let by = match &tx.initiator().actor {
        Actor::User(own) if own == user_id => Actor::System,
        actor => actor.clone(),
    };
    event::append(tx, event.by(by).to(Target::User(deletion.pseudonym.clone())))
}

fn decode(row: &crate::Row) -> Result<Deletion, StoreError> {
    Ok(Deletion {
        user_id: UserId::from_text(row.text(0)?),
        pseudonym: UserId::from_text(row.text(1)?),
        requested_at: row.timestamp(2)?,
        due_at: row.timestamp(3)?,
    })
}
