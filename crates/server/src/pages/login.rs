//! `/login` (also `/signin` and `/auth`): unlock the key of this browser, bring one, or go and make one.

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use sigma_core::authorize::{Prompt, PromptValue};
use sigma_core::params::Params;

use crate::extract::{Browser, SignedIn};
use crate::interaction::with_cookie;
use crate::oauth::resume_url;
use crate::pages::view::{Login, PageContext};
use crate::pages::{app_view, interaction};
use crate::state::AppState;

/// The routes of this page.
pub fn router() -> Router<AppState> {
    Router::new().route("/login", get(login)).route("/signin", get(login)).route("/auth", get(login))
}

async fn login(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let context = PageContext { issuer: sigma.issuer() };
    let Some(name) = params.get("interaction") else {
        let page = Login {
            app: None,
            interaction: None,
            login_hint: None,
            bap_id_hint: None,
            // The one page that asks people to come back; any other address is the front page.
            continue_url: params.get("next").filter(|next| *next == "/workspace").unwrap_or("/").to_owned(),
            sign_up_url: "/signup".to_owned(),
            reauthenticate: false,
        };
        return Ok(page.render(&context));
    };
    let ongoing = interaction::find(&sigma, &browser, name).await?;
    let name = &ongoing.interaction.name;
    let request = &ongoing.requested.params;
    let signed_in = SignedIn::find(&sigma, &browser).await.map_err(axum::response::IntoResponse::into_response)?;
    let asked_again =
        Prompt::parse(request.get("prompt").unwrap_or_default()).is_ok_and(|prompt| prompt.asks(PromptValue::Login));
    let page = Login {
        app: Some(app_view(&ongoing.requested.app, &ongoing.requested.address.redirect_uri)),
        interaction: Some(name.clone()),
        login_hint: request.get("login_hint").map(str::to_owned),
        bap_id_hint: request.get("bapId").or_else(|| request.get("bap_id")).map(str::to_owned),
        continue_url: resume_url(name),
        sign_up_url: format!("/signup?interaction={name}"),
        reauthenticate: signed_in.is_some() && (asked_again || request.get("max_age").is_some()),
    };
    Ok(with_cookie(page.render(&context), ongoing.interaction.set_cookie.as_deref()))
}
