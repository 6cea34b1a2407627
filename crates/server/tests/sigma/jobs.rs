//! Background jobs: nodes that share a database share the work.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sigma_core::ids::{JobId, OrgId};
use sigma_core::random::Rng;
use sigma_server::jobs::{JobError, JobKind, Runner, kinds};
use sigma_store::job_queue::{self, JobRow, NewJob};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::support::World;

/// A node that runs jobs; what it does is counted.
struct Node {
    runner: Arc<Runner>,
    running: JoinSet<()>,
}

impl Node {
    fn new(world: &World, kinds: Vec<JobKind>) -> Self {
        let rng: Arc<dyn Rng> = Arc::clone(&world.sigma.rng);
        Self {
            runner: Runner::renewing(&world.sigma.store, &rng, kinds, Duration::from_millis(5)),
            running: JoinSet::new(),
        }
    }

    /// Starts what is due, and waits until it ended.
    async fn work(&mut self) -> Duration {
        let wait = self.start().await;
        while self.running.join_next().await.is_some() {}
        wait
    }

    async fn start(&mut self) -> Duration {
        self.runner.start_due(&mut self.running).await.unwrap()
    }
}

impl World {
    /// Runs the recurring job `name` of the server.
    pub async fn run_job(&self, name: &str) {
        let mut kinds = kinds(&self.sigma);
        kinds.retain(|kind| kind.name == name);
        let mut node = Node::new(self, kinds);
        node.runner.register().await.unwrap();
        self.clock.advance(Duration::from_hours(1));
        node.work().await;
    }
}

impl World {
    /// Does the queued work of these kinds.
    pub async fn work_off(&self, kinds: Vec<JobKind>) {
        let mut node = Node::new(self, kinds);
        node.work().await;
    }
}

fn counting(count: &Arc<AtomicU32>) -> Vec<JobKind> {
    let count = Arc::clone(count);
    vec![JobKind::recurring("count", Duration::from_mins(1), move || {
        count.fetch_add(1, Ordering::SeqCst);
        async { Ok(()) }
    })]
}

async fn rows(world: &World) -> Vec<JobRow> {
    world.sigma.store.read(|tx| job_queue::list(tx, 100)).await.unwrap()
}

