//! What webhooks have to be told of: queued by the follower, delivered at least once, and kept as a log for some days.

use std::collections::BTreeMap;
use std::time::Duration;

use sigma_core::event::{Action, Event, Target};
use sigma_core::ids::{EventId, JobId, OrgId, WebhookId};
use sigma_core::time::Timestamp;

use super::DisabledFor;
use crate::event::{self, NewEvent};
use crate::job_queue::{self, NewJob};
use crate::turns::{Ended, Queues, delay, queues, soon, storable};
use crate::{Row, StoreError, Tx, cached, params};

/// How long a delivery is retried.
pub const RETRIED: Duration = Duration::from_hours(24);
/// How long the log is kept.
pub const KEPT: Duration = Duration::from_hours(14 * 24);
/// The kind of the job that mails that a webhook was switched off.
pub const DISABLED_JOB: &str = "webhook_disabled";

/// The queues of webhooks, by [`cached::key_in`].
static QUEUES: Queues = queues!("webhook_queues", "webhook");

fn key(org_id: &OrgId, id: &WebhookId) -> String {
    cached::key_in(org_id, id.as_str())
}

/// Queues an event for a webhook; false if it was queued before.
pub(super) fn queue(
    tx: &mut dyn Tx,
    (org_id, id): (&OrgId, &WebhookId),
    event_id: &EventId,
    action: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let queued = tx.query_opt(
        "INSERT INTO webhook_deliveries (org_id, webhook_id, event_id, action, created_at, give_up_at, next_at, attempts,
            delete_after)
         VALUES ($1, $2, $3, $4, $5, $6, $5, 0, $7) ON CONFLICT (org_id, webhook_id, event_id) DO NOTHING
         RETURNING event_id",
        params![org_id, id, event_id, action, now, now.plus(RETRIED), now.plus(KEPT)],
    )?;
    if queued.is_none() {
        return Ok(false);
    }
    let key = key(org_id, id);
    QUEUES.open(tx, &key, now)?;
    tx.changed(cached::WEBHOOK_DELIVERY, &key)?;
    Ok(true)
}

/// Has what waits for a webhook delivered soon, although its receiver failed.
pub(super) fn resume(tx: &mut dyn Tx, org_id: &OrgId, id: &WebhookId, now: Timestamp) -> Result<(), StoreError> {
    let key = key(org_id, id);
    QUEUES.hurry(tx, &key, now)?;
    tx.changed(cached::WEBHOOK_DELIVERY, &key)
}

/// Closes the queue of a webhook; what waits stays in the log.
pub(super) fn stop(tx: &mut dyn Tx, org_id: &OrgId, id: &WebhookId) -> Result<(), StoreError> {
    QUEUES.give_back(tx, &key(org_id, id), None)
}

/// How many deliveries wait, up to `most`.
pub(super) fn count_waiting(tx: &mut dyn Tx, org_id: &OrgId, id: &WebhookId, most: i64) -> Result<i64, StoreError> {
    let row = tx.query_opt(
        "SELECT count(*) FROM (SELECT 1 AS one FROM webhook_deliveries
            WHERE org_id = $1 AND webhook_id = $2 AND next_at IS NOT NULL LIMIT $3) AS waiting",
        params![org_id, id, most],
    )?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// When the first queue may be worked on.
pub fn next_due(tx: &mut dyn Tx) -> Result<Option<Timestamp>, StoreError> {
    QUEUES.next_due(tx)
}

/// A webhook whose queue a process holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Its org.
    pub org_id: OrgId,
    /// Its id.
    pub id: WebhookId,
    /// How often in a row its receiver failed.
    pub failures: i64,
}

/// How many turns there may be at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most {
    /// That are taken now.
    pub turns: usize,
    /// Of one org, with those that it has: when all its receivers hang, they leave others their turns.
    pub of_org: usize,
}

/// Claims queues that are due, for the [lease](crate::logout::LEASE) of a queue; `held` is how many turns of each org this process
/// works on.
pub fn take(
    tx: &mut dyn Tx,
    now: Timestamp,
    most: Most,
    held: &BTreeMap<OrgId, usize>,
) -> Result<Vec<Turn>, StoreError> {
    let mut held = held.clone();
    let taken = QUEUES.take_those(tx, now, most.turns, |key| {
        let org_id = OrgId::from_text(key.split_once('/').map_or(key, |(org_id, _)| org_id));
        let turns = held.entry(org_id).or_default();
        *turns += 1;
        *turns <= most.of_org
    })?;
    let turn = |(key, failures): (String, i64)| {
        let (org_id, id) = key.split_once('/').ok_or_else(|| StoreError::Corrupt("a queue of webhooks".to_owned()))?;
        Ok(Turn { org_id: OrgId::from_text(org_id), id: WebhookId::from_text(id), failures })
    };
    taken.into_iter().map(turn).collect()
}

