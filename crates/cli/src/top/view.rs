//! A summary as text.

use super::summary::{Sent, Summary};
use crate::output::table;
use crate::terminal::one_line;

/// The summary in lines.
pub fn lines(address: &str, summary: &Summary) -> Vec<String> {
    let (requests, store, passwords) = (&summary.requests, &summary.operations, &summary.passwords);
    let mut lines = vec![
        format!(
            "sigma {} on {} at {address}, up {}",
            one_line(&summary.version),
            one_line(&summary.store),
            span(summary.uptime_seconds)
        ),
        format!(
            "PROCESS    CPU {:.0} %   memory {}   threads {}   files {} of {}",
            summary.cpu * 100.0,
            bytes(summary.memory_bytes),
            whole(summary.threads),
            whole(summary.open_files),
            whole(summary.most_files)
        ),
        format!(
            "REQUESTS   {}/s   in flight {}   connections {}   p50 {}   p99 {}   4xx {}/s   5xx {}/s   429 {}/s",
            rate(requests.per_second),
            whole(requests.in_flight),
            whole(requests.connections),
            time(requests.p50_seconds),
            time(requests.p99_seconds),
            rate(requests.client_errors_per_second),
            rate(requests.server_errors_per_second),
            rate(requests.rate_limited_per_second)
        ),
        format!(
            "STORE      reads {}/s   writes {}/s   failed {}/s   waiting {} + {}   wait p99 {}   feed {:.1} s",
            rate(store.reads_per_second),
            rate(store.writes_per_second),
            rate(store.failed_per_second),
            whole(store.waiting_reads),
            whole(store.waiting_writes),
            time(store.wait_p99_seconds),
            store.feed_age_seconds
        ),
        format!(
            "           commit p99 {}   operations per commit {}   conflicts {}/s   connections {}   size {}   log {}",
            time(store.commit_p99_seconds),
            store.operations_per_commit.map_or_else(|| "-".to_owned(), |number| format!("{number:.1}")),
            rate(store.conflicts_per_second),
            whole(store.connections),
            bytes(store.size_bytes),
            bytes(store.wal_bytes)
        ),
        format!(
            "PASSWORDS  right {}/s   wrong {}/s   refused {}/s   waiting {}   hash p50 {}",
            rate(passwords.right_per_second),
            rate(passwords.wrong_per_second),
            rate(passwords.refused_per_second),
            whole(passwords.waiting),
            time(passwords.p50_seconds)
        ),
        format!("SENT       {}", summary.sent.iter().map(sent).collect::<Vec<_>>().join("   ")),
        format!(
            "FAILED     jobs {}/s   spans dropped {}/s",
            rate(summary.failed_jobs_per_second),
            rate(summary.spans_dropped_per_second)
        ),
    ];
    let caches = summary.caches.iter().map(|cache| {
        let hits = cache.hits.map_or_else(|| "-".to_owned(), |hits| format!("{:.1} %", hits * 100.0));
        format!("{} {hits} of {}", one_line(&cache.cache), whole(cache.entries))
    });
    let caches: Vec<_> = caches.collect();
    for (number, row) in caches.chunks(4).enumerate() {
        lines.push(format!("{}     {}", if number == 0 { "CACHES" } else { "      " }, row.join("   ")));
    }
    let rows: Vec<_> = summary
        .routes
        .iter()
        .map(|route| {
            [
                rate(route.per_second),
                time(route.p50_seconds),
                time(route.p99_seconds),
                rate(route.client_errors_per_second),
                rate(route.server_errors_per_second),
                format!("{} {}", route.method, route.route),
            ]
        })
        .collect();
    lines.push(String::new());
    lines.extend(table(["PER SECOND", "P50", "P99", "4XX/s", "5XX/s", "ROUTE"], &rows).lines().map(str::to_owned));
    lines
}

fn sent(sent: &Sent) -> String {
    let waiting = sent.waiting.map(|waiting| format!(" ({} waiting)", whole(waiting))).unwrap_or_default();
    format!("{} {}/s, failed {}/s{waiting}", sent.kind, rate(sent.done_per_second), rate(sent.failed_per_second))
}

fn rate(number: f64) -> String {
    if number == 0.0 || number >= 10.0 { whole(number) } else { format!("{number:.2}") }
}

fn whole(number: f64) -> String {
    format!("{number:.0}")
}

fn time(seconds: Option<f64>) -> String {
    match seconds {
        None => "-".to_owned(),
        Some(seconds) if seconds < 1.0 => format!("{:.1} ms", seconds * 1_000.0),
        Some(seconds) => format!("{seconds:.1} s"),
    }
}

fn bytes(bytes: f64) -> String {
    const MEBI: f64 = 1_048_576.0;
    if bytes >= 1_024.0 * MEBI {
        format!("{:.1} GiB", bytes / MEBI / 1_024.0)
    } else {
        format!("{:.1} MiB", bytes / MEBI)
    }
}

fn span(seconds: f64) -> String {
    let minutes = (seconds / 60.0).floor();
    match minutes {
        0.0..60.0 => format!("{minutes:.0} min"),
        60.0..1_440.0 => format!("{:.1} h", minutes / 60.0),
        _ => format!("{:.1} days", minutes / 1_440.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::page::Page;

    #[test]
    fn a_summary_is_shown_by_its_units() {
        let page = Page::parse(
            "sigma_build_info{version=\"1.2.3\\u{1b}\",store=\"SQLite\"} 1\nprocess_start_time_seconds 1000\n\
             process_resident_memory_bytes 33554432\nsigma_store_size_bytes 3221225472\n\
             sigma_http_requests_total{route=\"/a\",method=\"GET\",status=\"5xx\"} 240\n\
             sigma_cache_reads_total{cache=\"app\",outcome=\"hit\"} 3\nsigma_cache_reads_total{cache=\"app\",outcome=\"miss\"} 1\n",
        );
        let lines = lines("127.0.0.1:9090", &Summary::new(None, &page, 0.0, 1_120.0)).join("\n");
        for shown in [
            "on SQLite at 127.0.0.1:9090, up 2 min",
            "memory 32.0 MiB",
            "size 3.0 GiB",
            "5xx 2.00/s",
            "app 75.0 % of 0",
        ] {
            assert!(lines.contains(shown), "{shown}\n{lines}");
        }
        assert!(lines.ends_with("2.00        -    -    0      2.00   GET /a"), "{lines}");
    }
}
