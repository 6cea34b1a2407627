//! The address of the server, and how to connect to it.

use std::error::Error as _;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::client::{PostgresConnection, runtime};
use super::fault::{POOLER, explain, is_pooler};
use super::spares::{Kind, Spares};
use super::tls::{Check, connector};
use crate::error::{OpenError, Outage};
use crate::options::{Pooler, StoreOptions};
use crate::stopwatch;

/// How long no new connection is attempted after a failed one: callers get an error at once instead of one by one.
pub(crate) const PAUSE: Duration = Duration::from_millis(250);
/// The timeout for a host that did not respond the last time, while there are others.
const DOUBT: Duration = Duration::from_millis(500);
/// How long a schema migration may take.
pub(crate) const MIGRATION: Duration = Duration::from_mins(10);

/// What a worker's connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Transactions, READ COMMITTED, with limits on every wait.
    Write,
    /// Read-only, statement by statement.
    Read,
}

impl Purpose {
    /// The name of its queue in metrics.
    pub(crate) const fn queue(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Read => "read",
        }
    }
}

/// A PostgreSQL server, or several of which one accepts writes.
pub(crate) struct Server {
    hosts: Vec<HostAddress>,
    /// Everything but the host.
    config: Config,
    tls: Option<MakeRustlsConnect>,
    pooler: Pooler,
    spares: Option<Spares>,
    /// Timeout of one statement.
    statement_limit: Duration,
    connect_limit: Duration,
    /// The host that accepted writes the last time.
    good: AtomicUsize,
    origin: Instant,
    /// When a connection last failed: microseconds after `origin`; 0 is never.
    failed_at: AtomicU64,
}

struct HostAddress {
    host: Host,
    address: Option<IpAddr>,
    port: u16,
    /// It did not respond the last time.
    was_silent: AtomicBool,
}

/// Why there is no connection.
#[derive(Clone, Debug)]
pub(crate) struct NoConnection {
    /// What callers are told.
    pub(crate) outage: Outage,
    /// What the operator is told.
    pub(crate) cause: String,
    /// Waiting may help: the server is down, starting, full or not the leader yet.
    pub(crate) is_passing: bool,
}

type Connected = (Client, JoinHandle<()>);

impl Server {
    /// The server that `options` name: `postgres://USER:PASSWORD@HOST:PORT/DATABASE?PARAMETER=VALUE&…` with the
    /// parameters of libpq.
    pub(crate) fn at(options: &StoreOptions) -> Result<Self, OpenError> {
        let Address { url, tls, roots } = Address::split(&options.url);
        let given: Config = url.parse().map_err(|error| OpenError::Address(explain(&error)))?;
        let check = match tls.as_deref() {
            Some("disable") => None,
            None | Some("prefer") => Some((SslMode::Prefer, Check::Nothing)),
            // As in libpq: naming authorities means verifying against them.
            Some("require") if roots.is_some() => Some((SslMode::Require, Check::Chain)),
            Some("require") => Some((SslMode::Require, Check::Nothing)),
            Some("verify-ca") => Some((SslMode::Require, Check::Chain)),
            Some("verify-full") => Some((SslMode::Require, Check::ChainAndName)),
            Some(other) => {
                return Err(OpenError::Address(format!(
                    "sslmode={other} is not one of disable, prefer, require, verify-ca, verify-full"
                )));
            }
        };
        let tls_mode = check.map_or(SslMode::Disable, |(mode, _)| mode);
        let tls = check.map(|(_, check)| connector(check, roots.as_deref()).map_err(OpenError::Address)).transpose()?;
        let now = stopwatch::now();
        Ok(Self {
            hosts: hosts(&given)?,
            config: without_hosts(&given, tls_mode),
            tls,
            pooler: options.pooler,
            spares: options.spares.clone(),
            statement_limit: options.statement_limit,
            connect_limit: given.get_connect_timeout().copied().unwrap_or(Duration::from_secs(2)),
            good: AtomicUsize::new(0),
            origin: now.checked_sub(PAUSE).unwrap_or(now),
            failed_at: AtomicU64::new(0),
        })
    }

