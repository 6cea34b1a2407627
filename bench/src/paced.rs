//! Open-loop load: requests are sent at fixed times, whether or not answers have arrived. Latencies count from the time
//! at which a request was due, so that a stalled server does not hide behind a waiting generator.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinSet;

use crate::http::Connection;
use crate::load::Measured;
use crate::process::Process;
use crate::system::{Failure, instant};

/// Connections that share the pace, so that one slow answer delays few others.
const CONNECTIONS: u32 = 20;

/// Sends `requests` in turn at `per_second` for `time`.
pub async fn run(server: &Process, per_second: u32, time: Duration, requests: &[Bytes]) -> Result<Measured, Failure> {
    let requests: Rc<[Bytes]> = requests.into();
    send(server, Duration::from_secs(1) / per_second, move |number, due| {
        let index = usize::try_from(number).unwrap_or_default();
        let next = requests.get(index.checked_rem(requests.len())?).cloned();
        next.filter(|_| due < time)
    })
    .await
}

/// Sends each of `requests` once, at `per_second`.
pub async fn each_once(server: &Process, per_second: f64, requests: &[Bytes]) -> Result<Measured, Failure> {
    let requests: Rc<[Bytes]> = requests.into();
    let between = Duration::from_secs_f64(1.0 / per_second.max(1.0));
    send(server, between, move |number, _| requests.get(usize::try_from(number).ok()?).cloned()).await
}

/// Sends what `next` says for each number and the time at which it is due, until it says nothing.
async fn send(
    server: &Process,
    between: Duration,
    next: impl Fn(u32, Duration) -> Option<Bytes> + Clone + 'static,
) -> Result<Measured, Failure> {
    let begun = instant();
    let mut running = JoinSet::new();
    for index in 0..CONNECTIONS {
        let mut connection = Connection::open(server.port()).await?;
        let next = next.clone();
        running.spawn_local(async move {
            let mut measured = Measured::default();
            for number in (0..).map(|round| index + round * CONNECTIONS) {
                let due = between * number;
                let Some(request) = next(number, due) else { break };
                let due = begun + due;
                tokio::time::sleep_until(due.into()).await;
                let answer = connection.send(&request).await?;
                measured.count(&answer, due.elapsed());
            }
            Ok::<_, Failure>(measured)
        });
    }
    let mut all = Measured::default();
    while let Some(ended) = running.join_next().await {
        all.merge(ended??);
    }
    Ok(all.finished(begun.elapsed(), Duration::ZERO))
}
