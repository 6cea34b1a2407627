//! Webhooks: addresses that the operator or an org has told of events. Those of the operator are of the operator's org, and are
//! told of everything.

pub mod delivery;
pub mod follow;
mod secret;

pub use secret::{NewSecret, StoredSecret, seal_context};

use std::time::Duration;

use sigma_core::callback_url::CallbackUrl;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{EventId, OrgId, WebhookId};
use sigma_core::org::OrgQuota;
use sigma_core::time::Timestamp;
use sigma_core::webhook::{EventFilter, SecretKind};

use crate::event::{self, NewEvent};
use crate::org::quotas;
use crate::{Owner, Row, StoreError, Tx, cached, params};

/// Why a webhook is switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisabledFor {
    /// Somebody chose so.
    Choice,
    /// Its receiver failed for too long.
    Failures,
    /// Its receiver wants nothing any more: it answered 410.
    Gone,
}

impl DisabledFor {
    /// The name on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Choice => "choice",
            Self::Failures => "failures",
            Self::Gone => "gone",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Choice, Self::Failures, Self::Gone].into_iter().find(|one| one.as_str() == name)
    }
}

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its org; the operator's org is told of everything.
    pub org_id: OrgId,
    /// Its id.
    pub id: WebhookId,
    /// Where events are posted to.
    pub url: CallbackUrl,
    /// What it is for.
    pub description: String,
    /// Which events.
    pub events: EventFilter,
    /// How requests are signed.
    pub secret_kind: SecretKind,
    /// Whether it is switched off: since when, and why.
    pub disabled: Option<(Timestamp, DisabledFor)>,
    /// Since when no delivery succeeded.
    pub failing_since: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Webhook {
    /// Whether it belongs to the operator.
    pub fn is_operators(&self) -> bool {
        self.org_id == OrgId::operator()
    }
}

/// A webhook to be created.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    /// Its org.
    pub org_id: OrgId,
    /// Its id.
    pub id: WebhookId,
    /// Where events are posted to.
    pub url: CallbackUrl,
    /// What it is for.
    pub description: String,
    /// Which events.
    pub events: EventFilter,
    /// How requests are signed.
    pub secret_kind: SecretKind,
    /// What they are signed with.
    pub secret: NewSecret,
    /// The time of the database: later events are delivered.
    pub active_from: Timestamp,
    /// The current time.
    pub now: Timestamp,
}

/// What is changed of a webhook.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Another address.
    pub url: Option<CallbackUrl>,
    /// Another description.
    pub description: Option<String>,
    /// Other events.
    pub events: Option<EventFilter>,
    /// Switched on or off.
    pub enabled: Option<bool>,
}

/// What is done with a webhook.
#[derive(Clone, Debug)]
pub enum Act {
    /// It is changed.
    Change(Change),
    /// It is removed, with what waits for it. Its log is deleted by the sweep.
    Remove,
    /// It gets a new secret; the earlier ones sign beside it for that long.
    Rotate(NewSecret, Duration),
    /// It is sent an event of its own under that id, whatever its filter.
    Test(EventId),
    /// It is told of one event again.
    Replay(EventId),
    /// It is told again of a batch of what failed.
    ReplayFailed {
        /// Of events queued since then.
        since: Timestamp,
        /// And given up before that.
        before: Timestamp,
    },
}

/// The present.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// By our clock.
    pub here: Timestamp,
    /// By the clock of the database, by which deliveries go.
    pub database: Timestamp,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT org_id, id, url, description, events, secret_kind, disabled_at, disabled_for, failing_since, created_at,
                updated_at
             FROM webhooks WHERE ",
            $rest
        )
    };
}

/// Creates a webhook, unless its org has `most` already.
pub fn add(tx: &mut dyn Tx, new: &NewWebhook, most: u32) -> Result<Option<Webhook>, StoreError> {
    let (org_id, id) = (&new.org_id, &new.id);
    tx.lock(Owner::Org(org_id))?;
    let most = quotas::most(tx, org_id, OrgQuota::Webhooks, most)?;
    let held = tx.query_opt("SELECT count(*) FROM webhooks WHERE org_id = $1", params![org_id])?;
    if held.map_or(Ok(0), |row| row.int(0))? >= most {
        return Ok(None);
    }
    tx.execute(
        "INSERT INTO webhooks (org_id, id, url, description, events, secret_kind, active_from, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        params![
            org_id,
            id,
            new.url.as_str(),
            &new.description,
            new.events.to_stored(),
            new.secret_kind.as_str(),
            new.active_from,
            new.now
        ],
    )?;
    secret::insert(tx, org_id, id, &new.secret, new.now)?;
    record(tx, Action::WebhookCreate, org_id, id, Details::default())?;
    find(tx, org_id, id)
}

/// At most `limit` webhooks of an org, oldest first, after the one with the id `after`.
pub fn list(tx: &mut dyn Tx, org_id: &OrgId, after: &str, limit: u32) -> Result<Vec<Webhook>, StoreError> {
    tx.query_all(select!("org_id = $1 AND id > $2 ORDER BY id LIMIT $3"), params![org_id, after, limit])?
        .iter()
        .map(decode)
        .collect()
}

/// The webhook of that id.
pub fn find(tx: &mut dyn Tx, org_id: &OrgId, id: &WebhookId) -> Result<Option<Webhook>, StoreError> {
    tx.query_opt(select!("org_id = $1 AND id = $2"), params![org_id, id])?.map(|row| decode(&row)).transpose()
}

/// The secrets that sign at `now`, the newest first.
pub fn secrets(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    id: &WebhookId,
    now: Timestamp,
) -> Result<Vec<StoredSecret>, StoreError> {
    secret::list(tx, org_id, id, now)
}

