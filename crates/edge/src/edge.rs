//! The one middleware. It wraps the whole router and does by hand what a stack of small layers would do at 40 % of the
//! cost of a cheap response.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use axum::{BoxError, Router};
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use http_body::Body as HttpBody;
use sigma_core::random::Rng;
use sigma_core::time::Clock;
use sigma_telemetry::Stopwatch;
use sigma_telemetry::trace::{self, Context, Recording, Tracer};
use tower_service::Service as _;

use crate::api_error::{ApiError, FailedAt};
use crate::body::{BodyError, Unread};
use crate::budget::{AddressRequest, Budgets, HeldBody, OverBudget};
use crate::carried::{carrying, large};
use crate::challenge::{self, ProtectedResource};
use crate::client::{Peer, TrustedProxies};
use crate::context::{Counters, RequestContext, RequestIds, traceparent};
use crate::cors::{self, CorsDecision};
use crate::failed::{FailedRequest, RenderPage};
use crate::limits::{Exceeded, Limiter};
use crate::measure::{InFlight, method_name};
use crate::origin::{self, Origins};
use crate::policy::{BodyLimit, ErrorPages, Limit, Policy};
use crate::refused::Refused;
use crate::routes::{Route, Routes};
use crate::settings::Settings;
use crate::{body, headers, host};

/// The largest body where large ones are accepted.
const MEBIBYTE: usize = 1024 * 1024;
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Why an [`Edge`] cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum EdgeError {
    /// `issuer` or one of the trusted origins.
    #[error("the issuer and each trusted origin must be an http or https URL")]
    Origin,
    /// A route that the router would not accept either.
    #[error("the route {0} cannot be told from another one")]
    Route(String),
}

/// Everything between connections and router: request id, client address, CORS, CSRF, rate limits, size and time of
/// bodies, security headers, metrics, the access log, and the response to a panic.
#[derive(Clone)]
pub struct Edge(Arc<Rules>);

struct Rules {
    clock: Arc<dyn Clock>,
    ids: RequestIds,
    counters: Arc<Counters>,
    proxies: TrustedProxies,
    origins: Origins,
    https: bool,
    issuer: String,
    body_bytes: usize,
    body_deadline: Duration,
    access_log: bool,
    routes: Arc<Routes>,
    pages: RenderPage,
    in_flight: InFlight,
}

/// Marks a response whose bytes exist once in memory, however many clients wait for them: they count towards no budget.
#[derive(Clone, Copy, Debug)]
pub struct Shared;

impl Edge {
    /// `routes` are those of the router, under which metrics count requests; `pages` renders the errors that a person
    /// sees. The metrics recorder must be installed before the first request.
    ///
    /// # Errors
    /// The issuer or a trusted origin is no URL.
    pub fn new(
        settings: &Settings,
        routes: impl Into<Arc<Routes>>,
        pages: impl Fn(&FailedRequest<'_>) -> Response + Send + Sync + 'static,
        clock: Arc<dyn Clock>,
        rng: &dyn Rng,
    ) -> Result<Self, EdgeError> {
        Ok(Self(Arc::new(Rules {
            ids: RequestIds::new(rng),
            counters: Arc::new(Counters {
                limiter: Arc::new(Limiter::new(&settings.limits, clock.clone())),
                budgets: Budgets::new(&settings.budgets),
            }),
            clock,
            proxies: TrustedProxies::new(&settings.http.trusted_proxies),
            origins: Origins::new(&settings.issuer, &settings.trusted_origins).ok_or(EdgeError::Origin)?,
            https: settings.issuer.starts_with("https://"),
            issuer: settings.issuer.clone(),
            body_bytes: settings.http.body_bytes,
            body_deadline: Duration::from_secs(settings.http.body_seconds.into()),
            access_log: settings.access_log,
            routes: routes.into(),
            pages: Arc::new(pages),
            in_flight: InFlight::new(),
        })))
    }

    /// The counters, for what is counted outside a request.
    pub fn limiter(&self) -> &Arc<Limiter> {
        &self.0.counters.limiter
    }

    /// The budgets.
    pub fn budgets(&self) -> &Arc<Budgets> {
        &self.0.counters.budgets
    }

    /// Answers one request from the network: one without a proper host is refused.
    pub async fn receive<B>(&self, router: Router, peer: Peer, request: Request<B>) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        // The future of an answer has some kilobytes, and would be moved by every layer around it up to the connection.
        Box::pin(self.answer_if(host::check, router, peer, request)).await
    }

