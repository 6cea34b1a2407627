//! What may be wrong with an installation, judged alike for `sigma doctor` and the console, which each put it in words.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde::Serialize;
use sigma_core::time::Timestamp;
use sigma_store::job_queue::JobRow;
use sigma_store::{StoreError, Tx};
use url::Url;

use crate::settings::{Pooler, Settings};

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// No problem.
    Fine,
    /// It works, but needs attention.
    Note,
    /// It does not work, or is not secure.
    Wrong,
}

/// Where TLS ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// Nowhere: the issuer is plain http.
    PlainHttp,
    /// At the server itself.
    Own,
    /// At a proxy that is not trusted: all users appear to come from one address.
    Untrusted,
    /// At a proxy of so many trusted networks.
    Trusted(usize),
}

impl Proxy {
    /// The judgement of these settings; `None` if the issuer is no URL.
    pub fn of(settings: &Settings) -> Option<Self> {
        let url = Url::parse(&settings.issuer).ok()?;
        Some(match settings.http.trusted_proxies.len() {
            _ if url.scheme() == "http" => Self::PlainHttp,
            _ if settings.tls.is_some() => Self::Own,
            0 => Self::Untrusted,
            count => Self::Trusted(count),
        })
    }

    /// How bad it is.
    pub const fn status(self) -> Status {
        match self {
            Self::PlainHttp => Status::Note,
            Self::Own | Self::Trusted(_) => Status::Fine,
            Self::Untrusted => Status::Wrong,
        }
    }
}

/// Free bytes below which to warn, and below which it is a problem.
const LITTLE_SPACE: u64 = 1024 * 1024 * 1024;
const TOO_LITTLE_SPACE: u64 = 100 * 1024 * 1024;

/// The room that a database file has to grow.
#[derive(Debug)]
pub struct Disk {
    /// Where the file is.
    pub directory: PathBuf,
    /// The free bytes.
    pub space: io::Result<u64>,
}

impl Disk {
    /// The room of the database of these settings, if it is a file.
    pub fn of(settings: &Settings) -> Option<Self> {
        let path = settings.store.url.expose_secret().strip_prefix("sqlite:").map(PathBuf::from)?;
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => Path::new(".").to_owned(),
        };
        let space = rustix::fs::statvfs(&directory).map(|stat| stat.f_bavail.saturating_mul(stat.f_frsize));
        Some(Self { directory, space: space.map_err(io::Error::from) })
    }

    /// How bad it is.
    pub const fn status(&self) -> Status {
        match self.space {
            Err(_) | Ok(0..TOO_LITTLE_SPACE) => Status::Wrong,
            Ok(TOO_LITTLE_SPACE..LITTLE_SPACE) => Status::Note,
            Ok(_) => Status::Fine,
        }
    }
}

/// Jobs that are looked at.
pub const MOST_JOBS: u32 = 500;
/// Failures in a row that are no coincidence.
const PERSISTENT: i64 = 3;
/// How late a job may be.
const LATE: Duration = Duration::from_mins(5);

