//! Delivers what webhooks are told of: signed, to the address that their owner chose, by the rules of everything that goes out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use sigma_core::ids::OrgId;
use sigma_core::random::bytes;
use sigma_core::time::Timestamp;
use sigma_core::webhook::{
    ID_HEADER, Notification, Reader, SIGNATURE_HEADER, SigningSecret, TIMESTAMP_HEADER, signatures,
};
use sigma_store::webhook::delivery::{self, Attempt, Due, Ending, Most, Outcome, Turn};
use sigma_store::webhook::{self, Webhook};
use sigma_store::{Store, StoreError, cached};

use super::secrets;
use crate::outbound::Outgoing;
use crate::queues::{self, Queues};
use crate::state::AppState;

/// Deliveries of one turn. Each takes 5 s at most: all together less than the lease of a queue.
const BATCH: u32 = 20;
/// Deliveries to one receiver at once.
const AT_ONCE: usize = 2;
/// Bytes of the receiver's answer that are kept.
const ANSWER: usize = 1_024;
/// How much longer than necessary a wait may be, in thousandths.
const MOST_JITTER: u32 = 250;

/// Webhooks of one org that have a turn at once: when all its receivers hang, they leave the other turns to others.
const MOST_OF_ORG: usize = 4;

/// The queues of webhooks, and how many turns each org has.
struct Hooks<'a> {
    sigma: &'a AppState,
    held: Arc<Mutex<BTreeMap<OrgId, usize>>>,
}

impl<'a> Hooks<'a> {
    fn of(sigma: &'a AppState) -> Self {
        Self { sigma, held: Arc::default() }
    }
}

/// A turn, counted for its org until it is dropped.
struct Held {
    turn: Turn,
    held: Arc<Mutex<BTreeMap<OrgId, usize>>>,
}

impl Held {
    fn count(turn: Turn, held: &Arc<Mutex<BTreeMap<OrgId, usize>>>) -> Self {
        *lock(held).entry(turn.org_id.clone()).or_default() += 1;
        Self { turn, held: Arc::clone(held) }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = lock(&self.held);
        let turns = held.remove(&self.turn.org_id).unwrap_or_default();
        if turns > 1 {
            held.insert(self.turn.org_id.clone(), turns - 1);
        }
    }
}

fn lock(held: &Mutex<BTreeMap<OrgId, usize>>) -> MutexGuard<'_, BTreeMap<OrgId, usize>> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Delivers for as long as the server runs.
pub async fn run(sigma: AppState) {
    queues::run(&Hooks::of(&sigma)).await;
}

/// Gives the webhooks that are due a turn; returns how many.
///
/// # Errors
/// The store does not answer.
pub async fn deliver_due(sigma: &AppState) -> Result<usize, StoreError> {
    queues::work_off_due(&Hooks::of(sigma)).await
}

impl Queues for Hooks<'_> {
    type Turn = Held;

    const WHAT: &'static str = "deliveries of webhooks";
    const SIGNAL: &'static str = cached::WEBHOOK_DELIVERY;
    const MOST: usize = 32;

    fn store(&self) -> &Store {
        &self.sigma.store
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.sigma.store.read(delivery::next_due).await
    }

    async fn take(&self, now: Timestamp, most: u32) -> Result<Vec<Held>, StoreError> {
        let most = Most { turns: usize::try_from(most).unwrap_or(usize::MAX), of_org: MOST_OF_ORG };
        let held = lock(&self.held).clone();
        let turns = self.sigma.store.write(move |tx| delivery::take(tx, now, most, &held)).await?;
        Ok(turns.into_iter().map(|turn| Held::count(turn, &self.held)).collect())
    }

    async fn work_off(&self, held: Held) -> Result<(), StoreError> {
        work_off(self.sigma, held.turn.clone()).await
    }
}

