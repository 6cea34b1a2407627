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
use sigma_core::ids::UserId;
use sigma_core::people::ImportedPerson;
use sigma_platform::extract::is_content_type;
use sigma_platform::http::policy::BodyLimit;
use sigma_platform::http::{ApiError, Endpoint, Policy, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::{Caller, people};
use sigma_store::people_import::{Newcomer, Outcome};
use sigma_store::{Stop, Store, StoreError};
use tokio::sync::OwnedSemaphorePermit;

use super::POLICY as SHARED;
use super::caller::{Admin, Writes};
use super::error::AdminError;
use super::list::ListQuery;
use super::people_lines::{Line, Lines, NDJSON};

/// Millions of people, whose lines are never held as a whole.
const POLICY: Policy = Policy { body: BodyLimit::Streamed(16 * 1_024), ..SHARED };

/// People of one transaction: so few that others wait for it no longer than for a slow disk.
const TOGETHER: usize = 500;
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
    security(("access_token" = ["sigma:admin:write"])),
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
    let flag = |name, words| query.parsed(name, words, |text| text.parse::<bool>().ok());
    let vouch = flag("vouch", "vouch must be true or false")?.unwrap_or_default();
    let dry_run = flag("dry_run", "dry_run must be true or false")?.unwrap_or_default();
    let Ok(turn) = Arc::clone(&sigma.imports).try_acquire_owned() else {
        return Err(ApiError::unavailable("more imports at once than can be held").into());
    };
    let import = Import {
        store: admin.store(&sigma),
        caller: admin.caller,
        pause: Duration::from_secs(u64::from(sigma.settings.http.body_seconds) * 3),
        sigma,
        vouch,
        dry_run,
        pieces: request.into_body().into_data_stream(),
        lines: Lines::default(),
        waiting: Vec::new(),
        bytes: 0,
        told: Vec::new(),
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

/// An import in progress.
struct Import {
    sigma: AppState,
    store: Store,
    caller: Caller,
    /// How long the next piece of the body may take.
    pause: Duration,
    vouch: bool,
    dry_run: bool,
    pieces: BodyDataStream,
    lines: Lines,
    /// People of the next transaction, and the bytes of their lines.
    waiting: Vec<ImportedPerson>,
    bytes: usize,
    /// What is told once that transaction is committed.
    told: Vec<AdminImportLine>,
    counts: Counts,
    is_over: bool,
    _turn: OwnedSemaphorePermit,
}

/// What follows a batch.
enum Next {
    Batch,
    End,
}

impl Import {
    /// Reads on until a transaction is committed; returns the lines about it, and `None` at the end.
    async fn answer(&mut self) -> Option<Bytes> {
        if self.is_over {
            return None;
        }
        let (complete, error) = match self.batch().await {
            Ok(Next::Batch) => (None, None),
            Ok(Next::End) => (Some(true), None),
            Err(words) => (Some(false), Some(words)),
        };
        self.is_over = complete.is_some();
        let (through, counts) = (self.lines.number(), self.counts);
        self.told.push(AdminImportLine::Progress { through, counts, complete, error });
        let mut bytes = Vec::new();
        for line in self.told.drain(..) {
            // Writing to memory does not fail.
            let _ = serde_json::to_writer(&mut bytes, &line);
            bytes.push(b'\n');
        }
        Some(Bytes::from(bytes))
    }

    /// Fills a transaction and commits it; an error is why the import ends here.
    async fn batch(&mut self) -> Result<Next, &'static str> {
        loop {
            while let Some(line) = self.lines.take() {
                self.take(line);
                if self.waiting.len() >= TOGETHER || self.bytes >= MOST_BYTES || self.told.len() >= TOGETHER {
                    return self.commit().await.map(|()| Next::Batch);
                }
            }
            let broken = match tokio::time::timeout(self.pause, self.pieces.next()).await {
                Ok(Some(Ok(piece))) => {
                    self.lines.push(&piece);
                    continue;
                }
                Ok(None) if self.lines.finish() => continue,
                Ok(None) => return self.commit().await.map(|()| Next::End),
                Ok(Some(Err(_))) => "The body could not be read",
                Err(_) => "The body took too long",
            };
            // Whoever came before is taken all the same.
            self.commit().await?;
            return Err(broken);
        }
    }

    fn take(&mut self, Line { number, length, person }: Line) {
        match person {
            Ok(person) => {
                self.bytes += length;
                let email_verified = person.email_verified || self.vouch;
                self.waiting.push(ImportedPerson { email_verified, ..person });
            }
            Err(problem) => {
                self.counts.refused += 1;
                self.told.push(AdminImportLine::Problem { line: number, problem });
            }
        }
    }

    async fn commit(&mut self) -> Result<(), &'static str> {
        self.bytes = 0;
        let waiting = std::mem::take(&mut self.waiting);
        if self.dry_run || waiting.is_empty() {
            return Ok(());
        }
        let (now, caller) = (self.sigma.now(), self.caller.clone());
        let newcomer = |person| Newcomer { id: UserId::new(now, &*self.sigma.rng), person };
        let newcomers: Vec<Newcomer> = waiting.into_iter().map(newcomer).collect();
        let outcomes = self.store.decide(move |tx| people::import(tx, &caller, &newcomers, now)).await;
        let outcomes = outcomes.map_err(|stop| match stop {
            Stop::Failed(_) => "The store failed; what this line counts is committed",
            Stop::Refused(_) => "The role was taken away",
        })?;
        for outcome in outcomes {
            match outcome {
                Outcome::Added => self.counts.added += 1,
                Outcome::Known => self.counts.known += 1,
            }
        }
        Ok(())
    }
}