    /// Answers one request of `peer` by `router`.
    pub async fn answer<B>(&self, router: Router, peer: Peer, request: Request<B>) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        self.answer_if(|_| Ok(()), router, peer, request).await
    }

    async fn answer_if<B>(
        &self,
        check: impl FnOnce(&Parts) -> Result<(), ApiError>,
        mut router: Router,
        peer: Peer,
        request: Request<B>,
    ) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let (parts, body) = request.into_parts();
        let refused = check(&parts).and_then(|()| check_path(&parts)).err();
        let mut exchange = Exchange::begin(&self.0, peer, &parts);
        let route = exchange.route;
        let cors = CorsDecision::of(route.policy.cors, &self.0.origins, &parts.headers);
        let mut response = if let Err(over) = exchange.room {
            over.into_response()
        } else if let Some(refusal) = refused {
            refusal.into_response()
        } else if cors::is_preflight(&parts.method, &parts.headers) {
            cors::preflight(&cors, &parts.headers)
        } else {
            match self.0.admit(&exchange.context, route.policy, parts, body).await {
                Ok((request, _held)) => {
                    let position = exchange.span.as_ref().map(Recording::context);
                    // By reference: the future would be copied otherwise.
                    let answer = pin!(AssertUnwindSafe(async { router.call(request).await }).catch_unwind());
                    let answer = trace::within(position, answer).await;
                    let Ok(response) = answer.unwrap_or_else(|panic| Ok(panicked(panic.as_ref())));
                    count_failure(&exchange.context, route.policy, response).await
                }
                Err(refusal) => *refusal,
            }
        };
        if let Some(refused) = response.extensions_mut().remove::<Refused>() {
            refused.log(exchange.context.request_id(), response.status());
        }
        if response.status().is_client_error() || response.status().is_server_error() {
            // Rare, and large as a future: it would be moved around with that of every request.
            response = Box::pin(explained(response, &exchange)).await;
            if let Some(resource) = response.extensions_mut().remove::<ProtectedResource>() {
                let status = response.status();
                challenge::complete(response.headers_mut(), status, &resource, &self.0.issuer);
            }
        }
        if let Some(bytes) = large(response.body()).filter(|_| response.extensions().get::<Shared>().is_none()) {
            response = match exchange.context.hold_answer(bytes) {
                Ok(held) => response.map(|body| carrying(body, held)),
                Err(over) => Box::pin(explained(over.into_response(), &exchange)).await,
            };
        }
        headers::secure(&mut response, self.0.https, route.policy.framing, route.caching);
        let headers = response.headers_mut();
        // A response with its own quota headers keeps them.
        if let Some(left) = exchange.context.counted().filter(|_| !headers::tells_rate_limit(headers)) {
            headers::rate_limit(headers, left.limit, left.remaining, left.reset);
        }
        headers.insert(X_REQUEST_ID, exchange.context.request_id().header());
        cors.write(headers);
        exchange.status = Some(response.status());
        response
    }
}

impl Rules {
    /// The request as the router gets it, or the response that refuses it.
    async fn admit<B>(
        &self,
        context: &RequestContext,
        policy: &Policy,
        mut parts: Parts,
        body: B,
    ) -> Result<(Request<Body>, Option<HeldBody>), Box<Response>>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        origin::guard(&self.origins, policy.cookies, &parts.method, &mut parts.headers)
            .map_err(|refusal| Box::new(refusal.into_response()))?;
        let counted = match policy.limit {
            Limit::Unlimited | Limit::Elsewhere | Limit::Failures(_) => Ok(()),
            Limit::Each(rule) | Limit::EachAndFailures(rule, _) => context.charge(rule, context.client()),
        };
        counted.map_err(|exceeded: Exceeded| Box::new(exceeded.into_response()))?;
        parts.extensions.insert(context.clone());
        // Most requests have no body, and need not touch meters that all threads share.
        if body.is_end_stream() {
            return Ok((Request::from_parts(parts, Body::empty()), None));
        }
        let mut held = self.counters.budgets.body(context.address_budget());
        let small = self.body_bytes;
        let limit = match policy.body {
            BodyLimit::Small => small,
            BodyLimit::Large => small.max(MEBIBYTE),
            BodyLimit::Kibibytes(most) => small.max(usize::from(most) * 1024),
            BodyLimit::Streamed(most) => small.max(usize::from(most) * MEBIBYTE),
        };
        let is_small =
            body.size_hint().upper().is_some_and(|most| usize::try_from(most).is_ok_and(|most| most <= small));
        if policy.body != BodyLimit::Small && !is_small {
            if body::is_larger(&body, limit) {
                return Err(Box::new(BodyError::TooLarge(limit).into_response()));
            }
            let (budgets, address) = (Arc::clone(&self.counters.budgets), Arc::clone(context.address_budget()));
            parts.extensions.insert(Unread { limit, deadline: self.body_deadline, budgets, address });
            return Ok((Request::from_parts(parts, Body::new(body)), Some(held)));
        }
        let body = body::read(body, small, self.body_deadline, &mut held)
            .await
            .map_err(|error| Box::new(error.into_response()))?;
        let body = if body.is_empty() { Body::empty() } else { Body::from(body) };
        Ok((Request::from_parts(parts, body), Some(held)))
    }
}

