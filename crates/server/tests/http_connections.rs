//! Whole connections: what a stranger may send, how slowly, and how a connection ends.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use sigma_core::random::SeededRng;
use sigma_core::time::{ManualClock, Timestamp};
use sigma_server::http::{Edge, serve};
use sigma_server::settings::Settings;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

/// How long to wait for what must come: a busy machine is slow, what is broken never comes.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server on a port of its own.
struct Server {
    address: SocketAddr,
    /// Requests that reached the handler of `/`.
    seen: Arc<AtomicUsize>,
    /// `/wait` has begun, and may go on.
    begun: Arc<Notify>,
    go_on: Arc<Notify>,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
}

impl Server {
    async fn start(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::default();
        settings.limits.enabled = false;
        change(&mut settings);
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_800_000_000)));
        let edge = Edge::new(&settings, [""; 0], clock, &SeededRng::new(1)).unwrap();
        let (seen, begun, go_on) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (count, waits) = (seen.clone(), (begun.clone(), go_on.clone()));
        let router = Router::new()
            .route(
                "/",
                get(move || {
                    count.fetch_add(1, Ordering::SeqCst);
                    async { "welcome" }
                }),
            )
            .route("/api/echo", post(|body: String| async move { body.len().to_string() }))
            .route(
                "/wait",
                get(move || async move {
                    waits.0.notify_one();
                    waits.1.notified().await;
                    "finished"
                }),
            );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(async move {
            let shutdown = async {
                let _ = stopped.await;
            };
            serve(listener, router, edge, &settings, shutdown).await.unwrap();
        });
        Self { address, seen, begun, go_on, stop: Some(stop), running }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Sends `bytes` and reads until the server closes the connection.
    async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // The server may stop reading early; what counts is what it says.
        let _ = stream.write_all(bytes).await;
        rest(&mut stream).await
    }
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    String::from_utf8(answer).unwrap()
}

/// Reads one answer of a connection that stays open.
async fn answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut piece)).await.unwrap().unwrap();
        answer.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&answer).into_owned();
        if read == 0 || text.ends_with("welcome") || text.ends_with("finished") {
            return text;
        }
    }
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

