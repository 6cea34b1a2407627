//! The only way out: every request that this server sends to an address that somebody else chose.
//!
//! Only https, no redirects, no proxies, no private or link-local address (a name is resolved once, and the connection goes to
//! that address), 5 s in all, 64 KiB of response, and a bounded number at once. What the operator configured may be at private
//! addresses, and on this machine without TLS; providers that were declared while the server runs may not. Clippy refuses other
//! HTTP clients (`disallowed-methods`).

mod address;
mod attempts;
mod key_sets;
pub mod lifetime;
mod request_objects;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use reqwest::dns::Resolve;
use sigma_core::provider::is_endpoint;
use sigma_store::Memory;
use sigma_telemetry::Stopwatch;
use sigma_telemetry::trace::{self, Context, SpanKind};
use tokio::sync::{OnceCell, Semaphore};

use address::{AllowedAddresses, PublicAddresses, is_allowed, is_public};
pub use attempts::{Attempt, Attempts};
pub use key_sets::KeySets;
pub use request_objects::{Missing, RequestObjects};

/// How long a request may take, from waiting for its turn to the last byte.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// The largest response body, in bytes.
const LARGEST: usize = 65_536;
/// The time limit for endpoints of the operator whose callers have limits of their own.
const OPERATOR_TIME_LIMIT: Duration = Duration::from_secs(30);
/// Requests at once.
const MOST: usize = 64;
/// Requests to one host at once: one that does not answer holds up nobody else's.
const MOST_PER_HOST: usize = 4;
/// Key sets that are fetched at once.
const MOST_KEY_SETS: usize = 32;
/// Request objects that are fetched at once.
const MOST_REQUEST_OBJECTS: usize = 16;
/// Requests of webhooks at once.
const MOST_WEBHOOKS: usize = 64;
/// Hosts whose turns are remembered.
const HOSTS: usize = 1_000;

/// Why something could not be fetched.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The address is not an https URL without credentials.
    #[error("the address is not an https URL")]
    Address,
    /// The address, or what its name resolves to, is not public.
    #[error("the address is not public")]
    NotPublic,
    /// The connection failed.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// It took too long.
    #[error("the server took too long")]
    TimedOut,
    /// The response has another status than 200, such as a redirect.
    #[error("the server answered {0}")]
    Status(u16),
    /// The response is too large.
    #[error("the answer is larger than {LARGEST} bytes")]
    TooLarge,
}

/// Which addresses requests may go to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reach {
    /// Public ones.
    Public,
    /// Public ones, and those in networks that the operator allows; on this machine without TLS, if it is in one of them.
    Allowed(Vec<IpNet>),
    /// Any: the operator chose them.
    Anywhere,
    /// Any, also without TLS: what is sent there is no secret.
    Collector,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Outgoing<'a> {
    /// Where it goes.
    pub url: &'a str,
    /// The form that is posted; otherwise it is a GET.
    pub form: Option<&'a [(&'a str, &'a str)]>,
    /// The JSON that is posted.
    pub json: Option<&'a str>,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// Further headers, by lower-case names.
    pub headers: &'a [(&'a str, &'a str)],
    /// How many bytes of the body are wanted: the rest of a longer one is left unread.
    pub head: Option<usize>,
}

impl<'a> Outgoing<'a> {
    /// A GET.
    pub const fn get(url: &'a str) -> Self {
        Self { url, form: None, json: None, authorization: None, headers: &[], head: None }
    }
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: http::HeaderMap,
    /// Its body, at most 64 KiB.
    pub body: Vec<u8>,
}

/// Makes a client with the certificates of the system.
type Build = Box<dyn Fn() -> Result<reqwest::Client, reqwest::Error> + Send + Sync>;

/// Sends requests to servers of others.
pub struct Fetcher {
    way: Arc<Way>,
    turns: Semaphore,
    turns_per_host: Memory<String, Arc<Semaphore>>,
}

/// How requests are sent, and where to.
struct Way {
    /// Made by the first request: reading the system's certificates takes longer than the rest of a start, and most servers never
    /// send one.
    client: OnceCell<reqwest::Client>,
    build: Build,
    reach: Reach,
    time_limit: Duration,
    /// What a test put in its place.
    #[cfg(feature = "testing")]
    other: std::sync::OnceLock<Arc<Way>>,
}

