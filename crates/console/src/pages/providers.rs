//! `/console/providers`: the upstream providers, whether each answers, and test sign-ins.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sigma_core::interaction::{ConsolePage, Continuation};
use sigma_core::operator::OperatorRight;
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::interaction::{begin as interaction, with_cookie};
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::paths::CONSOLE_PROVIDERS_PATH;
use sigma_platform::providers::{Aim, NewFlow, Provider, ProviderFailure, Reach, Trial, begin, redirect_uri};
use sigma_platform::settings::{ProviderKind, ProviderSignUp};
use sigma_platform::state::AppState;
use sigma_store::operator::providers;

use super::{confirmation, may_change};
use crate::operator::Operator;
use crate::outcome::{Done, Notice, PageError};
use crate::view::{ProviderRow, ProvidersPage, Tab, TrialView};

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, CONSOLE_PROVIDERS_PATH, show), Endpoint::post(FORM, CONSOLE_PROVIDERS_PATH, act)]
}

/// The name of a protocol.
pub const fn kind(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::OpenId => "openid",
        ProviderKind::Google => "google",
        ProviderKind::GitHub => "github",
    }
}

/// The name of what becomes of an account that nobody has linked.
pub const fn sign_up(sign_up: ProviderSignUp) -> &'static str {
    match sign_up {
        ProviderSignUp::Off => "off",
        ProviderSignUp::WithKey => "with_key",
        ProviderSignUp::On => "on",
    }
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let trial = query.get("trial").and_then(|sealed| Trial::open(&sigma, &operator.user_id, sealed));
    // Only failures that there are: the texts are ours, whatever the address says.
    let failure = query.get("error").and_then(|code| ProviderFailure::ALL.into_iter().find(|it| it.code() == code));
    let notice = failure.map(|failure| refused(&operator, failure));
    let notice = notice.or_else(|| Done::reported_by(&query, operator.language));
    draw(&sigma, &operator, StatusCode::OK, notice, trial).await
}

async fn draw(
    sigma: &AppState,
    operator: &Operator,
    status: StatusCode,
    notice: Option<Notice>,
    trial: Option<Trial>,
) -> Result<Response, PageError> {
    let caller = operator.caller();
    let declared = operator.read(sigma, move |tx| providers::declared(tx, &caller)).await?;
    let is_configured = |provider: &Provider| sigma.settings.providers.iter().any(|known| known.id == *provider.id());
    let is_declared = |provider: &Provider| declared.contains(provider.id()) && !is_configured(provider);
    let confirmation = confirmation(sigma, operator, OperatorRight::TestProviders, ConsolePage::ProvidersChange)?;
    let view = ProvidersPage {
        providers: sigma.providers.all().iter().map(|provider| row(sigma, provider, is_declared(provider))).collect(),
        trial: trial.map(TrialView::of),
        may_declare: operator.role.may(OperatorRight::ManageProviders),
        may_test: confirmation.may_change,
        confirm_url: confirmation.url.clone(),
    };
    let page = view.render(status, &operator.frame(Tab::Providers, notice), &operator.page(sigma));
    Ok(confirmation.with(page))
}

fn row(sigma: &AppState, provider: &Provider, is_declared: bool) -> ProviderRow {
    let settings = provider.settings();
    let (state, asked_at) = match provider.reach() {
        Reach::Unknown => (("waiting", "console-provider-unknown"), None),
        Reach::Answers(at) => (("good", "console-provider-answers"), Some(at)),
        Reach::Fails(at) => (("bad", "console-provider-fails"), Some(at)),
    };
    ProviderRow {
        id: provider.id().to_string(),
        label: provider.label().to_owned(),
        kind: kind(provider.kind()),
        issuer: settings.issuer().to_owned(),
        client_id: settings.client_id.clone(),
        redirect_uri: redirect_uri(sigma, provider.id()),
        scope: settings.scope(),
        sign_up: match provider.sign_up() {
            ProviderSignUp::Off => "console-provider-sign-up-off",
            ProviderSignUp::WithKey => "console-provider-sign-up-key",
            ProviderSignUp::On => "console-provider-sign-up-on",
        },
        state,
        asked_at,
        is_declared,
        has_metadata: provider.kind() != ProviderKind::GitHub,
    }
}

fn refused(operator: &Operator, failure: ProviderFailure) -> Notice {
    Notice::Refused(format!("{} ({})", operator.text(failure.text()), failure.code()))
}

async fn act(State(sigma): State<AppState>, operator: Operator, body: Bytes) -> Result<Response, PageError> {
    may_change(&sigma, &operator, OperatorRight::TestProviders, ConsolePage::ProvidersChange)?;
    let form = Params::parse_form(&body);
    let Some(provider) = form.raw("provider").and_then(|id| sigma.providers.find(id)) else {
        let notice = refused(&operator, ProviderFailure::ProviderNotFound);
        return draw(&sigma, &operator, StatusCode::BAD_REQUEST, Some(notice), None).await;
    };
    if form.raw("do") == Some("check") {
        provider.check(sigma.now()).await;
        return Ok(Redirect::to(CONSOLE_PROVIDERS_PATH).into_response());
    }
    let (caller, id) = (operator.caller(), provider.id().to_string());
    if let Err(notice) = operator.act(&sigma, move |tx| providers::begin_test(tx, &caller, &id)).await? {
        return draw(&sigma, &operator, StatusCode::FORBIDDEN, Some(notice), None).await;
    }
    let continuation = Continuation::Console { page: ConsolePage::Providers };
    let ongoing = interaction(&sigma, &operator.browser, continuation, sigma.now())?;
    let aim = Aim::Test { user_id: operator.user_id.clone(), session_id: operator.session_id() };
    match begin(&sigma, &provider, ongoing, NewFlow::of(aim)).await? {
        Ok(begun) => Ok(with_cookie(Redirect::to(&begun.url).into_response(), begun.set_cookie.as_deref())),
        Err(failure) => {
            let notice = refused(&operator, failure);
            draw(&sigma, &operator, StatusCode::BAD_GATEWAY, Some(notice), None).await
        }
    }
}
