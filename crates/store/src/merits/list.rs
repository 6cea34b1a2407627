//! Lists of merits: of an org, and of a member.

use sigma_core::ids::{MeritTemplateId, OrgId, UserId};
use sigma_core::merits::{MemberPermissions, PageRequest, Status};

use super::keyset::{self, Keyset, Slice, keyset};
use super::merit::{ID_PREFIX, Merit, decode, select};
use crate::{StoreError, Tx, params};

/// Most recipients of one filter.
pub const MOST_RECIPIENTS: usize = 20;

/// Which merits of an org are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of that template.
    pub template_id: Option<MeritTemplateId>,
    /// Of that status.
    pub status: Option<Status>,
    /// To one of these addresses, folded; at most [`MOST_RECIPIENTS`]. None means to anybody.
    pub recipients: Vec<String>,
    /// Accepted by that member, whatever the addresses: an org knows of nobody before they accept.
    pub holder: Option<UserId>,
}

/// A page of the merits of an org.
pub fn of_org(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Slice<Merit>, StoreError> {
    const ALL: Keyset = keyset!(select, "m.id", "m.org_id = $3");
    const STATUS: Keyset = keyset!(select, "m.id", "m.org_id = $3 AND m.status = $4");
    const TEMPLATE: Keyset = keyset!(select, "m.id", "m.org_id = $3 AND m.template_id = $4");
    const BOTH: Keyset = keyset!(select, "m.id", "m.org_id = $3 AND m.template_id = $4 AND m.status = $5");
    const RECIPIENT: Keyset = keyset!(
        select,
        "m.id",
        "m.org_id = $3 AND m.email_folded = $4 AND m.template_id = COALESCE(CAST($5 AS TEXT), m.template_id)
            AND m.status = COALESCE(CAST($6 AS TEXT), m.status)"
    );
    const HOLDER: Keyset = keyset!(
        select,
        "m.id",
        "m.org_id = $3 AND m.user_id = $4 AND m.access = 0 AND m.status = 'Accepted'
            AND m.template_id = COALESCE(CAST($5 AS TEXT), m.template_id)"
    );
    let status = filter.status.map(Status::as_str);
    let template = filter.template_id.as_ref();
    if let Some(holder) = &filter.holder {
        return keyset::page(tx, &HOLDER, ID_PREFIX, params![org_id, holder, template], page, decode);
    }
    if !filter.recipients.is_empty() {
        let mut lists = Vec::with_capacity(filter.recipients.len());
        for folded in filter.recipients.iter().take(MOST_RECIPIENTS) {
            let filters = params![org_id, folded, template, status];
            lists.push(keyset::rows(tx, &RECIPIENT, ID_PREFIX, filters, page, decode)?);
        }
        return Ok(keyset::merge(lists, page, |merit| merit.id.as_str()));
    }
    match (template, status) {
        (None, None) => keyset::page(tx, &ALL, ID_PREFIX, params![org_id], page, decode),
        (None, Some(status)) => keyset::page(tx, &STATUS, ID_PREFIX, params![org_id, status], page, decode),
        (Some(template), None) => keyset::page(tx, &TEMPLATE, ID_PREFIX, params![org_id, template], page, decode),
        (Some(template), Some(status)) => {
            keyset::page(tx, &BOTH, ID_PREFIX, params![org_id, template, status], page, decode)
        }
    }
}

/// A page of the merits of a member, from all orgs, of one status.
pub fn of_member(
    tx: &mut dyn Tx,
    user_id: &UserId,
    status: Status,
    page: &PageRequest,
) -> Result<Slice<Merit>, StoreError> {
    keyset::page(tx, &OF_MEMBER, ID_PREFIX, params![user_id, status.as_str()], page, decode)
}

const OF_MEMBER: Keyset = keyset!(select, "m.id", "m.user_id = $3 AND m.access = 0 AND m.status = $4");
const OF_MEMBER_AND_TEMPLATE: Keyset =
    keyset!(select, "m.id", "m.user_id = $3 AND m.template_id = $4 AND m.status = 'Accepted' AND m.access = 0");
const OF_MEMBER_AND_ORG: Keyset =
    keyset!(select, "m.id", "m.user_id = $3 AND m.org_id = $4 AND m.access = 0 AND m.status = 'Accepted'");

/// A page of the accepted merits that a grant shows; others are absent, from cursors too. `implied` are the app's own org and
/// the linked one.
pub fn shown(
    tx: &mut dyn Tx,
    user_id: &UserId,
    permissions: &MemberPermissions,
    implied: [&OrgId; 2],
    template: Option<&MeritTemplateId>,
    page: &PageRequest,
) -> Result<Slice<Merit>, StoreError> {
    if let Some(template) = template {
        // A template is one org's: either all of its merits are shown or none.
        let sql = "SELECT org_id FROM merits WHERE user_id = $1 AND template_id = $2 LIMIT 1";
        let org = tx.query_opt(sql, params![user_id, template])?.map(|row| row.text(0)).transpose()?;
        let is_shown = org.is_some_and(|org| permissions.shows_merits_of(&OrgId::from_text(org), implied));
        if !is_shown {
            return Ok(Slice::new(Vec::new(), page));
        }
        return keyset::page(tx, &OF_MEMBER_AND_TEMPLATE, ID_PREFIX, params![user_id, template], page, decode);
    }
    if permissions.all_merits {
        return of_member(tx, user_id, Status::Accepted, page);
    }
    let mut orgs: Vec<&OrgId> = permissions.orgs.iter().chain(implied).collect();
    orgs.sort();
    orgs.dedup();
    let mut lists = Vec::with_capacity(orgs.len());
    for org in orgs {
        lists.push(keyset::rows(tx, &OF_MEMBER_AND_ORG, ID_PREFIX, params![user_id, org], page, decode)?);
    }
    Ok(keyset::merge(lists, page, |merit| merit.id.as_str()))
}

/// A page of the Access Merits that a member has accepted: the apps that see merits.
pub fn accesses_of_member(tx: &mut dyn Tx, user_id: &UserId, page: &PageRequest) -> Result<Slice<Merit>, StoreError> {
    const LIST: Keyset = keyset!(select, "m.id", "m.user_id = $3 AND m.access = 1 AND m.status = 'Accepted'");
    keyset::page(tx, &LIST, ID_PREFIX, params![user_id], page, decode)
}

/// A page of the Access Merits that wait for a member's answer.
pub fn asked_of_member(tx: &mut dyn Tx, user_id: &UserId, page: &PageRequest) -> Result<Slice<Merit>, StoreError> {
    const LIST: Keyset = keyset!(select, "m.id", "m.user_id = $3 AND m.access = 1 AND m.status = 'Pending'");
    keyset::page(tx, &LIST, ID_PREFIX, params![user_id], page, decode)
}
