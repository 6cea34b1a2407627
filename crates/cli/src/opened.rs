//! The store of an admin command, opened with or without a running server.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::ExposeSecret as _;
use sigma_core::actor::{Actor, Initiator};
use sigma_core::operator::OperatorRefusal;
use sigma_core::random::Rng;
use sigma_core::time::{Clock, Timestamp};
use sigma_server::settings::Settings;
use sigma_server::state::{StateError, load_master_key};
use sigma_server::{key_command, keys};
use sigma_store::{MasterKey, OpenError, Stop, Store, StoreError, StoreOptions, Trial, Tx, signing_key};

use crate::config;
use crate::failure::Failure;
use crate::system::{SystemClock, SystemRng};

/// The store, opened while a server may be running.
#[derive(Debug)]
pub struct Opened {
    /// The settings of the server.
    pub settings: Settings,
    store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The random generator.
    pub rng: Arc<dyn Rng>,
}

impl Opened {
    /// Opens the configured store, which the server must have created: otherwise the command runs in the wrong place.
    pub fn open(file: Option<&Path>) -> Result<Self, Failure> {
        Self::admin(config::load_checked(file)?).map_err(|error| match error {
            OpenError::Missing(_) => Failure::Store(format!(
                "{error}: start `sigma serve` once, or pass the server's configuration with --config"
            )),
            error => Failure::Store(error.to_string()),
        })
    }

    /// Opens the store of these settings.
    pub fn admin(settings: Settings) -> Result<Self, OpenError> {
        let options = options(&settings);
        Self::by(&options, settings)
    }

    /// Opens the store of these settings, and creates it if necessary, as the server would.
    pub fn make(settings: Settings) -> Result<Self, Failure> {
        let options = StoreOptions { make: true, ..options(&settings) };
        Self::by(&options, settings).map_err(|error| Failure::Store(error.to_string()))
    }

    fn by(options: &StoreOptions, settings: Settings) -> Result<Self, OpenError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let rng: Arc<dyn Rng> = Arc::new(SystemRng);
        let store = Store::open(options, Arc::clone(&clock), Arc::clone(&rng))?;
        // Whatever an admin command changes, the operator did.
        let store = store.on_behalf_of(Initiator::new(Actor::Operator));
        Ok(Self { settings, store, clock, rng })
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The store itself, for asynchronous operations.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Runs a read operation to completion.
    pub fn read<R: Send + 'static>(
        &self,
        operation: impl Fn(&mut dyn Tx) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, Failure> {
        self.store.read_blocking(operation).map_err(|error| store_failure(&error))
    }

    /// Runs a write operation to completion.
    pub fn write<R: Send + 'static>(
        &self,
        operation: impl Fn(&mut dyn Tx) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, Failure> {
        self.store.write_blocking(operation).map_err(|error| store_failure(&error))
    }

    /// Runs a write operation that looks at its own outcome before it keeps what it wrote.
    pub fn try_out<T: Send + 'static>(
        &self,
        operation: impl Fn(&mut dyn Tx) -> Result<Trial<T>, Stop<OperatorRefusal>> + Send + 'static,
    ) -> Result<T, Failure> {
        self.store.try_out_blocking(operation).map_err(|stop| match stop {
            Stop::Refused(refusal) => Failure::Refused(refusal.to_string()),
            Stop::Failed(error) => store_failure(&error),
        })
    }

    /// Runs a write operation that rules may refuse.
    pub fn decide<T: Send + 'static, R: Into<Failure> + Send + 'static>(
        &self,
        operation: impl Fn(&mut dyn Tx) -> Result<T, Stop<R>> + Send + 'static,
    ) -> Result<T, Failure> {
        self.store.decide_blocking(operation).map_err(|stop| match stop {
            Stop::Refused(refusal) => refusal.into(),
            Stop::Failed(error) => store_failure(&error),
        })
    }

    /// The master key, which must exist: a new one would seal values that the server cannot open.
    pub fn master_key(&self) -> Result<MasterKey, Failure> {
        master_key(&self.settings, self.rng.as_ref())
    }

    /// The master key, created as the server would while nothing is sealed. It must open the database's sealed values.
    pub fn new_master_key(&self) -> Result<MasterKey, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::Failed(format!("cannot start a runtime: {error}")))?;
        let config = |error: StateError| match error {
            StateError::Store(error) => store_failure(&error),
            error => Failure::Config(error.to_string()),
        };
        let master_key =
            runtime.block_on(load_master_key(&self.settings, &self.store, self.rng.as_ref())).map_err(config)?;
        let signing = self.read(signing_key::list)?;
        if !signing.is_empty() {
            keys::check(&signing, &master_key).map_err(config)?;
        }
        Ok(master_key)
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.store.close();
    }
}

/// How a command opens the database of the settings: without a server's threads.
pub fn options(settings: &Settings) -> StoreOptions {
    StoreOptions { pooler: settings.store.pooler.into(), ..StoreOptions::admin(settings.store.url.expose_secret()) }
}

/// The master key of the settings, which must exist.
pub fn master_key(settings: &Settings, rng: &dyn Rng) -> Result<MasterKey, Failure> {
    let settings = &settings.master_key;
    if let Some(value) = &settings.value {
        return MasterKey::from_base64(value.expose_secret()).map_err(|error| Failure::Config(error.to_string()));
    }
    if !settings.command.is_empty() {
        return key_command::run(&settings.command).map_err(|error| Failure::Config(error.to_string()));
    }
    if !settings.file.exists() {
        return Err(Failure::Config(format!(
            "the master key file {} does not exist: put it back from its backup, start `sigma serve` once, or pass the \
             server's configuration with --config",
            settings.file.display()
        )));
    }
    MasterKey::load_or_create(&settings.file, rng)
        .map(|file| file.key)
        .map_err(|error| Failure::Config(error.to_string()))
}

/// The path of a database file.
pub fn sqlite_path(settings: &Settings) -> Option<PathBuf> {
    settings.store.url.expose_secret().strip_prefix("sqlite:").map(PathBuf::from)
}

fn store_failure(error: &StoreError) -> Failure {
    Failure::Store(error.to_string())
}
