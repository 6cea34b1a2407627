//! Redirect URIs that were refused: noted in memory during a request, written in batches in the background. Anybody may cause some, so
//! neither memory nor writes depend on how many there are; if the process is killed, the last batch is lost.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sigma_core::ids::AppId;
use sigma_core::time::Timestamp;
use sigma_store::StoreError;
use sigma_store::redirect_refusal::{self, RedirectRefusal};

use crate::state::AppState;

/// How often they are written.
const INTERVAL: Duration = Duration::from_secs(20);
/// Different URIs of one app between two writes; further ones are not noted.
const MOST_PER_APP: usize = 10;
/// Apps between two writes.
const MOST_APPS: usize = 100;
/// Characters of a URI that are kept.
const LONGEST: usize = 500;

/// What waits to be written.
#[derive(Debug, Default)]
pub struct RedirectRefusals(Mutex<HashMap<AppId, HashMap<String, Noted>>>);

#[derive(Clone, Copy, Debug)]
struct Noted {
    refusals: u64,
    last_at: Timestamp,
}

impl RedirectRefusals {
    /// Notes that an app sent a URI that it has not registered.
    pub fn note(&self, app_id: &AppId, uri: &str, now: Timestamp) {
        let uri: String = uri.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !waiting.contains_key(app_id) && waiting.len() >= MOST_APPS {
            return;
        }
        let of_app = waiting.entry(app_id.clone()).or_default();
        if !of_app.contains_key(&uri) && of_app.len() >= MOST_PER_APP {
            return;
        }
        let noted = of_app.entry(uri).or_insert(Noted { refusals: 0, last_at: now });
        *noted = Noted { refusals: noted.refusals.saturating_add(1), last_at: now };
    }

    fn take(&self) -> Vec<RedirectRefusal> {
        let waiting = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let rows = waiting.into_iter().flat_map(|(app_id, of_app)| {
            of_app.into_iter().map(move |(uri, noted)| {
                let (refusals, last_at) = (noted.refusals, noted.last_at);
                RedirectRefusal { app_id: app_id.clone(), uri, refusals, last_at }
            })
        });
        rows.collect()
    }
}

impl AppState {
    /// Writes what was noted since the last time. What cannot be written is dropped: it comes again if it matters.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn write_redirect_refusals(&self) -> Result<(), StoreError> {
        let refused = self.redirect_refusals.take();
        if refused.is_empty() {
            return Ok(());
        }
        self.store.write(move |tx| redirect_refusal::add(tx, &refused)).await
    }
}

/// Writes them for as long as the server runs.
pub async fn keep_writing(sigma: AppState) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        if let Err(error) = sigma.write_redirect_refusals().await {
            tracing::warn!(%error, "refused redirect URIs could not be written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_does_not_depend_on_how_many_are_sent() {
        let noted = RedirectRefusals::default();
        let now = Timestamp::from_seconds(1);
        for app in 0..MOST_APPS + 50 {
            for uri in 0..MOST_PER_APP + 20 {
                noted.note(&AppId::from_text(format!("app_{app}")), &format!("https://a.example/{uri}"), now);
            }
        }
        noted.note(&AppId::from_text("app_0"), "https://a.example/0", Timestamp::from_seconds(2));
        noted.note(&AppId::from_text("app_1"), &"x".repeat(10_000), now);
        let taken = noted.take();
        assert_eq!(taken.len(), MOST_APPS * MOST_PER_APP);
        let again =
            taken.iter().find(|one| one.app_id.as_str() == "app_0" && one.uri == "https://a.example/0").unwrap();
        assert_eq!((again.refusals, again.last_at), (2, Timestamp::from_seconds(2)));
        assert!(noted.take().is_empty());
    }
}
