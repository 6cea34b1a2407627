//! `GET /login` (also `/signin` and `/auth`): the sign-in page. A user who is already signed in, perhaps in another
//! tab, and need not re-authenticate continues at once.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sigma_core::authentication::CredentialKind;
use sigma_core::interaction::{Continuation, Entrance};
use sigma_core::params::Params;

use super::method::{last_used, offered};
use super::provider::Departure;
use super::second_factor::{Refused, ask, enrol, hints};
use super::{Arrival, PASSWORD_PATH, QUICK_PATH, SignInMethod, domain, provider, quick};
use crate::extract::{Browser, SignedIn};
use crate::front_door::view::{Aim, KeyHints, SignInPage};
use crate::http::{ApiError, Endpoint, RequestContext};
use crate::i18n::Language;
use crate::pages::person_view;
use crate::pages::policy::PAGE;
use crate::pages::view::ProviderButton;
use crate::paths::{EMAIL_SIGN_UP_PATH, LOGIN_PATH, RESTORE_PATH};
use crate::providers::ProviderFailure;
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, LOGIN_PATH, show).aliases(["/signin", "/auth"])
}

async fn show(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let arrival = Arrival::find(&sigma, &browser, query.as_deref()).await?;
    let signed_in = SignedIn::find_partial(&sigma, &browser).await.map_err(IntoResponse::into_response)?;
    let entrance = arrival.entrance(&sigma, &browser, signed_in.as_ref()).await?;
    let by_click = crate::quick::is_signed_in(&sigma, &context, &browser, arrival.continuation()).await;
    let is_in = entrance == Entrance::GoOn || by_click.map_err(|error| ApiError::from(error).into_response())?;
    if is_in && !arrival.switches {
        return Ok(arrival.with_cookie(Redirect::to(&arrival.way_on()).into_response()));
    }
    if let Some(signed_in) = signed_in.as_ref().filter(|_| !arrival.switches) {
        match &entrance {
            Entrance::StepUp(factors) => {
                return Ok(ask(&sigma, &browser, &arrival, signed_in, factors, Refused::default()));
            }
            Entrance::Enrol(kinds) if signed_in.may_change_credentials(&sigma) => {
                return Ok(enrol(&sigma, &browser, &arrival, signed_in, kinds));
            }
            // Adding a credential takes a recent sign-in, which is asked for first.
            Entrance::Enrol(_) | Entrance::GoOn | Entrance::SignIn | Entrance::Reauthenticate => {}
        }
    }
    let failure = Params::parse(query.as_deref().unwrap_or_default()).get("error").and_then(ProviderFailure::parse);
    // An app may name the provider, or an address whose domain has one; after a failure there, the user chooses.
    let signs_in = matches!(entrance, Entrance::SignIn | Entrance::Reauthenticate);
    if signs_in && failure.is_none() && !arrival.switches {
        let anew = entrance == Entrance::Reauthenticate;
        if let Some(provider) = arrival.parameter("provider").filter(|id| sigma.providers.find(id).is_some()) {
            let departure = Departure { provider, anew, login_hint: None };
            return provider::leave(&sigma, &context, &browser, &arrival, departure).await;
        }
        let address = arrival.parameter("login_hint").unwrap_or_default();
        if let Some(provider) = domain::provider_of(&sigma, address).await? {
            let departure = Departure { provider: &provider, anew, login_hint: Some(address.to_owned()) };
            return provider::leave(&sigma, &context, &browser, &arrival, departure).await;
        }
    }
    let attempt = Attempt {
        method: failure.map(|_| SignInMethod::Provider),
        refusal: failure.map(|failure| language_of(&sigma, &browser, &arrival).text(failure.text()).to_string()),
        ..Attempt::default()
    };
    draw(&sigma, &context, &browser, &arrival, Again::of(&arrival, &entrance, signed_in), attempt).await
}

/// The result of a submitted form, with which nobody is signed in yet.
#[derive(Default)]
pub struct Attempt {
    /// The method that was tried.
    pub method: Option<SignInMethod>,
    /// The e-mail address as entered.
    pub email: String,
    /// Why it failed.
    pub refusal: Option<String>,
    /// The status of the response.
    pub status: StatusCode,
}

/// The page again, after `attempt`.
///
/// # Errors
/// The store does not answer.
pub async fn render(
    sigma: &AppState,
    context: &RequestContext,
    browser: &Browser,
    arrival: &Arrival,
    attempt: Attempt,
) -> Result<Response, Response> {
    let signed_in = SignedIn::find_partial(sigma, browser).await.map_err(IntoResponse::into_response)?;
    let entrance = arrival.entrance(sigma, browser, signed_in.as_ref()).await?;
    draw(sigma, context, browser, arrival, Again::of(arrival, &entrance, signed_in), attempt).await
}

/// A signed-in user who has to prove any credential of theirs again.
struct Again(SignedIn);

