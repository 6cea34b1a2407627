//! Storing a backup, from any endpoint.

use http::StatusCode;
use sigma_bitcoin::BapId;
use sigma_core::actor::Actor;
use sigma_core::backup::{BackupError, EncryptedBackup};
use sigma_core::ids::{BackupId, UserId};
use sigma_store::backup::{self, NewBackup, Storing, seal_context};
use sigma_store::signed_request::SignedRequest;

use super::not_theirs;
use crate::error::bad_request;
use crate::extract::rejected;
use crate::http::{ApiError, Refusal, RequestContext, Rule};
use crate::state::AppState;

/// Reads a backup as a client sent it.
///
/// # Errors
/// 400, or 413 for one that is too long.
pub fn read(text: Option<&str>) -> Result<EncryptedBackup, ApiError> {
    let text = text.filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| bad_request("invalid_request", "encryptedBackup required"))?;
    EncryptedBackup::parse(text).map_err(|error| match error {
        BackupError::TooLong => ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", error.to_string()),
        BackupError::NotBase64 | BackupError::TooShort => bad_request("invalid_request", error.to_string()),
    })
}

/// A backup for the store: sealed, so that a copy of the database alone cannot be attacked by guessing passwords.
///
/// # Errors
/// Sealing fails.
pub fn prepare(
    sigma: &AppState,
    user_id: &UserId,
    bap_id: BapId,
    backup: &EncryptedBackup,
    signed: Option<SignedRequest>,
) -> Result<NewBackup, ApiError> {
    let now = sigma.now();
    let id = BackupId::new(now, &*sigma.rng);
    let sealed = sigma.master_key.seal(&seal_context(&id), backup.as_bytes(), &*sigma.rng);
    Ok(NewBackup {
        sealed: sealed.map_err(ApiError::internal)?,
        id,
        user_id: user_id.clone(),
        bap_id,
        hash: backup.digest(),
        size: i64::try_from(backup.text_length()).unwrap_or(i64::MAX),
        signed,
        now,
    })
}

/// Stores a backup of the user.
///
/// # Errors
/// 403 for an identity that is not theirs, 401 for a message that was used before, 409 for too many, 429.
pub async fn keep(sigma: &AppState, context: &RequestContext, new: NewBackup) -> Result<(), Refusal> {
    context.charge(Rule::BackupWrite, new.user_id.as_str())?;
    let store = sigma.store_for(context, Actor::User(new.user_id.clone()));
    Ok(explain(store.write(move |tx| backup::store(tx, &new)).await?)?)
}

/// The answer to what could not be stored.
///
/// # Errors
/// As [`keep`].
pub fn explain(outcome: Storing) -> Result<(), ApiError> {
    match outcome {
        Storing::Stored => Ok(()),
        Storing::NotTheirs => Err(not_theirs()),
        Storing::Rejected(cause) => Err(rejected(cause)),
        Storing::TooMuch => Err(too_much()),
    }
}

/// The account has no room for a backup.
pub fn too_much() -> ApiError {
    let words = "Your account stores as much as it may. Remove a backup first.";
    ApiError::new(StatusCode::CONFLICT, "backup_limit", words)
}
