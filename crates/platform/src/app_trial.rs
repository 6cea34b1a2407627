//! A test sign-in to an app: a real authorization request of the console, which comes back there instead of giving the app a code. The app's
//! redirect URI is checked as ever. Only the console makes such a request, because what marks it is sealed; what came back travels sealed
//! in an address, for the person who tested only, and is stored nowhere.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sigma_core::authorize::ErrorResponse;
use sigma_core::ids::{AppId, UserId};
use sigma_core::scope::Scopes;
use sigma_core::time::Timestamp;

use crate::http::ApiError;
use crate::interaction::Requested;
use crate::paths::CONSOLE_PATH;
use crate::state::AppState;

/// The parameter of an authorization request that is a test.
pub const PARAMETER: &str = "sigma_test";
/// The purposes of the sealed values.
const TICKET: &[u8] = b"sigma app test 1";
const RESULT: &[u8] = b"sigma app trial 1";
/// How long the address shows what came back.
const LIFE: Duration = Duration::from_mins(10);
/// Claims that are shown, the letters of each, and of all together: an address has room for few.
const MOST_CLAIMS: usize = 40;
const MOST_LETTERS: usize = 120;
const MOST_IN_ALL: usize = 2_500;

/// What marks a request as a test.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ticket {
    app_id: AppId,
    user_id: UserId,
    at: Timestamp,
}

/// What came back of a test.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Outcome {
    /// The app would have got a code for this.
    Granted {
        /// The scopes.
        scope: String,
        /// The claims of userinfo, at most some, shortened.
        claims: Vec<(String, String)>,
        /// Whether there are more.
        more: bool,
    },
    /// The app would have got this error.
    Refused {
        /// Its code.
        error: String,
        /// What it says.
        description: String,
    },
}

impl Outcome {
    /// What `app` would have learnt.
    pub fn granted(scope: &Scopes, claims: &Value) -> Self {
        let (mut shown, mut letters, mut more) = (Vec::new(), 0, false);
        for (name, value) in claims.as_object().into_iter().flatten() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let short: String = text.chars().take(MOST_LETTERS).collect();
            more |= short.len() < text.len();
            letters += name.len() + short.len();
            if shown.len() >= MOST_CLAIMS || letters > MOST_IN_ALL {
                more = true;
                break;
            }
            shown.push((name.clone(), short));
        }
        Self::Granted { scope: scope.to_string(), claims: shown, more }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Shown {
    ticket: Ticket,
    outcome: Outcome,
}

impl Ticket {
    /// What marks a request to `app` as a test of `user_id`: the value of [`PARAMETER`].
    ///
    /// # Errors
    /// Encryption failed, which cannot happen.
    pub fn seal(sigma: &AppState, app_id: &AppId, user_id: &UserId) -> Result<String, ApiError> {
        let ticket = Self { app_id: app_id.clone(), user_id: user_id.clone(), at: sigma.now() };
        let sealed = sigma.interaction_key.seal_value(TICKET, &ticket, &*sigma.rng);
        sealed.map_err(|_| ApiError::internal("a test could not be sealed"))
    }

    /// What marks this request as a test, if it is one.
    pub fn of(sigma: &AppState, requested: &Requested) -> Option<Self> {
        let ticket: Self = sigma.interaction_key.open_value(TICKET, requested.params.get(PARAMETER)?)?;
        // However old it is: without it, the app would get a code.
        (ticket.app_id == requested.app.id).then_some(ticket)
    }

    /// The address that shows whoever tests what came back.
    ///
    /// # Errors
    /// Encryption failed, which cannot happen.
    pub fn shown_at(self, sigma: &AppState, outcome: Outcome) -> Result<String, ApiError> {
        let page = format!("{CONSOLE_PATH}/apps/{}", self.app_id);
        let shown = Shown { ticket: Self { at: sigma.now(), ..self }, outcome };
        let sealed = sigma.interaction_key.seal_value(RESULT, &shown, &*sigma.rng);
        let sealed = sealed.map_err(|_| ApiError::internal("a test could not be sealed"))?;
        Ok(format!("{page}?trial={sealed}"))
    }

    /// The address that shows them the error that the app would have got.
    ///
    /// # Errors
    /// Encryption failed, which cannot happen.
    pub fn refused_at(self, sigma: &AppState, refusal: &ErrorResponse) -> Result<String, ApiError> {
        let (error, description) = (refusal.error.as_str().to_owned(), refusal.description.clone());
        self.shown_at(sigma, Outcome::Refused { error, description })
    }
}

/// What was sealed about a test of `user_id` with `app_id`, unless it is too long ago.
pub fn open(sigma: &AppState, (app_id, user_id): (&AppId, &UserId), sealed: &str) -> Option<Outcome> {
    let shown: Shown = sigma.interaction_key.open_value(RESULT, sealed)?;
    let Shown { ticket, outcome } = shown;
    let is_theirs = ticket.app_id == *app_id && ticket.user_id == *user_id;
    (is_theirs && sigma.now() < ticket.at.plus(LIFE)).then_some(outcome)
}
