//! The text format of Prometheus, version 0.0.4.

use std::fmt::Write as _;

use crate::catalogue::Kind;
use crate::registry::{Family, Series, Value};

/// The media type of [`text`].
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `families` as Prometheus reads them.
pub fn text(families: &[Family]) -> String {
    let mut page = String::with_capacity(64 * 1024);
    for family in families {
        let metric = family.metric;
        let kind = match metric.kind {
            Kind::Counter | Kind::SystemCounter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        };
        // Writing to a string cannot fail.
        let _ = writeln!(page, "# HELP {} {}\n# TYPE {} {kind}", metric.name, metric.help, metric.name);
        for series in &family.series {
            write_series(&mut page, family, series);
        }
    }
    page
}

fn write_series(page: &mut String, family: &Family, series: &Series) {
    let (name, labels) = (family.metric.name, labels(&series.labels));
    let around = |labels: &str| if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
    match &series.value {
        Value::Count(count) => {
            let _ = writeln!(page, "{name}{} {count}", around(&labels));
        }
        Value::Current(value) => {
            let _ = writeln!(page, "{name}{} {value}", around(&labels));
        }
        Value::Distribution { counts, sum } => {
            let Kind::Histogram(bounds) = family.metric.kind else { return };
            let mut total = 0;
            let before = if labels.is_empty() { String::new() } else { format!("{labels},") };
            for (index, count) in counts.iter().enumerate() {
                total += count;
                let bound = bounds.get(index).map_or_else(|| "+Inf".to_owned(), ToString::to_string);
                let _ = writeln!(page, "{name}_bucket{{{before}le=\"{bound}\"}} {total}");
            }
            let labels = around(&labels);
            let _ = writeln!(page, "{name}_sum{labels} {sum}\n{name}_count{labels} {total}");
        }
    }
}

fn labels(labels: &[(String, String)]) -> String {
    let written = labels.iter().map(|(name, value)| {
        let value = value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
        format!("{name}=\"{value}\"")
    });
    written.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Registry;

    #[test]
    fn metrics_are_written_with_help_type_and_labels() {
        let registry = Registry::new();
        metrics::with_local_recorder(&registry, || {
            metrics::gauge!("sigma_build_info", "version" => "1 \"a\\b\"\n", "store" => "SQLite").set(1.0);
            metrics::histogram!("sigma_store_commit_operations").record(3.0);
        });
        let text = text(&registry.read());
        let has = |line: &str| assert!(text.lines().any(|of| of == line), "{line}\n{text}");
        has("# HELP sigma_build_info The version that runs and its database engine; always 1.");
        has("# TYPE sigma_build_info gauge");
        has(r#"sigma_build_info{version="1 \"a\\b\"\n",store="SQLite"} 1"#);
        has("# TYPE process_cpu_seconds_total counter");
        has("# TYPE sigma_store_commit_operations histogram");
        has(r#"sigma_store_commit_operations_bucket{le="2"} 0"#);
        has(r#"sigma_store_commit_operations_bucket{le="4"} 1"#);
        has(r#"sigma_store_commit_operations_bucket{le="+Inf"} 1"#);
        has("sigma_store_commit_operations_sum 3");
        has("sigma_store_commit_operations_count 1");
        has(r#"sigma_mails_total{outcome="sent"} 0"#);
    }
}
