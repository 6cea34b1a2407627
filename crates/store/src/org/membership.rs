//! Memberships: a user in a workspace, with a role.
//!
//! An invitee has no account in the workspace's view: until they accept, it sees only what it entered itself, and the
//! membership has a random id of its own, whether or not the address has an account.

use std::fmt;

use sigma_core::actor::Actor;
use sigma_core::email::Email;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{AppId, MembershipId, OrgId, RoleId, UserId};
use sigma_core::org::{Authority, KeyPermissions, OrgQuota, Reason, Refusal, Right};
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::org::api_key::{self, MadeKeys};
use crate::org::decision::Decision;
use crate::org::pagination::Page;
use crate::org::{administrators, authority, pagination, quotas, role};
use crate::{Row, StoreError, Tx, app_access, cached, params};

/// How refusals name a member.
const USER: &str = "User";
/// An address can be invited once, and an account can be a member once.
pub(crate) const MEMBER_ALREADY: Refusal = Refusal::Conflict(Reason::MemberAlready);
/// The org has as many members and invitations as its quota allows.
pub(crate) const NO_ROOM: Refusal = Refusal::Conflict(Reason::ManyMembers);

/// The state of a membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Pending: not accepted yet.
    Invited,
    /// They may log in.
    Active,
    /// Deactivated, until somebody who manages users reactivates them.
    Inactive,
}

impl State {
    /// The stored form, also sent as `status`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Inactive => "inactive",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        [Self::Invited, Self::Active, Self::Inactive]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| StoreError::Corrupt("the state of a membership".to_owned()))
    }
}

/// A member, as other members of the workspace see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The user's account; until they accept, the id of the membership.
    pub user_id: UserId,
    /// The account's address, if it has one; until they accept, the invited one.
    pub email: Option<String>,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role_id: RoleId,
    /// The state of their membership.
    pub state: State,
    /// Whether they may use quick login, where it is enabled.
    pub quick_login: bool,
    /// Sessions of another session epoch have ended.
    pub session_epoch: i64,
    /// Their account is disabled everywhere.
    pub disabled: bool,
    /// When they were invited or added.
    pub created_at: Timestamp,
    bucket: i64,
}

