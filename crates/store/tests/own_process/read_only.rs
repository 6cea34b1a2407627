//! A read-only database: refused at start, reported clearly later, and served again once writable.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::Arc;

use sigma_core::random::SeededRng;
use sigma_core::time::ManualClock;
use sigma_store::testing::{Engine, TestStore};
use sigma_store::{OpenError, Outage, Store, StoreError, StoreOptions, params};

const URL: &str = "SIGMA_TEST_READ_ONLY_URL";
/// The user `nobody`, who is subject to file permissions, unlike root.
const NOBODY: u32 = 65_534;

fn put(store: &Store, key: u8) -> Result<u64, StoreError> {
    store.write_blocking(move |tx| {
        tx.execute("INSERT INTO replay_guard (key, expires_at) VALUES ($1, 1)", params![[key]])
    })
}

#[test]
fn a_database_that_becomes_read_only_says_so_and_resumes() {
    let store = TestStore::new(Engine::Sqlite);
    put(&store, 1).unwrap();
    store.write_blocking(|tx| tx.execute("PRAGMA query_only = ON", &[])).unwrap();
    assert_eq!(put(&store, 2), Err(StoreError::Unavailable(Outage::ReadOnly)));
    // The writer has reopened the file, which is writable.
    put(&store, 2).unwrap();
    let row = store.read_blocking(|tx| tx.query_opt("SELECT count(*) FROM replay_guard", &[])).unwrap().unwrap();
    assert_eq!(row.int(0).unwrap(), 2);
}

/// Not a test but the process that may only read.
#[test]
fn the_server_that_may_only_read() {
    let Ok(url) = std::env::var(URL) else { return };
    let options = StoreOptions::admin(url);
    let error = Store::open(&options, Arc::new(ManualClock::default()), Arc::new(SeededRng::new(1))).unwrap_err();
    assert!(matches!(error, OpenError::File { .. }), "{error:?}");
    assert!(error.to_string().contains("can only be read"), "{error}");
}

#[test]
fn a_file_that_can_only_be_read_is_refused_at_the_start() {
    let store = TestStore::new(Engine::Sqlite);
    store.close();
    let directory = store.directory().unwrap();
    let file = directory.join("sigma.sqlite");
    let mode = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(&file, 0o444);
    mode(directory, 0o777);
    // `nobody` has no access to the build directory.
    let test = directory.join("test");
    std::fs::copy(std::env::current_exe().unwrap(), &test).unwrap();
    mode(&test, 0o755);
    let run = |as_nobody: bool| {
        let mut child = Command::new(&test);
        child.args(["--exact", "read_only::the_server_that_may_only_read"]).env(URL, &store.database.options.url);
        if as_nobody {
            child.uid(NOBODY);
        }
        child.current_dir(directory).output()
    };
    // Only root may become `nobody`; other users are subject to file permissions already.
    let output = run(true).or_else(|_| run(false)).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
