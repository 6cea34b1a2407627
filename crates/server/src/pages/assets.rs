//! `GET /assets/{file}`: styles and scripts of the pages, embedded in the binary. File names contain a hash of the
//! content, so browsers never need to revalidate them.

use axum::body::Bytes;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use http::{HeaderValue, StatusCode, header};

use crate::http::Shared;

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// One embedded file.
#[derive(Clone, Copy)]
struct Asset {
    file: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
}

/// `/assets/{file}`, and the icon at the address that browsers request by default.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{file}", get(asset)).route("/favicon.ico", get(favicon))
}

async fn asset(Path(file): Path<String>) -> Response {
    match ASSETS.iter().copied().find(|asset| asset.file == file) {
        Some(asset) => asset.into_response(),
        None => (StatusCode::NOT_FOUND, "no such asset").into_response(),
    }
}

async fn favicon() -> Response {
    let file = ICON_SVG.trim_start_matches("/assets/");
    let mut response = asset(Path(file.to_owned())).await;
    // This name has no hash, so it must be revalidated at some point.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400"));
    response
}

impl IntoResponse for Asset {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(self.content_type)),
            (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
            (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'")),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ];
        (headers, Extension(Shared), Bytes::from_static(self.bytes)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn linked_assets_are_immutable() {
        for url in
            [STYLE_CSS, LOGIN_JS, SIGNUP_JS, CONSENT_JS, FORM_POST_JS, REFERENCE_JS, REFERENCE_STYLE_CSS, ICON_SVG]
        {
            let file = url.strip_prefix("/assets/").unwrap();
            let response = asset(Path(file.to_owned())).await;
            assert_eq!(response.status(), StatusCode::OK, "{url}");
            let cached = response.headers().get(header::CACHE_CONTROL).unwrap();
            assert_eq!(cached, "public, max-age=31536000, immutable");
        }
    }

    #[tokio::test]
    async fn unknown_assets_are_not_found() {
        for name in ["", "style.css", "../Cargo.toml", "manifest.json"] {
            assert_eq!(asset(Path(name.to_owned())).await.status(), StatusCode::NOT_FOUND, "{name}");
        }
    }
}
