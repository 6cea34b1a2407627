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
        Self { newest: newest.map_or(Timestamp::from_micros(0), |event| event.at), seen: HashMap::new() }
    }

    /// Where the next read begins.
    pub fn place(&self) -> Place {
        Place::at(self.newest.minus(OVERLAP))
    }

    /// Those of `events`, read from [`place`](Self::place) on, that are new or whose count has grown.
    pub fn take(&mut self, mut events: Vec<Event>) -> Vec<Event> {
        events.retain(|event| self.seen.get(&event.id).is_none_or(|(_, count)| *count < event.count));
        for event in &events {
            self.newest = self.newest.max(event.at);
            self.seen.insert(event.id.clone(), (event.at, event.count));
        }
        let oldest = self.newest.minus(OVERLAP);
        self.seen.retain(|_, (at, _)| *at >= oldest);
        events
    }
}
