//! Requests that are carried out once, on both engines.

use std::time::Duration;

use sigma_core::digest::Digest;
use sigma_core::time::Clock as _;
use sigma_store::idempotency::{self, Claim, Claimed, KeyedRequest};
use sigma_store::testing::TestStore;
use sigma_store::{on_both_engines, params};

use crate::accounts::count;
use crate::nodes::write;

fn ask(store: &TestStore, key: &str, asked: &str, attempt: &str) -> Claimed {
    let request = KeyedRequest {
        caller: Digest::of("app"),
        key: Digest::of(key),
        fingerprint: Digest::of(asked),
        claim: attempt.to_owned(),
        now: store.clock.now(),
    };
    write(store, move |tx| idempotency::claim(tx, &request))
}

fn fresh(claimed: Claimed) -> Claim {
    match claimed {
        Claimed::Fresh(claim) => claim,
        other => panic!("{other:?}"),
    }
}

on_both_engines! {
    fn a_request_with_a_key_is_carried_out_by_one_attempt(store: TestStore) {
        let first = fresh(ask(&store, "key", "add", "one"));
        assert!(matches!(ask(&store, "key", "add", "two"), Claimed::Running));
        assert!(matches!(ask(&store, "key", "remove", "two"), Claimed::Reused));
        assert!(matches!(ask(&store, "other", "add", "three"), Claimed::Fresh(_)));
        // Whoever carries it out stopped before anything was committed: another one may, and the first can no more.
        store.advance(Duration::from_mins(2));
        let second = fresh(ask(&store, "key", "add", "four"));
        let add = |tx: &mut dyn sigma_store::Tx| tx.execute("INSERT INTO meta (name, value) VALUES ('done', $1)", params![[1_u8; 1]]);
        assert!(store.once(first.clone()).write_blocking(add).is_err());
        assert_eq!(count(&store, "SELECT count(*) FROM meta WHERE name = 'done'"), 0);
        store.once(second.clone()).write_blocking(add).unwrap();
        assert!(!write(&store, { let second = second.clone(); move |tx| second.release(tx) }), "it changed something");
        // Its answer was never kept, so nobody repeats it.
        store.advance(Duration::from_mins(2));
        assert!(matches!(ask(&store, "key", "add", "five"), Claimed::Lost));
        assert!(store.write_blocking(move |tx| first.answer(tx, b"stale")).is_err());
        write(&store, move |tx| second.answer(tx, b"sealed"));
        match ask(&store, "key", "add", "six") {
            Claimed::Answered { sealed, claim } => assert_eq!((sealed.as_slice(), claim.as_str()), (&b"sealed"[..], "four")),
            other => panic!("{other:?}"),
        }
        // A day later the key is as good as new, and the sweep takes the rest.
        store.advance(Duration::from_hours(24));
        let again = fresh(ask(&store, "key", "remove", "seven"));
        assert!(write(&store, move |tx| again.release(tx)));
        store.advance(Duration::from_hours(24));
        store.sweep_once().unwrap();
        for left in ["SELECT count(*) FROM idempotency_keys", "SELECT count(*) FROM idempotency_callers"] {
            assert_eq!(count(&store, left), 0);
        }
    }

    fn a_caller_has_so_many_keys_a_day(store: TestStore) {
        let used = idempotency::MOST_KEYS - 1;
        fresh(ask(&store, "first", "add", "one"));
        write(&store, move |tx| tx.execute("UPDATE idempotency_callers SET keys = $1", params![used]));
        fresh(ask(&store, "last", "add", "two"));
        assert!(matches!(ask(&store, "beyond", "add", "three"), Claimed::TooMany));
        // What was asked before is answered all the same.
        assert!(matches!(ask(&store, "first", "add", "four"), Claimed::Running));
    }
}
