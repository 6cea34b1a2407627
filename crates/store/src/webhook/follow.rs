//! From the audit trail to deliveries.
//!
//! Nothing is added to what writes an event. A follower reads the trail by key, behind two cursors: one at its end, and one twenty
//! seconds behind it, which finds the events whose transactions committed late. Each moves in the transaction that queues the
//! deliveries, under the lock of its row, so processes take turns; and an event is queued once for each webhook, however often it is
//! read.

use std::collections::HashMap;
use std::time::Duration;

use sigma_core::event::Event;
use sigma_core::ids::{OrgId, WebhookId};
use sigma_core::time::Timestamp;
use sigma_core::webhook::EventFilter;

use super::delivery;
use crate::event::{self, Place};
use crate::{StoreError, Tx, params};

/// Longer than any transaction lasts.
const SETTLED: Duration = Duration::from_secs(20);
/// Events that are read at once.
const BATCH: u32 = 200;

/// How far the trail was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// To its end.
    End,
    /// To where no event can appear any more.
    Settled,
}

impl Cursor {
    /// Both.
    pub const ALL: [Self; 2] = [Self::End, Self::Settled];

    const fn name(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::Settled => "settled",
        }
    }

    /// Events after that are left for later.
    fn until(self, now: Timestamp) -> Timestamp {
        match self {
            Self::End => Timestamp::from_micros(i64::MAX),
            Self::Settled => now.minus(SETTLED),
        }
    }
}

/// Whether any webhook is switched on: there is something to follow the trail for.
pub fn is_wanted(tx: &mut dyn Tx) -> Result<bool, StoreError> {
    Ok(active_from(tx)?.is_some())
}

/// Whether there are events that a cursor has not passed, at `now` by the time of the database.
pub fn is_behind(tx: &mut dyn Tx, cursor: Cursor, now: Timestamp) -> Result<bool, StoreError> {
    let Some(from) = active_from(tx)? else { return Ok(false) };
    let sql = "SELECT at, event_id FROM webhook_cursors WHERE name = $1";
    let place = match tx.query_opt(sql, params![cursor.name()])? {
        Some(row) => Place::from_parts(row.timestamp(0)?, row.text(1)?).max(Place::at(from)),
        None => Place::at(from),
    };
    let (at, id) = place.parts();
    let sql = "SELECT 1 FROM events WHERE (at, id) > ($1, $2) AND at <= $3 ORDER BY at, id LIMIT 1";
    Ok(tx.query_opt(sql, params![at, id, cursor.until(now)])?.is_some())
}

/// Queues the deliveries of a batch of events, at most `most_waiting` for one webhook; returns how many events were read.
pub fn follow(tx: &mut dyn Tx, cursor: Cursor, most_waiting: u32, now: Timestamp) -> Result<usize, StoreError> {
    let Some(from) = active_from(tx)? else { return Ok(0) };
    // Its lock: another process goes on from where this one ends.
    let sql = "INSERT INTO webhook_cursors (name, at, event_id) VALUES ($1, 0, '')
               ON CONFLICT (name) DO UPDATE SET at = webhook_cursors.at RETURNING at, event_id";
    let Some(row) = tx.query_opt(sql, params![cursor.name()])? else { return Ok(0) };
    let place = Place::from_parts(row.timestamp(0)?, row.text(1)?).max(Place::at(from));
    let mut events = event::list_after(tx, &place, BATCH)?;
    events.retain(|event| event.at <= cursor.until(now));
    let mut receivers = Receivers { most_waiting: i64::from(most_waiting), by_org: HashMap::new() };
    for event in &events {
        receivers.queue(tx, &OrgId::operator(), event, now)?;
        if let Some(org_id) = event.org_id.as_ref().filter(|org_id| **org_id != OrgId::operator()) {
            receivers.queue(tx, org_id, event, now)?;
        }
    }
    if let Some(last) = events.last() {
        tx.execute(
            "UPDATE webhook_cursors SET at = $2, event_id = $3 WHERE name = $1",
            params![cursor.name(), last.at, &last.id],
        )?;
    }
    Ok(events.len())
}

/// Since when somebody wants to be told.
fn active_from(tx: &mut dyn Tx) -> Result<Option<Timestamp>, StoreError> {
    let row = tx.query_opt("SELECT min(active_from) FROM webhooks WHERE disabled_at IS NULL", &[])?;
    row.map_or(Ok(None), |row| row.opt_timestamp(0))
}

/// The webhooks of the orgs in a batch.
struct Receivers {
    most_waiting: i64,
    by_org: HashMap<OrgId, Vec<Receiver>>,
}

struct Receiver {
    id: WebhookId,
    events: EventFilter,
    active_from: Timestamp,
    /// How many more may wait; counted when the first is queued.
    room: Option<i64>,
}

impl Receivers {
    fn queue(&mut self, tx: &mut dyn Tx, org_id: &OrgId, event: &Event, now: Timestamp) -> Result<(), StoreError> {
        if !self.by_org.contains_key(org_id) {
            self.by_org.insert(org_id.clone(), load(tx, org_id)?);
        }
        let receivers = self.by_org.get_mut(org_id).into_iter().flatten();
        for receiver in receivers {
            if event.at < receiver.active_from || !receiver.events.takes(&event.action) {
                continue;
            }
            let room = match receiver.room {
                Some(room) => room,
                None => self.most_waiting - delivery::count_waiting(tx, org_id, &receiver.id, self.most_waiting)?,
            };
            receiver.room = Some(room);
            if room <= 0 {
                tracing::warn!(%org_id, webhook = %receiver.id, event = %event.id, "an event is not delivered: too many wait");
                continue;
            }
            if delivery::queue(tx, (org_id, &receiver.id), &event.id, &event.action, now)? {
                receiver.room = Some(room - 1);
            }
        }
        Ok(())
    }
}

fn load(tx: &mut dyn Tx, org_id: &OrgId) -> Result<Vec<Receiver>, StoreError> {
    tx.query_all(
        "SELECT id, events, active_from FROM webhooks WHERE org_id = $1 AND disabled_at IS NULL ORDER BY id LIMIT 500",
        params![org_id],
    )?
    .iter()
    .map(|row| {
        Ok(Receiver {
            id: WebhookId::from_text(row.text(0)?),
            events: EventFilter::from_stored(&row.text(1)?),
            active_from: row.timestamp(2)?,
            room: None,
        })
    })
    .collect()
}
