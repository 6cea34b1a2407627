//! The shared state of handlers: store, clock, keys and caches.

mod lookups;

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_lc_rs::hmac;
use bytes::Bytes;
use secrecy::ExposeSecret as _;
use sigma_core::actor::Actor;
use sigma_core::app::App;
use sigma_core::digest::Digest;
use sigma_core::grant::Grant;
use sigma_core::ids::{AppId, SessionId};
use sigma_core::random::{Rng, bytes};
use sigma_core::resource::Resource;
use sigma_core::time::{Clock, Timestamp};
use sigma_store::account::Account;
use sigma_store::lost_time::LostTimes;
use sigma_store::session::BrowserSession;
use sigma_store::webhook::Now;
use sigma_store::{Cache, MasterKey, Memory, SealError, Store, StoreError, backup, cached, meta};
use tokio::sync::{Notify, Semaphore};
use zeroize::Zeroizing;

use crate::access::VerifiedAccess;
use crate::branding::{Brands, ShownLook};
use crate::client_documents::ClientDocuments;
use crate::device_polls::DevicePolls;
use crate::dns::Dns;
use crate::dpop::Dpop;
use crate::hashing::{Hasher, HashingError};
use crate::http::{Limiter, RequestContext};
use crate::interaction::SealingKey;
use crate::key_command;
use crate::keys::Keys;
use crate::objects::Objects;
use crate::orgs::Orgs;
use crate::outbound::{AppAddresses, Fetcher};
use crate::passwords::Turns;
use crate::providers::Providers;
use crate::redirect_refusals::RedirectRefusals;
use crate::resolver::Resolver;
use crate::settings::Settings;
use crate::token_answers::TokenAnswers;
use crate::token_counts::TokenCounts;
use crate::used_once::UsedOnce;
use crate::workloads::Workloads;

/// The name under which the cookie-signing secret is stored, also its sealing context.
const COOKIE_SECRET: &str = "cookie-secret";

/// Imports of people at once.
const IMPORTS: usize = 2;

/// The bytes that cached apps may take: those of some seven thousand.
const APPS_IN_MEMORY: usize = 9 * 1024 * 1024;

/// The state of the server; cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

