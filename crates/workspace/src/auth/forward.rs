//! `GET /api/v1/auth/forward`: forward authentication for proxies: nginx `auth_request`, Traefik and Caddy
//! `forward_auth`.

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue};
use sigma_core::org::Reason;
use sigma_core::params::Params;

use crate::caller::{RequiredPermission, WorkspaceCheck};
use crate::error::WorkspaceError;
use crate::forwarded;
use crate::state::WorkspaceState;
use sigma_platform::http::policy::Limit;
use sigma_platform::http::{Endpoint, Policy, routes};
use sigma_platform::state::AppState;

/// Called for every request to a proxy or service, with its credential: the extractor counts bad ones.
const POLICY: Policy = Policy { limit: Limit::Elsewhere, ..crate::POLICY };

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(forward))
}

/// The headers that describe the caller, always all five.
const HEADERS: [HeaderName; 5] = [
    HeaderName::from_static("x-sigma-user-id"),
    HeaderName::from_static("x-sigma-workspace-id"),
    HeaderName::from_static("x-sigma-role-id"),
    HeaderName::from_static("x-sigma-permissions"),
    HeaderName::from_static("x-sigma-token"),
];
const EMPTY: HeaderValue = HeaderValue::from_static("");

/// Describes the caller to a proxy in headers: `X-Sigma-User-Id`, `X-Sigma-Workspace-Id`, `X-Sigma-Role-Id` and
/// `X-Sigma-Permissions` (comma-separated names), empty where not applicable.
///
/// `?permission=NAME` additionally requires an API key permission or a role switch.
///
/// `?audience=NAME`, one of the operator's `workspaces.forward_audiences`, additionally returns the same facts in
/// `X-Sigma-Token`: a JWT valid for one minute (`typ` `sigma-forward+jwt`, ES256), verifiable with the JWKS. The proxy
/// must overwrite all five headers on the request that it passes on.
#[utoipa::path(
    get,
    path = "/api/v1/auth/forward",
    operation_id = "forwardAuth",
    tag = "Workspaces",
    security(("workspace_token" = []), ("api_key" = [])),
    params(
        ("permission" = Option<String>, Query, description = "A permission that the caller must have"),
        ("audience" = Option<String>, Query, description = "The backend that `X-Sigma-Token` is for"),
    ),
    responses(
        (status = 200, description = "Allowed; the headers identify the caller", headers(
            ("X-Sigma-User-Id" = String, description = "The user; empty for an API key"),
            ("X-Sigma-Workspace-Id" = String, description = "The workspace"),
            ("X-Sigma-Role-Id" = String, description = "The user's current role; empty for an API key"),
            ("X-Sigma-Permissions" = String, description = "The caller's permissions, comma-separated, in terms of API keys"),
            ("X-Sigma-Token" = String, description = "All of the above, signed; empty without an audience"),
        )),
        (status = 400, description = "Two credentials at once, an unknown permission, or an audience that the operator did not name"),
        (status = 401, description = "No credential, or one that does not work"),
        (status = 403, description = "The caller lacks the permission"),
        (status = 429, description = "Too many failures, or too many requests of the workspace"),
    )
)]
pub async fn forward(
    State(sigma): State<AppState>,
    RawQuery(query): RawQuery,
    caller: Result<WorkspaceCheck, WorkspaceError>,
) -> Response {
    match answer(&sigma, query.as_deref(), caller).await {
        Ok((WorkspaceCheck(caller), token)) => {
            let mut response = Response::new(Body::empty());
            tell(response.headers_mut(), &caller.headers, token);
            response
        }
        Err(error) => {
            let mut response = error.into_response();
            tell(response.headers_mut(), &[EMPTY; 4], EMPTY);
            response
        }
    }
}

/// The caller, and the signed header that describes them.
async fn answer(
    sigma: &AppState,
    query: Option<&str>,
    caller: Result<WorkspaceCheck, WorkspaceError>,
) -> Result<(WorkspaceCheck, HeaderValue), WorkspaceError> {
    let caller = caller?;
    let Some(query) = query else { return Ok((caller, EMPTY)) };
    let params = Params::parse(query);
    if params.repeated().is_some() {
        return Err(WorkspaceError::invalid("Parameters must not be repeated"));
    }
    let required = params.raw("permission").map(RequiredPermission::parse).transpose()?;
    let audience = params.raw("audience").map(|audience| known(sigma, audience)).transpose()?;
    if required.is_some_and(|required| !caller.0.may(required)) {
        return Err(WorkspaceError::denied(Reason::MayNot));
    }
    let token = match audience {
        Some(audience) => forwarded::token(sigma, &caller.0, audience).await?,
        None => EMPTY,
    };
    Ok((caller, token))
}

/// The audience, if the operator configured it; tokens are issued for no other.
fn known<'a>(sigma: &AppState, audience: &'a str) -> Result<&'a str, WorkspaceError> {
    if sigma.settings.workspaces.forward_audiences.iter().any(|known| known == audience) {
        return Ok(audience);
    }
    Err(WorkspaceError::invalid("audience must be one of workspaces.forward_audiences in the server's configuration"))
}

fn tell(headers: &mut HeaderMap, values: &[HeaderValue; 4], token: HeaderValue) {
    // Together with the headers of every response: the map grows once.
    headers.reserve(24);
    for (name, value) in HEADERS.into_iter().zip(values.iter().cloned().chain([token])) {
        headers.insert(name, value);
    }
}
