//! A server of somebody else that the server posts to, played by the test.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri};

/// It listens on this machine, without TLS.
pub struct Receiver {
    pub origin: String,
    shared: Arc<Shared>,
}

struct Shared {
    /// What it answers; `None` is nothing at all.
    status: Mutex<Option<u16>>,
    words: Mutex<String>,
    requests: Mutex<Vec<Received>>,
}

/// A request as it arrived.
#[derive(Clone)]
pub struct Received {
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: String,
}

impl Receiver {
    pub async fn serve() -> Self {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (status, words) = (Mutex::new(Some(200)), Mutex::default());
        let shared = Arc::new(Shared { status, words, requests: Mutex::default() });
        let router = Router::new().fallback(receive).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { origin, shared }
    }

    /// What it answers from now on.
    pub fn answer(&self, status: Option<u16>) {
        *self.shared.status.lock().unwrap() = status;
    }

    /// The body of its answers from now on.
    pub fn say(&self, words: &str) {
        words.clone_into(&mut self.shared.words.lock().unwrap());
    }

    /// What arrived since the last call.
    pub fn received(&self) -> Vec<Received> {
        std::mem::take(&mut self.shared.requests.lock().unwrap())
    }
}

async fn receive(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    shared.requests.lock().unwrap().push(Received { uri, headers, body });
    let (status, words) = (*shared.status.lock().unwrap(), shared.words.lock().unwrap().clone());
    match status {
        Some(status) => (StatusCode::from_u16(status).unwrap(), words).into_response(),
        None => std::future::pending().await,
    }
}
