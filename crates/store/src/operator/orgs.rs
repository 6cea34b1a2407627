//! Orgs as the console and the management API see them, and what the operator does with them. The operator's own org is changed by
//! its owners alone, and its roles are given elsewhere: they open the console itself.

use std::collections::HashMap;

use sigma_core::actor::Actor;
use sigma_core::ids::{OrgId, OrgRef, RoleId, UserId};
use sigma_core::merits::{MeritProblem, Standing};
use sigma_core::operator::{OperatorRefusal, OperatorRight, OperatorRole};
use sigma_core::org::{Authority, OrgQuotas, QuotaChange, Refusal, RolePermissions, Switches};
use sigma_core::time::Timestamp;

use super::Decision;
use super::authority::{Caller, require};
use super::overview::{Count, MOST_COUNTED};
use crate::merits::issuer;
use crate::org::membership::{self, Change as MemberChange, Member, MemberPlace, NewMember, State};
use crate::org::role::{self, RoleSummary};
use crate::org::{self, Change, NewOrg, Org, admins, domain, quotas};
use crate::quota::{self, Purpose};
use crate::user::{self, User};
use crate::{Owner, Stop, StoreError, Tx, params};

/// A list of orgs, ordered by id.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// All; after that id.
    All(String),
    /// The one whose id or slug that is, else those whose name contains it; after that id.
    Named(String, String),
}

/// At most `limit` of the orgs wanted.
pub fn list(tx: &mut dyn Tx, caller: &Caller, wanted: &Wanted, limit: u32) -> Decision<Vec<Org>> {
    require(tx, caller, OperatorRight::ReadOrgs)?;
    match wanted {
        Wanted::All(after) => Ok(org::list(tx, after, limit)?),
        Wanted::Named(text, after) => match find_exactly(tx, text)? {
            Some(found) => Ok(vec![found]),
            None => Ok(org::list_named(tx, text, after, limit)?),
        },
    }
}

fn find_exactly(tx: &mut dyn Tx, text: &str) -> Result<Option<Org>, StoreError> {
    let Some(named) = OrgRef::parse(text) else { return Ok(None) };
    let Some(id) = org::resolve(tx, &named)? else { return Ok(None) };
    org::find(tx, &id)
}

/// What an org has used up of its limits, and what else it has.
#[derive(Clone, Debug)]
pub struct Usage {
    /// Members and open invitations.
    pub members: u64,
    /// Apps that belong to it.
    pub apps: Count,
    /// API keys, active or not.
    pub api_keys: u64,
    /// Webhooks.
    pub webhooks: u64,
    /// Merits that it sent in the current day.
    pub merits_sent: u64,
    /// Bytes of attachments that it uploaded in the current day.
    pub uploaded: u64,
}

/// Everything that is shown of an org beside its members.
#[derive(Clone, Debug)]
pub struct OrgDetails {
    /// The org.
    pub org: Org,
    /// Who administers it, at most 50.
    pub admins: Vec<User>,
    /// Its roles.
    pub roles: Vec<RoleSummary>,
    /// What it has.
    pub usage: Usage,
    /// Its quotas that are its own.
    pub quotas: OrgQuotas,
}

/// The org itself.
pub fn find(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId) -> Decision<Org> {
    require(tx, caller, OperatorRight::ReadOrgs)?;
    Ok(org::find(tx, org_id)?.ok_or(OperatorRefusal::NotFound)?)
}

/// An org in full.
pub fn details(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId, now: Timestamp) -> Decision<OrgDetails> {
    let org = find(tx, caller, org_id)?;
    let admins = admins::list(tx, org_id)?;
    let roles = role::all_summaries(tx, org_id)?;
    let spent = |tx: &mut dyn Tx, purpose| -> Result<u64, StoreError> {
        Ok(u64::try_from(quota::count(tx, purpose, org_id.as_str(), now)?).unwrap_or(0))
    };
    let usage = Usage {
        members: membership::count(tx, org_id)?,
        apps: Count::of(count(
            tx,
            "SELECT COUNT(*) FROM (SELECT 1 AS one FROM apps WHERE org_id = $1 LIMIT $2) counted",
            org_id,
        )?),
        api_keys: rows(count(
            tx,
            "SELECT COUNT(*) FROM (SELECT 1 AS one FROM api_keys WHERE org_id = $1 LIMIT $2) counted",
            org_id,
        )?),
        webhooks: rows(count(
            tx,
            "SELECT COUNT(*) FROM (SELECT 1 AS one FROM webhooks WHERE org_id = $1 LIMIT $2) counted",
            org_id,
        )?),
        merits_sent: spent(tx, Purpose::MeritsOfOrg)?,
        uploaded: spent(tx, Purpose::AttachmentsOfOrg)?,
    };
    let quotas = quotas::list(tx, org_id)?;
    Ok(OrgDetails { org, admins, roles, usage, quotas })
}