/// A delivery that is due.
#[derive(Clone, Debug)]
pub struct Due {
    /// Of which event.
    pub event_id: EventId,
    /// The event, unless it is not kept any more.
    pub event: Option<Event>,
    /// Failed attempts so far.
    pub attempts: i64,
    /// When it is given up.
    pub give_up_at: Timestamp,
}

/// The deliveries that are due now: those that waited longest first, so that one that always fails stands in nobody's way.
pub fn list_due(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    id: &WebhookId,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Due>, StoreError> {
    let rows = tx.query_all(
        "SELECT event_id, attempts, give_up_at FROM webhook_deliveries
         WHERE org_id = $1 AND webhook_id = $2 AND next_at <= $3 ORDER BY next_at, event_id LIMIT $4",
        params![org_id, id, now, limit],
    )?;
    let mut due = Vec::with_capacity(rows.len());
    for row in &rows {
        let event_id = EventId::from_text(row.text(0)?);
        due.push(Due {
            event: event::find(tx, &event_id)?,
            event_id,
            attempts: row.int(1)?,
            give_up_at: row.timestamp(2)?,
        });
    }
    Ok(due)
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver took it.
    Delivered,
    /// The receiver refused this one: others may fare better.
    Refused,
    /// The receiver failed: nothing else fares better now.
    Failed,
    /// The receiver wants nothing any more.
    Gone,
    /// There is nothing left to send.
    Dropped,
}

/// An attempt to deliver.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Of what.
    pub due: Due,
    /// How it ended.
    pub outcome: Outcome,
    /// The status of the response.
    pub status: Option<u16>,
    /// Why it failed.
    pub error: Option<String>,
    /// The beginning of the response's body.
    pub answer: Option<String>,
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub took: Duration,
}

/// What a turn ends with.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    /// How long a receiver may fail before its webhook is switched off.
    pub disable_after: Duration,
    /// By how much waits are lengthened, in thousandths: receivers that failed together are not asked together again.
    pub jitter: u32,
    /// The time of the database.
    pub now: Timestamp,
}

impl Ending {
    fn wait(&self, failures: i64) -> Timestamp {
        let waits = delay(failures);
        self.now.plus(waits.saturating_add(waits.saturating_mul(self.jitter) / 1_000))
    }
}

/// Records the attempts of a turn and gives the queue back; returns whether the webhook was switched off.
pub fn end_turn(tx: &mut dyn Tx, turn: &Turn, attempts: &[Attempt], ending: &Ending) -> Result<bool, StoreError> {
    let Turn { org_id, id, .. } = turn;
    let mut given_up = 0;
    for attempt in attempts {
        given_up += u64::from(record(tx, turn, attempt, ending)?);
    }
    given_up += tx.execute(
        "UPDATE webhook_deliveries SET next_at = NULL, outcome = 'failed', ended_at = $3,
            error = COALESCE(error, 'it waited for too long')
         WHERE org_id = $1 AND webhook_id = $2 AND event_id IN (SELECT event_id FROM webhook_deliveries
            WHERE org_id = $1 AND webhook_id = $2 AND next_at IS NOT NULL AND give_up_at <= $3 LIMIT 500)",
        params![org_id, id, ending.now],
    )?;
    let (any, last) = (|outcome| attempts.iter().any(|one| one.outcome == outcome), attempts.last());
    let is_failing = last.is_some_and(|last| matches!(last.outcome, Outcome::Failed | Outcome::Gone));
    let answered = any(Outcome::Delivered);
    if answered {
        let sql =
            "UPDATE webhooks SET failing_since = NULL WHERE org_id = $1 AND id = $2 AND failing_since IS NOT NULL";
        tx.execute(sql, params![org_id, id])?;
    } else if is_failing || any(Outcome::Refused) {
        let sql = "UPDATE webhooks SET failing_since = $3 WHERE org_id = $1 AND id = $2 AND failing_since IS NULL";
        tx.execute(sql, params![org_id, id, ending.now])?;
    }
    if any(Outcome::Gone) {
        return switch_off(tx, turn, DisabledFor::Gone, ending.now);
    }
    if given_up > 0 && has_failed_since(tx, turn, ending.now.minus(ending.disable_after))? {
        return switch_off(tx, turn, DisabledFor::Failures, ending.now);
    }
    give_back(tx, turn, is_failing, answered, ending)?;
    Ok(false)
}

