//! Connections: who may provision an org. Only the SHA-256 of a token is stored.

use std::time::Duration;

use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{OrgId, RoleId, ScimConnectionId, UserId};
use sigma_core::org::{Authority, Reason, Refusal, Right, RolePermissions};
use sigma_core::time::Timestamp;

use super::Directory;
use crate::event::{self, NewEvent};
use crate::org::{Decision, authority, role};
use crate::{Row, StoreError, Tx, params};

/// Most connections of an org.
pub const MOST_CONNECTIONS: usize = 10;
/// How long the token before the last rotation still works, so that the directory can be told the new one.
pub const OVERLAP: Duration = Duration::from_hours(24);

/// A connection as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The org.
    pub org_id: OrgId,
    /// Its id.
    pub id: ScimConnectionId,
    /// Its name, for people.
    pub name: String,
    /// What people get whom no group gives a role.
    pub role_id: RoleId,
    /// Whether groups give the roles that are called like them.
    pub maps_roles: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last got another token.
    pub rotated_at: Option<Timestamp>,
    /// When it was last used, as far as the log knows.
    pub last_used_at: Option<Timestamp>,
    /// Who made it or gave it its token, if that is a person.
    pub made_by: Option<UserId>,
}

/// What becomes of the token before a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OldToken {
    /// It works for another [`OVERLAP`].
    Overlaps,
    /// It ends at once, because somebody may have kept it.
    Ends,
}

impl Connection {
    /// The directory that it stands for.
    pub fn directory(&self) -> Directory {
        Directory {
            org_id: self.org_id.clone(),
            connection_id: self.id.clone(),
            role_id: self.role_id.clone(),
            maps_roles: self.maps_roles,
        }
    }
}

/// The fields of a new connection.
#[derive(Clone, Debug)]
pub struct NewConnection {
    /// Its id.
    pub id: ScimConnectionId,
    /// Its name, validated.
    pub name: String,
    /// What people get whom no group gives a role.
    pub role_id: RoleId,
    /// Whether groups give roles.
    pub maps_roles: bool,
    /// The digest of its token.
    pub hash: Digest,
}

/// The columns of a connection, in the order of [`decode`].
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT c.org_id, c.id, c.name, c.role_id, c.maps_roles, c.created_at, c.rotated_at, c.last_used_at, c.made_by
             FROM scim_connections c ",
            $rest
        )
    };
}

/// Makes a connection. It changes members whatever their role is, and if groups give roles, it gives any: whoever holds its token can
/// do what an admin can, so only admins make one.
pub fn add(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    new: &NewConnection,
    now: Timestamp,
) -> Decision<Connection> {
    let authority = authority::lock(tx, org_id, actor, now)?;
    add_with(tx, org_id, (actor, &authority), new, now)
}

/// The same by an actor whose authority is known. Callers hold the lock of the org.
pub(crate) fn add_with(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    (actor, authority): (&Actor, &Authority),
    new: &NewConnection,
    now: Timestamp,
) -> Decision<Connection> {
    authority.require(Right::Workspace)?;
    if *org_id == OrgId::operator() {
        // Its members run the installation: no directory makes somebody one of them.
        return Err(Refusal::Conflict(Reason::NotProvisioned).into());
    }
    authority.require_role(&RolePermissions::admin())?;
    role::load(tx, org_id, &new.role_id)?;
    if list(tx, org_id)?.len() >= MOST_CONNECTIONS {
        return Err(Refusal::Conflict(Reason::ManyConnections).into());
    }
    tx.execute(
        "INSERT INTO scim_connections (org_id, id, name, role_id, maps_roles, hash, requests, created_at, made_by)
         VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)",
        params![org_id, &new.id, &new.name, &new.role_id, new.maps_roles, new.hash, now, maker_of(actor, authority)],
    )?;
    let details = Details { role: Some(new.role_id.clone()), ..Details::default() };
    event::append(tx, recorded(Action::ScimConnectionCreate, org_id, actor, &new.id).with(details))?;
    load(tx, org_id, &new.id)
}

/// Gives a connection another token, which takes the rights to make one. One that was replaced before ends.
pub fn rotate(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    id: &ScimConnectionId,
    token: (Digest, OldToken),
    now: Timestamp,
) -> Decision<Connection> {
    let authority = authority::lock(tx, org_id, actor, now)?;
    rotate_with(tx, org_id, (actor, &authority), id, token, now)
}

