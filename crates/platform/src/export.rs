//! Sends traces and metrics to a collector, by OTLP over HTTP. What it does not take is dropped and counted: no request waits
//! for it, and what waits is bounded.

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use sigma_core::random::{Rng, alphanumeric};
use sigma_core::time::{Clock, Timestamp};
use sigma_telemetry::Registry;
use sigma_telemetry::otlp::{self, Resource};
use sigma_telemetry::trace::{BATCH, Span, Tracer, count_dropped};
use tokio::time::{sleep, timeout};

use crate::outbound::{FetchError, Fetcher, Outgoing};
use crate::settings::Telemetry;

/// How long spans wait to be sent together.
const GATHER: Duration = Duration::from_secs(5);
/// How long a collector may take.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// How long spans wait before they are sent once more; then they are dropped.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
/// How long shutdown waits for a collector.
const FAREWELL: Duration = Duration::from_secs(1);

/// Reports to a collector.
pub struct Exporter {
    fetcher: Fetcher,
    endpoint: String,
    headers: Vec<(String, secrecy::SecretString)>,
    resource: Resource,
    metrics_every: Option<Duration>,
    clock: Arc<dyn Clock>,
    started_at: Timestamp,
}

/// A report that did not arrive.
struct Lost {
    cause: String,
    /// Whether sending it again may help.
    is_transient: bool,
}

impl Exporter {
    /// For the collector of `settings`, if there is one.
    pub fn new(settings: &Telemetry, clock: &Arc<dyn Clock>, rng: &dyn Rng) -> Option<Arc<Self>> {
        let endpoint = settings.endpoint.as_ref()?.trim_end_matches('/').to_owned();
        let instance = alphanumeric(rng, 22);
        let headers = settings.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
        Some(Arc::new(Self {
            fetcher: Fetcher::for_collector(TIME_LIMIT),
            endpoint,
            headers: headers.collect(),
            resource: Resource { service: settings.service.clone(), version: env!("CARGO_PKG_VERSION"), instance },
            metrics_every: settings.metrics.then(|| Duration::from_secs(settings.metrics_seconds.into())),
            clock: Arc::clone(clock),
            started_at: clock.now(),
        }))
    }

    /// Sends spans for as long as the server runs.
    pub async fn send_traces(self: Arc<Self>) {
        let Some(tracer) = Tracer::installed() else { return std::future::pending().await };
        let mut fails = false;
        loop {
            tokio::select! {
                () = tracer.filled() => {}
                () = sleep(GATHER) => {}
            }
            loop {
                let spans = tracer.take();
                let is_batch = spans.len() == BATCH;
                if !spans.is_empty() {
                    self.deliver(&spans, &mut fails).await;
                }
                // Fewer gather again: sent as they come, each would be a request of its own.
                if !is_batch {
                    break;
                }
            }
        }
    }

    /// Sends metrics for as long as the server runs. They are totals: one report that is lost loses nothing.
    pub async fn send_metrics(self: Arc<Self>) {
        let (Some(registry), Some(every)) = (Registry::installed(), self.metrics_every) else {
            return std::future::pending().await;
        };
        let mut fails = false;
        loop {
            sleep(every).await;
            let body = otlp::metrics(&self.resource, &registry.read(), self.started_at, self.clock.now());
            let sent = self.post(otlp::METRICS, &body).await;
            count("metrics", sent.is_ok());
            note(&mut fails, "metrics", sent.err().as_ref());
        }
    }

    /// Sends what is left when the server stops. A collector that hangs does not hold it up.
    pub async fn send_rest(&self) {
        let rest = async {
            let mut fails = false;
            loop {
                let spans = Tracer::installed().map(Tracer::take).unwrap_or_default();
                if spans.is_empty() {
                    break;
                }
                let sent = self.post(otlp::TRACES, &otlp::traces(&self.resource, &spans)).await;
                count("traces", sent.is_ok());
                note(&mut fails, "traces", sent.as_ref().err());
                count_spans(&spans, sent.unwrap_or(u64::MAX));
                if fails {
                    break;
                }
            }
            if let (Some(registry), Some(_)) = (Registry::installed(), self.metrics_every) {
                let body = otlp::metrics(&self.resource, &registry.read(), self.started_at, self.clock.now());
                let _ = self.post(otlp::METRICS, &body).await;
            }
        };
        if timeout(FAREWELL, rest).await.is_err() {
            tracing::warn!("the collector did not take the last traces and metrics in time");
        }
    }

    /// Sends spans, again after growing pauses, and drops them in the end. Meanwhile others wait, as many as there is room for.
    async fn deliver(&self, spans: &[Span], fails: &mut bool) {
        let body = otlp::traces(&self.resource, spans);
        let mut pauses = PAUSES.into_iter();
        loop {
            let sent = self.post(otlp::TRACES, &body).await;
            count("traces", sent.is_ok());
            note(fails, "traces", sent.as_ref().err());
            let is_transient = sent.as_ref().is_err_and(|lost| lost.is_transient);
            match pauses.next().filter(|_| is_transient) {
                Some(pause) => sleep(pause).await,
                None => return count_spans(spans, sent.unwrap_or(u64::MAX)),
            }
        }
    }

    /// Posts a report; returns how much of it was rejected.
    async fn post(&self, path: &str, body: &str) -> Result<u64, Lost> {
        let url = format!("{}{path}", self.endpoint);
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (name.as_str(), value.expose_secret())).collect();
        let outgoing = Outgoing { json: Some(body), headers: &headers, ..Outgoing::get(&url) };
        match self.fetcher.ask(outgoing).await {
            Ok(answer) if (200..300).contains(&answer.status) => Ok(otlp::rejected(&answer.body)),
            Ok(answer) => Err(Lost {
                cause: format!("it answered {}", answer.status),
                is_transient: matches!(answer.status, 429 | 502 | 503 | 504),
            }),
            Err(error) => {
                let is_transient = matches!(error, FetchError::Unreachable(_) | FetchError::TimedOut);
                Err(Lost { cause: error.to_string(), is_transient })
            }
        }
    }
}

/// Counts spans that were sent for the last time, of which so many were rejected.
fn count_spans(spans: &[Span], rejected: u64) {
    let all = u64::try_from(spans.len()).unwrap_or(u64::MAX);
    let exported = all.saturating_sub(rejected);
    metrics::counter!("sigma_telemetry_spans_total", "outcome" => "exported").increment(exported);
    count_dropped(rejected.min(all));
}

fn count(signal: &'static str, is_done: bool) {
    let outcome = if is_done { "done" } else { "failed" };
    metrics::counter!("sigma_telemetry_exports_total", "signal" => signal, "outcome" => outcome).increment(1);
}

/// Logs that reports fail, and that they no longer do.
fn note(fails: &mut bool, signal: &'static str, lost: Option<&Lost>) {
    match lost {
        Some(lost) if !*fails => {
            tracing::warn!(signal, cause = lost.cause, "the collector takes no reports; what does not fit is dropped");
        }
        None if *fails => tracing::info!(signal, "the collector takes reports again"),
        Some(_) | None => {}
    }
    *fails = lost.is_some();
}
