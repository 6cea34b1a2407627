//! `/api/admin/v1/apps/{client_id}`: one app, changing it, and removing it.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use sigma_core::app::{App, AppSettings};
use sigma_core::ids::AppRef;
use sigma_core::jose::Algorithm;
use sigma_core::operator::OperatorRefusal;
use sigma_core::org_claims::OrgClaims;
use sigma_core::redirect::RegisteredRedirectUris;
use sigma_core::security::SecurityProfile;
use sigma_core::signer_origin::SignerOrigin;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::app::manage::Managed;
use sigma_store::operator::{Caller, Decision, apps};
use sigma_store::{Owner, Tx};
use utoipa::ToSchema;

use super::POLICY;
use super::body::Body;
use super::caller::{Admin, Reads, Writes};
use super::conditions::{Conditions, Tagged};
use super::error::AdminError;
use crate::app::fresh;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::new(POLICY, routes!(show)),
        Endpoint::new(POLICY, routes!(change)),
        Endpoint::new(POLICY, routes!(remove)),
    ]
}

/// An app, without its secret. The members that a change takes have the same names here.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct AdminApp {
    id: String,
    client_id: String,
    client_name: String,
    /// The id of the org that owns it.
    org: String,
    /// `web` or `native`.
    application_type: &'static str,
    /// How it authenticates.
    token_endpoint_auth_method: &'static str,
    pubkey: Option<String>,
    #[schema(value_type = Option<Object>)]
    jwks: Option<serde_json::Value>,
    jwks_uri: Option<String>,
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    backchannel_logout_uri: Option<String>,
    backchannel_logout_session_required: bool,
    grant_types: Vec<&'static str>,
    /// The server's own scopes that it may request.
    scope: String,
    /// The APIs that it may request besides open ones, by URI.
    resources: Vec<String>,
    id_token_signed_response_alg: &'static str,
    userinfo_signed_response_alg: Option<&'static str>,
    access_seconds: Option<u32>,
    require_pkce: bool,
    security_profile: Option<&'static str>,
    require_pushed_authorization_requests: bool,
    dpop_bound_access_tokens: bool,
    placeholder_email: bool,
    id_token_claims: bool,
    require_second_factor: bool,
    refresh_rotation: Option<bool>,
    refresh_life: Option<u32>,
    refresh_idle: Option<u32>,
    default_max_age: Option<u32>,
    initiate_login_uri: Option<String>,
    #[schema(value_type = Object)]
    org_claims: OrgClaims,
    client_uri: Option<String>,
    site_url: Option<String>,
    /// Whether it registered itself or was made by a person, and nobody vouched for it.
    unverified: bool,
    disabled: bool,
    /// Until when the secret that was replaced is valid; it may be over.
    former_secret_ends_at: Option<String>,
    created_at: String,
    updated_at: String,
}

fn texts(uris: &RegisteredRedirectUris) -> Vec<String> {
    uris.iter().map(|uri| uri.as_str().to_owned()).collect()
}

impl From<&App> for AdminApp {
    fn from(app: &App) -> Self {
        let (metadata, logout) = (&app.metadata, app.backchannel_logout.as_ref());
        Self {
            id: app.id.to_string(),
            client_id: app.client_id.to_string(),
            client_name: app.name.clone(),
            org: app.org_id.to_string(),
            application_type: app.application_type.as_str(),
            token_endpoint_auth_method: app.auth_method.as_str(),
            pubkey: app.pubkey.map(|key| key.to_hex()),
            jwks: app.jwks.as_deref().and_then(|jwks| serde_json::from_str(jwks).ok()),
            jwks_uri: app.jwks_uri.clone(),
            redirect_uris: texts(&app.redirect_uris),
            post_logout_redirect_uris: texts(&app.post_logout_redirect_uris),
            backchannel_logout_uri: logout.map(|logout| logout.uri.as_str().to_owned()),
            backchannel_logout_session_required: logout.is_some_and(|logout| logout.session_required),
            grant_types: app.grant_types.iter().map(|grant| grant.as_str()).collect(),
            scope: app.scopes.to_string(),
            resources: app.resources.clone(),
            id_token_signed_response_alg: app.id_token_alg.as_str(),
            userinfo_signed_response_alg: metadata.userinfo_signed_response_alg.map(Algorithm::as_str),
            access_seconds: app.access_seconds,
            require_pkce: app.require_pkce,
            security_profile: app.security.profile.map(SecurityProfile::as_str),
            require_pushed_authorization_requests: app.security.require_pushed_requests,
            dpop_bound_access_tokens: app.security.bound_tokens,
            placeholder_email: app.placeholder_email,
            id_token_claims: app.id_token_claims,
            require_second_factor: app.require_second_factor,
            refresh_rotation: metadata.refresh.rotate,
            refresh_life: metadata.refresh.life_seconds,
            refresh_idle: metadata.refresh.idle_seconds,
            default_max_age: metadata.default_max_age,
            initiate_login_uri: metadata.initiate_login_uri.clone(),
            org_claims: metadata.org_claims.clone(),
            client_uri: app.client_uri.clone(),
            site_url: app.site_url.as_ref().map(ToString::to_string),
            unverified: app.dynamic,
            disabled: app.disabled,
            former_secret_ends_at: app.former_secret.map(|former| former.ends_at.to_string()),
            created_at: app.created_at.to_string(),
            updated_at: app.updated_at.to_string(),
        }
    }
}

