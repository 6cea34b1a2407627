//! `sigma serve`: the server until it is told to stop.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sigma_server::settings::Settings;
use sigma_server::state::StateError;
use sigma_server::{Server, StartError, http};
use sigma_telemetry::Registry;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::args::ServeArgs;
use crate::config;
use crate::exposure;
use crate::failure::Failure;
use crate::log::Log;
use crate::notify::Manager;
use crate::output::{Output, print};
use crate::signals::{Stop, Stops, hangups};
use crate::system::{SystemClock, SystemRng};

/// Runs the server and announces its address.
pub fn serve(file: Option<&Path>, args: &ServeArgs, output: Output) -> Result<(), Failure> {
    let mut settings = config::load_checked(file)?;
    settings.store.make_new = args.new;
    let exposable = settings.clone();
    let log = Log::to_stderr(&settings.log)?;
    let manager = Manager::of_environment();
    install_tls()?;
    let issuer = settings.issuer.clone();
    let drain = Duration::from_secs(settings.http.drain_seconds.into());
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let (mut stops, mut hangups) = (Stops::listen()?, hangups()?);
        let (stop, stopped) = watch::channel(());
        if settings.counts() {
            // Before anything that counts looks up its handles.
            let registry = Registry::install().map_err(|error| Failure::Failed(error.to_string()))?;
            if let Some(address) = settings.metrics.listen {
                serve_metrics(address, registry, until(stopped.clone())).await?;
            }
        }
        let server = tokio::select! {
            started = start(settings) => started.map_err(|error| could_not(&error))?,
            // It may be waiting for its database.
            _ = stops.next() => return Ok(()),
            () = manager.beat() => return Ok(()),
        };
        let address = server.local_addr().map_err(|error| Failure::Failed(error.to_string()))?;
        for exposed in exposure::found(&exposable) {
            tracing::warn!(path = %exposed.path.display(), mode = format!("{:o}", exposed.mode), "{}", exposed.reported());
        }
        let link = server.first_owner_link().await.map_err(|error| could_not(&error))?;
        announce(&if output.json {
            serde_json::json!({ "issuer": issuer, "listen": address, "first_owner": link }).to_string()
        } else {
            let listens = format!("Sigma {} listens on {address} for {issuer}", env!("CARGO_PKG_VERSION"));
            let words = "Nobody owns this installation yet. Whoever opens this link within a day and signs in does:";
            link.map_or_else(|| listens.clone(), |link| format!("{listens}\n{words}\n{link}"))
        });
        manager.ready(&format!("listens on {address} for {issuer}"));
        let sigma = server.state().clone();
        let reported = async {
            let reported = loop {
                tokio::select! {
                    reported = stops.next() => break reported,
                    Some(()) = hangups.recv() => read_again(file, &log),
                }
            };
            manager.stopping();
            sigma.drain();
            if reported == Stop::Terminate && !drain.is_zero() {
                tracing::info!(seconds = drain.as_secs(), "the server stops as soon as load balancers have noticed");
                tokio::select! {
                    _ = stops.next() => return,
                    () = tokio::time::sleep(drain) => {}
                }
            }
            drop(stop);
            stops.next().await;
        };
        tokio::select! {
            ended = server.run(until(stopped)) => ended.map_err(|error| could_not(&error)),
            () = manager.beat() => Ok(()),
            () = reported => {
                tracing::warn!("second signal: the server stops immediately, dropping requests in flight");
                Ok(())
            }
        }
    });
    // Unfinished work is not waited for.
    runtime.shutdown_background();
    ended
}

/// Applies the log filter of a changed configuration. An invalid one changes nothing.
fn read_again(file: Option<&Path>, log: &Log) {
    match config::load_checked(file).and_then(|settings| log.set_filter(&settings.log)) {
        Ok(()) => tracing::info!("the log filter was reloaded"),
        Err(error) => tracing::error!(%error, "the configuration cannot be reloaded; nothing was changed"),
    }
}

/// Prints the server's address. A closed stdout does not stop the server.
pub fn announce(text: &str) {
    if let Err(error) = print(text) {
        tracing::warn!(%error, "the address could not be announced");
    }
}

/// Resolves when `stopped` is sent, or its sender dropped.
pub async fn until(mut stopped: watch::Receiver<()>) {
    let _ = stopped.changed().await;
}

/// Converts a failed start, or the end of a running server.
pub fn could_not(error: &StartError) -> Failure {
    let reported = format!("the server could not start: {error}");
    match error {
        StartError::Store(_) | StartError::LostDatabase { .. } | StartError::State(StateError::Store(_)) => {
            Failure::Store(reported)
        }
        StartError::State(StateError::MasterKey(_) | StateError::OtherMasterKey | StateError::LostMasterKey(_))
        | StartError::Edge(_)
        | StartError::Tls(_) => Failure::Config(reported),
        StartError::State(_) | StartError::Listen { .. } => Failure::Failed(reported),
        StartError::Died(_) => Failure::Died(error.to_string()),
    }
}

/// Serves metrics on a separate port.
async fn serve_metrics(
    address: SocketAddr,
    registry: Arc<Registry>,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Failure> {
    let failed = |error: String| Failure::Failed(format!("metrics cannot be served on {address}: {error}"));
    let listener = TcpListener::bind(address).await.map_err(|error| failed(error.to_string()))?;
    tokio::spawn(http::serve_metrics(listener, registry, stopped));
    Ok(())
}

/// Starts the server with the system clock and generator.
pub async fn start(settings: Settings) -> Result<Server, StartError> {
    Server::start(settings, Arc::new(SystemClock), Arc::new(SystemRng)).await
}

/// A runtime with one thread per core.
pub fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(format!("cannot start a runtime: {error}")))
}

/// Installs aws-lc as the TLS provider, for the server and HTTP clients, unless it is.
pub fn install_tls() -> Result<(), Failure> {
    if rustls::crypto::CryptoProvider::get_default().is_some() {
        return Ok(());
    }
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| Failure::Failed("TLS was set up twice".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_thread_has_its_own_exit_code_and_message() {
        let failure = could_not(&StartError::Died("sigma-writer".to_owned()));
        assert_eq!(
            failure.to_string(),
            "the thread sigma-writer crashed; the server exits so that it can be restarted"
        );
        assert_eq!(failure.report(false), std::process::ExitCode::from(7));
    }
}