/// Records an attempt; returns whether the delivery was given up.
fn record(tx: &mut dyn Tx, turn: &Turn, attempt: &Attempt, ending: &Ending) -> Result<bool, StoreError> {
    let Due { event_id, attempts, give_up_at, .. } = &attempt.due;
    let next_at = ending.wait(attempts.saturating_add(1));
    let (outcome, next_at) = match attempt.outcome {
        Outcome::Delivered => (Some("delivered"), None),
        Outcome::Dropped => (Some("failed"), None),
        _ if next_at >= *give_up_at => (Some("failed"), None),
        _ => (None, Some(next_at)),
    };
    let changed = tx.execute(
        "UPDATE webhook_deliveries SET attempts = $4, next_at = $5, outcome = $6, ended_at = $7, attempted_at = $8,
            duration_ms = $9, status = $10, error = $11, answer = $12
         WHERE org_id = $1 AND webhook_id = $2 AND event_id = $3 AND next_at IS NOT NULL",
        params![
            &turn.org_id,
            &turn.id,
            event_id,
            attempts.saturating_add(1),
            next_at,
            outcome,
            next_at.is_none().then_some(ending.now),
            attempt.at,
            i64::try_from(attempt.took.as_millis()).unwrap_or(i64::MAX),
            attempt.status.map(i64::from),
            attempt.error.as_deref().map(storable),
            attempt.answer.as_deref().map(|answer| answer.replace('\0', "\u{fffd}"))
        ],
    )?;
    Ok(changed > 0 && outcome == Some("failed"))
}

fn has_failed_since(tx: &mut dyn Tx, turn: &Turn, since: Timestamp) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM webhooks WHERE org_id = $1 AND id = $2 AND failing_since <= $3";
    Ok(tx.query_opt(sql, params![&turn.org_id, &turn.id, since])?.is_some())
}

/// Switches the webhook off and has it mailed.
fn switch_off(tx: &mut dyn Tx, turn: &Turn, reason: DisabledFor, now: Timestamp) -> Result<bool, StoreError> {
    let Turn { org_id, id, .. } = turn;
    if !super::disable(tx, org_id, id, reason, now)? {
        return Ok(false);
    }
    let disabled = NewEvent::new(Action::WebhookDisable).within(org_id).to(Target::Webhook(id.clone()));
    let details = sigma_core::event::Details { reason: Some(reason.as_str().to_owned()), ..Default::default() };
    event::append(tx, disabled.with(details))?;
    tx.changed(cached::WEBHOOK, &key(org_id, id))?;
    let job = NewJob {
        id: JobId::from_text(format!("{DISABLED_JOB}:{}:{}", id, now.micros())),
        kind: DISABLED_JOB,
        org_id: Some(org_id.clone()),
        payload: id.to_string(),
        run_at: None,
        now,
    };
    job_queue::enqueue_unlimited(tx, &job)?;
    Ok(true)
}

fn give_back(
    tx: &mut dyn Tx,
    turn: &Turn,
    is_failing: bool,
    answered: bool,
    ending: &Ending,
) -> Result<(), StoreError> {
    let key = key(&turn.org_id, &turn.id);
    let ended = match (is_failing, answered) {
        (false, _) => Ended::Well,
        (true, true) => Ended::FailedLater,
        (true, false) => Ended::Failed,
    };
    let Some(failures) = QUEUES.end_turn(tx, &key, ended)? else { return Ok(()) };
    let sql = "SELECT 1 FROM webhooks WHERE org_id = $1 AND id = $2 AND disabled_at IS NULL";
    if tx.query_opt(sql, params![&turn.org_id, &turn.id])?.is_none() {
        return QUEUES.give_back(tx, &key, None);
    }
    let next = tx.query_opt(
        "SELECT min(next_at) FROM webhook_deliveries WHERE org_id = $1 AND webhook_id = $2 AND next_at IS NOT NULL",
        params![&turn.org_id, &turn.id],
    )?;
    let next = next.map_or(Ok(None), |row| row.opt_timestamp(0))?;
    let due_at = next.map(|next| if is_failing { ending.wait(failures) } else { soon(next, ending.now) });
    QUEUES.give_back(tx, &key, due_at)
}

