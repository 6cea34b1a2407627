//! `/console/providers/new` and `/console/providers/{id}`: a provider that is declared rather than configured.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use sigma_core::interaction::ConsolePage;
use sigma_core::operator::OperatorRight;
use sigma_core::params::Params;
use sigma_core::provider::ProviderId;
use sigma_platform::http::{ApiError, Endpoint};
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::pages::{FormVersion, not_found};
use sigma_platform::paths::CONSOLE_PROVIDERS_PATH;
use sigma_platform::providers::{is_in_reach, redirect_uri};
use sigma_platform::settings::{Provider as Settings, ProviderKind, ProviderSignUp};
use sigma_platform::state::AppState;
use sigma_store::operator::providers::{self, Declared};
use sigma_store::provider::{DeclaredProvider, seal_context};
use sigma_store::{Owner, Tx};

use super::providers::{kind, sign_up};
use super::{field, may_change};
use crate::operator::{Operator, require_current};
use crate::outcome::{Done, Notice, PageError};
use crate::view::{ProviderEntered, ProviderPage, Tab};

const NEW: &str = "/console/providers/new";
const ONE: &str = "/console/providers/{id}";
/// The longest field, in characters.
const LONGEST: usize = 10_000;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 4] {
    [
        Endpoint::get(PAGE, NEW, new),
        Endpoint::post(FORM, NEW, add),
        Endpoint::get(PAGE, ONE, show),
        Endpoint::post(FORM, ONE, act),
    ]
}

/// What is wrong with what was entered: the field, and a key of the catalogue.
#[derive(Clone, Copy)]
struct Wrong(&'static str, &'static str);

/// The text for a setting that is refused.
fn wrong(field: &'static str) -> Wrong {
    Wrong(
        field,
        match field {
            "id" => "console-provider-wrong-id",
            "issuer" => "console-provider-wrong-issuer",
            "client_id" => "console-provider-wrong-client-id",
            "client_secret" => "console-provider-wrong-secret",
            "label" => "console-provider-wrong-label",
            "scopes" => "console-provider-wrong-scopes",
            "allowed_domains" | "trusted_email_domains" => "console-provider-wrong-domain",
            _ => "console-provider-wrong",
        },
    )
}

async fn new(State(sigma): State<AppState>, operator: Operator) -> Result<Response, PageError> {
    may_change(&sigma, &operator, OperatorRight::ManageProviders, ConsolePage::ProvidersChange)?;
    Ok(draw(&sigma, &operator, StatusCode::OK, None, ProviderEntered::default(), None))
}

async fn add(State(sigma): State<AppState>, operator: Operator, body: Bytes) -> Result<Response, PageError> {
    may_change(&sigma, &operator, OperatorRight::ManageProviders, ConsolePage::ProvidersChange)?;
    let (entered, secret) = entered(&Params::parse_form(&body));
    let refused = |wrong, status| Ok(draw(&sigma, &operator, status, None, entered.clone(), Some(wrong)));
    let Ok(id) = ProviderId::parse(&entered.id) else { return refused(wrong("id"), StatusCode::BAD_REQUEST) };
    if sigma.settings.providers.iter().any(|known| known.id == id) {
        return refused(Wrong("id", "console-provider-wrong-taken"), StatusCode::CONFLICT);
    }
    let bare = Settings { id, ..Settings::default() };
    let declared = match declared(&sigma, &bare, &entered, secret.as_ref(), None)? {
        Ok(declared) => declared,
        Err(wrong) => return refused(wrong, StatusCode::BAD_REQUEST),
    };
    let (caller, now) = (operator.caller(), sigma.now());
    match operator.act(&sigma, move |tx| providers::add(tx, &caller, &declared, now)).await? {
        Ok(Declared::Done) => {
            sigma.use_changed_providers().await;
            Ok(Done::ProviderAdded.at(CONSOLE_PROVIDERS_PATH))
        }
        Ok(Declared::Taken) => refused(Wrong("id", "console-provider-wrong-taken"), StatusCode::CONFLICT),
        Ok(Declared::TooMany) => refused(Wrong("", "console-provider-wrong-many"), StatusCode::CONFLICT),
        Err(_) => Err(operator.forbidden(&sigma)),
    }
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    may_change(&sigma, &operator, OperatorRight::ManageProviders, ConsolePage::ProvidersChange)?;
    let (settings, _, entered) = load(&sigma, &operator, &id).await?;
    Ok(draw(&sigma, &operator, StatusCode::OK, Some(&settings.id), entered, None))
}

