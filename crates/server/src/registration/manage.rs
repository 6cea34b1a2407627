//! `/api/auth/oauth2/register/{client_id}`: an app reads, changes and deletes its registration (RFC 7592 §2).

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use sigma_core::actor::Actor;
use sigma_core::app::{App, GrantType, ProfileBreach};
use sigma_core::digest::Digest;
use sigma_core::ids::{AppRef, JobId};
use sigma_core::json::Members;
use sigma_core::random::alphanumeric;
use sigma_core::registration::RegistrationError::Metadata;
use sigma_core::registration::{Registration, RegistrationProblem, members};
use sigma_store::{app, registration};

use super::error::RegistrationError;
use super::response::{ClientInformation, respond};
use super::{POLICY, SECRET_LENGTH, allowed, links, token};
use crate::extract::{JSON, is_content_type, wrong_content_type};
use crate::http::{Endpoint, RequestContext, Rule, routes};
use crate::state::AppState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::new(POLICY, routes!(read)),
        Endpoint::new(POLICY, routes!(replace)),
        Endpoint::new(POLICY, routes!(delete)),
    ]
}

/// The app of a request, and the registration access token that it came with.
async fn managed<'h>(
    sigma: &AppState,
    context: &RequestContext,
    headers: &'h HeaderMap,
    client_id: &str,
) -> Result<(App, &'h str), RegistrationError> {
    let refused = || match context.charge(Rule::Registration, context.client()) {
        Ok(()) => RegistrationError::InvalidToken,
        Err(exceeded) => RegistrationError::Exceeded(exceeded),
    };
    // An unknown app and a wrong token are refused alike (§2).
    let token = token(headers)?.ok_or_else(refused)?;
    let named = AppRef::parse(client_id).ok_or_else(refused)?;
    let digest = Digest::of(token);
    let found = sigma.store.read(move |tx| match app::find_named(tx, &named)? {
        Some(app) => registration::find_managed(tx, &app.id, &digest),
        None => Ok(None),
    });
    let app = found.await?.ok_or_else(refused)?;
    context.name_app(app.client_id.as_str());
    Ok((app, token))
}