impl Again {
    fn of(arrival: &Arrival, entrance: &Entrance, signed_in: Option<SignedIn>) -> Option<Self> {
        let is_asked_again = matches!(entrance, Entrance::Reauthenticate | Entrance::Enrol(_));
        signed_in.filter(|_| !arrival.switches && is_asked_again).map(Self)
    }

    /// The methods that satisfy it.
    fn methods(&self) -> Vec<SignInMethod> {
        let account = &self.0.account;
        let method = |kind: &CredentialKind| match kind {
            CredentialKind::Key => Some(SignInMethod::Key),
            CredentialKind::Password => account.user.email.as_ref().map(|_| SignInMethod::Password),
            CredentialKind::Passkey => Some(SignInMethod::Passkey),
            CredentialKind::Provider => Some(SignInMethod::Provider),
            CredentialKind::Totp | CredentialKind::Recovery => None,
        };
        account.credentials.iter().filter_map(method).collect()
    }
}

/// The methods of the settings that there is something to offer of.
fn configured(sigma: &AppState) -> Vec<SignInMethod> {
    // An address without passkeys offers none.
    let is_there = |method: &SignInMethod| match method {
        SignInMethod::Key | SignInMethod::Password => true,
        SignInMethod::Passkey => sigma.relying_party().is_some(),
        SignInMethod::Provider => !sigma.providers.all().is_empty(),
    };
    sigma.settings.sign_in.methods.iter().copied().filter(is_there).collect()
}

/// The language of the page.
pub fn language_of(sigma: &AppState, browser: &Browser, arrival: &Arrival) -> Language {
    sigma.language_for(browser, arrival.parameter("ui_locales"))
}

/// The page, for everybody or for re-authentication of `again`.
async fn draw(
    sigma: &AppState,
    context: &RequestContext,
    browser: &Browser,
    arrival: &Arrival,
    again: Option<Again>,
    attempt: Attempt,
) -> Result<Response, Response> {
    let has = again.as_ref().map(Again::methods);
    let again = again.map(|Again(signed_in)| signed_in);
    let hint = |name: &str| arrival.parameter(name).map(str::to_owned);
    let hinted_address = hint("login_hint").filter(|hint| hint.contains('@'));
    let by_hint = hinted_address.as_ref().map(|_| SignInMethod::Password);
    let first = attempt.method.or_else(|| last_used(browser)).or(by_hint);
    let own = again.as_ref().and_then(|signed_in| signed_in.account.user.email.clone());
    let email = [own, Some(attempt.email), hinted_address];
    let quick =
        if again.is_some() { Vec::new() } else { quick::groups(sigma, context, arrival.continuation()).await? };
    let aim = match arrival.continuation() {
        Continuation::Authorization { .. } | Continuation::MeritLogin { .. } => {
            arrival.app().map_or(Aim::Account, Aim::App)
        }
        Continuation::Workspace { .. } => Aim::Workspace,
        Continuation::Invitation { .. } => Aim::Invitation,
        Continuation::LinkApp { .. } | Continuation::MeritOrg { .. } | Continuation::OrgChange { .. } => Aim::Org,
        Continuation::Device { .. } => Aim::Device,
        Continuation::FirstOwner { .. } | Continuation::Console { .. } => Aim::Console,
        Continuation::Account { .. } | Continuation::Restore | Continuation::Home => Aim::Account,
    };
    let bap_id = again.as_ref().and_then(|signed_in| signed_in.session.bap_id.clone());
    let page = SignInPage {
        aim,
        again: again.as_ref().map(|signed_in| person_view(&signed_in.account, bap_id.as_ref())),
        methods: offered(&configured(sigma), has.as_deref(), first),
        passkey: hints(arrival),
        providers: ProviderButton::all(sigma),
        quick,
        email: email.into_iter().flatten().find(|email| !email.is_empty()).unwrap_or_default(),
        refusal: attempt.refusal,
        key: KeyHints {
            login_hint: hint("login_hint"),
            bap_id: bap_id.map(|id| id.to_string()).or_else(|| hint("bapId")).or_else(|| hint("bap_id")),
            continue_url: match arrival.continuation() {
                // It asks for a second factor, if the account demands one.
                Continuation::Home => LOGIN_PATH.to_owned(),
                _ => arrival.way_on(),
            },
        },
        sign_up_url: arrival.at("/signup"),
        restore_url: arrival.at(RESTORE_PATH),
        email_sign_up_url: (sigma.settings.sign_up.email && again.is_none()).then(|| arrival.at(EMAIL_SIGN_UP_PATH)),
        switch_url: arrival.switch_url(),
        provider_url: arrival.at(provider::PROVIDER_PATH),
        password_url: arrival.at(PASSWORD_PATH),
        forgot_url: arrival.at("/password/forgot"),
        quick_url: arrival.at(QUICK_PATH),
    };
    let language = language_of(sigma, browser, arrival);
    Ok(arrival.with_cookie(page.render(attempt.status, &sigma.page_in(language).with_look(arrival.look(sigma)))))
}
