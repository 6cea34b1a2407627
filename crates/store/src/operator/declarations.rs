//! Who may bring about what is declared (`docs/guides/apply.md`).

use sigma_core::admin_scope::AdminReach;
use sigma_core::ids::{AppRef, OrgId};
use sigma_core::operator::{OperatorRefusal, OperatorRight, OperatorRole};

use super::Decision;
use super::apps::admit;
use super::authority::{Caller, require};
use crate::{Tx, org};

/// Who brings it about.
#[derive(Clone, Debug)]
pub enum By {
    /// Whoever can open the database.
    Database,
    /// Somebody who comes to the management API with a token that reaches so far.
    Caller(Caller, AdminReach),
}

impl By {
    fn require(&self, tx: &mut dyn Tx, rights: &[OperatorRight]) -> Decision<()> {
        if let Self::Caller(caller, _) = self {
            for right in rights {
                require(tx, caller, *right)?;
            }
        }
        Ok(())
    }

    /// Requires that they may see everything that can be declared.
    pub fn require_reading(&self, tx: &mut dyn Tx) -> Decision<()> {
        use OperatorRight::{ReadApps, ReadBranding, ReadOrgs, ReadProviders};
        self.require(tx, &[ReadBranding, ReadOrgs, ReadApps, ReadProviders])
    }

    /// Requires that they may change what is declared. Some of it needs more.
    pub fn require_changing(&self, tx: &mut dyn Tx) -> Decision<()> {
        use OperatorRight::{ManageApps, ManageBranding, ManageOrgs};
        self.require(tx, &[ManageBranding, ManageOrgs, ManageApps])
    }

    /// Requires that they may change the org of that name. The operator's own is changed by its owners alone.
    pub fn require_org(&self, tx: &mut dyn Tx, name: &str) -> Decision<()> {
        let Self::Caller(caller, _) = self else { return Ok(()) };
        let is_own = org::find_named(tx, name)?.is_some_and(|id| id == OrgId::operator());
        if is_own && require(tx, caller, OperatorRight::ManageOrgs)? != OperatorRole::Owner {
            return Err(OperatorRefusal::OwnOrg.into());
        }
        Ok(())
    }

    /// Requires that they may change the app of that name, or register one, with that scope.
    pub fn require_app(&self, tx: &mut dyn Tx, client_id: &str, scope: Option<&str>) -> Decision<()> {
        match self {
            Self::Database => Ok(()),
            Self::Caller(caller, reach) => admit(tx, (caller, reach), AppRef::parse(client_id).as_ref(), scope),
        }
    }

    /// Requires that they may change providers.
    pub fn require_providers(&self, tx: &mut dyn Tx) -> Decision<()> {
        self.require(tx, &[OperatorRight::ManageProviders])
    }
}
