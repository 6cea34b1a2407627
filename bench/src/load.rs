//! Closed-loop load: each connection sends its next request once it has the answer to the last.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::task::JoinSet;

use crate::http::{Answer, Connection};
use crate::process::Process;
use crate::system::{Failure, instant};

/// The script of one connection: given the last answer, it returns the next request, or that it is done.
pub type Script = Box<dyn for<'a> FnMut(Option<&'a Answer<'a>>) -> Option<Bytes>>;

/// How much to do.
#[derive(Clone, Copy)]
pub struct Extent {
    /// Connections that are kept alive.
    pub connections: u32,
    /// For how long; less if the scripts end earlier.
    pub time: Duration,
}

/// The result of one measurement.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// Answers below 400.
    pub answers: u32,
    /// Unexpected answers; the bench continues and reports how many.
    pub failures: u32,
    /// The first of them.
    pub first_failure: Option<String>,
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// CPU time of the server.
    pub server_cpu: Duration,
    /// Sorted, in units of 100 ns.
    latencies: Vec<u32>,
}

impl Measured {
    /// So much work done in that time, by something else than requests.
    pub fn of(answers: u32, elapsed: Duration, server_cpu: Duration) -> Self {
        Self { answers, elapsed, server_cpu, ..Self::default() }
    }

    /// Answers a second.
    pub fn rate(&self) -> f64 {
        f64::from(self.answers) / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// Microseconds of server CPU per answer.
    pub fn cpu(&self) -> f64 {
        self.server_cpu.as_secs_f64() * 1e6 / f64::from((self.answers + self.failures).max(1))
    }

    /// The latency in microseconds within which this share of answers (in per mille) stayed.
    pub fn latency(&self, per_mille: usize) -> f64 {
        let index = (self.latencies.len() * per_mille / 1_000).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(index).copied().map_or(0.0, |tenths| f64::from(tenths) / 10.0)
    }

    /// The longest latency, in microseconds.
    pub fn longest(&self) -> f64 {
        self.latencies.last().copied().map_or(0.0, |tenths| f64::from(tenths) / 10.0)
    }

    /// Counts one answer.
    pub fn count(&mut self, answer: &Answer<'_>, latency: Duration) {
        self.latencies.push(u32::try_from(latency.as_nanos() / 100).unwrap_or(u32::MAX));
        if answer.status < 400 || is_told_to_wait(answer) {
            self.answers += 1;
        } else {
            self.failures += 1;
            self.first_failure.get_or_insert_with(|| format!("{} {}", answer.status, answer.text()));
        }
    }

    /// Adds counts from elsewhere.
    pub fn merge(&mut self, other: Self) {
        self.answers += other.answers;
        self.failures += other.failures;
        self.first_failure = self.first_failure.take().or(other.first_failure);
        self.latencies.extend(other.latencies);
    }

    /// The same with other work running: the CPU share cannot be attributed.
    pub fn beside_other_work(self) -> Self {
        Self { server_cpu: Duration::ZERO, ..self }
    }

    /// Everything is counted.
    pub fn finished(mut self, elapsed: Duration, server_cpu: Duration) -> Self {
        self.latencies.sort_unstable();
        Self { elapsed, server_cpu, ..self }
    }
}

/// Runs one script per connection against `server`.
pub async fn run(server: &Process, extent: Extent, script: impl FnMut(u32) -> Script) -> Result<Measured, Failure> {
    run_at(server, server.port(), extent, script).await
}

/// The same at another port of that server.
pub async fn run_at(
    server: &Process,
    port: u16,
    extent: Extent,
    mut script: impl FnMut(u32) -> Script,
) -> Result<Measured, Failure> {
    let mut connections = Vec::new();
    for index in 0..extent.connections {
        connections.push((Connection::open(port).await?, script(index)));
    }
    let measured = Rc::new(RefCell::new(Measured::default()));
    let cpu_before = server.cpu()?;
    let begun = instant();
    let mut running = JoinSet::new();
    for (connection, script) in connections {
        let (measured, until) = (Rc::clone(&measured), begun + extent.time);
        running.spawn_local(async move { drive(connection, script, until, &measured).await });
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    let elapsed = begun.elapsed();
    let server_cpu = server.cpu()?.saturating_sub(cpu_before);
    drop(running);
    Ok(measured.take().finished(elapsed, server_cpu))
}

async fn drive(
    mut connection: Connection,
    mut script: Script,
    until: Instant,
    measured: &RefCell<Measured>,
) -> Result<(), Failure> {
    let mut next = script(None);
    let mut sent = instant();
    while let Some(request) = next {
        let answer = connection.send(&request).await?;
        let received = instant();
        measured.borrow_mut().count(&answer, received - sent);
        next = if received < until { script(Some(&answer)) } else { None };
        sent = received;
    }
    Ok(())
}

/// Requests that may be sent only once each, shared by all connections.
pub fn once_each(requests: Vec<Bytes>) -> impl FnMut(u32) -> Script {
    let requests = Rc::new(RefCell::new(requests.into_iter()));
    move |_| {
        let requests = Rc::clone(&requests);
        Box::new(move |_| requests.borrow_mut().next())
    }
}

/// Requests that are sent repeatedly; each connection starts at a different one.
pub fn in_turn(requests: Vec<Bytes>) -> impl FnMut(u32) -> Script {
    let requests: Rc<[Bytes]> = requests.into();
    move |connection| {
        let requests = Rc::clone(&requests);
        let mut index = usize::try_from(connection).unwrap_or_default() * 31;
        Box::new(move |_| {
            index += 1;
            requests.get(index % requests.len()).cloned()
        })
    }
}

/// The same scripts; `see` is called with every answer.
pub fn watched(
    mut scripts: impl FnMut(u32) -> Script,
    see: impl Fn(&Answer<'_>) + Clone + 'static,
) -> impl FnMut(u32) -> Script {
    move |connection| {
        let (mut script, see) = (scripts(connection), see.clone());
        Box::new(move |answer| {
            if let Some(answer) = answer {
                see(answer);
            }
            script(answer)
        })
    }
}

/// Whether a device was told to wait (RFC 8628 §3.5): what it polls for.
fn is_told_to_wait(answer: &Answer<'_>) -> bool {
    matches!(answer.json_text("error"), Some("authorization_pending" | "slow_down"))
}
