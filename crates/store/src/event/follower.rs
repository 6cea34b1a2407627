//! Following the trail without missing events.

use std::collections::HashMap;
use std::time::Duration;

use sigma_core::event::Event;
use sigma_core::ids::EventId;
use sigma_core::time::Timestamp;

use super::Place;

/// How far back a follower rereads: longer than any transaction lasts.
const OVERLAP: Duration = Duration::from_secs(20);

/// What a follower of the trail has seen.
///
/// An event gets its time when it is written and becomes visible when its transaction commits, perhaps after events
/// with later times. So each read begins 20 s before the newest known event, and skips what was seen before.
#[derive(Debug)]
pub struct Follower {
    newest: Timestamp,
    /// The events that the next read will return again, with their times and counts.
    seen: HashMap<EventId, (Timestamp, u64)>,
}

impl Follower {
    /// Begins after `newest`, the newest existing event.
    pub fn after(newest: Option<&Event>) -> Self {
        Self::beginning_at(newest.map_or(Timestamp::from_micros(0), |event| event.at))
    }

    /// Begins after an event of that time.
    pub fn beginning_at(newest: Timestamp) -> Self {
        Self { newest, seen: HashMap::new() }
    }

    /// Where the next read begins.
    pub fn place(&self) -> Place {
        Place::at(self.since())
    }

    /// From when on the next read is.
    pub fn since(&self) -> Timestamp {
        self.newest.minus(OVERLAP)
    }

    /// Goes on to the time of an event that may not have been among those that were read.
    pub fn reach(&mut self, newest: Timestamp) {
        self.newest = self.newest.max(newest);
    }

    /// Those of `events`, read from [`place`](Self::place) on, that are new or whose count has grown.
    pub fn take(&mut self, events: Vec<Event>) -> Vec<Event> {
        self.take_by(events, |event| (event.id.clone(), event.at, event.count))
    }

    /// The same for events that somebody else wrote, of which `key` reads the id, the time and the count.
    pub fn take_by<T>(&mut self, mut events: Vec<T>, key: impl Fn(&T) -> (EventId, Timestamp, u64)) -> Vec<T> {
        events.retain(|event| {
            let (id, _, count) = key(event);
            self.seen.get(&id).is_none_or(|(_, known)| *known < count)
        });
        for event in &events {
            let (id, at, count) = key(event);
            self.newest = self.newest.max(at);
            self.seen.insert(id, (at, count));
        }
        let oldest = self.newest.minus(OVERLAP);
        self.seen.retain(|_, (at, _)| *at >= oldest);
        events
    }
}
