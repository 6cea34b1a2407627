//! The cache of workspaces, which lets a call be checked without the store: rows, until the change feed reports a
//! change, and resolved credentials, until any row that they depend on changes.

use std::sync::{Arc, OnceLock};

use sigma_core::digest::Digest;
use sigma_core::ids::{OrgId, RoleId, UserId};
use sigma_core::org::{Authority, KeyPermissions, MemberTokenClaims, Role, RolePermissions, SessionKey};
use sigma_core::time::Timestamp;
use sigma_store::org::api_key::{self, ApiKey};
use sigma_store::org::membership::{self, Member};
use sigma_store::org::role;
use sigma_store::org::secret::{StoredSecret, seal_context};
use sigma_store::org::session::{self, OrgSession};
use sigma_store::org::{self, Org};
use sigma_store::{Cache, MasterKey, Store, StoreError, Watch, cached};

use crate::state::AppState;
use crate::workspace::caller_cache::CallerCache;
use crate::workspace::uses::Uses;

/// Tolerated clock skew between our processes, in seconds.
const SKEW: i64 = 60;

/// The cache of one process.
pub struct WorkspaceMemory {
    orgs: Cache<Arc<CachedOrg>>,
    members: Cache<Arc<Member>>,
    roles: Cache<Arc<RoleSummary>>,
    sessions: Cache<Arc<OrgSession>>,
    keys: Cache<Arc<ApiKey>>,
    /// Changes to anything that a credential's resolution depends on.
    pub(super) watch: Watch,
    /// Resolved credentials.
    pub(super) callers: CallerCache,
    /// When keys were used.
    pub(super) uses: Uses,
}

impl WorkspaceMemory {
    /// An empty memory.
    pub fn new(store: &Store) -> Self {
        let kinds =
            [cached::ORG, cached::MEMBERSHIP, cached::ROLE, cached::ORG_SESSION, cached::API_KEY, cached::ACCOUNT];
        Self {
            orgs: Cache::new(store, cached::ORG, 10_000),
            members: Cache::new(store, cached::MEMBERSHIP, 20_000),
            roles: Cache::new(store, cached::ROLE, 20_000),
            sessions: Cache::new(store, cached::ORG_SESSION, 20_000),
            keys: Cache::new(store, cached::API_KEY, 10_000),
            watch: Watch::new(store, &kinds),
            callers: CallerCache::default(),
            uses: Uses::default(),
        }
    }
}

/// A workspace and the secrets of its tokens.
pub struct CachedOrg {
    /// The workspace.
    pub org: Org,
    stored: Vec<StoredSecret>,
    opened: OnceLock<Vec<Secret>>,
}

struct Secret {
    key: SessionKey,
    retired_at: Option<Timestamp>,
}

impl CachedOrg {
    fn of((org, stored): (Org, Vec<StoredSecret>)) -> Self {
        Self { org, stored, opened: OnceLock::new() }
    }

    fn open(&self, master_key: &MasterKey) -> Result<&[Secret], StoreError> {
        if let Some(opened) = self.opened.get() {
            return Ok(opened);
        }
        let open = |stored: &StoredSecret| {
            let secret = master_key.open(&seal_context(&self.org.id, &stored.kid), &stored.sealed);
            let secret = secret.map_err(|error| StoreError::Corrupt(format!("the secret of a workspace: {error}")))?;
            Ok(Secret { key: SessionKey::new(stored.kid.as_str(), &secret), retired_at: stored.retired_at })
        };
        let opened = self.stored.iter().map(open).collect::<Result<_, StoreError>>()?;
        Ok(self.opened.get_or_init(|| opened))
    }

    /// A token with `claims`, signed with the current secret.
    ///
    /// # Errors
    /// The secret cannot be opened.
    pub fn sign(&self, master_key: &MasterKey, claims: &MemberTokenClaims) -> Result<String, StoreError> {
        let signer = self.open(master_key)?.iter().find(|secret| secret.retired_at.is_none());
        let signer = signer.ok_or_else(|| StoreError::Corrupt("a workspace without a secret".to_owned()))?;
        signer.key.sign(claims).map_err(|error| StoreError::Failed(format!("a token cannot be signed: {error}")))
    }

