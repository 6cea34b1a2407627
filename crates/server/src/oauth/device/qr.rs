//! `GET /device/qr`: the page's address as a QR code, for devices that can show a picture but cannot make one.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use fast_qr::QRBuilder;
use fast_qr::convert::svg::SvgBuilder;
use http::{HeaderValue, header};
use sigma_core::params::Params;
use sigma_core::user_code::UserCode;

use super::status::unknown;
use crate::http::policy::{Cookies, CorsPolicy};
use crate::http::{ApiError, Endpoint, Policy};
use crate::pages::policy::PAGE;
use crate::paths::device_url;
use crate::state::AppState;

/// Anyone may show it: it says nothing that is not in its address.
const POLICY: Policy = Policy { cors: CorsPolicy::Anyone, cookies: Cookies::Ignored, ..PAGE };

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(POLICY, "/device/qr", draw)
}

/// Whether there is such a code is not looked up.
async fn draw(State(sigma): State<AppState>, RawQuery(query): RawQuery) -> Result<Response, ApiError> {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let code = params.get("user_code").and_then(UserCode::parse).ok_or_else(unknown)?;
    let url = format!("{}{}", sigma.issuer(), device_url(&code.to_string()));
    let qr = QRBuilder::new(url.as_bytes()).build().map_err(|_| ApiError::internal("a QR code that is too long"))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((headers, SvgBuilder::default().to_str(&qr)).into_response())
}
