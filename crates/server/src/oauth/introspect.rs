//! `POST /api/auth/oauth2/introspect`: token introspection for the token's app and for apps that serve its resource
//! (RFC 7662).

use std::convert::Infallible;

use axum::body::Bytes;
use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use sigma_core::app::App;
use sigma_core::digest::Digest;
use sigma_core::dpop::Confirmation;
use sigma_core::exchange::ActClaim;
use sigma_core::jose::{TokenKind, sign};
use sigma_core::token::Audience;
use sigma_store::refresh_token::LiveRefreshToken;
use sigma_store::{refresh_token, replay_guard};
use utoipa::ToSchema;

use super::token::TokenError;
use crate::extract::{AppRequest, LiveAccess, header, load_live, verify_access};
use crate::http::policy::CorsPolicy;
use crate::http::{ApiError, Endpoint, Policy, routes, written_json};
use crate::oauth::CALLED_BY_APPS;
use crate::oauth::forms::{AudienceSchema, ConfirmationSchema, TokenReference};
use crate::paths::INTROSPECT_PATH;
use crate::state::AppState;

/// Called by servers, so no foreign page needs to read the response.
const POLICY: Policy = Policy { cors: CorsPolicy::Trusted, ..CALLED_BY_APPS };

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(introspect))
}

/// The state of a token (RFC 7662 §2.2). For an inactive token, or another app's, only `{"active":false}`.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Introspection {
    /// Whether it is active, and visible to the caller.
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AudienceSchema>)]
    aud: Option<Audience>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    /// The last authentication, in seconds (RFC 9470 §6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    /// Its class.
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<String>,
    /// The org that the user acts for.
    #[serde(skip_serializing_if = "Option::is_none")]
    org_id: Option<String>,
    /// The key that the token is bound to (RFC 9449 §6.2): the API verifies the proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ConfirmationSchema>)]
    cnf: Option<Confirmation>,
    /// Who acts for the subject (RFC 8693 §4.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    act: Option<ActClaim>,
    /// Whether the first actor impersonates the subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    impersonation: Option<bool>,
}

/// The media type of a signed response (RFC 9701 §4).
const SIGNED: &str = "application/token-introspection+jwt";

/// The claims of a signed response (RFC 9701 §5).
#[derive(Serialize)]
struct SignedIntrospection<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    token_introspection: Introspection,
}

/// Whether the caller wants a signed response.
pub struct WantsSigned(bool);

impl<S: Sync> FromRequestParts<S> for WantsSigned {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let accepted = header(&parts.headers, http::header::ACCEPT).unwrap_or_default();
        let is_signed =
            |media: &str| media.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case(SIGNED));
        Ok(Self(accepted.split(',').any(is_signed)))
    }
}

/// The response for `app`, signed with the algorithm of its ID tokens.
async fn signed(sigma: &AppState, app: &App, token_introspection: Introspection) -> Result<Response, TokenError> {
    let now = sigma.now();
    let aud = app.client_id.as_str();
    let claims = SignedIntrospection { iss: sigma.issuer(), aud, iat: now.seconds(), token_introspection };
    let ring = sigma.keys.ring(&sigma.master_key).await;
    let jwt = sign(ring.signer(app.id_token_alg, now), TokenKind::Introspection, &claims);
    let jwt = jwt.map_err(|error| TokenError::Internal(ApiError::internal(error)))?;
    Ok(([(http::header::CONTENT_TYPE, SIGNED)], jwt).into_response())
}

/// Introspects a token. Public apps are not allowed to.
///
/// With `Accept: application/token-introspection+jwt` the response is a JWT (RFC 9701), signed with the algorithm of the caller's ID
/// tokens.
#[utoipa::path(
    post,
    path = INTROSPECT_PATH,
    operation_id = "introspectToken",
    tag = "OpenID Connect",
    security((), ("client_secret_basic" = [])),
    request_body(content_type = "application/x-www-form-urlencoded", content = TokenReference,
        description = "`token`, `token_type_hint`, and the app's authentication"),
    responses(
        (status = 200, description = "The claims of the token", body = Introspection),
        (status = 400, description = "`invalid_request`: no token; `unauthorized_client`: a public app"),
        (status = 401, description = "`invalid_client`"),
        (status = 415, description = "Neither a form nor JSON"),
    )
)]
pub async fn introspect(
    State(sigma): State<AppState>,
    WantsSigned(wants_signed): WantsSigned,
    AppRequest { caller, form }: AppRequest<TokenReference>,
) -> Result<Response, TokenError> {
    let (app, token) = (caller.app, form.token.expose_secret());
    if !app.auth_method.is_confidential() {
        return Err(TokenError::PublicClient);
    }
    if let Some(once) = caller.once
        && !sigma.store.write(move |tx| replay_guard::spend(tx, &once)).await?
    {
        return Err(TokenError::Replayed(app.auth_method));
    }
    if wants_signed {
        let (found, _) = find(&sigma, &app, token).await?;
        return signed(&sigma, &app, found).await;
    }
    let digest = Digest::of(token);
    let known = sigma.token_answers.introspection.find(&digest, sigma.now()).filter(|known| known.with == app.id);
    let body = match known {
        Some(known) => known.body.clone(),
        // Large as a future.
        None => Box::pin(work_out(&sigma, &app, token, digest)).await?,
    };
    Ok(written_json(body))
}

