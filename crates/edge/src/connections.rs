//! Accepts, serves and ends connections.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response, Version};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use metrics::{counter, gauge};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep};
use tokio_rustls::TlsAcceptor;

use crate::activity::{Activity, Deadlines, Overdue, Reading};
use crate::carried::{carrying, large};
use crate::client::{Peer, TrustedProxies};
use crate::places::{NoPlace, Place, Places, Shares};
use crate::settings;
use crate::tls::Certificates;
use crate::watched::{Watched, linger};

/// The most bytes of all headers of a request; more is 431.
const HEADER_BYTES: usize = 64 * 1024;
/// Unread body bytes per HTTP/2 stream, and per connection.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;
/// The pause when no connection can be accepted because file descriptors are exhausted.
const BREATHE: Duration = Duration::from_millis(100);
/// The pause before looking for a free place again when all connections are busy.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// How long the client of an idle HTTP/2 connection gets to see the GOAWAY, so that no request is lost.
const FAREWELL: Duration = Duration::from_secs(1);

/// How a listener behaves.
pub(super) struct ListenerConfig {
    pub(super) shares: Shares,
    pub(super) deadlines: Deadlines,
    pub(super) shutdown_deadline: Duration,
    pub(super) certificates: Option<Arc<Certificates>>,
}

impl ListenerConfig {
    pub(super) fn new(settings: &settings::Http, certificates: Option<Arc<Certificates>>) -> Self {
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        Self {
            shares: Shares {
                total: settings.connections,
                address: settings.connections_per_address,
                site: settings.connections_per_ipv6_site,
                proxies: TrustedProxies::new(&settings.trusted_proxies),
            },
            deadlines: Deadlines {
                head: seconds(settings.header_seconds),
                idle: seconds(settings.idle_seconds),
                send: seconds(settings.send_seconds),
            },
            shutdown_deadline: seconds(settings.shutdown_seconds),
            certificates,
        }
    }
}

/// State shared by all connections of a listener.
struct Shared<A> {
    http: Builder<TokioExecutor>,
    tls: Option<TlsAcceptor>,
    deadlines: Deadlines,
    answer: A,
}

/// Serves `listener` with `answer` until `shutdown` resolves, then finishes requests in flight within the deadline.
pub(super) async fn run<A, F>(
    listener: TcpListener,
    config: ListenerConfig,
    answer: A,
    shutdown: impl Future<Output = ()>,
) -> Result<(), crate::TlsError>
where
    A: Fn(Peer, Request<Arriving>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let tls = match &config.certificates {
        Some(certificates) => Some(TlsAcceptor::from(certificates.server_config()?)),
        None => None,
    };
    let shared = Arc::new(Shared { http: protocol(), tls, deadlines: config.deadlines, answer });
    let places = Places::new(config.shares);
    let _all_end = EndAll(&places);
    let reload = async {
        match config.certificates.clone() {
            Some(certificates) => certificates.watch().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = accept(listener, &places, &shared) => {}
        () = reload => {}
        () = shutdown => {}
    }
    // The listener is closed now: new clients are refused and try another node.
    places.finish_all();
    if tokio::time::timeout(config.shutdown_deadline, places.all_free()).await.is_err() {
        let left = places.in_use();
        tracing::warn!(target: "sigma::http", left, "connections were cut off at the shutdown deadline");
    }
    Ok(())
}

/// Ends the connections that are left when their listener has stopped or was dropped.
struct EndAll<'p>(&'p Places);

impl Drop for EndAll<'_> {
    fn drop(&mut self) {
        self.0.end_all();
    }
}

fn protocol() -> Builder<TokioExecutor> {
    let mut http = Builder::new(TokioExecutor::new());
    // hyper's own limit for heads also runs between requests, and would close idle connections.
    http.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(HEADER_BYTES);
    let header_bytes = u32::try_from(HEADER_BYTES).unwrap_or(u32::MAX);
    http.http2()
        .timer(TokioTimer::new())
        .max_header_list_size(header_bytes)
        .max_concurrent_streams(128)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    http
}

/// Accepts connections forever.
async fn accept<A, F>(listener: TcpListener, places: &Arc<Places>, shared: &Arc<Shared<A>>)
where
    A: Fn(Peer, Request<Arriving>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    loop {
        match listener.accept().await {
            Ok((stream, address)) => {
                let _ = stream.set_nodelay(true);
                let peer = Peer::plain(address);
                let activity = Activity::new(Instant::now());
                if let Some(place) = place(places, peer, &activity).await {
                    tokio::spawn(shared.clone().connection(stream, peer, activity, place));
                }
            }
            // The client was gone before its connection was accepted.
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                let is_relieved = places.end_longest();
                tracing::error!(target: "sigma::http", %error, is_relieved, "no connection can be taken");
                tokio::time::sleep(BREATHE).await;
            }
        }
    }
}