/// The settings of a declared provider, its sealed secret, and its form.
async fn load(
    sigma: &AppState,
    operator: &Operator,
    id: &str,
) -> Result<(Settings, Option<Vec<u8>>, ProviderEntered), PageError> {
    let id = ProviderId::parse(id).map_err(|_| not_found())?;
    let caller = operator.caller();
    let found = operator.read(sigma, move |tx| providers::find(tx, &caller, &id)).await?;
    let members = serde_json::from_str(&found.settings).map_err(ApiError::internal)?;
    let settings = Settings::from_stored(&found.id, members).map_err(ApiError::internal)?;
    let entered = ProviderEntered {
        id: settings.id.to_string(),
        kind: kind(settings.kind),
        issuer: settings.issuer.clone().unwrap_or_default(),
        client_id: settings.client_id.clone(),
        has_secret: found.secret.is_some(),
        label: settings.label.clone().unwrap_or_default(),
        scopes: settings.scopes.clone().unwrap_or_default().join(" "),
        allowed_domains: settings.allowed_domains.join(" "),
        trusted_email_domains: settings.trusted_email_domains.join(" "),
        sign_up: settings.sign_up.map_or("", sign_up),
        version: FormVersion::of(&found),
    };
    Ok((settings, found.secret, entered))
}

