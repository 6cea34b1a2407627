//! What gives others access to an org, as the pages and the management API make it.

use sigma_core::ids::{ApiKeyId, ScimConnectionId};
use sigma_core::org::{ApiKeyDraft, ApiKeySecret};
use sigma_core::scim::ScimToken;
use sigma_platform::paths::SCIM_PATH;
use sigma_platform::state::AppState;
use sigma_store::operator::directories::NewDirectory;
use sigma_store::org::api_key::NewApiKey;

/// A new API key, and the key itself.
pub fn new_api_key(sigma: &AppState, draft: ApiKeyDraft) -> (NewApiKey, ApiKeySecret) {
    let ApiKeyDraft { name, permissions, expires_at } = draft;
    let secret = ApiKeySecret::generate(&*sigma.rng);
    let id = ApiKeyId::new(sigma.now(), &*sigma.rng);
    (NewApiKey { id, name, hash: secret.digest(), permissions, expires_at }, secret)
}

/// A new directory of that name, which was validated, and its token.
pub fn new_directory(sigma: &AppState, name: String, maps_roles: bool) -> (NewDirectory, ScimToken) {
    let token = ScimToken::generate(&*sigma.rng);
    let id = ScimConnectionId::new(sigma.now(), &*sigma.rng);
    (NewDirectory { id, name, maps_roles, hash: token.digest() }, token)
}

/// Where directories send their requests.
pub fn scim_url(sigma: &AppState) -> String {
    format!("{}{SCIM_PATH}", sigma.issuer())
}
