//! The page of metrics that a server shows to Prometheus.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use crate::failure::Failure;

/// How long a server may take to show it.
const PATIENCE: Duration = Duration::from_secs(5);
/// The largest page: that of 10,000 series and more.
const LARGEST: u64 = 32 << 20;

/// A page of metrics.
#[derive(Debug, Default)]
pub struct Page(Vec<Sample>);

/// One line.
#[derive(Debug, PartialEq)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Page {
    /// Asks `address`, a host and a port, for `/metrics`.
    ///
    /// # Errors
    /// It does not answer.
    pub fn of(address: &str) -> Result<Self, Failure> {
        let failed = |cause: String| Failure::Store(format!("{address} shows no metrics: {cause}"));
        let text = fetch(address).map_err(|error| failed(error.to_string()))?;
        let (head, body) = text.split_once("\r\n\r\n").ok_or_else(|| failed("the answer is cut short".to_owned()))?;
        let status = head.split(' ').nth(1).unwrap_or_default();
        if status != "200" {
            return Err(failed(format!("it answered {status}")));
        }
        let page = Self::parse(body);
        if page.0.iter().any(|sample| sample.name == "sigma_build_info") {
            Ok(page)
        } else {
            Err(failed("it is not the address of a Sigma's [metrics]".to_owned()))
        }
    }

    /// The samples of a text in Prometheus' format; other lines are skipped.
    pub fn parse(text: &str) -> Self {
        Self(text.lines().filter(|line| !line.starts_with('#')).filter_map(Sample::parse).collect())
    }

    /// The sum of the series of `name` that have all of `labels`.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        // The sum of nothing would be -0.
        self.of_name(name, labels).fold(0.0, |sum, sample| sum + sample.value)
    }

    /// The value of a label of the first series of `name`.
    pub fn label(&self, name: &str, label: &str) -> String {
        let mut samples = self.of_name(name, &[]);
        samples.next().and_then(|sample| sample.labels.get(label).cloned()).unwrap_or_default()
    }

    /// The values that the labels `by` have in series of `name`.
    pub fn values<const N: usize>(&self, name: &str, by: [&str; N]) -> Vec<[String; N]> {
        let value = |sample: &Sample, label| sample.labels.get(label).cloned().unwrap_or_default();
        let mut values: Vec<_> = self.of_name(name, &[]).map(|sample| by.map(|label| value(sample, label))).collect();
        values.sort_unstable();
        values.dedup();
        values
    }

    /// The upper bounds of a histogram, and how many values are at most each, in all series that have all of `labels`.
    pub fn buckets(&self, name: &str, labels: &[(&str, &str)]) -> Vec<(f64, f64)> {
        let mut buckets: Vec<(f64, f64)> = Vec::new();
        for sample in self.of_name(&format!("{name}_bucket"), labels) {
            let Some(bound) = sample.labels.get("le").and_then(|bound| bound.parse::<f64>().ok()) else { continue };
            match buckets.iter_mut().find(|(other, _)| other.total_cmp(&bound).is_eq()) {
                Some((_, count)) => *count += sample.value,
                None => buckets.push((bound, sample.value)),
            }
        }
        buckets.sort_unstable_by(|(one, _), (other, _)| one.total_cmp(other));
        buckets
    }

    fn of_name(&self, name: &str, labels: &[(&str, &str)]) -> impl Iterator<Item = &Sample> {
        self.0.iter().filter(move |sample| {
            sample.name == name
                && labels.iter().all(|(label, value)| sample.labels.get(*label).is_some_and(|of| of == value))
        })
    }
}

impl Sample {
    /// `name{label="value",…} number`
    fn parse(line: &str) -> Option<Self> {
        let end = line.find(['{', ' '])?;
        let (name, rest) = line.split_at_checked(end)?;
        let mut labels = BTreeMap::new();
        let rest = match rest.strip_prefix('{') {
            None => rest,
            Some(mut rest) => loop {
                if let Some(after) = rest.strip_prefix('}') {
                    break after;
                }
                let (label, after) = rest.split_once("=\"")?;
                let (value, after) = quoted(after)?;
                labels.insert(label.trim_start_matches(',').to_owned(), value);
                rest = after;
            },
        };
        let value = rest.split_whitespace().next()?.parse().ok()?;
        Some(Self { name: name.to_owned(), labels, value })
    }
}

/// A value up to its closing quote, unescaped, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => match letters.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

/// The answer to `GET /metrics`, head and body. The page is read by this alone, without TLS, as Prometheus reads it.
fn fetch(address: &str) -> std::io::Result<String> {
    let mut last = std::io::Error::new(std::io::ErrorKind::NotFound, "the name has no address");
    for resolved in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&resolved, PATIENCE) {
            Ok(mut stream) => {
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                let request = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
                stream.write_all(request.as_bytes())?;
                let mut answer = Vec::new();
                stream.take(LARGEST).read_to_end(&mut answer)?;
                return Ok(String::from_utf8_lossy(&answer).into_owned());
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"# HELP sigma_mails_total Attempts to send a mail.
# TYPE sigma_mails_total counter
sigma_mails_total{outcome="sent"} 3
sigma_mails_total{outcome="failed"} 1
odd{a="x\"},\\",b="y"} 2.5
plain 7
no number
wait_bucket{queue="read",le="0.1"} 2
wait_bucket{queue="read",le="+Inf"} 3
wait_bucket{queue="write",le="0.1"} 5
wait_bucket{queue="write",le="+Inf"} 5
"#;

    #[test]
    fn a_page_is_summed_by_names_and_labels() {
        let page = Page::parse(TEXT);
        let sums = [
            page.sum("sigma_mails_total", &[]),
            page.sum("sigma_mails_total", &[("outcome", "sent")]),
            page.sum("plain", &[]),
            page.sum("nothing", &[]),
        ];
        assert_eq!(sums.map(|sum| format!("{sum}")), ["4", "3", "7", "0"]);
        assert_eq!(page.label("odd", "a"), "x\"},\\");
        assert_eq!(page.values("sigma_mails_total", ["outcome"]), [["failed"], ["sent"]]);
        assert_eq!(page.buckets("wait", &[]), [(0.1, 7.0), (f64::INFINITY, 8.0)]);
        assert_eq!(page.buckets("wait", &[("queue", "read")]), [(0.1, 2.0), (f64::INFINITY, 3.0)]);
    }
}