impl Fetcher {
    /// The fetcher for addresses that others chose.
    pub fn for_others() -> Self {
        Self::with(Arc::new(PublicAddresses), TIME_LIMIT, |client| client)
    }

    /// The fetcher for addresses that others chose, which may also be in `networks`.
    pub fn allowing(networks: &[IpNet]) -> Self {
        Self::allowing_within(networks, TIME_LIMIT)
    }

    /// The fetcher for endpoints that an owner declared while the server runs, which may also be in `networks`. Callers have time
    /// limits of their own.
    pub fn for_declared(networks: &[IpNet]) -> Self {
        Self::allowing_within(networks, OPERATOR_TIME_LIMIT)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the fetcher")]
    fn allowing_within(networks: &[IpNet], time_limit: Duration) -> Self {
        let reach = networks.to_vec();
        let resolver: Arc<dyn Resolve> = Arc::new(AllowedAddresses(reach.clone()));
        let build = move || harden(reqwest::Client::builder(), time_limit).dns_resolver(Arc::clone(&resolver)).build();
        Self::of(Box::new(build), Reach::Allowed(reach), time_limit)
    }

    /// The fetcher for endpoints that the operator configured.
    pub fn for_operator() -> Self {
        Self::for_operator_within(OPERATOR_TIME_LIMIT)
    }

    /// The same, with a time limit for each request.
    pub fn for_operator_within(time_limit: Duration) -> Self {
        Self::of_operator(Reach::Anywhere, time_limit)
    }

    /// The fetcher for the collector of traces and metrics.
    pub fn for_collector(time_limit: Duration) -> Self {
        Self::of_operator(Reach::Collector, time_limit)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the fetcher")]
    fn of_operator(reach: Reach, time_limit: Duration) -> Self {
        let build = move || harden(reqwest::Client::builder(), time_limit).build();
        Self::of(Box::new(build), reach, time_limit)
    }

    /// The fetcher for addresses that others chose, for tests: it trusts the certificate authority `trusted` (DER), asks
    /// `resolve` instead of name servers, and takes `public` for a public address.
    #[cfg(feature = "testing")]
    pub fn for_tests(
        trusted: Vec<u8>,
        public: IpAddr,
        time_limit: Duration,
        resolve: impl Fn(&str) -> Vec<IpAddr> + Send + Sync + 'static,
    ) -> Self {
        let resolver = Arc::new(address::Scripted { resolve: Box::new(resolve), public });
        Self::with(resolver, time_limit, move |client| match reqwest::Certificate::from_der(&trusted) {
            Ok(trusted) => client.tls_certs_only([trusted]),
            Err(_) => client,
        })
    }

    #[expect(clippy::disallowed_methods, reason = "this is the fetcher")]
    fn with(
        resolver: Arc<dyn Resolve>,
        time_limit: Duration,
        change: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync + 'static,
    ) -> Self {
        let build = move || {
            let client = harden(reqwest::Client::builder(), time_limit).https_only(true);
            change(client.dns_resolver(resolver.clone())).build()
        };
        Self::of(Box::new(build), Reach::Public, time_limit)
    }

    fn of(build: Build, reach: Reach, time_limit: Duration) -> Self {
        let way = Way {
            client: OnceCell::new(),
            build,
            reach,
            time_limit,
            #[cfg(feature = "testing")]
            other: std::sync::OnceLock::new(),
        };
        Self::by(Arc::new(way), MOST)
    }

    fn by(way: Arc<Way>, most: usize) -> Self {
        Self { way, turns: Semaphore::new(most), turns_per_host: Memory::new(HOSTS) }
    }

    /// The same with `most` turns of its own: what is fetched by it neither waits for other fetches nor holds them up.
    #[must_use]
    pub fn lane(&self, most: usize) -> Self {
        Self::by(Arc::clone(&self.way), most)
    }

    /// Lets this fetcher and its lanes send their requests as `other` does, from now on.
    #[cfg(feature = "testing")]
    pub fn send_as(&self, other: &Self) {
        let _ = self.way.other.set(Arc::clone(&other.way));
    }

    fn way(&self) -> &Way {
        #[cfg(feature = "testing")]
        if let Some(other) = self.way.other.get() {
            return other;
        }
        &self.way
    }

    /// The body at `url`, which answers 200.
    ///
    /// # Errors
    /// [`FetchError`]
    pub async fn get(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        let answer = self.ask(Outgoing::get(url)).await?;
        if answer.status == 200 { Ok(answer.body) } else { Err(FetchError::Status(answer.status)) }
    }

    /// The address, if requests may go there as far as can be told without resolving its name.
    ///
    /// # Errors
    /// It is not https, or not public.
    pub fn admit(&self, address: &str) -> Result<reqwest::Url, FetchError> {
        let way = self.way();
        let url = reqwest::Url::parse(address).map_err(|_| FetchError::Address)?;
        let is_secure = match &way.reach {
            Reach::Public => url.scheme() == "https",
            Reach::Allowed(networks) => url.scheme() == "https" || is_loopback_in(&url, networks),
            Reach::Anywhere => is_endpoint(address, address),
            Reach::Collector => matches!(url.scheme(), "http" | "https"),
        };
        if !is_secure || !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::Address);
        }
        // A literal address is never resolved, so the resolver cannot refuse it.
        let literal = match url.host().ok_or(FetchError::Address)? {
            url::Host::Ipv4(address) => Some(IpAddr::V4(address)),
            url::Host::Ipv6(address) => Some(IpAddr::V6(address)),
            url::Host::Domain(_) => None,
        };
        let is_in_reach = |address| match &way.reach {
            Reach::Public => is_public(address),
            Reach::Allowed(networks) => is_allowed(address, networks),
            Reach::Anywhere | Reach::Collector => true,
        };
        if literal.is_some_and(|address| !is_in_reach(address)) {
            return Err(FetchError::NotPublic);
        }
        Ok(url)
    }