    /// The secret called `kid`.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn verifier(&self, master_key: &MasterKey, kid: &str) -> Result<Option<&SessionKey>, StoreError> {
        Ok(self.open(master_key)?.iter().find(|secret| secret.key.kid() == kid).map(|secret| &secret.key))
    }

    /// Whether there is a secret called `kid`.
    pub fn has_secret(&self, kid: &str) -> bool {
        self.stored.iter().any(|secret| secret.kid == kid)
    }

    /// Whether the secret called `kid` could have signed at `iat`: a retired one no longer signs.
    pub fn signed_at(&self, kid: &str, iat: i64) -> bool {
        let secret = self.stored.iter().find(|stored| stored.kid == kid);
        secret
            .is_some_and(|secret| secret.retired_at.is_none_or(|retired| iat <= retired.seconds().saturating_add(SKEW)))
    }
}

/// The cached part of a role: everything but its lists, which may be long.
#[derive(Debug)]
pub struct RoleSummary {
    /// Its id.
    pub id: RoleId,
    /// Its name.
    pub name: String,
    /// Its permissions, in terms of API keys.
    pub permissions: KeyPermissions,
    /// What its members may manage, without schemas and catalogs.
    pub authority: Authority,
    /// Whether that is anything at all.
    pub manages_anything: bool,
}

impl RoleSummary {
    fn of(role: Role) -> Self {
        let switches = role.permissions.switches;
        Self {
            permissions: role.permissions.key_permissions(),
            authority: Authority::Person(RolePermissions { switches, ..RolePermissions::default() }),
            manages_anything: switches.manage_anything(),
            id: role.id,
            name: role.name,
        }
    }
}

impl AppState {
    /// The workspace of that id, unless removed.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn find_org(&self, org_id: &OrgId) -> Result<Option<Arc<CachedOrg>>, StoreError> {
        let (wanted, now) = (org_id.clone(), self.now());
        let load = self.workspaces.orgs.get_or_load(org_id.as_str(), move |tx| {
            Ok(org::find_with_secrets(tx, &wanted, now)?.map(|found| Arc::new(CachedOrg::of(found))))
        });
        load.await
    }

    /// Like [`AppState::find_org`], bypassing the cache.
    ///
    /// # Errors
    /// The store does not answer.
    pub(super) async fn load_org(&self, org_id: &OrgId) -> Result<Option<Arc<CachedOrg>>, StoreError> {
        let (wanted, now) = (org_id.clone(), self.now());
        let found = self.store.read(move |tx| org::find_with_secrets(tx, &wanted, now)).await?;
        Ok(found.map(|found| Arc::new(CachedOrg::of(found))))
    }

    /// The member of that id, active or not. Whether their account is enabled is a matter of the account.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn find_member(
        &self,
        org_id: &OrgId,
        user_id: &UserId,
    ) -> Result<Option<Arc<Member>>, StoreError> {
        let (org, user) = (org_id.clone(), user_id.clone());
        let key = cached::key_in(org_id, user_id.as_str());
        self.workspaces.members.get_or_load(&key, move |tx| Ok(membership::find(tx, &org, &user)?.map(Arc::new))).await
    }

    /// The role of that id.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn find_role(&self, org_id: &OrgId, id: &RoleId) -> Result<Option<Arc<RoleSummary>>, StoreError> {
        let (org, wanted) = (org_id.clone(), id.clone());
        let key = cached::key_in(org_id, id.as_str());
        let load = self.workspaces.roles.get_or_load(&key, move |tx| {
            Ok(role::find(tx, &org, &wanted)?.map(|role| Arc::new(RoleSummary::of(role))))
        });
        load.await
    }

    /// The session of that name, live or not.
    ///
    /// # Errors
    /// The store does not answer.
    pub(super) async fn find_org_session(
        &self,
        org_id: &OrgId,
        jti: &str,
    ) -> Result<Option<Arc<OrgSession>>, StoreError> {
        let (org, wanted) = (org_id.clone(), jti.to_owned());
        let key = cached::key_in(org_id, jti);
        self.workspaces.sessions.get_or_load(&key, move |tx| Ok(session::find(tx, &org, &wanted)?.map(Arc::new))).await
    }

    /// The key of that digest, in any workspace, active or not.
    ///
    /// # Errors
    /// The store does not answer.
    pub(super) async fn find_api_key(&self, hash: &Digest) -> Result<Option<Arc<ApiKey>>, StoreError> {
        let wanted = *hash;
        let key = hash.base64url();
        self.workspaces.keys.get_or_load(&key, move |tx| Ok(api_key::find_by_hash(tx, &wanted)?.map(Arc::new))).await
    }
}
