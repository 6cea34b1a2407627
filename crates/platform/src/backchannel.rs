//! Tells apps that sessions ended (OpenID Connect Back-Channel Logout 1.0 §2.5): works off their queues.

use sigma_core::app::App;
use sigma_core::backchannel::LogoutClaims;
use sigma_core::ids::{AppId, TokenId};
use sigma_core::jose::{TokenKind, sign};
use sigma_core::time::Timestamp;
use sigma_store::logout::{self, Attempt, Logout};
use sigma_store::{Store, StoreError, cached};

use crate::outbound::Outgoing;
use crate::queues::{self, Queues};
use crate::state::AppState;

/// Ends that one app is told of before others have their turn. Each takes 5 s at most: all together less than the lease of a
/// queue.
const BATCH: u32 = 4;

/// The queues of apps.
struct Apps<'a>(&'a AppState);

impl Queues for Apps<'_> {
    type Turn = AppId;

    const WHAT: &'static str = "ends of sessions";
    const SIGNAL: &'static str = cached::LOGOUT;
    const MOST: usize = 8;

    fn store(&self) -> &Store {
        &self.0.store
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.0.store.read(logout::next_due).await
    }

    async fn take(&self, now: Timestamp, most: u32) -> Result<Vec<AppId>, StoreError> {
        self.0.store.write(move |tx| logout::take(tx, now, most)).await
    }

    async fn work_off(&self, app_id: AppId) -> Result<(), StoreError> {
        work_off(self.0, app_id).await
    }
}

/// Tells apps for as long as the server runs.
pub async fn run(sigma: AppState) {
    queues::run(&Apps(&sigma)).await;
}

/// Gives the queues that are due a turn, as many as have one at once; returns how many.
///
/// # Errors
/// The store does not answer.
pub async fn deliver_due(sigma: &AppState) -> Result<usize, StoreError> {
    queues::work_off_due(&Apps(sigma)).await
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
