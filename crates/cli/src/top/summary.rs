//! What two pages of metrics say about the time between them.

use serde::Serialize;

use super::page::Page;

/// The most routes that are named.
const ROUTES: usize = 20;

/// How a server does.
#[derive(Debug, Serialize)]
pub struct Summary {
    pub version: String,
    pub store: String,
    pub uptime_seconds: f64,
    /// Of one processor: 1 is one that is busy all the time.
    pub cpu: f64,
    pub memory_bytes: f64,
    pub threads: f64,
    pub open_files: f64,
    pub most_files: f64,
    pub requests: Requests,
    /// The busiest first.
    pub routes: Vec<RouteUse>,
    pub operations: StoreUse,
    pub caches: Vec<CacheUse>,
    pub passwords: Passwords,
    pub sent: Vec<Sent>,
    pub failed_jobs_per_second: f64,
    pub spans_dropped_per_second: f64,
}

/// Requests of all routes.
#[derive(Debug, Serialize)]
pub struct Requests {
    pub per_second: f64,
    pub in_flight: f64,
    pub connections: f64,
    pub p50_seconds: Option<f64>,
    pub p99_seconds: Option<f64>,
    pub client_errors_per_second: f64,
    pub server_errors_per_second: f64,
    pub rate_limited_per_second: f64,
}

/// Requests of one route.
#[derive(Debug, Serialize)]
pub struct RouteUse {
    pub method: String,
    pub route: String,
    pub per_second: f64,
    pub p50_seconds: Option<f64>,
    pub p99_seconds: Option<f64>,
    pub client_errors_per_second: f64,
    pub server_errors_per_second: f64,
}

/// What the store does.
#[derive(Debug, Serialize)]
pub struct StoreUse {
    pub reads_per_second: f64,
    pub writes_per_second: f64,
    pub failed_per_second: f64,
    pub waiting_reads: f64,
    pub waiting_writes: f64,
    pub wait_p99_seconds: Option<f64>,
    pub commit_p99_seconds: Option<f64>,
    pub operations_per_commit: Option<f64>,
    pub conflicts_per_second: f64,
    pub connections: f64,
    pub feed_age_seconds: f64,
    pub size_bytes: f64,
    pub wal_bytes: f64,
}

/// A cache.
#[derive(Debug, Serialize)]
pub struct CacheUse {
    pub cache: String,
    pub entries: f64,
    /// The share of reads that found their value.
    pub hits: Option<f64>,
}

/// Hashing.
#[derive(Debug, Serialize)]
pub struct Passwords {
    pub right_per_second: f64,
    pub wrong_per_second: f64,
    pub refused_per_second: f64,
    pub waiting: f64,
    pub p50_seconds: Option<f64>,
}

/// One kind of what is sent to others.
#[derive(Debug, Serialize)]
pub struct Sent {
    pub kind: &'static str,
    pub done_per_second: f64,
    pub failed_per_second: f64,
    pub waiting: Option<f64>,
}

/// The time between two pages.
struct Between<'p> {
    before: Option<&'p Page>,
    after: &'p Page,
    seconds: f64,
}

type Labels<'l> = &'l [(&'l str, &'l str)];

impl Between<'_> {
    /// How much a counter grew; one that is smaller began anew.
    fn growth(&self, name: &str, labels: Labels<'_>) -> f64 {
        let (before, after) = (self.before.map_or(0.0, |page| page.sum(name, labels)), self.after.sum(name, labels));
        if after >= before { after - before } else { after }
    }

    fn rate(&self, name: &str, labels: Labels<'_>) -> f64 {
        if self.seconds > 0.0 { self.growth(name, labels) / self.seconds } else { 0.0 }
    }

    /// How large one of two values is on average, if there were any.
    fn ratio(&self, name: &str, of: &str, labels: Labels<'_>) -> Option<f64> {
        let count = self.growth(of, labels);
        (count > 0.0).then(|| self.growth(name, labels) / count)
    }

    /// The value below which that share of the values lie, as `histogram_quantile` of Prometheus estimates it.
    fn quantile(&self, share: f64, name: &str, labels: Labels<'_>) -> Option<f64> {
        let before = self.before.map(|page| page.buckets(name, labels)).unwrap_or_default();
        let grown: Vec<(f64, f64)> = self
            .after
            .buckets(name, labels)
            .iter()
            .map(|(bound, count)| {
                let past =
                    before.iter().find(|(other, _)| other.total_cmp(bound).is_eq()).map_or(0.0, |(_, past)| *past);
                (*bound, if *count >= past { count - past } else { *count })
            })
            .collect();
        let total = grown.last().map(|(_, count)| *count).filter(|total| *total > 0.0)?;
        let rank = share * total;
        let (mut lower, mut below) = (0.0, 0.0);
        for (bound, count) in grown {
            if count >= rank {
                // Above the last bound nothing more is known.
                let reaches = bound.is_finite() && count > below;
                return Some(if reaches { lower + (bound - lower) * (rank - below) / (count - below) } else { lower });
            }
            (lower, below) = (bound, count);
        }
        None
    }
}