/// The background jobs.
#[derive(Clone, Copy, Debug)]
pub enum Jobs<'j> {
    /// There are none yet.
    None,
    /// One fails again and again.
    Failing(&'j JobRow),
    /// One was given up.
    GivenUp(&'j JobRow),
    /// One should have run.
    Late(&'j JobRow),
    /// So many, none of them late or failing.
    Fine(usize),
}

impl<'j> Jobs<'j> {
    /// The worst of these.
    pub fn of(jobs: &'j [JobRow], now: Timestamp) -> Self {
        let find = |is: &dyn Fn(&JobRow) -> bool| jobs.iter().find(|job| is(job));
        if jobs.is_empty() {
            Self::None
        } else if let Some(job) =
            find(&|job| job.holder.is_none() && job.next_at.is_some() && job.attempts >= PERSISTENT)
        {
            Self::Failing(job)
        } else if let Some(job) = find(&|job| job.next_at.is_none()) {
            Self::GivenUp(job)
        } else if let Some(job) = find(&|job| job.next_at.is_some_and(|at| at.plus(LATE) < now)) {
            Self::Late(job)
        } else {
            Self::Fine(jobs.len())
        }
    }

    /// How bad it is.
    pub const fn status(self) -> Status {
        match self {
            Self::Fine(_) => Status::Fine,
            Self::None | Self::GivenUp(_) | Self::Late(_) => Status::Note,
            Self::Failing(_) => Status::Wrong,
        }
    }
}

/// Connections of each instance beyond those for reads and writes: one for the change feed.
const FURTHER: i64 = 1;

/// Whether the database server has room for the connections of all instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connections {
    /// A pooler stands between: each instance opens so many to it.
    Pooled(i64),
    /// The server did not report its limit.
    Unknown,
    /// Each instance opens `each`, the server accepts `room`.
    Counted {
        /// Of one instance.
        each: i64,
        /// That the server accepts.
        room: i64,
    },
}

impl Connections {
    /// The judgement of these settings, and of the [`room`](Self::room) of the server; `None` for a database file.
    pub fn of(settings: &Settings, room: Option<i64>) -> Option<Self> {
        if settings.store.url.expose_secret().starts_with("sqlite:") {
            return None;
        }
        let reads = i64::try_from(settings.store.connections).unwrap_or(i64::MAX);
        let each = reads.saturating_mul(2).saturating_add(FURTHER);
        Some(match room {
            _ if settings.store.pooler != Pooler::None => Self::Pooled(each),
            Some(room) => Self::Counted { each, room },
            None => Self::Unknown,
        })
    }

    /// How many connections a PostgreSQL server accepts from us.
    ///
    /// # Errors
    /// The store does not answer, or is a file.
    pub fn room(tx: &mut dyn Tx) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT CAST(sum(CASE WHEN name = 'max_connections' THEN 1 ELSE -1 END * CAST(setting AS BIGINT)) AS BIGINT)
             FROM pg_settings
             WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')";
        Ok(tx.query_opt(sql, &[])?.and_then(|row| row.opt_int(0).ok().flatten()))
    }

    /// How many instances have room.
    pub const fn instances(self) -> Option<i64> {
        match self {
            Self::Counted { each, room } => room.checked_div(each),
            Self::Pooled(_) | Self::Unknown => None,
        }
    }

    /// How bad it is.
    pub const fn status(self) -> Status {
        match self.instances() {
            None | Some(1) => Status::Note,
            Some(..=0) => Status::Wrong,
            Some(_) => Status::Fine,
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn a_proxy_that_nobody_trusts_is_wrong_and_plain_http_a_note() {
        let judged = |issuer: &str, networks: &[&str]| {
            let mut settings = Settings { issuer: issuer.to_owned(), ..Settings::default() };
            settings.http.trusted_proxies = networks.iter().map(|network| network.parse().unwrap()).collect();
            Proxy::of(&settings).map(|proxy| (proxy, proxy.status()))
        };
        assert_eq!(judged("http://localhost:8080", &[]), Some((Proxy::PlainHttp, Status::Note)));
        assert_eq!(judged("https://id.example.org", &[]), Some((Proxy::Untrusted, Status::Wrong)));
        assert_eq!(judged("https://id.example.org", &["127.0.0.1/32"]), Some((Proxy::Trusted(1), Status::Fine)));
        assert_eq!(judged("id.example.org", &[]), None);
    }

    #[test]
    fn a_database_server_needs_room_for_two_instances() {
        let mut settings = Settings::default();
        assert_eq!(Connections::of(&settings, None), None, "a file has no such limit");
        settings.store.url = SecretString::from("postgres://sigma@db/sigma");
        settings.store.connections = 10;
        let status = |room| Connections::of(&settings, room).unwrap().status();
        let all = [None, Some(20), Some(21), Some(42)].map(status);
        assert_eq!(all, [Status::Note, Status::Wrong, Status::Note, Status::Fine]);
        settings.store.pooler = Pooler::Transaction;
        assert_eq!(Connections::of(&settings, Some(1)), Some(Connections::Pooled(21)));
    }
}
