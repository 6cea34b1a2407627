//! Request metrics for Prometheus. Handles are looked up once per route, method and status class; after that a request
//! costs three atomic additions.

use std::sync::OnceLock;
use std::time::Duration;

use http::{Method, StatusCode};
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

const METHODS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "other"];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The name of `method` in traces; one that is unusual has none of its own (OpenTelemetry's conventions for HTTP).
pub(super) fn method_name(method: &Method) -> &'static str {
    METHODS.iter().find(|name| **name == method.as_str()).copied().unwrap_or("_OTHER")
}

/// Counter and histogram of a route, method and status class.
struct Handles {
    requests: Counter,
    seconds: Histogram,
}

/// The metrics of a route.
pub(super) struct RouteMetrics {
    route: String,
    handles: [[OnceLock<Handles>; CLASSES.len()]; METHODS.len()],
}

impl RouteMetrics {
    /// `route` is the pattern, such as `/account/{id}`, never a path that a caller can choose.
    pub(super) fn new(route: impl Into<String>) -> Self {
        Self { route: route.into(), handles: Default::default() }
    }

    /// The pattern.
    pub(super) fn route(&self) -> &str {
        &self.route
    }

    pub(super) fn record(&self, method: &Method, status: StatusCode, took: Duration) {
        let method = METHODS.iter().position(|name| *name == method.as_str()).unwrap_or(METHODS.len() - 1);
        let class = usize::from(status.as_u16() / 100).saturating_sub(1).min(CLASSES.len() - 1);
        let Some(handles) = self.handles.get(method).and_then(|classes| classes.get(class)) else { return };
        let handles = handles.get_or_init(|| {
            let labels = [
                ("route", self.route.clone()),
                ("method", METHODS.get(method).copied().unwrap_or("other").to_owned()),
                ("status", CLASSES.get(class).copied().unwrap_or("5xx").to_owned()),
            ];
            Handles {
                requests: counter!("sigma_http_requests_total", &labels),
                seconds: histogram!("sigma_http_request_seconds", &labels),
            }
        });
        handles.requests.increment(1);
        handles.seconds.record(took.as_secs_f64());
    }
}

/// Requests in progress.
pub(super) struct InFlight(OnceLock<Gauge>);

impl InFlight {
    pub(super) const fn new() -> Self {
        Self(OnceLock::new())
    }

    fn gauge(&self) -> &Gauge {
        self.0.get_or_init(|| gauge!("sigma_http_requests_in_flight"))
    }

    pub(super) fn enter(&self) {
        self.gauge().increment(1.0);
    }

    pub(super) fn leave(&self) {
        self.gauge().decrement(1.0);
    }
}