    /// How long an operation may take until its COMMIT, and the COMMIT itself: longer than the server allows a
    /// statement, so that only a stalled server exceeds it.
    pub(crate) fn operation_limit(&self) -> Duration {
        self.statement_limit + self.statement_limit / 4
    }

    /// The statement that begins a writing transaction. Nothing is ever set beyond its end: behind a pooler, the
    /// connection then belongs to somebody else.
    pub(crate) fn begin(&self) -> String {
        let begin = "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE".to_owned();
        match self.pooler {
            Pooler::None => begin,
            Pooler::Transaction => {
                let limits = self.limits().map(|(name, milliseconds)| format!("; SET LOCAL {name} = {milliseconds}"));
                begin + &limits.concat()
            }
        }
    }

    /// The limits that the server enforces, so that abandoned work ends there as well.
    fn limits(&self) -> [(&'static str, u128); 3] {
        let limit = self.statement_limit;
        [
            ("statement_timeout", limit.as_millis()),
            ("lock_timeout", (limit * 3 / 4).as_millis()),
            ("idle_in_transaction_session_timeout", (limit * 5 / 2).as_millis()),
        ]
    }

    /// A new connection, unless an attempt failed a moment ago.
    pub(crate) fn connect(&self) -> Result<PostgresConnection, NoConnection> {
        if self.failed_a_moment_ago() {
            return Err(NoConnection::unknown());
        }
        self.open().inspect_err(|failure| {
            tracing::error!(error = failure.cause, "there is no connection to the database server");
            let failed_at = stopwatch::now().duration_since(self.origin).as_micros();
            self.failed_at.store(u64::try_from(failed_at).unwrap_or(0), Ordering::Relaxed);
        })
    }

    /// A new connection to the first host that accepts writes, starting with the one that did so the last time.
    pub(crate) fn open(&self) -> Result<PostgresConnection, NoConnection> {
        if let Some(spare) = self.spares.as_ref().and_then(|spares| spares.take(self.kind())) {
            return Ok(spare);
        }
        let runtime = runtime().map_err(|error| NoConnection {
            outage: Outage::Exhausted,
            cause: format!("a runtime cannot be made: {error}"),
            is_passing: true,
        })?;
        let first = self.good.load(Ordering::Relaxed);
        let mut failures: Vec<NoConnection> = Vec::new();
        for number in 0..self.hosts.len() {
            let number = (first + number) % self.hosts.len();
            let Some(host) = self.hosts.get(number) else { continue };
            match runtime.block_on(self.try_host(host)) {
                Ok((client, driver)) => {
                    self.good.store(number, Ordering::Relaxed);
                    return Ok(PostgresConnection::new(runtime, client, driver, self.pooler));
                }
                Err(failure) => failures.push(failure),
            }
        }
        runtime.shutdown_background();
        Err(NoConnection::all(failures))
    }

    fn kind(&self) -> Kind {
        (self.statement_limit, self.pooler)
    }

    /// Takes a connection back that has no open transaction.
    pub(crate) fn retire(&self, session: PostgresConnection) {
        if let Some(spares) = &self.spares {
            spares.keep(self.kind(), session);
        }
    }

    /// Connects to one host: tries its addresses in turn, each with the timeout of a whole handshake.
    async fn try_host(&self, host: &HostAddress) -> Result<Connected, NoConnection> {
        let doubtful = self.hosts.len() > 1 && host.was_silent.load(Ordering::Relaxed);
        let limit = if doubtful { self.connect_limit.min(DOUBT) } else { self.connect_limit };
        let silent = || NoConnection {
            outage: Outage::Disconnected,
            cause: format!("{host} does not answer within {} ms", limit.as_millis()),
            is_passing: true,
        };
        let addresses = match (&host.address, &host.host) {
            (Some(address), _) => vec![Some(*address)],
            (None, Host::Unix(_)) => vec![None],
            (None, Host::Tcp(name)) => {
                let found = tokio::time::timeout(limit, tokio::net::lookup_host((name.as_str(), host.port))).await;
                let found = found.map_err(|_| silent())?.map_err(|error| NoConnection {
                    outage: Outage::Disconnected,
                    cause: format!("{host}: {error}"),
                    is_passing: true,
                })?;
                found.map(|address| Some(address.ip())).collect()
            }
        };
        let mut last = None;
        for address in addresses {
            let mut config = self.config.clone();
            match (&host.host, address) {
                (Host::Tcp(name), Some(address)) => config.host(name).hostaddr(address),
                (Host::Tcp(name), None) => config.host(name),
                (Host::Unix(path), _) => config.host_path(path),
            };
            config.port(host.port);
            if self.pooler == Pooler::None {
                config.options(self.start_up_options());
            }
            let outcome = tokio::time::timeout(limit, self.shake_hands(&config)).await;
            host.was_silent.store(outcome.is_err(), Ordering::Relaxed);
            match outcome {
                Ok(Ok(connected)) => return Ok(connected),
                Ok(Err(error)) => last = Some(NoConnection::of(host, &error)),
                Err(_) => last = Some(silent()),
            }
        }
        Err(last.unwrap_or_else(silent))
    }

    async fn shake_hands(&self, config: &Config) -> Result<Connected, tokio_postgres::Error> {
        // The end of a connection is noticed by whoever waits for a response.
        if let Some(tls) = &self.tls {
            let (client, connection) = config.connect(tls.clone()).await?;
            return Ok((client, tokio::spawn(async { drop(connection.await) })));
        }
        let (client, connection) = config.connect(NoTls).await?;
        Ok((client, tokio::spawn(async { drop(connection.await) })))
    }

    /// The limits in the form that the server accepts at the start of a connection, which is then ours alone.
    fn start_up_options(&self) -> String {
        let given = self.config.get_options().unwrap_or_default().to_owned();
        given + &self.limits().map(|(name, milliseconds)| format!(" -c {name}={milliseconds}")).concat()
    }

    /// What `SHOW statement_timeout` returns on a connection that has the limits.
    pub(crate) fn statement_timeout(&self) -> u128 {
        self.statement_limit.as_millis()
    }

    fn failed_a_moment_ago(&self) -> bool {
        let failed_at = self.failed_at.load(Ordering::Relaxed);
        failed_at != 0 && stopwatch::now() < self.origin + Duration::from_micros(failed_at) + PAUSE
    }
}

impl std::fmt::Display for HostAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.host, self.address) {
            (Host::Tcp(name), _) => write!(f, "{name}:{}", self.port),
            (Host::Unix(path), _) => write!(f, "{}", path.display()),
        }
    }
}

