//! A test sign-in: what a provider told of the account with which somebody who runs the server went through it. It makes neither
//! session nor account; what came back travels sealed in an address, for the person who tested only, and is stored nowhere.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sigma_core::ids::UserId;
use sigma_core::provider::ProviderId;
use sigma_core::time::Timestamp;

use super::{Provider, Told};
use crate::http::ApiError;
use crate::paths::CONSOLE_PROVIDERS_PATH;
use crate::state::AppState;

/// The purpose of the sealed value.
const CONTEXT: &[u8] = b"sigma provider trial 1";
/// How long the address shows it.
const LIFE: Duration = Duration::from_mins(10);
/// Groups that are shown, and the letters of each.
const MOST_GROUPS: usize = 30;
const MOST_LETTERS: usize = 60;

/// What came back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trial {
    user_id: UserId,
    at: Timestamp,
    /// The provider.
    pub provider: ProviderId,
    /// The account there.
    pub subject: String,
    /// Its name.
    pub name: String,
    /// Its address.
    pub email: Option<String>,
    /// Whether the provider says that it verified the address.
    pub email_verified: bool,
    /// Its groups: at most some, shortened.
    pub groups: Vec<String>,
    /// How many groups it has.
    pub group_count: usize,
    /// When the user authenticated there, if it says so.
    pub auth_time: Option<Timestamp>,
}

impl Trial {
    /// The address that shows `user_id` what `provider` told.
    ///
    /// # Errors
    /// Encryption failed, which cannot happen.
    pub fn shown_at(sigma: &AppState, user_id: &UserId, provider: &Provider, told: &Told) -> Result<String, ApiError> {
        let claimed = &told.claimed;
        let groups = claimed.groups.iter().take(MOST_GROUPS);
        let trial = Self {
            user_id: user_id.clone(),
            at: sigma.now(),
            provider: provider.id().clone(),
            subject: told.subject.as_str().to_owned(),
            name: claimed.name.clone(),
            email: claimed.email.as_ref().map(|email| email.address().to_owned()),
            email_verified: claimed.email_verified,
            groups: groups.map(|group| group.chars().take(MOST_LETTERS).collect()).collect(),
            group_count: claimed.groups.len(),
            auth_time: told.auth_time,
        };
        let sealed = sigma.interaction_key.seal_value(CONTEXT, &trial, &*sigma.rng);
        let sealed = sealed.map_err(|_| ApiError::internal("a test could not be sealed"))?;
        Ok(format!("{CONSOLE_PROVIDERS_PATH}?trial={sealed}"))
    }

    /// What was sealed for `user_id`, unless it is too long ago.
    pub fn open(sigma: &AppState, user_id: &UserId, sealed: &str) -> Option<Self> {
        let trial: Self = sigma.interaction_key.open_value(CONTEXT, sealed)?;
        (trial.user_id == *user_id && sigma.now() < trial.at.plus(LIFE)).then_some(trial)
    }
}
