//! `POST /api/auth/oauth2/register`: an app registers itself (RFC 7591 §3).

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::ids::{AppId, ClientId, JobId};
use sigma_core::random::alphanumeric;
use sigma_core::registration::{Registration, members};
use sigma_store::registration::{self, NewRegistration, Registered};

use super::error::RegistrationError;
use super::response::{ClientInformation, respond};
use super::{NEVER_USED, POLICY, SECRET_LENGTH, allowed, links, token};
use crate::extract::{JSON, is_content_type, wrong_content_type};
use crate::http::{Endpoint, RequestContext, Rule, routes};
use crate::paths::REGISTER_PATH;
use crate::settings::RegistrationMode;
use crate::state::AppState;

/// Where clients of older servers register.
const ALIASES: [&str; 2] = ["/oauth2/register", "/register"];

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(register)).aliases(ALIASES)
}

/// Registers an app. It is shown as unverified, and removed if nobody uses it.
#[utoipa::path(
    post,
    path = REGISTER_PATH,
    operation_id = "registerClient",
    tag = "OpenID Connect",
    security((), ("registration_token" = [])),
    request_body(content_type = "application/json", content = Object,
        description = "Client metadata (RFC 7591 §2, OpenID Connect Registration §2)"),
    responses(
        (status = 201, description = "Registered: all metadata as it was kept", body = ClientInformation),
        (status = 400, description = "`invalid_redirect_uri`, `invalid_client_metadata`"),
        (status = 401, description = "No initial access token, or one that is unknown, expired or used up"),
        (status = 403, description = "`access_denied`: registration is disabled, or the server keeps no more apps"),
        (status = 415, description = "Not JSON"),
        (status = 429, description = "Too many registrations from this address"),
    )
)]
pub async fn register(
    State(sigma): State<AppState>,
    context: RequestContext,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, RegistrationError> {
    let settings = &sigma.settings.registration;
    let invitation = match (settings.mode, token(&headers)?) {
        (RegistrationMode::Off, _) => return Err(RegistrationError::Off),
        (RegistrationMode::Token, None) => return Err(RegistrationError::TokenRequired),
        (RegistrationMode::Token | RegistrationMode::Open, sent) => sent.map(Digest::of),
    };
    context.charge_shared(Rule::Registration, context.client()).await?;
    if !is_content_type(&headers, JSON) {
        return Err(RegistrationError::ContentType(wrong_content_type("the body must be application/json")));
    }
    let registration = Registration::parse(&members(&body)?, &allowed(&sigma, invitation.is_some()))?;
    let (now, rng) = (sigma.now(), &*sigma.rng);
    let id = AppId::new(now, rng);
    let client_id = ClientId::of(&id);
    let branding = links(&registration);
    let mut app = registration.into_app(id, client_id, now);
    let secret = app.auth_method.has_secret().then(|| alphanumeric(rng, SECRET_LENGTH));
    app.secret = secret.as_ref().map(Digest::of);
    app.metadata.remember_consent = settings.remember_consent;
    let token = alphanumeric(rng, SECRET_LENGTH);
    let new = NewRegistration {
        app: app.clone(),
        token: Digest::of(&token),
        invitation,
        branding,
        logo_job: JobId::new(now, rng),
        keep_unused: if invitation.is_some() { settings.keep_unused() } else { NEVER_USED },
        most: u64::from(settings.most_apps),
    };
    context.name_app(app.client_id.as_str());
    let store = sigma.store_for(&context, Actor::Anonymous);
    match store.write(move |tx| registration::register(tx, &new, now)).await? {
        Registered::Registered => Ok(respond(&sigma, StatusCode::CREATED, &app, &token, secret.as_deref())),
        Registered::InvalidInvitation => Err(RegistrationError::InvalidToken),
        Registered::Full => Err(RegistrationError::Full),
    }
}