/// The member of that id in this workspace.
pub fn find(tx: &mut dyn Tx, org_id: &OrgId, user_id: &UserId) -> Result<Option<Member>, StoreError> {
    tx.query_opt(
        "SELECT m.user_id, COALESCE(m.invited_email, e.address), COALESCE(m.invited_name, u.name, ''), m.role_id, m.state,
            m.quick_login, m.session_epoch, COALESCE(u.disabled, 0), m.created_at, m.bucket
         FROM memberships m LEFT JOIN users u ON u.id = m.user_id
            LEFT JOIN emails e ON e.user_id = m.user_id AND e.is_primary = 1
         WHERE m.org_id = $1 AND m.user_id = $2",
        params![org_id, user_id],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// The member whom an address (folded) names beyond doubt: who was invited by it and has not accepted yet, or the account that
/// verified it.
pub(crate) fn find_by_certain_email(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    folded: &str,
) -> Result<Option<Member>, StoreError> {
    let found = tx.query_opt(
        "SELECT m.user_id FROM memberships m WHERE m.org_id = $1 AND m.invited_folded = $2
         UNION ALL
         SELECT m.user_id FROM emails e JOIN memberships m ON m.user_id = e.user_id AND m.org_id = $1
         WHERE e.folded = $2 AND e.proven_at IS NOT NULL
         LIMIT 1",
        params![org_id, folded],
    )?;
    match found {
        Some(row) => find(tx, org_id, &UserId::from_text(row.text(0)?)),
        None => Ok(None),
    }
}

/// Like [`find`]; the id of an invitation remains valid after it is accepted.
pub fn find_accepted(tx: &mut dyn Tx, org_id: &OrgId, user_id: &UserId) -> Result<Option<Member>, StoreError> {
    if let Some(member) = find(tx, org_id, user_id)? {
        return Ok(Some(member));
    }
    let accepted = tx.query_opt(
        "SELECT user_id FROM memberships WHERE org_id = $1 AND invitation_id = $2",
        params![org_id, user_id],
    )?;
    match accepted {
        Some(row) => find(tx, org_id, &UserId::from_text(row.text(0)?)),
        None => Ok(None),
    }
}

/// Like [`find_accepted`], as a refusal.
pub fn load(tx: &mut dyn Tx, org_id: &OrgId, user_id: &UserId) -> Decision<Member> {
    let member = find_accepted(tx, org_id, user_id)?;
    Ok(member.ok_or_else(|| Refusal::not_found(USER, user_id.as_str()))?)
}

/// The member with that address (folded): their account's, or the invited one.
pub fn find_by_email(tx: &mut dyn Tx, org_id: &OrgId, folded: &str) -> Result<Option<Member>, StoreError> {
    let found = tx.query_opt(
        "SELECT m.user_id FROM memberships m WHERE m.org_id = $1 AND m.invited_folded = $2
         UNION ALL
         SELECT m.user_id FROM emails e JOIN memberships m ON m.user_id = e.user_id AND m.org_id = $1 WHERE e.folded = $2
         LIMIT 1",
        params![org_id, folded],
    )?;
    match found {
        Some(row) => find(tx, org_id, &UserId::from_text(row.text(0)?)),
        None => Ok(None),
    }
}

/// At most `limit` members after the first `offset`, roughly in the order of joining.
pub fn list(tx: &mut dyn Tx, org_id: &OrgId, offset: u64, limit: u32) -> Result<Page<Member>, StoreError> {
    let start = pagination::start(tx, org_id, offset)?;
    let Some((bucket, first)) = start.first else { return Ok(Page { items: Vec::new(), total: start.total }) };
    let items = tx
        .query_all(
            "SELECT m.user_id, COALESCE(m.invited_email, e.address), COALESCE(m.invited_name, u.name, ''), m.role_id, m.state,
                m.quick_login, m.session_epoch, COALESCE(u.disabled, 0), m.created_at, m.bucket
             FROM memberships m LEFT JOIN users u ON u.id = m.user_id
                LEFT JOIN emails e ON e.user_id = m.user_id AND e.is_primary = 1
             WHERE m.org_id = $1 AND (m.bucket, m.user_id) >= ($2, $3) ORDER BY m.bucket, m.user_id LIMIT $4",
            params![org_id, bucket, first, limit],
        )?
        .iter()
        .map(decode)
        .collect::<Result<_, _>>()?;
    Ok(Page { items, total: start.total })
}

/// The place of a member in the list of all, in the order of joining.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberPlace {
    bucket: i64,
    user_id: String,
}

impl MemberPlace {
    /// The place that [`Display`](fmt::Display) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (bucket, user_id) = text.split_once('.')?;
        let is_id = user_id.len() <= 64 && user_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        is_id.then_some(Self { bucket: bucket.parse().ok()?, user_id: user_id.to_owned() })
    }
}

impl fmt::Display for MemberPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.bucket, self.user_id)
    }
}

impl Member {
    /// Their place in the list.
    pub fn place(&self) -> MemberPlace {
        MemberPlace { bucket: self.bucket, user_id: self.user_id.to_string() }
    }
}

/// At most `limit` members after that place, from the first without one.
pub fn list_after(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    after: Option<&MemberPlace>,
    limit: u32,
) -> Result<Vec<Member>, StoreError> {
    let (bucket, user_id) = after.map_or((-1, ""), |place| (place.bucket, place.user_id.as_str()));
    tx.query_all(
        "SELECT m.user_id, COALESCE(m.invited_email, e.address), COALESCE(m.invited_name, u.name, ''), m.role_id, m.state,
            m.quick_login, m.session_epoch, COALESCE(u.disabled, 0), m.created_at, m.bucket
         FROM memberships m LEFT JOIN users u ON u.id = m.user_id
            LEFT JOIN emails e ON e.user_id = m.user_id AND e.is_primary = 1
         WHERE m.org_id = $1 AND (m.bucket, m.user_id) > ($2, $3) ORDER BY m.bucket, m.user_id LIMIT $4",
        params![org_id, bucket, user_id, limit],
    )?
    .iter()
    .map(decode)
    .collect()
}

/// How many members there are.
pub fn count(tx: &mut dyn Tx, org_id: &OrgId) -> Result<u64, StoreError> {
    Ok(pagination::start(tx, org_id, u64::MAX)?.total)
}

/// Refuses a further member, or invitation, of an org that has as many as its quota allows. Callers hold the lock of the org.
pub(crate) fn require_room(tx: &mut dyn Tx, org_id: &OrgId) -> Decision<()> {
    match quotas::find_own(tx, org_id, OrgQuota::Members)? {
        Some(most) if count(tx, org_id)? >= u64::from(most) => Err(NO_ROOM.into()),
        _ => Ok(()),
    }
}

