//! A full disk: clear errors, no acknowledged write is lost, and service resumes when there is room again.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use sigma_core::random::SeededRng;
use sigma_core::time::ManualClock;
use sigma_store::testing::{Engine, TestStore};
use sigma_store::{Outage, Store, StoreError, StoreOptions, params};

/// Set in the child process: the directory without room, and how to make room.
const PLACE: &str = "SIGMA_TEST_FULL_PLACE";
const LIMITED: &str = "SIGMA_TEST_FULL_LIMITED";

static NEXT: AtomicI64 = AtomicI64::new(0);

/// Writes 2 KiB under a new number; returns the number if it was acknowledged.
fn put(store: &Store) -> Result<i64, StoreError> {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    store.write_blocking(move |tx| {
        let sql = "INSERT INTO replay_guard (key, expires_at) VALUES ($1, $2)";
        tx.execute(sql, params![[&number.to_be_bytes()[..], &[7; 2_048]].concat(), number]).map(|_| number)
    })
}

fn there(store: &Store) -> BTreeSet<i64> {
    let sql = "SELECT expires_at FROM replay_guard ORDER BY expires_at";
    let rows = store.read_blocking(move |tx| tx.query_all(sql, &[])).unwrap();
    rows.iter().map(|row| row.int(0).unwrap()).collect()
}

/// Fills the disk by eight writers, makes room and continues; `told` lists the errors that writers may get meanwhile.
fn fill_and_heal(store: &Store, reported: &[Outage], make_room: impl Fn()) -> BTreeSet<i64> {
    let mut acknowledged: BTreeSet<i64> = std::thread::scope(|scope| {
        let fill = || {
            let mut mine = Vec::new();
            let mut failures = 0;
            while failures < 5 {
                match put(store) {
                    Ok(number) => mine.push(number),
                    Err(StoreError::Unavailable(outage)) if reported.contains(&outage) => failures += 1,
                    Err(other) => panic!("a full disk was told as {other:?}"),
                }
                assert!(mine.len() < 100_000, "the disk never filled");
            }
            mine
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(fill)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(acknowledged.len() > 50, "only {} fitted", acknowledged.len());
    assert_eq!(there(store), acknowledged, "reads go on, and what was refused is not there");
    make_room();
    for _ in 0..20 {
        acknowledged.insert(put(store).unwrap());
    }
    assert_eq!(there(store), acknowledged);
    acknowledged
}

fn open(directory: &Path) -> Store {
    let url = format!("sqlite:{}", directory.join("sigma.sqlite").display());
    Store::open(&StoreOptions::serve(url), Arc::new(ManualClock::default()), Arc::new(SeededRng::new(1))).unwrap()
}

#[test]
fn a_database_at_its_limit_refuses_and_resumes() {
    let store = TestStore::new(Engine::Sqlite);
    let limit = |sql: &'static str| store.write_blocking(move |tx| tx.query_opt(sql, &[])).unwrap();
    limit("PRAGMA max_page_count = 600");
    fill_and_heal(&store, &[Outage::DiskFull], || drop(limit("PRAGMA max_page_count = 1000000")));
}

/// Not a test but the process on a full disk.
#[test]
fn the_server_without_room() {
    let Ok(place) = std::env::var(PLACE).map(PathBuf::from) else { return };
    let limited = std::env::var(LIMITED).is_ok();
    let store = open(&place);
    let reported = [Outage::DiskFull, Outage::Io];
    let acknowledged = fill_and_heal(&store, &reported, || {
        if limited {
            let pid = std::process::id().to_string();
            assert!(Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited:"]).status().unwrap().success());
        } else {
            std::fs::remove_file(place.join("ballast")).unwrap();
        }
    });
    store.close();
    let store = open(&place);
    assert_eq!(there(&store), acknowledged);
    store.close();
}

fn child() -> String {
    let test = std::env::current_exe().unwrap();
    format!("exec '{}' --exact full_disk::the_server_without_room --nocapture", test.display())
}

#[test]
fn a_file_that_may_not_grow_refuses_and_resumes() {
    let directory = tempfile::tempdir().unwrap();
    // A process at the limit gets a deadly signal unless it ignores it; the limit counts in blocks of 512 bytes.
    let script = format!("trap '' XFSZ; ulimit -S -f 16000; {}", child());
    let status =
        Command::new("sh").args(["-c", &script]).env(PLACE, directory.path()).env(LIMITED, "yes").status().unwrap();
    assert!(status.success(), "{status}, signal {:?}", status.signal());
}

#[test]
fn a_full_file_system_refuses_and_resumes() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().display();
    let script = format!(
        "mount -t tmpfs -o size=12m none '{place}' || exit 77; \
         dd if=/dev/zero of='{place}/ballast' bs=1M count=1 status=none; {}",
        child()
    );
    let status = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", &script])
        .env(PLACE, directory.path())
        .status()
        .unwrap();
    if !status.success()
        && !std::fs::exists(directory.path().join("sigma.sqlite")).unwrap()
        && status.code() != Some(101)
    {
        eprintln!("this machine lets nobody mount a small file system: only the limit on a file was tested");
        return;
    }
    assert!(status.success(), "{status}");
}
