//! `GET /.well-known/oauth-protected-resource`: what apps need to know of the APIs that take tokens (RFC 9728,
//! `docs/spec/own-apis.md#metadata`): of this server's own APIs, and for others as a service, so that an API need not write
//! the document itself.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use sigma_core::params::Params;
use sigma_core::resource::Resource;
use sigma_core::scope::{KNOWN, OF_ORGS};
use utoipa::ToSchema;

use crate::http::policy::Caching;
use crate::http::{ApiError, Endpoint, Policy, RESOURCE_METADATA_PATH, routes};
use crate::state::AppState;
use crate::wellknown;

const POLICY: Policy = Policy { caching: Caching::Allowed("public, max-age=60"), ..wellknown::POLICY };

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::new(POLICY, routes!(own_apis)),
        Endpoint::new(POLICY, routes!(merits)),
        Endpoint::new(POLICY, routes!(workspaces)),
    ]
}

/// Metadata of a protected resource (RFC 9728 §2).
#[derive(Debug, Serialize, ToSchema)]
struct ResourceMetadata {
    /// The API: the audience of its tokens.
    resource: String,
    /// Who issues its tokens; left out where that is no authorization server.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authorization_servers: Vec<String>,
    /// The scopes that it knows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<String>,
    /// How tokens are sent.
    bearer_methods_supported: Vec<&'static str>,
    /// What the API is called.
    resource_name: String,
    /// Where it is described.
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_documentation: Option<String>,
}

impl ResourceMetadata {
    fn own(sigma: &AppState, path: &str, name: &str) -> Self {
        Self {
            resource: format!("{}{path}", sigma.issuer()),
            authorization_servers: Vec::new(),
            scopes_supported: Vec::new(),
            bearer_methods_supported: vec!["header"],
            resource_name: name.to_owned(),
            resource_documentation: Some(format!("{}/api/auth/reference", sigma.issuer())),
        }
    }

    fn registered(sigma: &AppState, resource: &Resource) -> Self {
        let mut scopes: Vec<String> = resource.scopes.iter().map(|scope| scope.name.clone()).collect();
        // So that clients know how to ask for a refresh token: they look for this here.
        scopes.push(sigma_core::scope::OFFLINE_ACCESS.to_owned());
        Self {
            resource: resource.uri.clone(),
            authorization_servers: vec![sigma.issuer().to_owned()],
            scopes_supported: scopes,
            bearer_methods_supported: vec!["header"],
            resource_name: resource.name.clone(),
            resource_documentation: None,
        }
    }
}

/// Returns the metadata of this server's own APIs, or of an open API that is registered here.
///
/// The own APIs are those for which the issuer is the audience: userinfo, profile, wallets and backups.
#[utoipa::path(
    get,
    path = RESOURCE_METADATA_PATH,
    operation_id = "getProtectedResourceMetadata",
    tag = "OpenID Connect",
    params(("resource" = Option<String>, Query, description = "An open API that is registered here (RFC 8707)")),
    responses(
        (status = 200, description = "The document", body = ResourceMetadata),
        (status = 404, description = "No such API, or one that is not open"),
    )
)]
async fn own_apis(State(sigma): State<AppState>, RawQuery(query): RawQuery) -> Result<Response, ApiError> {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    if let Some(uri) = params.get("resource") {
        let resource = sigma.find_resource(uri).await?.filter(|resource| resource.open);
        let resource = resource.ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "not_found", "No such resource"))?;
        return Ok(Json(ResourceMetadata::registered(&sigma, &resource)).into_response());
    }
    let metadata = ResourceMetadata {
        authorization_servers: vec![sigma.issuer().to_owned()],
        scopes_supported: KNOWN
            .iter()
            .filter(|scope| !OF_ORGS.contains(scope))
            .map(|scope| (*scope).to_owned())
            .collect(),
        ..ResourceMetadata::own(&sigma, "", "Sigma")
    };
    Ok(Json(metadata).into_response())
}

/// Returns the metadata of the API of merits, which issues its tokens itself.
#[utoipa::path(
    get,
    path = "/.well-known/oauth-protected-resource/v2",
    operation_id = "getMeritsResourceMetadata",
    tag = "Merits",
    responses((status = 200, description = "The document", body = ResourceMetadata))
)]
async fn merits(State(sigma): State<AppState>) -> Response {
    Json(ResourceMetadata::own(&sigma, "/v2", "Merits")).into_response()
}

/// Returns the metadata of the API of workspaces, which issues its tokens itself.
#[utoipa::path(
    get,
    path = "/.well-known/oauth-protected-resource/api/v1",
    operation_id = "getWorkspacesResourceMetadata",
    tag = "Workspaces",
    responses((status = 200, description = "The document", body = ResourceMetadata))
)]
async fn workspaces(State(sigma): State<AppState>) -> Response {
    Json(ResourceMetadata::own(&sigma, "/api/v1", "Workspaces")).into_response()
}
