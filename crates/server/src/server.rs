//! The server as a whole: opened, bound, and run until told to stop.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use secrecy::ExposeSecret as _;
use sigma_core::digest::Digest;
use sigma_core::random::{Rng, alphanumeric};
use sigma_core::time::Clock;
use sigma_store::operator::first_owner;
use sigma_store::{MasterKey, OpenError, Store, StoreOptions};
use sigma_telemetry::trace::{Sampling, Tracer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::backchannel;
use crate::branding::{self, ShownLook};
use crate::export::Exporter;
use crate::http::{self, Edge, EdgeError, TlsError, certificate};
use crate::jobs::{self, Runner};
use crate::mail::mailer;
use crate::merits;
use crate::paths::FIRST_OWNER_PATH;
use crate::providers;
use crate::pulse;
use crate::redirect_refusals;
use crate::routes::Mounted;
use crate::settings::Settings;
use crate::state::{AppState, StateError, load_master_key};
use crate::token_counts;
use crate::webhooks;
use crate::workspace::{self, WorkspaceState};

/// The delay before a failed background task is restarted.
const AGAIN: Duration = Duration::from_secs(10);
/// Length of the secret in the link of the first owner: 256 bits.
const FIRST_OWNER_LENGTH: usize = 43;
/// How often connecting to an absent database server is retried at start.
const STORE_ROUND: Duration = Duration::from_millis(500);

/// A bound server that has not started to answer.
pub struct Server {
    sigma: AppState,
    listener: TcpListener,
    edge: Edge,
    mounted: Mounted,
}

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database.
    #[error("the store cannot be opened: {0}")]
    Store(#[from] OpenError),
    /// The database is missing, although the master key has sealed one.
    #[error(
        "{missing}, but the master key {key} has been used: restore the database that belongs to it (is its disk mounted, is store.url correct?), or start with an empty one with `sigma serve --new`",
        key = key.display()
    )]
    LostDatabase {
        /// What is missing.
        missing: OpenError,
        /// The file of the master key.
        key: PathBuf,
    },
    /// The content of the database.
    #[error(transparent)]
    State(#[from] StateError),
    /// The settings.
    #[error(transparent)]
    Edge(#[from] EdgeError),
    /// The address.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        error: std::io::Error,
    },
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A thread that the server depends on died of a fault, and the server with it.
    #[error("the thread {0} crashed; the server exits so that it can be restarted")]
    Died(String),
}