    /// The response to `outgoing`, whatever its status.
    ///
    /// # Errors
    /// [`FetchError`]
    pub async fn ask(&self, outgoing: Outgoing<'_>) -> Result<Answer, FetchError> {
        // Reports do not report themselves.
        if self.way().reach == Reach::Collector {
            return self.ask_unmeasured(outgoing, None).await;
        }
        let watch = Stopwatch::start();
        let mut span = trace::part_or_background("request", SpanKind::Client);
        if let Some(span) = &mut span {
            let method = if outgoing.form.is_some() || outgoing.json.is_some() { "POST" } else { "GET" };
            span.rename(method);
            span.set("http.request.method", method);
            // No more of the address: a path or a query may hold a secret.
            if let Some(host) = url::Url::parse(outgoing.url).ok().as_ref().and_then(url::Url::host_str) {
                span.set("server.address", host.to_owned());
            }
        }
        let context = span.as_ref().map(|span| span.context()).or_else(trace::current);
        let asked = self.ask_unmeasured(outgoing, context).await;
        if let Some(span) = &mut span {
            if let Ok(answer) = &asked {
                span.set("http.response.status_code", answer.status);
            } else {
                span.set("error.type", outcome_of(&asked));
                span.fail();
            }
        }
        metrics::histogram!("sigma_outgoing_request_seconds").record(watch.elapsed());
        metrics::counter!("sigma_outgoing_requests_total", "outcome" => outcome_of(&asked)).increment(1);
        asked
    }

    async fn ask_unmeasured(&self, outgoing: Outgoing<'_>, context: Option<Context>) -> Result<Answer, FetchError> {
        let (way, url) = (self.way(), self.admit(outgoing.url)?);
        let host = url.host_str().unwrap_or_default().to_owned();
        let client = way.client.get_or_try_init(async || (way.build)()).await;
        let client = client.map_err(|error| FetchError::Unreachable(error.to_string()))?;
        let post = |kind, body| client.post(url.clone()).header(reqwest::header::CONTENT_TYPE, kind).body(body);
        let mut request = match (outgoing.form, outgoing.json) {
            (Some(form), _) => {
                let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
                post("application/x-www-form-urlencoded", body)
            }
            (None, Some(json)) => post("application/json", json.to_owned()),
            (None, None) => client.get(url.clone()),
        };
        request = request.header(reqwest::header::ACCEPT, "application/json");
        if let Some(authorization) = outgoing.authorization {
            request = request.header(reqwest::header::AUTHORIZATION, authorization);
        }
        if let Some(context) = context {
            request = request.header("traceparent", context.header());
        }
        for (name, value) in outgoing.headers {
            request = request.header(*name, *value);
        }
        let fetched = tokio::time::timeout(way.time_limit, self.send(&host, request, outgoing.head)).await;
        fetched.unwrap_or(Err(FetchError::TimedOut))
    }

