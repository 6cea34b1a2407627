//! Mails to recipients: which merits they are still to be told of, and who wants none.

use std::time::Duration;

use sigma_core::ids::{MeritId, OrgId};
use sigma_core::time::Timestamp;

use super::merit::{self, Merit, select};
use crate::outbox::{self, NewMail};
use crate::{StoreError, Tx, params, quota};

/// Mails about merits to one address within [`WINDOW`], from all orgs.
const MOST_MAILS: i64 = 20;
/// Those from one org: what it sends must not silence the others.
const MOST_MAILS_OF_ORG: i64 = 8;
/// The time in which they are counted.
const WINDOW: Duration = Duration::from_hours(24);

/// At most `limit` merits whose recipients are to be told, oldest first.
pub fn due(tx: &mut dyn Tx, now: Timestamp, limit: u32) -> Result<Vec<Merit>, StoreError> {
    let sql = concat!(select!(), " WHERE m.notify_at IS NOT NULL AND m.notify_at <= $1 ORDER BY m.notify_at LIMIT $2");
    tx.query_all(sql, params![now, limit])?.iter().map(merit::decode).collect()
}

/// The address to which a merit's mail goes: its own, or the primary one of the member who holds it.
pub fn address(tx: &mut dyn Tx, merit: &Merit) -> Result<Option<String>, StoreError> {
    match &merit.user_id {
        _ if !merit.email.is_empty() => Ok(Some(merit.email.clone())),
        None => Ok(None),
        Some(user_id) => {
            let sql = "SELECT address FROM emails WHERE user_id = $1 AND is_primary = 1 AND proven_at IS NOT NULL";
            tx.query_opt(sql, params![user_id])?.map(|row| row.text(0)).transpose()
        }
    }
}

/// A mail about a merit.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The org of the merit.
    pub org_id: OrgId,
    /// The merit.
    pub merit_id: MeritId,
    /// The mail; `None` if nobody can be told.
    pub mail: Option<NewMail>,
    /// The HMAC of the address, by which mails are counted and refused.
    pub address_mac: Vec<u8>,
    /// The same as text, for counting.
    pub counted_as: String,
}

/// Whether an address can still get a mail of that org, so that no others are written.
pub fn is_open(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    (address_mac, counted_as): (&[u8], &str),
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(!is_unsubscribed(tx, org_id, address_mac)?
        && quota::count(tx, quota::Purpose::MeritMails, &of_org(org_id, counted_as), now)? < MOST_MAILS_OF_ORG
        && quota::count(tx, quota::Purpose::MeritMails, counted_as, now)? < MOST_MAILS)
}

/// The name under which the mails of one org to an address are counted.
fn of_org(org_id: &OrgId, counted_as: &str) -> String {
    format!("{org_id}/{counted_as}")
}

/// Queues the mail of a merit, once; not to those who unsubscribed from the org or get too many. Returns whether it was queued.
pub fn send(tx: &mut dyn Tx, notice: &Notice, now: Timestamp) -> Result<bool, StoreError> {
    let told = tx.execute(
        "UPDATE merits SET notify_at = NULL WHERE org_id = $1 AND id = $2 AND notify_at IS NOT NULL",
        params![&notice.org_id, &notice.merit_id],
    )?;
    let Some(mail) = notice.mail.as_ref().filter(|_| told == 1) else { return Ok(false) };
    if is_unsubscribed(tx, &notice.org_id, &notice.address_mac)? {
        return Ok(false);
    }
    let of_org = of_org(&notice.org_id, &notice.counted_as);
    if quota::tally(tx, quota::Purpose::MeritMails, &of_org, now, WINDOW)? > MOST_MAILS_OF_ORG {
        return Ok(false);
    }
    if quota::tally(tx, quota::Purpose::MeritMails, &notice.counted_as, now, WINDOW)? > MOST_MAILS {
        return Ok(false);
    }
    outbox::add(tx, mail)?;
    Ok(true)
}

/// Whether an address wants no mail of that org.
pub fn is_unsubscribed(tx: &mut dyn Tx, org_id: &OrgId, address_mac: &[u8]) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM merit_unsubscribes WHERE org_id = $1 AND address_mac = $2";
    Ok(tx.query_opt(sql, params![org_id, address_mac])?.is_some())
}

/// Sends an address no more mail of that org.
pub fn unsubscribe(tx: &mut dyn Tx, org_id: &OrgId, address_mac: &[u8], now: Timestamp) -> Result<(), StoreError> {
    if tx.query_opt("SELECT 1 FROM orgs WHERE id = $1 AND removed_at IS NULL", params![org_id])?.is_none() {
        return Ok(());
    }
    tx.execute(
        "INSERT INTO merit_unsubscribes (org_id, address_mac, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        params![org_id, address_mac, now],
    )?;
    Ok(())
}

/// Sends an address mail of that org again.
pub fn subscribe(tx: &mut dyn Tx, org_id: &OrgId, address_mac: &[u8]) -> Result<(), StoreError> {
    tx.execute("DELETE FROM merit_unsubscribes WHERE org_id = $1 AND address_mac = $2", params![org_id, address_mac])?;
    Ok(())
}
