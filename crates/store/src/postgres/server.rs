//! The address of the server and how connections to it are made.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use postgres::config::{SslMode, TargetSessionAttrs};
use postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::client::Session;
use super::fault::explain;
use super::tls::{Check, connector};
use crate::error::{OpenError, Outage, StoreError};
use crate::stopwatch;

/// After a connection could not be made, nobody tries for so long: callers are told at once instead of one by one.
const PAUSE: Duration = Duration::from_millis(250);

/// What a connection is for, and so how its transactions are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// READ COMMITTED, with limits on every wait.
    Write,
    /// READ COMMITTED and read-only.
    Read,
    /// Changing the schema, which may take its time.
    Migrate,
}

impl Purpose {
    const fn settings(self) -> &'static str {
        match self {
            Self::Write => {
                "SET default_transaction_isolation = 'read committed'; SET statement_timeout = '4s'; \
                 SET lock_timeout = '3s'; SET idle_in_transaction_session_timeout = '10s'"
            }
            Self::Read => {
                "SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = on; \
                 SET statement_timeout = '4s'; SET lock_timeout = '3s'"
            }
            Self::Migrate => {
                "SET default_transaction_isolation = 'read committed'; SET statement_timeout = 0; \
                 SET lock_timeout = '60s'; SET client_min_messages = warning"
            }
        }
    }
}

/// A PostgreSQL server, or several of which one takes writes.
pub(crate) struct Server {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    origin: Instant,
    /// When a connection last could not be made: microseconds after `origin`; 0 is never.
    failed_at: AtomicU64,
}

impl Server {
    /// The server at `url`, `postgres://USER:PASSWORD@HOST:PORT/DATABASE?PARAMETER=VALUE&…` with the parameters of libpq.
    pub(crate) fn at(url: &str) -> Result<Self, OpenError> {
        let Address { url, tls, roots } = Address::split(url);
        let mut config: Config = url.parse().map_err(|error| OpenError::Address(explain(&error)))?;
        let check = match tls.as_deref() {
            Some("disable") => None,
            None | Some("prefer") => Some((SslMode::Prefer, Check::Nothing)),
            // As in libpq: who names authorities wants them to be asked.
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
        config.ssl_mode(check.map_or(SslMode::Disable, |(mode, _)| mode));
        let tls = check.map(|(_, check)| connector(check, roots.as_deref()).map_err(OpenError::Address)).transpose()?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(2));
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(Duration::from_secs(5));
        }
        if config.get_application_name().is_none() {
            config.application_name("sigma");
        }
        if config.get_target_session_attrs() == TargetSessionAttrs::Any {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        config.keepalives_idle(Duration::from_secs(15)).keepalives_interval(Duration::from_secs(5));
        config.keepalives_retries(3);
        let now = stopwatch::now();
        let origin = now.checked_sub(PAUSE).unwrap_or(now);
        Ok(Self { config, tls, origin, failed_at: AtomicU64::new(0) })
    }

    /// A new connection for `purpose`.
    pub(crate) fn connect(&self, purpose: Purpose) -> Result<Session, StoreError> {
        if self.failed_a_moment_ago() {
            return Err(Outage::Disconnected.into());
        }
        self.client(purpose).map(Session::new).map_err(|error| {
            tracing::error!(error = explain(&error), "there is no connection to the database server");
            let failed_at = stopwatch::now().duration_since(self.origin).as_micros();
            self.failed_at.store(u64::try_from(failed_at).unwrap_or(0), Ordering::Relaxed);
            Outage::Disconnected.into()
        })
    }

    /// A new client for `purpose`.
    pub(crate) fn client(&self, purpose: Purpose) -> Result<Client, postgres::Error> {
        let mut client = match &self.tls {
            Some(tls) => self.config.connect(tls.clone())?,
            None => self.config.connect(NoTls)?,
        };
        client.batch_execute(purpose.settings())?;
        Ok(client)
    }

    fn failed_a_moment_ago(&self) -> bool {
        let failed_at = self.failed_at.load(Ordering::Relaxed);
        failed_at != 0 && stopwatch::now() < self.origin + Duration::from_micros(failed_at) + PAUSE
    }
}

/// An address without the parameters that are ours to read.
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
