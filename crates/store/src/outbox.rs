//! Outgoing mails: written in the transaction of the event they report, sent afterwards, at least once each.

use std::time::Duration;

use sigma_core::ids::{MailId, OrgId, UserId};
use sigma_core::time::Timestamp;

use crate::one_time_link::{self, NewLink};
use crate::{Row, StoreError, Tx, params};

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

/// How many mails are not sent yet, counted up to `most`, and since when the oldest waits.
pub fn backlog(tx: &mut dyn Tx, most: i64, now: Timestamp) -> Result<(i64, Option<Timestamp>), StoreError> {
    let sql = "SELECT COUNT(*), MIN(created_at) FROM (SELECT created_at FROM mails WHERE expires_at > $1 LIMIT $2) AS waiting";
    let row = tx.query_opt(sql, params![now, most])?;
    row.map_or(Ok((0, None)), |row| Ok((row.int(0)?, row.opt_timestamp(1)?)))
}

/// Which mails are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// All that were not delivered.
    All,
    /// Those whose last attempt failed.
    Failing,
}

impl Shown {
    /// Those of that name.
    pub fn parse(name: &str) -> Option<Self> {
        (name == "failing").then_some(Self::Failing)
    }
}

/// What becomes of a queued mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is sent soon.
    Waiting,
    /// A process has it for sending.
    Sending,
    /// The last attempt failed; it is tried again.
    Failing,
    /// It was refused, or expires before it would be tried again.
    GivenUp,
}

impl Fate {
    /// The name in the management API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Failing => "failing",
            Self::GivenUp => "given_up",
        }
    }
}

/// A queued mail, as whoever runs the server sees it.
#[derive(Clone, Debug)]
pub struct Queued {
    /// Its id.
    pub id: MailId,
    /// The mail, sealed.
    pub sealed: Vec<u8>,
    /// What becomes of it.
    pub fate: Fate,
    /// How often it was claimed.
    pub attempts: i64,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// Since when.
    pub created_at: Timestamp,
    /// When it is tried next, unless it was given up.
    pub next_attempt_at: Option<Timestamp>,
    /// When it is deleted.
    pub expires_at: Timestamp,
}

/// Greater than every id: the hexadecimal digits of an id end at `f`.
const END: &str = "mail_g";

macro_rules! queued {
    ($condition:literal) => {
        concat!(
            "SELECT id, sealed, attempts, error, created_at, next_attempt_at, expires_at, leased_until FROM mails WHERE ",
            $condition
        )
    };
}

fn queued(row: &Row, now: Timestamp) -> Result<Queued, StoreError> {
    let (error, next, expires_at) = (row.opt_text(3)?, row.timestamp(5)?, row.timestamp(6)?);
    let fate = match (row.opt_timestamp(7)?, &error) {
        (Some(until), _) if now < until => Fate::Sending,
        _ if next >= expires_at => Fate::GivenUp,
        (_, Some(_)) => Fate::Failing,
        (_, None) => Fate::Waiting,
    };
    Ok(Queued {
        id: MailId::from_text(row.text(0)?),
        sealed: row.bytes(1)?,
        fate,
        attempts: row.int(2)?,
        error,
        created_at: row.timestamp(4)?,
        next_attempt_at: (next < expires_at).then_some(next),
        expires_at,
    })
}

/// At most `limit` mails that have not expired, newest first; before that id.
pub fn list(
    tx: &mut dyn Tx,
    shown: Shown,
    before: Option<&MailId>,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Queued>, StoreError> {
    let sql = match shown {
        Shown::All => queued!("id < $1 AND expires_at > $2 ORDER BY id DESC LIMIT $3"),
        Shown::Failing => queued!("id < $1 AND expires_at > $2 AND error IS NOT NULL ORDER BY id DESC LIMIT $3"),
    };
    let before = before.map_or(END, MailId::as_str);
    tx.query_all(sql, params![before, now, limit])?.iter().map(|row| queued(row, now)).collect()
}

/// The mail of that id, unless it has expired.
pub fn find(tx: &mut dyn Tx, id: &MailId, now: Timestamp) -> Result<Option<Queued>, StoreError> {
    let row = tx.query_opt(queued!("id = $1 AND expires_at > $2"), params![id, now])?;
    row.map(|row| queued(&row, now)).transpose()
}

/// Makes a mail due, unless a process has it for sending.
pub fn resend(tx: &mut dyn Tx, id: &MailId, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE mails SET next_attempt_at = $2
         WHERE id = $1 AND expires_at > $2 AND (leased_until IS NULL OR leased_until <= $2)";
    Ok(tx.execute(sql, params![id, now])? == 1)
}

/// Deletes a mail unsent, unless a process has it for sending.
pub fn discard(tx: &mut dyn Tx, id: &MailId, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "DELETE FROM mails WHERE id = $1 AND (leased_until IS NULL OR leased_until <= $2)";
    Ok(tx.execute(sql, params![id, now])? == 1)
}

/// Claims at most `limit` due mails. No other process claims them for a while.
pub fn take(tx: &mut dyn Tx, now: Timestamp, limit: u32) -> Result<Vec<Taken>, StoreError> {
    tx.query_all(
        "UPDATE mails SET attempts = attempts + 1, next_attempt_at = $2, leased_until = $2
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

/// Removes a mail that was sent.
pub fn remove(tx: &mut dyn Tx, id: &MailId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM mails WHERE id = $1", params![id])?;
    Ok(())
}

/// Reschedules a mail that could not be sent.
pub fn postpone(tx: &mut dyn Tx, id: &MailId, until: Timestamp, error: &str) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE mails SET next_attempt_at = $2, error = $3, leased_until = NULL WHERE id = $1",
        params![id, until, reason(error)],
    )?;
    Ok(())
}

/// Gives a mail up that never can be sent. It stays until it expires, so that whoever runs the server sees why.
pub fn give_up(tx: &mut dyn Tx, id: &MailId, error: &str) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE mails SET next_attempt_at = expires_at, error = $2, leased_until = NULL WHERE id = $1",
        params![id, reason(error)],
    )?;
    Ok(())
}

/// What is kept of the words of a mail server: one bounded line, without the secret of a link, which servers that dislike it may quote.
fn reason(error: &str) -> String {
    const MOST: usize = 300;
    let line: String = error.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    let words =
        line.split_whitespace().map(|word| word.find("token=").map_or(word, |at| word.get(..at).unwrap_or_default()));
    words.collect::<Vec<_>>().join(" ").chars().take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_failure_is_one_short_line_without_secrets() {
        let told = "554 5.7.1 no\r\n\0link https://id.example.org/password/reset?token=abc here";
        assert_eq!(reason(told), "554 5.7.1 no link https://id.example.org/password/reset? here");
        assert_eq!(reason(&"x".repeat(1_000)).len(), 300);
    }
}