/// An app in full.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminAppDetails {
    #[serde(flatten)]
    app: AdminApp,
    /// The origins whose pages may embed the signer.
    #[schema(value_type = Vec<String>)]
    signer_origins: Vec<SignerOrigin>,
    /// Its secret, if it was just made: it is shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

impl AdminAppDetails {
    /// The app without a secret.
    pub fn of(managed: Managed) -> Self {
        let app = AdminApp::from(&managed.app);
        Self { app, signer_origins: managed.signer_origins, client_secret: None }
    }

    /// The answer with a secret that was just made.
    pub fn with_secret(managed: Managed, secret: String) -> Self {
        let client_secret = managed.took_secret.then_some(secret);
        Self { client_secret, ..Self::of(managed) }
    }
}

/// The app in a path, by client id or id.
pub fn parse(name: &str) -> Result<AppRef, AdminError> {
    AppRef::parse(name).ok_or(AdminError::Refused(OperatorRefusal::NotFound))
}

/// The app as its endpoint shows it, for its version.
pub fn read(tx: &mut dyn Tx, caller: &Caller, named: &AppRef) -> Decision<AdminAppDetails> {
    Ok(AdminAppDetails::of(apps::find(tx, caller, named)?))
}

/// Returns an app with all of its settings.
#[utoipa::path(
    get,
    path = "/api/admin/v1/apps/{client_id}",
    operation_id = "adminShowApp",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:apps:read"])),
    params(
        ("client_id" = String, Path, description = "The client id of the app, or its id"),
        ("If-None-Match" = Option<String>, Header, description = "Tags of versions that the caller has"),
    ),
    responses(
        (status = 200, description = "The app", body = AdminAppDetails,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 304, description = "It is of a version that `If-None-Match` names"),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such app"),
    )
)]
async fn show(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    conditions: Conditions,
    Path(name): Path<String>,
) -> Result<Response, AdminError> {
    let (named, caller) = (parse(&name)?, admin.caller);
    Ok(conditions.show(sigma.store.look_up(move |tx| read(tx, &caller, &named)).await?))
}

/// Changes an app; what is left out stays. An empty text, an empty list and 0 seconds mean none. Repeating it changes nothing. An app
/// whose method is changed to one with a secret gets one, which is shown this once.
#[utoipa::path(
    patch,
    path = "/api/admin/v1/apps/{client_id}",
    operation_id = "adminChangeApp",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:apps:write"])),
    params(
        ("client_id" = String, Path, description = "The client id of the app, or its id"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    request_body = AppSettings,
    responses(
        (status = 200, description = "The app, changed", body = AdminAppDetails,
            headers(("ETag" = String, description = "The version, for `If-Match`, unless a secret is shown"))),
        (status = 412, description = "It is of another version than `If-Match` names"),
        (status = 400, description = "A malformed body, or a setting that is refused: `field` names it"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such app"),
    )
)]
async fn change(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(name): Path<String>,
    Body(settings): Body<AppSettings>,
) -> Result<Response, AdminError> {
    let (named, caller, reach) = (parse(&name)?, admin.caller.clone(), admin.reach());
    let (secret, fresh) = fresh(&sigma);
    let change = move |tx: &mut dyn Tx| {
        conditions.require(tx, &[Owner::Installation], |tx| read(tx, &caller, &named))?;
        apps::change(tx, (&caller, &reach), &named, None, &settings, &fresh)
    };
    let changed = admin.store(&sigma).decide(change).await??;
    Ok(if changed.took_secret {
        Json(AdminAppDetails::with_secret(changed, secret)).into_response()
    } else {
        Tagged(AdminAppDetails::of(changed)).into_response()
    })
}

/// Removes an app: its tokens end with it, and its client id is never given out again.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/apps/{client_id}",
    operation_id = "adminRemoveApp",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:apps:write"])),
    params(
        ("client_id" = String, Path, description = "The client id of the app, or its id"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    responses(
        (status = 204, description = "It is removed"),
        (status = 412, description = "It is of another version than `If-Match` names"),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such app"),
    )
)]
async fn remove(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(name): Path<String>,
) -> Result<StatusCode, AdminError> {
    let (named, caller, reach, now) = (parse(&name)?, admin.caller.clone(), admin.reach(), sigma.now());
    let remove = move |tx: &mut dyn Tx| {
        conditions.require(tx, &[Owner::Installation], |tx| read(tx, &caller, &named))?;
        apps::remove(tx, (&caller, &reach), &named, now)
    };
    admin.store(&sigma).decide(remove).await??;
    Ok(StatusCode::NO_CONTENT)
}
