//! Sign-in by e-mail address and password: the same response in the same time whether or not the account exists, and
//! delays against guessing.

pub mod chosen;
pub mod device;
mod gate;
mod turns;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::email;
use sigma_core::password::GivenPassword;
use sigma_store::StoreError;
use sigma_store::password::{self, Attempt, Device, LookedUp, PasswordProof};
use sigma_store::password_cost::CostCount;
use sigma_store::password_throttle::Source;
use sigma_store::user::User;

use self::gate::Gate;
use crate::hashing::{HashingError, Lane, Match, Reference};
use crate::http::{ApiError, Exceeded, RequestContext};
use crate::state::AppState;
pub use turns::Turns;

/// The result of checking a password.
#[derive(Debug)]
pub enum PasswordCheck {
    /// The password is the account's.
    Authenticated(Box<Authenticated>),
    /// Wrong password, no such account, no password set, or account disabled: callers cannot tell which.
    Wrong,
    /// Too many failures: nothing is checked for a while. 429 with `Retry-After`.
    Delayed(Exceeded),
    /// The hashing queue is full: 503 with `Retry-After`.
    Busy,
}

/// A user who entered their password.
#[derive(Debug)]
pub struct Authenticated {
    /// The user.
    pub user: User,
    /// For [`password::sign_in`] or another operation that takes it: all of them fail if the password was changed meanwhile.
    pub proof: PasswordProof,
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The stored hash is unusable.
    #[error(transparent)]
    Hashing(HashingError),
}

impl From<AuthenticateError> for ApiError {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::Store(error) => error.into(),
            AuthenticateError::Hashing(error) => Self::internal(error),
        }
    }
}

/// Checks `password` for the account at `address`, both as sent. `device` is what the browser shows of an earlier
/// sign-in: see [`device::shown`].
///
/// `authenticate(&sigma, &context, email, password, device).await?` gives a [`PasswordCheck`]. On `Authenticated(person)` the
/// caller runs one write, such as [`password::sign_in`]. If it returns nothing, the password counts as wrong. On `Wrong` the
/// failure is already counted, for the account and for the address.
///
/// # Errors
/// [`AuthenticateError`]
pub async fn authenticate(
    sigma: &AppState,
    context: &RequestContext,
    address: &str,
    password: SecretString,
    device: Option<Device>,
) -> Result<PasswordCheck, AuthenticateError> {
    let email = email::fold(address);
    let device = still_valid(sigma, &email, device).await?;
    let gate = Gate { context, email: &email, device: device.as_ref() };
    if let Err(exceeded) = gate.enter().await {
        return Ok(counted(PasswordCheck::Delayed(exceeded)));
    }
    // Three concurrent guesses per account: those that wait see the delay that these three cause. Known browsers have
    // turns of their own, shared among them.
    let lane = if device.is_some() { "known" } else { "" };
    let _turn = sigma.turns.take(Digest::of(format!("{email}\n{lane}"))).await;
    let attempt = Attempt {
        bucket: bucket(sigma, &email),
        email: email.clone(),
        network: context.client().network(),
        device: device.clone(),
        delays: sigma.settings.limits.delays,
    };
    let now = sigma.now();
    let looked_up = sigma.store.read(move |tx| password::look_up(tx, &attempt, now)).await?;
    if let Some(until) = looked_up.blocked_until {
        if looked_up.asks_early {
            sigma.store.write(move |tx| password::fail_early(tx, &looked_up, now)).await?;
        }
        return Ok(counted(PasswordCheck::Delayed(Exceeded::delayed(until, now))));
    }
    let reference = match &looked_up.stored {
        Some(stored) => Reference::Stored(stored.hash.clone()),
        None => Reference::Nothing(cost_of_nobody(sigma, &email, &looked_up.costs)),
    };
    let lane = match looked_up.source {
        Source::Device(_) => Lane::Known,
        Source::Network(_) => Lane::Stranger,
    };
    let password = GivenPassword::new(password);
    let matched = match sigma.hasher.verify(lane, password.clone(), reference).await {
        Ok(matched) => matched,
        // It stays counted: attempts refused for lack of room used some.
        Err(HashingError::Busy) => return Ok(counted(PasswordCheck::Busy)),
        Err(error) => return Err(AuthenticateError::Hashing(error)),
    };
    let live = looked_up.user.as_ref().filter(|user| !user.disabled && matched != Match::Wrong);
    if let (Some(user), Some(proof)) = (live.cloned(), looked_up.proof()) {
        if matched == Match::Outgrown {
            renew(sigma, &looked_up, password).await?;
        }
        gate.let_in();
        return Ok(counted(PasswordCheck::Authenticated(Box::new(Authenticated { user, proof }))));
    }
    let store = sigma.store_for(context, Actor::Anonymous);
    store.write(move |tx| password::fail(tx, &looked_up, now)).await?;
    Ok(counted(PasswordCheck::Wrong))
}