/// A member whom the operator adds directly.
#[derive(Clone, Debug)]
pub struct NewMember {
    /// An existing user.
    pub user_id: UserId,
    /// Their role.
    pub role_id: RoleId,
    /// Whether they are active at once.
    pub state: State,
    /// Quick login.
    pub quick_login: bool,
}

/// Adds a member with a role that has no more rights than the actor.
pub fn add(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, new: &NewMember, now: Timestamp) -> Decision<Member> {
    let authority = authority::lock(tx, org_id, actor, now)?;
    authority.require(Right::Users)?;
    add_with(tx, org_id, (actor, &authority), new, now)
}

/// Adds a member. Callers hold the lock of the org.
pub(crate) fn add_with(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    (actor, authority): (&Actor, &Authority),
    new: &NewMember,
    now: Timestamp,
) -> Decision<Member> {
    let role = role::load(tx, org_id, &new.role_id)?;
    authority.require_role(&role.permissions)?;
    let invited = tx.query_opt(
        "SELECT 1 FROM emails e JOIN memberships m ON m.invited_folded = e.folded
         WHERE e.user_id = $2 AND m.org_id = $1 LIMIT 1",
        params![org_id, &new.user_id],
    )?;
    if invited.is_some() || find(tx, org_id, &new.user_id)?.is_some() {
        return Err(MEMBER_ALREADY.into());
    }
    require_room(tx, org_id)?;
    let bucket = pagination::enter(tx, org_id)?;
    tx.execute(
        "INSERT INTO memberships (org_id, user_id, role_id, state, quick_login, bucket, session_epoch, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $7)",
        params![org_id, &new.user_id, &new.role_id, new.state.as_str(), new.quick_login, bucket, now],
    )?;
    let details = Details { role: Some(new.role_id.clone()), ..Details::default() };
    event::append(tx, recorded(Action::MemberAdd, org_id, actor, &new.user_id).with(details))?;
    tx.changed(cached::MEMBERSHIP, &cached::key_in(org_id, new.user_id.as_str()))?;
    load(tx, org_id, &new.user_id)
}

fn recorded(action: Action, org_id: &OrgId, actor: &Actor, user_id: &UserId) -> NewEvent {
    NewEvent::new(action).by(actor.clone()).within(org_id).to(Target::User(user_id.clone()))
}

/// An invitee, as entered by the inviter.
#[derive(Clone, Debug)]
pub struct Invited<'i> {
    /// The id of the membership until they accept.
    pub id: &'i MembershipId,
    /// Their address.
    pub email: &'i Email,
    /// Their name, validated.
    pub name: &'i str,
    /// Their role.
    pub role_id: &'i RoleId,
    /// The app to which they are led.
    pub app_id: Option<&'i AppId>,
}

/// Adds a pending membership. The caller has checked permission, the role, and that the address is not yet a member's.
pub(crate) fn invite(tx: &mut dyn Tx, org_id: &OrgId, invited: &Invited<'_>, now: Timestamp) -> Decision<Member> {
    let bucket = pagination::enter(tx, org_id)?;
    let user_id = UserId::from_text(invited.id.as_str());
    tx.execute(
        "INSERT INTO memberships (org_id, user_id, role_id, state, quick_login, bucket, session_epoch, invited_name, invited_email,
            invited_folded, invited_app, created_at, updated_at)
         VALUES ($1, $2, $3, 'invited', 0, $4, $5, $6, $7, $8, $9, $5, $5)",
        params![
            org_id,
            &user_id,
            invited.role_id,
            bucket,
            now,
            invited.name,
            invited.email.address(),
            invited.email.folded(),
            invited.app_id
        ],
    )?;
    load(tx, org_id, &user_id)
}

/// Changes to a membership; `None` leaves a field unchanged.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Another role.
    pub role_id: Option<RoleId>,
    /// Quick login.
    pub quick_login: Option<bool>,
    /// Whether they may log in.
    pub active: Option<bool>,
    /// What happens to the keys that they created, if this reduces their rights.
    pub keys: MadeKeys,
}

/// Changes a membership. Actors cannot change a member with more rights than their own, nor assign a role with more,
/// and somebody who manages the workspace must remain. Deactivation logs the member out for good: reactivation does not
/// bring their sessions back.
pub fn change(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    user_id: &UserId,
    change: &Change,
    now: Timestamp,
) -> Decision<Member> {
    let authority = authority::lock(tx, org_id, actor, now)?;
    authority.require(Right::Users)?;
    change_with(tx, org_id, (actor, &authority), user_id, change, now)
}

