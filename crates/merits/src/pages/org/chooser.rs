//! `/org` and `/org/{org}`: the choice among the orgs of an admin, and the way to the first page of one.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use sigma_core::interaction::Continuation;
use sigma_platform::extract::{Browser, SignedIn};
use sigma_platform::http::Endpoint;
use sigma_platform::interaction::sign_in_first;
use sigma_platform::pages::person_view;
use sigma_platform::pages::policy::PAGE;
use sigma_platform::state::AppState;

use super::{OrgAdmin, administered};
use crate::pages::outcome::PageError;
use crate::pages::view::{ChooserPage, LinkableOrg};
use crate::pages::words;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, "/org", choose), Endpoint::get(PAGE, "/org/{org}", enter)]
}

async fn choose(State(sigma): State<AppState>, browser: Browser) -> Result<Response, PageError> {
    let Some(signed_in) = SignedIn::find(&sigma, &browser).await? else {
        return sign_in_first(&sigma, &browser, Continuation::MeritOrg { org: None }).map_err(PageError::of);
    };
    let session = signed_in.session.clone();
    let orgs = sigma.store.read(move |tx| administered(tx, &session)).await?;
    if let [(only, _)] = orgs.as_slice() {
        return Ok(Redirect::to(&format!("/org/{}", only.id)).into_response());
    }
    let view = ChooserPage {
        person: person_view(&signed_in.account, signed_in.session.bap_id.as_ref()).name,
        orgs: orgs
            .iter()
            .map(|(org, role)| LinkableOrg {
                id: org.id.to_string(),
                party: words::party(org),
                role: role.clone(),
                linked: false,
            })
            .collect(),
    };
    Ok(view.render(&sigma.page_in(sigma.language_of(&signed_in.account.user, &browser, None))))
}

async fn enter(admin: OrgAdmin) -> Redirect {
    Redirect::to(&admin.path("sent"))
}
