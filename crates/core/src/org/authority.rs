//! The caller of a workspace operation, and its rights (`docs/spec/workspaces.md#who-may-do-what`).

use crate::org::permission::{KeyPermission, KeyPermissions};
use crate::org::refusal::{Reason, Refusal};
use crate::org::role::{RolePermissions, Switch};

/// The current rights of a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// The permissions of the member's role.
    Person(RolePermissions),
    /// The permissions of the key.
    Key(KeyPermissions),
    /// Everything.
    Operator,
}

/// An area of management.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// API keys: `canManageApiKeys`.
    ApiKeys,
    /// People: `canManageUsers`.
    Users,
    /// Roles: `canManageRoles`.
    Roles,
    /// The workspace itself: needs all three switches.
    Workspace,
}

impl Authority {
    /// Whether the caller may manage that area. Of keys, only one with all five permissions manages anything.
    pub fn may(&self, right: Right) -> bool {
        match self {
            Self::Operator => true,
            Self::Key(permissions) => *permissions == KeyPermissions::ALL,
            Self::Person(role) => match right {
                Right::ApiKeys => role.switches.is_on(Switch::ManageApiKeys),
                Right::Users => role.switches.is_on(Switch::ManageUsers),
                Right::Roles => role.switches.is_on(Switch::ManageRoles),
                Right::Workspace => role.manages_workspace(),
            },
        }
    }

    /// Like [`Authority::may`], as a result.
    ///
    /// # Errors
    /// [`Refusal::Denied`] with the missing permission.
    pub fn require(&self, right: Right) -> Result<(), Refusal> {
        if self.may(right) {
            return Ok(());
        }
        let missing = match (self, right) {
            (Self::Key(_), _) => Reason::KeyManagesNothing,
            (_, Right::ApiKeys) => Reason::NoApiKeys,
            (_, Right::Users) => Reason::NoUsers,
            (_, Right::Roles) => Reason::NoRoles,
            (_, Right::Workspace) => Reason::NoWorkspace,
        };
        Err(Refusal::Denied(missing))
    }

    /// The rights in terms of API key permissions.
    pub fn permissions(&self) -> KeyPermissions {
        match self {
            Self::Operator => KeyPermissions::ALL,
            Self::Key(permissions) => *permissions,
            Self::Person(role) => role.key_permissions(),
        }
    }

    /// Whether the caller may see what every caller of a workspace may see: a key needs `read`.
    ///
    /// # Errors
    /// [`Refusal::Denied`].
    pub fn require_read(&self) -> Result<(), Refusal> {
        match self {
            Self::Key(permissions) if !permissions.contains(KeyPermission::Read) => {
                Err(Refusal::Denied(Reason::KeyReadsNothing))
            }
            _ => Ok(()),
        }
    }

    /// Nobody creates or manages a key with more rights than their own.
    ///
    /// # Errors
    /// [`Refusal::BEYOND_OWN`].
    pub fn require_key(&self, permissions: KeyPermissions) -> Result<(), Refusal> {
        if self.permissions().covers(permissions) { Ok(()) } else { Err(Refusal::BEYOND_OWN) }
    }

    /// Nobody creates, edits, assigns or deletes a role with more rights than their own.
    ///
    /// # Errors
    /// [`Refusal::BEYOND_OWN`].
    pub fn require_role(&self, role: &RolePermissions) -> Result<(), Refusal> {
        let covered = match self {
            Self::Operator => true,
            Self::Key(permissions) => *permissions == KeyPermissions::ALL,
            Self::Person(own) => own.covers(role),
        };
        if covered { Ok(()) } else { Err(Refusal::BEYOND_OWN) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::org::role::Switches;

    const RIGHTS: [Right; 4] = [Right::ApiKeys, Right::Users, Right::Roles, Right::Workspace];

    #[test]
    fn only_a_key_with_all_five_permissions_manages_anything() {
        let four: KeyPermissions = KeyPermission::ALL.into_iter().take(4).collect();
        for right in RIGHTS {
            assert!(Authority::Key(KeyPermissions::ALL).may(right));
            assert!(!Authority::Key(four).may(right));
        }
    }

    #[test]
    fn each_right_needs_its_switch_and_settings_need_all_three() {
        let with = |switches: &[Switch]| {
            let switches: Switches = switches.iter().copied().collect();
            Authority::Person(RolePermissions { switches, ..RolePermissions::default() })
        };
        let rights = |authority: &Authority| RIGHTS.map(|right| authority.may(right));
        assert_eq!(rights(&with(&[])), [false; 4]);
        assert_eq!(rights(&with(&[Switch::ManageApiKeys])), [true, false, false, false]);
        assert_eq!(rights(&with(&[Switch::ManageUsers])), [false, true, false, false]);
        assert_eq!(rights(&with(&[Switch::ManageRoles])), [false, false, true, false]);
        assert_eq!(rights(&with(&[Switch::ManageApiKeys, Switch::ManageUsers, Switch::ManageRoles])), [true; 4]);
    }

    #[test]
    fn no_key_exceeds_its_creators_rights() {
        let reader = Authority::Key(KeyPermissions::NONE.with(KeyPermission::Read));
        assert_eq!(reader.require_key(KeyPermissions::ALL), Err(Refusal::BEYOND_OWN));
        assert_eq!(Authority::Person(RolePermissions::admin()).require_key(KeyPermissions::ALL), Ok(()));
        let manager = RolePermissions { switches: [Switch::ManageApiKeys].into_iter().collect(), ..Default::default() };
        assert_eq!(Authority::Person(manager).require_key(KeyPermissions::ALL), Err(Refusal::BEYOND_OWN));
    }
}
