//! External checks: the issuer as apps reach it.

use std::time::{Duration, UNIX_EPOCH};

use serde::Deserialize;
use sigma_core::time::{Clock as _, Timestamp};
use sigma_server::settings::Settings;

use super::Finding;
use super::local::is_local;
use crate::failure::innermost;
use crate::serve::install_tls;
use crate::system::SystemClock;

/// Tolerated difference between the response's `Date` and our clock: it has whole seconds, and the response takes time.
const CLOCK_SLACK: Duration = Duration::from_secs(10);

/// The response of the issuer.
struct Seen {
    issuer: String,
    /// Key ids of its JWKS, if it could be read.
    kids: Option<Vec<String>>,
    date: Option<Timestamp>,
}

/// The members of the discovery document that are checked.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    kid: Option<String>,
}

/// Queries the issuer. `kids` are the keys of our store, which it should publish.
pub fn issuer(settings: &Settings, kids: &[String]) -> Vec<Finding> {
    // The doctor runs once per process, so TLS was not set up before.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (Ok(runtime), Ok(())) = (runtime, install_tls()) else {
        return vec![Finding::note("issuer", "could not be asked", "Run this again.")];
    };
    match runtime.block_on(ask(&settings.issuer)) {
        Ok(seen) => {
            let mut findings = vec![identity(settings, kids, &seen)];
            findings.extend(seen.date.map(clock));
            findings
        }
        Err(reason) if is_local(settings) => {
            let message = format!("{} cannot be reached from here: {reason}", settings.issuer);
            vec![Finding::note("issuer", message, "Start it with `sigma serve`.")]
        }
        Err(reason) => {
            let message = format!("{} cannot be reached from here: {reason}", settings.issuer);
            let mend = "Check that sigma serve is running, that the name resolves to it or its proxy, and the certificate. Apps use \
                        this address.";
            vec![Finding::wrong("issuer", message, mend)]
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the operator asks their own server, wherever it is")]
async fn ask(issuer: &str) -> Result<Seen, String> {
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(5))
        .user_agent(concat!("sigma-doctor/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| innermost(&error))?;
    let get = |url: String| client.get(url).send();
    let response =
        get(format!("{issuer}/.well-known/openid-configuration")).await.map_err(|error| innermost(&error))?;
    if !response.status().is_success() {
        return Err(format!("its discovery endpoint answers {}", response.status()));
    }
    let date = response.headers().get("date").and_then(|date| date_of(date.to_str().ok()?));
    let discovery: Discovery =
        response.json().await.map_err(|_| "the response is not a discovery document".to_owned())?;
    let kids = match get(discovery.jwks_uri).await {
        Ok(response) => response.json::<KeySet>().await.ok(),
        Err(_) => None,
    };
    let kids = kids.map(|set| set.keys.into_iter().filter_map(|key| key.kid).collect());
    Ok(Seen { issuer: discovery.issuer, kids, date })
}

fn identity(settings: &Settings, kids: &[String], seen: &Seen) -> Finding {
    let issuer = &settings.issuer;
    if seen.issuer != *issuer {
        return Finding::wrong(
            "issuer",
            format!("{issuer} answers, but with the issuer {}", seen.issuer),
            "Another server responds at this address, or it uses a different issuer: they must match byte for byte.",
        );
    }
    match &seen.kids {
        None => Finding::wrong(
            "issuer",
            format!("{issuer} answers, but its key set cannot be read"),
            "Check that the proxy lets /.well-known/jwks.json through.",
        ),
        Some(published) if !kids.is_empty() && !kids.iter().any(|kid| published.contains(kid)) => Finding::wrong(
            "issuer",
            format!("{issuer} answers with other keys than those of this store"),
            "The server there uses a different database: compare both store.url settings.",
        ),
        Some(_) if kids.is_empty() => Finding::note(
            "issuer",
            format!("{issuer} answers with that issuer, but this store has no keys to compare"),
            "If a server is running, it uses a different database: compare both store.url settings.",
        ),
        Some(_) => Finding::fine("issuer", format!("{issuer} answers with that issuer and these keys")),
    }
}

fn clock(theirs: Timestamp) -> Finding {
    let ours = SystemClock.now();
    let apart = ours.since(theirs).max(theirs.since(ours));
    let message = format!("this machine and the issuer are {} s apart", apart.as_secs());
    if apart > CLOCK_SLACK {
        let mend = "Set the clocks (timedatectl set-ntp true): tokens and signatures are rejected when they differ.";
        return Finding::wrong("clock", message, mend);
    }
    Finding::fine("clock", message)
}

fn date_of(header: &str) -> Option<Timestamp> {
    let since_epoch = httpdate::parse_http_date(header).ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since_epoch.as_micros()).ok().map(Timestamp::from_micros)
}
