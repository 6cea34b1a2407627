//! Who has which role of the operator's org: its fixed roles, and its members who have one of them.

use sigma_core::actor::Actor;
use sigma_core::ids::{OrgId, RoleId, UserId};
use sigma_core::operator::OperatorRole;
use sigma_core::org::{Authority, Refusal, RoleDraft};
use sigma_core::random::Rng;
use sigma_core::time::Timestamp;

use crate::org::api_key::MadeKeys;
use crate::org::membership::{self, Change, Member, NewMember, State};
use crate::org::{self, role, secret};
use crate::user::{self, User};
use crate::{MasterKey, Owner, SealError, StoreError, Tx, cached, params};

/// Most people with a role that are listed.
const MOST_LISTED: u32 = 500;

/// What the operator's org needs to have members: a secret for the sessions of its workspace.
#[derive(Clone, Debug)]
pub struct Workspace {
    kid: String,
    secret: Vec<u8>,
}

impl Workspace {
    /// A new secret for the operator's org.
    ///
    /// # Errors
    /// The secret cannot be sealed.
    pub fn new(master_key: &MasterKey, rng: &dyn Rng) -> Result<Self, SealError> {
        let (kid, secret) = secret::make(&OrgId::operator(), master_key, rng)?;
        Ok(Self { kid, secret })
    }
}

/// Makes what is missing of the operator's org: the org itself, its roles, and the secret of its workspace.
pub fn prepare(tx: &mut dyn Tx, workspace: &Workspace, now: Timestamp) -> Result<(), StoreError> {
    tx.lock(Owner::Installation)?;
    let org_id = org::load_operator(tx, now)?;
    tx.lock(Owner::Org(&org_id))?;
    for known in OperatorRole::ALL {
        if role::find(tx, &org_id, &known.id())?.is_some() {
            continue;
        }
        // Names are unique in the org, and one of these may be taken.
        let mut name = known.name().to_owned();
        while role::find_by_name(tx, &org_id, &name)?.is_some() {
            name.push('*');
        }
        let draft = RoleDraft::new(&name, known.description(), known.permissions())
            .map_err(|problem| StoreError::Failed(format!("a role of the operator: {problem}")))?;
        role::insert(tx, &org_id, &known.id(), &draft, now)?;
    }
    if secret::list(tx, &org_id, now)?.is_empty() {
        secret::insert(tx, &org_id, &workspace.kid, &workspace.secret, now)?;
        tx.changed(cached::ORG, org_id.as_str())?;
    }
    Ok(())
}

/// Gives a person a role, in place of the one that they have, unless they are the last owner. Callers have prepared the org.
pub fn appoint(tx: &mut dyn Tx, user_id: &UserId, role: OperatorRole, now: Timestamp) -> org::Decision<()> {
    appoint_by(tx, &Actor::Operator, user_id, role, now)
}

/// [`appoint`], as it is recorded of `actor`. Callers have decided that the actor may.
pub(super) fn appoint_by(
    tx: &mut dyn Tx,
    actor: &Actor,
    user_id: &UserId,
    role: OperatorRole,
    now: Timestamp,
) -> org::Decision<()> {
    let org_id = OrgId::operator();
    tx.lock(Owner::Org(&org_id))?;
    // Nobody deletes or merges the account meanwhile.
    tx.lock(Owner::User(user_id))?;
    if user::find(tx, user_id)?.is_none() {
        return Err(Refusal::not_found("User", user_id.as_str()).into());
    }
    let by = (actor, &Authority::Operator);
    if let Some(member) = membership::find(tx, &org_id, user_id)? {
        if member.role_id == role.id() && member.state == State::Active {
            return Ok(());
        }
        if role != OperatorRole::Owner {
            require_other_owner(tx, &member)?;
        }
        let change = Change { role_id: Some(role.id()), active: Some(true), ..Change::default() };
        return membership::change_with(tx, &org_id, by, user_id, &change, now).map(drop);
    }
    let new = NewMember { user_id: user_id.clone(), role_id: role.id(), state: State::Active, quick_login: false };
    membership::add_with(tx, &org_id, by, &new, now).map(drop)
}

/// Takes a person's role away, unless they are the last owner.
pub fn dismiss(tx: &mut dyn Tx, actor: &Actor, user_id: &UserId, now: Timestamp) -> org::Decision<()> {
    let org_id = OrgId::operator();
    tx.lock(Owner::Org(&org_id))?;
    if let Some(member) = membership::find(tx, &org_id, user_id)? {
        require_other_owner(tx, &member)?;
    }
    // Whoever may do this has been decided: what the actor is in the workspace does not matter.
    membership::remove_with(tx, &org_id, (actor, &Authority::Operator), user_id, MadeKeys::default(), now)
}

/// Refuses to take the role of the last owner. Somebody with a role of the org's own making may administer it as a workspace, and
/// owns nothing.
fn require_other_owner(tx: &mut dyn Tx, member: &Member) -> org::Decision<()> {
    if member.role_id != OperatorRole::Owner.id() || member.state != State::Active {
        return Ok(());
    }
    let other = tx.query_opt(
        "SELECT 1 FROM memberships m JOIN users u ON u.id = m.user_id
         WHERE m.org_id = $1 AND m.role_id = $2 AND m.state = 'active' AND u.disabled = 0 AND m.user_id <> $3
            AND NOT EXISTS (SELECT 1 FROM account_deletions d WHERE d.user_id = m.user_id) LIMIT 1",
        params![OrgId::operator(), OperatorRole::Owner.id(), &member.user_id],
    )?;
    if other.is_some() { Ok(()) } else { Err(Refusal::LAST_ADMIN.into()) }
}

/// Whether somebody is an owner, whose account is enabled.
pub fn has_owner(tx: &mut dyn Tx) -> Result<bool, StoreError> {
    let row = tx.query_opt(
        "SELECT 1 FROM memberships m JOIN users u ON u.id = m.user_id
         WHERE m.org_id = $1 AND m.role_id = $2 AND m.state = 'active' AND u.disabled = 0 LIMIT 1",
        params![OrgId::operator(), OperatorRole::Owner.id()],
    )?;
    Ok(row.is_some())
}

/// The people with a role, the strongest roles first, at most 500 of each; with the state of their memberships.
pub fn list(tx: &mut dyn Tx) -> Result<Vec<(User, OperatorRole, bool)>, StoreError> {
    let mut found = Vec::new();
    for known in OperatorRole::ALL {
        let rows = tx.query_all(
            "SELECT user_id, state, role_id FROM memberships
             WHERE org_id = $1 AND role_id = $2 AND state <> 'invited' ORDER BY user_id LIMIT $3",
            params![OrgId::operator(), known.id(), MOST_LISTED],
        )?;
        for row in &rows {
            let (user_id, is_active) = (UserId::from_text(row.text(0)?), row.text(1)? == State::Active.as_str());
            let role = OperatorRole::of_id(&RoleId::from_text(row.text(2)?)).unwrap_or(known);
            found.extend(user::find(tx, &user_id)?.map(|user| (user, role, is_active)));
        }
    }
    Ok(found)
}