impl Summary {
    /// What happened in the `seconds` from `before` to `after`; since the start of the process without `before`. `now` is the
    /// time in seconds since 1970.
    pub fn new(before: Option<&Page>, after: &Page, seconds: f64, now: f64) -> Self {
        let uptime_seconds = (now - after.sum("process_start_time_seconds", &[])).max(0.0);
        let seconds = if before.is_some() { seconds } else { uptime_seconds };
        let between = Between { before, after, seconds };
        let current = |name: &str| after.sum(name, &[]);
        Self {
            version: after.label("sigma_build_info", "version"),
            store: after.label("sigma_build_info", "store"),
            uptime_seconds,
            cpu: between.rate("process_cpu_seconds_total", &[]),
            memory_bytes: current("process_resident_memory_bytes"),
            threads: current("process_threads"),
            open_files: current("process_open_fds"),
            most_files: current("process_max_fds"),
            requests: between.requests(),
            routes: between.routes(),
            operations: between.operations(),
            caches: between.caches(),
            passwords: between.passwords(),
            sent: between.sent(),
            failed_jobs_per_second: between.rate("sigma_jobs_total", &[("outcome", "failed")])
                + between.rate("sigma_jobs_total", &[("outcome", "given_up")]),
            spans_dropped_per_second: between.rate("sigma_telemetry_spans_total", &[("outcome", "dropped")]),
        }
    }
}

const REQUESTS: &str = "sigma_http_requests_total";
const REQUEST_SECONDS: &str = "sigma_http_request_seconds";

