//! Background jobs: one holder at a time, by the clock of the database.

use std::sync::Arc;
use std::time::Duration;

use sigma_core::ids::{JobId, OrgId};
use sigma_core::time::{Clock as _, ManualClock, Timestamp};
use sigma_store::job_queue::{self, Ended, Enqueued, Leased, NewJob};
use sigma_store::testing::insist;
use sigma_store::{Store, on_both_engines};

const LEASE: Duration = Duration::from_mins(1);

fn job(id: &str, org: Option<&str>) -> NewJob {
    NewJob {
        id: JobId::from_text(id),
        kind: "import",
        org_id: org.map(OrgId::from_text),
        payload: r#"{"file":"a"}"#.to_owned(),
        run_at: None,
        now: Timestamp::from_seconds(1),
    }
}

fn enqueue(store: &Store, job: NewJob) -> Enqueued {
    insist(store, move |tx| job_queue::enqueue(tx, &job))
}

/// A node takes a job of that kind, as its runner does.
fn take(store: &Store, kind: &'static str, holder: &'static str) -> Option<Leased> {
    let now = store.database_now();
    insist(store, move |tx| job_queue::take(tx, kind, holder, now, LEASE))
}

fn end(store: &Store, job: &Leased, ended: Ended) -> bool {
    let (job, now) = (job.clone(), store.database_now());
    insist(store, move |tx| job_queue::end(tx, &job, &ended, now))
}

fn renew(store: &Store, job: &Leased) -> bool {
    let (job, until) = (job.clone(), store.database_now().plus(LEASE));
    insist(store, move |tx| job_queue::renew(tx, &job, until))
}

fn rows(store: &Store) -> Vec<job_queue::JobRow> {
    store.read_blocking(|tx| job_queue::list(tx, 100)).unwrap()
}

