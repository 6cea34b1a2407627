//! The state of the API.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use sigma_core::app::App;
use sigma_core::digest::Digest;
use sigma_core::ids::{OrgId, UserId};
use sigma_platform::state::AppState;
use sigma_store::merits::access::{self, Access};
use sigma_store::merits::link::{self, Link};
use sigma_store::{Cache, Memory, StoreError, Tx, cached};

use crate::rendered::RenderedPages;
use crate::sends::Sends;
use crate::token::VerifiedOrgAccess;

/// The most tokens whose verification is remembered.
const MOST_TOKENS: usize = 10_000;

/// The state of the server, and what the API remembers beside it; cheap to clone. Handlers that do not need the latter take
/// the former.
#[derive(Clone)]
pub struct MeritsState(Arc<Inner>);

struct Inner {
    shared: AppState,
    verified: Memory<Digest, Arc<VerifiedOrgAccess>>,
    links: Cache<Arc<Link>>,
    accesses: Cache<Arc<Access>>,
    rendered: RenderedPages,
    sends: Sends,
}

impl MeritsState {
    /// With an empty memory. A server has one.
    pub fn new(shared: AppState) -> Self {
        let links = Cache::new(&shared.store, cached::MERIT_LINK, 10_000);
        let accesses = Cache::new(&shared.store, cached::MERIT_ACCESS, 20_000);
        let rendered = RenderedPages::new(&shared.store);
        Self(Arc::new(Inner {
            shared,
            verified: Memory::new(MOST_TOKENS),
            links,
            accesses,
            rendered,
            sends: Sends::default(),
        }))
    }

    /// The link by which `app` acts for an org that exists: that of the owner, or one that the org granted.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn find_link(&self, org_id: &OrgId, app: &App) -> Result<Option<Arc<Link>>, StoreError> {
        if self.find_org(org_id).await?.is_none() {
            return Ok(None);
        }
        if app.org_id == *org_id {
            return Ok(Link::of_owner(app).map(Arc::new));
        }
        let prepare = || {
            let (org, wanted) = (org_id.clone(), app.id.clone());
            move |tx: &mut dyn Tx| Ok(link::find(tx, &org, &wanted)?.map(Arc::new))
        };
        self.0.links.get_or_load(&cached::key_in(org_id, app.id.as_str()), prepare).await
    }

    /// What a member whose account is enabled, and is not going to be deleted, lets `app` see on behalf of an org.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn find_access(
        &self,
        org_id: &OrgId,
        app: &App,
        user_id: &UserId,
    ) -> Result<Option<Arc<Access>>, StoreError> {
        let prepare = || {
            let (org, wanted, user) = (org_id.clone(), app.id.clone(), user_id.clone());
            move |tx: &mut dyn Tx| Ok(access::find(tx, &org, &wanted, &user)?.map(Arc::new))
        };
        let key = cached::access_key(org_id, &app.id, user_id);
        let Some(access) = self.0.accesses.get_or_load(&key, prepare).await? else { return Ok(None) };
        let account = self.find_account(user_id).await?;
        Ok(account.filter(|account| !account.user.disabled && account.deletes_at.is_none()).map(|_| access))
    }

    /// Pages of members' merits.
    pub(crate) fn rendered(&self) -> &RenderedPages {
        &self.0.rendered
    }

    /// Sends that wait for others.
    pub(crate) fn sends(&self) -> &Sends {
        &self.0.sends
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
