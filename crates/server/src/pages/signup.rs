//! `/signup`: make a key in the browser, keep its backup, and an account with it.

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use sigma_core::params::Params;

use crate::extract::Browser;
use crate::interaction::with_cookie;
use crate::oauth::resume_url;
use crate::pages::view::{PageContext, SignUp};
use crate::pages::{app_view, interaction};
use crate::state::AppState;

/// The routes of this page.
pub fn router() -> Router<AppState> {
    Router::new().route("/signup", get(signup))
}

async fn signup(
    State(sigma): State<AppState>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let context = PageContext { issuer: sigma.issuer() };
    let Some(name) = params.get("interaction") else {
        let page =
            SignUp { app: None, interaction: None, continue_url: "/".to_owned(), sign_in_url: "/login".to_owned() };
        return Ok(page.render(&context));
    };
    let ongoing = interaction::find(&sigma, &browser, name).await?;
    let name = &ongoing.interaction.name;
    let page = SignUp {
        app: Some(app_view(&ongoing.requested.app, &ongoing.requested.address.redirect_uri)),
        interaction: Some(name.clone()),
        continue_url: resume_url(name),
        sign_in_url: format!("/login?interaction={name}"),
    };
    Ok(with_cookie(page.render(&context), ongoing.interaction.set_cookie.as_deref()))
}
