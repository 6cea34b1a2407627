//! The keys that sign tokens: loaded from the store, unsealed, rotated when due.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sigma_core::jose::{
    Algorithm, KeyRecord, Keyring, Promptness, PublicJwk, RotationPolicy, RotationStep, SigningKey, StoredKey,
    force_rotation, plan,
};
use sigma_core::random::Rng;
use sigma_core::time::{Clock, Timestamp};
use sigma_store::signing_key::{self, SealedKey};
use sigma_store::{Cache, MasterKey, Store, StoreError, Tx, cached};
use zeroize::Zeroizing;

use crate::http::ApiError;
use crate::settings::Tokens;
use crate::state::{AppState, StateError};

/// The context under which private keys are sealed, followed by the key's own id.
const CONTEXT: &str = "signing-key:";

/// The keyring of this process.
pub struct Keys {
    cache: Cache<Arc<Vec<SealedKey>>>,
    /// The last keyring that could be read: it keeps signing while the store is away.
    current: RwLock<Arc<Loaded>>,
    /// How many reads were started for an unknown key id.
    readings: AtomicU64,
    /// When the last of them ended, and how. Held during a read.
    last_reading: tokio::sync::Mutex<Option<(tokio::time::Instant, Result<(), StoreError>)>>,
    policy: RotationPolicy,
}

/// The minimum interval between two reads for unknown key ids: made-up ids cause at most ten reads a second, and no
/// other caller waits longer than for one read.
const PAUSE: Duration = Duration::from_millis(100);

/// A keyring, and the rows it was built from.
struct Loaded {
    sealed: Arc<Vec<SealedKey>>,
    keyring: Arc<Keyring>,
}

/// The key lifetimes under these settings.
pub fn policy(tokens: &Tokens) -> RotationPolicy {
    let day = Duration::from_hours(24);
    let longest = u64::from(tokens.access_seconds.max(tokens.id_seconds));
    RotationPolicy {
        rotation_age: day * tokens.key_rotation_days.max(2),
        longest_token_life: Duration::from_secs(longest).max(day * 30),
        ..RotationPolicy::default()
    }
}

impl Keys {
    /// Loads the keys, creating the first set if there is none.
    ///
    /// # Errors
    /// The store does not answer, or the keys were sealed under another master key.
    pub async fn load(
        store: &Store,
        master_key: &MasterKey,
        tokens: &Tokens,
        clock: &dyn Clock,
        rng: &dyn Rng,
    ) -> Result<Self, StateError> {
        let policy = policy(tokens);
        rotate_if_due(store, master_key, policy, clock.now(), rng).await?;
        let sealed = Arc::new(store.read(signing_key::list).await?);
        let keyring = Arc::new(unseal(&sealed, master_key)?);
        let cache = Cache::new(store, cached::SIGNING_KEYS, 1);
        Ok(Self {
            cache,
            current: RwLock::new(Arc::new(Loaded { sealed, keyring })),
            readings: AtomicU64::new(0),
            last_reading: tokio::sync::Mutex::default(),
            policy,
        })
    }

    /// How long keys live.
    pub const fn policy(&self) -> RotationPolicy {
        self.policy
    }

    /// The current keyring: as stored, or as last read if the store does not answer.
    pub async fn ring(&self, master_key: &MasterKey) -> Arc<Keyring> {
        let current = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
        let prepare = || |tx: &mut dyn Tx| Ok(Some(Arc::new(signing_key::list(tx)?)));
        let Ok(Some(sealed)) = self.cache.get_or_load(cached::ALL, prepare).await else {
            return Arc::clone(&current.keyring);
        };
        self.take(sealed, &current, master_key)
    }

    /// The keyring for verifying a signature by `kid`: if another process created that key a moment ago, it is read
    /// from the store.
    ///
    /// # Errors
    /// The key is unknown here, and the store does not answer whether it exists.
    pub async fn ring_with(&self, master_key: &MasterKey, kid: &str) -> Result<Arc<Keyring>, StoreError> {
        let ring = self.ring(master_key).await;
        if ring.verifier(kid).is_some() {
            return Ok(ring);
        }
        let seen = self.readings.load(Ordering::Acquire);
        let mut last = self.last_reading.lock().await;
        if self.readings.load(Ordering::Acquire) == seen {
            if let Some((ended, _)) = &*last {
                tokio::time::sleep_until(*ended + PAUSE).await;
            }
            self.readings.fetch_add(1, Ordering::Release);
            let read = self.read(master_key).await;
            *last = Some((tokio::time::Instant::now(), read));
        }
        // A read serves everyone who came before it began.
        if let Some((_, Err(error))) = &*last {
            return Err(error.clone());
        }
        drop(last);
        Ok(self.ring(master_key).await)
    }

