//! The Playground's own small server: its files, the description of the demo, and the callback.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, body::Bytes};
use serde::Serialize;
use tokio::net::TcpListener;

use super::apps::DemoApp;
use super::files::{self, Embedded};
use super::merits::DemoMerits;
use super::workspaces::DemoWorkspace;
use super::{Shared, relay};
use crate::failure::Failure;

/// Only our own scripts and styles. Any server can be tested, so `connect-src` is wide; plain http only to this
/// machine.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self' https: http://localhost:* http://127.0.0.1:*; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// The placeholder in `index.html` for the body of a `form_post` response.
const FORM_POST: &str = "<!-- form-post -->";

/// The state that handlers share.
#[derive(Debug)]
pub struct Site {
    /// Its own origin.
    pub origin: String,
    /// The client for requests sent from here.
    pub client: reqwest::Client,
    reported: Reported,
    index: &'static str,
}

/// The description that the Playground loads first.
#[derive(Debug, Serialize)]
pub struct Reported {
    /// The server.
    pub issuer: String,
    /// The prefix of admin commands.
    pub admin: String,
    /// Its apps.
    pub apps: Vec<DemoApp>,
    /// Its workspaces.
    pub workspaces: Vec<DemoWorkspace>,
    /// The app that acts for two of them.
    pub merits: DemoMerits,
}

impl Site {
    /// The site on `origin`, and its description of the demo's server.
    pub fn new(origin: String, reported: Reported) -> Result<Shared, Failure> {
        let index =
            files::find("index.html").and_then(|file| std::str::from_utf8(file.bytes).ok()).ok_or_else(|| {
                Failure::Failed(
                    "this binary was built without the Playground: run `make web` (needs Node 20 or newer) and rebuild"
                        .to_owned(),
                )
            })?;
        Ok(Arc::new(Self { origin, client: relay::client()?, reported, index }))
    }
}

/// The routes of the site.
pub fn routes(site: Shared) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/callback", get(index).post(form_post))
        .route("/signed-out", get(index))
        .route("/merits/{page}", get(index))
        .route("/demo.json", get(reported))
        .route("/relay", post(relay::relay))
        .route("/{file}", get(file))
        .layer(DefaultBodyLimit::max(64 * 1024))
        .layer(middleware::from_fn_with_state(Arc::clone(&site), guard))
        .with_state(site)
}

/// Serves the site until `stop`.
pub async fn serve(listener: TcpListener, routes: Router, stop: impl Future<Output = ()> + Send + 'static) {
    if let Err(error) = axum::serve(listener, routes).with_graceful_shutdown(stop).await {
        tracing::error!(%error, "the Playground ended");
    }
}

/// Rejects foreign host names, so that no other site reaches it by DNS rebinding, and sets the headers of every
/// response.
async fn guard(State(site): State<Shared>, request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if site.origin.strip_prefix("http://") != Some(host) {
        return (StatusCode::MISDIRECTED_REQUEST, format!("The Playground is at {}\n", site.origin)).into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let set: [(HeaderName, &'static str); 4] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in set {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn index(State(site): State<Shared>) -> Response {
    page(site.index.to_owned())
}

/// The `response_mode=form_post` callback: the page finds the posted values in a meta element.
async fn form_post(State(site): State<Shared>, body: Bytes) -> Response {
    let Ok(posted) = std::str::from_utf8(&body) else {
        return (StatusCode::BAD_REQUEST, "The form is not text.\n").into_response();
    };
    let meta = format!("<meta name=\"form-post\" content=\"{}\">", escaped(posted));
    page(site.index.replacen(FORM_POST, &meta, 1))
}

async fn reported(State(site): State<Shared>) -> Response {
    Json(&site.reported).into_response()
}

async fn file(Path(name): Path<String>) -> Response {
    match files::find(&name) {
        Some(Embedded { content_type, bytes, .. }) => ([(CONTENT_TYPE, *content_type)], *bytes).into_response(),
        None => (StatusCode::NOT_FOUND, "Not found.\n").into_response(),
    }
}

fn page(html: String) -> Response {
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

/// Escapes text for a quoted attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posted_values_cannot_break_out_of_their_attribute() {
        assert_eq!(escaped("a=\"><script>&b"), "a=&quot;&gt;&lt;script&gt;&amp;b");
    }
}