impl Between<'_> {
    fn requests(&self) -> Requests {
        Requests {
            per_second: self.rate(REQUESTS, &[]),
            in_flight: self.after.sum("sigma_http_requests_in_flight", &[]),
            connections: self.after.sum("sigma_http_connections", &[]),
            p50_seconds: self.quantile(0.5, REQUEST_SECONDS, &[]),
            p99_seconds: self.quantile(0.99, REQUEST_SECONDS, &[]),
            client_errors_per_second: self.rate(REQUESTS, &[("status", "4xx")]),
            server_errors_per_second: self.rate(REQUESTS, &[("status", "5xx")]),
            rate_limited_per_second: self.rate("sigma_http_rate_limited_total", &[]),
        }
    }

    fn routes(&self) -> Vec<RouteUse> {
        let of = |[method, route]: [String; 2]| {
            let named = [("method", method.as_str()), ("route", route.as_str())];
            let with = |status| [("method", method.as_str()), ("route", route.as_str()), ("status", status)];
            RouteUse {
                per_second: self.rate(REQUESTS, &named),
                p50_seconds: self.quantile(0.5, REQUEST_SECONDS, &named),
                p99_seconds: self.quantile(0.99, REQUEST_SECONDS, &named),
                client_errors_per_second: self.rate(REQUESTS, &with("4xx")),
                server_errors_per_second: self.rate(REQUESTS, &with("5xx")),
                method,
                route,
            }
        };
        let mut routes: Vec<_> = self.after.values(REQUESTS, ["method", "route"]).into_iter().map(of).collect();
        routes.retain(|route| route.per_second > 0.0);
        routes.sort_by(|one, other| other.per_second.total_cmp(&one.per_second));
        routes.truncate(ROUTES);
        routes
    }

    fn operations(&self) -> StoreUse {
        const DONE: &str = "sigma_store_operations_total";
        let of = |queue| [("queue", queue)];
        StoreUse {
            reads_per_second: self.rate(DONE, &of("read")),
            writes_per_second: self.rate(DONE, &of("write")),
            failed_per_second: self.rate(DONE, &[("outcome", "failed")]) + self.rate(DONE, &[("outcome", "refused")]),
            waiting_reads: self.after.sum("sigma_store_waiting", &of("read")),
            waiting_writes: self.after.sum("sigma_store_waiting", &of("write")),
            wait_p99_seconds: self.quantile(0.99, "sigma_store_wait_seconds", &[]),
            commit_p99_seconds: self.quantile(0.99, "sigma_store_commit_seconds", &[]),
            operations_per_commit: self.ratio(
                "sigma_store_commit_operations_sum",
                "sigma_store_commit_operations_count",
                &[],
            ),
            conflicts_per_second: self.rate("sigma_store_conflicts_total", &[]),
            connections: self.after.sum("sigma_store_connections", &[]),
            feed_age_seconds: self.after.sum("sigma_store_feed_age_seconds", &[]),
            size_bytes: self.after.sum("sigma_store_size_bytes", &[]),
            wal_bytes: self.after.sum("sigma_store_wal_bytes", &[]),
        }
    }

    fn caches(&self) -> Vec<CacheUse> {
        const READS: &str = "sigma_cache_reads_total";
        let of = |[cache]: [String; 1]| {
            let named = [("cache", cache.as_str())];
            let reads = self.growth(READS, &named);
            let hits = self.growth(READS, &[("cache", cache.as_str()), ("outcome", "hit")]);
            CacheUse {
                entries: self.after.sum("sigma_cache_entries", &named),
                hits: (reads > 0.0).then(|| hits / reads),
                cache,
            }
        };
        let mut caches: Vec<_> = self.after.values(READS, ["cache"]).into_iter().map(of).collect();
        caches.retain(|cache| cache.entries > 0.0 || cache.hits.is_some());
        caches
    }

    fn passwords(&self) -> Passwords {
        let of = |outcome| self.rate("sigma_password_sign_ins_total", &[("outcome", outcome)]);
        Passwords {
            right_per_second: of("right"),
            wrong_per_second: of("wrong"),
            refused_per_second: self.rate("sigma_hash_refused_total", &[]),
            waiting: self.after.sum("sigma_hash_waiting", &[]),
            p50_seconds: self.quantile(0.5, "sigma_hash_seconds", &[]),
        }
    }

    fn sent(&self) -> Vec<Sent> {
        let of = |kind, name: &str, done: &[&str], waiting| {
            let all = self.rate(name, &[]);
            let done: f64 = done.iter().map(|outcome| self.rate(name, &[("outcome", outcome)])).sum();
            Sent { kind, done_per_second: done, failed_per_second: (all - done).max(0.0), waiting }
        };
        vec![
            of("mails", "sigma_mails_total", &["sent"], Some(self.after.sum("sigma_mails_waiting", &[]))),
            of("webhooks", "sigma_webhook_deliveries_total", &["delivered"], None),
            of("logouts", "sigma_backchannel_logouts_total", &["delivered"], None),
            of("outgoing", "sigma_outgoing_requests_total", &["2xx", "3xx", "4xx"], None),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(requests: u32, fast: u32) -> Page {
        Page::parse(&format!(
            "sigma_build_info{{version=\"1.2.3\",store=\"SQLite\"}} 1\nprocess_start_time_seconds 1000\n\
             sigma_http_requests_total{{route=\"/a\",method=\"GET\",status=\"2xx\"}} {requests}\n\
             sigma_http_request_seconds_bucket{{route=\"/a\",method=\"GET\",status=\"2xx\",le=\"0.001\"}} {fast}\n\
             sigma_http_request_seconds_bucket{{route=\"/a\",method=\"GET\",status=\"2xx\",le=\"0.01\"}} {requests}\n\
             sigma_http_request_seconds_bucket{{route=\"/a\",method=\"GET\",status=\"2xx\",le=\"+Inf\"}} {requests}\n"
        ))
    }

    #[test]
    fn rates_and_quantiles_are_those_of_the_time_between_two_pages() {
        let summary = Summary::new(Some(&page(100, 100)), &page(300, 200), 2.0, 1_060.0);
        assert_eq!((summary.version.as_str(), summary.store.as_str()), ("1.2.3", "SQLite"));
        let of = |value: f64| format!("{value:.4}");
        assert_eq!([of(summary.requests.per_second), of(summary.uptime_seconds)], ["100.0000", "60.0000"]);
        // Half of the 200 were at most a millisecond, the others at most ten.
        assert_eq!(summary.routes[0].p50_seconds.map(of).as_deref(), Some("0.0010"));
        assert_eq!(summary.routes[0].p99_seconds.map(of).as_deref(), Some("0.0098"));
        assert_eq!(summary.routes.len(), 1);
    }

    #[test]
    fn without_an_earlier_page_and_after_a_restart_it_counts_from_the_start() {
        let since_start = Summary::new(None, &page(120, 120), 0.0, 1_060.0);
        assert_eq!(format!("{:.1}", since_start.requests.per_second), "2.0");
        let restarted = Summary::new(Some(&page(500, 500)), &page(20, 20), 10.0, 1_001.0);
        assert_eq!(format!("{:.1}", restarted.requests.per_second), "2.0");
        let idle = Summary::new(Some(&page(5, 5)), &page(5, 5), 10.0, 1_001.0);
        assert!(idle.routes.is_empty() && idle.requests.p50_seconds.is_none());
    }
}
