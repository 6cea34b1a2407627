//! How long a search for a part of a name takes among a million people, and what it costs to add and to index them:
//! `cargo run --release -p sigma-store --example people_search [COUNT [URL]]`, into a fresh file in the current directory or the empty
//! database at the address.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, clippy::indexing_slicing)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use sigma_core::email::Email;
use sigma_core::people::ImportedPerson;
use sigma_core::people_search::{Needle, SEGMENT};
use sigma_core::random::SeededRng;
use sigma_core::time::{Clock as _, ManualClock};
use sigma_store::people_import::{self, Newcomer};
use sigma_store::{Store, StoreOptions, people_index};

/// People of one transaction, as an import adds them.
const TOGETHER: usize = 500;
const FIRST: [&str; 20] = [
    "Ada",
    "Alan",
    "Barbara",
    "Claude",
    "Donald",
    "Edsger",
    "Frances",
    "Grace",
    "Hedy",
    "Ivan",
    "Jean",
    "Katherine",
    "Linus",
    "Margaret",
    "Niklaus",
    "Olga",
    "Radia",
    "Sophie",
    "Tim",
    "Zoë",
];
const LAST: [&str; 20] = [
    "Allen", "Bartik", "Clarke", "Dijkstra", "Easley", "Floyd", "Goldberg", "Hopper", "Iverson", "Johnson", "Knuth",
    "Lovelace", "McCarthy", "Noether", "Okafor", "Perlman", "Ritchie", "Shannon", "Turing", "Wilson",
];
/// Parts of few names, of many, of none, of none though its letters are frequent; of all addresses, and of one; short ones.
const SEARCHES: [&str; 9] =
    ["velace 1177", "Ada", "Nobody", "Hopper Grace", "Wilson Margaret", "example", "-77123@exam", "a", "zo"];

#[tokio::main]
async fn main() {
    let directory = tempfile::tempdir_in(".").unwrap();
    let count: usize = std::env::args().nth(1).map_or(1_000_000, |count| count.parse().unwrap());
    let url = std::env::args().nth(2);
    let url = url.unwrap_or_else(|| format!("sqlite:{}", directory.path().join("sigma.sqlite").display()));
    let clock = Arc::new(ManualClock::default());
    let rng = Arc::new(SeededRng::new(std::process::id().into()));
    let (options, its_clock, its_rng) = (StoreOptions::serve(url), clock.clone(), rng.clone());
    let store = tokio::task::spawn_blocking(move || Store::open(&options, its_clock, its_rng)).await.unwrap().unwrap();

    let started = Instant::now();
    for first in (0..count).step_by(TOGETHER) {
        clock.advance(Duration::from_millis(25));
        let people = (first..count.min(first + TOGETHER)).map(person).collect();
        let (newcomers, now) = (Newcomer::all(people, clock.now(), &*rng), clock.now());
        store.write(move |tx| people_import::add(tx, &newcomers, now)).await.unwrap();
    }
    println!("{count} people added in {:?}", started.elapsed());
    let started = Instant::now();
    let segments = people_index::index(&store, SEGMENT).await.unwrap();
    println!("{segments} segments in {:?}; {} MiB in all", started.elapsed(), store.size().await.unwrap() >> 20);
    for text in SEARCHES {
        let needle = Needle::parse(text).unwrap();
        let mut times: Vec<Duration> = Vec::new();
        let mut found = 0;
        for _ in 0..15 {
            let (needle, started) = (needle.clone(), Instant::now());
            found = store.read(move |tx| people_index::find(tx, &needle, None, 51)).await.unwrap().len();
            times.push(started.elapsed());
        }
        times.sort_unstable();
        println!("{text:>16}: {found:>2} found, median {:?}, slowest {:?}", times[7], times[14]);
    }
    tokio::task::spawn_blocking(move || store.close()).await.unwrap();
}

fn person(number: usize) -> ImportedPerson {
    ImportedPerson {
        email: Email::parse(&format!("crowd-{number}@example.org")).unwrap(),
        email_verified: true,
        name: format!("{} {} {number}", FIRST[number % 20], LAST[number / 20 % 20]),
        password_hash: None,
        disabled: false,
    }
}
