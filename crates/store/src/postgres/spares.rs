//! Connections that outlive the store which opened them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::client::PostgresConnection;
use crate::options::Pooler;

/// The most that are kept.
const MOST: usize = 8;
/// How long a connection has to show that it still works.
const PROBE: Duration = Duration::from_secs(5);

/// Connections for the next store that is opened with the same options. Tests open one after the other on a database, and what a new
/// connection has to learn of its tables takes longer than most of them.
#[derive(Clone, Default)]
pub struct Spares(Arc<Mutex<Vec<(Kind, PostgresConnection)>>>);

/// What a connection was opened for: the timeout of its statements, and what stands before the server.
pub(crate) type Kind = (Duration, Pooler);

impl Spares {
    /// One of that kind that still works.
    pub(crate) fn take(&self, kind: Kind) -> Option<PostgresConnection> {
        loop {
            let mut spare = {
                let mut spares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                let at = spares.iter().rposition(|(known, _)| *known == kind)?;
                spares.swap_remove(at).1
            };
            spare.allow(PROBE);
            if spare.is_usable() && spare.run("SELECT 1").is_ok() {
                return Some(spare);
            }
        }
    }

    /// Keeps one without an open transaction, if there is room.
    pub(crate) fn keep(&self, kind: Kind, spare: PostgresConnection) {
        let mut spares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.is_usable() && spares.len() < MOST {
            spares.push((kind, spare));
        }
    }
}
