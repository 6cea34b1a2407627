//! How connections are taken, served and ended.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use metrics::gauge;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use crate::http::client::Peer;
use crate::http::tls::Certificates;
use crate::http::watched::{Activity, Watched, linger};
use crate::settings;

/// All headers of one request together, in bytes; more is 431.
const HEADER_BYTES: usize = 64 * 1024;
/// A connection on which nothing moves and nothing is being answered for this long is closed.
const SILENCE: Duration = Duration::from_mins(1);
/// How long to wait when no connection can be taken, because the process has no file descriptor left.
const BREATHE: Duration = Duration::from_millis(100);

/// How a listener behaves.
pub(super) struct Manner {
    pub(super) connections: usize,
    pub(super) header_deadline: Duration,
    pub(super) shutdown_deadline: Duration,
    pub(super) certificates: Option<Arc<Certificates>>,
}

impl Manner {
    pub(super) fn new(settings: &settings::Http, certificates: Option<Arc<Certificates>>) -> Self {
        Self {
            connections: settings.connections.clamp(1, Semaphore::MAX_PERMITS),
            header_deadline: Duration::from_secs(settings.header_seconds.into()),
            shutdown_deadline: Duration::from_secs(settings.shutdown_seconds.into()),
            certificates,
        }
    }
}

/// Where the listener is in its life.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Serving,
    /// No new requests; those in flight are finished.
    Draining,
    /// The deadline has passed.
    Over,
}

/// What every connection of a listener shares.
struct Shared<A> {
    http: Builder<TokioExecutor>,
    tls: Option<TlsAcceptor>,
    header_deadline: Duration,
    stage: watch::Receiver<Stage>,
    answer: A,
}

/// Serves `listener` with `answer` until `shutdown` resolves, then finishes what is in flight within the deadline.
pub(super) async fn run<A, F>(
    listener: TcpListener,
    manner: Manner,
    answer: A,
    shutdown: impl Future<Output = ()>,
) -> Result<(), crate::http::TlsError>
where
    A: Fn(Peer, Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let tls = match &manner.certificates {
        Some(certificates) => Some(TlsAcceptor::from(certificates.server_config()?)),
        None => None,
    };
    let (stage, changes) = watch::channel(Stage::Serving);
    let shared = Arc::new(Shared {
        http: protocol(manner.header_deadline),
        tls,
        header_deadline: manner.header_deadline,
        stage: changes,
        answer,
    });
    let places = Arc::new(Semaphore::new(manner.connections));
    let reload = async {
        match manner.certificates.clone() {
            Some(certificates) => certificates.watch().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = accept(listener, &places, &shared) => {}
        () = reload => {}
        () = shutdown => {}
    }
    // The listener is closed by now: whoever connects is refused and tries another node.
    let _ = stage.send(Stage::Draining);
    let all = u32::try_from(manner.connections).unwrap_or(u32::MAX);
    if tokio::time::timeout(manner.shutdown_deadline, places.acquire_many(all)).await.is_err() {
        let left = manner.connections - places.available_permits();
        tracing::warn!(target: "sigma::http", left, "connections were cut off at the shutdown deadline");
        let _ = stage.send(Stage::Over);
    }
    Ok(())
}

fn protocol(header_deadline: Duration) -> Builder<TokioExecutor> {
    let mut http = Builder::new(TokioExecutor::new());
    http.http1().timer(TokioTimer::new()).header_read_timeout(header_deadline).max_buf_size(HEADER_BYTES);
    let header_bytes = u32::try_from(HEADER_BYTES).unwrap_or(u32::MAX);
    http.http2().timer(TokioTimer::new()).max_header_list_size(header_bytes).max_concurrent_streams(128);
    http
}

/// Takes connections for ever. Those above the number of places wait in the listen queue.
async fn accept<A, F>(listener: TcpListener, places: &Arc<Semaphore>, shared: &Arc<Shared<A>>)
where
    A: Fn(Peer, Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    // The semaphore is never closed.
    while let Ok(place) = places.clone().acquire_owned().await {
        match listener.accept().await {
            Ok((stream, address)) => {
                let _ = stream.set_nodelay(true);
                tokio::spawn(shared.clone().connection(stream, Peer::plain(address), place));
            }
            // The connection was gone before it was taken.
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                tracing::error!(target: "sigma::http", %error, "no connection can be taken");
                tokio::time::sleep(BREATHE).await;
            }
        }
    }
}

fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

impl<A, F> Shared<A>
where
    A: Fn(Peer, Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    /// One connection from its handshake to its end; it holds its place until then.
    async fn connection(self: Arc<Self>, stream: TcpStream, peer: Peer, place: OwnedSemaphorePermit) {
        let mut stage = self.stage.clone();
        let over = async {
            let _ = stage.wait_for(|stage| *stage == Stage::Over).await;
        };
        let served = async {
            let Some(tls) = &self.tls else { return self.serve(stream, peer).await };
            match tokio::time::timeout(self.header_deadline, tls.accept(stream)).await {
                Ok(Ok(stream)) => self.serve(stream, Peer { tls: true, ..peer }).await,
                Ok(Err(error)) => tracing::debug!(target: "sigma::http", %error, "no TLS with this client"),
                Err(_) => tracing::debug!(target: "sigma::http", "the TLS handshake took too long"),
            }
        };
        let open = gauge!("sigma_http_connections");
        open.increment(1.0);
        tokio::select! {
            () = served => {}
            () = over => {}
        }
        open.decrement(1.0);
        drop(place);
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(&self, stream: S, peer: Peer) {
        let activity = Arc::new(Activity::default());
        let (watched, returned) = Watched::new(stream, activity.clone());
        let answer = self.answer.clone();
        let requests = activity.clone();
        let service = service_fn(move |request| {
            let answering = requests.request();
            let answer = answer(peer, request);
            async move {
                let response = answer.await;
                drop(answering);
                Ok::<_, Infallible>(response)
            }
        });
        self.drive(watched, service, &activity).await;
        if let Ok(stream) = returned.await {
            linger(stream).await;
        }
    }

    /// Speaks HTTP until the connection ends, is silent for too long, or is asked to end.
    async fn drive<S, V>(&self, stream: Watched<S>, service: V, activity: &Activity)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        V: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future: Send + 'static>,
    {
        let mut stage = self.stage.clone();
        let mut connection = pin!(self.http.serve_connection(TokioIo::new(stream), service));
        let mut silence = pin!(tokio::time::sleep(self.header_deadline));
        let mut moved = activity.moved();
        if *stage.borrow_and_update() != Stage::Serving {
            connection.as_mut().graceful_shutdown();
        }
        loop {
            tokio::select! {
                biased;
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(target: "sigma::http", %error, "a connection ended in an error");
                    }
                    return;
                }
                // The other case, that the listener itself was dropped, ends the connection from outside.
                Ok(()) = stage.changed() => connection.as_mut().graceful_shutdown(),
                () = silence.as_mut() => {
                    // The first look comes when the head of the first request is due, the others after a long silence.
                    let now = activity.moved();
                    if activity.is_unused() || (now == moved && !activity.is_answering()) {
                        return;
                    }
                    moved = now;
                    silence.as_mut().reset(tokio::time::Instant::now() + SILENCE);
                }
            }
        }
    }
}
