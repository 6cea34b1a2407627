//! Interactions: what a user is in the middle of, and in which browser. Anybody may begin one, at no cost to the
//! database: it is sealed into the page's address (`sealed`). Choices of a signed-in user are stored.
//!
//! Pages and forms name the interaction, the cookie only binds it to its browser, so that tabs never mix. An app's request
//! that is not bound to this browser, because it came by POST, the cookie is gone, or it is another browser's, begins anew
//! here: anybody may begin one, and nothing that was chosen in it is carried over. Its clock begins anew too, so that what
//! must happen after it was shown (`prompt=login`) happens in this browser. Everything else that a person can be in the
//! middle of goes on in its own browser alone.

mod arriving;
mod cookie;
mod judge;
mod org;
pub mod page;
pub mod request;
mod sealed;
mod stopped;
mod target;

use axum::response::Response;
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};
use sigma_core::authorize::Interaction;
use sigma_core::digest::Digest;
use sigma_core::random::alphanumeric;
use sigma_core::time::Timestamp;
use sigma_store::interaction::{self, Ending, Known, StoredInteraction};

pub use arriving::{Arrival, PUSHED, arrive, expand};
pub use judge::{Judged, entrance, judge, unread_entrance};
pub use org::{Standing, standing};
pub use request::{Requested, Unanswerable};
pub use sealed::SealingKey;
pub use sigma_core::interaction::Continuation;
pub use stopped::stopped;
pub use target::{sign_in_first, way_on};

pub use self::cookie::BrowserSecret;
use self::cookie::expired_cookie;
use self::sealed::{OpenError, Sealed};
use crate::extract::Browser;
use crate::http::ApiError;
use crate::state::AppState;

/// Bytes of a request that begins an interaction, form-encoded: sealed it still fits into an address.
pub const LONGEST_REQUEST: usize = 4 * 1_024;
/// Length of an interaction's id: 131 bits.
const ID_LENGTH: usize = 22;

/// An interaction of this browser.
#[derive(Clone, Debug)]
pub struct Ongoing {
    /// The sealed value, by which addresses and forms name it.
    pub name: String,
    /// Its content.
    pub stored: StoredInteraction,
    /// It is stored.
    pub is_stored: bool,
    /// `Set-Cookie`, if it just began.
    pub set_cookie: Option<String>,
}

/// The result of looking up a named interaction.
#[derive(Clone, Debug)]
pub enum Found {
    /// It belongs to this browser.
    Ongoing(Box<Ongoing>),
    /// It does not, and may start over.
    Unbound(Continuation),
}

/// Why an interaction cannot continue.
#[derive(Debug)]
pub enum Stopped {
    /// We did not seal it.
    Unknown,
    /// It took too long.
    Lapsed(Continuation),
    /// It came to its end.
    Finished(Continuation),
    /// It began in another browser, and nothing of it is for this one.
    OtherBrowser(Continuation),
    /// It is about something else than what it was resumed as.
    OtherKind,
    /// The store did not answer.
    Internal(ApiError),
}

/// An interaction that is carried elsewhere and back, without its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    #[serde(rename = "i")]
    id: String,
    /// What the person came for.
    #[serde(rename = "c")]
    pub continuation: Continuation,
    #[serde(rename = "s")]
    started_at: Timestamp,
    /// When it expires.
    #[serde(rename = "e")]
    pub expires_at: Timestamp,
}

impl Carried {
    /// Its name, in the browser that it is bound to.
    ///
    /// # Errors
    /// Encryption failed, which cannot happen.
    pub fn name(&self, sigma: &AppState, browser: Digest) -> Result<String, ApiError> {
        let sealed = Sealed {
            id: self.id.clone(),
            browser: Some(browser),
            continuation: self.continuation.clone(),
            started_at: self.started_at,
            expires_at: self.expires_at,
        };
        seal(sigma, &sealed)
    }
}

/// The digest that interactions of `browser` are bound to, if it began any.
pub fn browser_digest(sigma: &AppState, browser: &Browser) -> Option<Digest> {
    BrowserSecret::of(sigma, browser).map(|secret| secret.digest())
}

impl Ongoing {
    /// The interaction without its name, to be carried elsewhere.
    pub fn carried(&self) -> Carried {
        Carried {
            id: self.stored.id.clone(),
            continuation: self.stored.continuation.clone(),
            started_at: self.stored.state.started_at,
            expires_at: self.stored.expires_at,
        }
    }

    /// Its authorization request, as a query string.
    ///
    /// # Errors
    /// It is about something else.
    pub fn query(&self) -> Result<&str, Stopped> {
        query_of(&self.stored.continuation)
    }
}

/// The authorization request that the person came for, as a query string.
///
/// # Errors
/// They came for something else.
pub fn query_of(continuation: &Continuation) -> Result<&str, Stopped> {
    match continuation {
        Continuation::Authorization { query } => Ok(query),
        _ => Err(Stopped::OtherKind),
    }
}