impl NoConnection {
    /// The known state while another thread tries.
    pub(crate) fn unknown() -> Self {
        Self {
            outage: Outage::Disconnected,
            cause: "there was no connection a moment ago".to_owned(),
            is_passing: true,
        }
    }

    fn of(host: &HostAddress, error: &tokio_postgres::Error) -> Self {
        let reported = explain(error);
        let state = error.code();
        let is_full = state == Some(&SqlState::TOO_MANY_CONNECTIONS);
        // A certificate refused once will be refused again.
        let is_io = || error.source().and_then(|cause| cause.downcast_ref::<std::io::Error>()).is_some();
        let is_network = || (error.is_closed() || is_io()) && !reported.contains("TLS handshake");
        let is_passing = is_full || state.map_or_else(is_network, |state| state.code().starts_with("57P"));
        let cause =
            if is_pooler(error) { format!("{host}: {POOLER} ({reported})") } else { format!("{host}: {reported}") };
        Self { outage: if is_full { Outage::Exhausted } else { Outage::Disconnected }, cause, is_passing }
    }

    /// The combined errors of several hosts.
    fn all(failures: Vec<Self>) -> Self {
        Self {
            outage: if failures.iter().any(|failure| failure.outage == Outage::Exhausted) {
                Outage::Exhausted
            } else {
                Outage::Disconnected
            },
            is_passing: failures.iter().any(|failure| failure.is_passing),
            cause: failures.into_iter().map(|failure| failure.cause).collect::<Vec<_>>().join("; "),
        }
    }
}

