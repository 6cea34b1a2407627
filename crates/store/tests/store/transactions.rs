//! What an operation may rely on, on both engines.

use sigma_store::testing::TestStore;
use sigma_store::{StoreError, Value, on_both_engines, params};

fn table(store: &TestStore) {
    store
        .write_blocking(|tx| {
            tx.execute("CREATE TABLE things (id TEXT NOT NULL PRIMARY KEY, n BIGINT, r DOUBLE PRECISION, b BYTEA)", &[])
        })
        .unwrap();
}

fn put(store: &TestStore, id: &'static str) -> Result<u64, StoreError> {
    store.write_blocking(move |tx| tx.execute("INSERT INTO things (id) VALUES ($1)", params![id]))
}

fn ids(store: &TestStore) -> Vec<String> {
    let rows = store.read_blocking(|tx| tx.query_all("SELECT id FROM things ORDER BY id", &[])).unwrap();
    rows.iter().map(|row| row.text(0).unwrap()).collect()
}

on_both_engines! {
    fn what_was_written_is_read_with_every_type(store: TestStore) {
        table(&store);
        let insert = "INSERT INTO things (b, r, n, id) VALUES ($4, $3, $2, $1)";
        store.write_blocking(move |tx| {
            tx.execute(insert, params!["full", i64::MIN, 1.5, [0_u8, 255]])?;
            tx.execute(insert, params!["empty", None::<i64>, None::<f64>, None::<Vec<u8>>])
        }).unwrap();
        let rows = store.read_blocking(|tx| tx.query_all("SELECT id, n, r, b FROM things ORDER BY id", &[])).unwrap();
        let values: Vec<Vec<Value>> =
            rows.iter().map(|row| (0..row.len()).map(|column| row.value(column).unwrap().clone()).collect()).collect();
        assert_eq!(values, [
            vec![Value::from("empty"), Value::Null, Value::Null, Value::Null],
            vec![Value::from("full"), Value::Int(i64::MIN), Value::Real(1.5), Value::from([0_u8, 255])],
        ]);
    }

    fn an_operation_that_refuses_leaves_nothing(store: TestStore) {
        table(&store);
        let refused = store.write_blocking(|tx| {
            tx.execute("INSERT INTO things (id) VALUES ($1)", params!["a"])?;
            Err::<(), _>(StoreError::Corrupt("as if".to_owned()))
        });
        assert_eq!(refused, Err(StoreError::Corrupt("as if".to_owned())));
        put(&store, "b").unwrap();
        assert_eq!(ids(&store), ["b"]);
    }

    fn after_a_failed_statement_everything_is_refused_and_nothing_kept(store: TestStore) {
        table(&store);
        put(&store, "a").unwrap();
        let outcome = store.write_blocking(|tx| {
            tx.execute("INSERT INTO things (id) VALUES ($1)", params!["b"])?;
            assert!(tx.execute("INSERT INTO things (id) VALUES ($1)", params!["a"]).is_err());
            assert!(matches!(tx.query_opt("SELECT id FROM things", &[]), Err(StoreError::Failed(_))));
            assert!(matches!(tx.changed("thing", "b"), Err(StoreError::Failed(_))));
            Ok("as if nothing had happened")
        });
        assert!(matches!(outcome, Err(StoreError::Failed(_))), "{outcome:?}");
        assert_eq!(ids(&store), ["a"]);
    }

    fn a_panic_in_an_operation_rolls_back_and_the_thread_lives(store: TestStore) {
        table(&store);
        for _ in 0..20 {
            let outcome = store.write_blocking(|tx| -> Result<(), StoreError> {
                tx.execute("INSERT INTO things (id) VALUES ($1)", params!["a"])?;
                panic!("on purpose");
            });
            assert_eq!(outcome, Err(StoreError::Failed("the operation panicked".to_owned())));
            let outcome = store.read_blocking(|_| -> Result<(), StoreError> { panic!("on purpose") });
            assert_eq!(outcome, Err(StoreError::Failed("the operation panicked".to_owned())));
        }
        put(&store, "b").unwrap();
        assert_eq!(ids(&store), ["b"]);
    }

    fn a_duplicate_is_told_without_an_error(store: TestStore) {
        table(&store);
        let put = |id: &'static str| store.write_blocking(move |tx| {
            let sql = "INSERT INTO things (id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id";
            Ok(tx.query_opt(sql, params![id])?.is_some())
        }).unwrap();
        assert!(put("a"));
        assert!(!put("a"));
    }

    fn a_nul_and_a_wrong_number_of_parameters_are_refused(store: TestStore) {
        table(&store);
        let nul = store.write_blocking(|tx| tx.execute("INSERT INTO things (id) VALUES ($1)", params!["a\0b"]));
        assert!(matches!(nul, Err(StoreError::Failed(_))), "{nul:?}");
        let few = store.write_blocking(|tx| tx.execute("INSERT INTO things (id, n) VALUES ($1, $2)", params!["a"]));
        assert!(matches!(few, Err(StoreError::Failed(_))), "{few:?}");
        let many = store.write_blocking(|tx| tx.execute("INSERT INTO things (id) VALUES ($1)", params!["a", 1_i64]));
        assert!(matches!(many, Err(StoreError::Failed(_))), "{many:?}");
    }

    fn a_read_cannot_write(store: TestStore) {
        table(&store);
        let outcome = store.read_blocking(|tx| tx.execute("INSERT INTO things (id) VALUES ($1)", params!["a"]));
        assert!(outcome.is_err(), "{outcome:?}");
        assert!(ids(&store).is_empty());
    }

    fn a_parameter_that_is_used_twice_is_given_once(store: TestStore) {
        table(&store);
        put(&store, "a").unwrap();
        let sql = "SELECT id FROM things WHERE id = $2 AND $1 <> $2 AND id <> $1 AND id <> '$1'";
        let row = store.read_blocking(move |tx| tx.query_opt(sql, params!["z", "a"])).unwrap().unwrap();
        assert_eq!(row.text(0).unwrap(), "a");
    }
}
