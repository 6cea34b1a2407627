//! Challenges of passkeys (WebAuthn §13.4.3). Nothing is stored for one until it is answered: it carries when it expires and a
//! signature of ours over that, its purpose and the browser that it was made for, so that asking for challenges fills no
//! table. An answer uses it up.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sigma_core::digest::Digest;
use sigma_core::ids::UserId;
use sigma_core::random::bytes;
use sigma_core::time::Timestamp;
use sigma_store::replay_guard::Once;

use crate::extract::Browser;
use crate::interaction::BrowserSecret;
use crate::state::AppState;

/// How long a challenge can be answered.
pub const LIFE: Duration = Duration::from_mins(5);

/// Separates these signatures from others by the same key.
const CONTEXT: &[u8] = b"sigma passkey challenge 1";

/// What a challenge is for.
#[derive(Clone, Copy, Debug)]
pub enum Purpose<'a> {
    /// Proving a passkey.
    SignIn,
    /// Adding one to the account of that user.
    Register(&'a UserId),
}

/// Why an answered challenge does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeError {
    /// It is not ours, or was made for another browser, account or purpose.
    NotOurs,
    /// It took too long.
    Expired,
}

/// A challenge as the browser gets it, and `Set-Cookie` for a browser that had no secret yet.
pub struct Issued {
    /// In base64url.
    pub challenge: String,
    /// The cookie that binds it to the browser.
    pub set_cookie: Option<String>,
}

/// Makes a challenge for `browser`.
pub fn issue(sigma: &AppState, browser: &Browser, purpose: Purpose<'_>) -> Issued {
    let secret = BrowserSecret::of_or_new(sigma, browser);
    let nonce: [u8; 16] = bytes(&*sigma.rng);
    let expires = sigma.now().plus(LIFE).micros().to_be_bytes();
    let tag = hmac::sign(&sigma.cookie_key, &signed(&nonce, expires, purpose, &secret.digest()));
    let challenge = URL_SAFE_NO_PAD.encode([&nonce, expires.as_slice(), tag.as_ref()].concat());
    Issued { challenge, set_cookie: secret.set_new_cookie(sigma) }
}

/// Checks that `challenge` is ours and for `browser`; what makes it single-use belongs in the transaction of its effect.
///
/// # Errors
/// [`ChallengeError`]
pub fn redeem(
    sigma: &AppState,
    browser: &Browser,
    purpose: Purpose<'_>,
    challenge: &[u8],
) -> Result<Once, ChallengeError> {
    let not_ours = ChallengeError::NotOurs;
    let (nonce, rest) = challenge.split_first_chunk::<16>().ok_or(not_ours)?;
    let (expires, tag) = rest.split_first_chunk::<8>().ok_or(not_ours)?;
    let secret = BrowserSecret::of(sigma, browser).ok_or(not_ours)?;
    let message = signed(nonce, *expires, purpose, &secret.digest());
    hmac::verify(&sigma.cookie_key, &message, tag).map_err(|_| not_ours)?;
    let expires_at = Timestamp::from_micros(i64::from_be_bytes(*expires));
    if sigma.now() >= expires_at {
        return Err(ChallengeError::Expired);
    }
    Once::new(Digest::of(challenge), expires_at, sigma.store.database_now()).ok_or(ChallengeError::Expired)
}

fn signed(nonce: &[u8; 16], expires: [u8; 8], purpose: Purpose<'_>, browser: &Digest) -> Vec<u8> {
    let (purpose, user_id) = match purpose {
        Purpose::SignIn => (0, ""),
        Purpose::Register(user_id) => (1, user_id.as_str()),
    };
    [CONTEXT, &[purpose], nonce, &expires, browser.as_bytes(), user_id.as_bytes()].concat()
}
