//! All providers: those of the settings, and those that were declared, which come, change and go while the server runs.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use ipnet::IpNet;
use sigma_core::provider::is_endpoint;
use sigma_store::provider::{self, DeclaredProvider};
use sigma_store::{MasterKey, StoreError, cached};
use tokio::sync::Mutex;

use super::{Clients, Provider};
use crate::objects::Logo;
use crate::outbound::{FetchError, Fetcher};
use crate::settings::{Provider as Settings, ProviderSignUp};
use crate::state::AppState;

/// All providers, at each moment.
pub struct Providers {
    configured: Vec<Arc<Provider>>,
    sign_up: ProviderSignUp,
    /// For those that were declared.
    clients: Clients,
    /// What was declared, and what came of it; nothing of what cannot be used. Held from reading it anew until that is used, so that
    /// an older list never follows a newer one.
    declared: Mutex<Known>,
    all: RwLock<Arc<[Arc<Provider>]>>,
}

/// What was declared, and the provider that it made.
type Known = Vec<(DeclaredProvider, Option<Arc<Provider>>)>;

impl Providers {
    /// Those of the settings. `public` reaches what their metadata name on other hosts; those that are declared may be at public
    /// addresses and in the networks `allowed`.
    ///
    /// # Errors
    /// The secret of one cannot be read.
    pub fn new(
        settings: &[Settings],
        sign_up: ProviderSignUp,
        public: &Arc<Fetcher>,
        allowed: &[IpNet],
    ) -> Result<Self, String> {
        let clients = Clients::new(&Arc::new(Fetcher::for_operator()), public);
        let configured = settings.iter().map(|settings| Provider::new(settings, sign_up, &clients).map(Arc::new));
        let configured = configured.collect::<Result<Vec<_>, _>>()?;
        let all = RwLock::new(Arc::from(configured.as_slice()));
        let clients = Clients::new(&Arc::new(Fetcher::for_declared(allowed)), public);
        Ok(Self { configured, sign_up, clients, declared: Mutex::default(), all })
    }

    /// The provider called `id`.
    pub fn find(&self, id: &str) -> Option<Arc<Provider>> {
        self.all().iter().find(|provider| provider.id().as_str() == id).cloned()
    }

    /// All of them: those of the settings in their order, and then those that were declared in theirs.
    pub fn all(&self) -> Arc<[Arc<Provider>]> {
        Arc::clone(&self.all.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The icon of that file name.
    pub fn icon(&self, file: &str) -> Option<Logo> {
        self.configured.iter().filter_map(|provider| provider.icon.as_ref()).find(|icon| icon.name == file).cloned()
    }

    /// Uses what is declared now. One that is as it was keeps what it knows of its server. The settings count where both have an id, and
    /// one that cannot be used is reported and left out: it stops no server.
    fn declare(&self, known: &mut Known, declared: Vec<DeclaredProvider>, master_key: &MasterKey) {
        let mut now = Vec::with_capacity(declared.len());
        for declared in declared {
            let same = known.iter().find(|(before, _)| *before == declared);
            let provider = match same {
                Some((_, provider)) => provider.clone(),
                None => self.read(&declared, master_key),
            };
            now.push((declared, provider));
        }
        if known.iter().map(|(declared, _)| declared).eq(now.iter().map(|(declared, _)| declared)) {
            return;
        }
        let all = self.configured.iter().chain(now.iter().filter_map(|(_, provider)| provider.as_ref())).cloned();
        *self.all.write().unwrap_or_else(PoisonError::into_inner) = all.collect();
        *known = now;
    }

    fn read(&self, declared: &DeclaredProvider, master_key: &MasterKey) -> Option<Arc<Provider>> {
        if self.configured.iter().any(|known| *known.id() == declared.id) {
            tracing::warn!(provider = %declared.id, "the settings have a provider of this id: what was declared is not used");
            return None;
        }
        let read = settings(declared, master_key)
            .and_then(|settings| Provider::new(&settings, self.sign_up, &self.clients).map(Arc::new));
        read.inspect_err(|error| tracing::error!(provider = %declared.id, error, "a declared provider cannot be used"))
            .ok()
    }
}

impl fmt::Debug for Providers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all().iter().map(|provider| provider.id().clone())).finish()
    }
}

/// Whether a provider that is declared may be at `issuer`, which is an address of one: as far as can be told without resolving its name,
/// that is public, or in one of the networks `allowed`.
pub fn is_in_reach(issuer: &str, allowed: &[IpNet]) -> bool {
    match Fetcher::for_declared(allowed).admit(issuer) {
        Ok(_) => true,
        // What is no address of a provider is refused as such.
        Err(FetchError::Address) => !is_endpoint(issuer, issuer),
        Err(_) => false,
    }
}

fn settings(declared: &DeclaredProvider, master_key: &MasterKey) -> Result<Settings, String> {
    let members = serde_json::from_str(&declared.settings).map_err(|error| error.to_string())?;
    let mut settings = Settings::from_stored(&declared.id, members).map_err(|error| error.to_string())?;
    if let Some(sealed) = &declared.secret {
        let context = provider::seal_context(&declared.id);
        let secret = master_key.open(&context, sealed).map_err(|error| error.to_string())?;
        let secret = std::str::from_utf8(&secret).map_err(|error| error.to_string())?;
        settings.client_secret = Some(secret.to_owned().into());
    }
    Ok(settings)
}

impl AppState {
    /// Uses the providers that are declared now.
    ///
    /// # Errors
    /// The store does not answer: those of before are used on.
    pub async fn use_declared_providers(&self) -> Result<(), StoreError> {
        let mut known = self.providers.declared.lock().await;
        let declared = self.store.read(provider::list).await?;
        self.providers.declare(&mut known, declared, &self.master_key);
        Ok(())
    }

    /// The same after a change here, which stands even if that fails: [`follow`] makes up for it.
    pub async fn use_changed_providers(&self) {
        if let Err(error) = self.use_declared_providers().await {
            tracing::warn!(%error, "the declared providers could not be loaded");
        }
    }
}

/// Uses what is declared for as long as the server runs.
pub async fn follow(sigma: AppState) {
    let load = |sigma: AppState| async move { sigma.use_declared_providers().await };
    crate::follow::follow(sigma, cached::PROVIDERS, "declared providers", load).await;
}
