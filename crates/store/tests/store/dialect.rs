//! The rules of `README.md` for SQL on both engines: their recommendations behave the same on both.

use sigma_store::testing::TestStore;
use sigma_store::{Value, on_both_engines, params};

fn int(store: &TestStore, sql: &'static str, params: &[Value]) -> i64 {
    let params = params.to_vec();
    store.read_blocking(move |tx| tx.query_opt(sql, &params)).unwrap().unwrap().int(0).unwrap()
}

fn table(store: &TestStore) {
    store
        .write_blocking(|tx| {
            tx.execute("CREATE TABLE n (id TEXT NOT NULL PRIMARY KEY, v BIGINT)", &[])?;
            for (id, value) in [("a", Some(7_i64)), ("b", None), ("c", Some(-7)), ("_", Some(2))] {
                tx.execute("INSERT INTO n (id, v) VALUES ($1, $2)", params![id, value])?;
            }
            Ok(())
        })
        .unwrap();
}

on_both_engines! {
    fn numbers_count_and_compare_alike(store: TestStore) {
        table(&store);
        assert_eq!(int(&store, "SELECT count(*) FROM n", &[]), 4);
        assert_eq!(int(&store, "SELECT CAST(sum(v) AS BIGINT) FROM n", &[]), 2);
        assert_eq!(int(&store, "SELECT max(v) FROM n", &[]), 7);
        assert_eq!(int(&store, "SELECT v / 2 FROM n WHERE id = 'c'", &[]), -3);
        assert_eq!(int(&store, "SELECT v % 4 FROM n WHERE id = 'c'", &[]), -3);
        assert_eq!(int(&store, "SELECT CAST($1 AS BIGINT)", params![5_i64]), 5);
        assert_eq!(int(&store, "SELECT count(*) FROM n WHERE v > $1", params![-8_i64]), 3);
        let real = store.read_blocking(|tx| tx.query_opt("SELECT CAST(1.5 AS DOUBLE PRECISION)", &[])).unwrap();
        assert!((real.unwrap().real(0).unwrap() - 1.5).abs() < f64::EPSILON);
    }

    fn existence_and_absence_are_asked_alike(store: TestStore) {
        table(&store);
        let sql = "SELECT CASE WHEN EXISTS (SELECT 1 FROM n WHERE id = $1) THEN 1 ELSE 0 END";
        assert_eq!(int(&store, sql, params!["a"]), 1);
        assert_eq!(int(&store, sql, params!["z"]), 0);
        let optional = "SELECT count(*) FROM n WHERE CAST($1 AS TEXT) IS NULL OR id = $1";
        assert_eq!(int(&store, optional, params![None::<&str>]), 4);
        assert_eq!(int(&store, optional, params!["a"]), 1);
        let page = "SELECT count(*) FROM n WHERE CAST($1 AS BIGINT) IS NULL OR v < $1";
        assert_eq!(int(&store, page, params![None::<i64>]), 4);
        assert_eq!(int(&store, page, params![0_i64]), 1);
    }

    fn rows_are_put_replaced_and_deleted_alike(store: TestStore) {
        table(&store);
        let copied = store.write_blocking(|tx| {
            let sql = "INSERT INTO n (id, v) SELECT id, 1 FROM n WHERE true ON CONFLICT (id) DO UPDATE SET v = excluded.v";
            tx.execute(sql, &[])
        }).unwrap();
        assert_eq!(copied, 4);
        assert_eq!(int(&store, "SELECT CAST(sum(v) AS BIGINT) FROM n", &[]), 4);
        let deleted = store.write_blocking(|tx| {
            tx.execute("DELETE FROM n WHERE (id) IN (SELECT id FROM n WHERE v <= $1 ORDER BY v LIMIT 3)", params![1_i64])
        }).unwrap();
        assert_eq!(deleted, 3);
        let both = store.write_blocking(|tx| {
            tx.execute("DELETE FROM n WHERE (id, v) IN (SELECT id, v FROM n WHERE v <= $1 LIMIT $2)", params![1_i64, 9_i64])
        }).unwrap();
        assert_eq!(both, 1);
    }

    fn rows_are_ordered_alike(store: TestStore) {
        table(&store);
        let ids = |sql: &'static str| {
            let rows = store.read_blocking(move |tx| tx.query_all(sql, &[])).unwrap();
            rows.iter().map(|row| row.text(0).unwrap()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(ids("SELECT id FROM n ORDER BY v NULLS LAST"), "c _ a b");
        assert_eq!(ids("SELECT id FROM n ORDER BY v DESC NULLS LAST, id"), "a _ c b");
        assert_eq!(ids("SELECT id || ':' || CAST(v AS TEXT) FROM n WHERE v > 2"), "a:7");
    }
}
