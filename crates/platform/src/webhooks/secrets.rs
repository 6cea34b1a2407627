//! The secrets of webhooks: made, sealed, and opened to sign.

use sigma_core::ids::{OrgId, WebhookId};
use sigma_core::webhook::{SecretKind, SigningSecret};
use sigma_store::webhook::{NewSecret, StoredSecret, seal_context};
use zeroize::Zeroizing;

use crate::http::ApiError;
use crate::state::AppState;

/// A new secret.
pub struct Made {
    /// What is stored.
    pub stored: NewSecret,
    /// What the receiver verifies with. A shared secret is shown this once.
    pub to_verify: Zeroizing<String>,
}

/// Makes a secret for a webhook.
///
/// # Errors
/// Sealing fails.
pub fn make(sigma: &AppState, org_id: &OrgId, id: &WebhookId, kind: SecretKind) -> Result<Made, ApiError> {
    let secret = SigningSecret::generate(kind, &*sigma.rng).map_err(ApiError::internal)?;
    let stored = NewSecret::seal(&secret, org_id, id, &sigma.master_key, &*sigma.rng).map_err(ApiError::internal)?;
    Ok(Made { stored, to_verify: secret.to_verify() })
}

/// The secret that was sealed.
pub(super) fn open(
    sigma: &AppState,
    org_id: &OrgId,
    id: &WebhookId,
    stored: &StoredSecret,
) -> Result<SigningSecret, String> {
    let context = seal_context(org_id, id, &stored.id);
    let text = sigma.master_key.open(&context, &stored.sealed).map_err(|error| error.to_string())?;
    let text = std::str::from_utf8(&text).map_err(|error| error.to_string())?;
    SigningSecret::parse(text).map_err(|error| error.to_string())
}

/// The public keys among the secrets of a webhook: what a receiver verifies with may be shown as often as it is asked for.
///
/// # Errors
/// A secret cannot be opened.
pub fn to_verify(
    sigma: &AppState,
    org_id: &OrgId,
    id: &WebhookId,
    stored: &StoredSecret,
) -> Result<Option<String>, ApiError> {
    let secret = open(sigma, org_id, id, stored).map_err(|error| ApiError::internal(std::io::Error::other(error)))?;
    let shown = secret.to_verify();
    Ok(shown.starts_with("whpk_").then(|| shown.as_str().to_owned()))
}
