//! Retiring a credential, by its signed-in user.

use sigma_core::authentication::{Credential, CredentialKind};
use sigma_core::ids::{SessionId, UserId};
use sigma_core::time::Timestamp;

use crate::credential::Retirement;
use crate::outbox::{self, NewMail};
use crate::password_change::end_sessions;
use crate::{Owner, StoreError, Tx, credential, passkey, password, recovery_code, totp};

/// A credential that its user no longer wants.
#[derive(Clone, Debug)]
pub struct Retire {
    /// The user.
    pub user_id: UserId,
    /// The credential.
    pub credential: Credential,
    /// The session that continues.
    pub kept: SessionId,
    /// The mails that report it.
    pub notices: Vec<NewMail>,
    /// The current time.
    pub now: Timestamp,
}

/// Retires a credential for the operator, as [`retire`] does, and ends every session.
pub fn retire_by_operator(
    tx: &mut dyn Tx,
    user_id: &UserId,
    credential: &Credential,
    now: Timestamp,
) -> Result<Retirement, StoreError> {
    let retirement = credential::retire(tx, user_id, credential, now)?;
    if retirement == Retirement::Retired {
        forget(tx, user_id, credential)?;
        end_sessions(tx, user_id, None, now)?;
    }
    Ok(retirement)
}

/// Deletes what a credential that was just retired was checked against. Recovery codes go with the last second factor.
fn forget(tx: &mut dyn Tx, user_id: &UserId, credential: &Credential) -> Result<(), StoreError> {
    match credential.kind {
        CredentialKind::Password => password::remove(tx, user_id)?,
        CredentialKind::Passkey => passkey::remove(tx, user_id, &credential.id)?,
        CredentialKind::Totp => totp::remove(tx, user_id)?,
        CredentialKind::Recovery => recovery_code::remove(tx, user_id)?,
        CredentialKind::Key | CredentialKind::Provider => {}
    }
    let left = credential::kinds(tx, user_id)?;
    if !left.iter().any(|kind| CredentialKind::SECOND_FACTORS.contains(kind)) {
        recovery_code::remove(tx, user_id)?;
    }
    Ok(())
}

/// Ends everything that signs in to an account, for whoever runs the server.
pub(crate) fn end_all_by_operator(tx: &mut dyn Tx, user_id: &UserId, now: Timestamp) -> Result<(), StoreError> {
    tx.lock(Owner::User(user_id))?;
    loop {
        let usable = credential::list_usable(tx, user_id)?;
        if usable.is_empty() {
            break;
        }
        for Credential { kind, id } in usable {
            credential::end(tx, user_id, &Credential { kind, id: id.clone() }, now)?;
            if kind == CredentialKind::Passkey {
                passkey::remove(tx, user_id, &id)?;
            }
        }
    }
    password::remove(tx, user_id)?;
    totp::remove(tx, user_id)?;
    recovery_code::remove(tx, user_id)
}

/// Retires the credential, except the last one that allows signing in. Every session but `kept` ends, whatever it began
/// with: who retires a credential may have lost it, and a session may have been raised with another since. At most 500 end
/// here: see [`end_sessions`]. Recovery codes go with the last second factor. The hash of a retired password is deleted; a reset by mail may set a new one.
pub fn retire(tx: &mut dyn Tx, retire: &Retire) -> Result<Retirement, StoreError> {
    let retirement = credential::retire(tx, &retire.user_id, &retire.credential, retire.now)?;
    if retirement == Retirement::Retired {
        forget(tx, &retire.user_id, &retire.credential)?;
        end_sessions(tx, &retire.user_id, Some(&retire.kept), retire.now)?;
        retire.notices.iter().try_for_each(|notice| outbox::add(tx, notice))?;
    }
    Ok(retirement)
}
