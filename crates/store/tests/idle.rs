//! An idle store does next to nothing: two small queries a second.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::time::Duration;

use sigma_store::testing::{Engine, TestStore, engines};

/// How long it idles.
const NIGHT: Duration = Duration::from_secs(3);

/// CPU time of this process, in ticks of 10 ms (`proc(5)`, fields 14 and 15 of `stat`).
fn ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<_> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// Queries to this PostgreSQL database so far, each a transaction of its own.
fn asked(store: &TestStore) -> i64 {
    let sql =
        "SELECT CAST(xact_commit + xact_rollback AS BIGINT) FROM pg_stat_database WHERE datname = current_database()";
    store.read_blocking(move |tx| tx.query_opt(sql, &[])).unwrap().unwrap().int(0).unwrap()
}

#[test]
fn an_idle_store_asks_twice_a_second_and_computes_nothing() {
    for engine in engines() {
        let store = TestStore::new(engine);
        // The server counts with a delay of about a second, including queries made when connections were opened.
        std::thread::sleep(if engine == Engine::Postgres { NIGHT } else { Duration::ZERO });
        let asked_before = (engine == Engine::Postgres).then(|| asked(&store));
        let before = ticks();
        std::thread::sleep(NIGHT);
        let remembered = ticks() - before;
        assert!(remembered <= 6, "{engine:?}: {remembered} ticks in {NIGHT:?}");
        if let Some(before) = asked_before {
            // It also counts the queries of this test.
            let queries = asked(&store) - before;
            assert!(queries <= 14, "{queries} queries in {NIGHT:?}");
        }
    }
}
