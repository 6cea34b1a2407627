//! The threads that hash passwords (argon2id, RFC 9106). Each holds the memory of one hash; the queue before them is
//! bounded, so that a flood of sign-ins gets 503 instead of exhausting memory.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded, select};
use metrics::{counter, histogram};
use secrecy::{ExposeSecret as _, SecretString};
use sigma_core::fault::Fault;
use sigma_core::password::{ForeignHash, GivenPassword, Recipe};
use sigma_core::random::{Rng, bytes};
use sigma_telemetry::Stopwatch;
use sigma_telemetry::trace::{self, SpanKind};
use subtle::ConstantTimeEq as _;
use tokio::sync::oneshot;

use crate::settings::Passwords;

mod foreign;

/// Bytes of a salt (RFC 9106 §3.1).
const SALT: usize = 16;
/// Bytes of a hash.
const HASH: usize = 32;
/// How long an idle thread keeps its memory.
const IDLE: Duration = Duration::from_secs(10);

/// The pool; cheap to clone. Its threads end with the last clone.
#[derive(Clone)]
pub struct Hasher {
    known: Sender<Job>,
    strangers: Sender<Job>,
    params: Params,
    threads: usize,
    rng: Arc<dyn Rng>,
}

type Job = Box<dyn FnOnce(&mut Memory) + Send>;

/// The working memory of one thread, kept while it is busy: getting 19 MiB from the system costs a tenth of a hash.
#[derive(Default)]
struct Memory(Vec<Block>);

/// The queue in which a hash waits for a thread. Each lane has half of the places, and the threads serve both alike, so
/// that a flood of strangers leaves half of the pool to known users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// A user who signed in from here before, or who holds a valid link or session.
    Known,
    /// Anybody.
    Stranger,
}

impl Lane {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Known, Self::Stranger];

    /// The name in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Stranger => "stranger",
        }
    }
}

/// What a password is compared with.
#[derive(Debug)]
pub enum Reference {
    /// The account's hash: a PHC string of ours, or one of another server ([`ForeignHash`]).
    Stored(String),
    /// No hash: the password is wrong, and checking takes as long as a hash of this cost
    /// ([`cost_of`](sigma_core::password::cost_of)), or of the current cost.
    Nothing(Option<String>),
}

/// Why nothing was hashed.
#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    /// The queue is full: 503 with `Retry-After`.
    #[error("too many passwords wait to be hashed")]
    Busy,
    /// The stored value is not a hash of ours, or the settings do not permit one.
    #[error("a password cannot be hashed: {0}")]
    Failed(String),
}

impl Fault for HashingError {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Busy)
    }
}

impl HashingError {
    fn failed(error: impl fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}

/// The result of comparing a password with a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// It is another.
    Wrong,
    /// It matches.
    Right,
    /// It matches, and the hash should be replaced: it is cheaper than new ones, of another server, or of another Unicode form
    /// of the password.
    Outgrown,
}

impl Hasher {
    /// Starts the threads.
    ///
    /// # Errors
    /// The settings are out of argon2's range, or the system cannot start a thread.
    pub fn new(settings: &Passwords, rng: Arc<dyn Rng>) -> Result<Self, HashingError> {
        let params = Params::new(settings.memory_kib, settings.iterations, settings.parallelism, Some(HASH))
            .map_err(HashingError::failed)?;
        let threads = match settings.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        let places = settings.queue.div_ceil(2);
        let (known, first) = bounded::<Job>(places);
        let (strangers, second) = bounded::<Job>(places);
        for number in 0..threads {
            let lanes = [first.clone(), second.clone()];
            std::thread::Builder::new()
                .name(format!("sigma-hash-{number}"))
                .spawn(move || work(&lanes))
                .map_err(HashingError::failed)?;
        }
        Ok(Self { known, strangers, params, threads, rng })
    }

    /// How many threads hash.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// How many passwords wait in `lane`.
    pub fn waiting(&self, lane: Lane) -> usize {
        match lane {
            Lane::Known => self.known.len(),
            Lane::Stranger => self.strangers.len(),
        }
    }

    /// Hashes a new password under a fresh salt: a PHC string.
    ///
    /// # Errors
    /// [`HashingError`]
    pub async fn hash(&self, lane: Lane, password: SecretString) -> Result<String, HashingError> {
        let (params, salt) = (self.params.clone(), bytes::<SALT>(&*self.rng));
        self.run(lane, move |memory| {
            let hash = memory.argon2id(&params, &password, &salt)?;
            let phc = PasswordHash {
                algorithm: ARGON2ID_IDENT,
                version: Some(Version::V0x13.into()),
                params: ParamsString::try_from(&params).map_err(HashingError::failed)?,
                salt: Some(Salt::new(&salt).map_err(HashingError::failed)?),
                hash: Some(Output::new(&hash).map_err(HashingError::failed)?),
            };
            Ok(phc.to_string())
        })
        .await
    }

