//! Looks up the published records of BAP identities at a server of the operator's choice (`docs/spec/keys.md#published-records`).
//!
//! Nothing that an app waits for waits for that server: records are kept with the identities, and renewed in the background once
//! somebody needed an old one. Only whoever proves an identity by its record waits, for as long as the settings say.

mod breaker;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sigma_bitcoin::BapId;
use sigma_core::bap_record::{BapRecord, RecordProblem};
use sigma_core::time::Timestamp;
use sigma_store::Memory;
use sigma_store::published_record::{self, Resolved};
use tokio::sync::Semaphore;

use crate::outbound::{FetchError, Fetcher, Outgoing};
use crate::settings::ResolverSettings;
use crate::state::AppState;
use breaker::Breaker;

/// Callers who may wait for an answer at once.
const MOST_WAITING: usize = 16;
/// Records that may be renewed at once.
const MOST_RENEWED: usize = 4;
/// How long a lookup that failed, or found nothing, is not repeated.
const AGAIN: Duration = Duration::from_mins(1);
/// Answers that are remembered for a while.
const REMEMBERED: usize = 500;
/// Attempts that are remembered, so that they are not repeated.
const ATTEMPTS: usize = 10_000;

/// Why a record could not be looked up.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolverError {
    /// There is no resolver, or it failed too often.
    #[error("the resolver is not asked at the moment")]
    Off,
    /// Too many others wait for it.
    #[error("too many callers wait for the resolver")]
    Busy,
    /// It did not answer as it should.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It answered something else.
    #[error(transparent)]
    Problem(#[from] RecordProblem),
}

impl ResolverError {
    /// Whether the resolver itself is at fault, not the record of one identity.
    fn is_outage(&self) -> bool {
        match self {
            Self::Fetch(FetchError::TooLarge) | Self::Off | Self::Busy => false,
            Self::Fetch(_) | Self::Problem(RecordProblem::NotJson) => true,
            Self::Problem(_) => false,
        }
    }
}

/// The resolver, if one is configured.
pub struct Resolver(Option<Active>);

struct Active {
    url: String,
    time_limit: Duration,
    fresh: Duration,
    fetcher: Fetcher,
    breaker: Mutex<Breaker>,
    found: Memory<String, (Option<Arc<BapRecord>>, Timestamp)>,
    attempts: Memory<String, Timestamp>,
    waiting: Semaphore,
    renewing: Arc<Semaphore>,
}

impl Resolver {
    /// The one of the settings.
    pub fn new(settings: &ResolverSettings) -> Self {
        let active = settings.url.as_ref().map(|url| Active {
            url: format!("{}/identity/get", url.trim_end_matches('/')),
            time_limit: settings.time_limit(),
            fresh: settings.fresh(),
            fetcher: Fetcher::for_operator(),
            breaker: Mutex::default(),
            found: Memory::new(REMEMBERED),
            attempts: Memory::new(ATTEMPTS),
            waiting: Semaphore::new(MOST_WAITING),
            renewing: Arc::new(Semaphore::new(MOST_RENEWED)),
        });
        Self(active)
    }

    /// Whether there is one.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The published record of an identity, the latest that is known; `None` if it has none.
    ///
    /// # Errors
    /// [`ResolverError`]
    pub async fn find(&self, bap_id: &BapId, now: Timestamp) -> Result<Option<Arc<BapRecord>>, ResolverError> {
        let active = self.0.as_ref().ok_or(ResolverError::Off)?;
        if let Some((record, at)) = active.found.get(bap_id.as_str()) {
            let kept = if record.is_some() { active.fresh } else { active.fresh.min(AGAIN) };
            if now.since(at) < kept {
                return Ok(record);
            }
        }
        let _place = active.waiting.try_acquire().map_err(|_| ResolverError::Busy)?;
        active.ask(bap_id, now).await
    }
}

impl Active {
    async fn ask(&self, bap_id: &BapId, now: Timestamp) -> Result<Option<Arc<BapRecord>>, ResolverError> {
        if !self.breaker.lock().unwrap_or_else(PoisonError::into_inner).may_ask(now) {
            return Err(ResolverError::Off);
        }
        let asked = self.fetch(bap_id).await;
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        match &asked {
            Err(error) if error.is_outage() => {
                let pause = breaker.fail(now);
                tracing::warn!(%error, pause = ?pause, "the resolver failed");
            }
            Err(error) => {
                breaker.succeed();
                tracing::info!(%error, %bap_id, "the resolver has no usable record");
            }
            Ok(_) => breaker.succeed(),
        }
        drop(breaker);
        let record = asked?.map(Arc::new);
        self.found.insert(bap_id.as_str().to_owned(), (record.clone(), now));
        Ok(record)
    }

    async fn fetch(&self, bap_id: &BapId) -> Result<Option<BapRecord>, ResolverError> {
        let json = serde_json::json!({ "idKey": bap_id.as_str() }).to_string();
        let outgoing = Outgoing { json: Some(&json), ..Outgoing::get(&self.url) };
        let answer = tokio::time::timeout(self.time_limit, self.fetcher.ask(outgoing)).await;
        let answer = answer.map_err(|_| FetchError::TimedOut)??;
        match answer.status {
            200 => Ok(BapRecord::parse(bap_id, &answer.body)?),
            404 => Ok(None),
            status => Err(FetchError::Status(status).into()),
        }
    }
}

impl AppState {
    /// Renews the published record of an identity in the background, if it is old. Returns at once.
    pub fn renew_record(&self, bap_id: &BapId, resolved_at: Option<Timestamp>) {
        let Some(active) = &self.resolver.0 else { return };
        let now = self.now();
        let is_recent = |at: Timestamp, span| now.since(at) < span;
        if resolved_at.is_some_and(|at| is_recent(at, active.fresh)) {
            return;
        }
        let key = bap_id.as_str();
        if active.attempts.get(key).is_some_and(|at| is_recent(at, AGAIN)) {
            return;
        }
        // When all turns are taken, the next caller that needs the record tries again.
        let Ok(turn) = Arc::clone(&active.renewing).try_acquire_owned() else { return };
        active.attempts.insert(key.to_owned(), now);
        let (sigma, bap_id) = (self.clone(), bap_id.clone());
        tokio::spawn(async move {
            let _turn = turn;
            let Ok(record) = sigma.resolver.find(&bap_id, now).await else { return };
            let record = record.map(|record| BapRecord::clone(&record));
            // What was true when it was asked says nothing of now.
            let resolved = Resolved { bap_id, record, now };
            if let Err(error) = sigma.store.write(move |tx| published_record::keep(tx, &resolved)).await {
                tracing::warn!(%error, "a published record could not be kept");
            }
        });
    }
}
