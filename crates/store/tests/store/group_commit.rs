//! Operations that share a transaction of SQLite share its fate, and only that.

use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver};

use sigma_store::testing::{Engine, TestStore, eventually};
use sigma_store::{Outage, Store, StoreError, params};

/// The second of three operations in one batch.
type Middle = fn(&mut dyn sigma_store::Tx) -> Result<(), StoreError>;

/// Queues an insertion, `middle` and an insertion behind a blocked writer, so that one transaction takes them all.
fn batch(store: &Store, round: i64, middle: Middle) -> [Result<(), StoreError>; 3] {
    let (release, held) = mpsc::channel::<()>();
    let held: Mutex<Receiver<()>> = Mutex::new(held);
    let (started, has_started) = mpsc::channel();
    let insert = |id: i64| {
        let sql = "INSERT INTO numbers (id) VALUES ($1)";
        move || store.write_blocking(move |tx| tx.execute(sql, params![id])).map(drop)
    };
    std::thread::scope(|scope| {
        let holder = scope.spawn(move || {
            store.write_blocking(move |_| {
                started.send(()).unwrap();
                held.lock().unwrap().recv().unwrap_err();
                Ok(())
            })
        });
        has_started.recv().unwrap();
        let first = scope.spawn(insert(round * 10 + 1));
        let second = scope.spawn(move || store.write_blocking(middle));
        let third = scope.spawn(insert(round * 10 + 3));
        eventually(|| store.waiting_writes() == 3);
        drop(release);
        // Released soon enough, it shares the transaction too.
        drop(holder.join().unwrap());
        [first, second, third].map(|thread| thread.join().unwrap())
    })
}

/// Checks over several rounds that exactly the acknowledged rows exist; returns the outcomes of each round.
fn rounds(middle: Middle) -> Vec<[Result<(), StoreError>; 3]> {
    let store = TestStore::new(Engine::Sqlite);
    store
        .write_blocking(|tx| {
            tx.execute("CREATE TABLE numbers (id BIGINT NOT NULL PRIMARY KEY)", &[])?;
            let sql = "CREATE TABLE followers (id BIGINT REFERENCES numbers (id) DEFERRABLE INITIALLY DEFERRED)";
            tx.execute(sql, &[])
        })
        .unwrap();
    let (mut outcomes, mut acknowledged) = (Vec::new(), Vec::new());
    for round in 0..10 {
        let outcome = batch(&store, round, middle);
        acknowledged.extend(
            [1, 3]
                .into_iter()
                .zip([&outcome[0], &outcome[2]])
                .filter(|(_, reported)| reported.is_ok())
                .map(|(position, _)| round * 10 + position),
        );
        outcomes.push(outcome);
    }
    let rows = store.read_blocking(|tx| tx.query_all("SELECT id FROM numbers ORDER BY id", &[])).unwrap();
    let there: Vec<_> = rows.iter().map(|row| row.int(0).unwrap()).collect();
    assert_eq!(there, acknowledged);
    let followers = store.read_blocking(|tx| tx.query_all("SELECT id FROM followers", &[])).unwrap();
    assert!(followers.is_empty());
    outcomes
}

#[test]
fn a_failed_commit_fails_every_operation_in_it() {
    let outcomes = rounds(|tx| tx.execute("INSERT INTO followers (id) VALUES (-1)", &[]).map(drop));
    let lost = Err(StoreError::Unavailable(Outage::NotCommitted));
    assert!(outcomes.iter().all(|round| round[1] == lost), "{outcomes:?}");
    // Neighbours may be queued before or after it, but some shared its transaction.
    assert!(outcomes.iter().any(|round| round[0] == lost && round[2] == lost), "{outcomes:?}");
}

#[test]
fn a_lost_transaction_fails_every_operation_in_it() {
    let outcomes = rounds(|tx| {
        let ended = tx.execute("ROLLBACK", &[]);
        assert_eq!(ended, Err(StoreError::Unavailable(Outage::NotCommitted)));
        tx.execute("INSERT INTO followers (id) VALUES (-1)", &[]).map(drop)
    });
    assert!(outcomes.iter().all(|round| round[1].is_err()), "{outcomes:?}");
    let lost = Err(StoreError::Unavailable(Outage::NotCommitted));
    assert!(outcomes.iter().flatten().all(|reported| reported.is_ok() || *reported == lost), "{outcomes:?}");
}

#[test]
fn a_refusal_a_failed_statement_and_a_panic_cost_their_neighbours_nothing() {
    let middles: [Middle; 3] = [
        |tx| {
            tx.execute("INSERT INTO followers (id) VALUES (-1)", &[])?;
            Err(StoreError::Failed("refused".to_owned()))
        },
        |tx| {
            tx.execute("INSERT INTO followers (id) VALUES (-1)", &[])?;
            tx.execute("INSERT INTO nowhere (id) VALUES (1)", &[]).map(drop)
        },
        |tx| {
            tx.execute("INSERT INTO followers (id) VALUES (-1)", &[])?;
            panic!("on purpose")
        },
    ];
    for middle in middles {
        let outcomes = rounds(middle);
        for round in outcomes {
            assert!(round[0].is_ok() && round[2].is_ok(), "{round:?}");
            assert!(matches!(round[1], Err(StoreError::Failed(_))), "{round:?}");
        }
    }
}