fn count(tx: &mut dyn Tx, sql: &'static str, org_id: &OrgId) -> Result<i64, StoreError> {
    let row = tx.query_opt(sql, params![org_id, MOST_COUNTED.saturating_add(1)])?;
    row.map_or(Ok(0), |row| row.int(0))
}

fn rows(counted: i64) -> u64 {
    u64::try_from(counted).unwrap_or(0)
}

/// A member, and what their role is called and reaches.
#[derive(Clone, Debug)]
pub struct MemberLine {
    /// The member.
    pub member: Member,
    /// The name of their role.
    pub role: String,
    /// Whether the role administers the org.
    pub is_admin: bool,
}

/// At most `limit` members after that place, or the one with the address `searched`, folded.
pub fn members(
    tx: &mut dyn Tx,
    caller: &Caller,
    org_id: &OrgId,
    (searched, after): (Option<&str>, Option<&MemberPlace>),
    limit: u32,
) -> Decision<Vec<MemberLine>> {
    find(tx, caller, org_id)?;
    let found = match searched {
        Some(folded) => membership::find_by_email(tx, org_id, folded)?.into_iter().collect(),
        None => membership::list_after(tx, org_id, after, limit)?,
    };
    let roles = role::all_summaries(tx, org_id)?;
    let roles: HashMap<&RoleId, &RoleSummary> = roles.iter().map(|role| (&role.id, role)).collect();
    let line = |member: Member| {
        let role = roles.get(&member.role_id);
        MemberLine {
            role: role.map(|role| role.name.clone()).unwrap_or_default(),
            is_admin: role.is_some_and(|role| role.switches.covers(Switches::WORKSPACE)),
            member,
        }
    };
    Ok(found.into_iter().map(line).collect())
}

/// A member.
pub fn member(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId, user_id: &UserId) -> Decision<MemberLine> {
    find(tx, caller, org_id)?;
    let member = membership::find(tx, org_id, user_id)?.ok_or(OperatorRefusal::NotFound)?;
    let role = role::find(tx, org_id, &member.role_id)?.ok_or(OperatorRefusal::NoRole)?;
    Ok(MemberLine { member, is_admin: role.permissions.manages_workspace(), role: role.name })
}

/// Creates an org with its two initial roles.
pub fn add(tx: &mut dyn Tx, caller: &Caller, new: &NewOrg) -> Decision<Org> {
    tx.lock(Owner::Installation)?;
    require(tx, caller, OperatorRight::ManageOrgs)?;
    org::add(tx, new).map_err(translated)
}

/// Removes an org. The operator's own stays.
pub fn remove(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId, now: Timestamp) -> Decision<()> {
    tx.lock(Owner::Installation)?;
    require(tx, caller, OperatorRight::ManageOrgs)?;
    if *org_id == OrgId::operator() {
        return Err(OperatorRefusal::OwnOrg.into());
    }
    org::remove(tx, org_id, now).map_err(translated)
}

/// An org that the caller may change. The operator's own is changed by its owners alone.
pub(super) fn changeable(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId) -> Decision<Org> {
    let role = require(tx, caller, OperatorRight::ManageOrgs)?;
    if *org_id == OrgId::operator() && role != OperatorRole::Owner {
        return Err(OperatorRefusal::OwnOrg.into());
    }
    Ok(org::find(tx, org_id)?.ok_or(OperatorRefusal::NotFound)?)
}

/// What the operator changes of an org.
#[derive(Clone, Debug, Default)]
pub struct OrgChange {
    /// Its name, slug and settings.
    pub settings: Change,
    /// Whether it is verified: people outside can accept its merits.
    pub verified: Option<bool>,
    /// What it may have at most.
    pub quotas: QuotaChange,
}

/// Changes an org. Repeating it changes nothing.
pub fn change(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId, change: &OrgChange, now: Timestamp) -> Decision<Org> {
    if change.settings.slug.is_some() {
        tx.lock(Owner::Installation)?;
    }
    tx.lock(Owner::Org(org_id))?;
    let before = changeable(tx, caller, org_id)?;
    let wanted = &change.settings;
    let changes = wanted.name.as_ref().is_some_and(|name| *name != before.name)
        || wanted.quick_logins.is_some_and(|quick| quick != before.quick_logins)
        || wanted.require_second_factor.is_some_and(|required| required != before.require_second_factor)
        || wanted.slug.as_ref().is_some_and(|slug| *slug != before.slug);
    if changes {
        let actor = tx.initiator().actor.clone();
        org::apply(tx, org_id, &actor, wanted, now).map_err(translated)?;
    }
    quotas::change(tx, org_id, &change.quotas, now)?;
    if let Some(verified) = change.verified {
        let standing = if verified { Standing::Verified } else { Standing::Unverified };
        issuer::set_standing(tx, org_id, standing, now).map_err(|stop| match stop {
            Stop::Refused(MeritProblem::NotFound) => OperatorRefusal::NotFound.into(),
            Stop::Refused(problem) => Stop::Failed(StoreError::Failed(problem.to_string())),
            Stop::Failed(error) => Stop::Failed(error),
        })?;
    }
    Ok(org::find(tx, org_id)?.ok_or(OperatorRefusal::NotFound)?)
}

