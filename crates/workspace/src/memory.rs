//! What lets a call be checked without the store, besides [`sigma_platform::orgs`]: sessions and keys, until the change feed reports
//! a change, and resolved credentials, until any row that they depend on changes.

use std::sync::Arc;

use sigma_core::digest::Digest;
use sigma_core::ids::OrgId;
use sigma_store::org::api_key::{self, ApiKey};
use sigma_store::org::session::{self, OrgSession};
use sigma_store::{Cache, Store, StoreError, Tx, Watch, cached};

use crate::caller_cache::CallerCache;
use crate::state::WorkspaceState;
use crate::uses::Uses;

/// The cache of one process.
pub struct WorkspaceMemory {
    sessions: Cache<Arc<OrgSession>>,
    keys: Cache<Arc<ApiKey>>,
    /// Changes to anything that a credential's resolution depends on.
    pub watch: Watch,
    /// Resolved credentials.
    pub callers: CallerCache,
    /// When keys were used.
    pub uses: Uses,
}

impl WorkspaceMemory {
    /// An empty memory.
    pub fn new(store: &Store) -> Self {
        let kinds =
            [cached::ORG, cached::MEMBERSHIP, cached::ROLE, cached::ORG_SESSION, cached::API_KEY, cached::ACCOUNT];
        Self {
            sessions: Cache::new(store, cached::ORG_SESSION, 20_000),
            keys: Cache::new(store, cached::API_KEY, 10_000),
            watch: Watch::new(store, &kinds),
            callers: CallerCache::default(),
            uses: Uses::default(),
        }
    }
}

impl WorkspaceState {
    /// The session of that name, live or not.
    ///
    /// # Errors
    /// The store does not answer.
    pub(super) async fn find_org_session(
        &self,
        org_id: &OrgId,
        jti: &str,
    ) -> Result<Option<Arc<OrgSession>>, StoreError> {
        let prepare = || {
            let (org, wanted) = (org_id.clone(), jti.to_owned());
            move |tx: &mut dyn Tx| Ok(session::find(tx, &org, &wanted)?.map(Arc::new))
        };
        self.memory().sessions.get_or_load(&cached::key_in(org_id, jti), prepare).await
    }

    /// The key of that digest, in any workspace, active or not.
    ///
    /// # Errors
    /// The store does not answer.
    pub(super) async fn find_api_key(&self, hash: &Digest) -> Result<Option<Arc<ApiKey>>, StoreError> {
        let wanted = *hash;
        let prepare = || move |tx: &mut dyn Tx| Ok(api_key::find_by_hash(tx, &wanted)?.map(Arc::new));
        self.memory().keys.get_or_load(&hash.base64url(), prepare).await
    }
}
