//! Authenticator apps: the sealed secret that an account shares with one, and the last step whose code was used.

use sigma_core::authentication::{Credential, Method};
use sigma_core::digest::Digest;
use sigma_core::event::{Action, Target};
use sigma_core::ids::UserId;

use crate::event::{self, NewEvent};
use crate::outbox::{self, NewMail};
use crate::session::{BrowserSession, NewSession};
use crate::{Owner, StoreError, Tx, credential, params, recovery_code, second_factor, sign_in};

/// The context under which the secret of an authenticator app is sealed.
pub fn seal_context(user_id: &UserId, id: &str) -> String {
    format!("totp:{user_id}:{id}")
}

/// An authenticator app as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTotp {
    /// Its id.
    pub id: String,
    /// Its secret, sealed under [`seal_context`].
    pub sealed: Vec<u8>,
}

/// The authenticator app of an account.
pub fn find(tx: &mut dyn Tx, user_id: &UserId) -> Result<Option<StoredTotp>, StoreError> {
    tx.query_opt("SELECT id, sealed FROM totp_secrets WHERE user_id = $1", params![user_id])?
        .map(|row| Ok(StoredTotp { id: row.text(0)?, sealed: row.bytes(1)? }))
        .transpose()
}

/// An authenticator app that a signed-in user adds.
#[derive(Clone, Debug)]
pub struct NewTotp {
    /// The user.
    pub user_id: UserId,
    /// Its id.
    pub id: String,
    /// Its secret, sealed under [`seal_context`].
    pub sealed: Vec<u8>,
    /// The step of the code by which the user showed that the app works. It is used by that.
    pub step: i64,
    /// Recovery codes, for an account without any: keyed digests.
    pub recovery_codes: Vec<Digest>,
    /// The mails that report it.
    pub notices: Vec<NewMail>,
    /// The user's session, which the code raises.
    pub session: NewSession,
}

/// The outcome of adding an authenticator app.
#[derive(Clone, Debug)]
pub enum Added {
    /// Its codes are asked for from now on.
    Added {
        /// The raised session.
        session: Box<BrowserSession>,
        /// Whether the account got the recovery codes: it had none.
        has_new_codes: bool,
    },
    /// The account has one.
    HasOne,
    /// The session has ended.
    SignedOut,
}

/// Adds an authenticator app.
pub fn add(tx: &mut dyn Tx, new: &NewTotp) -> Result<Added, StoreError> {
    let (user_id, now) = (&new.user_id, new.session.now);
    tx.lock(Owner::User(user_id))?;
    let Some(first) = second_factor::continued(tx, user_id, &new.session)? else { return Ok(Added::SignedOut) };
    let inserted = tx.execute(
        "INSERT INTO totp_secrets (user_id, id, sealed, last_step, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (user_id) DO NOTHING",
        params![user_id, &new.id, new.sealed.clone(), new.step, now],
    )?;
    if inserted == 0 {
        return Ok(Added::HasOne);
    }
    let credential = Credential::totp(&new.id);
    credential::add(tx, user_id, &credential, now)?;
    let event = NewEvent::new(Action::CredentialAdd).about(user_id).to(Target::User(user_id.clone()));
    event::append(tx, event.method("totp"))?;
    let has_new_codes = recovery_code::count(tx, user_id)? == 0;
    if has_new_codes {
        recovery_code::replace(tx, user_id, &new.recovery_codes, now)?;
    }
    new.notices.iter().try_for_each(|notice| outbox::add(tx, notice))?;
    let session = sign_in::begin(tx, &first.and(Method::Totp, credential), None, &new.session)?;
    Ok(session.map_or(Added::SignedOut, |session| Added::Added { session: Box::new(session), has_new_codes }))
}

/// Uses the code of a step; returns whether neither it nor a later one was used before (RFC 6238 §5.2).
pub(crate) fn spend_step(tx: &mut dyn Tx, user_id: &UserId, id: &str, step: i64) -> Result<bool, StoreError> {
    let sql = "UPDATE totp_secrets SET last_step = $3 WHERE user_id = $1 AND id = $2 AND last_step < $3";
    Ok(tx.execute(sql, params![user_id, id, step])? == 1)
}

/// Deletes the secret of an authenticator app whose credential is removed.
pub(crate) fn remove(tx: &mut dyn Tx, user_id: &UserId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM totp_secrets WHERE user_id = $1", params![user_id]).map(drop)
}
