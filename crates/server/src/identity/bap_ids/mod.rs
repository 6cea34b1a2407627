//! `/api/user/bap-ids`: the identities of a user, and the keys that they rotate to (`docs/spec/keys.md#identities`).

pub mod keys;
pub mod list;
pub mod register;

use std::time::Duration;

use http::StatusCode;
use sigma_store::Stop;
use sigma_store::identity_key::IdentityRefusal;

use crate::error::{API, bad_request};
use crate::extract::{Area, Caller, rejected};
use crate::http::{ApiError, Policy};
use crate::profiles::not_theirs;
use crate::state::AppState;

/// The header with a signature of the key that is registered.
const ENROLLMENT_PROOF: &str = "x-sigma-enrollment-proof";

/// How recent the last authentication must be to add a key: an abandoned or stolen session does not suffice.
const RECENT: Duration = Duration::from_mins(15);

/// The identities of the account, of which an app sees only the one that was chosen for it.
#[derive(Clone, Copy, Debug)]
pub struct Identities;

impl Area for Identities {
    const SCOPE: Option<&'static str> = None;
}

const POLICY: Policy = API;

/// Whether the caller's session may add a key.
fn is_fresh(sigma: &AppState, caller: &Caller) -> bool {
    caller.session().is_some_and(|session| sigma.now().since(session.auth_time) <= RECENT)
}

fn refused(stop: Stop<IdentityRefusal>) -> ApiError {
    let forbidden = |error: &'static str, description: &'static str, code: &'static str| {
        ApiError::new(StatusCode::FORBIDDEN, error, description).with_code(code)
    };
    match stop {
        Stop::Failed(error) => error.into(),
        Stop::Refused(IdentityRefusal::NotTheirs) => not_theirs(),
        Stop::Refused(IdentityRefusal::TooMany) => forbidden(
            "too_many_identities",
            "This account has the maximum number of identities.",
            "TOO_MANY_IDENTITIES",
        ),
        Stop::Refused(IdentityRefusal::TooManyKeys) => {
            forbidden("too_many_keys", "This identity or account has the maximum number of keys.", "TOO_MANY_KEYS")
        }
        Stop::Refused(IdentityRefusal::KeyUnusable) => {
            forbidden("key_unusable", "This key belongs to another account or was retired.", "KEY_UNUSABLE")
        }
        Stop::Refused(IdentityRefusal::NotFresh) => {
            forbidden("reauthentication_required", "Sign in again first", "SESSION_NOT_FRESH")
        }
        Stop::Refused(IdentityRefusal::Rejected(why)) => rejected(why),
    }
}

fn malformed(description: &'static str) -> ApiError {
    bad_request("invalid_request", description)
}