impl From<NoConnection> for OpenError {
    fn from(failure: NoConnection) -> Self {
        if failure.is_passing { Self::Unreachable(failure.cause) } else { Self::Server(failure.cause) }
    }
}

fn hosts(given: &Config) -> Result<Vec<HostAddress>, OpenError> {
    let (names, addresses, ports) = (given.get_hosts(), given.get_hostaddrs(), given.get_ports());
    let count = names.len().max(addresses.len());
    let odd = |what: &str| Err(OpenError::Address(format!("there is not one {what} for each host")));
    if count == 0 {
        return Err(OpenError::Address("it names no host".to_owned()));
    }
    if !names.is_empty() && !addresses.is_empty() && names.len() != addresses.len() {
        return odd("hostaddr");
    }
    if ports.len() > 1 && ports.len() != count {
        return odd("port");
    }
    let host = |number: usize| {
        let address = addresses.get(number).copied();
        let name = names.get(number).cloned();
        HostAddress {
            host: name.unwrap_or_else(|| Host::Tcp(address.map(|address| address.to_string()).unwrap_or_default())),
            address,
            port: ports.get(number).or_else(|| ports.first()).copied().unwrap_or(5432),
            was_silent: AtomicBool::new(false),
        }
    };
    Ok((0..count).map(host).collect())
}

/// The given options with our defaults added, for one host at a time.
fn without_hosts(given: &Config, tls_mode: SslMode) -> Config {
    let mut config = Config::new();
    if let Some(user) = given.get_user() {
        config.user(user);
    }
    if let Some(password) = given.get_password() {
        config.password(password);
    }
    if let Some(name) = given.get_dbname() {
        config.dbname(name);
    }
    if let Some(options) = given.get_options() {
        config.options(options);
    }
    config.application_name(given.get_application_name().unwrap_or("sigma"));
    config.ssl_mode(tls_mode).ssl_negotiation(given.get_ssl_negotiation());
    config.channel_binding(given.get_channel_binding());
    config.tcp_user_timeout(given.get_tcp_user_timeout().copied().unwrap_or(Duration::from_secs(5)));
    config.keepalives(given.get_keepalives()).keepalives_idle(Duration::from_secs(15));
    config.keepalives_interval(Duration::from_secs(5)).keepalives_retries(3);
    config.target_session_attrs(match given.get_target_session_attrs() {
        TargetSessionAttrs::Any => TargetSessionAttrs::ReadWrite,
        chosen => chosen,
    });
    config
}

/// An address without the parameters that we interpret ourselves.
struct Address {
    url: String,
    tls: Option<String>,
    roots: Option<String>,
}

impl Address {
    fn split(url: &str) -> Self {
        let Some((server, parameters)) = url.split_once('?') else {
            return Self { url: url.to_owned(), tls: None, roots: None };
        };
        let (mut tls, mut roots, mut kept) = (None, None, Vec::new());
        for parameter in parameters.split('&') {
            match parameter.split_once('=') {
                Some(("sslmode", value)) => tls = Some(value.to_owned()),
                Some(("sslrootcert", value)) => roots = Some(value.replace("%2F", "/").replace("%2f", "/")),
                _ => kept.push(parameter),
            }
        }
        Self { url: format!("{server}?{}", kept.join("&")), tls, roots }
    }
}
