//! Settings of traces and metrics that are sent to a collector.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::mask;

/// Traces and metrics for a collector of OpenTelemetry.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Telemetry {
    /// The collector's address for OTLP over HTTP, `http://127.0.0.1:4318`; nothing is recorded or sent without it.
    pub endpoint: Option<String>,
    /// Headers for the collector, such as `authorization`.
    #[serde(serialize_with = "mask::masked_values")]
    pub headers: BTreeMap<String, SecretString>,
    /// `service.name`.
    pub service: String,
    /// The share of the traces that are recorded, from 0 to 1.
    pub sample: f64,
    /// Whether callers decide if their traces are recorded.
    pub follow_callers: bool,
    /// Whether metrics are sent too.
    pub metrics: bool,
    /// How often they are.
    pub metrics_seconds: u32,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            endpoint: None,
            headers: BTreeMap::new(),
            service: "sigma".to_owned(),
            sample: 0.1,
            follow_callers: false,
            metrics: true,
            metrics_seconds: 60,
        }
    }
}

impl Telemetry {
    /// What is wrong with them, by key.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        if let Some(endpoint) = &self.endpoint
            && let Err(problem) = self.check_endpoint(endpoint)
        {
            problems.push(("telemetry.endpoint", problem));
        }
        if !(0.0..=1.0).contains(&self.sample) {
            problems.push(("telemetry.sample", "must be from 0 (no trace) to 1 (all)".to_owned()));
        }
        if !(5..=3_600).contains(&self.metrics_seconds) {
            problems.push(("telemetry.metrics_seconds", "must be from 5 to 3600".to_owned()));
        }
        for (name, value) in &self.headers {
            if http::HeaderName::try_from(name).is_err() {
                problems.push(("telemetry.headers", format!("\"{name}\" is not the name of a header")));
            }
            if http::HeaderValue::try_from(value.expose_secret()).is_err() {
                problems.push(("telemetry.headers", format!("\"{name}\" has a value that no header can have")));
            }
        }
        problems
    }

    fn check_endpoint(&self, endpoint: &str) -> Result<(), String> {
        let url = Url::parse(endpoint).map_err(|_| "is not a URL, such as \"http://127.0.0.1:4318\"".to_owned())?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err("must be an http or https URL".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must hold no credentials: put them into telemetry.headers".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must end with the path; \"/v1/traces\" and \"/v1/metrics\" are appended".to_owned());
        }
        let is_here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if url.scheme() == "http" && !is_here && !self.headers.is_empty() {
            return Err("must be https on another machine, or telemetry.headers would be sent unencrypted".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_only_sent_encrypted() {
        let headers = BTreeMap::from([("authorization".to_owned(), SecretString::from("Bearer x"))]);
        for (endpoint, with_headers, expected) in [
            ("http://127.0.0.1:4318", true, ""),
            ("http://collector:4318", false, ""),
            ("https://collector.example.org/otlp", true, ""),
            ("http://collector:4318", true, "must be https"),
            ("https://user:secret@collector", false, "no credentials"),
            ("grpc://collector:4317", false, "http or https"),
            ("collector", false, "is not a URL"),
            ("https://collector/?token=x", false, "must end with the path"),
        ] {
            let headers = if with_headers { headers.clone() } else { BTreeMap::new() };
            let settings = Telemetry { endpoint: Some(endpoint.to_owned()), headers, ..Telemetry::default() };
            let problems = settings.problems();
            let found = problems.first().map_or("", |(_, problem)| problem);
            assert!(
                if expected.is_empty() { found.is_empty() } else { found.contains(expected) },
                "{endpoint}: {found}"
            );
        }
        let odd = Telemetry { sample: 1.5, metrics_seconds: 1, ..Telemetry::default() };
        assert_eq!(odd.problems().len(), 2);
    }
}
