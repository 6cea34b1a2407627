//! Pages of members' merits as they were sent, for as long as nothing on them changes.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use sigma_core::ids::{OrgId, UserId};
use sigma_core::time::Timestamp;
use sigma_store::merits::Merit;
use sigma_store::merits::access::Access;
use sigma_store::{Generation, Memory, Moment, Store, Watch, cached};

use crate::attachments::{has_attachments, round};
use crate::caller::OrgCaller;

/// Bytes of all pages together.
const MOST_BYTES: usize = 8 * 1_024 * 1_024;
/// Bytes of a page that is kept: 100 merits with a few texts each.
const LARGEST: usize = 128 * 1_024;
/// Bytes of a query that is kept: more than all parameters together have.
const LONGEST_QUERY: usize = 256;
/// What a page takes besides its bytes.
const OVERHEAD: usize = 512;

/// The pages.
pub struct RenderedPages {
    pages: Memory<String, Arc<RenderedPage>>,
    watch: Watch,
}

/// One page.
struct RenderedPage {
    /// Nothing about the member's account and merits, nor the orgs on the page, changed while these are current.
    made_of: Vec<Generation>,
    /// The minute in which the addresses of attachments are the same; `None` without attachments.
    round: Option<i64>,
    body: Bytes,
}

/// Which page: that of a consent, which names member, app and org and what they agreed to, for one query.
pub struct PageName(String);

impl PageName {
    /// The page that the caller asks for; `None` if it is not one to keep.
    pub fn of(access: &Access, caller: &OrgCaller, query: Option<&str>) -> Option<Self> {
        let (query, app) = (query.unwrap_or_default(), &caller.app);
        // Addresses on the page end with the link and the secret.
        let secret = app.secret.map(|secret| secret.base64url()).unwrap_or_default();
        let name = || format!("{}\n{}\n{}\n{secret}\n{query}", access.merit_id, app.org_id, caller.epoch);
        (query.len() <= LONGEST_QUERY).then(|| Self(name()))
    }
}

impl RenderedPages {
    /// None yet.
    pub fn new(store: &Store) -> Self {
        let watch = Watch::new(store, &[cached::MEMBER_MERITS, cached::ORG_MERITS, cached::ACCOUNT]);
        Self { pages: Memory::weighed(MOST_BYTES), watch }
    }

    /// The page as it is now, if it is known.
    pub fn find(&self, name: &PageName, now: Timestamp) -> Option<Bytes> {
        let page = self.pages.get(&name.0)?;
        let is_timely = page.round.is_none_or(|made_in| made_in == round(now));
        (is_timely && self.watch.are_current(&page.made_of)).then(|| Bytes::clone(&page.body))
    }

    /// To be called before a page is read.
    pub fn begin(&self) -> Option<Moment> {
        self.watch.moment()
    }

    /// Keeps a page that shows `merits` of a member. They were read after `begun`, rendered at `now`.
    pub fn keep(
        &self,
        name: PageName,
        begun: Moment,
        (user_id, merits): (&UserId, &Shown),
        body: &Bytes,
        now: Timestamp,
    ) {
        if body.len() > LARGEST {
            return;
        }
        let subjects = merits.orgs.iter().map(OrgId::as_str).chain([user_id.as_str()]);
        let made_of: Option<Vec<_>> = subjects.map(|subject| self.watch.generation_at(begun, subject)).collect();
        let Some(made_of) = made_of else { return };
        let generations = made_of.len() * size_of::<Generation>();
        let weight = name.0.len() + body.len() + generations + OVERHEAD;
        let page = RenderedPage { made_of, round: merits.attachments.then(|| round(now)), body: Bytes::clone(body) };
        self.pages.insert_weighed(name.0, Arc::new(page), weight);
    }
}

/// What a page depends on besides its member.
pub struct Shown {
    orgs: BTreeSet<OrgId>,
    attachments: bool,
}

impl Shown {
    /// Of these merits.
    pub fn of(merits: &[Merit]) -> Self {
        Self {
            orgs: merits.iter().map(|merit| merit.org_id.clone()).collect(),
            attachments: merits.iter().any(has_attachments),
        }
    }
}
