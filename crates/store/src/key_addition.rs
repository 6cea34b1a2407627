//! Adding a key to an account, by its signed-in user: for who lost a key, or wants one besides a password.

use sigma_bitcoin::PublicKey;
use sigma_core::authentication::{Credential, CredentialKind};
use sigma_core::event::{Action, Target};
use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::outbox::{self, NewMail};
use crate::replay_guard::{self, Once};
use crate::{Owner, StoreError, Tx, credential, params};

/// Most keys per account, including retired ones, which stay for ever.
pub const MOST_KEYS: usize = 50;

/// A key that a signed-in user adds: it signed that it is to be this account's.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The user.
    pub user_id: UserId,
    /// The key.
    pub pubkey: PublicKey,
    /// Its signature, single-use.
    pub once: Once,
    /// Whether the account's other keys are lost: they are retired.
    pub retires_others: bool,
    /// The mails that report it.
    pub notices: Vec<NewMail>,
    /// The current time.
    pub now: Timestamp,
}

/// The outcome of adding a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAdded {
    /// It can sign in.
    Added,
    /// The signature was used before.
    Replayed,
    /// An account has or had it.
    Taken,
    /// The account has [`MOST_KEYS`].
    TooMany,
}

/// Adds a key.
pub fn add(tx: &mut dyn Tx, new: &NewKey) -> Result<KeyAdded, StoreError> {
    let (user_id, credential) = (&new.user_id, Credential::key(&new.pubkey));
    tx.lock(Owner::User(user_id))?;
    if !replay_guard::spend(tx, &new.once)? {
        return Ok(KeyAdded::Replayed);
    }
    if credential::find(tx, &credential)?.is_some() {
        return Ok(KeyAdded::Taken);
    }
    let keys = credential::list(tx, user_id)?;
    let mut keys: Vec<_> = keys.into_iter().filter(|stored| stored.credential.kind == CredentialKind::Key).collect();
    if keys.len() >= MOST_KEYS {
        return Ok(KeyAdded::TooMany);
    }
    credential::add(tx, user_id, &credential, new.now)?;
    tx.execute(
        "UPDATE users SET pubkey = COALESCE(pubkey, $2), updated_at = $3 WHERE id = $1",
        params![user_id, new.pubkey.to_hex(), new.now],
    )?;
    let event = NewEvent::new(Action::CredentialAdd).about(user_id).to(Target::User(user_id.clone()));
    event::append(tx, event.method("key"))?;
    if new.retires_others {
        keys.retain(|stored| stored.retired_at.is_none());
        for lost in keys {
            credential::retire(tx, user_id, &lost.credential, new.now)?;
        }
    }
    new.notices.iter().try_for_each(|notice| outbox::add(tx, notice))?;
    Ok(KeyAdded::Added)
}
