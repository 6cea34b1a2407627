//! `/signup/provider`: a user who came by a provider and just created a key is asked whether to link the two.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use sigma_store::provider_sign_in::Linked;

use super::FINISH_PATH;
use super::callback::link_to;
use crate::extract::{Browser, SignedIn};
use crate::front_door::Arrival;
use crate::front_door::page::language_of;
use crate::front_door::view::LinkQuestion;
use crate::http::{Endpoint, RequestContext};
use crate::interaction::with_cookie;
use crate::pages::policy::{FORM, PAGE};
use crate::providers::{PendingLink, ProviderFailure, expired_pending};
use crate::state::AppState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, FINISH_PATH, ask), Endpoint::post(FORM, FINISH_PATH, link)]
}

/// What is needed to link: an account that waits, and a session that may link it.
async fn ready(sigma: &AppState, browser: &Browser) -> Result<Option<(PendingLink, SignedIn)>, Response> {
    let Some(pending) = PendingLink::of(sigma, browser) else { return Ok(None) };
    let signed_in = SignedIn::find(sigma, browser).await.map_err(IntoResponse::into_response)?;
    let signed_in = signed_in.filter(|signed_in| signed_in.may_change_credentials(sigma));
    Ok(signed_in.map(|signed_in| (pending, signed_in)))
}

async fn ask(State(sigma): State<AppState>, browser: Browser, RawQuery(query): RawQuery) -> Result<Response, Response> {
    let arrival = Arrival::find(&sigma, &browser, query.as_deref()).await?;
    let Some((pending, _)) = ready(&sigma, &browser).await? else { return Ok(arrival.go_on()) };
    Ok(question(&sigma, &browser, &arrival, &pending, None))
}

async fn link(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let arrival = Arrival::find(&sigma, &browser, query.as_deref()).await?;
    let Some((pending, signed_in)) = ready(&sigma, &browser).await? else { return Ok(arrival.go_on()) };
    let linked = link_to(&sigma, &context, &signed_in, pending.vouched()).await.map_err(IntoResponse::into_response)?;
    let failure = match linked {
        Linked::Linked | Linked::AlreadyTheirs => {
            return Ok(with_cookie(arrival.go_on(), Some(&expired_pending(&sigma))));
        }
        Linked::OfAnother => ProviderFailure::LinkedToAnother,
        Linked::TooMany => ProviderFailure::TooManyLinked,
        Linked::Disabled => ProviderFailure::UserDisabled,
    };
    Ok(question(&sigma, &browser, &arrival, &pending, Some(failure)))
}

fn question(
    sigma: &AppState,
    browser: &Browser,
    arrival: &Arrival,
    pending: &PendingLink,
    failure: Option<ProviderFailure>,
) -> Response {
    let language = language_of(sigma, browser, arrival);
    let provider = sigma.providers.find(pending.provider().as_str());
    let page = LinkQuestion {
        provider: provider.map_or_else(|| pending.provider().to_string(), |provider| provider.label().to_owned()),
        account: pending.email().unwrap_or(pending.vouched().subject.as_str()).to_owned(),
        refusal: failure.map(|failure| language.text(failure.text()).to_string()),
        link_url: arrival.at(FINISH_PATH),
        continue_url: arrival.way_on(),
    };
    let status = if failure.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    arrival.with_cookie(page.render(status, &sigma.page_in(language).with_look(arrival.look(sigma))))
}
