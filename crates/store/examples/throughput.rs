//! How many durable writes a second the store makes, and reads: `cargo run --release -p sigma-store --example throughput`.
//!
//! Each write spends a code and records a grant, as the exchange of a code does, for 1, 32 and 256 callers. Writes go to
//! a fresh file in the current directory, or to the empty database that is given as the first argument.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, clippy::cast_precision_loss)]
#![allow(clippy::as_conversions)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sigma_core::random::SeededRng;
use sigma_core::time::ManualClock;
use sigma_store::{Store, StoreOptions, params};

const LASTS: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() {
    let directory = tempfile::tempdir_in(".").unwrap();
    let url = std::env::args().nth(1);
    let url = url.unwrap_or_else(|| format!("sqlite:{}", directory.path().join("sigma.sqlite").display()));
    let rng = Arc::new(SeededRng::new(std::process::id().into()));
    let options = StoreOptions::serve(url);
    let store = tokio::task::spawn_blocking(move || Store::open(&options, Arc::new(ManualClock::default()), rng));
    let store = store.await.unwrap().unwrap();
    let create = "CREATE TABLE tickets (id BIGINT NOT NULL PRIMARY KEY, used_at BIGINT)";
    store.write(move |tx| tx.execute(create, &[])).await.unwrap();
    for callers in [1, 32, 256] {
        let next = Arc::new(AtomicU64::new(callers * 1_000_000_000));
        let rate = measure(callers, {
            let store = store.clone();
            move || redeem(store.clone(), next.fetch_add(1, Ordering::Relaxed))
        });
        let (answers, refusals) = rate.await;
        println!("{callers:>4} callers: {answers:>8.0} writes/s, {refusals:.0} refused/s");
        let rate = measure(callers, {
            let store = store.clone();
            move || look_up(store.clone(), callers * 1_000_000_000)
        });
        let (answers, refusals) = rate.await;
        println!("{callers:>4} callers: {answers:>8.0} reads/s, {refusals:.0} refused/s");
    }
    tokio::task::spawn_blocking(move || store.close()).await.unwrap();
}

/// Answers and refusals a second that `callers` get who ask again as soon as they are answered.
async fn measure<F: Future<Output = bool> + Send>(
    callers: u64,
    ask: impl Fn() -> F + Clone + Send + 'static,
) -> (f64, f64) {
    let started = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let ask = ask.clone();
            tokio::spawn(async move {
                let (mut answers, mut refusals) = (0_u64, 0_u64);
                while started.elapsed() < LASTS {
                    if ask().await {
                        answers += 1;
                    } else {
                        refusals += 1;
                    }
                }
                (answers, refusals)
            })
        })
        .collect();
    let (mut answers, mut refusals) = (0, 0);
    for task in tasks {
        let (of_one, refused) = task.await.unwrap();
        answers += of_one;
        refusals += refused;
    }
    let seconds = started.elapsed().as_secs_f64();
    (answers as f64 / seconds, refusals as f64 / seconds)
}

/// Makes a ticket, spends it and records what came of it: one durable transaction.
async fn redeem(store: Store, number: u64) -> bool {
    let id = i64::try_from(number).unwrap();
    let outcome = store.write(move |tx| {
        tx.execute("INSERT INTO tickets (id) VALUES ($1)", params![id])?;
        let spend = "UPDATE tickets SET used_at = $2 WHERE id = $1 AND used_at IS NULL RETURNING id";
        tx.query_opt(spend, params![id, 1_i64])?;
        let sql = "INSERT INTO replay_guard (key, expires_at) VALUES ($1, $2)";
        tx.execute(sql, params![id.to_be_bytes(), 1_i64])
    });
    outcome.await.is_ok()
}

async fn look_up(store: Store, number: u64) -> bool {
    let id = i64::try_from(number).unwrap();
    let sql = "SELECT used_at FROM tickets WHERE id = $1";
    store.read(move |tx| tx.query_opt(sql, params![id])).await.is_ok()
}
