//! Reads the audit trail for webhooks. Nothing of it is on the way of a sign-in, and nothing is read while there is no webhook.

use std::time::Duration;

use sigma_store::webhook::follow::{self, Cursor};
use sigma_store::{Signal, StoreError, cached};
use tokio::time::sleep;

use crate::state::AppState;

/// How often the trail is read.
const ROUND: Duration = Duration::from_secs(1);
/// How long a new webhook is unknown if its signal was missed.
const IDLE: Duration = Duration::from_secs(30);
/// The pause after the store did not answer.
const STORE_AGAIN: Duration = Duration::from_secs(5);

/// Follows the audit trail for as long as the server runs.
pub async fn follow(sigma: AppState) {
    let changed = Signal::new(&sigma.store, cached::WEBHOOK);
    loop {
        let wait = match round(&sigma).await {
            Ok(true) => ROUND,
            Ok(false) => IDLE,
            Err(error) => {
                tracing::warn!(%error, "the audit trail could not be read for webhooks");
                STORE_AGAIN
            }
        };
        tokio::select! {
            () = changed.changed() => {}
            () = sleep(wait) => {}
        }
    }
}

/// Reads what is new; returns whether there is a webhook to read for.
async fn round(sigma: &AppState) -> Result<bool, StoreError> {
    follow_due(sigma).await?;
    sigma.store.read(follow::is_wanted).await
}

/// Queues the deliveries of all events that were recorded since; returns how many were read.
///
/// # Errors
/// The store does not answer.
pub async fn follow_due(sigma: &AppState) -> Result<usize, StoreError> {
    let (most_waiting, mut events) = (sigma.settings.webhooks.waiting, 0);
    for cursor in Cursor::ALL {
        loop {
            let now = sigma.store.database_now();
            // An idle round writes nothing.
            if !sigma.store.read(move |tx| follow::is_behind(tx, cursor, now)).await? {
                break;
            }
            match sigma.store.write(move |tx| follow::follow(tx, cursor, most_waiting, now)).await? {
                0 => break,
                read => events += read,
            }
        }
    }
    Ok(events)
}