async fn work_out(sigma: &AppState, app: &App, token: &str, digest: Digest) -> Result<Bytes, TokenError> {
    let question = sigma.token_answers.introspection.begin(digest);
    let (found, live) = find(sigma, app, token).await?;
    let body = serde_json::to_vec(&found).map_err(|error| TokenError::Internal(ApiError::internal(error)))?;
    let body = Bytes::from(body);
    if let Some(live) = live {
        // What is known of a resource is known by the first part of its address.
        let resources = live.access.claims.aud.iter().filter_map(|uri| uri.split('/').next());
        sigma.keep_answer(&sigma.token_answers.introspection, question, &live, resources, &body, app.id.clone());
    }
    Ok(body)
}

/// The state of a token as `app` may see it; and what is behind it, if it is active.
async fn find(sigma: &AppState, app: &App, token: &str) -> Result<(Introspection, Option<LiveAccess>), TokenError> {
    let Some(access) = verify_access(sigma, token).await? else {
        return Ok((of_refresh_token(sigma, app, token).await?, None));
    };
    let Some(live) = load_live(sigma, access).await? else { return Ok((Introspection::default(), None)) };
    let claims = &live.access.claims;
    let visible = app.id == live.app.id || serves_audience(sigma, app, &claims.aud).await?;
    Ok((if visible { of_access(claims) } else { Introspection::default() }, Some(live)))
}

/// APIs see the tokens issued for them, through the apps that serve them (RFC 7662 §2.1).
async fn serves_audience(sigma: &AppState, app: &App, audience: &Audience) -> Result<bool, TokenError> {
    for uri in audience.iter() {
        if sigma.find_resource(uri).await?.is_some_and(|resource| resource.is_served_by(&app.id)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn of_access(claims: &sigma_core::token::AccessClaims) -> Introspection {
    Introspection {
        active: true,
        scope: Some(claims.scope.clone()),
        client_id: Some(claims.client_id.clone()),
        token_type: Some(if claims.cnf.is_some() { "DPoP" } else { "Bearer" }),
        exp: Some(claims.exp),
        iat: Some(claims.iat),
        sub: Some(claims.sub.clone()),
        aud: Some(claims.aud.clone()),
        iss: Some(claims.iss.clone()),
        jti: Some(claims.jti.clone()),
        sid: claims.sid.clone(),
        auth_time: claims.auth_time,
        acr: claims.acr.clone(),
        org_id: claims.org_id.as_ref().map(ToString::to_string),
        cnf: claims.cnf.clone(),
        act: claims.act.clone(),
        impersonation: claims.impersonation.then_some(true),
    }
}

async fn of_refresh_token(sigma: &AppState, app: &App, token: &str) -> Result<Introspection, TokenError> {
    let (hash, now) = (Digest::of(token), sigma.now());
    let found = sigma.store.read(move |tx| refresh_token::find(tx, &hash, now)).await?;
    let Some(LiveRefreshToken { grant, expires_at, jkt }) = found else { return Ok(Introspection::default()) };
    let authorization = grant.authorization;
    let account = sigma.find_account(&authorization.user_id).await?;
    let lives = account.is_some_and(|account| !account.user.disabled);
    if !lives || authorization.app_id != app.id {
        return Ok(Introspection::default());
    }
    Ok(Introspection {
        active: true,
        scope: Some(authorization.scope.to_string()),
        client_id: Some(app.client_id.to_string()),
        exp: Some(expires_at.seconds()),
        sub: Some(authorization.user_id.to_string()),
        iss: Some(sigma.issuer().to_owned()),
        cnf: jkt.map(|jkt| Confirmation { jkt }),
        ..Introspection::default()
    })
}
