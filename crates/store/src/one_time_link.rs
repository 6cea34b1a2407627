//! Mailed single-use links: an invitation to a workspace, or a password reset. The store has only the SHA-256 of their
//! secret.

use sigma_core::digest::Digest;
use sigma_core::event::{Action, Target};
use sigma_core::ids::{OrgId, UserId};
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::{Row, StoreError, Tx, params};

/// The purpose of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Accepts a membership, and sets a first password.
    Invitation,
    /// Sets a password.
    Reset,
}

impl Purpose {
    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reset => "reset",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        match text {
            "invitation" => Ok(Self::Invitation),
            "reset" => Ok(Self::Reset),
            _ => Err(StoreError::Corrupt("the purpose of a link".to_owned())),
        }
    }
}

/// A valid link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneTimeLink {
    /// The purpose of the link.
    pub purpose: Purpose,
    /// Its recipient; for an invitation, the pending membership.
    pub user_id: UserId,
    /// The inviting workspace.
    pub org_id: Option<OrgId>,
    /// The address that it was sent to, folded.
    pub email: String,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// A link to be sent, whose secret only the mail contains.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// The digest of its secret.
    pub hash: Digest,
    /// The purpose of the link.
    pub purpose: Purpose,
    /// The address that it is sent to, folded.
    pub email: String,
    /// Now.
    pub now: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// Adds a link for a user.
pub fn add(tx: &mut dyn Tx, new: &NewLink, user_id: &UserId, org_id: Option<&OrgId>) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO one_time_links (hash, purpose, user_id, org_id, email, created_at, expires_at, used_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, NULL)",
        params![new.hash, new.purpose.as_str(), user_id, org_id, &new.email, new.now, new.expires_at],
    )?;
    match new.purpose {
        // The inviter records the invitation itself.
        Purpose::Invitation => Ok(()),
        Purpose::Reset => {
            let target = Target::User(user_id.clone());
            event::append(tx, NewEvent::new(Action::CredentialResetLink).about(user_id).shown_to(user_id).to(target))
        }
    }
}

/// The link with that secret, if valid. Looking it up does not consume it.
pub fn find(tx: &mut dyn Tx, hash: &Digest, now: Timestamp) -> Result<Option<OneTimeLink>, StoreError> {
    tx.query_opt(
        "SELECT purpose, user_id, org_id, email, expires_at FROM one_time_links
         WHERE hash = $1 AND used_at IS NULL AND expires_at > $2",
        params![hash, now],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// Consumes the link, in the transaction of its effect; `None` if it was used, has expired or has another purpose.
pub fn spend(
    tx: &mut dyn Tx,
    hash: &Digest,
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<OneTimeLink>, StoreError> {
    tx.query_opt(
        "UPDATE one_time_links SET used_at = $3
         WHERE hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3
         RETURNING purpose, user_id, org_id, email, expires_at",
        params![hash, purpose.as_str(), now],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// Invalidates every link sent to the user.
pub fn void_all(tx: &mut dyn Tx, user_id: &UserId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM one_time_links WHERE user_id = $1", params![user_id])?;
    Ok(())
}

/// Invalidates every link for the user that was sent to that address (folded).
pub(crate) fn void_sent_to(tx: &mut dyn Tx, user_id: &UserId, email: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM one_time_links WHERE user_id = $1 AND email = $2", params![user_id, email])?;
    Ok(())
}

/// Invalidates every password reset link sent to the user.
pub fn void_resets(tx: &mut dyn Tx, user_id: &UserId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM one_time_links WHERE user_id = $1 AND purpose = 'reset'", params![user_id])?;
    Ok(())
}

/// Invalidates every invitation of the user to that workspace.
pub fn void_invitations(tx: &mut dyn Tx, user_id: &UserId, org_id: &OrgId) -> Result<(), StoreError> {
    let sql = "DELETE FROM one_time_links WHERE user_id = $1 AND purpose = 'invitation' AND org_id = $2";
    tx.execute(sql, params![user_id, org_id])?;
    Ok(())
}

/// Every invitation that was sent to an address of that account stops working.
pub fn void_invitations_to_addresses_of(tx: &mut dyn Tx, user_id: &UserId) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM one_time_links WHERE purpose = 'invitation'
            AND (user_id, org_id) IN (SELECT m.user_id, m.org_id FROM emails e
                JOIN memberships m ON m.invited_folded = e.folded WHERE e.user_id = $1)",
        params![user_id],
    )?;
    Ok(())
}

fn decode(row: &Row) -> Result<OneTimeLink, StoreError> {
    Ok(OneTimeLink {
        purpose: Purpose::parse(&row.text(0)?)?,
        user_id: UserId::from_text(row.text(1)?),
        org_id: row.opt_text(2)?.map(OrgId::from_text),
        email: row.text(3)?,
        expires_at: row.timestamp(4)?,
    })
}
