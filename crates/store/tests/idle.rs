//! An idle store does next to nothing: two small queries a second.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::time::Duration;

use sigma_store::testing::{Engine, TestStore, engines};

/// How long it idles.
const NIGHT: Duration = Duration::from_secs(3);

/// How many nights it has to show a quiet one.
const NIGHTS: usize = 6;

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

/// What the process and the database did in one night.
///
/// An idle connection of PostgreSQL may report its queries up to ten seconds late, so that a night can show those of an
/// evening before it. A store that does ask too often does so every night.
fn night(store: &TestStore, engine: Engine) -> Result<(), String> {
    let asked_before = (engine == Engine::Postgres).then(|| asked(store));
    let before = ticks();
    std::thread::sleep(NIGHT);
    let remembered = ticks() - before;
    if remembered > 6 {
        return Err(format!("{engine:?}: {remembered} ticks in {NIGHT:?}"));
    }
    // The count has the queries of this test in it.
    match asked_before.map(|before| asked(store) - before) {
        Some(queries) if queries > 14 => Err(format!("{queries} queries in {NIGHT:?}")),
        _ => Ok(()),
    }
}

#[test]
fn an_idle_store_asks_twice_a_second_and_computes_nothing() {
    for engine in engines() {
        let store = TestStore::new(engine);
        let noisy: Vec<_> = (0..NIGHTS).map_while(|_| night(&store, engine).err()).collect();
        assert!(noisy.len() < NIGHTS, "{noisy:?}");
    }
}
