//! Wallets that a user connects, and the subscription: `/api/wallet/…` and `/api/subscription/…`, each also below `/api/auth`
//! (`docs/spec/wallets.md`).

mod connect;
mod disconnect;
mod list;
mod nfts;
mod ownership;
mod primary;
mod subscription;

use http::StatusCode;
use sigma_bitcoin::BapId;
use sigma_store::Stop;
use sigma_store::wallet::{Wallet, WalletRefusal};

use crate::error::{API, bad_request};
use crate::extract::{Area, Caller, rejected};
use crate::http::policy::CorsPolicy;
use crate::http::{ApiError, Policy, Surface};
use crate::profiles::not_theirs;
use crate::state::AppState;

/// What apps read from their own pages, with an access token: published ones do.
const READ: Policy = Policy { cors: CorsPolicy::Anyone, ..API };

/// Reads, which published clients make with `openid profile`.
#[derive(Clone, Copy, Debug)]
pub struct WalletReads;

impl Area for WalletReads {
    const SCOPE: Option<&'static str> = Some("sigma:wallet");
    const OPENID_PROFILE: bool = true;
}

/// Writes.
#[derive(Clone, Copy, Debug)]
pub struct WalletWrites;

impl Area for WalletWrites {
    const SCOPE: Option<&'static str> = Some("sigma:wallet");
}

/// The endpoints of this surface.
pub fn surface() -> Surface<AppState> {
    Surface::new()
        .with(list::endpoint())
        .with(connect::endpoint())
        .with(disconnect::endpoint())
        .with(primary::endpoint())
        .with(nfts::endpoint())
        .with(ownership::endpoint())
        .with(subscription::endpoint())
}

/// The identity that a request is about: the named one, if the caller may act as it, or the caller's own.
fn identity_of(caller: &Caller, named: Option<&str>) -> Result<Option<BapId>, ApiError> {
    let Some(named) = named else { return Ok(caller.identity().map(|identity| identity.bap_id.clone())) };
    let named = BapId::parse(named).map_err(|_| not_theirs())?;
    let identity = caller.identity_named(&named).ok_or_else(not_theirs)?;
    Ok(Some(identity.bap_id.clone()))
}

/// The wallets of an identity.
async fn load(sigma: &AppState, caller: &Caller, bap_id: Option<&BapId>) -> Result<Vec<Wallet>, ApiError> {
    let user_id = caller.user_id().clone();
    let mut wallets = sigma.store.read(move |tx| sigma_store::wallet::list(tx, &user_id)).await?;
    wallets.retain(|wallet| wallet.bap_id.as_ref() == bap_id);
    Ok(wallets)
}

fn refused(stop: Stop<WalletRefusal>) -> ApiError {
    match stop {
        Stop::Failed(error) => error.into(),
        Stop::Refused(WalletRefusal::NotFound) => {
            ApiError::new(StatusCode::NOT_FOUND, "wallet_not_found", "No such wallet is connected")
        }
        Stop::Refused(WalletRefusal::NotTheirs) => not_theirs(),
        Stop::Refused(WalletRefusal::TooMany) => {
            ApiError::new(StatusCode::CONFLICT, "too_many_wallets", "This account has the maximum number of wallets")
        }
        Stop::Refused(WalletRefusal::Replayed) => invalid_signature(),
        Stop::Refused(WalletRefusal::Rejected(why)) => rejected(why),
    }
}

fn invalid_signature() -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, "invalid_signature", "Signature verification failed")
}

/// An address as clients send it: no other text is ever stored.
fn address(text: Option<&str>) -> Result<String, ApiError> {
    let is_address =
        |text: &&str| (26..=35).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    text.filter(is_address)
        .map(str::to_owned)
        .ok_or_else(|| bad_request("invalid_request", "address must be the address of a wallet"))
}
