//! Turns: at most three at once per name.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use sigma_core::digest::Digest;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Concurrent turns per name.
const AT_ONCE: usize = 3;

/// Turns held and waited for. Idle names take no memory.
#[derive(Clone, Default)]
pub struct Turns(Arc<Mutex<HashMap<Digest, Arc<Semaphore>>>>);

/// A turn, given back on drop; without a permit while it waits.
pub struct Turn {
    turns: Turns,
    name: Digest,
    semaphore: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// Waits for a turn for `name`.
    pub async fn take(&self, name: Digest) -> Turn {
        let semaphore = {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(waiting.entry(name).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))))
        };
        let mut turn = Turn { turns: self.clone(), name, semaphore, permit: None };
        // The semaphore is never closed, so a permit always comes.
        turn.permit = Arc::clone(&turn.semaphore).acquire_owned().await.ok();
        turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.permit = None;
        let mut waiting = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The table's reference and this one: no one else waits.
        if Arc::strong_count(&self.semaphore) == 2 {
            waiting.remove(&self.name);
        }
    }
}

impl fmt::Debug for Turns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Turns")
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn three_have_a_turn_at_once_and_other_names_do_not_wait_for_them() {
        let turns = Turns::default();
        let (ada, bob) = (Digest::of("ada"), Digest::of("bob"));
        let mut held = Vec::new();
        for _ in 0..AT_ONCE {
            held.push(turns.take(ada).await);
        }
        let mut fourth = Box::pin(turns.take(ada));
        assert!((&mut fourth).now_or_never().is_none());
        drop(turns.take(bob).await);
        held.pop();
        assert!(fourth.now_or_never().is_some());
    }

    #[tokio::test]
    async fn callers_are_not_remembered_after_their_turn() {
        let turns = Turns::default();
        let name = Digest::of("ada");
        let mut held = Vec::new();
        for _ in 0..AT_ONCE {
            held.push(turns.take(name).await);
        }
        let mut gone = Box::pin(turns.take(name));
        assert!((&mut gone).now_or_never().is_none());
        drop(held);
        drop(gone);
        assert!(turns.0.lock().unwrap().is_empty());
    }
}
