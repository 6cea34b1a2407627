//! The pages of workspaces, for their admins: one file per page. They act through the operations and rules of the API
//! of this crate and work without script.

mod chooser;
mod form;
mod invitation;
mod invite;
mod key;
mod keys;
mod login;
mod member_session;
mod outcome;
mod people;
mod person;
mod role;
mod role_form;
mod roles;
mod settings;
mod sign_out;
pub mod view;

use sigma_core::org::{KeyPermission, RolePermissions, Switch};

use crate::pages::view::{PermissionLine, SwitchLine};
use sigma_platform::http::Surface;
use sigma_platform::state::AppState;

/// The endpoints of these pages.
pub fn surface() -> Surface<AppState> {
    Surface::new()
        .with(login::endpoint())
        .with(sign_out::endpoint())
        .with(chooser::endpoints())
        .with(people::endpoint())
        .with(invite::endpoints())
        .with(person::endpoints())
        .with(roles::endpoint())
        .with(role::endpoints())
        .with(keys::endpoint())
        .with(key::endpoints())
        .with(settings::endpoints())
        .with(invitation::endpoints())
}

/// The switches of a role, as pages show them; those missing from `own` are disabled.
fn switch_lines(role: &RolePermissions, own: Option<&RolePermissions>) -> Vec<SwitchLine> {
    let is_on = |permissions: &RolePermissions, field: &str| {
        Switch::ALL.into_iter().any(|switch| switch.as_str() == field && permissions.switches.is_on(switch))
    };
    let lines = SwitchLine::all().into_iter();
    lines
        .map(|line| SwitchLine {
            on: is_on(role, line.field),
            locked: own.is_some_and(|own| !is_on(own, line.field)),
            ..line
        })
        .collect()
}

/// The permissions of a key, as pages show them; those missing from `own` are disabled.
fn permission_lines(chosen: &[KeyPermission], own: &RolePermissions) -> Vec<PermissionLine> {
    let held = own.key_permissions();
    let lines = PermissionLine::all().into_iter();
    lines
        .map(|line| {
            let permission = KeyPermission::parse(line.name);
            PermissionLine {
                on: permission.is_some_and(|permission| chosen.contains(&permission)),
                locked: permission.is_none_or(|permission| !held.contains(permission)),
                ..line
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_switch_and_permission_has_a_description() {
        let mut switches: Vec<_> = switch_lines(&RolePermissions::admin(), None);
        assert!(switches.iter().all(|line| line.on && !line.locked));
        switches.dedup_by_key(|line| line.field);
        assert_eq!(switches.len(), Switch::ALL.len());

        let permissions = permission_lines(&KeyPermission::ALL, &RolePermissions::admin());
        assert!(permissions.iter().all(|line| line.on && !line.locked));
        assert_eq!(permissions.len(), KeyPermission::ALL.len());
    }

    #[test]
    fn rights_that_the_user_lacks_are_locked() {
        let own = RolePermissions { switches: [Switch::ManageRoles].into_iter().collect(), ..Default::default() };
        let locked = switch_lines(&RolePermissions::default(), Some(&own)).into_iter().filter(|line| line.locked);
        assert_eq!(locked.count(), Switch::ALL.len() - 1);
        let free = permission_lines(&[], &own).into_iter().filter(|line| !line.locked);
        assert_eq!(free.map(|line| line.name).collect::<Vec<_>>(), ["read"]);
    }
}
