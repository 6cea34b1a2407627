//! The one way to a session. Whatever the method, a sign-in ends in an [`Authentication`], and that ends here: the account
//! and the credential are looked at once more under the lock of their user, and the session takes `acr`, `amr` and
//! `auth_time` from the authentication alone.

use sigma_core::actor::Actor;
use sigma_core::authentication::Authentication;
use sigma_core::event::{Action, Target};

use crate::event::{self, NewEvent};
use crate::session::{self, NewSession, Session};
use crate::workspace::login::{self, LoggedIn, Login};
use crate::{Owner, StoreError, Tx, credential};

/// Begins a session in a browser, or raises the one that is there: see [`NewSession::continues`]. It acts as the identity
/// `bap_id`, or as it did before, or as the primary one. Nothing if the account is off or the credential is not theirs any
/// more.
pub fn begin(
    tx: &mut dyn Tx,
    authentication: &Authentication,
    bap_id: Option<&str>,
    new: &NewSession,
) -> Result<Option<Session>, StoreError> {
    tx.lock(Owner::User(authentication.user_id()))?;
    if !credential::accept(tx, authentication, new.now)? {
        return Ok(None);
    }
    let session = session::begin(tx, authentication, bap_id, new)?;
    let event = NewEvent::new(Action::UserSignIn).by(Actor::User(session.user_id.clone()));
    event::append(tx, event.to(Target::Session(session.id.clone())).method(&session.methods.to_string()))?;
    Ok(Some(session))
}

/// Begins a session in a workspace. Nothing for somebody who is no active member there, nor for those whom [`begin`]
/// refuses.
pub fn begin_in_workspace(
    tx: &mut dyn Tx,
    authentication: &Authentication,
    login: &Login,
) -> Result<Option<LoggedIn>, StoreError> {
    tx.lock(Owner::User(authentication.user_id()))?;
    if !credential::accept(tx, authentication, login.now)? {
        return Ok(None);
    }
    login::begin(tx, authentication, login)
}
