//! The only way to begin a browser session. Every method of sign-in ends in an [`Authentication`], and each of those
//! here, or in [`workspace::login`](crate::org::login): account and credential are checked again under the user's
//! lock, and the session takes `acr`, `amr` and `auth_time` only from the authentication.

use sigma_bitcoin::BapId;
use sigma_core::actor::Actor;
use sigma_core::authentication::{Acr, Authentication};
use sigma_core::event::{Action, Target};

use crate::event::{self, NewEvent};
use crate::session::{self, BrowserSession, NewSession};
use crate::{Owner, StoreError, Tx, credential, known_device};

/// Begins a session in a browser, or raises the existing one: see [`NewSession::continues`]. It acts as the identity
/// `bap_id`, or as before, or as the primary one. `None` if the account is disabled, the credential no longer theirs, or
/// nothing was proven: a quick login opens one workspace only.
pub fn begin(
    tx: &mut dyn Tx,
    authentication: &Authentication,
    bap_id: Option<&BapId>,
    new: &NewSession,
) -> Result<Option<BrowserSession>, StoreError> {
    if authentication.acr() == Acr::Zero {
        return Ok(None);
    }
    tx.lock(Owner::User(authentication.user_id()))?;
    if !credential::accept(tx, authentication, new.now)? {
        return Ok(None);
    }
    let session = session::begin(tx, authentication, bap_id, new)?;
    let event = NewEvent::new(Action::UserSignIn).by(Actor::User(session.user_id.clone()));
    let event = event.to(Target::Session(session.id.clone())).method(&session.methods.to_string());
    event::append_bounded(tx, event, &session.user_id, new.now)?;
    known_device::note(tx, &session, new)?;
    Ok(Some(session))
}