async fn work_off(sigma: &AppState, turn: Turn) -> Result<(), StoreError> {
    let (wanted, now) = (turn.clone(), sigma.store.database_now());
    let read_at = sigma.now();
    let found = sigma
        .store
        .read(move |tx| {
            let Turn { org_id, id, .. } = &wanted;
            let Some(webhook) = webhook::find(tx, org_id, id)?.filter(|webhook| webhook.disabled.is_none()) else {
                return Ok(None);
            };
            let secrets = webhook::secrets(tx, org_id, id, read_at)?;
            Ok(Some((webhook, secrets, delivery::list_due(tx, org_id, id, now, BATCH)?)))
        })
        .await?;
    let mut attempts = Vec::new();
    if let Some((webhook, stored, due)) = found {
        let opened = stored.iter().map(|one| secrets::open(sigma, &turn.org_id, &turn.id, one));
        let opened = opened.collect::<Result<Vec<_>, _>>();
        attempts = deliver_all(sigma, &webhook, opened.as_deref(), due, turn.failures).await;
    }
    for attempt in &attempts {
        let outcome = match attempt.outcome {
            Outcome::Delivered => "delivered",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
            Outcome::Gone => "gone",
            Outcome::Dropped => "dropped",
        };
        metrics::counter!("sigma_webhook_deliveries_total", "outcome" => outcome).increment(1);
    }
    let jitter = u32::from_be_bytes(bytes(&*sigma.rng)) % MOST_JITTER;
    let disable_after = sigma.settings.webhooks.disable_after();
    let ending = Ending { disable_after, jitter, now: sigma.store.database_now() };
    let (org_id, id) = (turn.org_id.clone(), turn.id.clone());
    let disabled = sigma.store.write(move |tx| delivery::end_turn(tx, &turn, &attempts, &ending)).await?;
    if disabled {
        tracing::warn!(%org_id, webhook = %id, "a webhook was switched off: its receiver failed for too long");
    }
    Ok(())
}

/// Delivers until the receiver fails. One that failed before is first asked with one delivery.
async fn deliver_all(
    sigma: &AppState,
    webhook: &Webhook,
    secrets: Result<&[SigningSecret], &String>,
    due: Vec<Due>,
    failures: i64,
) -> Vec<Attempt> {
    let (mut attempts, mut waiting) = (Vec::with_capacity(due.len()), due.into_iter());
    let mut at_once = if failures > 0 { 1 } else { AT_ONCE };
    loop {
        let next: Vec<Due> = waiting.by_ref().take(at_once).collect();
        if next.is_empty() {
            return attempts;
        }
        let tried = join_all(next.into_iter().map(|due| deliver(sigma, webhook, secrets, due))).await;
        let stops = tried.iter().any(|one| matches!(one.outcome, Outcome::Failed | Outcome::Gone));
        attempts.extend(tried);
        // What failed is last, whichever was asked first: how a turn ends is read from its last attempt.
        attempts.sort_by_key(|one| matches!(one.outcome, Outcome::Failed | Outcome::Gone));
        if stops {
            return attempts;
        }
        at_once = AT_ONCE;
    }
}

/// Tells the receiver of one event.
async fn deliver(sigma: &AppState, webhook: &Webhook, secrets: Result<&[SigningSecret], &String>, due: Due) -> Attempt {
    let at = sigma.now();
    let ended = |due, outcome, error: Option<String>| Attempt {
        due,
        outcome,
        status: None,
        error,
        answer: None,
        at,
        took: Duration::ZERO,
    };
    let Some(event) = &due.event else {
        return ended(due, Outcome::Dropped, Some("the event is not kept any more".to_owned()));
    };
    let reader = if webhook.is_operators() { Reader::Operator } else { Reader::Org };
    let (secrets, body) = match (secrets, Notification::of(event, reader).to_json()) {
        (Ok(secrets), Ok(body)) => (secrets, body),
        (Err(error), _) => return ended(due, Outcome::Failed, Some(error.clone())),
        (_, Err(error)) => return ended(due, Outcome::Dropped, Some(error.to_string())),
    };
    let id = due.event_id.as_str();
    let (timestamp, signed) = (at.seconds().to_string(), signatures(secrets, id, at, &body));
    let headers = [(ID_HEADER, id), (TIMESTAMP_HEADER, timestamp.as_str()), (SIGNATURE_HEADER, signed.as_str())];
    let url = webhook.url.as_str();
    let outgoing = Outgoing { json: Some(&body), headers: &headers, head: Some(ANSWER), ..Outgoing::get(url) };
    let asked = sigma.webhook_fetcher(webhook.is_operators()).ask(outgoing).await;
    let took = sigma.now().since(at);
    let attempt = match asked {
        Ok(answer) => {
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            let outcome = judge(answer.status);
            let error =
                (outcome != Outcome::Delivered).then(|| "the receiver answered another status than 2xx".to_owned());
            Attempt { status: Some(answer.status), answer: Some(text), ..ended(due, outcome, error) }
        }
        Err(error) => ended(due, Outcome::Failed, Some(error.to_string())),
    };
    Attempt { took, ..attempt }
}

/// What a status means. 408 and 429 say something of the receiver; other 4xx of this one delivery.
const fn judge(status: u16) -> Outcome {
    match status {
        200..=299 => Outcome::Delivered,
        410 => Outcome::Gone,
        400..=499 if !matches!(status, 408 | 429) => Outcome::Refused,
        _ => Outcome::Failed,
    }
}
