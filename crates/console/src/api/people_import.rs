//! `POST /api/admin/v1/people/import`: people as lines of JSON (NDJSON), as `sigma people import` reads them.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::header::CONTENT_TYPE;
use serde::Serialize;
use sigma_core::operator::OperatorRefusal;
use sigma_core::people::ImportedPerson;
use sigma_platform::extract::is_content_type;
use sigma_platform::http::policy::BodyLimit;
use sigma_platform::http::{ApiError, Endpoint, Policy, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::{Caller, people};
use sigma_store::people_import::{Newcomer, Outcome};
use sigma_store::{Outage, Stop, Store, StoreError};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;

use super::POLICY as SHARED;
use super::caller::{Admin, Writes};
use super::error::AdminError;
use super::idempotency::IDEMPOTENCY_KEY;
use super::list::ListQuery;
use super::people_lines::{Line, Lines, NDJSON};

/// Millions of people, whose lines are never held as a whole.
const POLICY: Policy = Policy { body: BodyLimit::Streamed(16 * 1_024), ..SHARED };

/// People of one transaction: so few that others wait for it no longer than for a slow disk.
const TOGETHER: usize = 1_000;
/// Bytes of the lines of one transaction.
const MOST_BYTES: usize = 1 << 20;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(import))
}

/// A line of the answer to an import: a line that was refused, or how far everything is committed.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum AdminImportLine {
    /// A line that was refused.
    Problem {
        /// Its number, from 1.
        line: u64,
        /// Why.
        problem: String,
    },
    /// What became of everything up to a line, all of which is committed.
    Progress {
        /// Its number.
        through: u64,
        #[serde(flatten)]
        counts: Counts,
        /// In the last line of the answer: whether the whole body was read.
        #[serde(skip_serializing_if = "Option::is_none")]
        complete: Option<bool>,
        /// Why it was not.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'static str>,
    },
}

/// How many people so far.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Counts {
    added: u64,
    /// Their address had an account, which stays as it is.
    known: u64,
    refused: u64,
}

/// Adds people, a line of JSON each: `email`, and what is known of `email_verified`, `name`, `password_hash` and `disabled`. Answers in
/// lines of JSON while it reads. An address that has an account is left alone, so a file may be sent again.
#[utoipa::path(
    post,
    path = "/api/admin/v1/people/import",
    operation_id = "adminImportPeople",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:people:write"])),
    params(
        ("vouch" = Option<bool>, Query, description = "Take every address for verified"),
        ("dry_run" = Option<bool>, Query, description = "Only check the lines"),
    ),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses(
        (status = 200, description = "What became of the lines, in lines of JSON: `line` (from 1) and `problem` for each that was refused; `through`, \
            `added`, `known` and `refused` for how far everything is committed, in the last line with `complete`, and `error` if that is \
            false", body = String, content_type = "application/x-ndjson"),
        (status = 400, description = "A malformed parameter, another content type, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 503, description = "Two imports are in progress"),
    )
)]
async fn import(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    query: ListQuery,
    request: Request,
) -> Result<Response, AdminError> {
    // Before the answer begins, so that a role which does not reach is a status.
    let caller = admin.caller.clone();
    sigma.store.look_up(move |tx| people::may_import(tx, &caller)).await?;
    if !is_content_type(request.headers(), NDJSON) {
        return Err(AdminError::Invalid("The body must be application/x-ndjson"));
    }
    if request.headers().contains_key(IDEMPOTENCY_KEY) {
        return Err(AdminError::Invalid("An import takes no Idempotency-Key: it may be sent again as it is"));
    }
    let flag = |name, words| query.parsed(name, words, |text| text.parse::<bool>().ok());
    let vouch = flag("vouch", "vouch must be true or false")?.unwrap_or_default();
    let dry_run = flag("dry_run", "dry_run must be true or false")?.unwrap_or_default();
    let Ok(turn) = Arc::clone(&sigma.imports).try_acquire_owned() else {
        return Err(ApiError::unavailable("more imports at once than can be held").into());
    };
    let import = Import {
        source: Source {
            pause: Duration::from_secs(u64::from(sigma.settings.http.body_seconds) * 3),
            vouch,
            pieces: request.into_body().into_data_stream(),
            lines: Lines::default(),
            next: Batch::default(),
            bytes: 0,
        },
        store: admin.store(&sigma),
        caller: admin.caller,
        sigma,
        dry_run,
        full: None,
        running: None,
        through: 0,
        counts: Counts::default(),
        is_over: false,
        _turn: turn,
    };
    let answer = stream::unfold(import, |mut import| async move {
        let piece = import.answer().await?;
        Some((Ok::<_, StoreError>(piece), import))
    });
    Ok(([(CONTENT_TYPE, NDJSON)], Body::from_stream(answer)).into_response())
}

/// An import in progress. While a batch is committed, the next one is read.
struct Import {
    source: Source,
    sigma: AppState,
    store: Store,
    caller: Caller,
    dry_run: bool,
    /// A batch that waits for the one before.
    full: Option<Batch>,
    running: Option<Running>,
    /// The number of the last line that is committed.
    through: u64,
    counts: Counts,
    is_over: bool,
    _turn: OwnedSemaphorePermit,
}

/// What is added in one transaction.
#[derive(Default)]
struct Batch {
    people: Vec<ImportedPerson>,
    /// What is told once that is committed.
    told: Vec<AdminImportLine>,
    refused: u64,
    /// The number of its last line.
    through: u64,
    /// For the last one: why the rest of the body could not be read, if so.
    end: Option<Result<(), &'static str>>,
}