/// The shared part of [`AppState`].
pub struct Inner {
    /// The settings.
    pub settings: Settings,
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub rng: Arc<dyn Rng>,
    /// Seals recoverable secrets.
    pub master_key: Arc<MasterKey>,
    /// The keys that sign tokens.
    pub keys: Keys,
    /// Sigma as an app: the client of direct sign-ins.
    pub itself: Arc<App>,
    /// The discovery document, once somebody has asked for it.
    pub discovery: OnceLock<Bytes>,
    /// Rate limits.
    pub limiter: Arc<Limiter>,
    /// The way out to servers of others.
    pub fetcher: Arc<Fetcher>,
    /// Addresses of apps that the operator registered.
    app_addresses: AppAddresses,
    /// Addresses of apps that registered themselves.
    tenant_addresses: AppAddresses,
    /// The apps that documents elsewhere describe.
    pub client_documents: ClientDocuments,
    /// Servers elsewhere that people sign in with.
    pub providers: Providers,
    /// Servers elsewhere whose tokens workloads exchange.
    pub workloads: Workloads,
    /// Looks up the published records of identities.
    pub resolver: Resolver,
    /// Looks up records of domains.
    pub dns: Dns,
    /// Hashes passwords.
    pub hasher: Hasher,
    /// Turns for concurrent password sign-ins to one account.
    pub turns: Turns,
    /// Turns for imports of people: each holds a few MiB, and keeps the writer busy.
    pub imports: Arc<Semaphore>,
    /// Notified when a mail is queued.
    pub mail_waits: Notify,
    /// How often devices poll.
    pub device_polls: DevicePolls,
    /// How many tokens apps were issued.
    pub token_counts: TokenCounts,
    /// Redirect URIs that apps had not registered.
    pub redirect_refusals: RedirectRefusals,
    /// How pages look.
    pub brands: Brands,
    /// The cache of orgs, members and roles.
    pub orgs: Orgs,
    /// Whether the server is shutting down.
    draining: AtomicBool,
    /// The key that seals interactions before sign-in.
    pub interaction_key: SealingKey,
    /// The key that signs session cookies.
    pub cookie_key: hmac::Key,
    /// What is remembered of proofs of possession.
    pub dpop: Dpop,
    /// Proofs and tokens of a few minutes that were used.
    pub used_once: UsedOnce,
    apps: Cache<Arc<App>>,
    /// On which day each app that may expire was last noted as used.
    used_apps: Memory<AppId, i64>,
    /// Ids by chosen client id, which never belongs to another app: nothing has to be forgotten.
    client_ids: Memory<String, AppId>,
    accounts: Cache<Arc<Account>>,
    /// Encrypted backups without their content.
    backups: Cache<Arc<Vec<backup::Version>>>,
    grants: Cache<Arc<Grant>>,
    sessions: Cache<Arc<BrowserSession>>,
    /// Ids of sessions by their secrets. A session that is continued gets another secret, so what is found has to be compared.
    session_ids: Memory<Digest, SessionId>,
    resources: Cache<Arc<Resource>>,
    /// What restores of the database lost: tokens without a row that were issued in one of these times are refused.
    pub lost_times: LostTimes,
    /// Access tokens without a grant: whether each was revoked.
    single_tokens: Cache<bool>,
    /// Access tokens with a verified signature, by digest: their claims, never whether they are active.
    pub verified: Memory<Digest, Arc<VerifiedAccess>>,
    /// What was answered about access tokens.
    pub token_answers: TokenAnswers,
}

impl Deref for AppState {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl fmt::Debug for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppState").field("issuer", &self.settings.issuer).finish_non_exhaustive()
    }
}

/// Why the state could not be created.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no usable master key.
    #[error(transparent)]
    MasterKey(SealError),
    /// The store was sealed under another master key.
    #[error("the database was sealed under another master key: restore the one that belongs to it")]
    OtherMasterKey,
    /// The file of the master key is gone, and the database needs it.
    #[error(
        "the master key file {} is missing, and the database was sealed under it: restore it, or set master_key.value",
        .0.display()
    )]
    LostMasterKey(std::path::PathBuf),
    /// The signing keys are unusable.
    #[error("signing keys: {0}")]
    Keys(String),
    /// The secret of a provider cannot be read, or its client could not be created.
    #[error("providers: {0}")]
    Provider(String),
    /// A rule about workloads is not acceptable, or the keys of an issuer cannot be read.
    #[error("workloads: {0}")]
    Workload(String),
    /// The folder or bucket of objects is unusable.
    #[error("objects: {0}")]
    Objects(String),
    /// The hashing threads could not be started.
    #[error("passwords: {0}")]
    Hashing(#[from] HashingError),
}

impl From<SealError> for StateError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::OtherKey | SealError::Unopened => Self::OtherMasterKey,
            error => Self::MasterKey(error),
        }
    }
}

