//! Every route, and the OpenAPI document generated from the same handlers.

use std::sync::LazyLock;

use axum::extract::{OriginalUri, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use bytes::Bytes;
use http::{Method, StatusCode};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::http::ApiError;
use crate::pages::OpenApiDocument;
use crate::state::AppState;
use crate::{document, front_door, identity, oauth, pages, wellknown, workspace};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sigma",
        description = "Self-hosted identity server: OpenID Connect for apps, sign-in with keys that never leave the browser.",
        license(name = "Apache-2.0 OR MIT")
    ),
    tags(
        (name = "OpenID Connect", description = "Apps sign users in"),
        (name = "Sign-in", description = "Users sign in with a key and manage their sessions"),
        (name = "Identities", description = "The identities of a person"),
        (name = "Workspaces", description = "Tenants of a product's own API: sessions, roles, people and API keys"),
        (name = "Server", description = "The server responds")
    )
)]
struct Document;

/// The documented endpoints.
fn documented() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(wellknown::router())
        .merge(oauth::router())
        .merge(identity::router())
        .merge(workspace::router())
}

/// What the handlers say of themselves; the same whatever the settings are.
static DOCUMENT: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(|| documented().into_openapi());

/// The OpenAPI document, JSON.
pub fn openapi() -> &'static str {
    static JSON: LazyLock<String> = LazyLock::new(|| {
        let mut document = DOCUMENT.clone();
        document::complete(&mut document);
        document.to_pretty_json().unwrap_or_default()
    });
    &JSON
}

/// Every mounted path, for the metrics of the edge.
pub fn paths() -> Vec<String> {
    DOCUMENT.paths.paths.keys().cloned().collect()
}

/// The whole router.
pub fn router(sigma: AppState) -> Router {
    let document = OpenApiDocument(Bytes::from_static(openapi().as_bytes()));
    let (documented, _) = documented().split_for_parts();
    documented
        .merge(front_door::router())
        .merge(pages::router().layer(Extension(document)))
        .fallback(fallback)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(sigma)
}

async fn fallback(State(sigma): State<AppState>, method: Method, OriginalUri(uri): OriginalUri) -> Response {
    let page = method == Method::GET && !uri.path().starts_with("/api/") && !uri.path().starts_with("/.well-known/");
    if page {
        return pages::not_found(&sigma);
    }
    ApiError::new(StatusCode::NOT_FOUND, "not_found", "No such endpoint").into_response()
}

async fn method_not_allowed() -> Response {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed").into_response()
}
