//! `/api/backup/sync`: programs that hold a key of an identity store and fetch its backup, without a session. The signature
//! is in `Authorization: Bitcoin-Auth`, over the path without its query.

pub mod pull;
pub mod push;

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use sigma_bitcoin::BapId;
use sigma_core::actor::Actor;
use sigma_store::account::Account;
use sigma_store::signed_request::SignedRequest;
use sigma_store::{key_sign_in, user};

use super::{TAKES_BACKUP, not_theirs};
use crate::extract::{KeyToken, KeyTokenError};
use crate::http::policy::{Cookies, CorsPolicy};
use crate::http::{ApiError, Exceeded, Policy, Refusal, RequestContext, Rule};
use crate::state::AppState;

/// The path, which signatures name.
const PATH: &str = "/api/backup/sync";

/// Pages of any origin may call it: no cookie counts, the signature does.
const POLICY: Policy = Policy { cors: CorsPolicy::Anyone, cookies: Cookies::Ignored, ..TAKES_BACKUP };

/// Whether the signature must cover the body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    Body,
    Nothing,
}

/// The account whose key signed a request about `bap_id`. Any key of the account counts that was not retired: clients sign
/// with the key at the root path of the identity, or with the current one.
async fn signer(
    sigma: &AppState,
    context: &RequestContext,
    headers: &HeaderMap,
    body: &[u8],
    bound: Bound,
) -> Result<(Arc<Account>, SignedRequest), Response> {
    let token = presented(headers).and_then(|token| KeyToken::check(sigma, token, PATH, body));
    let token =
        token.and_then(
            |token| {
                if bound == Bound::Body && !token.body_bound { Err(KeyTokenError::Invalid) } else { Ok(token) }
            },
        );
    let token = match token {
        Ok(token) => token,
        Err(error) => return Err(refuse(sigma, context, error).await.unwrap_or_else(IntoResponse::into_response)),
    };
    account_of(sigma, token).await.map_err(IntoResponse::into_response)
}

/// The token of the one `Authorization: Bitcoin-Auth` header.
fn presented(headers: &HeaderMap) -> Result<&str, KeyTokenError> {
    let mut values = headers.get_all(header::AUTHORIZATION).into_iter();
    let value = values.next().ok_or(KeyTokenError::Missing)?;
    let value = value.to_str().map_err(|_| KeyTokenError::Malformed)?;
    let (scheme, token) = value.split_once(' ').ok_or(KeyTokenError::Malformed)?;
    if values.next().is_some() || !scheme.eq_ignore_ascii_case("bitcoin-auth") {
        return Err(KeyTokenError::Malformed);
    }
    Ok(token.trim())
}

async fn account_of(sigma: &AppState, token: KeyToken) -> Result<(Arc<Account>, SignedRequest), ApiError> {
    let pubkey = token.pubkey;
    let user = sigma.store.read(move |tx| user::find_by_pubkey(tx, &pubkey)).await?;
    let user = user.filter(|user| !user.disabled).ok_or_else(not_theirs)?;
    // Published clients sign the bare path, also for accounts that our pages bound to this origin. Whoever could replay it here
    // got it from a program that holds the key, and reads ciphertext or stores what its holder encrypted.
    if sigma.settings.sign_in.require_origin_bound && !token.origin_bound {
        let words = "Sign the path prefixed with this server's origin.";
        let error = ApiError::new(StatusCode::FORBIDDEN, "origin_bound_required", words);
        return Err(error.with_code("ORIGIN_BOUND_REQUIRED"));
    }
    let account = sigma.find_account(&user.id).await?.ok_or_else(not_theirs)?;
    Ok((account, SignedRequest { pubkey, once: token.once }))
}

/// The refusal of a signature: counted by address, and delayed there, as those of sign-in are.
async fn refuse(sigma: &AppState, context: &RequestContext, error: KeyTokenError) -> Result<Response, Refusal> {
    context.charge_shared(Rule::SignIn, context.client()).await?;
    if error == KeyTokenError::Invalid && sigma.settings.limits.delays {
        let (network, now) = (context.client().network(), sigma.now());
        let store = sigma.store_for(context, Actor::Anonymous);
        if let Some(until) = store.write(move |tx| key_sign_in::reject_signature(tx, &network, now)).await? {
            return Ok(Exceeded::delayed(until, now).into_response());
        }
    }
    Ok(ApiError::from(error).into_response())
}

/// Whether the account holds that identity.
fn holds(account: &Account, bap_id: &BapId) -> bool {
    account.identities.iter().any(|identity| identity.bap_id == *bap_id)
}