/// Changes a membership. Callers hold the lock of the org.
pub(crate) fn change_with(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    (actor, authority): (&Actor, &Authority),
    user_id: &UserId,
    change: &Change,
    now: Timestamp,
) -> Decision<Member> {
    let member = load(tx, org_id, user_id)?;
    let user_id = &member.user_id;
    let before = role::load(tx, org_id, &member.role_id)?;
    authority.require_role(&before.permissions)?;
    let after = match &change.role_id {
        Some(role_id) => role::load(tx, org_id, role_id)?,
        None => before.clone(),
    };
    authority.require_role(&after.permissions)?;
    let state = match (member.state, change.active) {
        (State::Invited, Some(_)) => return Err(Refusal::Conflict(Reason::NotAccepted).into()),
        (state, None) => state,
        (_, Some(true)) => State::Active,
        (_, Some(false)) => State::Inactive,
    };
    let stays_admin = state == State::Active && after.permissions.manages_workspace();
    if is_admin(&member, &before.permissions)
        && !stays_admin
        && !administrators::remain_beside_user(tx, org_id, user_id)?
    {
        return Err(Refusal::LAST_ADMIN.into());
    }
    let deactivated = member.state == State::Active && state == State::Inactive;
    let session_epoch =
        if deactivated { now.micros().max(member.session_epoch.saturating_add(1)) } else { member.session_epoch };
    let quick_login = change.quick_login.unwrap_or(member.quick_login);
    tx.execute(
        "UPDATE memberships SET role_id = $3, state = $4, quick_login = $5, session_epoch = $6, updated_at = $7
         WHERE org_id = $1 AND user_id = $2",
        params![org_id, user_id, &after.id, state.as_str(), quick_login, session_epoch, now],
    )?;
    tx.changed(cached::MEMBERSHIP, &cached::key_in(org_id, user_id.as_str()))?;
    let keys = if deactivated {
        api_key::settle(tx, org_id, user_id, KeyPermissions::NONE, change.keys)?
    } else if after.id != before.id {
        api_key::settle(tx, org_id, user_id, after.permissions.key_permissions(), change.keys)?
    } else {
        0
    };
    if deactivated {
        app_access::end_grants_of_member(tx, user_id, org_id, now)?;
    }
    let details = Details {
        role: (after.id != before.id).then(|| after.id.clone()),
        api_keys: (keys > 0).then_some(keys),
        ..Details::changed([
            ("role", after.id != before.id),
            ("quick_login", quick_login != member.quick_login),
            ("status", state != member.state),
        ])
    };
    event::append(tx, recorded(Action::MemberChange, org_id, actor, user_id).with(details))?;
    Ok(Member { role_id: after.id, state, quick_login, session_epoch, ..member })
}

/// Ends a membership or cancels an invitation; the user's account stays. `keys` decides about the keys that they
/// created.
pub fn remove(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    user_id: &UserId,
    keys: MadeKeys,
    now: Timestamp,
) -> Decision<()> {
    let authority = authority::lock(tx, org_id, actor, now)?;
    authority.require(Right::Users)?;
    remove_with(tx, org_id, (actor, &authority), user_id, keys, now)
}

/// Ends a membership. Callers hold the lock of the org.
pub(crate) fn remove_with(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    (actor, authority): (&Actor, &Authority),
    user_id: &UserId,
    keys: MadeKeys,
    now: Timestamp,
) -> Decision<()> {
    let member = load(tx, org_id, user_id)?;
    let user_id = &member.user_id;
    let role = role::load(tx, org_id, &member.role_id)?;
    authority.require_role(&role.permissions)?;
    if is_admin(&member, &role.permissions) && !administrators::remain_beside_user(tx, org_id, user_id)? {
        return Err(Refusal::LAST_ADMIN.into());
    }
    tx.execute("DELETE FROM memberships WHERE org_id = $1 AND user_id = $2", params![org_id, user_id])?;
    pagination::leave(tx, org_id, member.bucket)?;
    tx.execute("DELETE FROM one_time_links WHERE user_id = $1 AND org_id = $2", params![user_id, org_id])?;
    tx.changed(cached::MEMBERSHIP, &cached::key_in(org_id, user_id.as_str()))?;
    let keys = api_key::settle(tx, org_id, user_id, KeyPermissions::NONE, keys)?;
    if member.state != State::Invited {
        app_access::end_grants_of_member(tx, user_id, org_id, now)?;
    }
    let details = Details { api_keys: (keys > 0).then_some(keys), ..Details::default() };
    event::append(tx, recorded(Action::MemberRemove, org_id, actor, user_id).with(details))?;
    Ok(())
}