impl AppState {
    /// Loads what the server needs before it answers: the cookie secret and the signing keys, created if missing.
    ///
    /// # Errors
    /// The store does not answer, or its content was sealed under another master key.
    pub async fn load(
        settings: Settings,
        store: Store,
        master_key: MasterKey,
        limiter: Arc<Limiter>,
        shown: ShownLook,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Result<Self, StateError> {
        let cookie_secret = load_cookie_secret(&store, &master_key, &*rng).await?;
        if let Some(address) = settings.limits.redis.clone() {
            let authority = settings.limits.redis_certificate_authority.clone();
            limiter.share(address, authority, counter_key(&cookie_secret));
        }
        let keys = Keys::load(&store, &master_key, &settings.tokens, clock.as_ref(), rng.as_ref()).await?;
        let lost_times = store.read(LostTimes::load).await?;
        let fetcher = Arc::new(Fetcher::for_others());
        let objects = Objects::new(&settings.objects).map_err(|error| StateError::Objects(error.to_string()))?;
        let allowed = &settings.outbound.allow;
        let providers = Providers::new(&settings.providers, settings.sign_up.provider, &fetcher, allowed);
        let providers = providers.map_err(StateError::Provider)?;
        let workloads = Workloads::new(&settings.workloads, &settings.issuer, &fetcher);
        let workloads = workloads.map_err(StateError::Workload)?;
        let resolver = Resolver::new(&settings.resolver);
        let dns = Dns::new(&settings.dns);
        let outbound = settings.outbound.clone();
        let hasher = Hasher::new(&settings.passwords, Arc::clone(&rng))?;
        let sigma = Self(Arc::new(Inner {
            interaction_key: SealingKey::new(&cookie_secret),
            cookie_key: hmac::Key::new(hmac::HMAC_SHA256, &cookie_secret),
            dpop: Dpop::new(&cookie_secret),
            used_once: UsedOnce::new(&store, clock.now()),
            apps: Cache::weighed(&store, cached::APP, APPS_IN_MEMORY, |app: &Arc<App>| app.weight()),
            used_apps: Memory::new(10_000),
            client_ids: Memory::new(10_000),
            accounts: Cache::new(&store, cached::ACCOUNT, 10_000),
            backups: Cache::new(&store, cached::BACKUPS, 10_000),
            grants: Cache::new(&store, cached::GRANT, 20_000),
            sessions: Cache::new(&store, cached::SESSION, 20_000),
            session_ids: Memory::new(20_000),
            resources: Cache::new(&store, cached::RESOURCE, 1_000),
            lost_times,
            single_tokens: Cache::new(&store, cached::TOKEN, 10_000),
            verified: Memory::new(10_000),
            token_answers: TokenAnswers::new(&store),
            client_documents: ClientDocuments::new(&fetcher, &store),
            itself: Arc::new(App::sigma()),
            discovery: OnceLock::new(),
            brands: Brands::new(shown, objects, &store),
            orgs: Orgs::new(&store),
            settings,
            store,
            clock,
            rng,
            master_key: Arc::new(master_key),
            keys,
            limiter,
            app_addresses: AppAddresses::in_reach_of(&outbound.allow),
            tenant_addresses: AppAddresses::in_reach_of(&outbound.allow_tenants),
            providers,
            workloads,
            resolver,
            dns,
            fetcher,
            hasher,
            turns: Turns::default(),
            imports: Arc::new(Semaphore::new(IMPORTS)),
            mail_waits: Notify::new(),
            device_polls: DevicePolls::default(),
            token_counts: TokenCounts::default(),
            redirect_refusals: RedirectRefusals::default(),
            draining: AtomicBool::new(false),
        }));
        sigma.show_server_branding().await?;
        sigma.use_declared_providers().await?;
        Ok(sigma)
    }

    /// The issuer: `iss` of every token, byte for byte.
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// The issuer's host without port: the domain of generated addresses.
    pub fn issuer_host(&self) -> String {
        let url = url::Url::parse(self.issuer()).ok();
        url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Whether the public origin is https.
    pub fn is_https(&self) -> bool {
        self.issuer().starts_with("https://")
    }

    /// Makes readiness probes fail because the server is about to stop; it keeps answering.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Whether the server is about to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The current time, by our clock and by that of the database.
    pub fn present(&self) -> Now {
        Now { here: self.now(), database: self.store.database_now() }
    }

    /// A moment `seconds` from `now`.
    pub fn in_seconds(now: Timestamp, seconds: u32) -> Timestamp {
        now.plus(Duration::from_secs(u64::from(seconds)))
    }

    /// The store, for what `actor` asks for in the request of `context`: the audit trail says so.
    pub fn store_for(&self, context: &RequestContext, actor: Actor) -> Store {
        self.store.on_behalf_of(context.initiator(actor)).noting(context.written().clone())
    }

    /// The way out to addresses that `app` registered.
    pub fn addresses_of(&self, app: &App) -> &AppAddresses {
        if app.dynamic { &self.tenant_addresses } else { &self.app_addresses }
    }

    /// The way out to receivers of webhooks: those of the operator, or of tenants.
    pub fn webhook_fetcher(&self, is_operators: bool) -> &Fetcher {
        let addresses = if is_operators { &self.app_addresses } else { &self.tenant_addresses };
        &addresses.webhooks
    }

    /// Sends all requests to addresses that others chose as `other` does, from now on.
    #[cfg(feature = "testing")]
    pub fn fetch_by(&self, other: &Fetcher) {
        for fetcher in [&*self.fetcher, &self.app_addresses.fetcher, &self.tenant_addresses.fetcher] {
            fetcher.send_as(other);
        }
    }
}

/// The key that names shared counters: of no use for anything else.
fn counter_key(cookie_secret: &[u8]) -> hmac::Key {
    let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, cookie_secret), b"names of rate limits");
    hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
}