/// Makes a person an admin of an org, a member first if they are none, or an ordinary member. Repeating it changes nothing.
pub fn set_admin(
    tx: &mut dyn Tx,
    caller: &Caller,
    (org_id, user_id): (&OrgId, &UserId),
    is_admin: bool,
    now: Timestamp,
) -> Decision<MemberLine> {
    tx.lock(Owner::Org(org_id))?;
    tx.lock(Owner::User(user_id))?;
    require(tx, caller, OperatorRight::ManageOrgs)?;
    if *org_id == OrgId::operator() {
        return Err(OperatorRefusal::OwnOrg.into());
    }
    if org::find(tx, org_id)?.is_none() {
        return Err(OperatorRefusal::NotFound.into());
    }
    let actor = tx.initiator().actor.clone();
    let by = (&actor, &Authority::Operator);
    let member = match membership::find_accepted(tx, org_id, user_id)? {
        Some(member) => change_role(tx, org_id, by, member, is_admin, now)?,
        None if is_admin && user::is_active(tx, user_id)? => {
            let role_id = admin_role(tx, org_id)?;
            let new = NewMember { user_id: user_id.clone(), role_id, state: State::Active, quick_login: false };
            membership::add_with(tx, org_id, by, &new, now).map_err(translated)?
        }
        None => return Err(OperatorRefusal::NotFound.into()),
    };
    let role = role::find(tx, org_id, &member.role_id)?.ok_or(OperatorRefusal::NoRole)?;
    Ok(MemberLine { member, is_admin: role.permissions.manages_workspace(), role: role.name })
}

fn change_role(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    by: (&Actor, &Authority),
    member: Member,
    is_admin: bool,
    now: Timestamp,
) -> Decision<Member> {
    let role = role::find(tx, org_id, &member.role_id)?.ok_or(OperatorRefusal::NoRole)?;
    let has_role = role.permissions.manages_workspace() == is_admin;
    if has_role && (!is_admin || member.state != State::Inactive) {
        return Ok(member);
    }
    let role_id = match (has_role, is_admin) {
        (true, _) => None,
        (false, true) => Some(admin_role(tx, org_id)?),
        (false, false) => Some(plain_role(tx, org_id)?),
    };
    let active = (is_admin && member.state == State::Inactive).then_some(true);
    let change = MemberChange { role_id, active, ..MemberChange::default() };
    membership::change_with(tx, org_id, by, &member.user_id, &change, now).map_err(translated)
}

/// The role that makes an admin: one with all permissions, else one that administers the org.
fn admin_role(tx: &mut dyn Tx, org_id: &OrgId) -> Decision<RoleId> {
    let roles = role::list(tx, org_id)?;
    let full = roles.iter().find(|role| role.permissions == RolePermissions::admin());
    let found = full.or_else(|| roles.iter().find(|role| role.permissions.manages_workspace()));
    Ok(found.ok_or(OperatorRefusal::NoRole)?.id.clone())
}

/// The role of somebody who is an admin no more: the first that manages nothing.
fn plain_role(tx: &mut dyn Tx, org_id: &OrgId) -> Decision<RoleId> {
    let roles = role::list(tx, org_id)?;
    let found = roles.iter().find(|role| !role.permissions.manages_anything());
    Ok(found.ok_or(OperatorRefusal::NoRole)?.id.clone())
}

/// What a refusal of an org means to the operator.
pub(super) fn translated(stop: Stop<Refusal>) -> Stop<OperatorRefusal> {
    let refusal = match stop {
        Stop::Failed(error) => return Stop::Failed(error),
        Stop::Refused(refusal) => refusal,
    };
    match refusal {
        Refusal::NotFound { .. } => OperatorRefusal::NotFound.into(),
        Refusal::LAST_ADMIN => OperatorRefusal::LastAdmin.into(),
        org::SLUG_TAKEN => OperatorRefusal::SlugTaken.into(),
        org::OWNS_APPS => OperatorRefusal::OwnsApps.into(),
        domain::MANY => OperatorRefusal::ManyDomains.into(),
        domain::TAKEN => OperatorRefusal::DomainTaken.into(),
        domain::UNPROVEN => OperatorRefusal::DomainUnproven.into(),
        membership::MEMBER_ALREADY => OperatorRefusal::Invited.into(),
        membership::NO_ROOM => OperatorRefusal::ManyMembers.into(),
        other => Stop::Failed(StoreError::Failed(other.to_string())),
    }
}
