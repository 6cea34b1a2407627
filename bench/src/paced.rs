//! Open-loop load: requests are sent at fixed times, whether or not answers have arrived. Latencies count from the time
//! at which a request was due, so that a stalled server does not hide behind a waiting generator.

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
    let between = Duration::from_secs(1) / per_second;
    let begun = instant();
    let mut running = JoinSet::new();
    for index in 0..CONNECTIONS {
        let mut connection = Connection::open(server.port()).await?;
        let requests = requests.to_vec();
        running.spawn_local(async move {
            let mut measured = Measured::default();
            let first = usize::try_from(index).unwrap_or_default();
            for (number, request) in (0_u32..).zip(requests.iter().cycle().skip(first)) {
                let due = begun + between * (index + number * CONNECTIONS);
                if due.duration_since(begun) >= time {
                    break;
                }
                tokio::time::sleep_until(due.into()).await;
                let answer = connection.send(request).await?;
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
