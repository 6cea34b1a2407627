//! Every metric: a name that is not listed here is not counted. `docs/operations/metrics.md` has the same list for people.

/// Seconds of a request, an operation or a request to others; from a cheap response to one that waits for the store.
const SECONDS: &[f64] = &[0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0];
/// Seconds of work that takes longer: hashes, mails.
const LONG_SECONDS: &[f64] = &[0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0];
/// How many operations share a commit.
const SHARED: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// How a metric is counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It only grows, and the system counts it, in fractions too.
    SystemCounter,
    /// The current value.
    Gauge,
    /// How many values were at most each of these bounds.
    Histogram(&'static [f64]),
}

/// A label and its values; none are listed where the code makes them, such as the patterns of routes. Callers never do.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// Its values.
    pub values: &'static [&'static str],
}

/// A metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// The name for Prometheus: ends in the unit, and `_total` if it is counted.
    pub name: &'static str,
    /// How it is counted.
    pub kind: Kind,
    /// The unit for OpenTelemetry (UCUM).
    pub unit: &'static str,
    /// What it says, in a sentence.
    pub help: &'static str,
    /// Its labels.
    pub labels: &'static [Label],
}

const fn open(name: &'static str) -> Label {
    Label { name, values: &[] }
}

const fn of(name: &'static str, values: &'static [&'static str]) -> Label {
    Label { name, values }
}

const fn counter(name: &'static str, unit: &'static str, labels: &'static [Label], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, unit, help, labels }
}

const fn gauge(name: &'static str, unit: &'static str, labels: &'static [Label], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, unit, help, labels }
}

const fn histogram(
    name: &'static str,
    bounds: &'static [f64],
    unit: &'static str,
    labels: &'static [Label],
    help: &'static str,
) -> Metric {
    Metric { name, kind: Kind::Histogram(bounds), unit, help, labels }
}

const REQUEST: &[Label] = &[open("route"), open("method"), open("status")];
const QUEUE: &[Label] = &[of("queue", &["read", "write"])];
const LANE: &[Label] = &[of("lane", &["known", "stranger"])];

/// All metrics, in the order in which they are shown.
pub const METRICS: &[Metric] = &[
    // The process.
    gauge(
        "sigma_build_info",
        "",
        &[open("version"), open("store")],
        "The version that runs and its database engine; always 1.",
    ),
    Metric {
        name: "process_cpu_seconds_total",
        kind: Kind::SystemCounter,
        unit: "s",
        help: "User and system time of the process.",
        labels: &[],
    },
    gauge("process_start_time_seconds", "s", &[], "When the process started, in seconds since 1970."),
    gauge("process_resident_memory_bytes", "By", &[], "Memory of the process in RAM."),
    gauge("process_virtual_memory_bytes", "By", &[], "Address space of the process."),
    gauge("process_open_fds", "{descriptor}", &[], "Open file descriptors."),
    gauge("process_max_fds", "{descriptor}", &[], "File descriptors that the process may open."),
    gauge("process_threads", "{thread}", &[], "Threads of the process."),
    gauge("sigma_runtime_tasks", "{task}", &[], "Tasks of the asynchronous runtime that have not ended."),
    gauge("sigma_runtime_queued_tasks", "{task}", &[], "Tasks that are ready and wait for a thread of the runtime."),
    counter("sigma_log_lost_lines_total", "{line}", &[], "Lines of the log that could not be written."),
    // Requests.
    counter("sigma_http_requests_total", "{request}", REQUEST, "Requests, by the pattern of their route."),
    histogram("sigma_http_request_seconds", SECONDS, "s", REQUEST, "Time from a request's head to its response."),
    gauge("sigma_http_requests_in_flight", "{request}", &[], "Requests in progress."),
    gauge("sigma_http_connections", "{connection}", &[], "Open connections."),
    counter(
        "sigma_http_connections_closed_total",
        "{connection}",
        &[of("reason", &["idle", "head", "send", "room", "share"])],
        "Connections that the server closed, by the reason.",
    ),
    gauge(
        "sigma_tls_certificate_expiry_timestamp_seconds",
        "s",
        &[],
        "When the served certificate expires, in seconds since 1970; 0 if the server serves no TLS.",
    ),
    // Limits.
    counter("sigma_http_rate_limited_total", "{request}", &[open("rule")], "Requests answered with 429, by the limit."),
    gauge(
        "sigma_limits_shared",
        "1",
        &[],
        "1 while instances share rate limits, 0 while limits.redis is set and its server is away.",
    ),
    counter(
        "sigma_limits_shared_total",
        "{request}",
        &[of("outcome", &["answered", "late", "dropped"])],
        "Requests to the server of shared rate limits: answered, not in time for whoever waited, or not sent.",
    ),
    counter(
        "sigma_http_over_budget_total",
        "{request}",
        &[open("budget")],
        "Requests rejected because a budget was exhausted.",
    ),
    // The store.
    gauge("sigma_store_waiting", "{operation}", QUEUE, "Operations that wait for a thread of the store."),
    histogram(
        "sigma_store_wait_seconds",
        SECONDS,
        "s",
        QUEUE,
        "Time that operations waited for a thread of the store.",
    ),
    histogram(
        "sigma_store_operation_seconds",
        SECONDS,
        "s",
        QUEUE,
        "Time that a thread of the store spent on an operation: on PostgreSQL with its commit and repetitions, which operations on SQLite share.",
    ),
    counter(
        "sigma_store_operations_total",
        "{operation}",
        &[of("queue", &["read", "write"]), of("outcome", &["done", "failed", "refused"])],
        "Operations by outcome; refused: the queue was full.",
    ),
    histogram("sigma_store_commit_seconds", SECONDS, "s", &[], "Time that COMMIT took."),
    histogram("sigma_store_commit_operations", SHARED, "{operation}", &[], "Operations that shared one commit."),
    counter(
        "sigma_store_conflicts_total",
        "{transaction}",
        &[],
        "Transactions that PostgreSQL rolled back because of a conflict; each was retried.",
    ),
    gauge("sigma_store_connections", "{connection}", QUEUE, "Connections to the database that are open."),
    gauge(
        "sigma_store_feed_age_seconds",
        "s",
        &[],
        "Time since the changes of other processes were last read; above 2 no cache is used.",
    ),
    gauge("sigma_store_size_bytes", "By", &[], "Size of the database."),
    gauge("sigma_store_wal_bytes", "By", &[], "Size of SQLite's write-ahead log."),
    // Caches.
    counter(
        "sigma_cache_reads_total",
        "{read}",
        &[open("cache"), of("outcome", &["hit", "miss"])],
        "Values that were asked of a cache.",
    ),
    gauge("sigma_cache_entries", "{value}", &[open("cache")], "Values in a cache."),
    // Passwords.
    counter(
        "sigma_password_sign_ins_total",
        "{attempt}",
        &[of("outcome", &["right", "wrong", "delayed", "busy"])],
        "Sign-in attempts by password.",
    ),
    gauge("sigma_hash_threads", "{thread}", &[], "Threads that hash passwords."),
    gauge("sigma_hash_waiting", "{hash}", LANE, "Passwords that wait to be hashed."),
    histogram("sigma_hash_seconds", LONG_SECONDS, "s", &[], "Time that a thread spent on one password."),
    histogram("sigma_hash_wait_seconds", LONG_SECONDS, "s", LANE, "Time that passwords waited for a thread."),
    counter("sigma_hash_refused_total", "{hash}", LANE, "Passwords that were not hashed because too many waited."),
    // What is sent.
    counter(
        "sigma_mails_total",
        "{attempt}",
        &[of("outcome", &["sent", "failed", "refused"])],
        "Attempts to send a mail.",
    ),
    histogram("sigma_mail_send_seconds", LONG_SECONDS, "s", &[], "Time that an attempt to send a mail took."),
    gauge(
        "sigma_mails_waiting",
        "{mail}",
        &[],
        "Mails of all instances that are not sent yet; at most 10,000 are counted.",
    ),
    gauge("sigma_mails_oldest_seconds", "s", &[], "Age of the oldest mail that is not sent yet."),
    counter(
        "sigma_backchannel_logouts_total",
        "{attempt}",
        &[of("outcome", &["delivered", "refused", "failed", "dropped"])],
        "Attempts to tell an app that a session ended.",
    ),
    counter(
        "sigma_webhook_deliveries_total",
        "{attempt}",
        &[of("outcome", &["delivered", "refused", "failed", "gone", "dropped"])],
        "Attempts to deliver an event to a webhook.",
    ),
    counter(
        "sigma_outgoing_requests_total",
        "{request}",
        &[of("outcome", &["2xx", "3xx", "4xx", "5xx", "refused", "unreachable", "timed_out", "too_large"])],
        "Requests to other servers.",
    ),
    histogram("sigma_outgoing_request_seconds", LONG_SECONDS, "s", &[], "Time that requests to other servers took."),
    // Jobs.
    counter(
        "sigma_jobs_total",
        "{run}",
        &[open("job"), of("outcome", &["done", "failed", "given_up", "lost"])],
        "Runs of background jobs; lost: another instance took over.",
    ),
    // The telemetry itself.
    counter(
        "sigma_telemetry_spans_total",
        "{span}",
        &[of("outcome", &["exported", "dropped"])],
        "Spans, by whether a collector took them; dropped: it was away, slow, or refused them.",
    ),
    counter(
        "sigma_telemetry_exports_total",
        "{request}",
        &[of("signal", &["traces", "metrics"]), of("outcome", &["done", "failed"])],
        "Reports to the collector.",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    const PAGE: &str = include_str!("../../../docs/operations/metrics.md");

    /// A metric as a row of the page: name, kind, labels with their values, help.
    fn row(metric: &Metric) -> String {
        let kind = match metric.kind {
            Kind::Counter | Kind::SystemCounter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        };
        let labels = metric.labels.iter().map(|label| {
            let values: Vec<_> = label.values.iter().map(|value| format!("`{value}`")).collect();
            let values = if values.is_empty() { String::new() } else { format!(" ({})", values.join(", ")) };
            format!("`{}`{values}", label.name)
        });
        let labels = labels.collect::<Vec<_>>().join(", ");
        format!("| `{}` | {kind} | {labels} | {} |", metric.name, metric.help).replace("|  |", "| |")
    }

    #[test]
    fn every_metric_is_documented_and_no_other() {
        let documented: Vec<_> = PAGE.lines().filter(|line| line.starts_with("| `")).collect();
        let counted: Vec<_> = METRICS.iter().map(row).collect();
        for (documented, counted) in documented.iter().zip(&counted) {
            assert_eq!(documented, counted);
        }
        assert_eq!(documented.len(), counted.len());
    }

    #[test]
    fn names_have_units_and_labels_are_few() {
        let mut names = BTreeSet::new();
        for metric in METRICS {
            let name = metric.name;
            assert!(names.insert(name), "{name} is there twice");
            assert!(name.starts_with("sigma_") || name.starts_with("process_"), "{name}");
            let is_total = matches!(metric.kind, Kind::Counter | Kind::SystemCounter);
            assert_eq!(name.ends_with("_total"), is_total, "{name}");
            let counted = name.trim_end_matches("_total");
            assert_eq!(metric.unit == "s", counted.ends_with("_seconds"), "{name}");
            assert_eq!(metric.unit == "By", counted.ends_with("_bytes"), "{name}");
            assert!(metric.help.ends_with('.') && !metric.help.contains(['\n', '\\', '|']), "{name}");
            assert!(metric.labels.len() <= 3, "{name}");
        }
    }

    /// The words of `text` that are names of metrics, without what histograms append.
    fn mentioned(text: &str) -> BTreeSet<&str> {
        let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
        let names = words.filter(|word| word.starts_with("sigma_") || word.starts_with("process_"));
        let ends = ["_bucket", "_sum", "_count"];
        names.map(|name| ends.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)).collect()
    }

    #[test]
    fn dashboard_and_alerts_use_metrics_that_exist_and_alerts_have_a_heading() {
        let (dashboard, alerts, tests, page) = (
            include_str!("../../../docs/operations/dashboard.json"),
            include_str!("../../../docs/operations/alerts.yml"),
            include_str!("../../../docs/operations/alerts.test.yml"),
            include_str!("../../../docs/operations/alerts.md"),
        );
        let listed: BTreeSet<_> = METRICS.iter().map(|metric| metric.name).collect();
        for name in [dashboard, alerts, tests, page].iter().flat_map(|text| mentioned(text)) {
            assert!(listed.contains(name), "{name}");
        }
        let unseen: Vec<_> = listed.difference(&mentioned(dashboard)).copied().collect();
        // What says nothing over time.
        assert_eq!(unseen, ["process_max_fds", "process_virtual_memory_bytes"]);
        let lines = |prefix| alerts.lines().filter_map(move |line| line.trim().strip_prefix(prefix));
        let names: Vec<_> = lines("- alert: ").collect();
        let runbooks: Vec<_> = lines("runbook: ").collect();
        assert!(names.len() > 20 && names.len() == runbooks.len());
        for (name, runbook) in names.iter().zip(runbooks) {
            assert!(page.lines().any(|line| line == format!("## {name}")), "no heading {name}");
            assert!(tests.contains(&format!("alertname=\"{name}\"")), "no test of {name}");
            let anchor = format!("\"docs/operations/alerts.md#{}\"", name.to_lowercase());
            assert_eq!(runbook, anchor);
        }
    }

    /// The names in quotes that begin as those of metrics do, in all sources.
    fn named_in(folder: &Path, names: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                named_in(&path, names);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let quoted =
                    text.split(['"', ' ']).filter(|word| word.starts_with("sigma_") || word.starts_with("process_"));
                let is_name = |word: &&str| word.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_'));
                names.extend(quoted.filter(is_name).map(str::to_owned));
            }
        }
    }

    #[test]
    fn every_metric_is_counted_somewhere() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut names = BTreeSet::new();
        for folder in fs::read_dir(crates).unwrap() {
            let folder = folder.unwrap().path();
            if folder.ends_with("telemetry") {
                names.extend(crate::process::observed().into_iter().map(|(name, _)| name.to_owned()));
                let elsewhere = ["sigma_runtime_tasks", "sigma_runtime_queued_tasks", "sigma_telemetry_spans_total"];
                names.extend(elsewhere.map(str::to_owned));
            } else {
                named_in(&folder.join("src"), &mut names);
            }
        }
        let missing: Vec<_> = METRICS.iter().filter(|metric| !names.contains(metric.name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let listed: BTreeSet<_> = METRICS.iter().map(|metric| metric.name.to_owned()).collect();
        let is_metric = |name: &&String| ["_total", "_seconds", "_bytes"].iter().any(|end| name.ends_with(end));
        let unlisted: Vec<_> = names.iter().filter(is_metric).filter(|name| !listed.contains(*name)).collect();
        assert!(unlisted.is_empty(), "not in the catalogue: {unlisted:?}");
    }
}
