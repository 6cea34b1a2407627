//! `/api/user/bap-ids`: the identities of a user, and the keys that they rotate to (`docs/spec/keys.md#identities`).

pub mod keys;
pub mod list;
pub mod register;

use axum::body::Bytes;
use http::{HeaderMap, StatusCode};
use sigma_store::Stop;
use sigma_store::identity_key::IdentityRefusal;

use crate::error::{API, bad_request};
use crate::extract::{Area, KeyToken, KeyTokenError, rejected};
use crate::http::{ApiError, Policy, RequestContext, Rule};
use crate::profiles::not_theirs;
use crate::state::AppState;

/// The header with a signature of the key that is registered.
const ENROLLMENT_PROOF: &str = "x-sigma-enrollment-proof";

/// The identities of the account, of which an app sees only the one that was chosen for it.
#[derive(Clone, Copy, Debug)]
pub struct Identities;

impl Area for Identities {
    const SCOPE: Option<&'static str> = None;
}

const POLICY: Policy = API;

/// The key that signed `path` and the body in the header `name`. Whatever is wrong with it gets one answer, and is counted.
fn key_proof(
    sigma: &AppState,
    context: &RequestContext,
    headers: &HeaderMap,
    name: &'static str,
    path: &str,
    body: &Bytes,
) -> Result<KeyToken, ApiError> {
    let token = KeyToken::of_header(sigma, headers, name, path, body);
    let token = token.and_then(|token| if token.body_bound { Ok(token) } else { Err(KeyTokenError::Invalid) });
    token.map_err(|error| {
        // What is counted makes further ones dearer.
        let _ = context.charge(Rule::SignIn, context.client());
        ApiError::from(error)
    })
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
