//! Traces and metrics that a server sends to a collector.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;

use crate::support::{Installation, ask, get, serve};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// What a collector was sent.
struct Report {
    path: String,
    headers: String,
    body: String,
}

/// A collector that takes everything, until the test ends.
fn collector() -> (String, Receiver<Report>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (report, reports) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut headers = String::new();
            while !headers.ends_with("\r\n\r\n") {
                assert_ne!(stream.read_line(&mut headers).unwrap(), 0);
            }
            let headers = headers.to_ascii_lowercase();
            let length = headers.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            let mut body = vec![0; length.parse().unwrap()];
            stream.read_exact(&mut body).unwrap();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
            stream.get_mut().write_all(answer).unwrap();
            let path = headers.split(' ').nth(1).unwrap().to_owned();
            if report.send(Report { path, headers, body: String::from_utf8(body).unwrap() }).is_err() {
                return;
            }
        }
    });
    (address, reports)
}

/// The attributes of a span, as `key=value`.
fn attributes(span: &Value) -> Vec<String> {
    let of = |attribute: &Value| {
        let value = &attribute["value"];
        let value = value["stringValue"].as_str().or(value["intValue"].as_str()).unwrap();
        format!("{}={value}", attribute["key"].as_str().unwrap())
    };
    span["attributes"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn a_collector_is_sent_traces_and_metrics_without_secrets() {
    let (endpoint, reports) = collector();
    let sigma = Installation::with(&format!(
        "listen = '127.0.0.1:0'\n[sign_in]\nmethods = ['password']\n[telemetry]\nendpoint = '{endpoint}'\nsample = 1.0\n\
         headers = {{ authorization = 'Bearer of-the-collector' }}\n"
    ));
    let (server, address) = serve(&sigma);
    let head = format!("Host: localhost:8080\r\nConnection: close\r\ntraceparent: 00-{TRACE}-{CALLER}-00\r\n");
    ask(&address, &format!("GET /.well-known/openid-configuration?hidden=query HTTP/1.1\r\n{head}\r\n"));
    let form = "email=ada%40example.org&password=correct+horse";
    let (refused, _) = ask(
        &address,
        &format!(
            "POST /login/password HTTP/1.1\r\n{head}Origin: http://localhost:8080\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        ),
    );
    assert!(refused.starts_with("HTTP/1.1 4"), "{refused}");
    assert_eq!(server.stop(), Some(0));

    let reports: Vec<Report> = reports.try_iter().collect();
    assert!(reports.iter().all(|report| report.headers.contains("authorization: bearer of-the-collector")));
    let of = |path: &'static str| {
        let mut bodies = reports.iter().filter(move |report| report.path == path).map(|report| &report.body);
        bodies.next_back().unwrap_or_else(|| panic!("nothing was sent to {path}"))
    };
    // A slow machine needs several reports.
    let spans: Vec<Value> = reports
        .iter()
        .filter(|report| report.path == "/v1/traces")
        .flat_map(|report| {
            let traces: Value = serde_json::from_str(&report.body).unwrap();
            traces["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone()
        })
        .collect();
    let named =
        |name: &str| spans.iter().find(|span| span["name"] == name).unwrap_or_else(|| panic!("{name}: {spans:?}"));
    let discovery = named("GET /.well-known/openid-configuration");
    // The caller's trace goes on, and that it is not recorded there changes nothing here.
    assert_eq!((&discovery["traceId"], &discovery["parentSpanId"]), (&TRACE.into(), &CALLER.into()));
    assert_eq!((&discovery["kind"], &discovery["status"]), (&2.into(), &serde_json::json!({})));
    let known = attributes(discovery);
    assert!(known.contains(&"http.response.status_code=200".to_owned()), "{known:?}");
    assert!(known.iter().any(|attribute| attribute.starts_with("sigma.request_id=req_")), "{known:?}");
    let sign_in = named("POST /login/password");
    assert_eq!(named("hash a password")["parentSpanId"], sign_in["spanId"]);
    let operations: Vec<_> =
        spans.iter().filter(|span| attributes(span).iter().any(|of| of.starts_with("db."))).collect();
    assert!(operations.iter().any(|operation| operation["parentSpanId"] == sign_in["spanId"]), "{spans:?}");
    for secret in ["example.org", "correct", "horse", "hidden", "127.0.0.1", "of-the-collector"] {
        assert!(!reports.iter().any(|report| report.body.contains(secret)), "{secret}");
    }
    let metrics: Value = serde_json::from_str(of("/v1/metrics")).unwrap();
    let metrics = metrics["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap();
    let requests = metrics.iter().find(|metric| metric["name"] == "sigma_http_requests_total").unwrap();
    assert_eq!(requests["sum"]["isMonotonic"], true);
    assert!(requests["sum"]["dataPoints"].as_array().unwrap().iter().any(|point| point["asInt"] == "1"), "{requests}");
}

#[test]
fn a_collector_that_hangs_holds_up_neither_requests_nor_the_end() {
    // Its connections are accepted by the system alone.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = silent.local_addr().unwrap();
    let sigma = Installation::with(&format!(
        "listen = '127.0.0.1:0'\n[telemetry]\nendpoint = 'http://{endpoint}'\nsample = 1.0\n"
    ));
    let (server, address) = serve(&sigma);
    // More than one batch.
    for _ in 0..600 {
        assert!(get(&address, "localhost:8080", "/livez").0.starts_with("HTTP/1.1 200"));
    }
    assert_eq!(server.stop(), Some(0));
}