/// The same by an actor whose authority is known. Callers hold the lock of the org.
pub(crate) fn rotate_with(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    (actor, authority): (&Actor, &Authority),
    id: &ScimConnectionId,
    (hash, old): (Digest, OldToken),
    now: Timestamp,
) -> Decision<Connection> {
    authority.require(Right::Workspace)?;
    authority.require_role(&RolePermissions::admin())?;
    load(tx, org_id, id)?;
    let until = match old {
        OldToken::Overlaps => now.plus(OVERLAP),
        OldToken::Ends => now,
    };
    tx.execute(
        "UPDATE scim_connections SET previous_hash = hash, previous_until = $4, hash = $3, rotated_at = $5, made_by = $6,
            maker_left_at = NULL
         WHERE org_id = $1 AND id = $2",
        params![org_id, id, hash, until, now, maker_of(actor, authority)],
    )?;
    event::append(tx, recorded(Action::ScimConnectionRotate, org_id, actor, id))?;
    load(tx, org_id, id)
}

/// Who may have kept the token, as the org is told of them: a person of its own. The operator can do all that it lets one do anyway.
fn maker_of<'a>(actor: &'a Actor, authority: &Authority) -> Option<&'a UserId> {
    actor.user().filter(|_| *authority != Authority::Operator)
}

/// Removes a connection: its tokens stop working at once. Whom it provisioned stays; its log goes with time.
pub fn remove(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, id: &ScimConnectionId, now: Timestamp) -> Decision<()> {
    authority::lock(tx, org_id, actor, now)?.require(Right::Workspace)?;
    end(tx, org_id, actor, id)
}

/// The same for whoever may do it. Callers hold the lock of the org.
pub(crate) fn end(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, id: &ScimConnectionId) -> Decision<()> {
    load(tx, org_id, id)?;
    tx.execute("DELETE FROM scim_connections WHERE org_id = $1 AND id = $2", params![org_id, id])?;
    event::append(tx, recorded(Action::ScimConnectionRemove, org_id, actor, id))?;
    Ok(())
}

fn recorded(action: Action, org_id: &OrgId, actor: &Actor, id: &ScimConnectionId) -> NewEvent {
    NewEvent::new(action).by(actor.clone()).within(org_id).to(Target::ScimConnection(id.clone()))
}

/// The connections of an org, oldest first.
pub fn list(tx: &mut dyn Tx, org_id: &OrgId) -> Result<Vec<Connection>, StoreError> {
    tx.query_all(select!("WHERE c.org_id = $1 ORDER BY c.id LIMIT 100"), params![org_id])?.iter().map(decode).collect()
}

/// The connection of that id.
pub fn find(tx: &mut dyn Tx, org_id: &OrgId, id: &ScimConnectionId) -> Result<Option<Connection>, StoreError> {
    tx.query_opt(select!("WHERE c.org_id = $1 AND c.id = $2"), params![org_id, id])?.map(|row| decode(&row)).transpose()
}

/// Like [`find`], as a refusal.
pub fn load(tx: &mut dyn Tx, org_id: &OrgId, id: &ScimConnectionId) -> Decision<Connection> {
    Ok(find(tx, org_id, id)?.ok_or_else(|| Refusal::not_found("Connection", id.as_str()))?)
}

/// The connection whose token this is, of an org that was not removed. The token names the org.
pub fn find_by_token(tx: &mut dyn Tx, token: &Digest, now: Timestamp) -> Result<Option<Connection>, StoreError> {
    let current = select!("JOIN orgs o ON o.id = c.org_id AND o.removed_at IS NULL WHERE c.hash = $1");
    let previous = select!(
        "JOIN orgs o ON o.id = c.org_id AND o.removed_at IS NULL WHERE c.previous_hash = $1 AND c.previous_until > $2"
    );
    let found = match tx.query_opt(current, params![token])? {
        Some(row) => Some(row),
        None => tx.query_opt(previous, params![token, now])?,
    };
    found.map(|row| decode(&row)).transpose()
}

fn decode(row: &Row) -> Result<Connection, StoreError> {
    Ok(Connection {
        org_id: OrgId::from_text(row.text(0)?),
        id: ScimConnectionId::from_text(row.text(1)?),
        name: row.text(2)?,
        role_id: RoleId::from_text(row.text(3)?),
        maps_roles: row.bool(4)?,
        created_at: row.timestamp(5)?,
        rotated_at: row.opt_timestamp(6)?,
        last_used_at: row.opt_timestamp(7)?,
        made_by: row.opt_text(8)?.map(UserId::from_text),
    })
}
