//! Directories that provision the people of an org (SCIM 2.0, `docs/spec/scim.md`).
//!
//! A provisioned person is a row of its own, which points to a membership: an invitation first, until whoever reads mail at the
//! address accepts it. So a directory never reaches an account whose user did not agree.

pub mod connection;
pub mod directory;
pub mod group;
pub mod log;
pub mod maker;
mod mapping;
mod refusal;
pub mod user;

pub use refusal::Decision;

use sigma_core::actor::Actor;
use sigma_core::ids::{OrgId, RoleId, ScimConnectionId};
use sigma_core::scim::{Problem, ProblemKind};
use sigma_core::time::Timestamp;

use crate::org::authority;
use crate::{Stop, Tx};

/// The connection by which a request came.
#[derive(Clone, Debug)]
pub struct Directory {
    /// The org.
    pub org_id: OrgId,
    /// The connection.
    pub connection_id: ScimConnectionId,
    /// What people get whom no group gives a role.
    pub role_id: RoleId,
    /// Whether groups give roles.
    pub maps_roles: bool,
}

impl Directory {
    /// As an actor.
    pub fn actor(&self) -> Actor {
        Actor::ScimConnection(self.connection_id.clone())
    }

    /// Locks the org and checks that the connection was not removed meanwhile.
    fn lock(&self, tx: &mut dyn Tx, now: Timestamp) -> Decision<()> {
        match authority::lock(tx, &self.org_id, &self.actor(), now) {
            Ok(_) => Ok(()),
            Err(Stop::Refused(_)) => Err(Problem::new(ProblemKind::Unauthorized, "The connection was removed").into()),
            Err(Stop::Failed(error)) => Err(error.into()),
        }
    }
}
