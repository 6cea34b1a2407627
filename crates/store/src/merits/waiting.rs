//! Merits that wait for whoever proves their address. Nothing that somebody holds moves by itself: when an address is proven
//! by another account, the holder is asked.

use std::time::Duration;

use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::{Outage, Owner, StoreError, Tx, cached, params};

/// How long a holder is asked.
const ASKED: Duration = Duration::from_hours(24 * 90);
/// Most holders of merits to one address that are asked at once.
const MOST_HOLDERS: usize = 5;

/// What waits for whoever proves its address: it has no holder, and is not over. That of a deleted account was answered. The text
/// is that of the index `merits_waiting`, or SQLite does not use it.
macro_rules! waits {
    () => {
        "user_id IS NULL AND status IN ('Pending', 'Unverified', 'Unapproved', 'UnapprovedUnverified')"
    };
}

/// Attaches what waits for an address (folded) to the account that has just proven it, and asks other holders. Callers hold
/// the lock of the user.
pub(crate) fn address_proven(
    tx: &mut dyn Tx,
    user_id: &UserId,
    folded: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    attach(tx, user_id, folded, now)?;
    let mut after = String::new();
    for _ in 0..MOST_HOLDERS {
        let holder = tx.query_opt(
            "SELECT user_id FROM merits WHERE email_folded = $1 AND user_id > $2 AND user_id <> $3
             ORDER BY user_id LIMIT 1",
            params![folded, &after, user_id],
        )?;
        let Some(holder) = holder.map(|row| row.text(0)).transpose()? else { break };
        tx.execute(
            "INSERT INTO merit_claims (holder_id, email_folded, claimant_id, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (holder_id, email_folded) DO UPDATE SET claimant_id = excluded.claimant_id,
                created_at = excluded.created_at, expires_at = excluded.expires_at",
            params![&holder, folded, user_id, now, now.plus(ASKED)],
        )?;
        after = holder;
    }
    Ok(())
}

/// Whether there are merits at all: if not, nothing waits for anybody.
pub(crate) fn is_any(tx: &mut dyn Tx) -> Result<bool, StoreError> {
    Ok(tx.query_opt("SELECT 1 FROM merits LIMIT 1", &[])?.is_some())
}

/// Attaches at most 500 merits; returns how many.
fn attach(tx: &mut dyn Tx, user_id: &UserId, folded: &str, now: Timestamp) -> Result<u64, StoreError> {
    // Nothing waits for most addresses, and a SELECT finds that out for a fraction of what the UPDATE costs.
    let waiting = concat!("SELECT 1 FROM merits WHERE email_folded = $1 AND ", waits!(), " LIMIT 1");
    if folded.is_empty() || tx.query_opt(waiting, params![folded])?.is_none() {
        return Ok(0);
    }
    let attached = tx.execute(
        concat!(
            "UPDATE merits SET user_id = $1, updated_at = $3 WHERE ",
            waits!(),
            " AND (org_id, id) IN (SELECT org_id, id FROM merits WHERE email_folded = $2 AND ",
            waits!(),
            " ORDER BY id LIMIT 500)"
        ),
        params![user_id, folded, now],
    )?;
    if attached > 0 {
        tx.changed(cached::MEMBER_MERITS, user_id.as_str())?;
    }
    Ok(attached)
}

/// Whether something waits for a proven address of the user.
pub fn is_any_waiting(tx: &mut dyn Tx, user_id: &UserId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM emails e JOIN merits m ON m.email_folded = e.folded AND m.user_id IS NULL
            AND m.status IN ('Pending', 'Unverified', 'Unapproved', 'UnapprovedUnverified')
        WHERE e.user_id = $1 AND e.proven_at IS NOT NULL LIMIT 1";
    Ok(tx.query_opt(sql, params![user_id])?.is_some())
}

