//! `sigma health`: whether the server on this machine works, for the health check of a container.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use sigma_server::settings::Settings;

use crate::args::HealthArgs;
use crate::config;
use crate::failure::{Failure, innermost};
use crate::output::Output;
use crate::serve::install_tls;

/// What the server answered.
#[derive(Serialize)]
struct Health {
    ok: bool,
    url: String,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Asks the server; exit code 1 if it does not answer, or not well.
pub fn health(file: Option<&Path>, output: Output, args: &HealthArgs) -> Result<(), Failure> {
    let server = match &args.url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => address(&config::load(file)?.settings)?,
    };
    let path = if args.live { "livez" } else { "readyz" };
    let url = format!("{server}/{path}");
    install_tls()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(format!("cannot start a runtime: {error}")))?;
    let reason = runtime.block_on(ask(&url, args)).err();
    let health = Health { ok: reason.is_none(), url, reason };
    output.answer(&health, |health| match &health.reason {
        None => format!("{} answers well.", health.url),
        Some(reason) => format!("{} {reason}", health.url),
    })?;
    if health.ok { Ok(()) } else { Err(Failure::Reported) }
}

#[expect(clippy::disallowed_methods, reason = "the operator asks their own server")]
async fn ask(url: &str, args: &HealthArgs) -> Result<(), String> {
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(args.timeout.into()))
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        // The certificate is for the issuer's name, not for this machine's; nothing secret is sent.
        .tls_danger_accept_invalid_certs(args.url.is_none())
        .build()
        .map_err(|error| error.to_string())?;
    let response = client.get(url).send().await.map_err(|error| format!("does not answer: {}", innermost(&error)))?;
    let status = response.status();
    if status.is_success() { Ok(()) } else { Err(format!("answers {status}")) }
}

/// Where the server listens, seen from this machine.
fn address(settings: &Settings) -> Result<String, Failure> {
    let listen: SocketAddr = settings.listen;
    if listen.port() == 0 {
        return Err(Failure::Usage("listen names no port: pass --url".to_owned()));
    }
    let host = match listen.ip() {
        IpAddr::V4(any) if any.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(any) if any.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        other => other,
    };
    let scheme = if settings.tls.is_some() { "https" } else { "http" };
    Ok(format!("{scheme}://{}", SocketAddr::new(host, listen.port())))
}
