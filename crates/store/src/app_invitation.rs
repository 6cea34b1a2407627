//! Initial access tokens (RFC 7591 §3): each lets its holder register a number of apps until it expires.

use std::time::Duration;

use sigma_core::digest::Digest;
use sigma_core::event::{Action, Target};
use sigma_core::ids::AppInvitationId;
use sigma_core::time::Timestamp;
use sigma_core::unicode::is_deceptive;

use crate::event::{self, NewEvent};
use crate::{Row, StoreError, Tx, params};

/// An invitation to register apps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppInvitation {
    /// Its id.
    pub id: AppInvitationId,
    /// The operator's note of whom it is for; may be empty.
    pub name: String,
    /// How many apps it lets register in all.
    pub uses: u32,
    /// How many of them are left.
    pub uses_left: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// Letters and digits of a token: 256 bits.
pub const TOKEN_LENGTH: usize = 43;
/// Characters of a note at most.
pub const LONGEST_NOTE: usize = 100;
/// Apps that a token lets register at most.
pub const MOST_USES: u32 = 10_000;
/// Days for which one works at most.
pub const MOST_DAYS: u32 = 365;
/// Days for which one works unless it is said.
pub const USUAL_DAYS: u32 = 7;

/// What is wrong with a new invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitationProblem {
    /// The note.
    Name,
    /// The number of apps.
    Uses,
    /// How long it can be used.
    Days,
}

impl InvitationProblem {
    /// The member that it is about.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Uses => "uses",
            Self::Days => "days",
        }
    }

    /// What it has to be.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Name => "at most 100 characters, none of them invisible",
            Self::Uses => "a number from 1 to 10000",
            Self::Days => "a number from 1 to 365",
        }
    }
}

impl AppInvitation {
    /// A new one, for so many apps and days.
    ///
    /// # Errors
    /// The first of them that is out of bounds.
    pub fn new(
        id: AppInvitationId,
        name: &str,
        uses: u32,
        days: u32,
        now: Timestamp,
    ) -> Result<Self, InvitationProblem> {
        if name.chars().count() > LONGEST_NOTE || name.contains(is_deceptive) {
            return Err(InvitationProblem::Name);
        }
        if !(1..=MOST_USES).contains(&uses) {
            return Err(InvitationProblem::Uses);
        }
        if !(1..=MOST_DAYS).contains(&days) {
            return Err(InvitationProblem::Days);
        }
        let expires_at = now.plus(Duration::from_hours(u64::from(days) * 24));
        Ok(Self { id, name: name.to_owned(), uses, uses_left: uses, created_at: now, expires_at })
    }
}

/// Adds an invitation whose token has that digest.
pub fn add(tx: &mut dyn Tx, new: &AppInvitation, token: &Digest) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO app_invitations (id, hash, name, uses, uses_left, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![&new.id, *token, new.name.as_str(), new.uses, new.uses_left, new.created_at, new.expires_at],
    )?;
    event::append(tx, NewEvent::new(Action::AppInvite).to(Target::AppInvitation(new.id.clone())))
}

/// Counts one use of an invitation, if it has one left; returns its id.
pub fn spend(tx: &mut dyn Tx, token: &Digest, now: Timestamp) -> Result<Option<AppInvitationId>, StoreError> {
    let spent = tx.query_opt(
        "UPDATE app_invitations SET uses_left = uses_left - 1 WHERE hash = $1 AND uses_left > 0 AND expires_at > $2
         RETURNING id",
        params![*token, now],
    )?;
    spent.map_or(Ok(None), |row| Ok(Some(AppInvitationId::from_text(row.text(0)?))))
}

/// At most `limit` invitations, oldest first, after the one with the id `after`.
pub fn list(tx: &mut dyn Tx, after: &str, limit: u32) -> Result<Vec<AppInvitation>, StoreError> {
    let rows = tx.query_all(
        "SELECT id, name, uses, uses_left, created_at, expires_at FROM app_invitations WHERE id > $1 ORDER BY id LIMIT $2",
        params![after, limit],
    )?;
    rows.iter().map(decode).collect()
}

/// Removes an invitation; returns whether there was one. Apps that it let register stay.
pub fn remove(tx: &mut dyn Tx, id: &AppInvitationId) -> Result<bool, StoreError> {
    if tx.execute("DELETE FROM app_invitations WHERE id = $1", params![id])? == 0 {
        return Ok(false);
    }
    event::append(tx, NewEvent::new(Action::AppUninvite).to(Target::AppInvitation(id.clone())))?;
    Ok(true)
}

fn decode(row: &Row) -> Result<AppInvitation, StoreError> {
    let count = |column| Ok::<_, StoreError>(u32::try_from(row.int(column)?).unwrap_or(0));
    Ok(AppInvitation {
        id: AppInvitationId::from_text(row.text(0)?),
        name: row.text(1)?,
        uses: count(2)?,
        uses_left: count(3)?,
        created_at: row.timestamp(4)?,
        expires_at: row.timestamp(5)?,
    })
}
