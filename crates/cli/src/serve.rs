//! `sigma serve`: the server until it is told to stop.

use std::io::{self, IsTerminal as _};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use sigma_server::settings::{Log, LogFormat, Settings};
use sigma_server::state::StateError;
use sigma_server::{Server, StartError, http};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use crate::config;
use crate::failure::Failure;
use crate::output::{Output, print};
use crate::system::{SystemClock, SystemRng};

/// Runs the server and says in one line where it listens.
pub fn serve(file: Option<&Path>, output: Output) -> Result<(), Failure> {
    let settings = config::load_checked(file)?;
    log_to_stderr(&settings.log)?;
    install_tls()?;
    let issuer = settings.issuer.clone();
    runtime()?.block_on(async {
        let signal = stop_signal()?;
        let (stop, stopped) = watch::channel(());
        if let Some(address) = settings.metrics.listen {
            serve_metrics(address, until(stopped.clone())).await?;
        }
        let server = start(settings).await.map_err(|error| could_not(&error))?;
        let address = server.local_addr().map_err(|error| Failure::Failed(error.to_string()))?;
        if output.json {
            print(&serde_json::json!({ "issuer": issuer, "listen": address }).to_string())?;
        } else {
            print(&format!("Sigma {} listens on {address} for {issuer}", env!("CARGO_PKG_VERSION")))?;
        }
        let running = server.run(until(stopped));
        tokio::pin!(running);
        tokio::select! {
            ended = &mut running => return ended.map_err(|error| could_not(&error)),
            () = signal => {}
        }
        drop(stop);
        running.await.map_err(|error| could_not(&error))
    })
}

/// Resolves when the sender of `stopped` says so, or is gone, which means the same.
pub async fn until(mut stopped: watch::Receiver<()>) {
    let _ = stopped.changed().await;
}

/// The server did not start, or ended by itself.
pub fn could_not(error: &StartError) -> Failure {
    let told = format!("the server could not start: {error}");
    match error {
        StartError::Store(_) | StartError::State(StateError::Store(_)) => Failure::Store(told),
        StartError::State(StateError::MasterKey(_) | StateError::LostMasterKey(_))
        | StartError::Edge(_)
        | StartError::Tls(_) => Failure::Config(told),
        StartError::State(_) | StartError::Listen { .. } => Failure::Failed(told),
    }
}

/// Counts, and serves what was counted on a port of its own.
async fn serve_metrics(address: SocketAddr, stopped: impl Future<Output = ()> + Send + 'static) -> Result<(), Failure> {
    let failed = |error: String| Failure::Failed(format!("metrics cannot be served on {address}: {error}"));
    let listener = TcpListener::bind(address).await.map_err(|error| failed(error.to_string()))?;
    let handle = http::install_metrics().map_err(|error| failed(error.to_string()))?;
    tokio::spawn(http::serve_metrics(listener, handle, stopped));
    Ok(())
}

/// Starts the server with this machine's clock and generator.
pub async fn start(settings: Settings) -> Result<Server, StartError> {
    Server::start(settings, Arc::new(SystemClock), Arc::new(SystemRng)).await
}

/// A runtime with a thread for each core.
pub fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(format!("cannot start a runtime: {error}")))
}

/// Makes aws-lc the one that does TLS, ours and that of clients we use.
pub fn install_tls() -> Result<(), Failure> {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| Failure::Failed("TLS was set up twice".to_owned()))
}

/// Events go to standard error: readable lines, or JSON for machines.
pub fn log_to_stderr(log: &Log) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&log.filter).map_err(|error| Failure::Config(format!("log.filter: {error}")))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let installed = match log.format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_ansi(false).try_init(),
    };
    installed.map_err(|error| Failure::Failed(format!("logging was set up twice: {error}")))
}

/// Resolves at the first SIGTERM or SIGINT.
pub fn stop_signal() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let handler = |kind| signal(kind).map_err(|error| Failure::Failed(format!("cannot listen for signals: {error}")));
    let mut terminate = handler(SignalKind::terminate())?;
    let mut interrupt = handler(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
