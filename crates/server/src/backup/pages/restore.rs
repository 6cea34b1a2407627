//! `/restore`: a signed-in user without their key on this device gets it from its encrypted backup. The script fetches the
//! backup, opens it with its password in the browser, and signs in with the key.

use axum::extract::State;
use axum::response::Response;
use sigma_core::interaction::{AccountPage, Continuation};
use sigma_store::backup;

use crate::backup::view::{Restore, RestoreChoice};
use crate::extract::{Browser, SignedIn};
use crate::http::{ApiError, Endpoint};
use crate::interaction::sign_in_first;
use crate::pages::policy::PAGE;
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, "/restore", show)
}

async fn show(State(sigma): State<AppState>, browser: Browser) -> Result<Response, ApiError> {
    let signed_in = SignedIn::find(&sigma, &browser).await?;
    let Some(signed_in) = signed_in.filter(|signed_in| signed_in.may_change_credentials(&sigma)) else {
        return sign_in_first(&sigma, &browser, Continuation::Account { page: AccountPage::Restore });
    };
    let user_id = signed_in.account.user.id.clone();
    let mut current = sigma.store.read(move |tx| backup::list(tx, &user_id)).await?;
    // The current version of each identity comes first.
    current.dedup_by(|next, kept| next.bap_id == kept.bap_id);
    let choice = |version: &backup::Version| RestoreChoice {
        bap_id: version.bap_id.to_string(),
        name: super::account::name_of(&signed_in.account, &version.bap_id),
        stored_at: version.stored_at,
    };
    let page = Restore { choices: current.iter().map(choice).collect() };
    Ok(page.render(&sigma.page_in(sigma.language_of(&signed_in.account.user, &browser, None))))
}
