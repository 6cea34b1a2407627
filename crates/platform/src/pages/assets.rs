//! `GET /assets/{file}`: styles and scripts of the pages, embedded in the binary as browsers take them: compressed. File names
//! contain a hash of the content, so browsers never need to revalidate them.

use std::io::Read as _;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use flate2::read::GzDecoder;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::http::policy::Caching;
use crate::http::{ApiError, Endpoint, Policy, Shared};
use crate::pages::policy::PAGE;

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// One embedded file.
#[derive(Clone, Copy)]
struct Asset {
    file: &'static str,
    content_type: &'static str,
    gzip: &'static [u8],
}

/// File names contain a hash of the content.
const ASSET: Policy = Policy { caching: Caching::Allowed("public, max-age=31536000, immutable"), ..PAGE };
/// This name has no hash, so it must be revalidated at some point.
const ICON: Policy = Policy { caching: Caching::Allowed("public, max-age=86400"), ..PAGE };

/// `/assets/{file}`, and the icon at the address that browsers request by default.
pub fn endpoints<S: Clone + Send + Sync + 'static>() -> [Endpoint<S>; 2] {
    [Endpoint::get(ASSET, "/assets/{file}", asset), Endpoint::get(ICON, "/favicon.ico", favicon)]
}

async fn asset(Path(file): Path<String>, headers: HeaderMap) -> Response {
    match ASSETS.iter().copied().find(|asset| asset.file == file) {
        Some(asset) => asset.answer(&headers),
        None => (StatusCode::NOT_FOUND, "no such asset").into_response(),
    }
}

async fn favicon(headers: HeaderMap) -> Response {
    let file = ICON_SVG.trim_start_matches("/assets/");
    asset(Path(file.to_owned()), headers).await
}

impl Asset {
    fn answer(self, asked: &HeaderMap) -> Response {
        let mut response = if accepts_gzip(asked) {
            let encoding = [(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))];
            (encoding, Extension(Shared), Bytes::from_static(self.gzip)).into_response()
        } else {
            let mut bytes = Vec::new();
            if let Err(error) = GzDecoder::new(self.gzip).read_to_end(&mut bytes) {
                return ApiError::internal(error).into_response();
            }
            Bytes::from(bytes).into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        response
    }
}

/// Whether the client takes gzip (RFC 9110 §12.5.3): every browser does.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let named = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let weight = |coding: &str| {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let is_gzip = name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip");
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        is_gzip.then(|| weight.is_none_or(|weight| weight.parse().is_ok_and(|weight: f32| weight > 0.0)))
    };
    named.flat_map(|value| value.split(',')).find_map(weight).unwrap_or(false)
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
            let response = asset(Path(file.to_owned()), HeaderMap::new()).await;
            assert_eq!(response.status(), StatusCode::OK, "{url}");
        }
    }

    #[tokio::test]
    async fn an_asset_is_sent_compressed_to_whoever_takes_that() {
        for (accepted, is_compressed) in [
            (None, false),
            (Some("gzip, deflate, br, zstd"), true),
            (Some("br;q=1.0, GZIP;q=0.2"), true),
            (Some("x-gzip"), true),
            (Some("gzip;q=0"), false),
            (Some("gzip; q=0.000, identity"), false),
            (Some("gzip;q=much"), false),
            (Some("identity"), false),
            (Some("br"), false),
            (Some(""), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.extend(accepted.map(|value| (header::ACCEPT_ENCODING, HeaderValue::from_static(value))));
            let response = asset(Path(STYLE_CSS.trim_start_matches("/assets/").to_owned()), headers).await;
            let encoding = response.headers().get(header::CONTENT_ENCODING).cloned();
            assert_eq!(encoding.is_some_and(|value| value == "gzip"), is_compressed, "{accepted:?}");
            assert_eq!(response.headers()[header::VARY], "Accept-Encoding");
            assert_eq!(response.headers()[header::CONTENT_TYPE], "text/css; charset=utf-8");
            let sent = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
            let mut text = String::new();
            if is_compressed {
                GzDecoder::new(&*sent).read_to_string(&mut text).unwrap();
            } else {
                text = String::from_utf8(sent.to_vec()).unwrap();
            }
            assert!(text.starts_with("/*") || text.contains('{'), "{accepted:?}");
        }
    }

    #[tokio::test]
    async fn unknown_assets_are_not_found() {
        for name in ["", "style.css", "../Cargo.toml", "manifest.json"] {
            assert_eq!(asset(Path(name.to_owned()), HeaderMap::new()).await.status(), StatusCode::NOT_FOUND, "{name}");
        }
    }
}
