//! The schema: created once, by one of many, and never downgraded.

use std::sync::Arc;

use sigma_core::random::SeededRng;
use sigma_core::time::ManualClock;
use sigma_store::testing::{Engine, TestDatabase};
use sigma_store::{OpenError, Store, StoreOptions, on_both_engines, params};

fn history(store: &Store) -> i64 {
    let sql = "SELECT count(*) FROM refinery_schema_history";
    store.read_blocking(move |tx| tx.query_opt(sql, &[])).unwrap().unwrap().int(0).unwrap()
}

on_both_engines! {
    fn a_database_is_opened_again_with_what_it_held(store: TestStore) {
        let mut store = store;
        let versions = history(&store);
        let sql = "INSERT INTO meta (name, value) VALUES ('a', $1)";
        store.write_blocking(move |tx| tx.execute(sql, params![[1_u8]])).unwrap();
        store.reopen();
        assert_eq!(history(&store), versions);
        let row = store.read_blocking(|tx| tx.query_opt("SELECT value FROM meta", &[])).unwrap().unwrap();
        assert_eq!(row.bytes(0).unwrap(), [1]);
    }

    fn a_newer_database_is_refused_in_plain_words(store: TestStore) {
        let sql = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
                   VALUES (4711, 'later', '2030-01-01T00:00:00Z', '1')";
        store.write_blocking(move |tx| tx.execute(sql, &[])).unwrap();
        let error = store.beside(|options| options.exclusive = false).unwrap_err();
        assert!(matches!(error, OpenError::Newer { found: 4711, .. }), "{error:?}");
        assert!(error.to_string().contains("newer than this program: it has schema version 4711"), "{error}");
        assert!(error.to_string().contains("Install the newer Sigma again"), "{error}");
    }

    fn a_schema_that_was_changed_by_hand_is_refused(store: TestStore) {
        store.write_blocking(|tx| tx.execute("UPDATE refinery_schema_history SET checksum = '1'", &[])).unwrap();
        let error = store.beside(|options| options.exclusive = false).unwrap_err();
        assert!(matches!(error, OpenError::Migration(_)), "{error:?}");
    }

    fn many_that_start_at_once_make_one_schema(store: TestStore) {
        let fresh = TestDatabase::empty(store.engine);
        std::thread::scope(|scope| {
            for seed in 0..6 {
                let options = StoreOptions { exclusive: false, ..fresh.options.clone() };
                scope.spawn(move || {
                    let clock = Arc::new(ManualClock::default());
                    Store::open(&options, clock, Arc::new(SeededRng::new(seed))).unwrap().close();
                });
            }
        });
        let opened = fresh.beside(|_| {}).unwrap();
        assert_eq!(history(&opened), history(&store));
        opened.close();
    }
}

#[test]
fn invalid_database_urls_are_explained() {
    for url in ["", "mysql://a/b", "sqlite:", "sqlite::memory:", "postgres://localhost/db?sslmode=maybe"] {
        let options = StoreOptions::serve(url);
        let error = Store::open(&options, Arc::new(ManualClock::default()), Arc::new(SeededRng::new(1))).unwrap_err();
        assert!(matches!(error, OpenError::Address(_)), "{url}: {error:?}");
    }
}

#[test]
fn unusable_database_files_are_explained() {
    let directory = tempfile::tempdir().unwrap();
    let open = |path: &str| {
        let options = StoreOptions::serve(format!("sqlite:{}", directory.path().join(path).display()));
        Store::open(&options, Arc::new(ManualClock::default()), Arc::new(SeededRng::new(1))).unwrap_err()
    };
    let error = open("no/such/sigma.sqlite");
    assert!(error.to_string().contains("No such file or directory"), "{error}");
    std::fs::write(directory.path().join("text"), "hello ".repeat(1_000)).unwrap();
    let error = open("text");
    assert!(error.to_string().contains("not a database"), "{error}");
}

#[test]
fn a_password_in_the_address_does_not_print() {
    let options = StoreOptions::serve("postgres://user:hunter2@host/db");
    assert!(!format!("{options:?}").contains("hunter2"));
    let error = Store::open(
        &StoreOptions::serve("postgres://user:hunter2@127.0.0.1:1/db"),
        Arc::new(ManualClock::default()),
        Arc::new(SeededRng::new(1)),
    )
    .unwrap_err();
    assert!(matches!(error, OpenError::Unreachable(_)), "{error:?}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn the_database_file_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let database = TestDatabase::empty(Engine::Sqlite);
    let store = database.beside(|_| {}).unwrap();
    store.write_blocking(|tx| tx.changed("a", "b")).unwrap();
    for entry in std::fs::read_dir(database.directory().unwrap()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", entry.path().display());
    }
}
