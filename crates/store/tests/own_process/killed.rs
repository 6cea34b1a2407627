//! A server killed under load loses nothing that it acknowledged, and the next one serves at once.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use sigma_core::random::SeededRng;
use sigma_core::time::ManualClock;
use sigma_store::testing::{TestDatabase, engines};
use sigma_store::{Store, StoreOptions, params};

/// The database of the process to kill, and the first number that it writes.
const URL: &str = "SIGMA_TEST_KILLED_URL";
const FIRST: &str = "SIGMA_TEST_KILLED_FIRST";

/// Not a test but the process to kill: it writes as fast as it can and prints each number once acknowledged.
#[test]
fn the_server_to_kill() {
    let (Ok(url), Ok(first)) = (std::env::var(URL), std::env::var(FIRST)) else { return };
    let first: i64 = first.parse().unwrap();
    let rng = SeededRng::new(u64::try_from(first).unwrap());
    let options = StoreOptions { writers: 4, readers: 2, ..StoreOptions::serve(url) };
    let store = Store::open(&options, Arc::new(ManualClock::default()), Arc::new(rng)).unwrap();
    let next = AtomicI64::new(first);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let written = store.write_blocking(move |tx| {
                        let sql = "INSERT INTO replay_guard (key, expires_at) VALUES ($1, $2)";
                        tx.execute(sql, params![number.to_be_bytes(), number])?;
                        tx.changed("number", &number.to_string())
                    });
                    if written.is_ok() {
                        writeln!(std::io::stdout().lock(), "acknowledged {number}").unwrap();
                    }
                }
            });
        }
    });
}

#[test]
fn nothing_acknowledged_is_lost_and_the_next_start_serves_at_once() {
    for engine in engines() {
        let database = TestDatabase::empty(engine);
        let mut acknowledged = BTreeSet::new();
        for round in 0..4_i64 {
            let mut server = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "killed::the_server_to_kill", "--nocapture"])
                .env(URL, &database.options.url)
                .env(FIRST, (1 + round * 1_000_000).to_string())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let lines = BufReader::new(server.stdout.take().unwrap()).lines().map(Result::unwrap);
            let mut numbers = lines.filter_map(|line| line.strip_prefix("acknowledged ")?.parse::<i64>().ok());
            acknowledged.extend(numbers.by_ref().take(200 + usize::try_from(round).unwrap() * 150));
            server.kill().unwrap();
            acknowledged.extend(numbers);
            server.wait().unwrap();

            // The query below compares every row with every change, which takes long on a busy machine.
            let store = database.beside(|options| options.read_limit = Duration::from_mins(1)).unwrap();
            let sql = "SELECT expires_at FROM replay_guard ORDER BY expires_at";
            let rows = store.read_blocking(move |tx| tx.query_all(sql, &[])).unwrap();
            let there: BTreeSet<_> = rows.iter().map(|row| row.int(0).unwrap()).collect();
            let lost: Vec<_> = acknowledged.difference(&there).collect();
            assert!(lost.is_empty(), "{engine:?}, round {round}: {lost:?} of {} are lost", acknowledged.len());
            // Unacknowledged writes are atomic: number and change, or neither. A surviving server may still commit
            // pending writes, so a single statement checks both.
            let halves = "SELECT count(*) FROM replay_guard FULL JOIN changes ON changes.key = CAST(replay_guard.expires_at AS TEXT) \
                          WHERE (changes.kind = 'number' AND replay_guard.key IS NULL) OR changes.id IS NULL";
            let halves = store.read_blocking(move |tx| tx.query_opt(halves, &[])).unwrap().unwrap().int(0).unwrap();
            assert_eq!(halves, 0);
            store.write_blocking(|tx| tx.changed("thing", "a")).unwrap();
            store.close();
        }
    }
}
