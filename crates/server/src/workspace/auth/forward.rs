//! `GET /api/v1/auth/forward`: a proxy asks about each request before it lets it through: nginx `auth_request`,
//! Traefik and Caddy forward auth.

use axum::body::Body;
use axum::extract::RawQuery;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue};
use sigma_core::authorize::Params;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::Sigma;
use crate::workspace::caller::{Wish, WorkspaceCaller};
use crate::workspace::error::WorkspaceError;

/// The routes of this endpoint.
pub fn router() -> OpenApiRouter<Sigma> {
    OpenApiRouter::new().routes(routes!(forward))
}

/// What is told of the caller, always all four (ruling 32).
const HEADERS: [HeaderName; 4] = [
    HeaderName::from_static("x-sigma-user-id"),
    HeaderName::from_static("x-sigma-workspace-id"),
    HeaderName::from_static("x-sigma-role-id"),
    HeaderName::from_static("x-sigma-permissions"),
];

/// Tells a proxy in headers who calls: `X-Sigma-User-Id`, `X-Sigma-Workspace-Id`, `X-Sigma-Role-Id` and
/// `X-Sigma-Permissions` (names with commas between them), empty where there is nothing to tell.
///
/// `?permission=NAME` asks besides whether the caller may do that: a permission of keys or a switch of roles. The
/// proxy must overwrite all four headers of the request that it passes on.
#[utoipa::path(
    get,
    path = "/api/v1/auth/forward",
    tag = "Workspaces",
    security(("workspace_token" = []), ("api_key" = [])),
    params(("permission" = Option<String>, Query, description = "What the caller must be allowed")),
    responses(
        (status = 200, description = "Let it through, with these headers", headers(
            ("X-Sigma-User-Id" = String, description = "The person; empty for a key"),
            ("X-Sigma-Workspace-Id" = String, description = "The workspace"),
            ("X-Sigma-Role-Id" = String, description = "The role that the person has now; empty for a key"),
            ("X-Sigma-Permissions" = String, description = "What they may do, in the terms of keys: names with commas between them"),
        )),
        (status = 400, description = "Two credentials at once, or an unknown permission"),
        (status = 401, description = "No credential, or one that does not work"),
        (status = 403, description = "The caller may not do that"),
        (status = 413, description = "More than 1 MiB"),
        (status = 503, description = "The store does not answer"),
    )
)]
pub async fn forward(RawQuery(query): RawQuery, caller: Result<WorkspaceCaller, WorkspaceError>) -> Response {
    match caller.and_then(|caller| judge(caller, query.as_deref())) {
        Ok(WorkspaceCaller(caller)) => {
            let mut response = Response::new(Body::empty());
            tell(response.headers_mut(), &caller.headers);
            response
        }
        Err(error) => {
            let mut response = error.into_response();
            tell(response.headers_mut(), &[const { HeaderValue::from_static("") }; 4]);
            response
        }
    }
}

fn judge(caller: WorkspaceCaller, query: Option<&str>) -> Result<WorkspaceCaller, WorkspaceError> {
    let Some(query) = query else { return Ok(caller) };
    let params = Params::parse(query);
    if params.repeated().is_some() {
        return Err(WorkspaceError::invalid("Each parameter must stand once"));
    }
    match params.raw("permission").map(Wish::parse).transpose()? {
        Some(wish) if !caller.0.may(wish) => Err(WorkspaceError::denied("The role or key may not do that")),
        _ => Ok(caller),
    }
}

fn tell(headers: &mut HeaderMap, values: &[HeaderValue; 4]) {
    // With those that every answer has: the table grows once.
    headers.reserve(24);
    for (name, value) in HEADERS.into_iter().zip(values) {
        headers.insert(name, value.clone());
    }
}
