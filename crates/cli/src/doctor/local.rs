//! Local checks: configuration, proxy, disk, master key, store, signing keys and clock.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use sigma_core::jose::Algorithm;
use sigma_core::time::{Clock as _, Timestamp};
use sigma_server::doctor::{Disk, Proxy};
use sigma_server::http::certificate;
use sigma_server::keys;
use sigma_server::settings::Settings;
use sigma_store::signing_key::{self, SealedKey};
use sigma_store::{MasterKey, OpenError};
use url::Url;

use super::{Finding, database, jobs};
use crate::config::check::{self, is_loopback};
use crate::exposure;
use crate::opened::{Opened, sqlite_path};
use crate::system::SystemClock;

/// Clock difference that needs attention.
const CLOCK_SLACK: Duration = Duration::from_secs(5);

/// The result of `config check`.
pub fn configuration(settings: &Settings) -> Vec<Finding> {
    let problems = check::problems(settings);
    if problems.is_empty() {
        return vec![Finding::fine("configuration", format!("the issuer is {}", settings.issuer))];
    }
    let wrong = |problem: &check::Problem| {
        Finding::wrong(
            "configuration",
            problem.to_string(),
            format!("Change {} in the file or the environment.", problem.key),
        )
    };
    problems.iter().map(wrong).collect()
}

/// Remaining validity at which to warn: automatic renewal happens a month before expiry.
const SOON: Duration = Duration::from_hours(14 * 24);

/// Checks whether clients accept the certificate, and for how long.
pub fn certificate(settings: &Settings) -> Option<Finding> {
    let check = "certificate";
    let tls = settings.tls.as_ref()?;
    let now = SystemClock.now();
    if let Some(problem) = check::refused_certificate(settings, now) {
        let mend = "Renew it, or correct tls.certificate and tls.key; the server reloads them automatically.";
        return Some(Finding::wrong(check, problem.message, mend));
    }
    let left = certificate::validity(tls, now).ok()?;
    let reported = format!("{} is valid for {} days", tls.certificate.display(), left.as_secs() / 86_400);
    Some(if left < SOON {
        Finding::note(check, reported, "Renew it; the server reloads it automatically.")
    } else {
        Finding::fine(check, reported)
    })
}

/// Checks whether TLS ends somewhere, and whether the proxy is trusted.
pub fn proxy(settings: &Settings) -> Option<Finding> {
    let judged = Proxy::of(settings)?;
    let (message, mend) = match judged {
        Proxy::PlainHttp => (
            "the issuer is plain http, which is only suitable for local testing".to_owned(),
            "For production, set issuer = \"https://…\" and either [tls] or a proxy that speaks TLS.",
        ),
        Proxy::Own => ("the server serves TLS itself".to_owned(), ""),
        Proxy::Untrusted => (
            "the issuer is https but the server does not serve TLS, so there must be a proxy; no proxy is trusted, so all \
             users appear to come from one address and share its rate limits"
                .to_owned(),
            "Set http.trusted_proxies to the proxy's address, for example [\"127.0.0.1/32\"], or [tls] if there is none.",
        ),
        Proxy::Trusted(networks) => (format!("{} trusted", count(networks, "network is", "networks are")), ""),
    };
    Some(Finding::judged("proxy", judged.status(), message, mend))
}

/// Checks whether a database file has room to grow.
pub fn disk(settings: &Settings) -> Option<Finding> {
    let disk = Disk::of(settings)?;
    let directory = disk.directory.display();
    let (message, mend) = match &disk.space {
        Ok(space) => (
            format!("{} MiB free in {directory}", space / (1024 * 1024)),
            "Free some space, or move the database to a larger disk.",
        ),
        Err(error) => (
            format!("{directory} cannot be inspected: {error}"),
            "Create the directory, or set store.url to the location of the database.",
        ),
    };
    Some(Finding::judged("disk", disk.status(), message, mend))
}

