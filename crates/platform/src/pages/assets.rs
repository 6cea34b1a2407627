//! `GET /assets/{file}`: styles and scripts of the pages, embedded in the binary. File names contain a hash of the
//! content, so browsers never need to revalidate them.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::http::policy::Caching;
use crate::http::{Endpoint, Policy, Shared};
use crate::pages::policy::PAGE;

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// One embedded file.
#[derive(Clone, Copy)]
struct Asset {
    file: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
}

/// File names contain a hash of the content.
const ASSET: Policy = Policy { caching: Caching::Allowed("public, max-age=31536000, immutable"), ..PAGE };
/// This name has no hash, so it must be revalidated at some point.
const ICON: Policy = Policy { caching: Caching::Allowed("public, max-age=86400"), ..PAGE };

/// `/assets/{file}`, and the icon at the address that browsers request by default.
pub fn endpoints<S: Clone + Send + Sync + 'static>() -> [Endpoint<S>; 2] {
    [Endpoint::get(ASSET, "/assets/{file}", asset), Endpoint::get(ICON, "/favicon.ico", favicon)]
}

async fn asset(Path(file): Path<String>) -> Response {
    match ASSETS.iter().copied().find(|asset| asset.file == file) {
        Some(asset) => asset.into_response(),
        None => (StatusCode::NOT_FOUND, "no such asset").into_response(),
    }
}

async fn favicon() -> Response {
    let file = ICON_SVG.trim_start_matches("/assets/");
    asset(Path(file.to_owned())).await
}

impl IntoResponse for Asset {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(self.content_type)),
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
    async fn linked_assets_exist() {
        for url in [
            STYLE_CSS,
            LOGIN_JS,
            SIGNUP_JS,
            SIGNER_JS,
            CONSENT_JS,
            FORM_POST_JS,
            REFERENCE_JS,
            REFERENCE_STYLE_CSS,
            ICON_SVG,
        ] {
            let file = url.strip_prefix("/assets/").unwrap();
            let response = asset(Path(file.to_owned())).await;
            assert_eq!(response.status(), StatusCode::OK, "{url}");
        }
    }

    #[tokio::test]
    async fn unknown_assets_are_not_found() {
        for name in ["", "style.css", "../Cargo.toml", "manifest.json"] {
            assert_eq!(asset(Path(name.to_owned())).await.status(), StatusCode::NOT_FOUND, "{name}");
        }
    }
}