on_both_engines! {
    fn of_many_nodes_that_want_a_job_one_has_it(store: TestStore) {
        let node = store.beside(|options| options.exclusive = false).unwrap();
        for round in 0..10 {
            enqueue(&store, job(&format!("job_{round}"), None));
            let taken: Vec<_> = std::thread::scope(|scope| {
                let nodes = [(&*store, "a"), (&node, "b"), (&*store, "c"), (&node, "d")];
                let nodes = nodes.map(|(store, holder)| scope.spawn(move || take(store, "import", holder)));
                nodes.into_iter().filter_map(|node| node.join().unwrap()).collect()
            });
            assert_eq!(taken.len(), 1, "round {round}: {taken:?}");
            assert!(end(&store, &taken[0], Ended::Done));
        }
        node.close();
        assert_eq!(rows(&store), []);
    }

    fn a_job_carries_owner_and_payload(store: TestStore) {
        enqueue(&store, job("job_1", Some("org_a")));
        let taken = take(&store, "import", "a").unwrap();
        assert_eq!((taken.org_id, taken.payload.as_str()), (Some(OrgId::from_text("org_a")), r#"{"file":"a"}"#));
        assert_eq!((taken.turn, taken.attempts), (1, 1));
        assert_eq!(take(&store, "export", "a"), None, "a node takes the kinds that it knows");
    }

    fn a_lease_lapses_unless_it_is_renewed(store: TestStore) {
        enqueue(&store, job("job_1", None));
        let first = take(&store, "import", "a").unwrap();
        store.advance(LEASE.checked_sub(Duration::from_secs(1)).unwrap());
        assert_eq!(take(&store, "import", "b"), None);
        assert!(renew(&store, &first));
        store.advance(LEASE.checked_sub(Duration::from_secs(1)).unwrap());
        assert_eq!(take(&store, "import", "b"), None);
        // From here on `a` is dead.
        store.advance(Duration::from_secs(1));
        let second = take(&store, "import", "b").unwrap();
        assert_eq!((second.turn, second.attempts), (2, 2));
        // It comes back, too late.
        assert!(!renew(&store, &first));
        assert!(!end(&store, &first, Ended::Done));
        assert!(end(&store, &second, Ended::Done));
    }

    fn the_clocks_of_the_nodes_do_not_matter(store: TestStore) {
        let slow = Arc::new(ManualClock::at(store.clock.now().minus(Duration::from_hours(5))));
        let fast = Arc::new(ManualClock::at(store.clock.now().plus(Duration::from_hours(5))));
        let beside = |clock: &Arc<ManualClock>| {
            store.database.beside_at(Arc::clone(clock), |options| options.exclusive = false).unwrap()
        };
        let (slow, fast) = (beside(&slow), beside(&fast));
        enqueue(&store, job("job_1", None));
        let first = take(&slow, "import", "slow").unwrap();
        assert_eq!(take(&fast, "import", "fast"), None, "the lease of the slow node holds");
        store.advance(LEASE);
        let second = take(&fast, "import", "fast").unwrap();
        assert_eq!(take(&slow, "import", "slow"), None, "the lease of the fast node holds");
        assert!(!renew(&slow, &first));
        assert!(end(&fast, &second, Ended::Done));
        slow.close();
        fast.close();
    }

    fn a_recurring_job_exists_once_and_runs_again(store: TestStore) {
        let now = store.database_now();
        for _ in 0..2 {
            insist(&store, move |tx| job_queue::ensure_recurring(tx, "sweep", now.plus(LEASE), now));
        }
        assert_eq!(rows(&store).len(), 1);
        assert_eq!(take(&store, "sweep", "a"), None);
        store.advance(LEASE);
        let taken = take(&store, "sweep", "a").unwrap();
        let next = store.database_now().plus(LEASE);
        assert!(end(&store, &taken, Ended::Again(next)));
        let row = rows(&store).remove(0);
        assert_eq!((row.next_at, row.attempts, row.error, row.holder), (Some(next), 0, None, None));
        assert_eq!((row.started_at, row.ended_at), (Some(taken.started_at), Some(store.database_now())));
    }

    fn a_failed_job_tells_why_and_waits(store: TestStore) {
        enqueue(&store, job("job_1", None));
        let taken = take(&store, "import", "a").unwrap();
        let retry_at = store.database_now().plus(Duration::from_secs(7));
        assert!(end(&store, &taken, Ended::Failed { error: "no\0 file\n".to_owned(), retry_at }));
        assert_eq!(take(&store, "import", "a"), None);
        assert_eq!(rows(&store)[0].error.as_deref(), Some("no  file "));
        store.advance(Duration::from_secs(7));
        let taken = take(&store, "import", "a").unwrap();
        assert_eq!(taken.attempts, 2);
        assert!(end(&store, &taken, Ended::GivenUp { error: "still none".to_owned() }));
        assert_eq!((rows(&store)[0].next_at, rows(&store)[0].error.as_deref()), (None, Some("still none")));
        store.advance(Duration::from_hours(24));
        assert_eq!(take(&store, "import", "a"), None);
        store.advance(Duration::from_hours(6 * 24));
        store.sweep_once().unwrap();
        assert_eq!(rows(&store), [], "what was given up can be looked at for a week");
    }

    fn a_node_that_stops_gives_its_jobs_back(store: TestStore) {
        enqueue(&store, job("job_1", None));
        take(&store, "import", "a").unwrap();
        let now = store.database_now();
        insist(&store, move |tx| job_queue::release(tx, "a", now));
        let taken = take(&store, "import", "b").unwrap();
        assert_eq!((taken.turn, taken.attempts), (2, 1));
    }

    fn jobs_of_an_owner_are_limited_and_queued_once(store: TestStore) {
        assert_eq!(enqueue(&store, job("job_same", Some("org_a"))), Enqueued::Queued);
        assert_eq!(enqueue(&store, job("job_same", Some("org_a"))), Enqueued::Queued);
        assert_eq!(rows(&store).len(), 1);
        let large = NewJob { payload: "x".repeat(job_queue::LARGEST_PAYLOAD + 1), ..job("job_large", None) };
        assert_eq!(enqueue(&store, large), Enqueued::TooLarge);
        let many = (1..job_queue::MOST_WAITING).map(|number| job(&format!("job_{number}"), Some("org_a")));
        let many: Vec<_> = many.collect();
        insist(&store, move |tx| many.iter().try_for_each(|job| job_queue::enqueue(tx, job).map(drop)));
        assert_eq!(enqueue(&store, job("job_over", Some("org_a"))), Enqueued::TooMany);
        assert_eq!(enqueue(&store, job("job_other", Some("org_b"))), Enqueued::Queued);
    }
}
