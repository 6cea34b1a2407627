//! Writes the profile that a client sends.

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use sigma_bitcoin::BapId;
use sigma_core::profile::{Entered, Field, ProfileChange};
use sigma_store::profile::WriteMode;

use super::{ProfileAnswer, change_of, identity_of};
use crate::error::bad_request;
use crate::extract::Caller;
use crate::http::{ApiError, RequestContext};
use crate::profiles::{self, NewProfile};
use crate::state::AppState;

/// Writes the profile that a client sends, and returns it.
pub async fn write(
    sigma: &AppState,
    context: &RequestContext,
    caller: &Caller,
    mut entered: Entered,
    mode: WriteMode,
) -> Result<Response, ApiError> {
    let bap_id = identity_of(caller, entered.bap_id.as_deref())?;
    let inline = match entered.fields.get(&Field::Image) {
        Some(Some(url)) if url.trim_start().starts_with("data:") => Some(decode_inline(url)?),
        _ => None,
    };
    if inline.is_some() {
        entered.fields.remove(&Field::Image);
    }
    let change = change_of(entered)?;
    write_change(sigma, context, caller, bap_id, (change, inline), mode).await
}

/// Writes texts and an image file, and returns the profile as the caller sees it.
pub async fn write_change(
    sigma: &AppState,
    context: &RequestContext,
    caller: &Caller,
    bap_id: Option<BapId>,
    (change, file): (ProfileChange, Option<Bytes>),
    mode: WriteMode,
) -> Result<Response, ApiError> {
    let (user_id, signed) = (caller.user_id().clone(), caller.signed().cloned());
    let new = NewProfile { user_id, bap_id, change, file, mode, signed };
    let stored = profiles::write(sigma, context, caller.actor(), new).await?;
    Ok(ProfileAnswer::of(caller, &stored))
}

/// The file in a `data:` URL (RFC 2397). What it says of its type does not matter: its content decides.
fn decode_inline(url: &str) -> Result<Bytes, ApiError> {
    let problem = || bad_request("invalid_picture", "image is not a data: URL with base64");
    let encoded = url.trim().split_once(";base64,").map(|(_, encoded)| encoded).ok_or_else(problem)?;
    STANDARD.decode(encoded).map(Bytes::from).map_err(|_| problem())
}
