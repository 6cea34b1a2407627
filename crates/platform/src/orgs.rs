//! Orgs, members and roles, cached until the change feed reports a change. Apps ask for them too: the claims of a token name
//! the member's role.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use sigma_core::ids::{OrgId, RoleId, UserId};
use sigma_core::org::{Authority, KeyPermissions, MemberTokenClaims, Role, RolePermissions, SessionKey};
use sigma_core::time::Timestamp;
use sigma_store::org::membership::{self, Member, State};
use sigma_store::org::role;
use sigma_store::org::secret::{StoredSecret, seal_context};
use sigma_store::org::{self, Org};
use sigma_store::scim::group;
use sigma_store::{Cache, MasterKey, Store, StoreError, Tx, cached};

use crate::state::AppState;

/// Tolerated clock skew between our processes, in seconds.
const SKEW: i64 = 60;

/// The cache of one process.
pub struct Orgs {
    known: Cache<Arc<CachedOrg>>,
    members: Cache<Arc<Member>>,
    roles: Cache<Arc<RoleSummary>>,
    groups: Cache<Arc<GroupsOfOrg>>,
}

impl Orgs {
    /// An empty cache.
    pub fn new(store: &Store) -> Self {
        Self {
            known: Cache::new(store, cached::ORG, 10_000),
            members: Cache::new(store, cached::MEMBERSHIP, 20_000),
            roles: Cache::new(store, cached::ROLE, 20_000),
            groups: Cache::new(store, cached::ORG_GROUPS, 200),
        }
    }
}

/// The names of the groups of an org's members, as far as they were asked for. A change to any group of the org replaces all of it, so
/// what was read before the change is never found after it.
#[derive(Default)]
struct GroupsOfOrg(Mutex<HashMap<UserId, Arc<[String]>>>);

impl GroupsOfOrg {
    /// Members of one org whose groups are remembered.
    const MOST: usize = 1_000;

    fn known(&self) -> MutexGuard<'_, HashMap<UserId, Arc<[String]>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, user_id: &UserId) -> Option<Arc<[String]>> {
        self.known().get(user_id).cloned()
    }

    fn keep(&self, user_id: UserId, names: Arc<[String]>) {
        let mut known = self.known();
        if known.len() >= Self::MOST {
            known.clear();
        }
        known.insert(user_id, names);
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
    /// What it allows in apps, by names of the org's own.
    pub names: Arc<[String]>,
}

impl RoleSummary {
    fn of(role: Role) -> Self {
        let switches = role.permissions.switches;
        Self {
            permissions: role.permissions.key_permissions(),
            authority: Authority::Person(RolePermissions { switches, ..RolePermissions::default() }),
            manages_anything: switches.manage_anything(),
            names: role.permissions.names.into_iter().collect(),
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
    pub async fn find_org(&self, org_id: &OrgId) -> Result<Option<Arc<CachedOrg>>, StoreError> {
        let prepare = || {
            let (wanted, now) = (org_id.clone(), self.now());
            move |tx: &mut dyn Tx| {
                Ok(org::find_with_secrets(tx, &wanted, now)?.map(|found| Arc::new(CachedOrg::of(found))))
            }
        };
        self.orgs.known.get_or_load(org_id.as_str(), prepare).await
    }

    /// Like [`AppState::find_org`], bypassing the cache.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn load_org(&self, org_id: &OrgId) -> Result<Option<Arc<CachedOrg>>, StoreError> {
        let (wanted, now) = (org_id.clone(), self.now());
        let found = self.store.read(move |tx| org::find_with_secrets(tx, &wanted, now)).await?;
        Ok(found.map(|found| Arc::new(CachedOrg::of(found))))
    }

    /// The member of that id, active or not. Whether their account is enabled is a matter of the account.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn find_member(&self, org_id: &OrgId, user_id: &UserId) -> Result<Option<Arc<Member>>, StoreError> {
        let prepare = || {
            let (org, user) = (org_id.clone(), user_id.clone());
            move |tx: &mut dyn Tx| Ok(membership::find(tx, &org, &user)?.map(Arc::new))
        };
        self.orgs.members.get_or_load(&cached::key_in(org_id, user_id.as_str()), prepare).await
    }

    /// Whether that account is an active member of an org that exists.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn is_active_member(&self, org_id: &OrgId, user_id: &UserId) -> Result<bool, StoreError> {
        let member = self.find_member(org_id, user_id).await?;
        Ok(member.is_some_and(|member| member.state == State::Active) && self.find_org(org_id).await?.is_some())
    }

    /// The names of the groups that a member of an org is in, by name.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn find_groups(&self, org_id: &OrgId, user_id: &UserId) -> Result<Arc<[String]>, StoreError> {
        // Taken before anything is read: what is read while groups change goes into a value that nobody finds any more.
        let of_org =
            self.orgs.groups.get_or_load(org_id.as_str(), || |_: &mut dyn Tx| Ok(Some(Arc::default()))).await?;
        let of_org = of_org.unwrap_or_default();
        if let Some(names) = of_org.get(user_id) {
            return Ok(names);
        }
        let (org, user) = (org_id.clone(), user_id.clone());
        let names = self.store.read(move |tx| group::names_of_member(tx, &org, &user)).await?;
        let names: Arc<[String]> = names.into();
        of_org.keep(user_id.clone(), names.clone());
        Ok(names)
    }

    /// The role of that id.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn find_role(&self, org_id: &OrgId, id: &RoleId) -> Result<Option<Arc<RoleSummary>>, StoreError> {
        let prepare = || {
            let (org, wanted) = (org_id.clone(), id.clone());
            move |tx: &mut dyn Tx| Ok(role::find(tx, &org, &wanted)?.map(|role| Arc::new(RoleSummary::of(role))))
        };
        self.orgs.roles.get_or_load(&cached::key_in(org_id, id.as_str()), prepare).await
    }
}