/// A batch on its way to the store.
struct Running {
    batch: Batch,
    outcomes: JoinHandle<Result<Vec<Outcome>, Stop<OperatorRefusal>>>,
}

impl Import {
    /// Reads on until a transaction is committed; returns the lines about it, and `None` at the end.
    async fn answer(&mut self) -> Option<Bytes> {
        while !self.is_over {
            let Some(running) = &mut self.running else {
                let batch = match self.full.take() {
                    Some(batch) => batch,
                    None => self.source.read().await,
                };
                self.running = Some(self.begin(batch));
                continue;
            };
            let reads_on = self.full.is_none() && running.batch.end.is_none();
            let outcomes = tokio::select! {
                outcomes = &mut running.outcomes => outcomes,
                batch = self.source.read(), if reads_on => {
                    self.full = Some(batch);
                    continue;
                }
            };
            if let Some(Running { batch, .. }) = self.running.take() {
                let outcomes = match outcomes {
                    Ok(Ok(outcomes)) => Ok(outcomes),
                    Ok(Err(Stop::Refused(_))) => Err("The role was taken away"),
                    Ok(Err(Stop::Failed(_))) | Err(_) => Err("The store failed; what this line counts is committed"),
                };
                return Some(self.tell(batch, outcomes));
            }
        }
        None
    }

    /// Has the people of a batch added.
    fn begin(&self, mut batch: Batch) -> Running {
        let people = if self.dry_run { Vec::new() } else { std::mem::take(&mut batch.people) };
        let (now, caller, store) = (self.sigma.now(), self.caller.clone(), self.store.clone());
        let newcomers = Newcomer::all(people, now, &*self.sigma.rng);
        let outcomes = tokio::spawn(async move {
            if newcomers.is_empty() {
                return Ok(Vec::new());
            }
            let newcomers = Arc::new(newcomers);
            let import = || {
                let (caller, newcomers) = (caller.clone(), Arc::clone(&newcomers));
                store.decide(move |tx| people::import(tx, &caller, &newcomers, now))
            };
            match import().await {
                // Nothing of it was committed: another import of the same people may have been in the way.
                Err(Stop::Failed(StoreError::Unavailable(Outage::Contended | Outage::Disconnected))) => import().await,
                outcome => outcome,
            }
        });
        Running { batch, outcomes }
    }

    /// The lines about a batch.
    fn tell(&mut self, mut batch: Batch, outcomes: Result<Vec<Outcome>, &'static str>) -> Bytes {
        let failed = outcomes.as_ref().err().copied();
        if failed.is_none() {
            self.counts.refused += batch.refused;
            self.through = batch.through;
        } else {
            // Nothing of the batch counts: whoever sends the rest again sends all of it.
            batch.told.clear();
        }
        for outcome in outcomes.unwrap_or_default() {
            match outcome {
                Outcome::Added => self.counts.added += 1,
                Outcome::Known => self.counts.known += 1,
            }
        }
        let end = failed.map(Err).or(batch.end);
        self.is_over = end.is_some();
        let (complete, error) = (end.map(|end| end.is_ok()), end.and_then(Result::err));
        batch.told.push(AdminImportLine::Progress { through: self.through, counts: self.counts, complete, error });
        let mut bytes = Vec::new();
        for line in batch.told {
            // Writing to memory does not fail.
            let _ = serde_json::to_writer(&mut bytes, &line);
            bytes.push(b'\n');
        }
        Bytes::from(bytes)
    }
}

/// The body.
struct Source {
    /// How long its next piece may take.
    pause: Duration,
    vouch: bool,
    pieces: BodyDataStream,
    lines: Lines,
    /// What was read of the next batch, and the bytes of its lines.
    next: Batch,
    bytes: usize,
}

impl Source {
    /// The next batch. A call that is dropped loses nothing: the next one reads on.
    async fn read(&mut self) -> Batch {
        loop {
            while let Some(line) = self.lines.take() {
                self.take(line);
                let is_full = self.next.people.len() >= TOGETHER || self.bytes >= MOST_BYTES;
                if is_full || self.next.told.len() >= TOGETHER {
                    return self.hand_over(None);
                }
            }
            let end = match tokio::time::timeout(self.pause, self.pieces.next()).await {
                Ok(Some(Ok(piece))) => {
                    self.lines.push(&piece);
                    continue;
                }
                Ok(None) if self.lines.finish() => continue,
                Ok(None) => Ok(()),
                // Whoever came before is taken all the same.
                Ok(Some(Err(_))) => Err("The body could not be read"),
                Err(_) => Err("The body took too long"),
            };
            return self.hand_over(Some(end));
        }
    }

    fn hand_over(&mut self, end: Option<Result<(), &'static str>>) -> Batch {
        self.bytes = 0;
        Batch { through: self.lines.number(), end, ..std::mem::take(&mut self.next) }
    }

    fn take(&mut self, Line { number, length, person }: Line) {
        match person {
            Ok(person) => {
                self.bytes += length;
                let email_verified = person.email_verified || self.vouch;
                self.next.people.push(ImportedPerson { email_verified, ..person });
            }
            Err(problem) => {
                self.next.refused += 1;
                self.next.told.push(AdminImportLine::Problem { line: number, problem });
            }
        }
    }
}