async fn enqueue(world: &World, kind: &'static str, org: &str) {
    let now = world.now();
    let id = JobId::new(now, world.sigma.rng.as_ref());
    let org_id = Some(OrgId::from_text(org));
    let job = NewJob { id, kind, org_id, payload: r#"{"n":1}"#.to_owned(), run_at: None, now };
    world.sigma.store.write(move |tx| job_queue::enqueue(tx, &job)).await.unwrap();
}

#[tokio::test]
async fn two_nodes_run_a_recurring_job_once_per_interval() {
    let world = World::new().await;
    let beside = world.beside().await;
    let count = Arc::new(AtomicU32::new(0));
    let mut nodes = [Node::new(&world, counting(&count)), Node::new(&beside, counting(&count))];
    for node in &nodes {
        node.runner.register().await.unwrap();
    }
    for minute in 0..5 {
        let [one, other] = &mut nodes;
        tokio::join!(one.work(), other.work());
        assert_eq!(count.load(Ordering::SeqCst), minute);
        world.advance(60);
    }
}

#[tokio::test]
async fn a_node_looks_again_when_the_next_job_is_due() {
    let world = World::new().await;
    let mut node = Node::new(&world, counting(&Arc::default()));
    assert_eq!(node.work().await, Duration::from_secs(30));
    node.runner.register().await.unwrap();
    world.advance(47);
    assert_eq!(node.work().await, Duration::from_secs(13));
}

#[tokio::test]
async fn a_job_of_a_node_that_died_is_taken_over_once_its_lease_has_lapsed() {
    let world = World::new().await;
    let beside = world.beside().await;
    let stuck = || vec![JobKind::queued("import", |_| std::future::pending())];
    let done = Arc::new(Notify::new());
    let finishing = Arc::clone(&done);
    let finish = move |job: sigma_store::job_queue::Leased| {
        assert_eq!((job.org_id, job.payload.as_str()), (Some(OrgId::from_text("org_a")), r#"{"n":1}"#));
        finishing.notify_one();
        async { Ok(()) }
    };
    enqueue(&world, "import", "org_a").await;
    let mut dying = Node::new(&world, stuck());
    dying.start().await;
    let holder = rows(&world).await[0].holder.clone().unwrap();
    drop(dying);
    let mut node = Node::new(&beside, vec![JobKind::queued("import", finish)]);
    world.advance(59);
    node.work().await;
    assert_eq!(rows(&world).await[0].holder.as_ref(), Some(&holder));
    world.advance(121);
    node.work().await;
    done.notified().await;
    assert_eq!(rows(&world).await, []);
}

#[tokio::test]
async fn a_running_job_keeps_its_lease() {
    let world = World::new().await;
    let beside = world.beside().await;
    let may_end = Arc::new(Notify::new());
    let waiting = Arc::clone(&may_end);
    let slow = move |_| {
        let waiting = Arc::clone(&waiting);
        async move {
            waiting.notified().await;
            Ok(())
        }
    };
    enqueue(&world, "import", "org_a").await;
    let mut node = Node::new(&world, vec![JobKind::queued("import", slow)]);
    node.start().await;
    let mut other = Node::new(&beside, vec![JobKind::queued("import", |_| async { panic!("it was taken over") })]);
    for _ in 0..5 {
        world.advance(50);
        let renewed = world.now().plus(Duration::from_mins(1));
        while rows(&world).await[0].next_at != Some(renewed) {
            tokio::task::yield_now().await;
        }
        other.work().await;
    }
    may_end.notify_one();
    node.work().await;
    assert_eq!(rows(&world).await, []);
}

#[tokio::test]
async fn queued_jobs_that_do_not_end_hold_up_no_recurring_one() {
    let world = World::new().await;
    let count = Arc::new(AtomicU32::new(0));
    let mut all = counting(&count);
    all.insert(0, JobKind::queued("import", |_| std::future::pending()));
    let mut node = Node::new(&world, all);
    node.runner.register().await.unwrap();
    for _ in 0..10 {
        enqueue(&world, "import", "org_a").await;
    }
    node.start().await;
    assert_eq!(node.running.len(), 4, "no more of them run at once");
    world.advance(60);
    node.start().await;
    while count.load(Ordering::SeqCst) == 0 {
        node.running.join_next().await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_failing_job_is_retried_ever_later_and_given_up() {
    let world = World::new().await;
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    let mut failing = JobKind::queued("import", move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        async { Err(JobError::new("no such file")) }
    });
    failing.attempts = 4;
    enqueue(&world, "import", "org_a").await;
    let mut node = Node::new(&world, vec![failing]);
    for (attempt, longest) in [(1, 10), (2, 20), (3, 40)] {
        node.work().await;
        let row = rows(&world).await.remove(0);
        assert_eq!((row.attempts, row.error.as_deref()), (attempt, Some("no such file")));
        let wait = row.next_at.unwrap().since(world.now());
        let half = Duration::from_secs(longest) / 2;
        assert!((half..=half * 2).contains(&wait), "attempt {attempt}: {wait:?}");
        node.work().await;
        assert_eq!(rows(&world).await[0].attempts, attempt, "it waits");
        world.advance(longest);
    }
    node.work().await;
    assert_eq!((rows(&world).await[0].next_at, count.load(Ordering::SeqCst)), (None, 4));
    world.advance(86_400);
    node.work().await;
    assert_eq!(count.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn a_failing_recurring_job_waits_longer_and_recovers() {
    let world = World::new().await;
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    let work = move || {
        let failures = counted.fetch_add(1, Ordering::SeqCst);
        async move { if failures < 2 { panic!("a bug") } else { Ok(()) } }
    };
    let mut node = Node::new(&world, vec![JobKind::recurring("count", Duration::from_mins(1), work)]);
    node.runner.register().await.unwrap();
    for (attempts, error) in [(1, Some("it panicked")), (2, Some("it panicked")), (0, None)] {
        world.advance(60);
        node.work().await;
        let row = rows(&world).await.remove(0);
        assert_eq!((row.attempts, row.error.as_deref()), (attempts, error));
    }
}

#[tokio::test]
async fn a_node_that_stops_gives_back_its_jobs() {
    let world = World::new().await;
    enqueue(&world, "import", "org_a").await;
    let mut node = Node::new(&world, vec![JobKind::queued("import", |_| std::future::pending())]);
    node.start().await;
    node.running.shutdown().await;
    node.runner.release().await.unwrap();
    let mut other = Node::new(&world.beside().await, vec![JobKind::queued("import", |_| async { Ok(()) })]);
    other.work().await;
    assert_eq!(rows(&world).await, []);
}

#[tokio::test]
async fn the_jobs_of_the_server_run() {
    let world = World::new().await;
    let mut node = Node::new(&world, kinds(&world.sigma));
    node.runner.register().await.unwrap();
    world.advance(86_400);
    node.work().await;
    node.work().await;
    let rows = rows(&world).await;
    assert_eq!(rows.len(), 16);
    for row in rows {
        assert!(row.ended_at.is_some() && row.error.is_none(), "{row:?}");
    }
}