/// Attaches what waits for any proven address of the user, at most 500 for each; returns how many. Pages of members call it,
/// for merits that were sent while an address was being proven, and for what exceeds one batch.
pub fn attach_all(tx: &mut dyn Tx, user_id: &UserId, now: Timestamp) -> Result<u64, StoreError> {
    let addresses = tx.query_all(
        "SELECT folded FROM emails WHERE user_id = $1 AND proven_at IS NOT NULL ORDER BY folded LIMIT 50",
        params![user_id],
    )?;
    let mut attached = 0;
    for row in &addresses {
        let folded = row.text(0)?;
        let sql = concat!("SELECT 1 FROM merits WHERE email_folded = $1 AND ", waits!(), " LIMIT 1");
        if tx.query_opt(sql, params![&folded])?.is_some() {
            attached += attach(tx, user_id, &folded, now)?;
        }
    }
    Ok(attached)
}

/// An address whose merits an account holds, and which another account has proven since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The address, folded.
    pub folded: String,
    /// When it was proven.
    pub created_at: Timestamp,
}

/// What a holder is asked.
pub fn claims(tx: &mut dyn Tx, holder: &UserId, now: Timestamp) -> Result<Vec<Claim>, StoreError> {
    tx.query_all(
        "SELECT email_folded, created_at FROM merit_claims WHERE holder_id = $1 AND expires_at > $2
         ORDER BY email_folded LIMIT 50",
        params![holder, now],
    )?
    .iter()
    .map(|row| Ok(Claim { folded: row.text(0)?, created_at: row.timestamp(1)? }))
    .collect()
}

/// Hands the merits to that address over to the account that has proven it, at most 500; returns how many. 0 means that none
/// are left, and the question with them.
pub fn hand_over(tx: &mut dyn Tx, holder: &UserId, folded: &str, now: Timestamp) -> Result<u64, StoreError> {
    let Some(claimant) = find_claimant(tx, holder, folded, now)? else {
        keep(tx, holder, folded)?;
        return Ok(0);
    };
    let (first, second) = if *holder < claimant { (holder, &claimant) } else { (&claimant, holder) };
    tx.lock(Owner::User(first))?;
    tx.lock(Owner::User(second))?;
    if find_claimant(tx, holder, folded, now)?.as_ref() != Some(&claimant) {
        // The claimant gave the address up, or was deleted, before both were locked.
        return Err(Outage::Contended.into());
    }
    // What the holder let apps see stays theirs.
    let moved = tx.execute(
        "UPDATE merits SET user_id = $3, updated_at = $4
         WHERE user_id = $1 AND (org_id, id) IN
            (SELECT org_id, id FROM merits WHERE email_folded = $2 AND user_id = $1 AND access = 0 ORDER BY id LIMIT 500)",
        params![holder, folded, &claimant, now],
    )?;
    if moved == 0 {
        keep(tx, holder, folded)?;
        return Ok(0);
    }
    for user_id in [holder, &claimant] {
        tx.changed(cached::MEMBER_MERITS, user_id.as_str())?;
    }
    let details = Details { reason: Some("HandedOver".to_owned()), ..Details::default() };
    let event = NewEvent::new(Action::MeritAnswer).about(holder).to(Target::User(claimant)).with(details);
    event::append_bounded(tx, event, holder, now)?;
    Ok(moved)
}

/// The account that claims what the holder has of an address, while it is the one that has proven it.
fn find_claimant(tx: &mut dyn Tx, holder: &UserId, folded: &str, now: Timestamp) -> Result<Option<UserId>, StoreError> {
    tx.query_opt(
        "SELECT c.claimant_id FROM merit_claims c
         JOIN emails e ON e.folded = c.email_folded AND e.user_id = c.claimant_id AND e.proven_at IS NOT NULL
         WHERE c.holder_id = $1 AND c.email_folded = $2 AND c.expires_at > $3",
        params![holder, folded, now],
    )?
    .map(|row| row.text(0).map(UserId::from_text))
    .transpose()
}

/// Keeps the merits: the holder is not asked again, until the address is proven anew.
pub fn keep(tx: &mut dyn Tx, holder: &UserId, folded: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM merit_claims WHERE holder_id = $1 AND email_folded = $2", params![holder, folded])?;
    Ok(())
}
