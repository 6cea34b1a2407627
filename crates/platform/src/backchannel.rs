//! Tells apps that sessions ended (OpenID Connect Back-Channel Logout 1.0 §2.5): works off their queues, a few apps at once
//! and each by itself, so that one that hangs holds up nobody else. Queues take turns, so that one that is slow does neither.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use sigma_core::app::App;
use sigma_core::backchannel::LogoutClaims;
use sigma_core::ids::{AppId, TokenId};
use sigma_core::jose::{TokenKind, sign};
use sigma_store::logout::{self, Attempt, Logout};
use sigma_store::{Signal, StoreError, cached};
use tokio::time::sleep;

use crate::outbound::Outgoing;
use crate::state::AppState;

/// Apps that are told at once.
const MOST_APPS: usize = 8;
/// Ends that one app is told of before others have their turn. Each takes 5 s at most: all together less than the lease of a
/// queue.
const BATCH: u32 = 4;
/// How long nothing is asked when nothing is known to come: a signal that was missed costs as much.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// The pause after the store did not answer.
const STORE_AGAIN: Duration = Duration::from_secs(5);

/// Tells apps for as long as the server runs.
pub async fn run(sigma: AppState) {
    let queued = Signal::new(&sigma.store, cached::LOGOUT);
    let failed = |error: StoreError| {
        tracing::warn!(%error, "ends of sessions could not be taken from the store");
        STORE_AGAIN
    };
    let mut working = FuturesUnordered::new();
    loop {
        let free = MOST_APPS.saturating_sub(working.len());
        let mut wait = match take_due(&sigma, free).await {
            Ok(apps) if apps.is_empty() && free > 0 => until_due(&sigma).await.unwrap_or(STORE_AGAIN),
            Ok(apps) => {
                working.extend(apps.into_iter().map(|app_id| work_off(&sigma, app_id)));
                LONGEST_WAIT
            }
            Err(error) => failed(error),
        };
        loop {
            tokio::select! {
                Some(done) = working.next(), if !working.is_empty() => match done {
                    Ok(()) => break,
                    Err(error) => wait = failed(error),
                },
                () = queued.changed() => break,
                () = sleep(wait) => break,
            }
        }
    }
}

/// Claims at most `most` queues that are due. An idle round writes nothing.
async fn take_due(sigma: &AppState, most: usize) -> Result<Vec<AppId>, StoreError> {
    // A claim is a lease: all processes judge it by the clock of the database.
    let now = sigma.store.database_now();
    if most == 0 || sigma.store.read(logout::next_due).await?.is_none_or(|due_at| due_at > now) {
        return Ok(Vec::new());
    }
    let most = u32::try_from(most).unwrap_or(u32::MAX);
    sigma.store.write(move |tx| logout::take(tx, now, most)).await
}

/// How long until a queue is due.
async fn until_due(sigma: &AppState) -> Result<Duration, StoreError> {
    let due_at = sigma.store.read(logout::next_due).await?;
    let now = sigma.store.database_now();
    Ok(due_at.map_or(LONGEST_WAIT, |due_at| due_at.since(now).min(LONGEST_WAIT)))
}

/// Gives the queues that are due a turn, as many as have one at once; returns how many.
///
/// # Errors
/// The store does not answer.
pub async fn deliver_due(sigma: &AppState) -> Result<usize, StoreError> {
    let apps = take_due(sigma, MOST_APPS).await?;
    let taken = apps.len();
    let done = join_all(apps.into_iter().map(|app_id| work_off(sigma, app_id))).await;
    done.into_iter().collect::<Result<Vec<()>, _>>()?;
    Ok(taken)
}

/// Tells one app what waits for it, until its endpoint fails or its turn is over.
async fn work_off(sigma: &AppState, app_id: AppId) -> Result<(), StoreError> {
    let (wanted, now) = (app_id.clone(), sigma.store.database_now());
    let waiting = sigma.store.read(move |tx| logout::waiting(tx, &wanted, now, BATCH)).await?;
    let app = sigma.find_app(&app_id).await?;
    let mut failed = false;
    for end in waiting {
        let attempt = match &app {
            Some(app) => tell(sigma, app, &end).await,
            None => Attempt::Dropped,
        };
        failed = matches!(attempt, Attempt::Failed { .. });
        let outcome = match &attempt {
            Attempt::Delivered { .. } => "delivered",
            Attempt::Refused { .. } => "refused",
            Attempt::Failed { .. } => "failed",
            Attempt::Dropped => "dropped",
        };
        metrics::counter!("sigma_backchannel_logouts_total", "outcome" => outcome).increment(1);
        let (recorded, now) = (attempt.clone(), sigma.store.database_now());
        let is_last = sigma.store.write(move |tx| logout::record(tx, &end, &recorded, now)).await?;
        if !matches!(attempt, Attempt::Delivered { .. }) {
            tracing::warn!(app = %app_id, ?attempt, given_up = is_last, "an app could not be told of the end of a session");
        }
        if failed {
            break;
        }
    }
    let (wanted, now) = (app_id.clone(), sigma.store.database_now());
    sigma.store.write(move |tx| logout::give_back(tx, &wanted, failed, now)).await
}

/// Tells an app that one session ended.
async fn tell(sigma: &AppState, app: &App, end: &Logout) -> Attempt {
    let failed = |error: String| Attempt::Failed { status: None, error };
    let Some(registered) = app.backchannel_logout.as_ref().filter(|_| !app.disabled) else {
        return Attempt::Dropped;
    };
    let now = sigma.now();
    let id = TokenId::new(now, &*sigma.rng);
    let claims = LogoutClaims::of(sigma.issuer(), &app.client_id, (&end.user_id, &end.session_id), &id, now);
    let ring = sigma.keys.ring(&sigma.master_key).await;
    let token = match sign(ring.signer(app.id_token_alg, now), TokenKind::Logout, &claims) {
        Ok(token) => token,
        Err(error) => return failed(error.to_string()),
    };
    let form = [("logout_token", token.as_str())];
    let outgoing = Outgoing { form: Some(&form), ..Outgoing::get(registered.uri.as_str()) };
    match sigma.addresses_of(app).fetcher.ask(outgoing).await {
        // §2.8 wants 200, and frameworks send 204 for an empty one.
        Ok(answer) if (200..300).contains(&answer.status) => Attempt::Delivered { status: answer.status },
        // What is wrong with this token, or with this session there, is not wrong with others.
        Ok(answer) if answer.status == 400 => Attempt::Refused { status: answer.status },
        Ok(answer) => Attempt::Failed { status: Some(answer.status), error: "another status than 200".to_owned() },
        Err(error) => failed(error.to_string()),
    }
}