    /// Reads the keys from the store, bypassing the cache.
    async fn read(&self, master_key: &MasterKey) -> Result<(), StoreError> {
        let sealed = self.cache.load(cached::ALL, |tx| Ok(Some(Arc::new(signing_key::list(tx)?)))).await?;
        if let Some(sealed) = sealed {
            let current = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
            self.take(sealed, &current, master_key);
        }
        Ok(())
    }

    /// Whether the keys as they are stored now have one of that id. False if that is unknown.
    pub fn are_known_to_have(&self, kid: &str) -> bool {
        self.cache.get(cached::ALL).is_some_and(|sealed| sealed.iter().any(|key| key.kid == kid))
    }

    /// Builds a keyring from the rows, unless it is the current one.
    fn take(&self, sealed: Arc<Vec<SealedKey>>, current: &Loaded, master_key: &MasterKey) -> Arc<Keyring> {
        if Arc::ptr_eq(&sealed, &current.sealed) {
            return Arc::clone(&current.keyring);
        }
        match unseal(&sealed, master_key) {
            Ok(keyring) => {
                let keyring = Arc::new(keyring);
                let loaded = Arc::new(Loaded { sealed, keyring: Arc::clone(&keyring) });
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = loaded;
                keyring
            }
            Err(error) => {
                tracing::error!(%error, "the signing keys changed and cannot be used");
                Arc::clone(&current.keyring)
            }
        }
    }

    /// Creates, retires and deletes keys that are due. Runs at every start and every few minutes.
    ///
    /// # Errors
    /// The store does not answer, or a key cannot be created.
    pub async fn rotate_if_due(
        &self,
        store: &Store,
        master_key: &MasterKey,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<(), StateError> {
        rotate_if_due(store, master_key, self.policy, now, rng).await
    }
}

async fn rotate_if_due(
    store: &Store,
    master_key: &MasterKey,
    policy: RotationPolicy,
    now: Timestamp,
    rng: &dyn Rng,
) -> Result<(), StateError> {
    let records = records(&store.read(signing_key::list).await?);
    let steps = plan(&records, now, &policy);
    if steps.is_empty() {
        return Ok(());
    }
    let fresh = make(&steps, master_key, now, rng)?;
    // Another process may have done the same meanwhile: the transaction checks again what is due.
    store.write(move |tx| signing_key::rotate(tx, |records| plan(records, now, &policy), &fresh)).await?;
    Ok(())
}

/// A rotation that somebody asked for, with the keys that it needs.
#[derive(Clone, Debug)]
pub struct Rotation {
    algorithms: Vec<Algorithm>,
    promptness: Promptness,
    policy: RotationPolicy,
    now: Timestamp,
    fresh: Vec<SealedKey>,
}

impl Rotation {
    /// Generates the keys that a rotation of `algorithms` needs, as `records` say. Takes its time, and nothing is stored.
    ///
    /// # Errors
    /// A key cannot be created.
    pub fn new(
        records: &[KeyRecord],
        algorithms: Vec<Algorithm>,
        promptness: Promptness,
        policy: RotationPolicy,
        now: Timestamp,
        master_key: &MasterKey,
        rng: &dyn Rng,
    ) -> Result<Self, StateError> {
        let mut rotation = Self { algorithms, promptness, policy, now, fresh: Vec::new() };
        rotation.fresh = make(&rotation.plan(records), master_key, now, rng)?;
        Ok(rotation)
    }

    /// The steps that it takes.
    pub fn plan(&self, records: &[KeyRecord]) -> Vec<RotationStep> {
        let steps =
            |algorithm: &Algorithm| force_rotation(records, *algorithm, self.promptness, self.now, &self.policy);
        self.algorithms.iter().flat_map(steps).collect()
    }

    /// The new keys.
    pub fn fresh(&self) -> &[SealedKey] {
        &self.fresh
    }

