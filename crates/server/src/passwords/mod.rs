//! Signing in by e-mail address and password (ruling 34): the same answer, in the same time, whether or not there is such
//! an account, and a delay for whoever guesses.

mod turns;

use aws_lc_rs::hmac;
use secrecy::SecretString;
use sigma_core::digest::Digest;
use sigma_core::email;
use sigma_core::time::Timestamp;
use sigma_store::StoreError;
use sigma_store::account::User;
use sigma_store::password::{self, Attempt, LookedUp, Proof};

use crate::hashing::{HashingError, Match};
use crate::http::{Envelope, Exceeded, RequestContext};
use crate::state::Sigma;
pub use turns::Turns;

/// What a password comes to.
#[derive(Debug)]
pub enum Verdict {
    /// It is the person's.
    Authenticated(Box<Authenticated>),
    /// It is not, or there is no such person, or they have no password, or their account is off: nobody is told which.
    Wrong,
    /// Somebody failed too often: nothing is looked at before then. 429 with `Retry-After`, see [`Exceeded::delayed`].
    Delayed(Timestamp),
    /// Too many passwords wait to be hashed: 503 with `Retry-After`.
    Busy,
}

/// A person who gave their password.
#[derive(Debug)]
pub struct Authenticated {
    /// Who.
    pub user: User,
    /// For [`password::confirm`], in the transaction of what the person may do now: it says no when the password was reset
    /// meanwhile, and it clears the count of failures.
    pub proof: Proof,
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is stored cannot be compared with.
    #[error(transparent)]
    Hashing(HashingError),
}

impl From<AuthenticateError> for Envelope {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::Store(error) => crate::error::internal(error),
            AuthenticateError::Hashing(error) => Self::internal(error),
        }
    }
}

/// Whether `password` is that of the account at `address`, both as the person sent them.
///
/// `authenticate(&sigma, &context, email, password).await?` gives a [`Verdict`]. On `Authenticated(person)` the caller
/// runs one write that begins with `if !password::confirm(tx, &person.proof)? { wrong }` and then does what signing in
/// means there. On `Wrong` the failure has been counted already, for the account; the address is counted by the path's
/// policy (`Limit::Failures(Rule::SignIn)`).
///
/// # Errors
/// [`AuthenticateError`]
pub async fn authenticate(
    sigma: &Sigma,
    context: &RequestContext,
    address: &str,
    password: SecretString,
) -> Result<Verdict, AuthenticateError> {
    let email = email::fold(address);
    // Three guesses at one account at a time: those that wait are told of the delay that these three earned.
    let _turn = sigma.turns.take(Digest::of(&email)).await;
    let attempt = Attempt { bucket: bucket(sigma, &email), email, network: context.client().network() };
    let now = sigma.now();
    let looked_up = sigma.store.read(move |tx| password::look_up(tx, &attempt, now)).await?;
    if let Some(until) = looked_up.blocked_until.filter(|_| sigma.settings.limits.delays) {
        return Ok(told(Verdict::Delayed(until)));
    }
    let stored = looked_up.stored.as_ref().map(|stored| stored.hash.clone());
    let matched = match sigma.hasher.verify(password.clone(), stored).await {
        Ok(matched) => matched,
        Err(HashingError::Busy) => return Ok(told(Verdict::Busy)),
        Err(error) => return Err(AuthenticateError::Hashing(error)),
    };
    let live = looked_up.user.as_ref().filter(|user| !user.disabled && matched != Match::Wrong);
    if let (Some(user), Some(proof)) = (live.cloned(), looked_up.proof()) {
        if matched == Match::Outgrown {
            renew(sigma, &looked_up, password).await?;
        }
        return Ok(told(Verdict::Authenticated(Box::new(Authenticated { user, proof }))));
    }
    if sigma.settings.limits.delays {
        sigma.store.write(move |tx| password::fail(tx, &looked_up, now)).await?;
    }
    Ok(told(Verdict::Wrong))
}

impl Verdict {
    /// The answer to who is not told anything else: 429 for who has to wait, 503 when it is too much at once.
    pub fn refusal(&self, now: Timestamp) -> Option<axum::response::Response> {
        use axum::response::IntoResponse as _;
        match self {
            Self::Authenticated(_) | Self::Wrong => None,
            Self::Delayed(until) => Some(Exceeded::delayed(*until, now).into_response()),
            Self::Busy => Some(Envelope::unavailable(HashingError::Busy).into_response()),
        }
    }
}

/// Under what failures for an address that is nobody's are counted. The secret keeps strangers from finding two addresses
/// that share a row, by which they could tell who has an account.
pub fn bucket(sigma: &Sigma, email: &str) -> u16 {
    let tag = hmac::sign(&sigma.cookie_key, format!("password-failures\n{email}").as_bytes());
    tag.as_ref().first_chunk().map_or(0, |bytes| u16::from_be_bytes(*bytes))
}

/// Replaces a hash that is cheaper than new ones. When there is no time for it, the next sign-in does it.
async fn renew(sigma: &Sigma, looked_up: &LookedUp, password: SecretString) -> Result<(), StoreError> {
    let (Some(user), Some(stored)) = (&looked_up.user, &looked_up.stored) else { return Ok(()) };
    let (user_id, old) = (user.id.clone(), stored.hash.clone());
    let Ok(new) = sigma.hasher.hash(password).await else { return Ok(()) };
    sigma.store.write(move |tx| password::rehash(tx, &user_id, &old, &new)).await
}

/// Counts the verdict in the metrics.
fn told(verdict: Verdict) -> Verdict {
    let outcome = match &verdict {
        Verdict::Authenticated(_) => "right",
        Verdict::Wrong => "wrong",
        Verdict::Delayed(_) => "delayed",
        Verdict::Busy => "busy",
    };
    metrics::counter!("sigma_password_sign_ins_total", "outcome" => outcome).increment(1);
    verdict
}
