//! `GET /api/auth/oauth2/forward`: forward authentication by access token, for proxies in front of an API that is registered as a
//! resource (`docs/spec/sender-constrained.md#forward-authentication`). For credentials of workspaces there is
//! `/api/v1/auth/forward`.

use std::borrow::Cow;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use sigma_core::params::Params;
use sigma_core::scope::Scopes;

use crate::dpop::with_nonce;
use crate::error::bad_request;
use crate::extract::{Bearer, BearerError, SentProof, access_token, header as single};
use crate::http::{ApiError, Endpoint, ProtectedResource, routes};
use crate::oauth::CALLED_BY_APPS;
use crate::paths::FORWARD_PATH;
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(CALLED_BY_APPS, routes!(forward))
}

/// The headers that describe the caller, always all four: the proxy overwrites what a client sent.
const HEADERS: [HeaderName; 4] = [
    HeaderName::from_static("x-sigma-user-id"),
    HeaderName::from_static("x-sigma-client-id"),
    HeaderName::from_static("x-sigma-scope"),
    HeaderName::from_static("x-sigma-impersonator"),
];
const EMPTY: HeaderValue = HeaderValue::from_static("");

/// Where the request went that the proxy asks about.
const FORWARDED_METHOD: HeaderName = HeaderName::from_static("x-forwarded-method");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_URI: HeaderName = HeaderName::from_static("x-forwarded-uri");

/// Describes the holder of an access token to a proxy in front of an API.
///
/// The token is sent in `Authorization`, by the scheme `Bearer` or `DPoP`. For the proof of the latter the proxy says where the
/// request went: `X-Forwarded-Method`, `X-Forwarded-Proto`, `X-Forwarded-Host` and `X-Forwarded-Uri`, as Traefik and Caddy do.
#[utoipa::path(
    get,
    path = FORWARD_PATH,
    operation_id = "forwardAuthByAccessToken",
    tag = "OpenID Connect",
    security(("access_token" = [])),
    params(
        ("resource" = String, Query, description = "The API, which the token must be for"),
        ("scope" = Option<String>, Query, description = "Scopes that the token must have"),
    ),
    responses(
        (status = 200, description = "The token is active, for this API, and has the scopes", headers(
            ("X-Sigma-User-Id" = String, description = "The user; empty for a token of the app itself"),
            ("X-Sigma-Client-Id" = String, description = "The app"),
            ("X-Sigma-Scope" = String, description = "The granted scopes"),
            ("X-Sigma-Impersonator" = String, description = "The user who impersonates; empty if the user acts themselves"),
        )),
        (status = 400, description = "No resource, or the token was sent twice"),
        (status = 401, description = "Missing or invalid token or proof"),
        (status = 403, description = "`insufficient_scope`"),
    )
)]
pub async fn forward(State(sigma): State<AppState>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let (mut response, values) = match check(&sigma, &params, &headers).await {
        Ok((values, nonce)) => (with_nonce(StatusCode::OK.into_response(), nonce.as_deref()), values),
        Err(response) => (described(&sigma, &params, response).await, [EMPTY; 4]),
    };
    for (name, value) in HEADERS.into_iter().zip(values) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// A refusal leads to the metadata of the API that the proxy stands before, rather than of this server (RFC 9728 §5.1): its client gets
/// the same challenge. Only open APIs have some.
async fn described(sigma: &AppState, params: &Params, mut response: Response) -> Response {
    response.extensions_mut().remove::<ProtectedResource>();
    let uri = params.get("resource").unwrap_or_default();
    if matches!(sigma.find_resource(uri).await, Ok(Some(resource)) if resource.open) {
        let query = form_urlencoded::Serializer::for_suffix("?".to_owned(), 1).append_pair("resource", uri).finish();
        response.extensions_mut().insert(ProtectedResource(Cow::Owned(query)));
    }
    response
}

async fn check(
    sigma: &AppState,
    params: &Params,
    headers: &HeaderMap,
) -> Result<([HeaderValue; 4], Option<String>), Response> {
    let refused = |error: BearerError| error.into_response();
    let resource = params.get("resource").filter(|_| params.resources().len() == 1 && params.repeated().is_none());
    let resource = resource.ok_or_else(|| bad_request("invalid_request", "name one resource").into_response())?;
    let sent = access_token(headers).map_err(|repeated| refused(repeated.into()))?;
    let (scheme, token) = sent.ok_or_else(|| refused(BearerError::Missing))?;
    let proof = forwarded_proof(headers);
    let presented = Bearer::present_for(sigma, resource, scheme, token, &proof).await;
    let (Bearer(live), nonce) = presented.map_err(refused)?;
    let claims = &live.access.claims;
    let granted = Scopes::parse(&claims.scope);
    let needed = Scopes::parse(params.get("scope").unwrap_or_default());
    if !granted.covers(&needed) {
        let error = ApiError::new(StatusCode::FORBIDDEN, "insufficient_scope", format!("The token needs {needed}"));
        let mut response = error.into_response();
        let challenge = format!(r#"{} error="insufficient_scope", scope="{needed}""#, scheme.as_str());
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        return Err(response);
    }
    let user = live.account.as_ref().map(|(_, account)| account.user.id.as_str()).unwrap_or_default();
    // Whoever impersonates began the chain of actors.
    let impersonator = claims.act.as_ref().filter(|_| claims.impersonation).and_then(|act| act.chain().last());
    let impersonator = impersonator.map(|actor| actor.sub.as_str()).unwrap_or_default();
    let value = |text: &str| HeaderValue::from_str(text).unwrap_or(EMPTY);
    Ok(([value(user), value(&claims.client_id), value(&claims.scope), value(impersonator)], nonce))
}

/// The proof of the request that the proxy received; without its address there is none.
fn forwarded_proof(headers: &HeaderMap) -> SentProof {
    let method = single(headers, FORWARDED_METHOD).and_then(|method| Method::from_bytes(method.as_bytes()).ok());
    let (proto, host) = (single(headers, FORWARDED_PROTO), single(headers, FORWARDED_HOST));
    match (method, proto, host, single(headers, FORWARDED_URI)) {
        (Some(method), Some(proto), Some(host), Some(uri)) => {
            let path = uri.split(['?', '#']).next().unwrap_or_default();
            SentProof::received_at(headers, &method, &format!("{proto}://{host}{path}"))
        }
        _ => SentProof::Absent,
    }
}