/// Gets a place for a connection of `peer`, unless its address is at its limit. If every connection is busy, this one
/// waits, and others behind it in the listen queue.
async fn place(places: &Arc<Places>, peer: Peer, activity: &Arc<Activity>) -> Option<Place> {
    loop {
        match places.take(peer.address, activity) {
            Ok(place) => return Some(place),
            Err(NoPlace::OfAddress) => {
                tracing::debug!(target: "sigma::http", address = %peer.address, "has its share of connections");
                counter!("sigma_http_connections_closed_total", "reason" => "share").increment(1);
                return None;
            }
            Err(NoPlace::AtAll) => {
                let _ = tokio::time::timeout(LOOK_AGAIN, places.freed()).await;
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
    A: Fn(Peer, Request<Arriving>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    /// Serves one connection from its handshake to its end; it keeps its place until then.
    async fn connection(self: Arc<Self>, stream: TcpStream, peer: Peer, activity: Arc<Activity>, _place: Place) {
        let mut served = pin!(async {
            let Some(tls) = &self.tls else { return self.serve(stream, peer, &activity).await };
            match tokio::time::timeout(self.deadlines.head, tls.accept(stream)).await {
                Ok(Ok(stream)) => self.serve(stream, Peer { tls: true, ..peer }, &activity).await,
                Ok(Err(error)) => tracing::debug!(target: "sigma::http", %error, "no TLS with this client"),
                Err(_) => tracing::debug!(target: "sigma::http", "the TLS handshake took too long"),
            }
        });
        let open = gauge!("sigma_http_connections");
        open.increment(1.0);
        poll_fn(|cx| if activity.must_end(cx) { Poll::Ready(()) } else { served.as_mut().poll(cx) }).await;
        open.decrement(1.0);
    }

    async fn serve<S>(&self, stream: S, peer: Peer, activity: &Arc<Activity>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (watched, returned) = Watched::new(stream, activity.clone());
        let (answer, deadlines) = (self.answer.clone(), self.deadlines);
        let requests = activity.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let answering = requests.request(request.version() == Version::HTTP_2);
            let activity = requests.clone();
            let answer = answer(peer, request.map(|body| Arriving::new(body, &activity)));
            async move {
                let mut response = answer.await;
                if let Some(bytes) = large(response.body()) {
                    response = response.map(|body| carrying(body, activity.answer(bytes, &deadlines)));
                }
                drop(answering);
                Ok::<_, Infallible>(response)
            }
        });
        self.drive(watched, service, activity).await;
        if let Ok(stream) = returned.await {
            linger(stream).await;
        }
    }

    /// Speaks HTTP until the connection ends, is overdue, or must make room.
    async fn drive<S, V>(&self, stream: Watched<S>, service: V, activity: &Activity)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        V: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future: Send + 'static>,
    {
        let mut connection = pin!(self.http.serve_connection(TokioIo::new(stream), service));
        let mut timer = pin!(tokio::time::sleep(self.deadlines.head));
        // How long the client may see the GOAWAY, once it was sent.
        let mut farewell = None;
        let mut is_finishing = false;
        loop {
            let step = poll_fn(|cx| {
                if activity.must_finish() && !is_finishing {
                    is_finishing = true;
                    connection.as_mut().graceful_shutdown();
                }
                match connection.as_mut().poll(cx) {
                    Poll::Ready(ended) => Poll::Ready(Err(ended)),
                    // Progress may have changed the next deadline.
                    Poll::Pending => self.poll_overdue(timer.as_mut(), activity, farewell, cx).map(Ok),
                }
            });
            match step.await {
                Err(ended) => {
                    if let Err(error) = ended {
                        tracing::debug!(target: "sigma::http", %error, "a connection ended in an error");
                    }
                    return;
                }
                Ok(Overdue::Request) if farewell.is_none() => {
                    connection.as_mut().graceful_shutdown();
                    farewell = Some(Instant::now() + FAREWELL);
                    counter!("sigma_http_connections_closed_total", "reason" => "idle").increment(1);
                }
                Ok(overdue) => {
                    counter!("sigma_http_connections_closed_total", "reason" => overdue.as_str()).increment(1);
                    return;
                }
            }
        }
    }

    /// Resolves when the connection is overdue, and not before `farewell`.
    fn poll_overdue(
        &self,
        mut timer: Pin<&mut Sleep>,
        activity: &Activity,
        farewell: Option<Instant>,
        cx: &mut Context<'_>,
    ) -> Poll<Overdue> {
        let due = || activity.due(&self.deadlines).map(|(at, what)| (farewell.map_or(at, |heard| at.max(heard)), what));
        if let Some((at, _)) = due().filter(|(at, _)| *at < timer.deadline()) {
            timer.as_mut().reset(at);
        }
        while timer.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            let next = match due() {
                Some((at, Overdue::Reader)) if at <= now && activity.keeps_up(&self.deadlines) => {
                    now + self.deadlines.send
                }
                Some((at, overdue)) if at <= now => return Poll::Ready(overdue),
                Some((at, _)) => at,
                // A request is in progress. The next deadline is at least the shortest of these later.
                None => now + self.deadlines.head.min(self.deadlines.idle),
            };
            timer.as_mut().reset(next);
        }
        Poll::Pending
    }
}

/// A request body, which marks its connection as receiving until it is complete.
pub(super) struct Arriving {
    body: Incoming,
    reading: Option<Reading>,
}

impl Arriving {
    fn new(body: Incoming, activity: &Arc<Activity>) -> Self {
        let reading = (!body.is_end_stream()).then(|| activity.body());
        Self { body, reading }
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) {
            self.reading = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
