//! Password pages: set, forgot, reset.

mod account;
mod forgot;
mod reset;

use axum::response::{IntoResponse, Response};
use sigma_core::actor::Actor;
use sigma_core::ids::{SessionId, UserId};
use sigma_store::password_change::end_sessions;

use crate::http::{ApiError, Endpoint, RequestContext};
use crate::state::AppState;

/// The endpoints of these pages.
pub fn endpoints() -> impl Iterator<Item = Endpoint<AppState>> {
    account::endpoints().into_iter().chain(forgot::endpoints()).chain(reset::endpoints())
}

/// Finishes after the transaction that set a password, which ends at most 500 sessions.
pub async fn end_the_rest(
    sigma: &AppState,
    context: &RequestContext,
    user_id: &UserId,
    kept: &SessionId,
) -> Result<(), Response> {
    let store = sigma.store_for(context, Actor::User(user_id.clone()));
    loop {
        let (user_id, kept, now) = (user_id.clone(), kept.clone(), sigma.now());
        let ended = store.write(move |tx| end_sessions(tx, &user_id, Some(&kept), now)).await;
        if ended.map_err(|error| ApiError::from(error).into_response())? == 0 {
            return Ok(());
        }
    }
}
