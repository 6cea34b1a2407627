//! Redirect URIs that were refused: noted in memory during a request, written in batches in the background. Anybody may cause some, so
//! neither memory nor writes depend on how many there are, and no app keeps another out; if the process is killed, the last batch is lost.

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
/// URIs of all apps between two writes.
const MOST: usize = 1_000;
/// Characters of a URI that are kept.
const LONGEST: usize = 500;

/// What waits to be written.
#[derive(Debug, Default)]
pub struct RedirectRefusals(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    apps: HashMap<AppId, OfApp>,
    /// The URIs of all of them.
    uris: usize,
}

#[derive(Debug, Default)]
struct OfApp {
    /// Whether anybody may have registered it.
    is_dynamic: bool,
    uris: HashMap<String, Noted>,
}

#[derive(Clone, Copy, Debug)]
struct Noted {
    refusals: u64,
    last_at: Timestamp,
}

impl RedirectRefusals {
    /// Notes that an app sent a URI that it has not registered. Where there is no room, the app with the most of them makes some.
    pub fn note(&self, app_id: &AppId, is_dynamic: bool, uri: &str, now: Timestamp) {
        let uri: String = uri.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_app = waiting.apps.get(app_id);
        if !of_app.is_some_and(|of_app| of_app.uris.contains_key(&uri)) {
            let held = of_app.map_or(0, |of_app| of_app.uris.len());
            if held >= MOST_PER_APP || (waiting.uris >= MOST && !waiting.make_room(held, is_dynamic)) {
                return;
            }
            waiting.uris += 1;
        }
        let of_app = waiting.apps.entry(app_id.clone()).or_default();
        of_app.is_dynamic = is_dynamic;
        let noted = of_app.uris.entry(uri).or_insert(Noted { refusals: 0, last_at: now });
        *noted = Noted { refusals: noted.refusals.saturating_add(1), last_at: now };
    }

    fn take(&self) -> Vec<RedirectRefusal> {
        let waiting = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let rows = waiting.apps.into_iter().flat_map(|(app_id, of_app)| {
            of_app.uris.into_iter().map(move |(uri, noted)| {
                let (refusals, last_at) = (noted.refusals, noted.last_at);
                RedirectRefusal { app_id: app_id.clone(), uri, refusals, last_at }
            })
        });
        rows.collect()
    }
}

impl Waiting {
    /// Forgets the URI that was sent least often of the app with the most of them, for one of an app that has `held`; returns whether
    /// that is fair: that app has more, or registered itself as the other did not.
    fn make_room(&mut self, held: usize, is_dynamic: bool) -> bool {
        // Those that registered themselves come first where the operator's own app needs room.
        let rank = |of_app: &OfApp| (!is_dynamic && of_app.is_dynamic, of_app.uris.len(), of_app.is_dynamic);
        let fullest = self.apps.iter_mut().max_by_key(|(_, of_app)| rank(of_app));
        let Some((app_id, of_app)) = fullest else { return false };
        let is_fair = of_app.uris.len() > held + 1 || (of_app.is_dynamic && !is_dynamic);
        let least = of_app.uris.iter().min_by_key(|(_, noted)| (noted.refusals, noted.last_at));
        let Some(least) = least.map(|(uri, _)| uri.clone()).filter(|_| is_fair) else { return false };
        of_app.uris.remove(&least);
        self.uris = self.uris.saturating_sub(1);
        if of_app.uris.is_empty() {
            let emptied = app_id.clone();
            self.apps.remove(&emptied);
        }
        true
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

    fn app(number: usize) -> AppId {
        AppId::from_text(format!("app_{number}"))
    }

    #[test]
    fn memory_does_not_depend_on_how_many_are_sent() {
        let noted = RedirectRefusals::default();
        let now = Timestamp::from_seconds(1);
        for number in 0..MOST / MOST_PER_APP {
            for uri in 0..MOST_PER_APP + 20 {
                noted.note(&app(number), true, &format!("https://a.example/{uri}"), now);
            }
        }
        noted.note(&app(0), true, "https://a.example/0", Timestamp::from_seconds(2));
        noted.note(&app(1), true, &"x".repeat(10_000), now);
        let taken = noted.take();
        assert_eq!(taken.len(), MOST);
        let again = taken.iter().find(|one| one.app_id == app(0) && one.uri == "https://a.example/0").unwrap();
        assert_eq!((again.refusals, again.last_at), (2, Timestamp::from_seconds(2)));
        assert!(noted.take().is_empty());
    }

    #[test]
    fn busy_apps_keep_no_other_out() {
        let noted = RedirectRefusals::default();
        let now = Timestamp::from_seconds(1);
        let count =
            |taken: &[RedirectRefusal], wanted: &AppId| taken.iter().filter(|one| one.app_id == *wanted).count();
        // However many registered themselves, each has a share.
        for number in 0..MOST {
            for uri in 0..2 {
                noted.note(&app(number), true, &format!("https://a.example/{uri}"), now);
            }
        }
        // And whoever was registered by the operator has one even so.
        let own = AppId::from_text("app_own");
        for uri in 0..MOST_PER_APP {
            noted.note(&own, false, &format!("https://own.example/{uri}"), now);
        }
        let taken = noted.take();
        assert_eq!((taken.len(), count(&taken, &own)), (MOST, MOST_PER_APP));
        assert!((0..MOST - MOST_PER_APP).all(|number| count(&taken, &app(number)) <= 1 + MOST_PER_APP));
        for number in 0..150 {
            for uri in 0..MOST_PER_APP {
                noted.note(&app(number), true, &format!("https://a.example/{uri}"), now);
            }
        }
        let taken = noted.take();
        assert!((0..150).all(|number| count(&taken, &app(number)) >= 4), "{}", taken.len());
    }
}
