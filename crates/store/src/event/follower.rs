//! Following the trail without losing anything.

use std::collections::HashMap;
use std::time::Duration;

use sigma_core::event::Event;
use sigma_core::ids::EventId;
use sigma_core::time::Timestamp;

use super::Place;

/// How far back a follower reads again: longer than any transaction lasts.
const OVERLAP: Duration = Duration::from_secs(20);

/// What somebody who follows the trail has seen.
///
/// An event is dated when it is written and shows when its transaction is committed, perhaps after events that are dated
/// later. So each reading begins 20 s before the newest event that is known, and what was seen before is passed over.
#[derive(Debug)]
pub struct Follower {
    newest: Timestamp,
    /// The events that the next reading shows again, with their dates and counts.
    seen: HashMap<EventId, (Timestamp, u64)>,
}

impl Follower {
    /// Begins behind `newest`, the newest event that there is.
    pub fn after(newest: Option<&Event>) -> Self {
        Self { newest: newest.map_or(Timestamp::from_micros(0), |event| event.at), seen: HashMap::new() }
    }

    /// Where the next reading begins.
    pub fn place(&self) -> Place {
        Place::at(self.newest.minus(OVERLAP))
    }

    /// Those of `events`, read from [`place`](Self::place) on, that were not seen before, or have been counted again since.
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
