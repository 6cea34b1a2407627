//! Codes as a second factor: one-time codes of an authenticator app, and recovery codes. Either raises the session of its
//! browser.

use sigma_core::authentication::{Authentication, Credential, Method};
use sigma_core::digest::Digest;
use sigma_core::event::{Action, Details};
use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::outbox::{self, NewMail};
use crate::password_throttle::SecondFactorThrottle;
use crate::session::{self, BrowserSession, NewSession};
use crate::{Owner, StoreError, Tx, recovery_code, sign_in, totp};

/// The authentication of the session that `new` continues, if that is live and of `user_id`.
pub(crate) fn continued(
    tx: &mut dyn Tx,
    user_id: &UserId,
    new: &NewSession,
) -> Result<Option<Authentication>, StoreError> {
    let Some(secret) = &new.continues else { return Ok(None) };
    let session = session::find_by_secret(tx, secret)?;
    let session = session.filter(|session| session.is_live(new.now) && session.user_id == *user_id);
    Ok(session.map(|session| session.facts().authentication()))
}

/// A code, checked as far as possible without the store.
#[derive(Clone, Debug)]
pub enum Code {
    /// Of an authenticator app.
    Totp {
        /// The app's id.
        id: String,
        /// The step in which it shows the code, if it is near.
        step: Option<i64>,
    },
    /// A recovery code, by its keyed digest.
    Recovery(Digest),
}

impl Code {
    const fn method(&self) -> Method {
        match self {
            Self::Totp { .. } => Method::Totp,
            Self::Recovery(_) => Method::RecoveryCode,
        }
    }
}

/// A code that a user enters as a second factor.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The user.
    pub user_id: UserId,
    /// The code.
    pub code: Code,
    /// Whether failures are counted and cause delays.
    pub delays: bool,
    /// The browser's session, which the code raises.
    pub session: NewSession,
    /// The mails that report its use.
    pub notices: Vec<NewMail>,
}

/// The outcome of entering a code.
#[derive(Clone, Debug)]
pub enum Entered {
    /// The session was raised.
    Raised(Box<BrowserSession>),
    /// The code is wrong, or was used before.
    Wrong,
    /// There were too many wrong ones: none is looked at until then.
    Delayed(Timestamp),
    /// The session has ended.
    SignedOut,
}

/// Takes a code as the second factor of the browser's session. Each works once. Wrong ones delay further ones, wherever they
/// come from: only someone who proved the first factor gets to enter one, so nobody else can lock the user out.
pub fn enter(tx: &mut dyn Tx, attempt: &Attempt) -> Result<Entered, StoreError> {
    let (user_id, now) = (&attempt.user_id, attempt.session.now);
    tx.lock(Owner::User(user_id))?;
    let Some(first) = continued(tx, user_id, &attempt.session)? else { return Ok(Entered::SignedOut) };
    let throttle = attempt.delays.then(|| SecondFactorThrottle::of(user_id));
    if let Some(throttle) = &throttle
        && let Some(until) = throttle.blocked_until(tx, now)?
    {
        return Ok(Entered::Delayed(until));
    }
    let (is_right, credential) = match &attempt.code {
        Code::Totp { id, step } => {
            let is_right = step.map_or(Ok(false), |step| totp::spend_step(tx, user_id, id, step))?;
            (is_right, Credential::totp(id))
        }
        Code::Recovery(hash) => (recovery_code::spend(tx, user_id, hash)?, Credential::recovery(user_id)),
    };
    if !is_right {
        if let Some(throttle) = &throttle {
            throttle.fail(tx, now)?;
        }
        let details = Details { reason: Some("wrong_code".to_owned()), ..Details::default() };
        let failed = NewEvent::new(Action::UserSignInFailed).about(user_id).with(details);
        event::count_repeated(tx, failed.method(attempt.code.method().as_str()), now)?;
        return Ok(Entered::Wrong);
    }
    if let Some(throttle) = &throttle {
        throttle.clear(tx)?;
    }
    attempt.notices.iter().try_for_each(|notice| outbox::add(tx, notice))?;
    let raised = first.and(attempt.code.method(), credential);
    let session = sign_in::begin(tx, &raised, None, &attempt.session)?;
    Ok(session.map_or(Entered::SignedOut, |session| Entered::Raised(Box::new(session))))
}
