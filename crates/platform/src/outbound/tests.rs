//! A server of somebody else, which behaves in every way but the expected.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::dns::{Addrs, Name, Resolving};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// Resolves every name to this machine, as an attacker's name server would.
struct Here;

impl Resolve for Here {
    fn resolve(&self, _: Name) -> Resolving {
        let here: Addrs = Box::new(std::iter::once(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))));
        Box::pin(async { Ok(here) })
    }
}

/// A server at `https://app.example.org`, and requests in progress at once there, at most.
struct Theirs {
    fetcher: Arc<Fetcher>,
    port: u16,
    most: Arc<AtomicUsize>,
}

impl Theirs {
    async fn serve(time_limit: Duration) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let signed = rcgen::generate_simple_self_signed(["app.example.org".to_owned()]).unwrap();
        let ca = reqwest::Certificate::from_der(signed.cert.der()).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(signed.signing_key.serialize_der()).unwrap();
        let config = rustls::ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![signed.cert.der().clone()], key)
            .unwrap();
        let tls = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let most = Arc::new(AtomicUsize::new(0));
        let (open, peak) = (Arc::new(AtomicUsize::new(0)), Arc::clone(&most));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, open, peak) = (tls.clone(), Arc::clone(&open), Arc::clone(&peak));
                tokio::spawn(async move {
                    let Ok(mut stream) = tls.accept(stream).await else { return };
                    peak.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let mut head = vec![0; 4_096];
                    let read = stream.read(&mut head).await.unwrap();
                    let head = String::from_utf8_lossy(&head[..read]).into_owned();
                    let body =
                        |length: usize| format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", "x".repeat(length));
                    let answer = match head.split(' ').nth(1).unwrap() {
                        "/redirect" => {
                            "HTTP/1.1 302 Found\r\nlocation: https://app.example.org/ok\r\ncontent-length: 0\r\n\r\n"
                                .to_owned()
                        }
                        "/largest" => body(LARGEST),
                        "/larger" => body(LARGEST + 1),
                        "/silent" => std::future::pending().await,
                        "/head" => head,
                        _ => body(2),
                    };
                    tokio::task::yield_now().await;
                    open.fetch_sub(1, Ordering::SeqCst);
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        let fetcher = Fetcher::with(Arc::new(Here), time_limit, move |client| client.tls_certs_only([ca.clone()]));
        Self { fetcher: Arc::new(fetcher), port, most }
    }

    async fn get(&self, path: &str) -> Result<usize, FetchError> {
        let url = format!("https://app.example.org:{}{path}", self.port);
        self.fetcher.get(&url).await.map(|body| body.len())
    }
}

#[tokio::test]
async fn answers_are_limited_and_redirects_not_followed() {
    let theirs = Theirs::serve(Duration::from_mins(1)).await;
    assert_eq!(theirs.get("/ok").await, Ok(2));
    assert_eq!(theirs.get("/largest").await, Ok(LARGEST));
    assert_eq!(theirs.get("/larger").await, Err(FetchError::TooLarge));
    assert_eq!(theirs.get("/redirect").await, Err(FetchError::Status(302)));
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let theirs = Theirs::serve(Duration::from_millis(300)).await;
    assert_eq!(theirs.get("/silent").await, Err(FetchError::TimedOut));
}

#[tokio::test]
async fn requests_to_one_host_take_turns() {
    let theirs = Theirs::serve(Duration::from_mins(1)).await;
    let all = futures_util::future::join_all((0..20).map(|_| theirs.get("/ok"))).await;
    assert!(all.iter().all(|one| *one == Ok(2)), "{all:?}");
    assert!(theirs.most.load(Ordering::SeqCst) <= MOST_PER_HOST);
}

#[tokio::test]
async fn only_public_https_is_fetched() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let fetcher = Fetcher::for_others();
    for (url, error) in [
        ("http://example.org/jwks", FetchError::Address),
        ("file:///etc/passwd", FetchError::Address),
        ("https://ada:secret@example.org/", FetchError::Address),
        ("nonsense", FetchError::Address),
        ("https://127.0.0.1/jwks", FetchError::NotPublic),
        ("https://2130706433/", FetchError::NotPublic),
        ("https://[::1]/", FetchError::NotPublic),
        ("https://[::ffff:10.0.0.1]/", FetchError::NotPublic),
        ("https://localhost/", FetchError::NotPublic),
    ] {
        assert_eq!(fetcher.get(url).await, Err(error), "{url}");
    }
}