impl Server {
    /// Opens the store, loads the keys and binds the address. Port 0 picks a free port.
    ///
    /// # Errors
    /// [`StartError`]
    pub async fn start(settings: Settings, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Self, StartError> {
        if let Some(files) = &settings.tls {
            certificate::check(files)?;
            // It may be renewed while the server runs.
            if let Err(error) = certificate::validity(files, clock.now()) {
                tracing::error!(%error, "clients will reject the TLS certificate");
            }
        }
        let key = settings.master_key.clone();
        let key_file = key.key_file();
        let options = StoreOptions {
            make: settings.store.make_new || !key_file.is_some_and(MasterKey::is_marked_used),
            readers: settings.store.connections,
            writers: settings.store.connections,
            pooler: settings.store.pooler.into(),
            keep_events: settings.audit.keep(),
            ..StoreOptions::serve(settings.store.url.expose_secret())
        };
        if settings.telemetry.endpoint.is_some() {
            let sampling =
                Sampling { share: settings.telemetry.sample, follow_callers: settings.telemetry.follow_callers };
            Tracer::install(sampling, Arc::clone(&clock), &*rng);
        }
        let opened = open_store(&options, settings.store.wait, &clock, &rng).await;
        let store = opened.map_err(|error| match error {
            missing @ OpenError::Missing(_) => StartError::LostDatabase { missing, key: key.file.clone() },
            error => StartError::Store(error),
        })?;
        pulse::begin(&store);
        let master_key = load_master_key(&settings, &store, &*rng).await?;
        let mounted = Mounted::all()?;
        let shown = ShownLook::of(&settings.branding);
        let edge = mounted.edge(&settings, &shown, &clock, &*rng)?;
        let address = settings.listen;
        let listener = TcpListener::bind(address).await.map_err(|error| StartError::Listen { address, error })?;
        let limiter = Arc::clone(edge.limiter());
        let sigma = AppState::load(settings, store, master_key, limiter, shown, clock, rng).await?;
        if let Some(Err(error)) = key_file.map(MasterKey::mark_used) {
            tracing::info!(%error, "the master key file cannot be marked as used: a lost database will not be noticed");
        }
        Ok(Self { sigma, listener, edge, mounted })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// A link that makes whoever follows it the first owner of the installation, valid for a day; `None` if there is an owner. The
    /// database has only its digest.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn first_owner_link(&self) -> Result<Option<String>, StartError> {
        let (secret, now) = (alphanumeric(&*self.sigma.rng, FIRST_OWNER_LENGTH), self.sigma.now());
        let link = Digest::of(&secret);
        let offered = self.sigma.store.write(move |tx| first_owner::offer(tx, &link, now)).await;
        let offered = offered.map_err(|error| StartError::State(StateError::Store(error)))?;
        Ok(offered.then(|| format!("{}{FIRST_OWNER_PATH}?token={secret}", self.sigma.issuer())))
    }

    /// The state, for embedding the server in another process.
    pub fn state(&self) -> &AppState {
        &self.sigma
    }

    /// Serves until `shutdown` resolves, without any background work: no mail leaves, no job runs. For trying a restored database out.
    ///
    /// # Errors
    /// As [`Server::run`].
    pub async fn rehearse(self, shutdown: impl Future<Output = ()>) -> Result<(), StartError> {
        let Self { sigma, listener, edge, mounted } = self;
        let workspaces = WorkspaceState::new(sigma.clone());
        let (router, settings) = (mounted.router(sigma.clone(), workspaces), sigma.settings.edge());
        let served = http::serve(listener, router, edge, &settings, shutdown).await;
        sigma.store.close();
        Ok(served?)
    }

    /// Serves until `shutdown` resolves, then finishes requests in flight and closes the store.
    ///
    /// # Errors
    /// The certificate is unusable, or a thread of the store has died, without which the server would only seem to
    /// work. Requests in flight are not awaited then.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), StartError> {
        let Self { sigma, listener, edge, mounted } = self;
        let mut tasks = JoinSet::new();
        let mut kinds = jobs::kinds(&sigma);
        kinds.extend(merits::batches::kinds(&sigma));
        let jobs = Runner::new(&sigma.store, &sigma.rng, kinds);
        tasks.spawn(Arc::clone(&jobs).run());
        let workspaces = WorkspaceState::new(sigma.clone());
        tasks.spawn(kept_running("uses of API keys", workspace::keep_writing, workspaces.clone()));
        tasks.spawn(kept_running("token counts", token_counts::keep_writing, sigma.clone()));
        tasks.spawn(kept_running("refused redirect URIs", redirect_refusals::keep_writing, sigma.clone()));
        let exporter = Exporter::new(&sigma.settings.telemetry, &sigma.clock, &*sigma.rng);
        if let Some(exporter) = &exporter {
            tasks.spawn(kept_running("traces", Exporter::send_traces, Arc::clone(exporter)));
            tasks.spawn(kept_running("reports of metrics", Exporter::send_metrics, Arc::clone(exporter)));
        }
        if sigma.settings.counts() {
            tasks.spawn(kept_running("measures", pulse::keep_measuring, sigma.clone()));
        }
        tasks.spawn(kept_running("branding of the server", branding::follow, sigma.clone()));
        tasks.spawn(kept_running("declared providers", providers::follow, sigma.clone()));
        if sigma.settings.limits.redis.is_some() {
            tasks.spawn(kept_running("shared rate limits", share_limits, sigma.clone()));
        }
        tasks.spawn(kept_running("mails", mailer::run, sigma.clone()));
        tasks.spawn(kept_running("back-channel logout", backchannel::run, sigma.clone()));
        tasks.spawn(kept_running("events for webhooks", webhooks::follow, sigma.clone()));
        tasks.spawn(kept_running("webhooks", webhooks::run, sigma.clone()));
        tasks.spawn(kept_running("mails about merits", merits::notices::run, sigma.clone()));
        let (router, settings) = (mounted.router(sigma.clone(), workspaces.clone()), sigma.settings.edge());
        let served = tokio::select! {
            served = http::serve(listener, router, edge, &settings, shutdown) => served,
            thread = pulse::until_death(&sigma.store) => return Err(StartError::Died(thread)),
        };
        tasks.shutdown().await;
        if let Err(error) = jobs.release().await {
            tracing::warn!(%error, "background jobs could not be given back; other nodes wait until their leases lapse");
        }
        if let Err(error) = workspaces.write_key_uses().await {
            tracing::warn!(%error, "the last use of API keys could not be written");
        }
        if let Err(error) = sigma.write_token_counts().await {
            tracing::warn!(%error, "the last counts of tokens could not be written");
        }
        if let Err(error) = sigma.write_redirect_refusals().await {
            tracing::warn!(%error, "the last refused redirect URIs could not be written");
        }
        if let Some(exporter) = exporter {
            exporter.send_rest().await;
        }
        sigma.store.close();
        Ok(served?)
    }
}

/// Shares rate limits with the other instances.
async fn share_limits(sigma: AppState) {
    sigma.limiter.keep_sharing().await;
}

/// Opens the store. Waits for a database server that is down, starting or not yet the leader.
async fn open_store(
    options: &StoreOptions,
    seconds: u32,
    clock: &Arc<dyn Clock>,
    rng: &Arc<dyn Rng>,
) -> Result<Store, OpenError> {
    let given_up_at = tokio::time::Instant::now() + Duration::from_secs(seconds.into());
    let mut waits = false;
    loop {
        let (options, clock, rng) = (options.clone(), Arc::clone(clock), Arc::clone(rng));
        let opened = tokio::task::spawn_blocking(move || Store::open(&options, clock, rng)).await;
        match opened.unwrap_or_else(|_| Err(OpenError::Server("opening it was cut short".to_owned()))) {
            Err(OpenError::Unreachable(cause)) if tokio::time::Instant::now() + STORE_ROUND < given_up_at => {
                if !waits {
                    tracing::warn!(cause, seconds, "waiting for the database server (store.wait)");
                }
                waits = true;
                tokio::time::sleep(STORE_ROUND).await;
            }
            Ok(store) if waits => {
                tracing::info!("the database server responds");
                return Ok(store);
            }
            outcome => return outcome,
        }
    }
}

/// Runs a background task for as long as the server runs. A panic loses only the current step: the task is restarted
/// after a while.
async fn kept_running<S, F>(name: &'static str, task: fn(S) -> F, state: S)
where
    S: Clone,
    F: Future<Output = ()>,
{
    loop {
        if AssertUnwindSafe(task(state.clone())).catch_unwind().await.is_err() {
            tracing::error!(task = name, "a background task crashed and is restarted");
        }
        tokio::time::sleep(AGAIN).await;
    }
}