    /// Compares a password with the stored hash. Without one, it hashes all the same and reports a mismatch, so that
    /// timing does not reveal which accounts have a password.
    ///
    /// # Errors
    /// [`HashingError`]
    pub async fn verify(
        &self,
        lane: Lane,
        password: GivenPassword,
        reference: Reference,
    ) -> Result<Match, HashingError> {
        let (params, salt) = (self.params.clone(), bytes::<SALT>(&*self.rng));
        self.run(lane, move |memory| {
            let stored = match reference {
                Reference::Stored(stored) => stored,
                Reference::Nothing(cost) => {
                    memory.check_nothing(&password, cost.as_deref(), params, salt)?;
                    return Ok(Match::Wrong);
                }
            };
            if !is_ours(&stored) {
                return memory.check_foreign(&password, &stored);
            }
            let stored = PasswordHash::new(&stored).map_err(HashingError::failed)?;
            let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else {
                return Err(HashingError::Failed("the stored hash is not whole".to_owned()));
            };
            let used = Params::try_from(&stored).map_err(HashingError::failed)?;
            let outgrown = used.m_cost() < params.m_cost() || used.t_cost() < params.t_cost();
            for (number, form) in password.forms().enumerate() {
                let hash = memory.argon2id(&used, form, salt)?;
                if stored.algorithm == ARGON2ID_IDENT && bool::from(hash.ct_eq(expected.as_bytes())) {
                    return Ok(if outgrown || number > 0 { Match::Outgrown } else { Match::Right });
                }
            }
            Ok(Match::Wrong)
        })
        .await
    }

    /// Runs `work` on one of the threads. Callers that are gone by then are skipped.
    async fn run<R: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce(&mut Memory) -> Result<R, HashingError> + Send + 'static,
    ) -> Result<R, HashingError> {
        let (answer, answered) = oneshot::channel();
        let mut span = trace::part("hash a password", SpanKind::Internal);
        if let Some(span) = &mut span {
            span.set("sigma.lane", lane.as_str());
        }
        let waits = Stopwatch::start();
        let job: Job = Box::new(move |memory| {
            histogram!("sigma_hash_wait_seconds", "lane" => lane.as_str()).record(waits.elapsed());
            if !answer.is_closed() {
                let works = Stopwatch::start();
                let outcome = work(memory);
                histogram!("sigma_hash_seconds").record(works.elapsed());
                let _ = answer.send(outcome);
            }
        });
        let jobs = match lane {
            Lane::Known => &self.known,
            Lane::Stranger => &self.strangers,
        };
        jobs.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => {
                counter!("sigma_hash_refused_total", "lane" => lane.as_str()).increment(1);
                HashingError::Busy
            }
            TrySendError::Disconnected(_) => HashingError::Failed("the threads are gone".to_owned()),
        })?;
        let outcome = answered.await.map_err(|_| HashingError::Failed("the thread broke off".to_owned()))?;
        drop(span);
        outcome
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher")
            .field("known", &self.known.len())
            .field("strangers", &self.strangers.len())
            .finish_non_exhaustive()
    }
}

impl Memory {
    fn argon2id(&mut self, params: &Params, password: &SecretString, salt: &[u8]) -> Result<[u8; HASH], HashingError> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let mut hash = [0; HASH];
        let blocks = self.blocks(params.block_count());
        argon2
            .hash_password_into_with_memory(password.expose_secret().as_bytes(), salt, &mut hash, blocks)
            .map_err(HashingError::failed)?;
        Ok(hash)
    }

    /// At least that many blocks.
    fn blocks(&mut self, count: usize) -> &mut [Block] {
        if self.0.len() < count {
            self.0 = vec![Block::default(); count];
        }
        self.0.as_mut_slice()
    }

    /// Takes as long as comparing `password` with a hash of `cost`; by default of that of `params`.
    fn check_nothing(
        &mut self,
        password: &GivenPassword,
        cost: Option<&str>,
        params: Params,
        salt: [u8; SALT],
    ) -> Result<(), HashingError> {
        if let Some(recipe) = cost.and_then(Recipe::of_cost) {
            return password.forms().try_for_each(|form| self.pretend(recipe, form, salt));
        }
        let params = cost.and_then(params_of).unwrap_or(params);
        password.forms().try_for_each(|form| self.argon2id(&params, form, &salt).map(|_| ()))
    }

    fn check_foreign(&mut self, password: &GivenPassword, stored: &str) -> Result<Match, HashingError> {
        let hash = ForeignHash::parse(stored).map_err(HashingError::failed)?;
        for form in password.forms() {
            if self.is_of(form, &hash)? {
                return Ok(Match::Outgrown);
            }
        }
        Ok(Match::Wrong)
    }
}

/// Whether a hash has the form of those made here.
fn is_ours(stored: &str) -> bool {
    let key = stored.rsplit('$').next().unwrap_or_default();
    // 32 bytes are 43 characters of base64.
    stored.starts_with("$argon2id$v=19$") && key.len() == (HASH * 4).div_ceil(3)
}

/// The cost parameters as PHC strings write them.
fn params_of(cost: &str) -> Option<Params> {
    Params::try_from(&PasswordHash::new(&format!("$argon2id$v=19${cost}")).ok()?).ok()
}

/// One thread: hashes what arrives, and frees its memory when idle.
fn work([known, strangers]: &[Receiver<Job>; 2]) {
    stand_back();
    let mut memory = Memory::default();
    loop {
        // With both lanes occupied, `select!` picks one at random.
        let job = select! {
            recv(known) -> job => job,
            recv(strangers) -> job => job,
            default(IDLE) => {
                memory = Memory::default();
                select! {
                    recv(known) -> job => job,
                    recv(strangers) -> job => job,
                }
            }
        };
        // The pool is gone: both lanes are closed.
        let Ok(job) = job else { return };
        // A hash that panics fails its own request only.
        if catch_unwind(AssertUnwindSafe(|| job(&mut memory))).is_err() {
            memory = Memory::default();
        }
    }
}

/// Yields to the threads that answer other requests when processors are scarce: a hash takes as long as a thousand
/// cheap requests. Where the system refuses, only latency suffers.
fn stand_back() {
    /// A third of the weight of a thread at normal priority.
    #[cfg(target_os = "linux")]
    const NICE: i32 = 5;
    // On Linux this means the calling thread; elsewhere it would be the whole process.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, NICE);
}

#[cfg(test)]
mod tests;