/// Nothing has a name with a NUL, and PostgreSQL takes no text with one.
fn check_path(parts: &Parts) -> Result<(), ApiError> {
    if parts.uri.path().contains("%00") { Err(ApiError::not_found()) } else { Ok(()) }
}

/// Counts a failed response, and turns it into a 429 if there were too many. A successful one is never blocked by
/// earlier failures: they may be those of another client at the same address.
async fn count_failure(context: &RequestContext, policy: &Policy, response: Response) -> Response {
    let (Limit::Failures(rule) | Limit::EachAndFailures(_, rule)) = policy.limit else { return response };
    if !is_failure(response.status()) {
        // Only for the headers of the response.
        let _ = context.peek(rule, context.client());
        return response;
    }
    let counted = if rule.is_of_guesses() {
        // Rare, and large as a future.
        Box::pin(context.charge_shared(rule, context.client())).await
    } else {
        context.charge(rule, context.client())
    };
    match counted {
        Ok(()) => response,
        Err(exceeded) => exceeded.into_response(),
    }
}

/// The caller tried and was refused; not: it requested something missing, was told to wait, or we failed.
fn is_failure(status: StatusCode) -> bool {
    const NO_TRY: [StatusCode; 3] =
        [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED, StatusCode::TOO_MANY_REQUESTS];
    status.is_client_error() && !NO_TRY.contains(&status)
}

fn panicked(panic: &(dyn Any + Send)) -> Response {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    ApiError::internal(format_args!("a handler panicked: {}", said.unwrap_or("without a word"))).into_response()
}

/// Completes an error with the request id and logs its cause: in the format of its surface, or as a page for people, who
/// could do nothing with that.
async fn explained(response: Response, exchange: &Exchange<'_>) -> Response {
    let id = exchange.context.request_id();
    let (mut parts, body) = response.into_parts();
    let error = match parts.extensions.remove::<ApiError>() {
        Some(error) => error,
        None if is_bare(&parts) => {
            let said = axum::body::to_bytes(body, 1024).await.unwrap_or_default();
            plain_error(parts.status, &said)
        }
        None => return Response::from_parts(parts, body),
    };
    log_error(&error, exchange, parts.status);
    parts.headers.remove(CONTENT_LENGTH);
    let rendered = if exchange.shows_page() {
        let failed = FailedRequest {
            status: parts.status,
            code: error.code().unwrap_or(error.error()),
            method: &exchange.method,
            uri: &exchange.uri,
            request_id: id.as_str(),
            accept_language: exchange.accept_language.as_ref().and_then(|value| value.to_str().ok()),
        };
        (exchange.rules.pages)(&failed)
    } else {
        let at = FailedAt { request_id: id, issuer: &exchange.rules.issuer };
        (exchange.route.policy.errors.render)(&error, &at)
    };
    let (rendered, body) = rendered.into_parts();
    parts.headers.extend(rendered.headers);
    Response::from_parts(parts, body)
}

/// Says what led to an error, with the app that asked.
fn log_error(error: &ApiError, exchange: &Exchange<'_>, status: StatusCode) {
    let id = exchange.context.request_id();
    if status.is_server_error() {
        if let Some(cause) = error.cause() {
            tracing::error!(target: "sigma::http", request_id = %id, status = status.as_u16(), cause, "failed");
        }
    } else if error.cause().is_some() || has_cause_to_look_for(status) {
        let refused = Refused::new(error.error().to_owned(), error.cause().unwrap_or(error.description()));
        let refused = refused.app(exchange.context.app().as_deref());
        let is_expected = exchange.route.policy.errors.expected.contains(&status);
        if is_expected { refused.expected() } else { refused }.log(id, status);
    }
}

/// Repeating such a request fails again: the caller is at fault, and somebody will want to know why.
fn has_cause_to_look_for(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_REQUEST
            | StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
    )
}

/// A response of the framework: no body, or a sentence.
fn is_bare(parts: &http::response::Parts) -> bool {
    parts.headers.get(CONTENT_TYPE).is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"))
}

