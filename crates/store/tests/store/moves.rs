//! Moving a database to another engine and back, interrupted at will.

use std::sync::Arc;

use sigma_core::random::{Rng, SeededRng};
use sigma_core::time::Clock;
use sigma_store::testing::{Engine, TestDatabase, TestStore, engines, insist, within_a_second};
use sigma_store::transfer::{Move, Step, TransferError, cancel};
use sigma_store::{OpenError, Outage, StoreError, StoreOptions, moving, on_both_engines, params};

use crate::transfers::{back_up, fill};

fn rng() -> Arc<dyn Rng> {
    Arc::new(SeededRng::new(11))
}

fn begin(from: &StoreOptions, to: &StoreOptions, store: &TestStore) -> Result<Move, TransferError> {
    let clock: Arc<dyn Clock> = store.clock.clone();
    let alone = |options: &StoreOptions| StoreOptions { exclusive: false, ..options.clone() };
    let this = Move::begin(&alone(from), &alone(to), clock, &rng())?;
    // Nobody writes to it who would have to notice.
    Ok(this.without_notice())
}

/// Moves it, and panics after `limit` reports, as if the process were killed there: what was kept until then stays.
fn interrupted(from: &StoreOptions, to: &StoreOptions, store: &TestStore, limit: u32) {
    let this = begin(from, to, store).unwrap();
    let mut reports = 0;
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        this.run(&mut |_| {}, &mut |_| {
            reports += 1;
            assert!(reports < limit, "interrupted");
        })
    }));
    assert!(outcome.is_err(), "it ended after {reports} reports: {:?}", outcome.map(|moved| moved.map(drop)));
}

/// The other engine, or the same if there is only one to test.
fn other(engine: Engine) -> Engine {
    let all = engines();
    all.iter().copied().find(|one| *one != engine).unwrap_or(engine)
}

on_both_engines! {
    fn a_database_moves_while_it_is_read_and_however_often_it_is_interrupted(store: TestStore) {
        fill(&store);
        let (from, target) = (&store.database.options, TestDatabase::empty(other(store.engine)));
        for limit in [40, 117] {
            interrupted(from, &target.options, &store, limit);
            let refused = target.beside(|_| {}).unwrap_err();
            assert!(matches!(refused, OpenError::Filling), "{refused}");
            // Whatever changes meanwhile is moved as well: rows that are new, changed and gone.
            insist(&store, move |tx| {
                tx.execute("DELETE FROM meta WHERE name = 'Z'", &[])?;
                tx.execute("UPDATE meta SET value = $1 WHERE name = 'A'", params![limit.to_be_bytes()])?;
                let name = format!("new {limit}");
                tx.execute("INSERT INTO meta (name, value) VALUES ($1, $2)", params![&name, name.as_bytes()])?;
                Ok(())
            });
        }
        let this = begin(from, &target.options, &store).unwrap();
        let mut steps = Vec::new();
        let moved = this.run(&mut |step| steps.push(step), &mut |_| {}).unwrap();
        drop(this);
        assert_eq!(steps, [Step::Copying, Step::Finishing]);
        let folder = tempfile::tempdir().unwrap();
        let mut sums = [from, &target.options].into_iter().enumerate().map(|(number, options)| {
            back_up(options, &folder.path().join(number.to_string()), &[]).unwrap().1
        });
        assert_eq!((sums.next().unwrap(), sums.next().unwrap()), (moved.sums.clone(), moved.sums));

        // Who has the old one open reads it, and nothing is written there any more.
        within_a_second("the server knows that it may not write", || {
            let refused = store.write_blocking(|tx| tx.execute("DELETE FROM meta WHERE name = 'a'", &[]));
            refused == Err(StoreError::Unavailable(Outage::Moving))
        });
        assert!(store.read_blocking(|tx| tx.query_all("SELECT name FROM meta", &[])).unwrap().len() > 9);
        let refused = store.beside(|options| options.exclusive = false).unwrap_err();
        assert!(matches!(refused, OpenError::Left), "{refused}");
        target.beside(|_| {}).unwrap().close();

        // Until somebody wants it back.
        let clock: Arc<dyn Clock> = store.clock.clone();
        let alone = StoreOptions { exclusive: false, ..from.clone() };
        assert!(cancel(&alone, &clock, &rng()).unwrap());
        assert!(!cancel(&alone, &clock, &rng()).unwrap());
        within_a_second("the server writes again", || {
            store.write_blocking(|tx| tx.execute("DELETE FROM meta WHERE name = 'a'", &[])).is_ok()
        });
    }

    fn nothing_is_moved_into_a_database_with_rows(store: TestStore) {
        fill(&store);
        let target = TestStore::new(other(store.engine));
        insist(&target, |tx| tx.execute("INSERT INTO meta (name, value) VALUES ('x', $1)", params![vec![1_u8]]));
        target.close();
        let refused = begin(&store.database.options, &target.database.options, &store).map(drop).unwrap_err();
        assert!(matches!(refused, TransferError::NotEmpty(..)), "{refused}");
        assert_eq!(store.read_blocking(moving::state).unwrap(), None);
    }
}
