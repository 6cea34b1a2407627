//! Which proofs, and tokens of a few minutes, were used: each is good once. A database file has one server, which remembers them
//! itself and accepts none from before its start; servers that share a database remember them there.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

use sigma_core::digest::Digest;
use sigma_core::time::Timestamp;
use sigma_store::replay_guard::{self, Once};
use sigma_store::{Store, StoreError};

/// Uses remembered in memory: 32 MiB at most. Further ones are remembered in the database.
const MOST: usize = 1 << 20;
/// Seconds of expiry that are remembered, and forgotten, together.
const SPAN: i64 = 30;

/// Remembers what was used until it expires.
pub struct UsedOnce {
    /// The start of this process, if it alone serves its database: what was made before may have been used.
    alone_since: Option<Timestamp>,
    used: Mutex<Used>,
    most: usize,
}

/// By the span in which they expire; each always expires in the same one.
#[derive(Default)]
struct Used {
    spans: BTreeMap<i64, Span>,
    count: usize,
}

#[derive(Default)]
struct Span {
    /// The first half of their ids.
    ids: HashSet<[u8; 16]>,
    /// Further ones are in the database.
    overflows: bool,
}

/// What is remembered of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    First,
    Used,
    /// The database knows.
    AskDatabase,
}

impl UsedOnce {
    /// Nothing was used yet.
    pub fn new(store: &Store, now: Timestamp) -> Self {
        Self { alone_since: store.is_file().then_some(now), used: Mutex::default(), most: MOST }
    }

    /// Whether what was made at `moment` may have been used before this process began to remember.
    pub fn may_have_forgotten(&self, moment: Timestamp) -> bool {
        self.alone_since.is_some_and(|since| moment < since)
    }

    /// Notes the use of what `id` stands for, which expires at `expires_at`; returns whether it is the first. The ids of different
    /// kinds of proofs and tokens must differ.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn spend(
        &self,
        store: &Store,
        id: Digest,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if self.alone_since.is_some() {
            match self.note(&id, expires_at, now) {
                Known::First => return Ok(true),
                Known::Used => return Ok(false),
                Known::AskDatabase => {}
            }
        }
        let Some(once) = Once::new(id, expires_at, store.database_now()) else { return Ok(false) };
        store.write(move |tx| replay_guard::spend(tx, &once)).await
    }

    fn note(&self, id: &Digest, expires_at: Timestamp, now: Timestamp) -> Known {
        let Some((half, _)) = id.as_bytes().split_first_chunk::<16>() else { return Known::AskDatabase };
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.forget_before(now.seconds().div_euclid(SPAN));
        let is_full = used.count >= self.most;
        let span = used.spans.entry(expires_at.seconds().div_euclid(SPAN)).or_default();
        if span.ids.contains(half) {
            return Known::Used;
        }
        if is_full || span.overflows {
            span.overflows = true;
            return Known::AskDatabase;
        }
        span.ids.insert(*half);
        used.count += 1;
        Known::First
    }
}

impl Used {
    /// Forgets the spans before `span`.
    fn forget_before(&mut self, span: i64) {
        while let Some(first) = self.spans.first_entry().filter(|first| *first.key() < span) {
            self.count -= first.remove().ids.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + seconds)
    }

    fn empty(most: usize) -> UsedOnce {
        UsedOnce { alone_since: Some(NOW), used: Mutex::default(), most }
    }

    #[test]
    fn a_proof_is_remembered_until_it_expires_and_then_forgotten() {
        let used_once = empty(MOST);
        let id = Digest::of("proof");
        assert_eq!(used_once.note(&id, at(60), NOW), Known::First);
        for seconds in [0, 30, 59, 60] {
            assert_eq!(used_once.note(&id, at(60), at(seconds)), Known::Used, "{seconds}");
        }
        assert_eq!(used_once.note(&Digest::of("other"), at(150), at(90)), Known::First);
        let used = used_once.used.lock().unwrap();
        assert_eq!((used.count, used.spans.len()), (1, 1));
    }

    #[test]
    fn what_memory_has_no_room_for_is_asked_of_the_database_until_its_span_ends() {
        let used_once = empty(2);
        let ids: Vec<Digest> = (0..4).map(|number| Digest::of(format!("proof {number}"))).collect();
        assert_eq!(used_once.note(&ids[0], at(10), NOW), Known::First);
        assert_eq!(used_once.note(&ids[1], at(70), NOW), Known::First);
        assert_eq!(used_once.note(&ids[2], at(70), NOW), Known::AskDatabase);
        assert_eq!(used_once.note(&ids[1], at(70), NOW), Known::Used);
        // There is room again, but the database may know the proof.
        assert_eq!(used_once.note(&ids[2], at(70), at(30)), Known::AskDatabase);
        assert_eq!(used_once.note(&ids[3], at(100), at(30)), Known::First);
    }

    #[test]
    fn proofs_from_before_the_start_may_have_been_used() {
        assert!(empty(1).may_have_forgotten(at(-1)) && !empty(1).may_have_forgotten(NOW));
        let shared = UsedOnce { alone_since: None, ..empty(1) };
        assert!(!shared.may_have_forgotten(at(-1)));
    }
}
