//! The secrets of webhooks, sealed.

use sigma_core::ids::{OrgId, WebhookId};
use sigma_core::random::{Rng, alphanumeric};
use sigma_core::time::Timestamp;
use sigma_core::webhook::SigningSecret;

use crate::{MasterKey, SealError, StoreError, Tx, params};

/// Length of a secret's name.
const ID_LENGTH: usize = 16;
/// Most secrets that sign at once. The oldest stops earlier when more are made.
const MOST: u32 = 5;

/// A secret to be stored.
#[derive(Clone, Debug)]
pub struct NewSecret {
    id: String,
    sealed: Vec<u8>,
}

impl NewSecret {
    /// Seals a secret for a webhook.
    ///
    /// # Errors
    /// Sealing fails.
    pub fn seal(
        secret: &SigningSecret,
        org_id: &OrgId,
        webhook_id: &WebhookId,
        master_key: &MasterKey,
        rng: &dyn Rng,
    ) -> Result<Self, SealError> {
        let id = alphanumeric(rng, ID_LENGTH);
        let sealed = master_key.seal(&seal_context(org_id, webhook_id, &id), secret.to_text().as_bytes(), rng)?;
        Ok(Self { id, sealed })
    }
}

/// A secret as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSecret {
    /// Its name.
    pub id: String,
    /// The secret, sealed under [`seal_context`].
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it signs, if it was replaced.
    pub expires_at: Option<Timestamp>,
}

/// The context under which a secret is sealed: a copy at another webhook does not open.
pub fn seal_context(org_id: &OrgId, webhook_id: &WebhookId, id: &str) -> String {
    format!("webhook-secret/{org_id}/{webhook_id}/{id}")
}

pub(super) fn insert(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    webhook_id: &WebhookId,
    new: &NewSecret,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO webhook_secrets (org_id, webhook_id, id, secret, created_at) VALUES ($1, $2, $3, $4, $5)",
        params![org_id, webhook_id, &new.id, &new.sealed, now],
    )?;
    Ok(())
}

pub(super) fn list(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    webhook_id: &WebhookId,
    now: Timestamp,
) -> Result<Vec<StoredSecret>, StoreError> {
    tx.query_all(
        "SELECT id, secret, created_at, expires_at FROM webhook_secrets
         WHERE org_id = $1 AND webhook_id = $2 AND (expires_at IS NULL OR expires_at > $3)
         ORDER BY CASE WHEN expires_at IS NULL THEN 0 ELSE 1 END, created_at DESC, id",
        params![org_id, webhook_id, now],
    )?
    .iter()
    .map(|row| {
        Ok(StoredSecret {
            id: row.text(0)?,
            sealed: row.bytes(1)?,
            created_at: row.timestamp(2)?,
            expires_at: row.opt_timestamp(3)?,
        })
    })
    .collect()
}

/// Replaces the current secret, which signs until `until`.
pub(super) fn replace(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    webhook_id: &WebhookId,
    new: &NewSecret,
    until: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE webhook_secrets SET expires_at = $3 WHERE org_id = $1 AND webhook_id = $2 AND expires_at IS NULL",
        params![org_id, webhook_id, until],
    )?;
    tx.execute(
        "DELETE FROM webhook_secrets WHERE org_id = $1 AND webhook_id = $2 AND id IN (
            SELECT id FROM webhook_secrets WHERE org_id = $1 AND webhook_id = $2
            ORDER BY created_at DESC, id LIMIT 500 OFFSET $3)",
        params![org_id, webhook_id, MOST.saturating_sub(1)],
    )?;
    insert(tx, org_id, webhook_id, new, now)
}

pub(super) fn remove_all(tx: &mut dyn Tx, org_id: &OrgId, webhook_id: &WebhookId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM webhook_secrets WHERE org_id = $1 AND webhook_id = $2", params![org_id, webhook_id])?;
    Ok(())
}
