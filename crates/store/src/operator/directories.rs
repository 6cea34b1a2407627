//! The directories that provision the people of orgs, as the operator sees and ends them. Their tokens are the orgs' own affair: nobody
//! else gets one.

use sigma_core::ids::{OrgId, ScimConnectionId};
use sigma_core::operator::{OperatorRefusal, OperatorRight};

use super::Decision;
use super::authority::{Caller, require};
use super::orgs::{self, translated};
use crate::scim::connection::{self, Connection};
use crate::scim::maker::{self, Maker};
use crate::{Owner, Tx};

/// A connection, and the person who made it or gave it its token.
#[derive(Clone, Debug)]
pub struct DirectoryLine {
    /// The connection.
    pub connection: Connection,
    /// Who made it, if that was a person.
    pub maker: Option<Maker>,
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

/// Ends a connection: its tokens stop working at once. Whom it provisioned stays.
pub fn end(tx: &mut dyn Tx, caller: &Caller, org_id: &OrgId, id: &ScimConnectionId) -> Decision<()> {
    tx.lock(Owner::Org(org_id))?;
    require(tx, caller, OperatorRight::ManageOrgs)?;
    let actor = tx.initiator().actor.clone();
    connection::end(tx, org_id, &actor, id).map_err(translated)
}