/// Turns the membership `invited` into that of an account; returns whether it was pending.
pub(crate) fn accept(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    invited: &UserId,
    user_id: &UserId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let accepted = tx.execute(
        "UPDATE memberships SET user_id = $3, invitation_id = $2, state = 'active', invited_name = NULL,
            invited_email = NULL, invited_folded = NULL, invited_app = NULL, updated_at = $4
         WHERE org_id = $1 AND user_id = $2 AND state = 'invited'",
        params![org_id, invited, user_id, now],
    )?;
    if accepted == 1 {
        // A directory that provisioned them goes on with the account, which an earlier row may still name: until now it was no
        // member.
        let sql = "UPDATE scim_users SET member_id = NULL, active = 0 WHERE org_id = $1 AND member_id = $2";
        if tx.execute(sql, params![org_id, user_id])? > 0 {
            tx.changed(cached::ORG_GROUPS, org_id.as_str())?;
        }
        let sql = "UPDATE scim_users SET member_id = $3 WHERE org_id = $1 AND member_id = $2";
        if tx.execute(sql, params![org_id, invited, user_id])? > 0 {
            tx.changed(cached::ORG_GROUPS, org_id.as_str())?;
        }
    }
    tx.changed(cached::MEMBERSHIP, &cached::key_in(org_id, invited.as_str()))?;
    tx.changed(cached::MEMBERSHIP, &cached::key_in(org_id, user_id.as_str()))?;
    Ok(accepted == 1)
}

/// A workspace of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Belonging {
    /// The workspace.
    pub org_id: OrgId,
    /// Display name.
    pub name: String,
    /// Their role in it.
    pub role_id: RoleId,
    /// Sessions of another session epoch have ended.
    pub session_epoch: i64,
}

/// The workspaces that a user is an active member of, in the order of joining: at most 100.
pub fn of_person(tx: &mut dyn Tx, user_id: &UserId) -> Result<Vec<Belonging>, StoreError> {
    tx.query_all(
        "SELECT m.org_id, o.name, m.role_id, m.session_epoch
         FROM memberships m JOIN orgs o ON o.id = m.org_id
         WHERE m.user_id = $1 AND m.state = 'active' AND o.removed_at IS NULL ORDER BY m.created_at, m.org_id LIMIT 100",
        params![user_id],
    )?
    .iter()
    .map(decode_belonging)
    .collect()
}

/// That workspace, if the user is an active member of it.
pub fn of_person_in(tx: &mut dyn Tx, user_id: &UserId, org_id: &OrgId) -> Result<Option<Belonging>, StoreError> {
    tx.query_opt(
        "SELECT m.org_id, o.name, m.role_id, m.session_epoch
         FROM memberships m JOIN orgs o ON o.id = m.org_id
         WHERE m.org_id = $1 AND m.user_id = $2 AND m.state = 'active' AND o.removed_at IS NULL",
        params![org_id, user_id],
    )?
    .map(|row| decode_belonging(&row))
    .transpose()
}

fn is_admin(member: &Member, permissions: &sigma_core::org::RolePermissions) -> bool {
    member.state == State::Active && permissions.manages_workspace()
}

fn decode(row: &Row) -> Result<Member, StoreError> {
    Ok(Member {
        user_id: UserId::from_text(row.text(0)?),
        email: row.opt_text(1)?,
        name: row.text(2)?,
        role_id: RoleId::from_text(row.text(3)?),
        state: State::parse(&row.text(4)?)?,
        quick_login: row.bool(5)?,
        session_epoch: row.int(6)?,
        disabled: row.bool(7)?,
        created_at: row.timestamp(8)?,
        bucket: row.int(9)?,
    })
}

fn decode_belonging(row: &Row) -> Result<Belonging, StoreError> {
    Ok(Belonging {
        org_id: OrgId::from_text(row.text(0)?),
        name: row.text(1)?,
        role_id: RoleId::from_text(row.text(2)?),
        session_epoch: row.int(3)?,
    })
}
