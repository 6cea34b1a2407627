//! TLS: certificates are reloaded when their files change, and a broken renewal does no harm.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use sigma_core::time::ManualClock;
use sigma_edge::settings::{Settings, Tls};
use sigma_edge::{RequestContext, Surface, TlsError, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

use crate::support;

/// How long to wait for what must come: a busy machine is slow, a broken one never gets there.
const PATIENCE: Duration = Duration::from_mins(1);

/// Writes a new certificate for `localhost` with its key; returns what a client must trust.
fn renew(files: &Tls) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    made.cert.der().clone()
}

fn files(folder: &Path) -> Tls {
    Tls { certificate: folder.join("tls.crt"), key: folder.join("tls.key") }
}

fn settings(files: &Tls, header_seconds: u32) -> Settings {
    let issuer = "https://localhost".to_owned();
    let mut settings = Settings { issuer, tls: Some(files.clone()), ..Settings::default() };
    settings.http.header_seconds = header_seconds;
    settings
}

/// A server that waits `header_seconds` for a handshake and a request head.
async fn start(files: &Tls, header_seconds: u32) -> SocketAddr {
    let settings = settings(files, header_seconds);
    let edge = support::edge(&settings, Surface::new(), Arc::new(ManualClock::default()));
    let secure = |context: RequestContext| async move { format!("secure: {}", context.is_secure()) };
    let router = Router::new().route("/", get(secure));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { serve(listener, router, edge, &settings, std::future::pending()).await });
    address
}

/// The response to `GET /` for a client that trusts only `certificate` and offers `protocol`, and the protocol
/// negotiated.
async fn get_root(
    address: SocketAddr,
    certificate: &CertificateDer<'static>,
    protocol: &[u8],
) -> std::io::Result<(String, Vec<u8>)> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let tcp = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await?;
    let agreed = stream.get_ref().1.alpn_protocol().unwrap_or_default().to_vec();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok((String::from_utf8_lossy(&answer).into_owned(), agreed))
}

#[tokio::test]
async fn a_request_over_tls_is_secure_and_told_to_stay_so() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    let certificate = renew(&files);
    let address = start(&files, 30).await;
    let (answer, agreed) = get_root(address, &certificate, b"http/1.1").await.unwrap();
    assert!(answer.ends_with("secure: true"), "{answer}");
    assert!(answer.contains("strict-transport-security: max-age=31536000"), "{answer}");
    assert_eq!(agreed, b"http/1.1");
    let (_, agreed) = get_root(address, &certificate, b"h2").await.unwrap();
    assert_eq!(agreed, b"h2");
}

#[tokio::test]
async fn a_renewed_certificate_is_used_without_a_restart_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    let old = renew(&files);
    let address = start(&files, 30).await;
    assert!(get_root(address, &old, b"http/1.1").await.is_ok());
    let new = renew(&files);
    // The files are checked every two seconds by the system's clock.
    let renewed = async {
        while get_root(address, &new, b"http/1.1").await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, renewed).await.unwrap();
    assert!(get_root(address, &old, b"http/1.1").await.is_err());
    std::fs::write(&files.certificate, "half of a certifi").unwrap();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert!(get_root(address, &new, b"http/1.1").await.is_ok());
}

#[tokio::test]
async fn a_client_without_tls_is_disconnected() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    renew(&files);
    let address = start(&files, 1).await;
    for sent in [&b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"[..], b"", b"\x16\x03\x01"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(sent).await.unwrap();
        let mut answer = Vec::new();
        let closed = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        assert!(closed.is_ok(), "still open after {sent:?}");
        assert!(!answer.starts_with(b"HTTP"));
    }
}

#[tokio::test]
async fn a_missing_certificate_is_named_at_startup() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    let settings = settings(&files, 1);
    let edge = support::edge(&settings, Surface::new(), Arc::new(ManualClock::default()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let error = serve(listener, Router::new(), edge, &settings, std::future::pending()).await.unwrap_err();
    assert!(matches!(&error, TlsError::File { file, .. } if file.ends_with("tls.crt")), "{error}");
    let first = renew(&files);
    let key = std::fs::read(&files.key).unwrap();
    renew(&files);
    std::fs::write(&files.key, key).unwrap();
    let edge = support::edge(&settings, Surface::new(), Arc::new(ManualClock::default()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let error = serve(listener, Router::new(), edge, &settings, std::future::pending()).await.unwrap_err();
    assert!(matches!(error, TlsError::Mismatch { .. }), "{error}");
    drop(first);
}

#[tokio::test]
async fn sighup_always_reloads_the_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    let old = renew(&files);
    let address = start(&files, 30).await;
    assert!(get_root(address, &old, b"http/1.1").await.is_ok());
    let stamps = [&files.certificate, &files.key].map(|file| {
        let metadata = std::fs::metadata(file).unwrap();
        (file, metadata.modified().unwrap(), metadata.len())
    });
    // A renewal of the same length and time, as a copy that preserves times would leave it.
    let new = loop {
        let new = renew(&files);
        if stamps.iter().all(|(file, _, length)| std::fs::metadata(file).unwrap().len() == *length) {
            break new;
        }
    };
    for (file, modified, _) in stamps {
        std::fs::File::options().append(true).open(file).unwrap().set_modified(modified).unwrap();
    }
    let hangup = std::process::Command::new("kill").args(["-HUP", &std::process::id().to_string()]).status().unwrap();
    assert!(hangup.success());
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while get_root(address, &new, b"http/1.1").await.is_err() {
        assert!(tokio::time::Instant::now() < deadline, "the new certificate is not used");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
