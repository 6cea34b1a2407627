//! Counts of issued tokens per app: recorded in memory during a request, written in batches in the background. If the
//! process is killed, the last batch is lost.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sigma_core::app::GrantType;
use sigma_core::ids::AppId;
use sigma_core::time::Timestamp;
use sigma_store::StoreError;
use sigma_store::token_count::{self, TokenCount};

use crate::state::AppState;

/// How often they are written.
const INTERVAL: Duration = Duration::from_secs(20);
/// Minutes per write, at most: each may change the row of a day too.
const BATCH: usize = 200;
/// Most counts kept while the store does not answer; further ones are lost.
const MOST_WAITING: usize = 100_000;

/// The counts waiting to be written.
#[derive(Debug, Default)]
pub struct TokenCounts(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    /// Of the last minute in which each app was issued a token.
    current: HashMap<AppId, OfApp>,
    /// Of completed minutes.
    finished: Vec<TokenCount>,
}

/// The tokens of one app in one minute.
#[derive(Debug)]
struct OfApp {
    minute: Timestamp,
    /// In the order of [`GrantType::ALL`].
    tokens: [u64; GrantType::ALL.len()],
}

impl OfApp {
    fn rows(&self, app_id: &AppId) -> impl Iterator<Item = TokenCount> {
        GrantType::ALL.into_iter().zip(self.tokens).filter(|(_, tokens)| *tokens > 0).map(|(grant_type, tokens)| {
            let (app_id, minute) = (app_id.clone(), self.minute);
            TokenCount { app_id, grant_type: grant_type.as_str(), minute, tokens }
        })
    }
}

impl TokenCounts {
    /// Records that an app was issued a token.
    pub fn note(&self, app_id: &AppId, grant_type: GrantType, now: Timestamp) {
        let minute = Timestamp::from_seconds(now.seconds().div_euclid(60) * 60);
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = &mut *waiting;
        let fresh = || OfApp { minute, tokens: [0; GrantType::ALL.len()] };
        // An app that is already listed costs no copy of its id.
        let counted = match waiting.current.get_mut(app_id) {
            Some(counted) => counted,
            None => waiting.current.entry(app_id.clone()).or_insert_with(fresh),
        };
        if counted.minute != minute {
            if waiting.finished.len() < MOST_WAITING {
                waiting.finished.extend(counted.rows(app_id));
            }
            *counted = fresh();
        }
        let place = GrantType::ALL.into_iter().position(|one| one == grant_type);
        if let Some(tokens) = place.and_then(|place| counted.tokens.get_mut(place)) {
            *tokens += 1;
        }
    }

    fn take(&self) -> Vec<TokenCount> {
        let waiting = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let current = waiting.current.iter().flat_map(|(app_id, counted)| counted.rows(app_id));
        waiting.finished.into_iter().chain(current).collect()
    }

    fn put_back(&self, counts: &[TokenCount]) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MOST_WAITING.saturating_sub(waiting.finished.len());
        waiting.finished.extend(counts.iter().take(room).cloned());
    }
}

impl AppState {
    /// Writes the counts recorded since the last time.
    ///
    /// # Errors
    /// The store does not answer; unwritten counts are kept for the next time.
    pub async fn write_token_counts(&self) -> Result<(), StoreError> {
        let counts = self.token_counts.take();
        let mut batches = counts.chunks(BATCH);
        while let Some(batch) = batches.next() {
            let owned = batch.to_vec();
            if let Err(error) = self.store.write(move |tx| token_count::add(tx, &owned)).await {
                self.token_counts.put_back(batch);
                batches.for_each(|batch| self.token_counts.put_back(batch));
                return Err(error);
            }
        }
        Ok(())
    }
}

/// Writes them for as long as the server runs.
pub async fn keep_writing(sigma: AppState) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        if let Err(error) = sigma.write_token_counts().await {
            tracing::warn!(%error, "the counts of tokens could not be written, they will be at the next attempt");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_counted_by_app_grant_type_and_minute() {
        let counts = TokenCounts::default();
        let app = |name: &str| AppId::from_text(name);
        let at = |seconds| Timestamp::from_seconds(seconds);
        for (name, grant_type, seconds) in [
            ("shop", GrantType::RefreshToken, 60),
            ("shop", GrantType::RefreshToken, 119),
            ("shop", GrantType::AuthorizationCode, 70),
            ("shop", GrantType::RefreshToken, 120),
            ("job", GrantType::ClientCredentials, 61),
        ] {
            counts.note(&app(name), grant_type, at(seconds));
        }
        let row = |name, grant_type: GrantType, seconds, tokens| TokenCount {
            app_id: app(name),
            grant_type: grant_type.as_str(),
            minute: at(seconds),
            tokens,
        };
        let mut taken = counts.take();
        taken.sort_unstable();
        assert_eq!(
            taken,
            [
                row("job", GrantType::ClientCredentials, 60, 1),
                row("shop", GrantType::AuthorizationCode, 60, 1),
                row("shop", GrantType::RefreshToken, 60, 2),
                row("shop", GrantType::RefreshToken, 120, 1),
            ]
        );
        assert_eq!(counts.take(), []);
        counts.put_back(&taken);
        assert_eq!(counts.take().len(), 4);
    }
}
