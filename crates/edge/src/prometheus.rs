//! Prometheus metrics on a separate port.

use std::future::Future;
use std::time::Duration;

use axum::body::Body;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;

use crate::client::Peer;
use crate::connections::{self, Arriving};
use crate::settings;

/// Seconds; from a cheap response to one that waits for the store.
const BUCKETS: [f64; 12] = [0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0];
/// How often histograms are drained without a scrape.
const UPKEEP: Duration = Duration::from_secs(5);

/// Installs the metrics recorder. Call it before the first request, and only if metrics are enabled: without it
/// counting costs nothing.
pub fn install_metrics() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)?
        .install_recorder()
}

/// Serves `GET /metrics` on `listener` until `shutdown` resolves.
pub async fn serve_metrics(listener: TcpListener, handle: PrometheusHandle, shutdown: impl Future<Output = ()>) {
    let settings = settings::Http { connections: 64, shutdown_seconds: 1, ..settings::Http::default() };
    let config = connections::ListenerConfig::new(&settings, None);
    let shown = handle.clone();
    let answer = move |_: Peer, request: Request<Arriving>| {
        let handle = shown.clone();
        async move { page(&handle, &request) }
    };
    let upkeep = async {
        loop {
            tokio::time::sleep(UPKEEP).await;
            handle.run_upkeep();
        }
    };
    tokio::select! {
        // This cannot fail without TLS.
        _ = connections::run(listener, config, answer, shutdown) => {}
        () = upkeep => {}
    }
}

fn page(handle: &PrometheusHandle, request: &Request<Arriving>) -> Response<Body> {
    if request.uri().path() != "/metrics" {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    }
    let mut response = Response::new(Body::from(handle.render()));
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