    /// Their ids.
    pub fn kids(&self) -> Vec<String> {
        self.fresh.iter().map(|key| key.kid.clone()).collect()
    }
}

impl AppState {
    /// Prepares a rotation: on a thread that may block, since RSA takes its time.
    ///
    /// # Errors
    /// A key cannot be created.
    pub async fn prepare_rotation(
        &self,
        records: Vec<KeyRecord>,
        algorithms: Vec<Algorithm>,
        promptness: Promptness,
    ) -> Result<Rotation, ApiError> {
        let (sigma, now) = (self.clone(), self.now());
        let made = tokio::task::spawn_blocking(move || {
            let policy = sigma.keys.policy();
            Rotation::new(&records, algorithms, promptness, policy, now, &sigma.master_key, &*sigma.rng)
        });
        made.await.map_err(ApiError::internal)?.map_err(ApiError::internal)
    }
}

/// Rotates the keys of `algorithms` early, for `sigma keys rotate`. Returns the ids of the new keys.
///
/// # Errors
/// The store does not answer, or a key cannot be created.
pub async fn rotate(
    store: &Store,
    master_key: &MasterKey,
    algorithms: &[Algorithm],
    promptness: Promptness,
    policy: RotationPolicy,
    now: Timestamp,
    rng: &dyn Rng,
) -> Result<Vec<String>, StateError> {
    let current = records(&store.read(signing_key::list).await?);
    let rotation = Rotation::new(&current, algorithms.to_vec(), promptness, policy, now, master_key, rng)?;
    let kids = rotation.kids();
    store.write(move |tx| signing_key::rotate(tx, |records| rotation.plan(records), rotation.fresh())).await?;
    Ok(kids)
}

/// Generates and seals the keys that `steps` call for; outside the transaction, since RSA takes its time.
fn make(
    steps: &[RotationStep],
    master_key: &MasterKey,
    now: Timestamp,
    rng: &dyn Rng,
) -> Result<Vec<SealedKey>, StateError> {
    let mut keys = Vec::new();
    for step in steps {
        let RotationStep::Make { algorithm, active_from } = step else { continue };
        let key = SigningKey::generate(*algorithm).map_err(|error| StateError::Keys(error.to_string()))?;
        keys.push(seal(&key, *active_from, master_key, now, rng)?);
    }
    Ok(keys)
}

/// Seals `key`, generated `now`, which signs from `active_from` on.
///
/// # Errors
/// The key cannot be encoded as PKCS #8, or not be sealed.
pub fn seal(
    key: &SigningKey,
    active_from: Timestamp,
    master_key: &MasterKey,
    now: Timestamp,
    rng: &dyn Rng,
) -> Result<SealedKey, StateError> {
    let private = key.to_pkcs8().map_err(|error| StateError::Keys(error.to_string()))?;
    Ok(SealedKey {
        sealed_private: master_key.seal(&format!("{CONTEXT}{}", key.kid()), &private, rng)?,
        public_jwk: serde_json::to_string(key.public()).map_err(|error| StateError::Keys(error.to_string()))?,
        kid: key.kid().to_owned(),
        algorithm: key.algorithm(),
        created_at: now,
        active_from,
        retired_at: None,
        delete_after: None,
    })
}

fn records(keys: &[SealedKey]) -> Vec<KeyRecord> {
    keys.iter().map(SealedKey::record).collect()
}

/// Whether the master key opens these keys and they suffice for signing, for `sigma doctor`.
///
/// # Errors
/// Why not.
pub fn check(sealed: &[SealedKey], master_key: &MasterKey) -> Result<(), StateError> {
    unseal(sealed, master_key).map(drop)
}

fn unseal(sealed: &[SealedKey], master_key: &MasterKey) -> Result<Keyring, StateError> {
    let mut stored = Vec::with_capacity(sealed.len());
    for key in sealed {
        let retired = key.retired_at.is_some();
        stored.push(StoredKey {
            record: key.record(),
            public: PublicJwk::parse(&key.public_jwk).map_err(|error| StateError::Keys(error.to_string()))?,
            private_pkcs8: if retired {
                Zeroizing::new(Vec::new())
            } else {
                master_key.open(&format!("{CONTEXT}{}", key.kid), &key.sealed_private)?
            },
        });
    }
    Keyring::new(&stored).map_err(|error| StateError::Keys(error.to_string()))
}