/// Checks whether the master key exists.
pub fn master_key(settings: &Settings) -> Finding {
    let check = "master key";
    let file = &settings.master_key.file;
    if settings.master_key.value.is_some() {
        return Finding::fine(check, "comes from the configuration");
    }
    if let Some(program) = settings.master_key.command.first() {
        return Finding::fine(check, format!("comes from the command {program}"));
    }
    match std::fs::File::open(file) {
        Ok(_) => Finding::fine(check, format!("only the owner can access {}", file.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Finding::note(
            check,
            format!("{} does not exist yet", file.display()),
            "The server creates it on first start. If a database already exists, restore its key from the backup.",
        ),
        Err(error) => {
            let mend = "Run this as the user that runs sigma, and let that user read it.";
            Finding::wrong(check, format!("{} cannot be read: {error}", file.display()), mend)
        }
    }
}

/// Reports private files that others can access.
pub fn exposed(settings: &Settings) -> Vec<Finding> {
    let found = exposure::found(settings);
    found.iter().map(|exposed| Finding::wrong(exposed.name(), exposed.reported(), exposed.mend())).collect()
}

/// Checks whether the store is reachable and writable, its keys and its clock. Also returns the key ids.
pub fn store(settings: &Settings) -> (Vec<Finding>, Vec<String>) {
    let opened = match Opened::admin(settings.clone()) {
        Ok(opened) => opened,
        Err(OpenError::Missing(missing)) => return (vec![no_database(settings, &missing)], Vec::new()),
        Err(error) => return (vec![Finding::wrong("store", error.to_string(), store_mend(settings))], Vec::new()),
    };
    // This changes nothing, but succeeds only if the store is writable.
    let written = opened.write(|tx| tx.execute("UPDATE orgs SET name = name WHERE id = ''", &[]));
    let mut findings = vec![match written {
        Ok(_) => Finding::fine("store", "reachable, readable and writable; the schema matches this version"),
        Err(failure) => Finding::wrong("store", failure.to_string(), store_mend(settings)),
    }];
    let keys = match opened.read(signing_key::list) {
        Ok(keys) => keys,
        Err(failure) => {
            findings.push(Finding::wrong("signing keys", failure.to_string(), store_mend(settings)));
            return (findings, Vec::new());
        }
    };
    findings.push(signing_keys(&opened, &keys));
    findings.push(clock(&opened, &keys));
    findings.extend(database::connections(&opened, settings));
    findings.push(jobs::jobs(&opened));
    (findings, keys.into_iter().map(|key| key.kid).collect())
}

/// A missing database was either never created or lost.
fn no_database(settings: &Settings, missing: &str) -> Finding {
    let key = &settings.master_key;
    if key.key_file().is_some_and(MasterKey::is_marked_used) {
        return Finding::wrong(
            "store",
            format!("the database {missing} does not exist, but the master key {} has been used", key.file.display()),
            "Restore the database that belongs to the key: mount its disk, check store.url, or restore the backup.",
        );
    }
    let mend = "The server creates it on first start. If it should exist, check store.url and the directory.";
    Finding::note("store", format!("the database {missing} does not exist yet"), mend)
}

fn store_mend(settings: &Settings) -> String {
    match sqlite_path(settings) {
        Some(path) => format!(
            "Run this as the user that runs sigma, and let that user write {} and its directory.",
            path.display()
        ),
        None => {
            "Check that the database server is running, and user, password, host and database in store.url.".to_owned()
        }
    }
}

fn signing_keys(opened: &Opened, keys: &[SealedKey]) -> Finding {
    let check = "signing keys";
    if keys.is_empty() {
        return Finding::note(check, "there are none yet", "The server creates them on first start.");
    }
    let now = opened.now();
    let signs = |algorithm: Algorithm| {
        keys.iter().any(|key| key.algorithm == algorithm && key.retired_at.is_none() && key.active_from <= now)
    };
    if let Some(missing) = [Algorithm::RS256, Algorithm::ES256].into_iter().find(|algorithm| !signs(*algorithm)) {
        let mend = format!("sigma keys rotate --now --alg {}", missing.as_str());
        return Finding::wrong(check, format!("there is no {} signing key", missing.as_str()), mend);
    }
    let opens = opened
        .master_key()
        .map_err(|failure| failure.to_string())
        .and_then(|master_key| keys::check(keys, &master_key).map_err(|error| error.to_string()));
    match opens {
        Ok(()) => {
            Finding::fine(check, format!("{}, and the master key unseals them", count(keys.len(), "key", "keys")))
        }
        Err(error) => Finding::wrong(
            check,
            format!("they are unusable: {error}"),
            "Restore the master key that belongs to this database (master_key.file or SIGMA__MASTER_KEY__VALUE).",
        ),
    }
}

/// A clock that is behind its own past writes issues tokens from the past; one that differs from the database server's
/// makes instances disagree.
fn clock(opened: &Opened, keys: &[SealedKey]) -> Finding {
    let mend = "Set the clock of this machine (timedatectl set-ntp true), then restart the server.";
    let now = opened.now();
    let youngest = keys.iter().map(|key| key.created_at).max().unwrap_or_default();
    if youngest > now.plus(CLOCK_SLACK) {
        let message = format!("this machine says {now}, but a key was created at {youngest}: the clock was set back");
        return Finding::wrong("clock", message, mend);
    }
    let url = opened.settings.store.url.expose_secret();
    if url.starts_with("sqlite:") {
        return Finding::fine("clock", format!("this machine says {now}"));
    }
    let theirs = opened.read(|tx| {
        let sql = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)";
        tx.query_opt(sql, &[])?.map(|row| row.int(0)).transpose()
    });
    let Ok(Some(theirs)) = theirs.map(|micros| micros.map(Timestamp::from_micros)) else {
        return Finding::note(
            "clock",
            "the database server did not report its time",
            "Run this again when it responds.",
        );
    };
    let apart = now.since(theirs).max(theirs.since(now));
    let message = format!("this machine and the database server are {} ms apart", apart.as_millis());
    if apart > CLOCK_SLACK { Finding::wrong("clock", message, mend) } else { Finding::fine("clock", message) }
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Whether the issuer is only reachable on this machine.
pub fn is_local(settings: &Settings) -> bool {
    Url::parse(&settings.issuer).is_ok_and(|url| is_loopback(&url))
}
