//! Which identity's backup an account at a provider restores (`docs/spec/backups.md#linking`).

use sigma_core::authentication::Credential;
use sigma_core::event::{Action, Target};
use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::outbox::{self, NewMail};
use crate::replay_guard::{self, Once};
use crate::{Owner, Row, StoreError, Tx, credential, identity, params};

/// An account at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtProvider {
    /// The id of the provider.
    pub provider: String,
    /// The id of the account there.
    pub subject: String,
}

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupLink {
    /// The user.
    pub user_id: UserId,
    /// The identity.
    pub bap_id: String,
}

/// A link to be made.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// The account at the provider, which the person has just proven to be theirs.
    pub at_provider: AtProvider,
    /// The user.
    pub user_id: UserId,
    /// The identity.
    pub bap_id: String,
    /// The key that signed for it.
    pub pubkey: String,
    /// The signed message.
    pub once: Once,
    /// The mails that report it.
    pub notices: Vec<NewMail>,
    /// The current time.
    pub now: Timestamp,
}

/// The outcome of linking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linking {
    /// It is linked, newly or already.
    Linked,
    /// The account at the provider restores another identity's backup.
    Taken,
    /// The identity is not the user's.
    NotTheirs,
    /// The key is not the user's, or was retired.
    OtherKey,
    /// The message was used before.
    Replayed,
}

/// Links an account at a provider with an identity.
pub fn link(tx: &mut dyn Tx, new: &NewLink) -> Result<Linking, StoreError> {
    tx.lock(Owner::User(&new.user_id))?;
    let key = credential::find(tx, &Credential::key(&new.pubkey))?;
    if key.is_none_or(|key| key.user_id != new.user_id || key.retired_at.is_some()) {
        return Ok(Linking::OtherKey);
    }
    if identity::find(tx, &new.bap_id)?.is_none_or(|identity| identity.user_id != new.user_id) {
        return Ok(Linking::NotTheirs);
    }
    if !replay_guard::spend(tx, &new.once)? {
        return Ok(Linking::Replayed);
    }
    let AtProvider { provider, subject } = &new.at_provider;
    let inserted = tx.execute(
        "INSERT INTO backup_links (provider, subject, user_id, bap_id, linked_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (provider, subject) DO NOTHING",
        params![provider, subject, &new.user_id, &new.bap_id, new.now],
    )?;
    if inserted == 0 {
        let wanted = BackupLink { user_id: new.user_id.clone(), bap_id: new.bap_id.clone() };
        return Ok(match find(tx, &new.at_provider)? {
            Some(known) if known == wanted => Linking::Linked,
            _ => Linking::Taken,
        });
    }
    let event = NewEvent::new(Action::BackupLink).about(&new.user_id).to(Target::Identity(new.bap_id.clone()));
    event::append(tx, event.method(provider))?;
    new.notices.iter().try_for_each(|notice| outbox::add(tx, notice))?;
    Ok(Linking::Linked)
}

/// The link of an account at a provider.
pub fn find(tx: &mut dyn Tx, at: &AtProvider) -> Result<Option<BackupLink>, StoreError> {
    let sql = "SELECT user_id, bap_id FROM backup_links WHERE provider = $1 AND subject = $2";
    tx.query_opt(sql, params![&at.provider, &at.subject])?.map(|row| decode(&row)).transpose()
}

/// Deletes the link of an account at a provider that is no longer the user's.
pub fn unlink(tx: &mut dyn Tx, at: &AtProvider) -> Result<(), StoreError> {
    let sql = "DELETE FROM backup_links WHERE provider = $1 AND subject = $2";
    tx.execute(sql, params![&at.provider, &at.subject])?;
    Ok(())
}

fn decode(row: &Row) -> Result<BackupLink, StoreError> {
    Ok(BackupLink { user_id: UserId::from_text(row.text(0)?), bap_id: row.text(1)? })
}
