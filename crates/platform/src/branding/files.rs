//! `GET /logos/{file}` and `GET /accents/{file}`: what pages load to look like their server or app. Both are named by their
//! content, so browsers never ask twice.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use sigma_core::branding::Accent;

use crate::http::policy::Caching;
use crate::http::{Endpoint, Policy, Surface};
use crate::objects::Logo;
use crate::pages::policy::PAGE;
use crate::state::AppState;

/// The name of a file is a hash of its content, or all of it.
const FILE: Policy = Policy { caching: Caching::Allowed(IMMUTABLE), ..PAGE };
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// These endpoints.
pub fn surface() -> Surface<AppState> {
    Surface::new().with([Endpoint::get(FILE, "/logos/{file}", logo), Endpoint::get(FILE, "/accents/{file}", accent)])
}

/// The address of a logo.
pub fn logo_url(name: &str) -> String {
    format!("/logos/{name}")
}

/// The address of the stylesheet of an accent.
pub fn accent_url(accent: Accent) -> String {
    format!("/accents/{}.css", accent.hex())
}

async fn logo(State(sigma): State<AppState>, Path(file): Path<String>) -> Response {
    if !Logo::is_name(&file) {
        return nothing();
    }
    let brands = &sigma.brands;
    if let Some(own) = brands.shown.logo().filter(|logo| logo.name == file) {
        return immutable("image/png", own.png.clone());
    }
    if let Some(icon) = sigma.providers.icon(&file) {
        return immutable("image/png", icon.png.clone());
    }
    match brands.objects.get(&file).await {
        Ok(Some(png)) => immutable("image/png", png),
        Ok(None) => nothing(),
        Err(error) => {
            tracing::warn!(file, %error, "a logo could not be loaded");
            nothing()
        }
    }
}

async fn accent(Path(file): Path<String>) -> Response {
    let accent = file.strip_suffix(".css").and_then(|hex| Accent::parse(&format!("#{hex}")));
    // One colour has one address.
    let Some(accent) = accent.filter(|accent| format!("{}.css", accent.hex()) == file) else { return nothing() };
    let (light, dark) = (accent.light(), accent.dark());
    let style = format!(
        ":root {{ --accent: {}; --accent-strong: {}; --on-accent: {}; --focus: {}; --tint: {}; }}\n\
         @media (prefers-color-scheme: dark) {{\n  \
         :root {{ --accent: {}; --accent-strong: {}; --on-accent: {}; --focus: {}; --tint: {}; }}\n}}\n",
        light.accent,
        light.strong,
        light.on,
        light.accent,
        light.tint,
        dark.accent,
        dark.strong,
        dark.on,
        dark.accent,
        dark.tint,
    );
    immutable("text/css; charset=utf-8", style.into())
}

fn immutable(content_type: &'static str, content: Bytes) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers.map(|(name, value)| (name, HeaderValue::from_static(value))), content).into_response()
}

/// A logo may be there later.
fn nothing() -> Response {
    (StatusCode::NOT_FOUND, "no such file").into_response()
}