#[tokio::test]
async fn headers_of_100_kib_are_431() {
    let server = Server::start(|_| {}).await;
    let long = format!("GET / HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "a".repeat(100 * 1024));
    assert!(server.exchange(long.as_bytes()).await.starts_with("HTTP/1.1 431 "));
    let many = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "x-many: a\r\n".repeat(1_000));
    assert!(server.exchange(many.as_bytes()).await.starts_with("HTTP/1.1 431 "));
    assert_eq!(server.seen.load(Ordering::SeqCst), 0);
    let allowed =
        format!("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-long: {}\r\n\r\n", "a".repeat(60 * 1024));
    assert!(server.exchange(allowed.as_bytes()).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn bytes_that_are_no_http_are_400() {
    let server = Server::start(|_| {}).await;
    for request in [
        &b"GET /\0 HTTP/1.1\r\nhost: x\r\n\r\n"[..],
        b"GET / HTTP/1.1\r\nhost: x\r\nx-nul: a\0b\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost\0: x\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
        b"POST /api/echo HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /api/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"POST /api/echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n",
    ] {
        let answer = server.exchange(request).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{:?}: {answer}", String::from_utf8_lossy(request));
    }
}

#[tokio::test]
async fn a_nul_in_a_body_and_an_odd_request_target_do_no_harm() {
    let server = Server::start(|_| {}).await;
    let nul = b"POST /api/echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 3\r\n\r\na\0b";
    assert!(server.exchange(nul).await.ends_with("\r\n\r\n3"));
    for target in ["/%zz%/%00", "nowhere", "http://elsewhere/", "//", "/../..", "/?%00&&=%zz"] {
        let request = format!("GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let answer = server.exchange(request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 404 ") || answer.starts_with("HTTP/1.1 200 "), "{target}: {answer}");
    }
}

#[tokio::test]
async fn a_head_that_comes_too_slowly_ends_the_connection() {
    let server = Server::start(|settings| settings.http.header_seconds = 1).await;
    assert_eq!(server.exchange(b"GET / HTTP/1.1\r\nhost:").await, "");
    assert_eq!(server.exchange(b"").await, "");
    // Half of the HTTP/2 preface.
    assert_eq!(server.exchange(b"PRI * HTTP").await, "");
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_408() {
    let server = Server::start(|settings| settings.http.body_seconds = 1).await;
    let answer = server.exchange(b"POST /api/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc").await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains(r#"{"error":"invalid_request","error_description":"The body took too long""#), "{answer}");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_413_and_its_sender_can_read_it() {
    let server = Server::start(|_| {}).await;
    let sent = vec![b'x'; 1024 * 1024];
    let mut announced = b"POST /api/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1048576\r\n\r\n".to_vec();
    announced.extend_from_slice(&sent);
    let mut chunked = b"POST /api/echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n100000\r\n".to_vec();
    chunked.extend_from_slice(&sent);
    for request in [announced, chunked] {
        let answer = server.exchange(&request).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert!(answer.contains("larger than 65536 bytes"), "{answer}");
    }
}

#[tokio::test]
async fn a_client_that_asks_before_it_sends_too_much_is_not_told_to_go_on() {
    let server = Server::start(|_| {}).await;
    let head = b"POST /api/echo HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 99999999\r\n\r\n";
    assert!(server.exchange(head).await.starts_with("HTTP/1.1 413 "));
}

#[tokio::test]
async fn connections_over_the_cap_wait_for_a_place() {
    let server = Server::start(|settings| settings.http.connections = 1).await;
    let mut first = server.connect().await;
    first.write_all(GET).await.unwrap();
    assert!(answer(&mut first).await.ends_with("welcome"));
    let mut second = server.connect().await;
    second.write_all(GET).await.unwrap();
    // The first keeps its place and is served; the second, though it asked before, is not.
    for _ in 0..50 {
        first.write_all(GET).await.unwrap();
        assert!(answer(&mut first).await.ends_with("welcome"));
    }
    assert_eq!(server.seen.load(Ordering::SeqCst), 51);
    drop(first);
    assert!(answer(&mut second).await.ends_with("welcome"));
    assert_eq!(server.seen.load(Ordering::SeqCst), 52);
}

#[tokio::test]
async fn a_shutdown_finishes_what_is_in_flight_and_takes_nothing_new() {
    let mut server = Server::start(|_| {}).await;
    let mut waiting = server.connect().await;
    waiting.write_all(b"GET /wait HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    server.begun.notified().await;
    let mut idle = server.connect().await;
    idle.write_all(GET).await.unwrap();
    assert!(answer(&mut idle).await.ends_with("welcome"));
    server.stop();
    // The idle connection ends at once, and so does the listener.
    assert_eq!(rest(&mut idle).await, "");
    assert!(TcpStream::connect(server.address).await.is_err());
    assert!(!server.running.is_finished());
    server.go_on.notify_one();
    let finished = rest(&mut waiting).await;
    assert!(finished.starts_with("HTTP/1.1 200 ") && finished.ends_with("finished"), "{finished}");
    server.running.await.unwrap();
}

#[tokio::test]
async fn a_shutdown_ends_at_its_deadline_whatever_is_in_flight() {
    let mut server = Server::start(|settings| settings.http.shutdown_seconds = 1).await;
    let mut waiting = server.connect().await;
    waiting.write_all(b"GET /wait HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    server.begun.notified().await;
    server.stop();
    tokio::time::timeout(PATIENCE, server.running).await.unwrap().unwrap();
    assert_eq!(rest(&mut waiting).await, "");
}

#[tokio::test]
async fn http_2_is_spoken_without_tls_too() {
    let server = Server::start(|_| {}).await;
    let mut stream = server.connect().await;
    let mut request = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    // An empty SETTINGS frame, then HEADERS of stream 1 with END_STREAM and END_HEADERS: GET http x /.
    request.extend_from_slice(&[0, 0, 0, 4, 0, 0, 0, 0, 0]);
    request.extend_from_slice(&[0, 0, 6, 1, 5, 0, 0, 0, 1, 0x82, 0x84, 0x86, 0x41, 1, b'x']);
    stream.write_all(&request).await.unwrap();
    let mut answer = Vec::new();
    while !answer.windows(7).any(|window| window == b"welcome") {
        let mut piece = [0; 4096];
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut piece)).await.unwrap().unwrap();
        assert_ne!(read, 0, "closed after {answer:?}");
        answer.extend_from_slice(&piece[..read]);
    }
}