fn plain_error(status: StatusCode, said: &[u8]) -> ApiError {
    let error = match status {
        StatusCode::NOT_FOUND => "not_found",
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        status if status.is_server_error() => return ApiError::internal(String::from_utf8_lossy(said)),
        _ => "invalid_request",
    };
    let sentence = match std::str::from_utf8(said) {
        Ok(said) if !said.trim().is_empty() => said.trim().to_owned(),
        _ => status.canonical_reason().unwrap_or("Refused").to_owned(),
    };
    ApiError::new(status, error, sentence)
}

/// One request in progress, logged however it ends: also when the caller disconnects and the future is dropped.
struct Exchange<'r> {
    rules: &'r Rules,
    route: Route<'r>,
    context: RequestContext,
    method: Method,
    uri: Uri,
    /// Its trace: that of the caller, or one of its own.
    trace: Option<Context>,
    span: Option<Recording>,
    /// A browser navigation.
    navigates: bool,
    /// The languages that it prefers.
    accept_language: Option<HeaderValue>,
    watch: Stopwatch,
    status: Option<StatusCode>,
    /// Whether its address may have one more in progress.
    room: Result<(), OverBudget>,
}

impl<'r> Exchange<'r> {
    fn begin(rules: &'r Rules, peer: Peer, parts: &Parts) -> Self {
        rules.in_flight.enter();
        let watch = Stopwatch::start();
        let route = rules.routes.find(parts);
        let origin = rules.proxies.client(peer, &parts.headers);
        let (host, agent) = (host::of(parts), parts.headers.get(USER_AGENT).cloned());
        let mut address = AddressRequest::of(rules.counters.budget_of(origin));
        let room = if route.policy.limit == Limit::Unlimited { Ok(()) } else { address.count() };
        let is_traced = rules.access_log || Tracer::installed().is_some();
        let caller = if is_traced { traceparent(&parts.headers) } else { None };
        let span = trace::request(caller);
        let (id, now, counters) = (rules.ids.next(), rules.clock.now(), Arc::clone(&rules.counters));
        let context = RequestContext::new(id, origin, host, agent, now, counters, address);
        Self {
            rules,
            route,
            room,
            context,
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            trace: span.as_ref().map(Recording::context).or(caller),
            span,
            navigates: accepts_pages(&parts.headers),
            accept_language: parts.headers.get(ACCEPT_LANGUAGE).cloned(),
            watch,
            status: None,
        }
    }

    /// Ends its span. The address has only the pattern of its route, and of the client there is nothing: neither secrets nor
    /// personal data leave by a trace.
    fn describe(&self, mut span: Recording, status: StatusCode) {
        let (method, route) = (method_name(&self.method), self.route.metrics.route());
        span.rename(format!("{method} {route}"));
        span.set("http.request.method", method);
        span.set("http.route", route.to_owned());
        span.set("http.response.status_code", status.as_u16());
        span.set("sigma.request_id", self.context.request_id().to_string());
        if status.is_server_error() {
            span.fail();
        }
    }

    /// Whether an error is shown as a page: a browser asks for something to show, and people read the responses.
    fn shows_page(&self) -> bool {
        self.navigates && self.route.policy.error_pages == ErrorPages::ForBrowsers
    }
}

impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        /// nginx's status for a client that did not wait for the response.
        const GONE: u16 = 499;
        let took = self.watch.elapsed();
        let gone = || StatusCode::from_u16(GONE).unwrap_or(StatusCode::BAD_REQUEST);
        let status = self.status.unwrap_or_else(gone);
        self.rules.in_flight.leave();
        self.route.metrics.record(&self.method, status, took);
        if let Some(span) = self.span.take().filter(Recording::is_sampled) {
            self.describe(span, status);
        }
        if self.rules.access_log {
            tracing::info!(
                target: "sigma::access",
                method = self.method.as_str(),
                path = shortened(self.uri.path()),
                route = self.route.metrics.route(),
                status = status.as_u16(),
                micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
                client = %self.context.client(),
                request_id = self.context.request_id().as_str(),
                events = self.context.events(),
                trace_id = self.trace.map(|trace| format!("{:032x}", trace.trace_id)),
            );
        }
    }
}

/// Browsers accept HTML when they navigate, and scripts do not.
fn accepts_pages(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

/// Enough of a path to recognize it; a caller may send 64 KiB.
fn shortened(path: &str) -> &str {
    path.char_indices().nth(256).and_then(|(end, _)| path.get(..end)).unwrap_or(path)
}
