//! OTLP, the protocol of OpenTelemetry, as JSON over HTTP (opentelemetry-proto 1.x; ids are hexadecimal, 64-bit integers are
//! strings).

use serde_json::{Value as Json, json};
use sigma_core::time::Timestamp;

use crate::catalogue::Kind;
use crate::registry::{Family, Series, Value};
use crate::trace::{Attribute, Span, SpanKind};

/// Where traces are posted, below the collector's address.
pub const TRACES: &str = "/v1/traces";
/// Where metrics are posted.
pub const METRICS: &str = "/v1/metrics";

/// Who reports.
#[derive(Clone, Debug)]
pub struct Resource {
    /// `service.name`.
    pub service: String,
    /// `service.version`.
    pub version: &'static str,
    /// `service.instance.id`: one per start, random.
    pub instance: String,
}

impl Resource {
    fn json(&self) -> Json {
        json!({ "attributes": [
            text("service.name", &self.service),
            text("service.version", self.version),
            text("service.instance.id", &self.instance),
        ]})
    }

    fn scope(&self) -> Json {
        json!({ "name": "sigma", "version": self.version })
    }
}

/// The body that reports `spans`.
pub fn traces(resource: &Resource, spans: &[Span]) -> String {
    let spans: Vec<_> = spans.iter().map(span).collect();
    json!({ "resourceSpans": [{
        "resource": resource.json(),
        "scopeSpans": [{ "scope": resource.scope(), "spans": spans }],
    }]})
    .to_string()
}

fn span(span: &Span) -> Json {
    let kind = match span.kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
    };
    let attributes = span.attributes.iter().map(|(name, value)| match value {
        Attribute::Text(value) => text(name, value),
        Attribute::Number(value) => json!({ "key": name, "value": { "intValue": value.to_string() } }),
    });
    let mut json = json!({
        "traceId": format!("{:032x}", span.context.trace_id),
        "spanId": format!("{:016x}", span.context.span_id),
        "name": span.name,
        "kind": kind,
        "startTimeUnixNano": nanos(span.began).to_string(),
        "endTimeUnixNano": (nanos(span.began) + span.took.as_nanos()).to_string(),
        "attributes": attributes.collect::<Vec<_>>(),
        "status": if span.failed { json!({ "code": 2 }) } else { json!({}) },
    });
    if let Some(fields) = json.as_object_mut().filter(|_| span.parent != 0) {
        fields.insert("parentSpanId".to_owned(), format!("{:016x}", span.parent).into());
    }
    json
}

/// The body that reports `families` at `now`, counted since `start`.
pub fn metrics(resource: &Resource, families: &[Family], start: Timestamp, now: Timestamp) -> String {
    let metrics: Vec<_> =
        families.iter().filter(|family| !family.series.is_empty()).map(|family| metric(family, start, now)).collect();
    json!({ "resourceMetrics": [{
        "resource": resource.json(),
        "scopeMetrics": [{ "scope": resource.scope(), "metrics": metrics }],
    }]})
    .to_string()
}

fn metric(family: &Family, start: Timestamp, now: Timestamp) -> Json {
    let (start, now) = (nanos(start).to_string(), nanos(now).to_string());
    let points: Vec<_> = family
        .series
        .iter()
        .map(|series| {
            let mut point = point(series, family.metric.kind);
            if let Some(fields) = point.as_object_mut() {
                let attributes: Vec<_> = series.labels.iter().map(|(name, value)| text(name, value)).collect();
                fields.insert("attributes".to_owned(), attributes.into());
                fields.insert("timeUnixNano".to_owned(), now.clone().into());
                if family.metric.kind != Kind::Gauge {
                    fields.insert("startTimeUnixNano".to_owned(), start.clone().into());
                }
            }
            point
        })
        .collect();
    // 2: cumulative, as Prometheus counts.
    let (kind, data) = match family.metric.kind {
        Kind::Counter | Kind::SystemCounter => {
            ("sum", json!({ "aggregationTemporality": 2, "isMonotonic": true, "dataPoints": points }))
        }
        Kind::Gauge => ("gauge", json!({ "dataPoints": points })),
        Kind::Histogram(_) => ("histogram", json!({ "aggregationTemporality": 2, "dataPoints": points })),
    };
    json!({ "name": family.metric.name, "description": family.metric.help, "unit": family.metric.unit, kind: data })
}

fn point(series: &Series, kind: Kind) -> Json {
    match &series.value {
        Value::Count(count) => json!({ "asInt": count.to_string() }),
        Value::Current(value) => json!({ "asDouble": value }),
        Value::Distribution { counts, sum } => {
            let bounds = if let Kind::Histogram(bounds) = kind { bounds } else { &[] };
            let total: u64 = counts.iter().sum();
            let counts: Vec<_> = counts.iter().map(u64::to_string).collect();
            json!({ "count": total.to_string(), "sum": sum, "bucketCounts": counts, "explicitBounds": bounds })
        }
    }
}

fn text(name: &str, value: &str) -> Json {
    json!({ "key": name, "value": { "stringValue": value } })
}

fn nanos(time: Timestamp) -> u128 {
    u128::try_from(time.micros()).unwrap_or_default() * 1_000
}

/// How many of the spans or points in a request the collector refused, as it says in its response.
pub fn rejected(response: &[u8]) -> u64 {
    let Ok(response) = serde_json::from_slice::<Json>(response) else { return 0 };
    let partial = response.get("partialSuccess");
    let rejected =
        ["rejectedSpans", "rejectedDataPoints"].map(|key| match partial.and_then(|partial| partial.get(key)) {
            Some(Json::String(number)) => number.parse().unwrap_or(0),
            Some(number) => number.as_u64().unwrap_or(0),
            None => 0,
        });
    rejected.into_iter().fold(0, u64::saturating_add)
}
