//! The host of an app, played by the test: its client metadata document, its keys and whatever else it publishes. It serves TLS
//! on this machine, and behaves as it is told.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use sigma_server::outbound::Fetcher;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, crypto, pki_types::PrivateKeyDer};

use super::World;

/// Its name.
pub const HOST: &str = "client.example.org";
/// Hosts below it never answer.
pub const SLOW: &str = "slow.example.org";
/// Where the app returns to.
pub const CALLBACK: &str = "https://client.example.org/callback";

/// How the host answers.
#[derive(Clone, Debug, Default)]
pub enum Mood {
    /// With the document.
    #[default]
    Fine,
    /// With this head, and then the document.
    Says(&'static str),
    /// With 5 MB.
    Endless,
    /// Not at all.
    Silent,
}

pub struct ClientHost {
    port: u16,
    certificate: Vec<u8>,
    shared: Arc<Shared>,
}

struct Shared {
    document: Mutex<Value>,
    mood: Mutex<Mood>,
    cache_control: Mutex<String>,
    addresses: Mutex<Vec<IpAddr>>,
    fetches: AtomicUsize,
    /// What is at other paths than that of the document.
    files: Mutex<BTreeMap<String, Vec<u8>>>,
    /// The paths that were asked for.
    asked: Mutex<Vec<String>>,
}

impl ClientHost {
    pub async fn serve() -> Self {
        let _ = crypto::aws_lc_rs::default_provider().install_default();
        let signed = rcgen::generate_simple_self_signed([HOST.to_owned(), format!("*.{SLOW}")]).unwrap();
        let key = PrivateKeyDer::try_from(signed.signing_key.serialize_der()).unwrap();
        let certificate = signed.cert.der().to_vec();
        let config = ServerConfig::builder().with_no_client_auth();
        let tls = TlsAcceptor::from(Arc::new(config.with_single_cert(vec![signed.cert.der().clone()], key).unwrap()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            document: Mutex::new(json!({
                "client_id": format!("https://{HOST}:{port}/oauth/client.json"),
                "client_name": "Tool Runner",
                "redirect_uris": [CALLBACK],
                "grant_types": ["authorization_code", "refresh_token"],
                "token_endpoint_auth_method": "none",
            })),
            mood: Mutex::default(),
            cache_control: Mutex::new("max-age=600".to_owned()),
            addresses: Mutex::new(vec![Ipv4Addr::LOCALHOST.into()]),
            fetches: AtomicUsize::new(0),
            files: Mutex::default(),
            asked: Mutex::default(),
        });
        let served = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, shared) = (tls.clone(), Arc::clone(&served));
                tokio::spawn(async move {
                    let Ok(mut stream) = tls.accept(stream).await else { return };
                    let mut head = vec![0; 4_096];
                    let Ok(read) = stream.read(&mut head).await else { return };
                    let head = String::from_utf8_lossy(&head[..read]).into_owned();
                    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                    shared.fetches.fetch_add(1, Ordering::SeqCst);
                    shared.asked.lock().unwrap().push(path.clone());
                    let is_slow = head.to_ascii_lowercase().contains(&format!(".{SLOW}"));
                    let mood = if is_slow { Mood::Silent } else { shared.mood.lock().unwrap().clone() };
                    let file = shared.files.lock().unwrap().get(&path).cloned();
                    let document = file.unwrap_or_else(|| shared.document.lock().unwrap().to_string().into_bytes());
                    let kept = shared.cache_control.lock().unwrap().clone();
                    let ok = "HTTP/1.1 200 OK\r\ncontent-type: application/json";
                    let (head, body) = match mood {
                        Mood::Fine => (format!("{ok}\r\ncache-control: {kept}"), document),
                        Mood::Says(head) => (head.to_owned(), document),
                        Mood::Endless => (ok.to_owned(), vec![b'x'; 5_000_000]),
                        Mood::Silent => std::future::pending().await,
                    };
                    let head = format!("{head}\r\nconnection: close\r\n\r\n");
                    let _ = stream.write_all(&[head.as_bytes(), &body].concat()).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self { port, certificate, shared }
    }

    /// The app's client id: the address of its document.
    pub fn client_id(&self) -> String {
        format!("https://{HOST}:{}/oauth/client.json", self.port)
    }

    /// The address of `path` at `host`, which is served here.
    pub fn at(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}{path}", self.port)
    }

    /// Serves `body` at `path`.
    pub fn put(&self, path: &str, body: impl Into<Vec<u8>>) {
        self.shared.files.lock().unwrap().insert(path.to_owned(), body.into());
    }

    /// How often `path` was asked for.
    pub fn fetches_of(&self, path: &str) -> usize {
        self.shared.asked.lock().unwrap().iter().filter(|asked| *asked == path).count()
    }

    /// What fetches from here, and takes this machine for a public address.
    pub fn fetcher(&self) -> Fetcher {
        let shared = Arc::clone(&self.shared);
        let resolve = move |_: &str| shared.addresses.lock().unwrap().clone();
        let (trusted, here) = (self.certificate.clone(), Ipv4Addr::LOCALHOST.into());
        Fetcher::for_tests(trusted, here, Duration::from_millis(700), resolve)
    }

    /// Changes the document.
    pub fn publish(&self, change: impl FnOnce(&mut Value)) {
        change(&mut self.shared.document.lock().unwrap());
    }

    pub fn be(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    /// Sets the `Cache-Control` of the document.
    pub fn keep(&self, cache_control: &str) {
        cache_control.clone_into(&mut self.shared.cache_control.lock().unwrap());
    }

    /// Moves the host's name to another address.
    pub fn move_to(&self, address: &str) {
        *self.shared.addresses.lock().unwrap() = vec![address.parse().unwrap()];
    }

    /// How often the document was asked for.
    pub fn fetches(&self) -> usize {
        self.shared.fetches.load(Ordering::SeqCst)
    }
}

impl World {
    /// A world that reads the documents of all hosts, from `host`.
    pub async fn reading(host: &ClientHost) -> Self {
        Self::reading_with(host, |_| {}).await
    }

    /// The same, with other settings.
    pub async fn reading_with(host: &ClientHost, change: impl FnOnce(&mut sigma_server::settings::Settings)) -> Self {
        let world = Self::with(|settings| {
            settings.client_documents.hosts = sigma_core::client_document::DocumentHosts::all();
            change(settings);
        });
        let world = world.await;
        world.sigma.fetch_by(&host.fetcher());
        world
    }
}
