//! `/workspace` and `/workspace/{id}`: redirects to the only workspace of a member, or offers a choice of several.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use sigma_core::interaction::Continuation;
use sigma_core::org::Right;
use sigma_store::org::membership::Belonging;
use sigma_store::org::page;

use super::member_session::MemberSession;
use super::outcome::PageError;
use crate::pages::view::{Chooser, WorkspaceLine, WorkspaceLink};
use sigma_platform::extract::{Browser, SignedIn};
use sigma_platform::http::Endpoint;
use sigma_platform::interaction::sign_in_first;
use sigma_platform::pages::person_view;
use sigma_platform::pages::policy::PAGE;
use sigma_platform::quick::QuickSession;
use sigma_platform::state::AppState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, "/workspace", choose), Endpoint::get(PAGE, "/workspace/{workspace}", enter)]
}

async fn choose(State(sigma): State<AppState>, browser: Browser) -> Result<Response, PageError> {
    let signed_in = SignedIn::find(&sigma, &browser).await?;
    let Some(signed_in) = signed_in else {
        return match QuickSession::of(&sigma, &browser) {
            Some(session) => Ok(Redirect::to(&format!("/workspace/{}", session.org_id)).into_response()),
            None => sign_in_first(&sigma, &browser, Continuation::workspaces()).map_err(PageError::of),
        };
    };
    let user_id = signed_in.account.user.id.clone();
    let belongings = sigma.store.read(move |tx| page::workspaces(tx, &user_id)).await?;
    if let [(only, _)] = belongings.as_slice() {
        return Ok(Redirect::to(&format!("/workspace/{}", only.org_id)).into_response());
    }
    let line = |(one, role): (Belonging, String)| WorkspaceLine {
        workspace: WorkspaceLink { id: one.org_id.to_string(), name: one.name },
        role,
    };
    let view = Chooser {
        person: person_view(&signed_in.account, signed_in.session.bap_id.as_ref()).name,
        workspaces: belongings.into_iter().map(line).collect(),
    };
    Ok(view.render(&sigma.page_in(sigma.language_of(&signed_in.account.user, &browser, None))))
}

async fn enter(session: MemberSession) -> Redirect {
    let first = if session.authority().may(Right::Users) { "people" } else { "roles" };
    Redirect::to(&session.path(first))
}