/// Returns what is registered, without the secret.
#[utoipa::path(
    get,
    path = "/api/auth/oauth2/register/{client_id}",
    operation_id = "readClient",
    tag = "OpenID Connect",
    params(("client_id" = String, Path, description = "The app")),
    security(("registration_token" = [])),
    responses(
        (status = 200, description = "The metadata as it is kept", body = ClientInformation),
        (status = 401, description = "The registration access token is not that of this app"),
        (status = 429, description = "Too many failures from this address"),
    )
)]
pub async fn read(
    State(sigma): State<AppState>,
    context: RequestContext,
    Path(client_id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, RegistrationError> {
    let (app, token) = managed(&sigma, &context, &headers, &client_id).await?;
    Ok(respond(&sigma, StatusCode::OK, &app, token, None))
}

/// Replaces all metadata: what is left out returns to its default. A method that needs a secret and has none yields a new one.
#[utoipa::path(
    put,
    path = "/api/auth/oauth2/register/{client_id}",
    operation_id = "updateClient",
    tag = "OpenID Connect",
    params(("client_id" = String, Path, description = "The app")),
    security(("registration_token" = [])),
    request_body(content_type = "application/json", content = Object,
        description = "All client metadata, with `client_id`"),
    responses(
        (status = 200, description = "The metadata as it is kept", body = ClientInformation),
        (status = 400, description = "`invalid_redirect_uri`, `invalid_client_metadata`"),
        (status = 401, description = "The registration access token is not that of this app"),
        (status = 403, description = "`access_denied`: registration is disabled"),
        (status = 415, description = "Not JSON"),
        (status = 429, description = "Too many failures from this address"),
    )
)]
pub async fn replace(
    State(sigma): State<AppState>,
    context: RequestContext,
    Path(client_id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, RegistrationError> {
    let (before, token) = managed(&sigma, &context, &headers, &client_id).await?;
    if !sigma.settings.registration.is_on() {
        return Err(RegistrationError::Off);
    }
    context.charge(Rule::Registration, context.client())?;
    if !is_content_type(&headers, JSON) {
        return Err(RegistrationError::ContentType(wrong_content_type("the body must be application/json")));
    }
    let members = members(&body)?;
    check_credentials(&members, &before)?;
    let was_invited = before.may_use(GrantType::ClientCredentials);
    let registration = Registration::parse(&members, &allowed(&sigma, was_invited))?;
    let branding = links(&registration);
    let now = sigma.now();
    let mut after = registration.replace(before.clone(), now);
    check_profile(&after)?;
    // What the operator approved was another app.
    after.dynamic |= is_another(&before, &after);
    let secret =
        (after.auth_method.has_secret() && after.secret.is_none()).then(|| alphanumeric(&*sigma.rng, SECRET_LENGTH));
    after.secret = secret.as_ref().map(Digest::of).or(after.secret);
    let (stored, digest, logo_job) = (after.clone(), Digest::of(token), JobId::new(now, &*sigma.rng));
    let store = sigma.store_for(&context, Actor::App(after.id.clone()));
    if !store.write(move |tx| registration::replace(tx, &stored, &digest, &branding, &logo_job, now)).await? {
        return Err(RegistrationError::InvalidToken);
    }
    Ok(respond(&sigma, StatusCode::OK, &after, token, secret.as_deref()))
}

/// An app does not change itself out of the profile that the operator gave it.
fn check_profile(app: &App) -> Result<(), RegistrationProblem> {
    let description = match app.breach() {
        None => return Ok(()),
        Some(ProfileBreach::AuthMethod) => {
            "the profile of this client needs token_endpoint_auth_method private_key_jwt"
        }
        Some(ProfileBreach::IdTokenAlg) => {
            "the profile of this client needs id_token_signed_response_alg ES256 or EdDSA"
        }
        Some(ProfileBreach::DeviceCode) => "the profile of this client rules out the grant type device_code",
        Some(ProfileBreach::RedirectUri(_)) => "the profile of this client needs https redirect URIs",
    };
    Err(RegistrationProblem { error: Metadata, description: description.to_owned() })
}

/// Whether people would see another app, or be sent elsewhere.
fn is_another(before: &App, after: &App) -> bool {
    before.name != after.name
        || before.redirect_uris != after.redirect_uris
        || before.client_uri != after.client_uri
        || before.metadata.logo_uri != after.metadata.logo_uri
}

/// The request names its client, repeats no credential but the client's own secret, and sets none (§2.2).
fn check_credentials(members: &Members, app: &App) -> Result<(), RegistrationProblem> {
    let refused = |description: &str| Err(RegistrationProblem { error: Metadata, description: description.to_owned() });
    let assigned =
        ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"];
    if let Some(name) = assigned.into_iter().find(|name| members.get(name).is_some()) {
        return refused(&format!("{name} must not be sent"));
    }
    if members.get("client_id").and_then(|id| id.as_str()) != Some(app.client_id.as_str()) {
        return refused("client_id must be that of this client");
    }
    match members.get("client_secret") {
        None => Ok(()),
        Some(sent) if sent.as_str().map(Digest::of).is_some_and(|sent| app.secret == Some(sent)) => Ok(()),
        Some(_) => refused("client_secret must be the current one: it cannot be chosen"),
    }
}

/// Deletes the app, with everything that it was given.
#[utoipa::path(
    delete,
    path = "/api/auth/oauth2/register/{client_id}",
    operation_id = "deleteClient",
    tag = "OpenID Connect",
    params(("client_id" = String, Path, description = "The app")),
    security(("registration_token" = [])),
    responses(
        (status = 204, description = "Deleted"),
        (status = 401, description = "The registration access token is not that of this app"),
        (status = 429, description = "Too many failures from this address"),
    )
)]
pub async fn delete(
    State(sigma): State<AppState>,
    context: RequestContext,
    Path(client_id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, RegistrationError> {
    let (app, token) = managed(&sigma, &context, &headers, &client_id).await?;
    let (digest, now) = (Digest::of(token), sigma.now());
    let store = sigma.store_for(&context, Actor::App(app.id.clone()));
    if !store.write(move |tx| registration::remove(tx, &app.id, &digest, now)).await? {
        return Err(RegistrationError::InvalidToken);
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}