/// Does something with a webhook; returns how much of it: 0 of a batch means that nothing is left. `None` if there is no such
/// webhook, or no such delivery.
pub fn act(
    tx: &mut dyn Tx,
    (org_id, id): (&OrgId, &WebhookId),
    act: &Act,
    now: Now,
) -> Result<Option<u64>, StoreError> {
    tx.lock(Owner::Org(org_id))?;
    let Some(webhook) = find(tx, org_id, id)? else { return Ok(None) };
    match act {
        Act::Change(change) => self::change(tx, &webhook, change, now)?,
        Act::Remove => remove(tx, org_id, id)?,
        Act::Rotate(secret, overlap) => {
            secret::replace(tx, org_id, id, secret, now.here.plus(*overlap), now.here)?;
            record(tx, Action::WebhookRotateSecret, org_id, id, Details::default())?;
        }
        Act::Test(event_id) => test(tx, (org_id, id), event_id, now.database)?,
        Act::Replay(event_id) => {
            if !delivery::replay(tx, org_id, id, event_id, now.database)? {
                return Ok(None);
            }
            record(tx, Action::WebhookReplay, org_id, id, Details::default())?;
        }
        Act::ReplayFailed { since, before } => {
            let repeated = delivery::replay_failed(tx, org_id, id, (*since, *before), now.database)?;
            if repeated > 0 {
                record(tx, Action::WebhookReplay, org_id, id, Details::default())?;
            }
            return Ok(Some(repeated));
        }
    }
    Ok(Some(1))
}

/// Changes a webhook. One that is switched on is told of what happens from now on, and of what waited when it was switched off.
fn change(tx: &mut dyn Tx, before: &Webhook, change: &Change, now: Now) -> Result<(), StoreError> {
    let (org_id, id) = (&before.org_id, &before.id);
    let url = change.url.as_ref().unwrap_or(&before.url);
    let description = change.description.as_ref().unwrap_or(&before.description);
    let events = change.events.as_ref().unwrap_or(&before.events);
    let is_switched = change.enabled.is_some_and(|enabled| enabled == before.disabled.is_some());
    let fields = [
        ("url", *url != before.url),
        ("description", *description != before.description),
        ("events", *events != before.events),
        ("enabled", is_switched),
    ];
    if fields.iter().all(|(_, changed)| !changed) {
        return Ok(());
    }
    tx.execute(
        "UPDATE webhooks SET url = $3, description = $4, events = $5, updated_at = $6 WHERE org_id = $1 AND id = $2",
        params![org_id, id, url.as_str(), description, events.to_stored(), now.here],
    )?;
    if is_switched && before.disabled.is_some() {
        tx.execute(
            "UPDATE webhooks SET disabled_at = NULL, disabled_for = NULL, failing_since = NULL, active_from = $3
             WHERE org_id = $1 AND id = $2",
            params![org_id, id, now.database],
        )?;
        delivery::resume(tx, org_id, id, now.database)?;
    } else if is_switched {
        disable(tx, org_id, id, DisabledFor::Choice, now.here)?;
    }
    record(tx, Action::WebhookChange, org_id, id, Details::changed(fields))
}

fn remove(tx: &mut dyn Tx, org_id: &OrgId, id: &WebhookId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM webhooks WHERE org_id = $1 AND id = $2", params![org_id, id])?;
    secret::remove_all(tx, org_id, id)?;
    delivery::stop(tx, org_id, id)?;
    record(tx, Action::WebhookRemove, org_id, id, Details::default())
}

fn test(
    tx: &mut dyn Tx,
    (org_id, id): (&OrgId, &WebhookId),
    event_id: &EventId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let tested = NewEvent::new(Action::WebhookTest).within(org_id).to(Target::Webhook(id.clone()));
    event::append_as(tx, event_id, tested)?;
    delivery::queue(tx, (org_id, id), event_id, Action::WebhookTest.as_str(), now)?;
    delivery::resume(tx, org_id, id, now)
}

/// Switches a webhook off: what waits for it stays where it is.
fn disable(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    id: &WebhookId,
    reason: DisabledFor,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let disabled = tx.execute(
        "UPDATE webhooks SET disabled_at = $3, disabled_for = $4 WHERE org_id = $1 AND id = $2 AND disabled_at IS NULL",
        params![org_id, id, now, reason.as_str()],
    )?;
    delivery::stop(tx, org_id, id)?;
    Ok(disabled > 0)
}

fn record(tx: &mut dyn Tx, action: Action, org_id: &OrgId, id: &WebhookId, details: Details) -> Result<(), StoreError> {
    let event = NewEvent::new(action).within(org_id).to(Target::Webhook(id.clone())).with(details);
    event::append(tx, event)?;
    tx.changed(cached::WEBHOOK, &cached::key_in(org_id, id.as_str()))
}

fn decode(row: &Row) -> Result<Webhook, StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt(format!("the {what} of a webhook"));
    let disabled = match (row.opt_timestamp(6)?, row.opt_text(7)?) {
        (Some(at), Some(reason)) => Some((at, DisabledFor::parse(&reason).ok_or_else(|| corrupt("state"))?)),
        _ => None,
    };
    Ok(Webhook {
        org_id: OrgId::from_text(row.text(0)?),
        id: WebhookId::from_text(row.text(1)?),
        url: CallbackUrl::from_stored(row.text(2)?),
        description: row.text(3)?,
        events: EventFilter::from_stored(&row.text(4)?),
        secret_kind: SecretKind::parse(&row.text(5)?).ok_or_else(|| corrupt("kind of secret"))?,
        disabled,
        failing_since: row.opt_timestamp(8)?,
        created_at: row.timestamp(9)?,
        updated_at: row.timestamp(10)?,
    })
}
