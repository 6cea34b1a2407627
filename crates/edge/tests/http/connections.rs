//! Whole connections: what clients may send, how slowly, and how a connection ends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use bytes::Bytes;
use http::Response;
use sigma_core::time::{ManualClock, Timestamp};
use sigma_edge::settings::Settings;
use sigma_edge::{Surface, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use crate::support::edge;

/// How long to wait for what must come: a busy machine is slow, a broken one never gets there.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server on a port of its own.
struct Server {
    address: SocketAddr,
    /// Requests that reached the handler of `/`.
    seen: Arc<AtomicUsize>,
    /// `/wait` has begun, and may continue.
    begun: Arc<Notify>,
    go_on: Arc<Notify>,
    /// Responses of `/large` that were created, and those whose bytes are freed.
    made: Arc<AtomicUsize>,
    gone: Arc<AtomicUsize>,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
}

/// The bytes of a response, which report when they are freed.
struct Large {
    bytes: Vec<u8>,
    gone: Arc<AtomicUsize>,
}

impl AsRef<[u8]> for Large {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Large {
    fn drop(&mut self) {
        self.gone.fetch_add(1, Ordering::SeqCst);
    }
}

impl Server {
    async fn start(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::default();
        settings.limits.enabled = false;
        change(&mut settings);
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_800_000_000)));
        let edge = edge(&settings, Surface::new(), clock);
        let (seen, begun, go_on) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (count, waits) = (seen.clone(), (begun.clone(), go_on.clone()));
        let (made, gone) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counts = (made.clone(), gone.clone());
        let router = Router::new()
            .route(
                "/large",
                get(move || {
                    counts.0.fetch_add(1, Ordering::SeqCst);
                    // More than any socket buffers.
                    let bytes = Bytes::from_owner(Large { bytes: vec![0; 32 << 20], gone: counts.1.clone() });
                    async { Response::new(Body::from(bytes)) }
                }),
            )
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
        Self { address, seen, begun, go_on, made, gone, stop: Some(stop), running }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn connect_from(&self, address: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(format!("{address}:0").parse().unwrap()).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Sends `bytes` and reads until the server closes the connection.
    async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // The server may stop reading early; what counts is its response.
        let _ = stream.write_all(bytes).await;
        rest(&mut stream).await
    }
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    String::from_utf8(answer).unwrap()
}

