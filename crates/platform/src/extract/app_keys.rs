//! The keys with which an app signs assertions and request objects.

use std::sync::Arc;

use sigma_core::app::App;
use sigma_core::jose::JwkSet;
use sigma_core::time::Timestamp;

use crate::state::AppState;

/// The registered key set of `app`, or the one that it publishes; `None` if it has neither, or it cannot be fetched.
/// `is_known` tells whether a set holds the required key: one that does not may be outdated.
pub async fn keys_of(
    sigma: &AppState,
    app: &App,
    now: Timestamp,
    is_known: impl Fn(&JwkSet) -> bool,
) -> Option<Arc<JwkSet>> {
    match (&app.jwks, &app.jwks_uri) {
        (Some(jwks), _) => JwkSet::parse(jwks.as_bytes()).ok().map(Arc::new),
        (None, Some(uri)) => sigma.addresses_of(app).key_sets.find(uri, now, is_known).await,
        (None, None) => None,
    }
}
