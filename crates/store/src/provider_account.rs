//! Accounts at upstream providers, linked to users here.

use sigma_bitcoin::BapId;
use sigma_core::authentication::{Credential, CredentialKind};
use sigma_core::ids::UserId;
use sigma_core::provider::{ProviderId, Subject};
use sigma_core::time::Timestamp;

use crate::{Row, StoreError, Tx, cached, credential, params};

/// The most accounts at providers that a user can link.
pub const MOST: usize = 20;

/// An account at a provider, linked to a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderAccount {
    /// `provider|subject`: the id of its credential.
    pub id: String,
    /// The provider.
    pub provider_id: String,
    /// The issuer that it was linked at.
    pub issuer: String,
    /// The account there.
    pub subject: String,
    /// Whose it is here.
    pub user_id: UserId,
    /// Its address as the provider told it last, verified or not.
    pub email: Option<String>,
    /// The identity that it restores, once one was linked.
    pub bap_id: Option<BapId>,
    /// When it was linked.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// An account that a provider just vouched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// The provider.
    pub provider_id: ProviderId,
    /// Its issuer.
    pub issuer: String,
    /// The account.
    pub subject: Subject,
    /// Its address, verified or not.
    pub email: Option<String>,
}

impl Vouched {
    /// Its credential.
    pub fn credential(&self) -> Credential {
        Credential::provider_account(&self.provider_id, &self.subject)
    }
}

/// The account `subject` at the provider `provider_id`, if it is linked.
pub fn find(tx: &mut dyn Tx, provider_id: &str, subject: &str) -> Result<Option<ProviderAccount>, StoreError> {
    let id = format!("{provider_id}|{subject}");
    tx.query_opt(
        "SELECT id, provider_id, issuer, subject, user_id, email, bap_id, created_at, updated_at
         FROM provider_accounts WHERE id = $1",
        params![id],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// The accounts that a user linked, oldest first; at most 500.
pub fn list(tx: &mut dyn Tx, user_id: &UserId) -> Result<Vec<ProviderAccount>, StoreError> {
    tx.query_all(
        "SELECT id, provider_id, issuer, subject, user_id, email, bap_id, created_at, updated_at
         FROM provider_accounts WHERE user_id = $1 ORDER BY created_at, id LIMIT 500",
        params![user_id],
    )?
    .iter()
    .map(decode)
    .collect()
}

/// Adds the account and its credential, unless somebody has it. The caller holds the lock of the user.
pub(crate) fn add(tx: &mut dyn Tx, user_id: &UserId, vouched: &Vouched, now: Timestamp) -> Result<bool, StoreError> {
    let account = vouched.credential();
    let added = tx.query_opt(
        "INSERT INTO provider_accounts (id, provider_id, issuer, subject, user_id, email, bap_id, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, NULL, $7, $7) ON CONFLICT DO NOTHING RETURNING id",
        params![
            &account.id,
            vouched.provider_id.as_str(),
            &vouched.issuer,
            vouched.subject.as_str(),
            user_id,
            vouched.email.as_deref(),
            now
        ],
    )?;
    if added.is_none() {
        return Ok(false);
    }
    credential::add(tx, user_id, &account, now)?;
    Ok(true)
}

/// Records the address that the provider tells now.
pub(crate) fn update_email(
    tx: &mut dyn Tx,
    account: &ProviderAccount,
    email: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if account.email.as_deref() == email {
        return Ok(());
    }
    tx.execute(
        "UPDATE provider_accounts SET email = $2, updated_at = $3 WHERE id = $1",
        params![&account.id, email, now],
    )?;
    Ok(())
}

/// Names the identity that the account restores; returns whether the account is linked to that user.
pub fn set_bap_id(
    tx: &mut dyn Tx,
    user_id: &UserId,
    id: &str,
    bap_id: Option<&BapId>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "UPDATE provider_accounts SET bap_id = $3, updated_at = $4 WHERE id = $1 AND user_id = $2",
        params![id, user_id, bap_id, now],
    )?;
    tx.changed(cached::ACCOUNT, user_id.as_str())?;
    Ok(changed == 1)
}

/// The credential of the account called `id`, `provider|subject`.
pub fn credential_of(id: &str) -> Credential {
    Credential { kind: CredentialKind::Provider, id: id.to_owned() }
}

fn decode(row: &Row) -> Result<ProviderAccount, StoreError> {
    Ok(ProviderAccount {
        id: row.text(0)?,
        provider_id: row.text(1)?,
        issuer: row.text(2)?,
        subject: row.text(3)?,
        user_id: UserId::from_text(row.text(4)?),
        email: row.opt_text(5)?,
        bap_id: row.opt_bap_id(6)?,
        created_at: row.timestamp(7)?,
        updated_at: row.timestamp(8)?,
    })
}
