//! `/select-org`: the org that the user acts for, where an app asks for one (`docs/spec/oidc.md#organisations`).

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use sigma_core::authorize::NextStep;
use sigma_core::params::Params;

use crate::extract::{Browser, SignedIn};
use crate::http::Endpoint;
use crate::interaction::{judge, page, with_cookie};
use crate::oauth::view::{OrgChoice, SelectOrg};
use crate::pages::policy::PAGE;
use crate::pages::{app_view, not_found, person_view};
use crate::paths::resume_url;
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, "/select-org", select_org)
}

async fn select_org(
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
    let judged = judge(&sigma, &browser, &ongoing.requested, &ongoing.interaction.stored.state).await;
    let Ok(judged) = judged.map_err(IntoResponse::into_response)? else { return Ok(back()) };
    if !matches!(judged.step, Ok(NextStep::SelectOrg)) {
        return Ok(back());
    }
    let address = &ongoing.requested.address.redirect_uri;
    let language = sigma.language_of(&signed_in.account.user, &browser, ongoing.requested.params.get("ui_locales"));
    let brand = sigma.app_brand(&ongoing.requested.app).await;
    let orgs = judged.org.orgs.into_iter();
    let page = SelectOrg {
        person: person_view(&signed_in.account, signed_in.session.bap_id.as_ref()),
        app: app_view(&ongoing.requested.app, address.display_host(), &brand),
        orgs: orgs.map(|org| OrgChoice { id: org.org_id.to_string(), name: org.name }).collect(),
        interaction: name.clone(),
        shown_to: signed_in.account.user.id.to_string(),
    };
    Ok(page.render(&sigma.page_in(language).with_look(&brand.look)))
}
