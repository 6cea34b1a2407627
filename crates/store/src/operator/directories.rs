//! The directories that provision the people of orgs, as the operator sees, connects and ends them.

use sigma_core::digest::Digest;
use sigma_core::ids::{OrgId, ScimConnectionId};
use sigma_core::operator::{OperatorRefusal, OperatorRight};
use sigma_core::org::{Authority, Reason, Refusal};
use sigma_core::time::Timestamp;

use super::Decision;
use super::authority::{Caller, require};
use super::orgs::{self, translated};
use crate::org::role;
use crate::scim::connection::{self, Connection, NewConnection, OldToken};
use crate::scim::log::{self, LoggedRequest};
use crate::scim::maker::{self, Maker};
use crate::{Owner, Stop, Tx};

/// A connection, and the person who made it or gave it its token.
#[derive(Clone, Debug)]
pub struct DirectoryLine {
    /// The connection.
    pub connection: Connection,
    /// Who made it, if that was a person.
    pub maker: Option<Maker>,
}

/// A directory to connect.
#[derive(Clone, Debug)]
pub struct NewDirectory {
    /// Its id.
    pub id: ScimConnectionId,
    /// Its display name, validated.
    pub name: String,
    /// Whether groups give the roles that are called like them.
    pub maps_roles: bool,
    /// The digest of its token.
    pub hash: Digest,
}

/// The connections of an org, oldest first: few.
pub fn list(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId) -> Decision<Vec<DirectoryLine>> {
    orgs::find(tx, caller, org_id)?;
    let mut lines = Vec::new();
    for connection in connection::list(tx, org_id)? {
        let maker = maker::find(tx, &connection)?;
        lines.push(DirectoryLine { connection, maker });
    }
    Ok(lines)
}

/// A connection of an org.
pub fn find(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId, id: &ScimConnectionId) -> Decision<DirectoryLine> {
    require(tx, caller, OperatorRight::ReadOrgs)?;
    let connection = connection::find(tx, org_id, id)?.ok_or(OperatorRefusal::NotFound)?;
    let maker = maker::find(tx, &connection)?;
    Ok(DirectoryLine { connection, maker })
}

/// At most `limit` requests of a directory, newest first, before the one of that number.
pub fn requests(
    tx: &mut dyn Tx,
    caller: &Caller,
    (org_id, id): (&OrgId, &ScimConnectionId),
    before: Option<i64>,
    limit: u32,
) -> Decision<Vec<LoggedRequest>> {
    find(tx, caller, org_id, id)?;
    Ok(log::list(tx, org_id, id, before, limit)?)
}

/// Ends a connection: its tokens stop working at once. Whom it provisioned stays.
pub fn end(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId, id: &ScimConnectionId) -> Decision<()> {
    tx.lock(Owner::Org(org_id))?;
    require(tx, caller, OperatorRight::ManageOrgs)?;
    let actor = tx.initiator().actor.clone();
    connection::end(tx, org_id, &actor, id).map_err(translated)
}

/// Connects a directory that provisions the people of an org. `role` names the one that they get, by its name or id.
pub fn add(
    tx: &mut dyn Tx,
    caller: &Caller,
    org_id: &OrgId,
    (new, role): (NewDirectory, &str),
    now: Timestamp,
) -> Decision<DirectoryLine> {
    tx.lock(Owner::Org(org_id))?;
    orgs::changeable(tx, caller, org_id)?;
    let role_id = role::find_named(tx, org_id, role)?.ok_or(OperatorRefusal::NoRole)?.id;
    let NewDirectory { id, name, maps_roles, hash } = new;
    let new = NewConnection { id, name, role_id, maps_roles, hash };
    let actor = tx.initiator().actor.clone();
    let connection = connection::add_with(tx, org_id, (&actor, &Authority::Operator), &new, now).map_err(refused)?;
    Ok(DirectoryLine { connection, maker: None })
}

/// Gives a connection another token.
pub fn rotate(
    tx: &mut dyn Tx,
    caller: &Caller,
    (org_id, id): (&OrgId, &ScimConnectionId),
    token: (Digest, OldToken),
    now: Timestamp,
) -> Decision<DirectoryLine> {
    tx.lock(Owner::Org(org_id))?;
    orgs::changeable(tx, caller, org_id)?;
    let actor = tx.initiator().actor.clone();
    let connection = connection::rotate_with(tx, org_id, (&actor, &Authority::Operator), id, token, now);
    Ok(DirectoryLine { connection: connection.map_err(refused)?, maker: None })
}

fn refused(stop: Stop<Refusal>) -> Stop<OperatorRefusal> {
    match stop {
        Stop::Refused(Refusal::Conflict(Reason::ManyConnections)) => OperatorRefusal::ManyDirectories.into(),
        Stop::Refused(Refusal::Conflict(Reason::NotProvisioned)) => OperatorRefusal::OwnOrg.into(),
        stop => translated(stop),
    }
}
