//! A PostgreSQL that disappears at any moment: outcomes are reported truthfully, nothing runs twice unasked, and
//! service resumes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::proxy::{Cut, Proxy};
use sigma_store::testing::{Engine, TestStore, administer, engines, eventually};
use sigma_store::{Outage, Store, StoreError, params};

/// A store on PostgreSQL, if that is tested at all.
fn postgres() -> Option<TestStore> {
    engines().contains(&Engine::Postgres).then(|| TestStore::new(Engine::Postgres))
}

/// A store behind a proxy.
fn behind(direct: &TestStore, proxy: &Proxy) -> Store {
    direct
        .beside(|options| {
            options.url = proxy.url();
            (options.writers, options.readers) = (1, 1);
        })
        .unwrap()
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
fn closed_connections_are_reopened_transparently() {
    let Some(store) = postgres() else { return };
    for key in 0..6 {
        put(&store, key).unwrap();
        let database = store.database.options.url.rsplit('/').next().unwrap().split('?').next().unwrap();
        administer(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"));
        assert_eq!(remembered(&store), i64::from(key) + 1);
    }
}

#[test]
fn a_connection_lost_before_the_commit_costs_one_more_run() {
    let Some(store) = postgres() else { return };
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    store
        .write_blocking(move |tx| {
            tx.execute("INSERT INTO replay_guard (key, expires_at) VALUES ($1, 1)", params![[1_u8]])?;
            if counted.fetch_add(1, Ordering::SeqCst) == 0 {
                tx.query_opt("SELECT pg_terminate_backend(pg_backend_pid())", &[])?;
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    assert_eq!(remembered(&store), 1);
}

#[test]
fn a_repeatedly_lost_connection_is_reported() {
    let Some(store) = postgres() else { return };
    let outcome = store.write_blocking(|tx| tx.query_opt("SELECT pg_terminate_backend(pg_backend_pid())", &[]));
    assert_eq!(outcome, Err(StoreError::Unavailable(Outage::Disconnected)));
    put(&store, 1).unwrap();
}

#[test]
fn a_commit_lost_on_the_way_is_unknown_and_not_repeated() {
    let Some(direct) = postgres() else { return };
    let proxy = Proxy::to(&direct.database.options.url);
    let store = behind(&direct, &proxy);
    for (cut, left) in [(Cut::BeforeCommit, 0), (Cut::AfterCommit, 1)] {
        // The first makes sure that there is a connection to lose.
        put(&store, 100 + u8::try_from(left).unwrap()).unwrap();
        let before = remembered(&direct);
        proxy.cut(cut);
        let runs = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&runs);
        let outcome = store.write_blocking(move |tx| {
            counted.fetch_add(1, Ordering::SeqCst);
            tx.execute("INSERT INTO replay_guard (key, expires_at) VALUES ($1, 1)", params![[7_u8]])
        });
        assert_eq!(outcome, Err(StoreError::Unavailable(Outage::OutcomeUnknown)), "{cut:?}");
        assert_eq!(runs.load(Ordering::SeqCst), 1, "{cut:?}");
        assert_eq!(remembered(&direct) - before, left, "{cut:?}");
        put(&store, 200 + u8::try_from(left).unwrap()).unwrap();
    }
    store.close();
}

#[test]
fn an_unavailable_server_is_reported_immediately_and_recovers() {
    let Some(direct) = postgres() else { return };
    let proxy = Proxy::to(&direct.database.options.url);
    let store = behind(&direct, &proxy);
    put(&store, 1).unwrap();
    assert!(store.is_fresh());
    proxy.cut(Cut::Everything);
    for _ in 0..50 {
        assert_eq!(put(&store, 2), Err(StoreError::Unavailable(Outage::Disconnected)));
    }
    // Without the feed no cached value is used.
    eventually(|| !store.is_fresh());
    proxy.cut(Cut::Nothing);
    eventually(|| put(&store, 2).is_ok());
    eventually(|| store.is_fresh());
    assert_eq!(remembered(&direct), 2);
    store.close();
}

/// Conflicts as often as `failing` says, then succeeds; returns how often it ran.
fn conflict(store: &Store, state: &'static str, failing: u32) -> (Result<(), StoreError>, u32) {
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let outcome = store.write_blocking(move |tx| {
        if counted.fetch_add(1, Ordering::SeqCst) < failing {
            tx.execute(state, &[])?;
        }
        Ok(())
    });
    (outcome, runs.load(Ordering::SeqCst))
}

#[test]
fn a_conflict_is_tried_again_for_as_long_as_the_caller_waits() {
    let Some(store) = postgres() else { return };
    let serialization = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$";
    let deadlock = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$";
    for state in [serialization, deadlock] {
        assert_eq!(conflict(&store, state, 12), (Ok(()), 13), "{state}");
    }
    let hasty = store.beside(|options| options.patience = std::time::Duration::from_millis(300)).unwrap();
    let (outcome, runs) = conflict(&hasty, serialization, 1_000_000);
    assert_eq!(outcome, Err(StoreError::Unavailable(Outage::Contended)));
    assert!(runs > 5, "{runs} runs");
    assert!(outcome.unwrap_err().to_string().contains("conflict"));
    hasty.close();
}

#[test]
fn a_conflict_at_the_commit_is_tried_again() {
    let Some(store) = postgres() else { return };
    store
        .write_blocking(|tx| {
            tx.execute("CREATE TABLE commits (id BIGINT)", &[])?;
            tx.execute("CREATE SEQUENCE attempts", &[])?;
            // A sequence keeps its value when its transaction is rolled back.
            tx.execute(
                "CREATE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN
                    IF nextval(''attempts'') < 4 THEN RAISE EXCEPTION USING ERRCODE = ''40001''; END IF; RETURN NULL; END'",
                &[],
            )?;
            tx.execute(
                "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON commits DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW EXECUTE FUNCTION collide()",
                &[],
            )
        })
        .unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let outcome = store.write_blocking(move |tx| {
        counted.fetch_add(1, Ordering::SeqCst);
        tx.execute("INSERT INTO commits (id) VALUES (1)", &[])
    });
    assert_eq!((outcome, runs.load(Ordering::SeqCst)), (Ok(1), 4));
}

#[test]
fn a_constraint_that_fails_at_commit_is_a_failure() {
    let Some(store) = postgres() else { return };
    store
        .write_blocking(|tx| {
            let sql = "CREATE TABLE followers (id TEXT REFERENCES orgs (id) DEFERRABLE INITIALLY DEFERRED)";
            tx.execute(sql, &[])
        })
        .unwrap();
    let outcome = store.write_blocking(|tx| tx.execute("INSERT INTO followers (id) VALUES ('nobody')", &[]));
    assert!(matches!(outcome, Err(StoreError::Failed(_))), "{outcome:?}");
    put(&store, 1).unwrap();
}
