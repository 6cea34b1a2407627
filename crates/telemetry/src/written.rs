//! The events of the audit trail that a request wrote, for its line in the log.

use std::sync::{Arc, Mutex, PoisonError};

/// The most events that are noted: a line names the first ones.
const MOST: usize = 8;

/// Ids of events, in the order in which they were written. Cheap to clone: all clones are one list.
#[derive(Clone, Debug, Default)]
pub struct Written(Arc<Mutex<Vec<String>>>);

impl Written {
    /// Adds an event.
    pub fn note(&self, id: String) {
        let mut events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if events.len() < MOST {
            events.push(id);
        }
    }

    /// Adds all of `others`.
    pub fn extend(&self, others: &Self) {
        others.take().into_iter().for_each(|id| self.note(id));
    }

    /// Forgets them: what was written is rolled back, or written again.
    pub fn clear(&self) {
        drop(self.take());
    }

    /// The ids, separated by commas; `None` without any.
    pub fn listed(&self) -> Option<String> {
        let events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (!events.is_empty()).then(|| events.join(","))
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