    async fn send(
        &self,
        host: &str,
        request: reqwest::RequestBuilder,
        head: Option<usize>,
    ) -> Result<Answer, FetchError> {
        let turns = self.turns_per_host.get_or_insert(host, || Arc::new(Semaphore::new(MOST_PER_HOST)));
        // First that of the host, so that those who wait for a slow one do not keep the turns of all. Neither is ever closed.
        let _turn_at_host = turns.acquire().await.map_err(|_| FetchError::TimedOut)?;
        let _turn = self.turns.acquire().await.map_err(|_| FetchError::TimedOut)?;
        let mut response = request.send().await.map_err(|error| unreachable(&error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
            if let Some(head) = head {
                body.extend(chunk.iter().take(head.saturating_sub(body.len())));
                if body.len() == head {
                    break;
                }
                continue;
            }
            if body.len() + chunk.len() > LARGEST {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body })
    }
}

/// What goes to addresses that apps or orgs registered. Each kind has turns of its own, so that slow hosts of one kind hold up
/// nothing of another, and apps that registered themselves hold up nothing of the operator's.
pub struct AppAddresses {
    /// Everything else.
    pub fetcher: Fetcher,
    /// `jwks_uri`.
    pub key_sets: KeySets,
    /// `request_uri`.
    pub request_objects: RequestObjects,
    /// Receivers of webhooks.
    pub webhooks: Fetcher,
}

impl AppAddresses {
    /// Those at public addresses, and in the private `networks`.
    pub fn in_reach_of(networks: &[IpNet]) -> Self {
        let fetcher = Fetcher::allowing(networks);
        let key_sets = KeySets::new(&Arc::new(fetcher.lane(MOST_KEY_SETS)));
        let request_objects = RequestObjects::new(Arc::new(fetcher.lane(MOST_REQUEST_OBJECTS)));
        let webhooks = fetcher.lane(MOST_WEBHOOKS);
        Self { fetcher, key_sets, request_objects, webhooks }
    }
}

/// Whether `url` is http on this machine, which one of `networks` includes.
fn is_loopback_in(url: &reqwest::Url, networks: &[IpNet]) -> bool {
    let address = match url.host() {
        Some(url::Host::Domain("localhost")) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        Some(url::Host::Ipv4(address)) => IpAddr::V4(address),
        Some(url::Host::Ipv6(address)) => IpAddr::V6(address),
        Some(url::Host::Domain(_)) | None => return false,
    };
    url.scheme() == "http" && address.is_loopback() && networks.iter().any(|network| network.contains(&address))
}

/// How a request ended, as a label of metrics.
fn outcome_of(asked: &Result<Answer, FetchError>) -> &'static str {
    match asked {
        Ok(Answer { status: 0..300, .. }) => "2xx",
        Ok(Answer { status: 300..400, .. }) => "3xx",
        Ok(Answer { status: 400..500, .. }) => "4xx",
        Ok(_) | Err(FetchError::Status(_)) => "5xx",
        Err(FetchError::Address | FetchError::NotPublic) => "refused",
        Err(FetchError::Unreachable(_)) => "unreachable",
        Err(FetchError::TimedOut) => "timed_out",
        Err(FetchError::TooLarge) => "too_large",
    }
}

/// What holds for every request.
fn harden(client: reqwest::ClientBuilder, time_limit: Duration) -> reqwest::ClientBuilder {
    client
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .timeout(time_limit)
        .pool_max_idle_per_host(1)
        .no_proxy()
        .user_agent("sigma")
}

fn unreachable(error: &reqwest::Error) -> FetchError {
    if error.is_timeout() {
        return FetchError::TimedOut;
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if cause.is::<address::NoPublicAddress>() {
        return FetchError::NotPublic;
    }
    FetchError::Unreachable(cause.to_string())
}

#[cfg(test)]
mod tests;