async fn act(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, PageError> {
    may_change(&sigma, &operator, OperatorRight::ManageProviders, ConsolePage::ProvidersChange)?;
    let form = Params::parse_form(&body);
    if form.raw("do") == Some("remove") {
        return remove(&sigma, &operator, &id).await;
    }
    let (before, sealed, shown) = load(&sigma, &operator, &id).await?;
    let (caller, id, now) = (operator.caller(), before.id.clone(), sigma.now());
    let (typed, secret) = entered(&form);
    let sent = FormVersion::sent(&form);
    let entered = ProviderEntered { id: id.to_string(), has_secret: shown.has_secret, version: sent.clone(), ..typed };
    let wanted = id.clone();
    let changed = match declared(&sigma, &before, &entered, secret.as_ref(), sealed)? {
        Ok(changed) => changed,
        Err(wrong) => {
            return Ok(draw(&sigma, &operator, StatusCode::BAD_REQUEST, Some(&id), entered, Some(wrong)));
        }
    };
    let change = move |tx: &mut dyn Tx| {
        require_current(tx, &[Owner::Installation], &sent, |tx| providers::find(tx, &caller, &wanted))?;
        providers::change(tx, &caller, &changed, now)
    };
    match operator.act(&sigma, change).await? {
        Ok(()) => {
            sigma.use_changed_providers().await;
            Ok(Done::Saved.at(CONSOLE_PROVIDERS_PATH))
        }
        Err(notice) => {
            let view = page(&sigma, Some(&id), entered, None);
            let frame = operator.frame(Tab::Providers, Some(notice));
            Ok(view.render(StatusCode::CONFLICT, &frame, &operator.page(&sigma)))
        }
    }
}

/// Removes it, whatever is stored of it.
async fn remove(sigma: &AppState, operator: &Operator, id: &str) -> Result<Response, PageError> {
    let (caller, id) = (operator.caller(), ProviderId::parse(id).map_err(|_| not_found())?);
    let removed = operator.act(sigma, move |tx| providers::remove(tx, &caller, &id)).await?;
    removed.map_err(|_| operator.forbidden(sigma))?;
    sigma.use_changed_providers().await;
    Ok(Done::ProviderRemoved.at(CONSOLE_PROVIDERS_PATH))
}

/// What was entered, and the secret, which is not shown again.
fn entered(form: &Params) -> (ProviderEntered, Option<SecretString>) {
    // One character more than may be: what is too long is refused, and not cut to something else.
    let long = |name: &str| -> String {
        let text: String = form.raw(name).unwrap_or_default().trim().chars().take(LONGEST + 1).collect();
        text.replace('\0', "\u{fffd}")
    };
    let secret = form.raw("client_secret").map(str::trim).filter(|secret| !secret.is_empty());
    let entered = ProviderEntered {
        id: field(form, "id"),
        kind: ProviderKind::ALL.map(kind).into_iter().find(|kind| form.raw("kind") == Some(kind)).unwrap_or("openid"),
        issuer: long("issuer"),
        client_id: long("client_id"),
        has_secret: false,
        label: field(form, "label"),
        scopes: long("scopes"),
        allowed_domains: long("allowed_domains"),
        trusted_email_domains: long("trusted_email_domains"),
        sign_up: SIGN_UPS.map(sign_up).into_iter().find(|way| form.raw("sign_up") == Some(way)).unwrap_or_default(),
        version: FormVersion::default(),
    };
    (entered, secret.map(SecretString::from))
}

const SIGN_UPS: [ProviderSignUp; 3] = [ProviderSignUp::Off, ProviderSignUp::WithKey, ProviderSignUp::On];

/// The provider as entered, from what it is; the settings that the form does not have stay.
fn declared(
    sigma: &AppState,
    before: &Settings,
    entered: &ProviderEntered,
    secret: Option<&SecretString>,
    sealed: Option<Vec<u8>>,
) -> Result<Result<DeclaredProvider, Wrong>, ApiError> {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let words = |text: &str| -> Vec<String> {
        text.split([' ', ',', '\n', '\r', '\t']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let texts = [
        ("issuer", &entered.issuer),
        ("client_id", &entered.client_id),
        ("scopes", &entered.scopes),
        ("allowed_domains", &entered.allowed_domains),
        ("trusted_email_domains", &entered.trusted_email_domains),
    ];
    if let Some((field, _)) = texts.into_iter().find(|(_, text)| text.chars().nth(LONGEST).is_some()) {
        return Ok(Err(Wrong(field, "console-provider-wrong-long")));
    }
    let new_secret = secret.map(SecretString::expose_secret);
    if new_secret.is_some_and(|secret| secret.len() > 200 || !secret.bytes().all(|byte| byte.is_ascii_graphic())) {
        return Ok(Err(wrong("client_secret")));
    }
    let settings = Settings {
        kind: ProviderKind::ALL.into_iter().find(|known| kind(*known) == entered.kind).unwrap_or_default(),
        issuer: given(&entered.issuer),
        client_id: entered.client_id.clone(),
        // Only whether there is one matters here.
        client_secret: (secret.is_some() || sealed.is_some()).then(|| "declared".into()),
        label: given(&entered.label),
        scopes: Some(words(&entered.scopes)).filter(|scopes| !scopes.is_empty()),
        allowed_domains: words(&entered.allowed_domains),
        trusted_email_domains: words(&entered.trusted_email_domains),
        sign_up: SIGN_UPS.into_iter().find(|way| sign_up(*way) == entered.sign_up),
        ..before.clone()
    };
    if let Err(problem) = settings.check() {
        return Ok(Err(wrong(problem.field)));
    }
    if !is_in_reach(settings.issuer(), &sigma.settings.outbound.allow) {
        return Ok(Err(Wrong("issuer", "console-provider-wrong-reach")));
    }
    if new_secret.is_none() && sealed.is_some() && !settings.has_issuer_of(before) {
        return Ok(Err(Wrong("client_secret", "console-provider-wrong-again")));
    }
    let secret = match new_secret {
        Some(secret) => {
            let context = seal_context(&settings.id);
            let fresh = sigma.master_key.seal(&context, secret.as_bytes(), &*sigma.rng);
            Some(fresh.map_err(ApiError::internal)?)
        }
        None => sealed,
    };
    let members = serde_json::Value::Object(settings.to_stored()).to_string();
    Ok(Ok(DeclaredProvider { id: settings.id, settings: members, secret }))
}

fn page(
    sigma: &AppState,
    id: Option<&ProviderId>,
    entered: ProviderEntered,
    wrong: Option<&'static str>,
) -> ProviderPage {
    ProviderPage {
        path: id.map_or_else(|| NEW.to_owned(), |id| format!("{CONSOLE_PROVIDERS_PATH}/{id}")),
        callback: id.map(|id| redirect_uri(sigma, id)),
        entered,
        wrong,
    }
}

fn draw(
    sigma: &AppState,
    operator: &Operator,
    status: StatusCode,
    id: Option<&ProviderId>,
    entered: ProviderEntered,
    wrong: Option<Wrong>,
) -> Response {
    let notice = wrong.map(|Wrong(_, key)| Notice::Refused(operator.text(key)));
    let view = page(sigma, id, entered, wrong.map(|Wrong(field, _)| field));
    view.render(status, &operator.frame(Tab::Providers, notice), &operator.page(sigma))
}