/// Finds the interaction called `name`.
///
/// # Errors
/// [`Stopped`]
pub async fn find(sigma: &AppState, browser: &Browser, name: &str) -> Result<Found, Stopped> {
    let now = sigma.now();
    let sealed = sigma.interaction_key.open(name, now).map_err(|error| match error {
        OpenError::NotOurs => Stopped::Unknown,
        OpenError::Expired(sealed) => Stopped::Lapsed(sealed.continuation),
    })?;
    let wanted = sealed.id.clone();
    let known = sigma.store.read(move |tx| interaction::find(tx, &wanted, now)).await;
    let known = known.map_err(|error| Stopped::Internal(error.into()))?;
    if matches!(known, Some(Known::Finished)) {
        return Err(Stopped::Finished(sealed.continuation));
    }
    let shown = BrowserSecret::of(sigma, browser).map(|secret| secret.digest());
    let Some(bound) = sealed.browser.filter(|bound| shown == Some(*bound)) else {
        let continuation = sealed.continuation;
        let restarts = continuation.restarts_in_any_browser();
        return if restarts { Ok(Found::Unbound(continuation)) } else { Err(Stopped::OtherBrowser(continuation)) };
    };
    let (stored, is_stored) = if let Some(Known::Open(stored)) = known {
        (stored, true)
    } else {
        let state = Interaction { started_at: sealed.started_at, ..Interaction::default() };
        let Sealed { id, continuation, expires_at, .. } = sealed;
        (StoredInteraction { id, browser: bound, continuation, state, expires_at }, false)
    };
    Ok(Found::Ongoing(Box::new(Ongoing { name: name.to_owned(), stored, is_stored, set_cookie: None })))
}

/// Finds the interaction called `name`, or restarts it in this browser.
///
/// # Errors
/// [`Stopped`]
pub async fn find_or_restart(sigma: &AppState, browser: &Browser, name: &str) -> Result<Ongoing, Stopped> {
    match find(sigma, browser, name).await? {
        Found::Ongoing(ongoing) => Ok(*ongoing),
        Found::Unbound(what) => begin(sigma, browser, what, sigma.now()).map_err(Stopped::Internal),
    }
}

/// Begins an interaction in `browser`.
///
/// # Errors
/// Encryption failed, which cannot happen.
pub fn begin(
    sigma: &AppState,
    browser: &Browser,
    continuation: Continuation,
    now: Timestamp,
) -> Result<Ongoing, ApiError> {
    let secret = BrowserSecret::of_or_new(sigma, browser);
    let stored = StoredInteraction {
        id: alphanumeric(&*sigma.rng, ID_LENGTH),
        browser: secret.digest(),
        continuation,
        state: Interaction { started_at: now, ..Interaction::default() },
        expires_at: AppState::in_seconds(now, sigma.settings.tokens.interaction_seconds),
    };
    let sealed = Sealed {
        id: stored.id.clone(),
        browser: Some(stored.browser),
        continuation: stored.continuation.clone(),
        started_at: now,
        expires_at: stored.expires_at,
    };
    let name = seal(sigma, &sealed)?;
    let set_cookie = Some(secret.set_cookie(sigma, &stored.id));
    Ok(Ongoing { name, stored, is_stored: false, set_cookie })
}

/// Seals an interaction that begins in the first browser to show it: the response to a POST, which another site's page
/// may have sent.
///
/// # Errors
/// Encryption failed, which cannot happen.
pub fn begin_unbound(sigma: &AppState, continuation: Continuation, now: Timestamp) -> Result<String, ApiError> {
    let expires_at = AppState::in_seconds(now, sigma.settings.tokens.interaction_seconds);
    let id = alphanumeric(&*sigma.rng, ID_LENGTH);
    seal(sigma, &Sealed { id, browser: None, continuation, started_at: now, expires_at })
}

fn seal(sigma: &AppState, sealed: &Sealed) -> Result<String, ApiError> {
    let text = sigma.interaction_key.seal(sealed, &*sigma.rng);
    text.map_err(|_| ApiError::internal("an interaction could not be sealed"))
}

/// Deletes the browser's cookie in a response, if `stored` was the last interaction that needed it: none began after
/// it, and no signed-in user has another one open. One that awaits sign-in restarts.
pub fn close(
    sigma: &AppState,
    browser: &Browser,
    stored: &StoredInteraction,
    ending: Ending,
    response: Response,
) -> Response {
    let is_last =
        !ending.others && BrowserSecret::of(sigma, browser).is_some_and(|secret| secret.began_last(&stored.id));
    with_cookie(response, is_last.then(|| expired_cookie(sigma)).as_deref())
}

/// Adds `Set-Cookie` to a response.
pub fn with_cookie(mut response: Response, cookie: Option<&str>) -> Response {
    if let Some(value) = cookie.and_then(|cookie| HeaderValue::from_str(cookie).ok()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}
