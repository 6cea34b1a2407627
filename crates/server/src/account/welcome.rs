//! `/`: what this server is; for a signed-in user, their sessions.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use sigma_store::session::{self, BrowserSession};

use crate::account::view::{SessionLine, Welcome};
use crate::extract::{Browser, SignedIn};
use crate::http::{ApiError, Endpoint};
use crate::pages::person_view;
use crate::pages::policy::PAGE;
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, "/", welcome)
}

async fn welcome(State(sigma): State<AppState>, browser: Browser) -> Response {
    match show(&sigma, &browser).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn show(sigma: &AppState, browser: &Browser) -> Result<Response, ApiError> {
    let Some(signed_in) = SignedIn::find(sigma, browser).await? else {
        let context = sigma.page_in(sigma.language_for(browser, None));
        return Ok(Welcome { signed_in: None, email: None, sessions: Vec::new() }.render(&context));
    };
    let context = sigma.page_in(sigma.language_of(&signed_in.account.user, browser, None));
    let (user_id, now) = (signed_in.account.user.id.clone(), sigma.now());
    let mut sessions = sigma.store.read(move |tx| session::list_live(tx, &user_id, now)).await?;
    sessions.sort_by_key(|session| session.id != signed_in.session.id);
    let page = Welcome {
        signed_in: Some(person_view(&signed_in.account, signed_in.session.bap_id.as_ref())),
        email: signed_in.account.user.email.clone(),
        sessions: sessions.iter().map(|session| line(session, &signed_in.session)).collect(),
    };
    Ok(page.render(&context))
}

fn line(session: &BrowserSession, current: &BrowserSession) -> SessionLine {
    let text = |text: &String| (!text.is_empty()).then(|| text.clone());
    SessionLine {
        id: session.id.to_string(),
        current: session.id == current.id,
        user_agent: text(&session.user_agent),
        address: text(&session.address),
        created_at: session.created_at,
    }
}
