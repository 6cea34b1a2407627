//! `/oauth-restore`: a new device, on which nobody is signed in. The provider says whose account it is; its callback leaves a
//! restore ticket and begins nothing else. The script fetches the backup with it, opens it with its password in the
//! browser, and signs in with the key.

use axum::extract::State;
use axum::response::Response;

use crate::backup::view::{OauthRestore, ProvenAccount};
use crate::extract::Browser;
use crate::http::{ApiError, Endpoint};
use crate::pages::policy::PAGE;
use crate::restore_ticket::RestoreTicket;
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, "/oauth-restore", show)
}

async fn show(State(sigma): State<AppState>, browser: Browser) -> Result<Response, ApiError> {
    let ticket = RestoreTicket::of(&sigma, &browser);
    let account =
        ticket.map(|ticket| ProvenAccount { oauth_id: ticket.oauth_id(), email: ticket.vouched.email.clone() });
    let page = OauthRestore { account, providers: Vec::new() };
    Ok(page.render(&sigma.page_in(sigma.language_for(&browser, None))))
}
