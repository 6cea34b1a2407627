//! Logs of one test among others that run at the same time.

use std::sync::LazyLock;

use tracing::subscriber::{DefaultGuard, NoSubscriber};
use tracing::{Dispatch, Subscriber};

/// While there is one subscriber alone, `tracing` asks the thread that first reaches a line of code whether anybody wants it, and keeps
/// the answer: a thread of another test, which has no subscriber, would switch that line off for all. With a second one it asks both.
static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::new()));

/// Has `subscriber` keep what this thread logs until the guard is dropped.
pub fn keep(subscriber: impl Subscriber + Send + Sync + 'static) -> DefaultGuard {
    LazyLock::force(&SECOND);
    tracing::subscriber::set_default(subscriber)
}