/// Reads one response from a connection that stays open.
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
async fn invalid_http_is_400() {
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
async fn a_request_that_does_not_name_one_host_is_400() {
    let server = Server::start(|_| {}).await;
    for hosts in [
        "",
        "host: a\r\nhost: b\r\n",
        "host: a\r\nHOST: a\r\n",
        "host:\r\n",
        "host: a b\r\n",
        "host: u@a\r\n",
        "host: a:b\r\n",
    ] {
        for method in ["GET", "POST", "OPTIONS", "PUT"] {
            let request =
                format!("{method} /api/echo HTTP/1.1\r\n{hosts}content-length: 0\r\nconnection: close\r\n\r\n");
            let answer = server.exchange(request.as_bytes()).await;
            assert!(answer.starts_with("HTTP/1.1 400 "), "{request}: {answer}");
            assert!(answer.contains(r#"{"error":"invalid_request","#), "{request}: {answer}");
        }
    }
    let answer = server.exchange(b"GET / HTTP/1.0\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.0 200 "), "{answer}");
    let answer = server.exchange(b"GET / HTTP/1.0\r\nhost: a\r\nhost: b\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.0 400 "), "{answer}");
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
async fn an_oversized_expect_continue_is_rejected() {
    let server = Server::start(|_| {}).await;
    let head = b"POST /api/echo HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 99999999\r\n\r\n";
    assert!(server.exchange(head).await.starts_with("HTTP/1.1 413 "));
}

/// Opens a connection that answered one request and is now idle.
async fn idle(server: &Server) -> TcpStream {
    let mut stream = server.connect().await;
    stream.write_all(GET).await.unwrap();
    assert!(answer(&mut stream).await.ends_with("welcome"));
    stream
}

/// Opens a connection whose request is being answered.
async fn busy(server: &Server) -> TcpStream {
    let mut stream = server.connect().await;
    stream.write_all(b"GET /wait HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    server.begun.notified().await;
    stream
}

/// Whether a connection still gets responses.
async fn is_open(stream: &mut TcpStream) -> bool {
    let _ = stream.write_all(GET).await;
    let mut piece = [0; 4096];
    matches!(tokio::time::timeout(PATIENCE, stream.read(&mut piece)).await.unwrap(), Ok(read) if read > 0)
}

#[tokio::test]
async fn a_new_connection_closes_the_longest_idle_one() {
    let server = Server::start(|settings| settings.http.connections = 3).await;
    let mut first = idle(&server).await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    let mut second = idle(&server).await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    // Opened first, but used last.
    first.write_all(GET).await.unwrap();
    assert!(answer(&mut first).await.ends_with("welcome"));
    let mut waiting = busy(&server).await;
    let mut newcomer = idle(&server).await;
    assert_eq!(rest(&mut second).await, "");
    assert!(is_open(&mut first).await && is_open(&mut newcomer).await);
    server.go_on.notify_one();
    assert!(answer(&mut waiting).await.ends_with("finished"));
}

#[tokio::test]
async fn a_new_connection_waits_while_all_are_busy() {
    let server = Server::start(|settings| settings.http.connections = 1).await;
    let mut first = busy(&server).await;
    let mut second = server.connect().await;
    second.write_all(GET).await.unwrap();
    assert_eq!(server.seen.load(Ordering::SeqCst), 0);
    server.go_on.notify_one();
    assert!(answer(&mut first).await.ends_with("finished"));
    assert!(answer(&mut second).await.ends_with("welcome"));
}

#[tokio::test]
async fn an_address_has_its_share_of_the_connections() {
    let server = Server::start(|settings| settings.http.connections_per_address = 2).await;
    let mut waiting = busy(&server).await;
    let mut idler = idle(&server).await;
    let mut third = idle(&server).await;
    assert_eq!(rest(&mut idler).await, "", "its own longest idle one made room");
    assert!(is_open(&mut third).await);
    let mut other = server.connect_from("127.0.0.2").await;
    assert!(is_open(&mut other).await, "another address has a share of its own");
    server.go_on.notify_one();
    assert!(answer(&mut waiting).await.ends_with("finished"));
}

#[tokio::test]
async fn an_address_whose_connections_are_all_being_answered_gets_no_more() {
    let server = Server::start(|settings| settings.http.connections_per_address = 1).await;
    let mut waiting = busy(&server).await;
    let mut refused = server.connect().await;
    assert!(!is_open(&mut refused).await);
    assert!(is_open(&mut server.connect_from("127.0.0.2").await).await);
    server.go_on.notify_one();
    assert!(answer(&mut waiting).await.ends_with("finished"));
}

#[tokio::test]
async fn a_trusted_proxy_has_no_share_of_its_own() {
    let server = Server::start(|settings| {
        settings.http.connections_per_address = 1;
        settings.http.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let (mut one, mut two) = (idle(&server).await, idle(&server).await);
    assert!(is_open(&mut one).await && is_open(&mut two).await);
}

#[tokio::test]
async fn an_idle_connection_ends_after_the_idle_time_and_not_after_that_of_a_head() {
    let server = Server::start(|settings| {
        settings.http.header_seconds = 1;
        settings.http.idle_seconds = 3;
    })
    .await;
    let mut stream = idle(&server).await;
    let mut piece = [0; 1];
    // Longer than a head may take: the connection stays open, and its next request is answered.
    assert!(tokio::time::timeout(Duration::from_millis(1_500), stream.read(&mut piece)).await.is_err());
    stream.write_all(b"\r\n").await.unwrap();
    stream.write_all(GET).await.unwrap();
    assert!(answer(&mut stream).await.ends_with("welcome"));
    assert_eq!(rest(&mut stream).await, "", "it ends when its idle time is over");
}

#[tokio::test]
async fn a_slow_head_on_a_connection_that_was_idle_ends_after_the_time_of_a_head() {
    let server = Server::start(|settings| {
        settings.http.header_seconds = 1;
        settings.http.idle_seconds = 3_600;
    })
    .await;
    let mut stream = idle(&server).await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost:").await.unwrap();
    assert_eq!(rest(&mut stream).await, "");
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A whole request on a stream: GET http x /.
fn get_on(stream: u8) -> Vec<u8> {
    vec![0, 0, 6, 1, 5, 0, 0, 0, stream, 0x82, 0x84, 0x86, 0x41, 1, b'x']
}

async fn read_until(stream: &mut TcpStream, wanted: &[u8]) {
    let mut answer = Vec::new();
    while !answer.windows(wanted.len()).any(|window| window == wanted) {
        let mut piece = [0; 4096];
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut piece)).await.unwrap().unwrap();
        assert_ne!(read, 0, "closed after {answer:?}");
        answer.extend_from_slice(&piece[..read]);
    }
}

#[tokio::test]
async fn pings_do_not_keep_an_http_2_connection() {
    let server = Server::start(|settings| settings.http.idle_seconds = 1).await;
    let mut stream = server.connect().await;
    stream.write_all(&[PREFACE, &get_on(1)].concat()).await.unwrap();
    read_until(&mut stream, b"welcome").await;
    let ended = async {
        let mut piece = [0; 4096];
        loop {
            // A PING every 100 ms, for as long as somebody listens.
            if stream.write_all(&[0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]).await.is_err() {
                return;
            }
            if let Ok(read) = tokio::time::timeout(Duration::from_millis(100), stream.read(&mut piece)).await
                && !matches!(read, Ok(1..))
            {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.unwrap();
}

#[tokio::test]
async fn an_idle_http_2_connection_is_told_before_it_ends_and_what_crosses_is_answered() {
    let server = Server::start(|settings| settings.http.idle_seconds = 1).await;
    let mut stream = server.connect().await;
    stream.write_all(&[PREFACE, &get_on(1)].concat()).await.unwrap();
    read_until(&mut stream, b"welcome").await;
    // GOAWAY that refuses nothing yet (RFC 9113 §6.8), and a PING to detect that it was processed.
    read_until(&mut stream, &[0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff]).await;
    stream.write_all(&get_on(3)).await.unwrap();
    read_until(&mut stream, b"welcome").await;
}

#[tokio::test]
async fn an_http_2_connection_without_a_request_ends_after_the_time_of_a_head() {
    let server = Server::start(|settings| settings.http.header_seconds = 1).await;
    let mut stream = server.connect().await;
    stream.write_all(PREFACE).await.unwrap();
    let mut reported = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut reported)).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_idle_http_2_connection_is_among_those_that_make_room() {
    let server = Server::start(|settings| settings.http.connections = 1).await;
    let mut stream = server.connect().await;
    stream.write_all(&[PREFACE, &get_on(1)].concat()).await.unwrap();
    read_until(&mut stream, b"welcome").await;
    let mut newcomer = idle(&server).await;
    assert!(is_open(&mut newcomer).await);
    let mut reported = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut reported)).await.unwrap();
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_is_ended() {
    let server = Server::start(|settings| settings.http.send_seconds = 1).await;
    for http2 in [false, true] {
        let mut stream = server.connect().await;
        let request = if http2 {
            // GET http x /large, which HPACK writes as a literal path.
            let head = [&[0x82, 0x86, 0x04, 6][..], b"/large", &[0x41, 1, b'x']].concat();
            let length = u8::try_from(head.len()).unwrap();
            [PREFACE, &[0, 0, length, 1, 5, 0, 0, 0, 1], &head].concat()
        } else {
            b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n".to_vec()
        };
        stream.write_all(&request).await.unwrap();
        // Reads nothing, for as long as the server has bytes to send.
        let ended = async {
            while server.gone.load(Ordering::SeqCst) < 1 + usize::from(http2) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, ended).await.unwrap();
        assert_eq!(server.made.load(Ordering::SeqCst), 1 + usize::from(http2));
    }
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
    stream.write_all(&[PREFACE, &get_on(1)].concat()).await.unwrap();
    read_until(&mut stream, b"welcome").await;
}
