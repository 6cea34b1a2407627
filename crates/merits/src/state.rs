//! The state of the API.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use moka::sync::Cache as Memory;
use sigma_core::digest::Digest;
use sigma_platform::state::AppState;

use crate::token::VerifiedOrgAccess;

/// The most tokens whose verification is remembered.
const MOST_TOKENS: u64 = 10_000;

/// The state of the server, and what the API remembers beside it; cheap to clone. Handlers that do not need the latter take
/// the former.
#[derive(Clone)]
pub struct MeritsState(Arc<Inner>);

struct Inner {
    shared: AppState,
    verified: Memory<Digest, Arc<VerifiedOrgAccess>>,
}

impl MeritsState {
    /// With an empty memory. A server has one.
    pub fn new(shared: AppState) -> Self {
        Self(Arc::new(Inner { shared, verified: Memory::new(MOST_TOKENS) }))
    }

    /// Org access tokens with a verified signature, by digest: their claims, never whether they are still good.
    pub(crate) fn verified(&self) -> &Memory<Digest, Arc<VerifiedOrgAccess>> {
        &self.0.verified
    }
}

impl Deref for MeritsState {
    type Target = AppState;

    fn deref(&self) -> &AppState {
        &self.0.shared
    }
}

impl FromRef<MeritsState> for AppState {
    fn from_ref(state: &MeritsState) -> Self {
        state.0.shared.clone()
    }
}
