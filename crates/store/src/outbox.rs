//! Outgoing mails: written in the transaction of the event they report, sent afterwards, at least once each.

use std::time::Duration;

use sigma_core::ids::{MailId, OrgId, UserId};
use sigma_core::time::Timestamp;

use crate::one_time_link::{self, NewLink};
use crate::{StoreError, Tx, params};

/// How long a process has to send a claimed mail before another may try.
const LEASE: Duration = Duration::from_mins(3);

/// The context under which a mail is sealed: mails hold links.
pub fn seal_context(id: &MailId) -> String {
    format!("mail:{id}")
}

/// A mail to be sent.
#[derive(Clone, Debug)]
pub struct NewMail {
    /// Its id.
    pub id: MailId,
    /// The mail, sealed under [`seal_context`].
    pub sealed: Vec<u8>,
    /// The current time.
    pub now: Timestamp,
    /// When it is no longer worth sending.
    pub expires_at: Timestamp,
}

/// A mail that holds a link: both rows are written, or none.
#[derive(Clone, Debug)]
pub struct MailedLink {
    /// The link.
    pub link: NewLink,
    /// The mail that holds its secret.
    pub mail: NewMail,
}

impl MailedLink {
    /// Queues the mail and activates its link.
    pub fn send(&self, tx: &mut dyn Tx, user_id: &UserId, org_id: Option<&OrgId>) -> Result<(), StoreError> {
        one_time_link::add(tx, &self.link, user_id, org_id)?;
        add(tx, &self.mail)
    }
}

/// A mail that a process claimed for sending.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Its id.
    pub id: MailId,
    /// The mail, sealed.
    pub sealed: Vec<u8>,
    /// How often it was claimed, including this time.
    pub attempts: i64,
    /// When it is no longer worth sending.
    pub expires_at: Timestamp,
}

/// Promises a mail.
pub fn add(tx: &mut dyn Tx, new: &NewMail) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO mails (id, sealed, attempts, next_attempt_at, created_at, expires_at) VALUES ($1, $2, 0, $3, $3, $4)",
        params![&new.id, &new.sealed, new.now, new.expires_at],
    )?;
    Ok(())
}

/// Whether a mail is due.
pub fn is_due(tx: &mut dyn Tx, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM mails WHERE next_attempt_at <= $1 AND expires_at > $1 LIMIT 1";
    Ok(tx.query_opt(sql, params![now])?.is_some())
}

/// Claims at most `limit` due mails. No other process claims them for a while.
pub fn take(tx: &mut dyn Tx, now: Timestamp, limit: u32) -> Result<Vec<Taken>, StoreError> {
    tx.query_all(
        "UPDATE mails SET attempts = attempts + 1, next_attempt_at = $2
         WHERE id IN (SELECT id FROM mails WHERE next_attempt_at <= $1 AND expires_at > $1 ORDER BY next_attempt_at LIMIT $3)
            AND next_attempt_at <= $1
         RETURNING id, sealed, attempts, expires_at",
        params![now, now.plus(LEASE), limit],
    )?
    .iter()
    .map(|row| {
        Ok(Taken {
            id: MailId::from_text(row.text(0)?),
            sealed: row.bytes(1)?,
            attempts: row.int(2)?,
            expires_at: row.timestamp(3)?,
        })
    })
    .collect()
}

/// Removes a mail that was sent, or never can be.
pub fn remove(tx: &mut dyn Tx, id: &MailId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM mails WHERE id = $1", params![id])?;
    Ok(())
}

/// Reschedules a mail that could not be sent.
pub fn postpone(tx: &mut dyn Tx, id: &MailId, until: Timestamp) -> Result<(), StoreError> {
    tx.execute("UPDATE mails SET next_attempt_at = $2 WHERE id = $1", params![id, until])?;
    Ok(())
}