/// Repeats one delivery, whether or not it ended; false if there is none.
pub(super) fn replay(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    id: &WebhookId,
    event_id: &EventId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let repeated = tx.execute(
        "UPDATE webhook_deliveries SET next_at = $4, give_up_at = $5, delete_after = $6, attempts = 0, outcome = NULL,
            ended_at = NULL
         WHERE org_id = $1 AND webhook_id = $2 AND event_id = $3",
        params![org_id, id, event_id, now, now.plus(RETRIED), now.plus(KEPT)],
    )?;
    if repeated > 0 {
        resume(tx, org_id, id, now)?;
    }
    Ok(repeated > 0)
}

/// Repeats a batch of the deliveries that were queued since the first time and failed before the second.
pub(super) fn replay_failed(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    id: &WebhookId,
    (since, before): (Timestamp, Timestamp),
    now: Timestamp,
) -> Result<u64, StoreError> {
    let repeated = tx.execute(
        "UPDATE webhook_deliveries SET next_at = $5, give_up_at = $6, delete_after = $7, attempts = 0, outcome = NULL,
            ended_at = NULL
         WHERE org_id = $1 AND webhook_id = $2 AND event_id IN (SELECT event_id FROM webhook_deliveries
            WHERE org_id = $1 AND webhook_id = $2 AND outcome = 'failed' AND created_at >= $3 AND ended_at <= $4
            ORDER BY created_at, event_id LIMIT 500) AND outcome = 'failed'",
        params![org_id, id, since, before, now, now.plus(RETRIED), now.plus(KEPT)],
    )?;
    if repeated > 0 {
        resume(tx, org_id, id, now)?;
    }
    Ok(repeated)
}

/// A line of a webhook's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryLine {
    /// The event: `webhook-id` on the wire.
    pub event_id: EventId,
    /// The name of its action.
    pub action: String,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it is tried next; `None` once it ended.
    pub next_at: Option<Timestamp>,
    /// Attempts so far.
    pub attempts: i64,
    /// Whether it was delivered or has failed; `None` while it waits.
    pub delivered: Option<bool>,
    /// When it was last tried.
    pub attempted_at: Option<Timestamp>,
    /// How long that took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// The status of the last response.
    pub status: Option<i64>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// The beginning of the last response's body.
    pub answer: Option<String>,
}

/// A position in a log, between two lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPlace {
    at: Timestamp,
    event_id: String,
}

impl LogPlace {
    /// After every line.
    pub fn end() -> Self {
        Self { at: Timestamp::from_micros(i64::MAX), event_id: String::new() }
    }

    /// The position of a line.
    pub fn of(line: &DeliveryLine) -> Self {
        Self { at: line.created_at, event_id: line.event_id.to_string() }
    }

    /// Parses the `Display` form.
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('-')?;
        let at = Timestamp::from_micros(at.parse().ok()?);
        Some(Self { at, event_id: EventId::parse(id)?.to_string() })
    }
}

impl std::fmt::Display for LogPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.at.micros(), self.event_id)
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT event_id, action, created_at, next_at, attempts, outcome, attempted_at, duration_ms, status, error, answer
             FROM webhook_deliveries WHERE org_id = $1 AND webhook_id = $2 AND (created_at, event_id) < ($3, $4)",
            $rest,
            " ORDER BY created_at DESC, event_id DESC LIMIT $5"
        )
    };
}

/// At most `limit` lines of a log before `place`, the latest first; only those that failed, if wanted.
pub fn log(
    tx: &mut dyn Tx,
    (org_id, id): (&OrgId, &WebhookId),
    only_failed: bool,
    place: &LogPlace,
    limit: u32,
) -> Result<Vec<DeliveryLine>, StoreError> {
    let sql = if only_failed { select!(" AND outcome = 'failed'") } else { select!("") };
    tx.query_all(sql, params![org_id, id, place.at, &place.event_id, limit])?.iter().map(decode).collect()
}

fn decode(row: &Row) -> Result<DeliveryLine, StoreError> {
    Ok(DeliveryLine {
        event_id: EventId::from_text(row.text(0)?),
        action: row.text(1)?,
        created_at: row.timestamp(2)?,
        next_at: row.opt_timestamp(3)?,
        attempts: row.int(4)?,
        delivered: row.opt_text(5)?.map(|outcome| outcome == "delivered"),
        attempted_at: row.opt_timestamp(6)?,
        duration_ms: row.opt_int(7)?,
        status: row.opt_int(8)?,
        error: row.opt_text(9)?,
        answer: row.opt_text(10)?,
    })
}
