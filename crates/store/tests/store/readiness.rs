//! Readiness: what a load balancer is told of a store that cannot do its work.

use std::time::Duration;

use sigma_store::testing::{Engine, TestStore, Victim, block_on, eventually, kill};
use sigma_store::{Outage, StoreError};

sigma_store::on_both_engines! {
    fn an_idle_store_is_ready_however_often_it_is_asked(store: TestStore) {
        for _ in 0..1_000 {
            block_on(store.readiness()).unwrap();
        }
    }

    fn a_dead_thread_is_not_ready(store: TestStore) {
        block_on(store.readiness()).unwrap();
        kill(&store, Victim::Writer);
        eventually(|| block_on(store.readiness()).is_err());
    }

    fn a_closed_store_is_not_ready(store: TestStore) {
        store.close();
        block_on(store.readiness()).unwrap_err();
    }

    fn a_refused_operation_says_nothing_of_the_store(store: TestStore) {
        block_on(store.readiness()).unwrap();
        for _ in 0..3 {
            store.write_blocking(|tx| tx.execute("INSERT INTO nothing VALUES (1)", &[])).unwrap_err();
            block_on(store.readiness()).unwrap();
        }
    }
}

#[test]
fn a_store_without_news_of_other_processes_is_not_ready() {
    let store = TestStore::with(Engine::Sqlite, |options| options.feed_interval = Duration::from_mins(10));
    eventually(|| !store.is_fresh());
    assert_eq!(block_on(store.readiness()), Err(StoreError::Unavailable(Outage::Stale)));
}

#[test]
fn a_store_that_cannot_be_written_is_not_ready_until_it_can_though_it_is_read() {
    let store = TestStore::new(Engine::Sqlite);
    let limit = |sql: &'static str| store.write_blocking(move |tx| tx.query_opt(sql, &[])).unwrap();
    limit("PRAGMA max_page_count = 1");
    assert_eq!(block_on(store.readiness()), Err(StoreError::Unavailable(Outage::DiskFull)));
    store.read_blocking(|tx| tx.query_opt("SELECT 1", &[])).unwrap();
    limit("PRAGMA max_page_count = 1000000");
    eventually(|| block_on(store.readiness()).is_ok());
}
