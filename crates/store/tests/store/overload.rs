//! More work than there is time for: refused, given up or cut short by design, on both engines.

use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use sigma_store::testing::{Engine, TestStore, block_on, engines, eventually};
use sigma_store::{Outage, Store, StoreError, StoreOptions, params};

/// A store with one writer and one reader, with options modified by `change`.
fn small(engine: Engine, change: impl FnOnce(&mut StoreOptions)) -> TestStore {
    TestStore::with(engine, |options| {
        (options.writers, options.readers) = (1, 1);
        change(options);
    })
}

/// Blocks the only writer until the sender is used or dropped.
fn hold_writer(store: &Store) -> (Sender<()>, std::thread::JoinHandle<Result<(), StoreError>>) {
    let (release, held) = mpsc::channel();
    let (started, has_started) = mpsc::channel();
    let held: Mutex<Receiver<()>> = Mutex::new(held);
    let store = store.clone();
    let holder = std::thread::spawn(move || {
        store.write_blocking(move |_| {
            started.send(()).unwrap();
            held.lock().unwrap().recv().unwrap_err();
            Ok(())
        })
    });
    has_started.recv().unwrap();
    (release, holder)
}

fn put(store: &Store, key: u8) -> Result<u64, StoreError> {
    store.write_blocking(move |tx| {
        tx.execute("INSERT INTO replay_guard (key, expires_at) VALUES ($1, 1)", params![[key]])
    })
}

fn remembered(store: &Store) -> i64 {
    let row = store.read_blocking(|tx| tx.query_opt("SELECT count(*) FROM replay_guard", &[])).unwrap().unwrap();
    row.int(0).unwrap()
}

#[test]
fn a_full_queue_refuses_at_once_and_serves_what_it_took() {
    for engine in engines() {
        let store = small(engine, |options| options.queue = 4);
        let (release, holder) = hold_writer(&store);
        let (outcomes, answered) = mpsc::channel();
        std::thread::scope(|scope| {
            for key in 0..10 {
                let (store, outcomes) = (&store, outcomes.clone());
                scope.spawn(move || outcomes.send(put(store, key)).unwrap());
            }
            for _ in 0..6 {
                assert_eq!(answered.recv().unwrap(), Err(StoreError::Busy));
            }
            drop(release);
            for _ in 0..4 {
                assert_eq!(answered.recv().unwrap(), Ok(1));
            }
        });
        holder.join().unwrap().unwrap();
        assert_eq!(remembered(&store), 4);
    }
}

#[test]
fn a_caller_gives_up_and_its_operation_runs_to_its_end() {
    for engine in engines() {
        let store = small(engine, |options| options.patience = Duration::from_millis(50));
        let (release, holder) = hold_writer(&store);
        let outcome = block_on(
            store.write(|tx| tx.execute("INSERT INTO replay_guard (key, expires_at) VALUES ($1, 1)", params![[1_u8]])),
        );
        assert_eq!(outcome, Err(StoreError::Unavailable(Outage::TimedOut)));
        drop(release);
        holder.join().unwrap().unwrap();
        eventually(|| remembered(&store) == 1);
    }
}

#[test]
fn closing_finishes_what_was_taken_and_refuses_what_comes() {
    for engine in engines() {
        let mut store = small(engine, |_| {});
        let (release, holder) = hold_writer(&store);
        std::thread::scope(|scope| {
            let waiting: Vec<_> = (0..3)
                .map(|key| {
                    let store = &store;
                    scope.spawn(move || put(store, key))
                })
                .collect();
            let closing = scope.spawn(|| store.close());
            eventually(|| block_on(store.read(|_| Ok(()))).is_err());
            drop(release);
            closing.join().unwrap();
            let taken: Vec<_> = waiting.into_iter().map(|put| put.join().unwrap()).collect();
            // A thread may have come after closing had begun; then it was told so.
            let refused = Err(StoreError::Unavailable(Outage::Closed));
            assert!(taken.iter().all(|outcome| *outcome == Ok(1) || *outcome == refused), "{taken:?}");
        });
        holder.join().unwrap().unwrap();
        assert_eq!(put(&store, 99), Err(StoreError::Unavailable(Outage::Closed)));
        store.reopen();
        assert!(remembered(&store) <= 3);
    }
}

#[test]
fn a_read_that_takes_too_long_is_cut_short() {
    let store = small(Engine::Sqlite, |options| options.read_limit = Duration::from_millis(500));
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let outcome = store.read_blocking(move |tx| tx.query_opt(endless, &[]));
    assert_eq!(outcome, Err(StoreError::Unavailable(Outage::TimedOut)));
    assert_eq!(remembered(&store), 0);
}

#[test]
fn a_write_that_takes_too_long_is_cut_short_and_others_go_on() {
    for engine in engines() {
        let store = small(engine, |_| {});
        let endless = match engine {
            Engine::Sqlite => "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
            Engine::Postgres => "SELECT CAST(pg_sleep(60) AS TEXT)",
        };
        let outcome = store.write_blocking(move |tx| {
            tx.execute("INSERT INTO replay_guard (key, expires_at) VALUES ($1, 1)", params![[1_u8]])?;
            tx.query_opt(endless, &[])
        });
        assert_eq!(outcome, Err(StoreError::Unavailable(Outage::TimedOut)));
        assert_eq!(put(&store, 2), Ok(1));
        assert_eq!(remembered(&store), 1);
    }
}