/// The secret that signs cookies: made once, the same for every process on the database.
async fn load_cookie_secret(
    store: &Store,
    master_key: &MasterKey,
    rng: &dyn Rng,
) -> Result<Zeroizing<Vec<u8>>, StateError> {
    let fresh = Zeroizing::new(bytes::<32>(rng));
    let sealed = master_key.seal(COOKIE_SECRET, fresh.as_slice(), rng)?;
    let stored = store.write(move |tx| meta::load_or_set(tx, COOKIE_SECRET, &sealed)).await?;
    Ok(master_key.open(COOKIE_SECRET, &stored)?)
}

/// The master key that the settings name, made if its file is not there yet and nothing is sealed under another.
///
/// # Errors
/// It cannot be read or made, or it was lost.
pub async fn load_master_key(settings: &Settings, store: &Store, rng: &dyn Rng) -> Result<MasterKey, StateError> {
    if let Some(value) = &settings.master_key.value {
        return Ok(MasterKey::from_base64(value.expose_secret())?);
    }
    let command = settings.master_key.command.clone();
    if !command.is_empty() {
        let run = tokio::task::spawn_blocking(move || key_command::run(&command)).await;
        return Ok(run.unwrap_or(Err(SealError::Unsealed))?);
    }
    let path = &settings.master_key.file;
    // A new key beside a database that was sealed under a lost one would look right and open nothing. The database is asked
    // first: of two servers that start at once, the one that seals has made the file before.
    if store.read(|tx| meta::find(tx, COOKIE_SECRET)).await?.is_some() && !path.exists() {
        return Err(StateError::LostMasterKey(path.clone()));
    }
    Ok(MasterKey::load_or_create(path, rng)?.key)
}

#[cfg(test)]
mod tests {
    use sigma_core::redirect::RegisteredRedirectUris;

    use super::*;

    #[test]
    fn some_seven_thousand_dynamic_apps_are_kept_in_so_many_bytes() {
        let uris = ["https://client.example.org/oauth/callback", "http://127.0.0.1/callback"].map(str::to_owned);
        let app =
            Arc::new(App { dynamic: true, redirect_uris: RegisteredRedirectUris::from_stored(uris), ..App::sigma() });
        let apps: Memory<u32, Arc<App>> = Memory::weighed(APPS_IN_MEMORY);
        (0..12_000).for_each(|number| apps.insert_weighed(number, Arc::clone(&app), app.weight()));
        let kept = (0..12_000).filter(|number| apps.contains(number)).count();
        assert!((6_300..7_500).contains(&kept) && kept * app.weight() <= 9 << 20, "{kept} of {}", app.weight());
    }
}
