//! `/select-account`: continue as the current account, or use another (`prompt=select_account`).

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use sigma_core::interaction::Entrance;
use sigma_core::params::Params;

use crate::extract::{Browser, SignedIn};
use crate::http::Endpoint;
use crate::interaction::{entrance, page, with_cookie};
use crate::oauth::view::SelectAccount;
use crate::pages::policy::PAGE;
use crate::pages::{app_view, not_found, person_view};
use crate::paths::resume_url;
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, "/select-account", select_account)
}

async fn select_account(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let Some(name) = params.get("interaction") else { return Ok(not_found()) };
    let ongoing = page::find(&sigma, &browser, name).await?;
    let name = &ongoing.interaction.name;
    let signed_in = SignedIn::find(&sigma, &browser).await.map_err(IntoResponse::into_response)?;
    let back =
        || with_cookie(Redirect::to(&resume_url(name)).into_response(), ongoing.interaction.set_cookie.as_deref());
    let Some(signed_in) = signed_in.filter(|_| ongoing.interaction.is_stored) else { return Ok(back()) };
    let entrance = entrance(&sigma, &browser, &ongoing.requested, &ongoing.interaction).await;
    if entrance.map_err(IntoResponse::into_response)? != Entrance::GoOn {
        return Ok(back());
    }
    let address = &ongoing.requested.address.redirect_uri;
    let language = sigma.language_of(&signed_in.account.user, &browser, ongoing.requested.params.get("ui_locales"));
    let brand = sigma.app_brand(&ongoing.requested.app).await;
    let page = SelectAccount {
        person: person_view(&signed_in.account, signed_in.session.bap_id.as_ref()),
        app: app_view(&ongoing.requested.app, address.display_host(), &brand),
        interaction: name.clone(),
        shown_to: signed_in.account.user.id.to_string(),
    };
    Ok(page.render(&sigma.page_in(language).with_look(&brand.look)))
}