/// Counts one more failure for the account at `email`, folded: a right password that does not admit its user counts as
/// a wrong one.
pub async fn count(context: &RequestContext, email: &str, device: Option<&Device>) {
    // The next attempt learns whether that was one too many.
    let _ = Gate { context, email, device }.enter().await;
}

/// The browser, unless its mark belongs to a password replaced since: knowing the old one makes nobody known now.
async fn still_valid(sigma: &AppState, email: &str, device: Option<Device>) -> Result<Option<Device>, StoreError> {
    let Some(device) = device else { return Ok(None) };
    let email = email.to_owned();
    let chosen_at = sigma.store.read(move |tx| password::chosen_at(tx, &email)).await?;
    Ok(Some(device).filter(|device| chosen_at == Some(device.chosen_at)))
}

impl PasswordCheck {
    /// The response that tells nothing else: 429 during a delay, 503 under overload.
    pub fn refusal(&self) -> Option<axum::response::Response> {
        use axum::response::IntoResponse as _;
        match self {
            Self::Authenticated(_) | Self::Wrong => None,
            Self::Delayed(exceeded) => Some((*exceeded).into_response()),
            Self::Busy => Some(ApiError::from(HashingError::Busy).into_response()),
        }
    }
}

/// The key under which failures for addresses without an account are counted. The secret keeps outsiders from finding
/// two addresses that share a row, which would reveal which addresses have an account.
pub fn bucket(sigma: &AppState, email: &str) -> u16 {
    let tag = hmac::sign(&sigma.cookie_key, format!("password-failures\n{email}").as_bytes());
    tag.as_ref().first_chunk().map_or(0, |bytes| u16::from_be_bytes(*bytes))
}

/// The pseudonym under which mails to an address (folded) are counted: the rows do not reveal it.
pub fn counted_as(sigma: &AppState, folded: &str) -> String {
    let tag = hmac::sign(&sigma.cookie_key, format!("mails-to-address\n{folded}").as_bytes());
    URL_SAFE_NO_PAD.encode(tag)
}

/// The hashing cost for an address without an account: that of one of the existing passwords, picked by a secret,
/// always the same for one address and in proportion to the costs among accounts. `None` stands for the cost of new
/// hashes.
fn cost_of_nobody(sigma: &AppState, email: &str, costs: &[CostCount]) -> Option<String> {
    let tag = hmac::sign(&sigma.cookie_key, format!("password-cost\n{email}").as_bytes());
    pick(costs, tag.as_ref().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes)))
}

/// The cost at the fraction `drawn / 2⁶⁴` of all passwords.
fn pick(costs: &[CostCount], drawn: u64) -> Option<String> {
    let count = |cost: &CostCount| u64::try_from(cost.passwords).unwrap_or(0);
    let total: u64 = costs.iter().map(count).sum();
    let mut place = u64::try_from((u128::from(drawn) * u128::from(total)) >> 64).unwrap_or(0);
    costs.iter().find_map(|cost| match place.checked_sub(count(cost)) {
        Some(rest) => {
            place = rest;
            None
        }
        None => Some(cost.cost.clone()),
    })
}

/// Replaces a hash that is cheaper than new ones. Under load, this is left to the next sign-in.
async fn renew(sigma: &AppState, looked_up: &LookedUp, password: GivenPassword) -> Result<(), StoreError> {
    let (Some(user), Some(stored)) = (&looked_up.user, &looked_up.stored) else { return Ok(()) };
    let (user_id, old) = (user.id.clone(), stored.hash.clone());
    let Ok(new) = sigma.hasher.hash(Lane::Known, password.into_prepared()).await else { return Ok(()) };
    sigma.store.write(move |tx| password::rehash(tx, &user_id, &old, &new)).await
}

/// Counts the verdict in the metrics.
fn counted(verdict: PasswordCheck) -> PasswordCheck {
    let outcome = match &verdict {
        PasswordCheck::Authenticated(_) => "right",
        PasswordCheck::Wrong => "wrong",
        PasswordCheck::Delayed(_) => "delayed",
        PasswordCheck::Busy => "busy",
    };
    metrics::counter!("sigma_password_sign_ins_total", "outcome" => outcome).increment(1);
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_address_costs_what_one_of_the_known_ones_does() {
        let cost = |cost: &str, passwords| CostCount { cost: cost.to_owned(), passwords };
        let costs = [cost("m=19456,t=2,p=1", 30), cost("m=65536,t=3,p=1", 10)];
        let drawn = (0..400_u64).map(|number| pick(&costs, number * (u64::MAX / 400)).unwrap());
        let old = drawn.filter(|cost| cost == "m=19456,t=2,p=1").count();
        assert!((299..=301).contains(&old), "three in four, as among accounts: {old}");
        assert_eq!(pick(&costs, 0).as_deref(), Some("m=19456,t=2,p=1"));
        assert_eq!(pick(&costs, u64::MAX).as_deref(), Some("m=65536,t=3,p=1"));
        assert_eq!(pick(&costs[..1], u64::MAX).as_deref(), Some("m=19456,t=2,p=1"), "nothing else while nobody moved");
        assert_eq!(pick(&[], 7), None);
    }
}
