//! `/api/auth/reference`: the OpenAPI document as a page without remote content; `/openapi.json`: the document.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use bytes::Bytes;
use http::{HeaderValue, header};

use crate::http::Shared;
use crate::pages::view::{PageContext, Reference};
use crate::state::AppState;

/// The document, built once from the handlers.
#[derive(Clone, Debug)]
pub struct OpenApiDocument(pub Bytes);

/// The routes of this page.
pub fn router() -> Router<AppState> {
    Router::new().route("/api/auth/reference", get(reference)).route("/openapi.json", get(document))
}

async fn reference(State(sigma): State<AppState>) -> Response {
    Reference.render(&PageContext { issuer: sigma.issuer() })
}

async fn document(Extension(OpenApiDocument(document)): Extension<OpenApiDocument>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60")),
    ];
    (headers, Extension(Shared), document).into_response()
}
