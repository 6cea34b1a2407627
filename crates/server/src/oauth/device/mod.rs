//! Device authorization (RFC 8628, `docs/spec/devices.md`): a device without a browser shows a code, and a person types it
//! elsewhere.

mod approve;
mod code;
mod decide;
mod page;
mod qr;
mod status;
mod token;

use std::sync::Arc;

use aws_lc_rs::hmac;
use axum::response::{IntoResponse, Response};
use sigma_core::app::App;
use sigma_core::authorize::{DeviceRequest, parse_device};
use sigma_core::digest::Digest;
use sigma_core::ids::UserId;
use sigma_core::params::Params;
use sigma_core::scope::Scopes;
use sigma_core::user_code::UserCode;
use sigma_store::StoreError;
use sigma_store::device_code::{self, Device};

use crate::http::{ApiError, Endpoint, Exceeded, RequestContext, Rule};
use crate::state::AppState;

/// The endpoints of devices, and of the people who let them in.
pub fn endpoints() -> Vec<Endpoint<AppState>> {
    let mut endpoints = vec![code::endpoint(), token::endpoint(), status::endpoint(), qr::endpoint()];
    endpoints.extend(decide::endpoints());
    endpoints.extend(page::endpoints());
    endpoints
}

/// A device that was found by its user code, with what its app may ask for now.
struct Waiting {
    device: Device,
    app: Arc<App>,
    request: DeviceRequest,
}

/// Why no device was found.
enum NotFound {
    /// There is none, its code has expired, or its app may not ask any more: nobody learns which.
    Unknown,
    /// Too many wrong codes.
    TooMany(Exceeded),
    /// The store does not answer.
    Failed(ApiError),
}

impl From<StoreError> for NotFound {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl NotFound {
    /// The response, where `unknown` is that to a code that leads nowhere.
    fn into_response_or(self, unknown: impl FnOnce() -> Response) -> Response {
        match self {
            Self::Unknown => unknown(),
            Self::TooMany(exceeded) => exceeded.into_response(),
            Self::Failed(error) => error.into_response(),
        }
    }
}

/// The digest under which a user code is stored. 40 bits could be guessed from a plain one.
fn digest_of(sigma: &AppState, code: &UserCode) -> Result<Digest, ApiError> {
    let tag = hmac::sign(&sigma.cookie_key, format!("user-code\n{}", code.as_str()).as_bytes());
    Digest::from_stored(tag.as_ref()).ok_or_else(|| ApiError::internal("a digest of another length"))
}

/// Finds the device that shows `code`. Wrong codes are counted by address, and by person for whoever is signed in: past the
/// limits no code is looked up.
async fn look_up(
    sigma: &AppState,
    context: &RequestContext,
    user_id: Option<&UserId>,
    code: &UserCode,
) -> Result<Waiting, NotFound> {
    context.peek_shared(Rule::UserCode, context.client()).await.map_err(NotFound::TooMany)?;
    let (hash, now) = (digest_of(sigma, code).map_err(NotFound::Failed)?, sigma.now());
    let guesser = user_id.cloned();
    let looked_up = sigma.store.read(move |tx| {
        if let Some(guesser) = &guesser
            && let Some(until) = device_code::blocked_until(tx, guesser, now)?
        {
            return Ok(Err(until));
        }
        device_code::find(tx, &hash, now).map(Ok)
    });
    let device = match looked_up.await? {
        Err(until) => return Err(NotFound::TooMany(Exceeded::delayed(until, now))),
        Ok(device) => device,
    };
    if let Some(device) = device
        && let Some(app) = sigma.find_app(&device.app_id).await?.filter(|app| !app.disabled)
        && let Some(request) = requested(sigma, &app, &device.scope, &device.resources).await?
    {
        return Ok(Waiting { device, app, request });
    }
    if let Some(user_id) = user_id.cloned() {
        sigma.store.write(move |tx| device_code::count_guess(tx, &user_id, now)).await?;
    }
    context.charge_shared(Rule::UserCode, context.client()).await.map_err(NotFound::TooMany)?;
    Err(NotFound::Unknown)
}

/// What an app may ask for now, of what it asked for before.
async fn requested(
    sigma: &AppState,
    app: &App,
    scope: &Scopes,
    resources: &[String],
) -> Result<Option<DeviceRequest>, StoreError> {
    let registered = sigma.find_resources(resources).await?;
    Ok(parse_device(&parameters(Some(&scope.to_string()), resources), app, &registered).ok())
}

/// The parameters of a request that the core reads.
fn parameters(scope: Option<&str>, resources: &[String]) -> Params {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let resources = resources.iter().map(|uri| pair("resource", uri));
    Params::from_pairs(scope.map(|scope| pair("scope", scope)).into_iter().chain(resources).collect())
}
