//! Prometheus metrics on a separate port.

use std::future::Future;
use std::sync::Arc;

use axum::body::Body;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use sigma_telemetry::{Registry, prometheus};
use tokio::net::TcpListener;

use crate::client::Peer;
use crate::connections::{self, Arriving};
use crate::settings;

/// Serves `GET /metrics` on `listener` until `shutdown` resolves.
pub async fn serve_metrics(listener: TcpListener, registry: Arc<Registry>, shutdown: impl Future<Output = ()>) {
    let settings = settings::Http { connections: 64, shutdown_seconds: 1, ..settings::Http::default() };
    let config = connections::ListenerConfig::new(&settings, None);
    let answer = move |_: Peer, request: Request<Arriving>| {
        let registry = Arc::clone(&registry);
        async move { page(&registry, &request) }
    };
    // This cannot fail without TLS.
    let _ = connections::run(listener, config, answer, shutdown).await;
}

fn page(registry: &Registry, request: &Request<Arriving>) -> Response<Body> {
    if request.uri().path() != "/metrics" {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    }
    let mut response = Response::new(Body::from(prometheus::text(&registry.read())));
    let kind = HeaderValue::from_static(prometheus::MEDIA_TYPE);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
