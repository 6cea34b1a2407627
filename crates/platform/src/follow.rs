//! What a server keeps in memory as the database has it, beyond what is cached row by row.

use std::future::Future;
use std::time::Duration;

use sigma_store::{Signal, StoreError};

use crate::state::AppState;

/// How long a change that the feed did not report may be missed.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// The pause after the store did not answer.
const STORE_AGAIN: Duration = Duration::from_secs(5);

/// Calls `load` now, at every change of that kind and once a minute, for as long as the server runs. `what` names it in the log.
pub async fn follow<F>(sigma: AppState, kind: &'static str, what: &'static str, load: impl Fn(AppState) -> F)
where
    F: Future<Output = Result<(), StoreError>>,
{
    let news = Signal::new(&sigma.store, kind);
    loop {
        let wait = match load(sigma.clone()).await {
            Ok(()) => LONGEST_WAIT,
            Err(error) => {
                tracing::warn!(%error, what, "what changed could not be loaded");
                STORE_AGAIN
            }
        };
        tokio::select! {
            () = news.changed() => {},
            () = tokio::time::sleep(wait) => {},
        }
    }
}
