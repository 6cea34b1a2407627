//! Growth is bounded: expired rows are deleted, in small batches, on both engines.

use std::time::Duration;

use sigma_core::time::Clock as _;
use sigma_store::testing::{Engine, TestStore};
use sigma_store::{on_both_engines, params};

/// Consumes `count` keys from `first` on, which may be forgotten after `life`.
fn spend(store: &TestStore, first: u32, count: u32, life: Duration) {
    let expires = store.clock.now().plus(life);
    for chunk in 0..count.div_ceil(500) {
        let start = first + chunk * 500;
        let end = (start + 500).min(first + count);
        store
            .write_blocking(move |tx| {
                for number in start..end {
                    let key = number.to_be_bytes();
                    tx.execute("INSERT INTO replay_guard (key, expires_at) VALUES ($1, $2)", params![key, expires])?;
                }
                Ok(())
            })
            .unwrap();
    }
}

fn count(store: &TestStore, sql: &'static str) -> i64 {
    store.read_blocking(move |tx| tx.query_opt(sql, &[])).unwrap().unwrap().int(0).unwrap()
}

on_both_engines! {
    fn what_has_expired_goes_and_nothing_else(store: TestStore) {
        spend(&store, 0, 1_203, Duration::from_mins(1));
        spend(&store, 10_000, 7, Duration::from_secs(61));
        assert_eq!(store.sweep_once().unwrap(), 0);
        store.advance(Duration::from_secs(179));
        assert_eq!(store.sweep_once().unwrap(), 0, "what may be used once is kept two minutes longer");
        store.advance(Duration::from_secs(1));
        assert_eq!(store.sweep_once().unwrap(), 1_203);
        assert_eq!(count(&store, "SELECT count(*) FROM replay_guard"), 7);
        store.advance(Duration::from_secs(1));
        assert_eq!(store.sweep_once().unwrap(), 7);
    }

    fn old_changes_go_and_fresh_ones_stay(store: TestStore) {
        store.write_blocking(|tx| {
            for number in 0..700_i64 {
                let sql = "INSERT INTO changes (id, kind, key, at) VALUES ($1, 'thing', 'a', $2)";
                tx.execute(sql, params![number.to_string(), number])?;
            }
            tx.changed("thing", "a")
        }).unwrap();
        assert_eq!(store.sweep_once().unwrap(), 700);
        assert_eq!(count(&store, "SELECT count(*) FROM changes"), 1);
    }

    fn two_that_sweep_at_once_do_not_disturb_each_other(store: TestStore) {
        spend(&store, 0, 3_000, Duration::from_mins(1));
        store.advance(Duration::from_mins(3));
        let beside = store.beside(|options| options.exclusive = false).unwrap();
        let swept: Vec<_> = std::thread::scope(|scope| {
            let threads = [&*store, &beside].map(|store| scope.spawn(move || store.sweep_once()));
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        beside.close();
        assert_eq!(swept.into_iter().filter_map(Result::ok).sum::<u64>() + store.sweep_once().unwrap(), 3_000);
        assert_eq!(count(&store, "SELECT count(*) FROM replay_guard"), 0);
    }
}

#[test]
fn the_database_stops_growing_under_steady_load() {
    let store = TestStore::new(Engine::Sqlite);
    let pages = || count(&store, "SELECT page_count FROM pragma_page_count");
    let minute = |number: u32| {
        spend(&store, number * 2_000, 2_000, Duration::from_mins(5));
        store.advance(Duration::from_mins(1));
        store.sweep_once().unwrap();
    };
    (0..10).for_each(minute);
    let settled = pages();
    (10..40).for_each(minute);
    assert!(pages() <= settled + settled / 10, "{settled} pages grew to {}", pages());
    let log = store.directory().unwrap().join("sigma.sqlite-wal");
    // It is written back every 16 MiB.
    assert!(std::fs::metadata(log).unwrap().len() < 20 << 20);
}
